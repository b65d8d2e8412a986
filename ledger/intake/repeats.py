"""The same natural key twice in one file: a repeat word for word, or a contradiction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ledger.intake.cells import Wrong
from ledger.intake.headings import Plan
from ledger.intake.rows import Row
from ledger.intake.sql import GOOD, REJECTED, REPEATED
from ledger.intake.store import BATCH, Problems, plainly
from schemas.records import GIVEN_TYPES
from schemas.tpp import milli_text

if TYPE_CHECKING:
    import duckdb

_KEY = ("source", "document", "line")
_CONTENT = [name for name in GIVEN_TYPES if name not in ("row", "file_line", *_KEY)]

_COUNT = "SELECT count(*), count(DISTINCT hash(source, document, line)) FROM given"
_TWICE = """
CREATE TEMP TABLE twice AS
SELECT source, document, line, min(row) AS first_row FROM given
WHERE hash(source, document, line) IN (
    SELECT hash(source, document, line) FROM given GROUP BY 1 HAVING count(*) > 1
)
GROUP BY source, document, line HAVING count(*) > 1
"""
_AGAIN = f"""
CREATE TEMP TABLE again AS
SELECT g.row, f.row AS first_row, {
    " AND ".join(f'g."{name}" IS NOT DISTINCT FROM f."{name}"' for name in _CONTENT)
} AS same
FROM given g
JOIN twice t USING (source, document, line)
JOIN given f ON f.row = t.first_row
WHERE g.row <> t.first_row
"""  # noqa: S608
_MARK = f"""
UPDATE loaded SET state = CASE WHEN again.same THEN {REPEATED} ELSE {REJECTED} END
FROM again WHERE loaded.row = again.row AND loaded.state = {GOOD}
"""  # noqa: S608
_OTHERS = """
SELECT {columns} FROM again
JOIN loaded g ON g.row = again.row AND g.state <> -1
JOIN loaded f ON f.row = again.first_row AND f.state <> -1
WHERE NOT again.same
"""


def settle(
    con: duckdb.DuckDBPyConnection, reader: Row, plan: Plan, problems: Problems
) -> tuple[int, int]:
    """Take out rows whose key an earlier row has. Returns how many repeat it, how many differ."""
    with plainly():
        rows, keys = con.execute(_COUNT).fetchone() or (0, 0)
        if rows == keys:
            return 0, 0
        con.execute(_TWICE)
        con.execute(_AGAIN)
        repeated, differing = con.execute(
            "SELECT count(*) FILTER (same), count(*) FILTER (NOT same) FROM again"
        ).fetchone() or (0, 0)
        con.execute(_MARK)
    if differing:
        _tell(con, reader, plan, problems)
    return repeated, differing


def _tell(con: duckdb.DuckDBPyConnection, reader: Row, plan: Plan, problems: Problems) -> None:
    names = [*GIVEN_TYPES]
    columns = ", ".join(f'{side}."{name}"' for side in "gf" for name in names)
    # Read through a second connection would not see temporary tables, so all numbers are drawn
    # first; they are few: rows that contradict another row of the same file.
    with plainly():
        found = con.execute(_OTHERS.format(columns=columns))
        while rows := found.fetchmany(BATCH):
            for row in rows:
                later = dict(zip(names, row[: len(names)], strict=True))
                first = dict(zip(names, row[len(names) :], strict=True))
                heading, value, other = _difference(reader, plan, later, first)
                reason = (
                    f"{later['document']} line {later['line']} stands in line "
                    f'{first["file_line"]} of the file already, there with "{other}"'
                )
                problems.add(later["file_line"], later["row"], heading, value, Wrong(reason))


def _difference(
    reader: Row, plan: Plan, later: dict[str, Any], first: dict[str, Any]
) -> tuple[str, str, str]:
    """The first field in which two rows differ: heading, value here, value there."""
    by_column = {slot.column: name for name, slot in reader.slots.items() if slot.column}
    for column in _CONTENT:
        if later[column] != first[column] and column in by_column:
            name = by_column[column]
            heading = plan.fields[name].heading if name in plan.fields else name
            return heading, _text(column, later[column]), _text(column, first[column])
    here, there = (json.loads(row["details"] or "{}") for row in (later, first))
    name = next(n for n in sorted({*here, *there}) if here.get(n) != there.get(n))
    heading = plan.fields[name].heading if name in plan.fields else name
    return heading, here.get(name, ""), there.get(name, "")


def _text(column: str, value: Any) -> str:
    if value is None:
        return ""
    if column == "amount_mtpp":
        return milli_text(value)
    if column == "unit_value_cents":
        return f"{value // 100}.{value % 100:02d}"
    return str(value)
