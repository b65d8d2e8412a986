"""Batches of movements in posting order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.rules.admission import Ints
from ledger.service.columns import Prepared

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


# A row makes two movements at most, and numbers of 32 bits count so many.
_FITS = 1 << 30


@dataclass(slots=True)
class Frame:
    """One batch in posting order: what is weighed, and the movement columns as they are stored.

    `target` is the seq each receipt points at, 0 for none until the lines are known; `attempt` is
    set where some movement of the file is not its first one.
    """

    table: pa.Table
    first_seq: int
    exporter_no: Ints
    consignee_no: Ints
    parent_no: Ints
    ruling_no: Ints
    target: Ints
    attempt: Ints | None = None
    _ints: dict[str, Ints] = field(default_factory=dict)
    _names: frozenset[str] = frozenset()

    def has(self, name: str) -> bool:
        """Whether there is a column of that name: not every file asks for all."""
        if not self._names:
            self._names = frozenset(self.table.column_names)
        return name in self._names

    @property
    def count(self) -> int:
        """How many movements."""
        return int(self.table.num_rows)

    def ints(self, name: str, none: int = 0) -> Ints:
        """A column as whole numbers, `none` where it is NULL."""
        if name not in self._ints:
            column = self.table.column(name).combine_chunks().fill_null(none)
            values = column.to_numpy(zero_copy_only=False)
            self._ints[name] = values.astype(np.int64, copy=False)
        return self._ints[name]

    @property
    def day(self) -> Ints:
        """Each movement's day as a whole number."""
        return self.ints("day_no")

    def value(self, name: str, at: int) -> Any:
        """One value of a column."""
        return self.table.column(name)[at].as_py()

    def named(self, at: int) -> tuple[int, str, str]:
        """The row, document and line of one movement."""
        values = [self.value(name, at) for name in ("row", "document", "line")]
        return values[0], values[1], values[2]


def frames(
    con: duckdb.DuckDBPyConnection,
    rows: Iterator[Any],
    prepared: Prepared,
    party_no: Ints,
    last_seq: int,
) -> Iterator[Frame]:
    """The movements as they are weighed; receipts a shipment carries know the seq of theirs."""
    import pyarrow as pa

    # Each shipment's turn in the submission, from 1, by row: small, whatever is on record.
    largest = con.execute("SELECT max(row) FROM given").fetchall()[0][0] or 0
    turn_of = np.zeros(largest + 1, np.int32 if largest < _FITS else np.int64)
    seq = last_seq + 1
    for record in rows:
        none = np.zeros(0, np.int64)
        table = prepared.completed(pa.Table.from_batches([record]))
        frame = Frame(table, seq, none, none, none, none, none)
        frame.exporter_no = _numbered(frame, "exporter_at", party_no)
        frame.consignee_no = _numbered(frame, "consignee_at", party_no)
        frame.parent_no = _numbered(frame, "parent_at", party_no)
        row, behind = frame.ints("row"), frame.ints("behind")
        own = behind == 0
        turn_of[row[own]] = seq - last_seq + np.flatnonzero(own)
        turn = turn_of[row].astype(np.int64)
        frame.target = np.where(own | (turn == 0), 0, last_seq + turn)
        seq += frame.count
        yield frame


def _numbered(frame: Frame, column: str, numbers: Ints) -> Ints:
    at = frame.ints(column, -1)
    if not len(numbers):
        return np.full(len(at), -1, np.int64)
    found: Ints = np.where(at >= 0, numbers[at], -1)
    return found
