"""Regimes made up for a case: the one `tpp policy new` gives, changed, and written to a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ledger.policy.reader import starter_regime

_CITED = """
source = "Title of the text this comes from"
href = "https://example.org/the-text"
published = 2026-01-01
reviewed = 2026-01-01
"""


def in_amounts() -> dict[str, str]:
    """The texts of that regime by file, counting the amounts that a file gives."""
    texts = starter_regime()
    texts["regime.toml"] = texts["regime.toml"].replace('counts = "chips"', 'counts = "amounts"')
    return texts


def with_one_cap(title: str, amounts: Mapping[str, int]) -> dict[str, str]:
    """The same with one number, from days on, as everybody's limit, in place of the CSV of limits.

    It is `numbers/cap.toml`; the budget's windows are still to be said.
    """
    texts = in_amounts()
    del texts["budgets/yearly_cap.csv"]
    values = [
        f'\n[[value]]\nfrom = {day}\namount = {amount}\nsection = "Section 3"\n'
        for day, amount in amounts.items()
    ]
    texts["numbers/cap.toml"] = f'title = "{title}"\nunit = "TPP"{_CITED}{"".join(values)}'
    budget = texts["budgets/yearly_cap.toml"]
    texts["budgets/yearly_cap.toml"] = budget.replace('limits = "yearly_cap.csv"', 'limit = "cap"')
    return texts


def written(texts: Mapping[str, str], folder: Path) -> Path:
    """The folder, with the texts in it."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
