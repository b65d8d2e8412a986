"""Questions to a ledger's columnar copy, as every door asks them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.publish import AboutRow, Progress
    from reports import Result


def fresh_copy(url: str, progress: Progress | None = None) -> Path:
    """The folder of the copy of the ledger at a URL, brought up to its last commit.

    Raises StoreError where there is no ledger, or the copy cannot be written.
    """
    from ledger.publish import refresh

    def about() -> list[AboutRow]:
        from ledger.service.about import about_rows

        return about_rows(url)

    return refresh(url, about, progress=progress).folder


def answer(name: str, folder: Path, variables: Mapping[str, object]) -> Result:
    """A report's answer; a holder or a country may be named in any way that means one.

    Raises WrongUse with the nearest names for what nobody knows, or with the reason for who holds
    nothing, and as reports.run does.
    """
    from reports import run

    asked = {**variables, **_codes(variables)}
    result = run(name, folder, asked)
    holder = asked.get("holder")
    if result.count or not holder:
        return result
    with result:
        found = _holder(str(holder), result)
    return run(name, folder, {**asked, "holder": found})


def _codes(variables: Mapping[str, object]) -> dict[str, str]:
    """The countries among the values, by code; what is no country stays as it is."""
    given = {name: variables.get(name) for name in ("destination", "country")}
    texts = {name: str(text) for name, text in given.items() if text}
    if not texts:
        return {}
    from ledger import countries

    return {name: countries.find(text) or text for name, text in texts.items()}


def _holder(text: str, result: Result) -> str:
    """The key of the holder meant."""
    from ledger import countries
    from reports.holders import meant

    return meant(text, countries.find(text), result)
