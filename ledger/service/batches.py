"""Batches of the table `work`, and the leaves and staged rows made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.rules.admission import Entries, Ints
from ledger.storage.bulk import Staging, columns_of
from ledger.storage.chain import FORMAT, Tree

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_STREAM = "SELECT * FROM work WHERE fresh"


@dataclass(slots=True)
class Frame:
    """One batch in posting order: what is weighed, and the movement columns as they are stored.

    `target` is the seq each receipt points at, 0 for none until the lines are known.
    """

    table: pa.Table
    first_seq: int
    exporter_no: Ints
    consignee_no: Ints
    parent_no: Ints
    ruling_no: Ints
    target: Ints

    @property
    def count(self) -> int:
        """How many movements."""
        return int(self.table.num_rows)

    def ints(self, name: str, none: int = 0) -> Ints:
        """A column as whole numbers, `none` where it is NULL."""
        column = self.table.column(name).combine_chunks().fill_null(none)
        values: Ints = column.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
        return values

    @property
    def day(self) -> Ints:
        """Each movement's day as a whole number."""
        return self.ints("day_no")

    def named(self, at: int) -> tuple[int, str, str]:
        """The row, document and line of one movement."""
        values = [self.table.column(c)[at].as_py() for c in ("row", "document", "line")]
        return values[0], values[1], values[2]


def frames(
    con: duckdb.DuckDBPyConnection, numbers: tuple[Ints, Ints], last_seq: int, size: int
) -> Iterator[Frame]:
    """The fresh rows of `work` in order; receipts know the seq of their shipment."""
    import pyarrow as pa

    party_no, ruling_no = numbers
    largest = con.execute("SELECT max(row) FROM given").fetchall()[0][0]
    seq_of = np.zeros((largest or 0) + 1, np.int64)
    seq = last_seq + 1
    reader = con.cursor().sql(_STREAM).to_arrow_reader(size)
    for record in _sized(reader, size):
        frame = Frame(pa.Table.from_batches([record]), seq, *[np.zeros(0, np.int64)] * 5)
        frame.exporter_no = _numbered(frame, "exporter_at", party_no)
        frame.consignee_no = _numbered(frame, "consignee_at", party_no)
        frame.parent_no = _numbered(frame, "parent_at", party_no)
        frame.ruling_no = ruling_no[frame.ints("ruling_at")]
        row, behind = frame.ints("row"), frame.ints("behind")
        own = behind == 0
        seqs = np.arange(seq, seq + frame.count)
        seq_of[row[own]] = seqs[own]
        frame.target = np.where(own, 0, seq_of[row])
        seq += frame.count
        yield frame


def _sized(reader: Any, size: int) -> Iterator[Any]:
    """Record batches of just `size` rows (the last one fewer)."""
    import pyarrow as pa

    waiting: list[Any] = []
    held = 0
    for batch in reader:
        while batch.num_rows:
            part = batch.slice(0, size - held)
            batch = batch.slice(part.num_rows)
            waiting.append(part)
            held += part.num_rows
            if held == size:
                yield pa.Table.from_batches(waiting).combine_chunks().to_batches()[0]
                waiting, held = [], 0
    if held:
        yield pa.Table.from_batches(waiting).combine_chunks().to_batches()[0]


def _numbered(frame: Frame, column: str, numbers: Ints) -> Ints:
    at = frame.ints(column, -1)
    if not len(numbers):
        return np.full(len(at), -1, np.int64)
    found: Ints = np.where(at >= 0, numbers[at], -1)
    return found


class Leaves:
    """Turns weighed batches into stored rows and leaves, staging the one and hashing the other."""

    def __init__(self, con: duckdb.DuckDBPyConnection, staging: Staging, submission: int) -> None:
        self.con, self.staging, self.submission = con.cursor(), staging, submission
        self.tree = Tree()

    def add(
        self, frame: Frame, entries: Entries, budget_no: Ints, findings: list[tuple[Any, ...]]
    ) -> None:
        """Stage one batch's movements, entries and findings, and take their leaves."""
        import pyarrow as pa

        movements = _movements(frame, self.submission)
        rows = _entries(frame, entries, budget_no)
        found = _findings(findings)
        self.staging.append("movement", movements)
        self.staging.append("entry", rows)
        self.staging.append("finding", found)
        leaves = self._leaves(movements, rows, found)
        assert isinstance(leaves, pa.Table)
        self.tree.add_many(leaves.column(0).to_pylist())

    def _leaves(self, movement: pa.Table, entry: pa.Table, finding: pa.Table) -> Any:
        for name, table in (("m", movement), ("e", entry), ("f", finding)):
            self.con.register(name, table)
        sql = _LEAVES if entry.num_rows or finding.num_rows else _BARE_LEAVES
        found = self.con.sql(sql).to_arrow_table()
        for name in ("m", "e", "f"):
            self.con.unregister(name)
        return found


def _text(alias: str, columns: tuple[str, ...]) -> str:
    return " || chr(31) || ".join(f"coalesce({alias}.\"{c}\"::VARCHAR, '')" for c in columns)


_M = f"'{FORMAT}' || chr(31) || {_text('m', columns_of('movement')[2:])}"
_E = f"chr(30) || {_text('e', columns_of('entry')[1:])}"
_F = f"chr(29) || {_text('f', columns_of('finding')[2:])}"
_BARE_LEAVES = f"""
    SELECT unhex(sha256('\\x00'::BLOB || encode({_M}))) FROM m ORDER BY m.seq
"""  # noqa: S608
_LEAVES = f"""
    WITH es AS (SELECT e.seq, string_agg({_E}, '' ORDER BY e.budget_no, e.official) AS said
                FROM e GROUP BY e.seq),
    fs AS (SELECT f.seq, string_agg({_F}, '' ORDER BY f.ordinal) AS said FROM f GROUP BY f.seq)
    SELECT unhex(sha256('\\x00'::BLOB
        || encode({_M} || coalesce(es.said, '') || coalesce(fs.said, ''))))
    FROM m LEFT JOIN es ON es.seq = m.seq LEFT JOIN fs ON fs.seq = m.seq ORDER BY m.seq
"""  # noqa: S608

_AS_THEY_ARE = (
    "source",
    "document",
    "line",
    "attempt",
    "consignee_hq",
    "parent_hq",
    "destination",
    "authorization",
    "licence",
    "licence_line",
    "chip",
    "quantity",
    "unit_mtpp",
    "amount_mtpp",
    "unit_value_cents",
    "details",
    "kind",
)


def _movements(frame: Frame, submission: int) -> pa.Table:
    """The batch as rows of the table `movement`."""
    import pyarrow as pa

    made: dict[str, Any] = {name: frame.table.column(name) for name in _AS_THEY_ARE}
    made["seq"] = pa.array(np.arange(frame.first_seq, frame.first_seq + frame.count))
    made["submission"] = pa.array(np.full(frame.count, submission, np.int64))
    made["effective_on"] = frame.table.column("day_text")
    made["expires_on"] = frame.table.column("expires_text")
    for name in ("exporter_no", "consignee_no", "parent_no", "ruling_no"):
        values = getattr(frame, name)
        made[name] = pa.array(values, mask=values < 0)
    made["target_seq"] = pa.array(frame.target, mask=frame.target == 0)
    return pa.table({name: made[name] for name in columns_of("movement")})


def _entries(frame: Frame, entries: Entries, budget_no: Ints) -> pa.Table:
    import pyarrow as pa

    numbers = budget_no[entries.budget]
    order = np.lexsort((entries.official, numbers, entries.row))
    values = [
        frame.first_seq + entries.row,
        numbers,
        entries.official,
        entries.adjustment,
        entries.pending,
        entries.held,
        entries.posted,
        entries.lapsed,
    ]
    return pa.table(
        {name: pa.array(v[order]) for name, v in zip(columns_of("entry"), values, strict=True)}
    )


_TEXT_FINDINGS = ("code", "detail")


def _findings(rows: list[tuple[Any, ...]]) -> pa.Table:
    import pyarrow as pa

    names = columns_of("finding")
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    types = [pa.string() if name in _TEXT_FINDINGS else pa.int64() for name in names]
    arrays = [pa.array(list(c), kind) for c, kind in zip(columns, types, strict=True)]
    return pa.table(dict(zip(names, arrays, strict=True)))
