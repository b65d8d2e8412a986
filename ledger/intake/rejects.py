"""The rejects file: every rejected row as it was, with its line and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.intake.guard import as_it_was, neutralised
from ledger.intake.headings import REJECTS_HEADINGS, Plan
from ledger.intake.records import joined
from ledger.intake.rows import Row
from ledger.intake.staging import Source
from ledger.intake.store import BATCH, plainly, problem_of, second

if TYPE_CHECKING:
    import duckdb


def write(
    path: Path, con: duckdb.DuckDBPyConnection, source: Source, plan: Plan, reader: Row
) -> int:
    """Write the rejected rows as CSV and return how many.

    `file_line` and `problems` stand first, so that a row with too many cells stays whole, and so
    that a mended file can be imported as it is, by the same mapping. Of a file that was one
    itself, its own two give way.
    """
    mark = plan.mapping.delimiter.encode() if plan.mapping.delimiter else source.delimiter
    given_up = _given_up(plan)
    reasons = _reasons(con)
    wanted = next(reasons, None)
    written = 0
    with path.open("wb") as out:
        headings = map(neutralised, _without(plan.headings, given_up))
        out.write(_record([*REJECTS_HEADINGS, *headings], mark))
        for row, line, cells, marks in source.cells() if wanted else ():
            if wanted is None:
                break
            if row != wanted[0]:
                continue
            if marks:
                cells = plan.as_theirs(reader, cells, marks)
            if given_up:
                cells = [as_it_was(cell) for cell in _without(cells, given_up)]
            shown = (neutralised(cell.replace("\0", "\N{SYMBOL FOR NULL}")) for cell in cells)
            out.write(_record([str(line), wanted[1], *shown], mark))
            written += 1
            wanted = next(reasons, None)
    return written


def _given_up(plan: Plan) -> set[int]:
    """The columns of the file that are those of rejects, where it is a rejects file itself."""
    if not plan.neutralised:
        return set()
    return {at for at, heading in enumerate(plan.headings) if heading in REJECTS_HEADINGS}


def _without(cells: Sequence[str], given_up: set[int]) -> list[str]:
    return [cell for at, cell in enumerate(cells) if at not in given_up]


def _record(cells: Sequence[str], mark: bytes) -> bytes:
    # Python's csv writer leaves a carriage return at the end of a line without quotes.
    return joined([cell.encode() for cell in cells], mark) + b"\n"


def _reasons(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str]]:
    """Each rejected row's number with its problems in one text, in order."""
    sql = 'SELECT line, row, "column", value, reason, nearest FROM problem ORDER BY row, rowid'
    with plainly():
        found = second(con).execute(sql)
        row, texts = 0, list[str]()
        while problems := found.fetchmany(BATCH):
            for values in problems:
                problem = problem_of("", values)
                if texts and problem.row != row:
                    yield row, "; ".join(texts)
                    texts = []
                row = problem.row
                texts.append(str(problem).split(", ", 1)[-1] if problem.column else problem.reason)
        if texts:
            yield row, "; ".join(texts)
