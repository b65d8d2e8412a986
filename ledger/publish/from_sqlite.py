"""Rows in bulk out of a SQLite ledger.

Only Python's own sqlite3 opens the ledger file: a second SQLite library in the process would drop
its locks, and commits would be lost (sqlite.org/howtocorrupt.html, 2.2.1). So the ledger's
connection writes the rows into a staging file, and ADBC streams that file once it is let go.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from ledger.publish.sources import Part
from ledger.storage import files
from ledger.storage.drafts import growing
from ledger.storage.errors import StoreUnavailable
from ledger.storage.files import sqlite_uri
from ledger.storage.head import HEAD_SQL, Head, checked
from ledger.storage.place import Place
from schemas.columnar import SEGMENTS

ZERO = "0" * 64
# Rows of an Arrow batch, and about how many bytes it may have.
_BATCH_ROWS, _BATCH_BYTES = 1 << 16, 1 << 26
# ADBC takes a column's type from the first batch of rows, and a column may well be NULL in all of
# them. So a staged table begins with one row of each column's type; its number, below all others,
# keeps it out of the copy.
_FIRST: dict[str, int | str] = {"DATE": "2000-01-01", "VARCHAR": "-"}


@dataclass(frozen=True, slots=True)
class SqliteSource:
    """A SQLite ledger, open for reading."""

    place: Place
    connection: sqlite3.Connection
    scratch: Path

    @classmethod
    @contextmanager
    def opened(cls, place: Place, scratch: Path) -> Iterator[SqliteSource]:
        """Open the ledger file. `scratch` is a folder for staging files."""
        read_only = not files.can_write(place.file)
        with files.opened(place.file, read_only=read_only) as connection:
            yield cls(place, connection, scratch)

    def head(self) -> Head:
        """The head as last committed."""
        return checked(Head(*self.connection.execute(HEAD_SQL).fetchone()), self.place)

    def digest_of(self, submission: int) -> str | None:
        """The chain's digest after a submission (64 zeros after none); None: no such one."""
        found = self.connection.execute(
            "SELECT digest FROM submission WHERE number = ?", (submission,)
        ).fetchone()
        return found[0] if found else None if submission else ZERO

    def parts(self, wanted: list[Part]) -> Iterator[_Staged]:
        """Each wanted part, staged while the one before it is being read."""
        with ThreadPoolExecutor(1) as staging:
            ahead = [staging.submit(self._staged, part) for part in wanted[:1]]
            for following in [*wanted[1:], None]:
                staged = ahead.pop().result()
                if following is not None:
                    ahead.append(staging.submit(self._staged, following))
                try:
                    yield staged
                finally:
                    staged.path.unlink(missing_ok=True)

    def _staged(self, part: Part) -> _Staged:
        path = self.scratch / f"staging-{uuid4().hex}.db"
        try:
            with growing(path):
                self._stage(part, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        low, high = part.bounds.get("movement", (0, 0))
        return _Staged(path, _batch_rows(path.stat().st_size, high - low))

    def _stage(self, part: Part, path: Path) -> None:
        run = self.connection.execute
        run("ATTACH DATABASE ? AS staging", (sqlite_uri(path, read_only=False, create=True),))
        try:
            for pragma in ("page_size = 65536", "journal_mode = OFF", "synchronous = OFF"):
                run(f"PRAGMA staging.{pragma}")
            for table in part.bounds:
                columns = SEGMENTS[table]
                run(f"CREATE TABLE staging.{table} ({_declared(columns)})")
                first = [_FIRST.get(type_, -1) for type_ in columns.values()]
                marks = ", ".join("?" * len(first))
                run(f"INSERT INTO staging.{table} VALUES ({marks})", first)  # noqa: S608
                run(f"INSERT INTO staging.{table} {part.query(table)}")
        finally:
            with suppress(sqlite3.OperationalError):
                run("DETACH DATABASE staging")


def _declared(columns: dict[str, str]) -> str:
    text = ("VARCHAR", "DATE")
    return ", ".join(f'"{n}" {"TEXT" if t in text else "INTEGER"}' for n, t in columns.items())


def _batch_rows(size: int, movements: int) -> int:
    """Fewer rows a batch where they are long, as a file of so many movements tells."""
    if not movements:
        return _BATCH_ROWS
    return min(max(_BATCH_BYTES * movements // size, 1 << 8), _BATCH_ROWS)


@dataclass(frozen=True, slots=True)
class _Staged:
    """A staging file that nobody writes any more."""

    path: Path
    batch_rows: int

    @contextmanager
    def stream(self, table: str) -> Iterator[Any]:
        """The table's rows as an Arrow stream, in the order they were staged.

        Raises StoreUnavailable where the file is gone, with its folder.
        """
        import adbc_driver_manager as adbc
        import adbc_driver_sqlite

        try:
            with (
                adbc_driver_sqlite.connect(sqlite_uri(self.path, read_only=True)) as database,
                adbc.AdbcConnection(database) as connection,
                adbc.AdbcStatement(connection) as statement,
            ):
                statement.set_options(**{"adbc.sqlite.query.batch_rows": str(self.batch_rows)})
                statement.set_sql_query(f"SELECT * FROM {table} ORDER BY rowid")  # noqa: S608
                stream, _ = statement.execute_query()
                try:
                    yield stream
                finally:
                    stream.release()
        except adbc.Error as error:
            said = f"what was staged for the copy, {self.path}, cannot be read ({error}); try again"
            raise StoreUnavailable(said) from error
