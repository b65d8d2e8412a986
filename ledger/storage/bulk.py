"""Columns into the ledger's tables, within the writer's own transaction.

SQLite: ADBC carries its own SQLite library, and two libraries on one file lose commits
(sqlite.org/howtocorrupt.html, 2.2.1). So ADBC only ever writes *staging files* in a scratch
folder, closes them, and the ledger's own connection attaches them and copies from there.
PostgreSQL: COPY, on the writer's own connection.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas import tables as t

if TYPE_CHECKING:
    import pyarrow as pa

# Pieces of work waiting in the background while the next batch is weighed (some five make a
# batch); more would only take memory.
_AHEAD = 10


class Collision(Exception):
    """A row that was to be new is on record already."""


class Staging:
    """Where columns wait for a transaction, and how they get from there into its tables."""

    def __init__(self, raw: Any, dialect: str, folder: Path) -> None:
        self.raw, self.dialect, self.folder = raw, dialect, folder
        self._worker = ThreadPoolExecutor(1)
        self._pending: list[Future[None]] = []
        self._writers: dict[str, Any] = {}
        self._attached: list[str] = []
        self._staged: set[str] = set()

    def append(self, table: str, batch: pa.Table) -> None:
        """Add rows to a ledger table, in order; they are there after finish()."""
        if not batch.num_rows:
            return
        if self.dialect == "sqlite":
            self._staged.add(table)
            self.later(lambda: self._stage(table, batch))
        else:
            # On the writer's own connection, which does one thing at a time.
            _copy(self.raw, table, batch)

    def finish(self) -> None:
        """Wait for what is staged, and copy it into the ledger's tables.

        Raises Collision where a natural key is on record already; the transaction is lost then.
        """
        import sqlite3

        self.settle()
        self._close_writers()
        for table in sorted(self._staged):
            columns = ", ".join(f'"{name}"' for name in columns_of(table))
            copied = f"SELECT {columns} FROM {self.attach(table)}"  # noqa: S608
            try:
                self.raw.execute(f"INSERT INTO main.{table} {copied}")
            except sqlite3.IntegrityError as error:
                raise Collision(table) from error

    def put(self, name: str, batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> None:
        """Stage a table of our own under a name; no transaction is needed for SQLite."""
        import pyarrow as pa

        reader = pa.RecordBatchReader.from_batches(schema, batches)
        if self.dialect == "sqlite":
            with self._writer(name) as cursor:
                cursor.adbc_ingest(name, reader, mode="create")
            self._drop_writer(name)
            if name in t.metadata.tables:
                self._staged.add(name)
            return
        if name in t.metadata.tables:
            for batch in reader:
                _copy(self.raw, name, pa.Table.from_batches([batch]))
            return
        columns = ", ".join(f"{f.name} {_POSTGRESQL[str(f.type)]}" for f in schema)
        self.raw.execute(f"CREATE TEMP TABLE {name} ({columns}) ON COMMIT DROP")
        for batch in reader:
            _copy(self.raw, name, pa.Table.from_batches([batch]))
        self.raw.execute(f"ANALYZE {name}")

    def attach(self, name: str) -> str:
        """The SQL name of a staged table, from within the transaction."""
        if self.dialect != "sqlite":
            return name
        if name not in self._attached:
            self.raw.execute(f"ATTACH DATABASE ? AS stage_{name}", (str(self._file(name)),))
            self._attached.append(name)
        return f"stage_{name}.{name}"

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the ledger's and the staged tables."""
        return list(self.raw.execute(sql).fetchall())

    def rows(self, sql: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of a query over the ledger's and the staged tables, at most `size` at a time."""
        found = self.raw.execute(sql)
        while rows := found.fetchmany(size):
            yield rows

    def change(self, table: str, key: str, changed: pa.Table) -> None:
        """Set columns of a ledger table's rows, found by their key."""
        name = f"changed_{table}"
        self.put(name, iter(changed.to_batches()), changed.schema)
        columns = ", ".join(f'"{c}" = c."{c}"' for c in changed.column_names if c != key)
        source = f"{self.attach(name)} c WHERE c.{key} = {table}.{key}"
        self.raw.execute(f"UPDATE {table} SET {columns} FROM {source}")  # noqa: S608

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        """Before the transaction ends: nothing may go on in the background any more."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """Let go of the staged files, after the transaction."""
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._close_writers()
        for name in self._attached:
            self.raw.execute(f"DETACH DATABASE stage_{name}")
        self._attached = []
        # Another attempt stages anew in the same folder.
        for left in self.folder.glob("stage_*.db"):
            left.unlink()

    def settle(self) -> None:
        """Wait for the background; raises what went wrong there."""
        while self._pending:
            self._pending.pop(0).result()

    def later(self, work: Callable[[], None]) -> None:
        """Do a piece of work in the background, after those before it."""
        while len(self._pending) >= _AHEAD:
            self._pending.pop(0).result()
        self._pending.append(self._worker.submit(work))

    def _stage(self, table: str, batch: pa.Table) -> None:
        with self._writer(table) as cursor:
            cursor.adbc_ingest(table, batch, mode="create_append")

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

    def _drop_writer(self, name: str) -> None:
        self._writers.pop(name).close()

    def _close_writers(self) -> list[str]:
        names = list(self._writers)
        for name in names:
            self._drop_writer(name)
        return names

    def _file(self, name: str) -> Path:
        return self.folder / f"stage_{name}.db"


_POSTGRESQL = {
    "binary": "bytea",
    "string": "text",
    "int64": "bigint",
    "int32": "integer",
    "bool": "boolean",
}


def _copy(raw: Any, table: str, batch: pa.Table) -> None:
    """COPY columns in. Empty is NULL: the ledger stores no empty text.

    Raises Collision where a key is there already.
    """
    import pyarrow as pa
    import pyarrow.csv as csv
    from psycopg.errors import UniqueViolation

    for place, field in enumerate(batch.schema):
        if pa.types.is_binary(field.type):
            hexed = ["\\x" + value.hex() for value in batch.column(place).to_pylist()]
            batch = batch.set_column(place, field.name, pa.array(hexed))
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


def columns_of(table: str) -> tuple[str, ...]:
    """The columns of a ledger table, in its order."""
    return tuple(t.metadata.tables[table].columns.keys())
