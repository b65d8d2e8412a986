"""Reports on their way to a person, a pipe or a file: the copy is brought up to date first."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.cli.exits import WrongUse, say
from ledger.cli.settings import ledger_url

if TYPE_CHECKING:
    from ledger.publish import AboutRow
    from reports import Result


def fresh_copy() -> Path:
    """The folder of this ledger's columnar copy, equal to the ledger."""
    from ledger.cli.progress import bar
    from ledger.publish import refresh

    url = ledger_url()

    def about() -> list[AboutRow]:
        from ledger.service.about import about_rows

        return about_rows(url)

    with bar("copying for reports") as shown:
        return refresh(url, about, progress=shown.moved).folder


def answer(name: str, folder: Path, variables: Mapping[str, object]) -> Result:
    """A report's answer; a holder may be named in any way that means one.

    Raises reports.WrongUse, and WrongUse with the nearest names for an unknown holder.
    """
    from reports import run

    result = run(name, folder, variables)
    holder = variables.get("holder")
    if result.count or not holder:
        return result
    with result:
        found = _holder(str(holder), result)
    return run(name, folder, {**variables, "holder": found})


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
    raise WrongUse(f'no holder of a budget is called "{text}"', _nearest(text, rows))


def _nearest(text: str, rows: list[tuple[str, str]]) -> tuple[str, ...]:
    from rapidfuzz import process

    names = {name.casefold(): name for _, name in rows}
    found = process.extract(text.casefold(), list(names), limit=3)
    return tuple(names[name] for name, _, _ in found)


def put(result: Result, form: str, output: Path | None) -> None:
    """Write an answer to stdout or to a file; what a CSV is about goes beside it or to stderr."""
    from ledger.storage.place import is_database
    from reports.about import about_lines
    from reports.render import save, write

    if output is not None:
        if is_database(output):
            raise WrongUse(f"{output} is a database; name another file")
        save(result, form, output)
        say(f"wrote {output} ({result.count:,} rows)")
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    write(result, form, sys.stdout.buffer, width)
    if form == "csv":
        say(*about_lines(result.about))
