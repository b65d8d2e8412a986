"""Columns into the ledger's tables, within the writer's own transaction.

SQLite: ADBC carries its own SQLite library, and two libraries on one file lose commits
(sqlite.org/howtocorrupt.html, 2.2.1). So ADBC only ever writes *staging files* in a scratch
folder, closes them, and the ledger's own connection attaches them and copies from there: some
pieces, each copied while the next is staged. PostgreSQL: COPY, on the writer's own connection.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.storage.staged import add_from, columns_of, insert_from, update_from
from schemas import tables as t

if TYPE_CHECKING:
    from typing import TypeAlias

    import pyarrow as pa

    Rows: TypeAlias = pa.Table | pa.RecordBatchReader

# What goes on beside the batch that is being weighed: rows on their way into the tables, digests.
ROWS, HASH = "rows", "hash"
# What is staged for whoever waits for it: for the main thread, and for the digests' keys beside it.
_WAITED = "waited"
# Batches under work or waiting in each; more would only take memory. With two, whoever weighs waits
# wherever a staged piece is copied.
_AHEAD = 3
# Rows are staged in pieces of so many percent, and one of the rest: SQLite attaches ten files at
# most until the transaction ends, and keys and changes need two. The last is small, since nothing
# goes on beside it.
_PIECES = (30, 28, 25)
# Staged tables that are looked at, at one time: these can be let go of, see there.
_LOOKED_AT = 8
# The staging file of what changes rows that are there.
_CHANGES = "changes"


class Collision(Exception):
    """A row that was to be new is on record already."""


class Staging:
    """Where columns wait for a transaction, and how they get from there into its tables.

    `lock` is held while the ledger's connection is at work in the background. What is on record is
    looked up by `look`, a connection in no transaction (see Store.looking), or by the first one.
    """

    def __init__(self, raw: Any, dialect: str, folder: Path, look: Any = None) -> None:
        self.raw, self.dialect, self.folder = raw, dialect, folder
        self._look, self._seen = raw if look is None else look, list[str]()
        self.lock = RLock()
        self._lanes = {ROWS: ThreadPoolExecutor(1), HASH: ThreadPoolExecutor(1)}
        self._lanes[_WAITED] = ThreadPoolExecutor(2)
        self._pending: dict[str, list[Future[None]]] = {lane: [] for lane in self._lanes}
        self._writers: dict[str, Any] = {}
        self._attached: list[str] = []
        self._piece = _Piece(0)
        self._count = 0

    def expect(self, count: int) -> None:
        """So many movements will be appended."""
        self._count = count

    def append(self, batches: Mapping[str, pa.Table]) -> None:
        """Add rows to ledger tables, in order; they are there after finish()."""
        some = {table: batch for table, batch in batches.items() if batch.num_rows}
        if some:
            self.later(lambda: self._append(some), ROWS)

    def finish(self) -> None:
        """Wait until all that was appended is in the ledger's tables.

        Raises Collision where a natural key is on record already; the transaction is lost then.
        """
        self.settle(HASH)
        self.later(self._copy_piece, ROWS)
        self.settle(ROWS)

    def put(
        self, name: str, batches: Iterator[pa.RecordBatch], schema: pa.Schema, file: str = ""
    ) -> None:
        """Stage a table of our own under a name, in a file of its own or with others."""
        import pyarrow as pa

        reader = pa.RecordBatchReader.from_batches(schema, batches)
        if self.dialect == "sqlite":
            # In the main thread ADBC would take Ctrl-C for itself, and its SQLite cannot cancel.
            self._lanes[_WAITED].submit(self._put, name, reader, file or name).result()
            return
        columns = ", ".join(f'"{f.name}" {_POSTGRESQL[str(f.type)]}' for f in schema)
        with self.lock:
            self.raw.execute(f"CREATE TEMP TABLE {name} ({columns}) ON COMMIT DROP")
            for batch in reader:
                _copy(self.raw, name, pa.Table.from_batches([batch]))
            self.raw.execute(f"ANALYZE {name}")

    def load(self, table: str, batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> None:
        """Add rows to a ledger table, all at once and last."""
        import pyarrow as pa

        self.later(self._copy_piece, ROWS)
        if self.dialect == "sqlite":
            self.put(table, batches, schema)
            self.later(lambda: self._copy_in(self._attach(table, table), table), ROWS)
            return
        for batch in batches:
            self.append({table: pa.Table.from_batches([batch])})

    def attach(self, name: str) -> str:
        """The SQL name of a staged table, for query() and rows(); it holds for some more."""
        if self.dialect != "sqlite":
            return name
        if name not in self._seen:
            if len(self._seen) == _LOOKED_AT:
                self._look.execute(f"DETACH DATABASE stage_{self._seen.pop(0)}")
            self._look.execute(f"ATTACH DATABASE ? AS stage_{name}", (str(self._file(name)),))
            self._seen.append(name)
        return f"stage_{name}.{name}"

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the ledger's and the staged tables; not of rows appended here."""
        return list(self._look.execute(sql).fetchall())

    def rows(self, sql: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of a query over the ledger's and the staged tables, at most `size` at a time."""
        found = self._look.execute(sql)
        while rows := found.fetchmany(size):
            yield rows

    def looked(self) -> None:
        """Little will be looked up from now on: what was read for it takes room no longer."""
        if self.dialect == "sqlite":
            self._look.execute("PRAGMA shrink_memory")

    def change(
        self,
        put: Mapping[str, Rows],
        added: Mapping[str, Rows],
        new: Mapping[str, Rows] | None = None,
    ) -> None:
        """Change rows of ledger tables, found by their primary keys: put columns, or add to them;
        and insert `new` ones.

        What is to be added to a row that is not there yet makes one. All wait in one file.
        """
        changes = [
            (table, _reader(rows), sql)
            for kind, sql in ((new, insert_from), (put, update_from), (added, add_from))
            for table, rows in (kind or {}).items()
            if getattr(rows, "num_rows", True)
        ]
        for n, (table, rows, _) in enumerate(changes):
            self.put(f"changed_{n}_{table}", rows, rows.schema, _CHANGES)
        for n, (table, rows, sql) in enumerate(changes):
            source = self._attach(f"changed_{n}_{table}", _CHANGES)
            with self.lock:
                self.raw.execute(sql(table, rows.schema.names, source))

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        """Before the transaction ends: nothing may go on in the background any more."""
        for lane in self._lanes.values():
            lane.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """Let go of the staged files, after the transaction."""
        self.__exit__()
        for writer in self._writers.values():
            writer.close()
        for name in self._attached:
            self.raw.execute(f"DETACH DATABASE stage_{name}")
        self._writers, self._attached = {}, []
        # Another attempt stages anew in the same folder.
        for left in self.folder.glob("stage_*.db"):
            left.unlink()

    def settle(self, lane: str) -> None:
        """Wait for what goes on in the background; raises what went wrong there."""
        while self._pending[lane]:
            self._pending[lane].pop(0).result()

    def later(self, work: Callable[[], None], lane: str) -> None:
        """Do a piece of work in the background, after those of its kind before it."""
        pending = self._pending[lane]
        while len(pending) >= _AHEAD:
            pending.pop(0).result()
        pending.append(self._lanes[lane].submit(work))

    # In the background

    def _put(self, name: str, reader: pa.RecordBatchReader, file: str) -> None:
        with self._writer(file) as cursor:
            cursor.adbc_ingest(name, reader, mode="create")
        self._writers.pop(file).close()

    def _append(self, batches: Mapping[str, pa.Table]) -> None:
        for table, batch in batches.items():
            self._append_to(table, batch)

    def _append_to(self, table: str, batch: pa.Table) -> None:
        if self.dialect != "sqlite":
            with self.lock:
                _copy(self.raw, table, batch)
            return
        piece = self._piece
        if table == "movement" and piece.number < len(_PIECES) and piece.count >= self._share():
            self._copy_piece()
            piece = self._piece
        piece.count += batch.num_rows * (table == "movement")
        with self._writer(piece.name) as cursor:
            if table not in piece.tables:
                piece.tables[table] = self._like(table)
                for statement in piece.tables[table][:1]:
                    cursor.execute(statement)
            cursor.adbc_ingest(table, batch, mode="create_append")

    def _share(self) -> int:
        """How many movements make the piece that is being staged a whole one."""
        return -(-self._count * _PIECES[self._piece.number] // 100)

    def _copy_piece(self) -> None:
        """Copy the piece that was staged into the ledger's tables, and begin another."""
        piece, self._piece = self._piece, _Piece(self._piece.number + 1)
        if not piece.tables:
            return
        with self._writer(piece.name) as cursor:
            for made in piece.tables.values():
                for statement in made[1:]:
                    cursor.execute(statement)
        self._writers.pop(piece.name).close()
        for table, made in piece.tables.items():
            self._copy_in(self._attach(table, piece.name), table, alike=bool(made))

    def _like(self, table: str) -> list[str]:
        """The statements that made a table with a rowid and its indexes, the table first.

        SQLite copies the records of such a table as they stand into another of the same making.
        """
        if not t.metadata.tables[table].dialect_options["sqlite"]["with_rowid"]:
            return []
        with self.lock:
            found = self.raw.execute(_MADE, (table,)).fetchall()
        return [sql for (sql,) in found]

    def _copy_in(self, source: str, table: str, *, alike: bool = False) -> None:
        import sqlite3

        columns = "*" if alike else ", ".join(f'"{name}"' for name in columns_of(table))
        copied = f"SELECT {columns} FROM {source}"  # noqa: S608
        try:
            with self.lock:
                self.raw.execute(f"INSERT INTO main.{table} {copied}")
        except sqlite3.IntegrityError as error:
            raise Collision(table) from error

    def _attach(self, name: str, file: str) -> str:
        """The SQL name of a staged table within the transaction."""
        if self.dialect != "sqlite":
            return name
        if file not in self._attached:
            with self.lock:
                self.raw.execute(f"ATTACH DATABASE ? AS stage_{file}", (str(self._file(file)),))
            self._attached.append(file)
        return f"stage_{file}.{name}"

    @contextmanager
    def _writer(self, name: str) -> Iterator[Any]:
        from adbc_driver_sqlite import dbapi

        if name not in self._writers:
            connection = dbapi.connect(str(self._file(name)), autocommit=True)
            with connection.cursor() as cursor:
                for pragma in ("journal_mode = OFF", "synchronous = OFF", "page_size = 32768"):
                    cursor.execute(f"PRAGMA {pragma}")
            self._writers[name] = connection
        with self._writers[name].cursor() as cursor:
            yield cursor

    def _file(self, name: str) -> Path:
        return self.folder / f"stage_{name}.db"


@dataclass(slots=True)
class _Piece:
    """One staging file: how many movements it has, and how its tables are made."""

    number: int
    count: int = 0
    tables: dict[str, list[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"piece{self.number}"


_MADE = """
    SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND type IN ('table', 'index')
    AND sql IS NOT NULL ORDER BY type = 'index'
"""
_POSTGRESQL = {
    "binary": "bytea",
    "string": "text",
    "int64": "bigint",
    "int32": "integer",
    "bool": "boolean",
    "date32[day]": "date",
}


def _copy(raw: Any, table: str, batch: pa.Table) -> None:
    """COPY columns in. Empty is NULL: the ledger stores no empty text.

    Raises Collision where a key is there already.
    """
    import pyarrow as pa
    import pyarrow.csv as csv
    from psycopg.errors import UniqueViolation

    for place, column in enumerate(batch.schema):
        if pa.types.is_binary(column.type):
            batch = batch.set_column(place, column.name, _hexed(batch.column(place)))
    buffer = io.BytesIO()
    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    csv.write_csv(batch, buffer, options)
    names = ", ".join(f'"{name}"' for name in batch.column_names)
    try:
        with (
            raw.cursor() as cursor,
            cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT csv)") as copy,
        ):
            copy.write(buffer.getbuffer())
    except UniqueViolation as error:
        raise Collision(table) from error


def _reader(rows: Rows) -> pa.RecordBatchReader:
    import pyarrow as pa

    return rows.to_reader() if isinstance(rows, pa.Table) else rows


def _hexed(digests: pa.ChunkedArray) -> pa.Array:
    """Digests of one length, none missing, as PostgreSQL reads them; all made at once."""
    import pyarrow as pa

    count = len(digests)
    whole = b"".join(digests.to_pylist())
    width = 2 * len(whole) // count if count else 0
    told = np.empty((count, 2 + width), np.uint8)
    told[:, :2] = np.frombuffer(b"\\x", np.uint8)
    told[:, 2:] = np.frombuffer(whole.hex().encode(), np.uint8).reshape(count, width)
    ends = np.arange(0, told.size + 1, 2 + width, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(told))
