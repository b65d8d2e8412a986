"""A file's movements in posting order: by day, then as the file has them, a receipt behind its own.

They are dealt out to parts by day, in one scratch file, and each part is sorted by itself: what is
in memory is one part, however many rows there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.intake.ahead import Ahead
from ledger.intake.store import MEMORY_MB, Workspace
from ledger.rules.admission import Ints

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# Movements that are read and dealt out at a time, and the most of a part; fewer where they say so
# much that it would be more than so many bytes. There are so many parts at most: of more, the
# pieces that are written would be small.
_READ, _PART, _SAID, _PARTS = 1 << 16, 1 << 17, 1 << 26, 256
# What DuckDB may take while rows are dealt out, and from then on, in MB: the room is for what is on
# record, which is looked up meanwhile, and then for the batches.
_DEALING_MB, _LEFT_MB = 200, 30
# A place in posting order as one number: the day, the row, and whether it is a receipt behind it.
_ROW_BITS = 40

# How many movements each day has, the first and the last row of them, and the bytes they say.
_DAYS = """
    SELECT day - DATE '1970-01-01', count(*), min(row), max(row), sum(said)
    FROM (SELECT effective_on AS day, row, coalesce(strlen(details), 0) AS said FROM given
          UNION ALL SELECT received_on, row, 0 FROM given WHERE received_on IS NOT NULL)
    GROUP BY day ORDER BY day
"""
# Of one: the day, its movements, the rows, the bytes.
_Day = tuple[int, int, int, int, int]


@contextmanager
def in_order(
    con: duckdb.DuckDBPyConnection, movements: str, size: int, workspace: Workspace
) -> Iterator[Iterator[Any]]:
    """The movements that SQL finds, in posting order, as record batches of `size` rows, the last
    one fewer; they are being sorted from now on.

    DuckDB gives back most of its memory meanwhile.
    """
    cursor = con.cursor()
    scratch = workspace.folder / "movements.arrow"
    memory_mb = workspace.memory_mb
    _leave(con, _DEALING_MB * memory_mb // MEMORY_MB)
    parts = _parts(cursor, movements, scratch, _LEFT_MB * memory_mb // MEMORY_MB)
    rows = Ahead(_sized(parts, size), stop=cursor.interrupt)
    try:
        with closing(rows):
            yield rows
    finally:
        _leave(con, memory_mb)
        scratch.unlink(missing_ok=True)


def _parts(
    con: duckdb.DuckDBPyConnection, movements: str, scratch: Path, left: int
) -> Iterator[pa.Table]:
    """Part after part, each in order; from the first on, DuckDB has `left` MB of memory."""
    import pyarrow as pa

    days = con.execute(_DAYS).fetchall()
    begins = _begins(days)
    reader = con.sql(movements).to_arrow_reader(_read_at_a_time(days))
    pieces = _deal(reader, begins, scratch)
    reader.close()
    _leave(con.cursor(), left)
    with pa.OSFile(str(scratch), "rb") as source, pa.ipc.open_file(source) as file:
        for of_part in filter(None, pieces):
            # Not named here: it goes before the next one is read.
            yield _in_place(pa.Table.from_batches(map(file.get_batch, of_part)))


def _in_place(rows: pa.Table) -> pa.Table:
    import pyarrow as pa

    rows = rows.combine_chunks()
    behind = rows.column("behind").to_numpy()
    return rows.take(pa.array(np.lexsort((behind, _places(rows)))))


def _read_at_a_time(days: Sequence[_Day]) -> int:
    """How many rows are read at a time: they may be those of the day that says most."""
    most = max((said // count for _, count, _, _, said in days), default=0)
    return max(1, min(_READ, _SAID // max(most, 1)))


def _begins(days: Sequence[_Day]) -> Ints:
    """Where parts begin, but the first. A day that is more than a part makes several, of as many
    rows each.
    """
    most = max(_PART, sum(count for _, count, *_ in days) // _PARTS)
    begins: list[int] = []
    held = bytes_held = 0
    for day, count, first, last, said in days:
        if held and (held + count > most or bytes_held + said > _SAID):
            begins.append(_place(day, first))
            held = bytes_held = 0
        pieces, rows = max(-(-count // most), -(-said // _SAID), 1), last - first + 1
        begins += [_place(day, first + rows * n // pieces) for n in range(1, pieces)]
        held, bytes_held = held + count, bytes_held + said
    return np.array(begins, np.int64)


def _place(day: Any, row: Any) -> Any:
    """What stands before in posting order has the smaller one; of numbers or of columns."""
    return (day << _ROW_BITS) + row


def _deal(reader: pa.RecordBatchReader, begins: Ints, scratch: Path) -> list[list[int]]:
    """Write rows to a scratch file, in pieces; which pieces make each part."""
    import pyarrow as pa

    parts: list[list[int]] = [[] for _ in range(len(begins) + 1)]
    written = 0
    with pa.OSFile(str(scratch), "wb") as sink, pa.ipc.new_file(sink, reader.schema) as out:
        for batch in reader:
            part = np.searchsorted(begins, _places(batch), side="right")
            order = np.argsort(part, kind="stable")
            rows = batch.take(pa.array(order))
            ends = np.searchsorted(part[order], np.arange(len(parts) + 1)).tolist()
            for number, (begin, end) in enumerate(pairwise(ends)):
                if begin < end:
                    out.write_batch(rows.slice(begin, end - begin))
                    parts[number].append(written)
                    written += 1
    return parts


def _places(rows: Any) -> Ints:
    day, row = (rows.column(name).to_numpy().astype(np.int64) for name in ("day_no", "row"))
    place: Ints = _place(day, row)
    return place


def _sized(tables: Iterable[pa.Table], size: int) -> Iterator[Any]:
    """The same rows as record batches of just `size`, the last one fewer."""
    import pyarrow as pa

    left: pa.Table | None = None
    for table in tables:
        rows = table if left is None else pa.concat_tables([left, table])
        del table
        begin = 0
        while begin + size <= rows.num_rows:
            yield _batch(rows.slice(begin, size))
            begin += size
        # Copied: a slice would keep all of what it is cut from.
        left = rows.take(pa.array(np.arange(begin, rows.num_rows)))
        del rows
    if left is not None and left.num_rows:
        yield _batch(left)


def _batch(rows: pa.Table) -> pa.RecordBatch:
    return rows.combine_chunks().to_batches()[0]


def _leave(con: duckdb.DuckDBPyConnection, megabytes: int) -> None:
    """Leave DuckDB so much memory, if it can do with it."""
    import duckdb

    with suppress(duckdb.Error):  # it keeps what it had
        con.execute(f"SET memory_limit = '{megabytes}MB'")
