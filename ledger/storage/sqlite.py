"""SQLite: how the ledger file is opened, locked and lent a second file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.storage import files
from ledger.storage.drafts import drafted, growing, settle
from ledger.storage.errors import NotALedger, StoreError
from ledger.storage.place import Place

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, PoolProxiedConnection

# The execution option that says how a connection's next transaction begins.
BEGIN = "tpp_begin"
USUAL_CACHE_MB = 16
# What whoever makes a copy may do with it.
_OWNER = 0o600
# After a bulk load the write-ahead log is cut back to this many bytes.
_LOG_LIMIT = 64 * 1024 * 1024


def engine(place: Place, *, read_only: bool, create: bool, wait_seconds: float) -> Engine:
    """An engine over Python's sqlite3. Transactions begin when we say so, not when it guesses."""
    from sqlalchemy import NullPool, QueuePool, create_engine, event
    from sqlalchemy.exc import DisconnectionError

    if not create and not place.file.is_file():
        raise NotALedger(f"there is no ledger at {place}: make one with `tpp init`")

    def connect() -> sqlite3.Connection:
        return connection(place, read_only=read_only, create=create, wait_seconds=wait_seconds)

    # What is read without locks may be another file's by the next time: nothing of it is kept.
    unlocked = read_only and not files.can_write(place.file)
    pool = NullPool if unlocked else QueuePool
    made = create_engine("sqlite+pysqlite:///ledger", creator=connect, poolclass=pool)

    @event.listens_for(made, "checkout")
    def insist(driver: files.LedgerFile, _record: object, _lent: object) -> None:
        if driver.is_unnamed():
            raise DisconnectionError  # the pool opens another

    @event.listens_for(made, "begin")
    def begin(begun: Connection) -> None:
        driver: Any = begun.connection.driver_connection
        driver.execute(begun.get_execution_options().get(BEGIN, "BEGIN"))

    return made


def connection(
    place: Place, *, read_only: bool = False, create: bool = False, wait_seconds: float = 0
) -> sqlite3.Connection:
    """A connection to a ledger file, in no transaction."""
    made = files.connection(
        place.file, read_only=read_only, create=create, wait_seconds=wait_seconds
    )
    _prepare(made, read_only)
    return made


class KeptOpen:
    """One writing transaction on the driver's connection alone, which then waits in `idle`.

    A tenth of a movement typed by hand would go to SQLAlchemy's connection and transaction. A
    connection that something went wrong on goes back to the pool, which undoes what is open.
    """

    __slots__ = ("_engine", "_idle", "_lent")

    def __init__(self, engine: Engine, idle: list[PoolProxiedConnection]) -> None:
        self._engine, self._idle = engine, idle

    def __enter__(self) -> Any:
        self._lent = self._kept() or self._engine.raw_connection()
        driver: Any = self._lent.driver_connection
        try:
            driver.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._lent.close()
            raise
        return driver

    def _kept(self) -> PoolProxiedConnection | None:
        """One that waited, of the file that has the ledger's name; others are let go."""
        while True:
            try:
                kept = self._idle.pop()
            except IndexError:
                return None
            driver: Any = kept.driver_connection
            if not driver.is_unnamed():
                return kept
            kept.invalidate()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        driver: Any = self._lent.driver_connection
        try:
            if kind is None:
                driver.commit()
        except BaseException:
            self._lent.close()
            raise
        if kind is None:
            self._idle.append(self._lent)
        else:
            self._lent.close()


def _prepare(connection: sqlite3.Connection, read_only: bool) -> None:
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        else:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT}")
        _set_cache(connection, USUAL_CACHE_MB)
    except BaseException:
        connection.close()
        raise


def _set_cache(connection: sqlite3.Connection, megabytes: int) -> None:
    connection.execute(f"PRAGMA cache_size = {-1024 * megabytes}")


@contextmanager
def larger_cache(connection: sqlite3.Connection, megabytes: int) -> Iterator[None]:
    """Give the connection a page cache of so many megabytes for a while."""
    _set_cache(connection, megabytes)
    try:
        yield
    finally:
        _set_cache(connection, USUAL_CACHE_MB)


@contextmanager
def attached(connection: sqlite3.Connection, files: Mapping[str, Path]) -> Iterator[None]:
    """Lend the ledger's own connection further SQLite files, each under a name.

    To be entered outside a transaction: ATTACH cannot run inside one. A lent file is scratch and
    is written without a journal. Raises StoreError for a name that is no plain word.
    """
    lent: list[str] = []
    try:
        for name, path in files.items():
            if not name.isidentifier() or name in ("main", "temp"):
                raise StoreError(f"{name!r} is no name for an attached file")
            connection.execute(f"ATTACH DATABASE ? AS {name}", (str(path),))
            lent.append(name)
            connection.execute(f"PRAGMA {name}.journal_mode = OFF")
            connection.execute(f"PRAGMA {name}.synchronous = OFF")
        yield
    finally:
        for name in lent:
            connection.execute(f"DETACH DATABASE {name}")


def table_names(connection: Connection) -> set[str]:
    """The names of all tables in the file."""
    rows = connection.exec_driver_sql(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
        " ESCAPE '\\'"
    )
    return {name for (name,) in rows}


def copy_file(
    path: Path, copy: Path, verify: Callable[[sqlite3.Connection], None] | None = None
) -> None:
    """Copy a ledger file as last committed, by SQLite's backup API; whole under its name or not.

    The copy is a single file without a write-ahead log beside it, and open to no more people than
    the ledger. `verify` may look at it before it gets its name, and raise. Raises StoreError where
    a log lies beside the name.
    """
    insist_no_log(copy)
    with drafted(copy) as draft, growing(copy):
        draft.touch()
        draft.chmod(draft.stat().st_mode & path.stat().st_mode | _OWNER)
        with (
            files.opened(path, read_only=True) as source,
            closing(sqlite3.connect(draft, isolation_level=None)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
            if verify is not None:
                verify(target)
        settle(draft, copy)


def insist_no_log(path: Path) -> None:
    """Raise StoreError where a log lies beside the name of a file that is to be: SQLite would take
    what a ledger's writer left there, who died, into the new file.
    """
    for log in (Path(f"{path}-wal"), Path(f"{path}-journal")):
        if log.exists():
            raise StoreError(
                f"{log} lies there, the log of a ledger that is gone, and would be taken into"
                f" {path}: move it away, with that ledger where it is kept"
            )
