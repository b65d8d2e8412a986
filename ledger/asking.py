"""Questions to a ledger's columnar copy, as every door asks them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reports import WrongUse

if TYPE_CHECKING:
    from ledger.publish import AboutRow, Progress
    from reports import Result

_MOST_NEAR = 3
# Keys of fewer characters are codes, like any other by chance.
_WRITTEN_OUT = 4


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

    Raises WrongUse with the nearest names for what nobody knows, and as reports.run does.
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
    ask = "SELECT DISTINCT holder, holder_name FROM budget ORDER BY holder_name"
    rows = result.connection.execute(ask).fetchall()
    keys = {word.casefold(): holder for holder, name in rows for word in (holder, name)}
    if text.casefold() in keys:
        return str(keys[text.casefold()])
    from ledger import countries

    code = countries.find(text)
    if code is not None and code.casefold() in keys:
        return code
    near = _nearest(text, rows)
    hint = f" (nearest: {', '.join(near)})" if near else ""
    raise WrongUse(f'no holder of a budget is called "{text}"{hint}')


def _nearest(text: str, rows: list[tuple[str, str]]) -> list[str]:
    """The holders most like a text, by name, or by key where it is one to be written out."""
    from rapidfuzz import process

    named = {name.casefold(): (holder, name) for holder, name in rows}
    keyed = {key.casefold(): (key, key) for key, _ in rows if len(key) >= _WRITTEN_OUT}
    words = {**keyed, **named}
    found = process.extract(text.casefold(), list(words), limit=2 * _MOST_NEAR)
    by_holder: dict[str, str] = {}
    for word, _, _ in found:
        holder, said = words[word]
        by_holder.setdefault(holder, said)
    return list(by_holder.values())[:_MOST_NEAR]
