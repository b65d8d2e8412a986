"""Rows of a file that declarations of parents bear on: the same as parents.py, once a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.rules.admission import Ints
from ledger.service.given_tables import detail, table_of, texts
from ledger.service.parents import Parents
from ledger.service.rows import Flag
from schemas.canonical import canonical
from schemas.names import name_key
from schemas.records import Given

if TYPE_CHECKING:
    import duckdb

    from ledger.service.batches import Frame
    from ledger.service.bulk_findings import Gathered

_FIELDS = (
    *("kind", "effective_on", "consignee", "parent", "consignee_hq", "parent_hq"),
    *("destination", "authorization", "chip"),
)
_ECCN = detail("g.details", "eccn")
# Rows that rule alike, of those that name a party of whom something is declared.
_ASKED = f"""
    CREATE OR REPLACE TEMP TABLE d_above AS
    SELECT g.row, dense_rank() OVER (
        ORDER BY {", ".join(f'g."{name}"' for name in _FIELDS)}, {_ECCN}) - 1 AS no,
        {", ".join(f'g."{name}"' for name in _FIELDS)}, {_ECCN} AS eccn
    FROM given g
    WHERE g.consignee IN (FROM d_known) OR g.parent IN (FROM d_known)
"""  # noqa: S608
_ALIKE = f"""
    SELECT {", ".join(f'any_value("{name}")' for name in (*_FIELDS, "eccn"))}
    FROM d_above GROUP BY no ORDER BY no
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Notes:
    """What is noted of some rows of a file: rows in order, and the place of each one's note."""

    rows: Ints
    which: Ints
    flags: tuple[Flag, ...]

    def flag(self, frame: Frame, flags: Gathered) -> None:
        """Flag those of a batch."""
        row = frame.ints("row")
        at = np.minimum(np.searchsorted(self.rows, row), len(self.rows) - 1)
        found = np.flatnonzero((self.rows[at] == row) & (frame.ints("behind") == 0))
        flags.of_each(found, self.which[at[found]], self.flags)


def seat_rows(
    con: duckdb.DuckDBPyConnection, parents: Parents | None, parties: Sequence[str]
) -> tuple[Notes | None, list[str]]:
    """The rows that are ruled by declared headquarters: the table `d_seat(row, seat)`.

    With the notes on rows, and the countries there are among the seats.
    """
    table_of(con, "d_seat", {"row": [0], "seat": texts([""])})
    if parents is None:
        return None, []
    table_of(con, "d_known", {"name": texts([p for p in parties if parents.known(name_key(p))])})
    con.execute(_ASKED)
    seats: list[str | None] = []
    noted: list[int] = []
    notes: dict[Flag, int] = {}
    for *values, eccn in con.execute(_ALIKE).fetchall():
        given = _given(values, eccn)
        ruled, note = parents.ruled(given, partial(parents.ruling, given))
        seats.append(ruled.ruling.case.parent_seat or None)
        noted.append(-1 if note is None else notes.setdefault(note, len(notes)))
    table_of(con, "d_ruled_above", {"no": range(len(seats)), "seat": _texts(seats), "note": noted})
    con.execute(
        "INSERT INTO d_seat SELECT a.row, r.seat FROM d_above a JOIN d_ruled_above r USING (no)"
        " WHERE r.seat IS NOT NULL"
    )
    return _notes(con, tuple(notes)), sorted({seat for seat in seats if seat})


def _given(values: Sequence[object], eccn: str | None) -> Given:
    said = dict(zip(_FIELDS, values, strict=True))
    details = None if eccn is None else canonical({"eccn": eccn})
    named = {"source": "", "document": "", "line": "", "details": details}
    return Given(row=1, file_line=1, **said, **named)  # type: ignore[arg-type]


def _texts(values: Sequence[str | None]) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.string())


def _notes(con: duckdb.DuckDBPyConnection, flags: tuple[Flag, ...]) -> Notes | None:
    if not flags:
        return None
    found = con.execute(
        "SELECT a.row, r.note FROM d_above a JOIN d_ruled_above r USING (no)"
        " WHERE r.note >= 0 ORDER BY a.row"
    ).fetchall()
    rows, which = np.array(found, np.int64).T
    return Notes(rows, which, flags)
