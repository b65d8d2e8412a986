"""Batches of movements in posting order, and the leaves and staged rows made of them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.rules.admission import Entries, Ints
from ledger.service.ahead import ahead
from ledger.storage.bulk import Staging, columns_of
from ledger.storage.chain import FORMAT, GS, RS, US, Tree

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


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
    _ints: dict[str, Ints] = field(default_factory=dict)

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
    con: duckdb.DuckDBPyConnection, movements: str, party_no: Ints, last_seq: int, size: int
) -> Generator[Frame, None, None]:
    """The new movements in order (the SQL `movements`); receipts know the seq of their shipment."""
    import pyarrow as pa

    largest = con.execute("SELECT max(row) FROM given").fetchall()[0][0]
    seq_of = np.zeros((largest or 0) + 1, np.int64)
    seq = last_seq + 1
    reader = con.cursor().sql(movements).to_arrow_reader(size)
    for record in ahead(_sized(reader, size)):
        none = np.zeros(0, np.int64)
        frame = Frame(pa.Table.from_batches([record]), seq, none, none, none, none, none)
        frame.exporter_no = _numbered(frame, "exporter_at", party_no)
        frame.consignee_no = _numbered(frame, "consignee_at", party_no)
        frame.parent_no = _numbered(frame, "parent_at", party_no)
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
        self._keys = _Keys(staging.folder / "keys.arrow")

    def add(
        self, frame: Frame, entries: Entries, budget_no: Ints, findings: list[tuple[Any, ...]]
    ) -> None:
        """Stage one batch's movements, entries, findings and keys, and take their leaves."""
        import pyarrow as pa

        movements = _movements(frame, self.submission)
        rows = _entries(frame, entries, budget_no)
        self.staging.append("movement", movements)
        self.staging.append("entry", rows)
        self.staging.append("finding", _findings(findings))
        keys = {name: frame.table.column(name) for name in ("key", "content")}
        keyed = pa.table({**keys, "seq": movements.column("seq")})
        self.staging.later(lambda: self._keys.add(keyed))
        first = frame.first_seq
        self.staging.later(lambda: self._hash(_leaf_texts(movements, rows, findings, first)))

    def _hash(self, texts: list[bytes]) -> None:
        self.tree.add_many([sha256(b"\0" + text).digest() for text in texts])

    def stage_keys(self) -> None:
        """Stage the keys in their own order: a table in order of random keys is dear otherwise."""
        self.staging.settle()
        self._keys.stage(self.con, self.staging)


class _Keys:
    """Keys on their way to be sorted: a scratch file in Arrow's own format."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: Any = None

    def add(self, keys: pa.Table) -> None:
        """Keep one batch's keys."""
        import pyarrow as pa

        if self._writer is None:
            self._writer = pa.ipc.new_stream(str(self.path), keys.schema)
        self._writer.write_table(keys)

    def stage(self, con: duckdb.DuckDBPyConnection, staging: Staging) -> None:
        """Stage them sorted."""
        import pyarrow as pa

        self._writer.close()
        # Read, not mapped: mapped pages would count as this process's memory.
        with pa.OSFile(str(self.path)) as file, pa.ipc.open_stream(file) as kept:
            con.register("kept", kept)
            reader = con.sql("SELECT * FROM kept ORDER BY key").to_arrow_reader(1 << 16)
            staging.put("movement_key", reader, reader.schema)
            con.unregister("kept")


def _leaf_texts(
    movement: pa.Table, entry: pa.Table, findings: list[tuple[Any, ...]], first_seq: int
) -> list[bytes]:
    """The canonical text of each movement (docs/chain.md), as UTF-8."""
    import pyarrow as pa
    import pyarrow.compute as pc

    fields = [_text(movement.column(name)) for name in columns_of("movement")[2:]]
    head = pa.chunked_array([pa.repeat(pa.scalar(FORMAT), movement.num_rows)])
    texts = pc.binary_join_element_wise(head, *fields, US)
    behind = [*_entry_texts(entry, movement.num_rows, first_seq)]
    if findings:
        said: list[str] = [""] * movement.num_rows
        for row in findings:
            values = ["" if value is None else str(value) for value in row[2:]]
            said[row[0] - first_seq] += GS + US.join(values)
        behind.append(pa.chunked_array([pa.array(said)]))
    if behind:
        texts = pc.binary_join_element_wise(texts, *behind, "")
    found: list[bytes] = texts.cast(pa.binary()).to_pylist()
    return found


def _entry_texts(entry: pa.Table, count: int, first_seq: int) -> Iterator[Any]:
    """The text of each movement's first entry, of its second, and so on; entries are in order."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not entry.num_rows:
        return
    texts = pc.binary_join_element_wise(
        *[_text(entry.column(name)) for name in columns_of("entry")[1:]], US
    )
    texts = pc.binary_join_element_wise(pa.scalar(RS), texts, "")
    row = entry.column("seq").to_numpy() - first_seq
    starts = np.flatnonzero(np.append(True, row[1:] != row[:-1]))
    ordinal = np.arange(len(row)) - np.repeat(starts, np.diff(np.append(starts, len(row))))
    for turn in range(int(ordinal.max()) + 1):
        of_turn = np.flatnonzero(ordinal == turn)
        place = np.full(count, -1, np.int64)
        place[row[of_turn]] = of_turn
        yield pc.fill_null(texts.take(pa.array(place, mask=place < 0)), "")


def _text(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count == len(column):
        return pa.scalar("")
    text = column.cast(pa.string())
    return pc.fill_null(text, "") if column.null_count else text


_AS_THEY_ARE = (
    "source",
    "document",
    "line",
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
    # A key that was freed by a reversal makes the file go row by row; here all are first attempts.
    made["attempt"] = pa.array(np.ones(frame.count, np.int64))
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
