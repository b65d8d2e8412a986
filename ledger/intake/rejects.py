"""The rejects file: every rejected row as it was, with its line and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.intake.headings import REJECTS_HEADINGS
from ledger.intake.records import joined
from ledger.intake.staging import Source
from ledger.intake.store import BATCH, plainly, problem_of, second

if TYPE_CHECKING:
    import duckdb

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*")


def neutralised(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def as_it_was(cell: str) -> str:
    """The cell of a rejects file without the apostrophe `neutralised` put before it."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def write(
    path: Path, con: duckdb.DuckDBPyConnection, source: Source, headings: Sequence[str], file: str
) -> int:
    """Write the rejected rows as CSV and return how many.

    `file_line` and `problems` stand first, so that a row with too many cells stays whole, and so
    that a mended file can be imported as it is. Of a file that was one itself, its own two give
    way.
    """
    given_up = _given_up(headings)
    reasons = _reasons(con, file)
    wanted = next(reasons, None)
    written = 0
    with path.open("wb") as out:
        out.write(_record([*REJECTS_HEADINGS, *map(neutralised, _without(headings, given_up))]))
        for row, line, cells in source.cells() if wanted else ():
            if wanted is None:
                break
            if row != wanted[0]:
                continue
            if given_up:
                cells = [as_it_was(cell) for cell in _without(cells, given_up)]
            shown = (neutralised(cell.replace("\0", "\N{SYMBOL FOR NULL}")) for cell in cells)
            out.write(_record([str(line), wanted[1], *shown]))
            written += 1
            wanted = next(reasons, None)
    return written


def _given_up(headings: Sequence[str]) -> set[int]:
    """The columns of the file that are those of rejects, where it has both."""
    if not set(REJECTS_HEADINGS) <= set(headings):
        return set()
    return {at for at, heading in enumerate(headings) if heading in REJECTS_HEADINGS}


def _without(cells: Sequence[str], given_up: set[int]) -> list[str]:
    return [cell for at, cell in enumerate(cells) if at not in given_up]


def _record(cells: Sequence[str]) -> bytes:
    # Python's csv writer leaves a carriage return at the end of a line without quotes.
    return joined([cell.encode() for cell in cells], b",") + b"\n"


def _reasons(con: duckdb.DuckDBPyConnection, file: str) -> Iterator[tuple[int, str]]:
    """Each rejected row's number with its problems in one text, in order."""
    sql = 'SELECT line, row, "column", value, reason, nearest FROM problem ORDER BY row, rowid'
    with plainly():
        found = second(con).execute(sql)
        row, texts = 0, list[str]()
        while problems := found.fetchmany(BATCH):
            for values in problems:
                problem = problem_of(file, values)
                if texts and problem.row != row:
                    yield row, "; ".join(texts)
                    texts = []
                row = problem.row
                texts.append(str(problem).split(", ", 1)[-1] if problem.column else problem.reason)
        if texts:
            yield row, "; ".join(texts)
