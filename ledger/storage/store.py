"""A ledger's store: made, opened, read as of one moment, written by one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, PoolProxiedConnection, insert, text

from ledger.storage import append_only, postgresql, sqlite
from ledger.storage.chain import ZERO
from ledger.storage.errors import (
    LedgerExists,
    NotALedger,
    ReadOnlyLedger,
    StoreError,
    StoreUnavailable,
    translated,
)
from ledger.storage.files import can_write, watched
from ledger.storage.head import HEAD_SQL, SCHEMA_VERSION, Head, checked
from ledger.storage.place import Place, place_of
from schemas import tables

# How long a writer waits for the one before it, in seconds.
WAIT_SECONDS = 60
# What SQLAlchemy is told of a transaction that writes and of one that reads.
_WRITING: dict[str, dict[str, Any]] = {
    "sqlite": {sqlite.BEGIN: "BEGIN IMMEDIATE"},
    "postgresql": {},
}
_READING: dict[str, dict[str, Any]] = {
    "sqlite": {sqlite.BEGIN: "BEGIN"},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
# Alembic's own table, holding the revision the tables are at.
VERSION_TABLE = "alembic_version"


@dataclass(frozen=True, slots=True)
class Turn:
    """One transaction: its connection, and the head as it found (and, writing, locked) it."""

    connection: Connection
    head: Head


class Store:
    """An open ledger. Get one from create() or open_store(); use it `with`, or close() it."""

    def __init__(self, place: Place, engine: Engine, *, read_only: bool) -> None:
        self.place = place
        self.engine = engine
        self.read_only = read_only
        self.ledger_id = ""
        # The same engine twice, its transactions set up once and not at each of them.
        self._writer = engine.execution_options(**_WRITING[place.dialect])
        self._reader = engine.execution_options(**_READING[place.dialect])
        self._idle: list[PoolProxiedConnection] = []

    @property
    def dialect(self) -> str:
        """'sqlite' or 'postgresql'."""
        return self.place.dialect

    @property
    def url(self) -> str:
        """The ledger's URL as SQLAlchemy writes it (a password is in it)."""
        return self.place.url

    @contextmanager
    def writing(self, *, attach: Mapping[str, Path] | None = None) -> Iterator[Turn]:
        """One writing transaction, the head locked first: commits at the end, or undoes all.

        `attach` lends SQLite files under names; PostgreSQL takes none. Raises ReadOnlyLedger,
        StoreBusy after the wait, StoreUnavailable.
        """
        self._insist_writable()
        with self._lent(attach, None, self._writer) as connection, connection.begin():
            yield Turn(connection, self._head(self.raw(connection), lock=True))

    @contextmanager
    def posting(self) -> Iterator[tuple[Any, Head]]:
        """One writing transaction as by writing(), for who speaks to the driver's own connection
        alone: that connection, and the head.
        """
        if self.dialect != "sqlite":
            with self.writing() as turn:
                yield self.raw(turn.connection), turn.head
            return
        self._insist_writable()
        with translated(self.place), sqlite.KeptOpen(self.engine, self._idle) as driver:
            yield driver, self._head(driver, lock=True)

    @contextmanager
    def reading(
        self, *, attach: Mapping[str, Path] | None = None, cache_mb: int | None = None
    ) -> Iterator[Turn]:
        """One reading transaction that sees the ledger as of its beginning throughout.

        `attach` lends SQLite files under names, and `cache_mb` a larger page cache; PostgreSQL
        takes neither.
        """
        with self._lent(attach, cache_mb, self._reader) as connection, connection.begin():
            yield Turn(connection, self._head(self.raw(connection), lock=False))

    @contextmanager
    def looking(self, turn: Turn, *, cache_mb: int) -> Iterator[Any]:
        """The driver's connection to look up much by, beside a writing transaction: in SQLite one
        in no transaction, that sees what is committed and lets go of files it was lent; in
        PostgreSQL the writer's own, which has the tables that were staged.
        """
        if self.dialect != "sqlite":
            yield self.raw(turn.connection)
            return
        with (
            translated(self.place),
            closing(sqlite.connection(self.place, wait_seconds=WAIT_SECONDS)) as driver,
            sqlite.larger_cache(driver, cache_mb),
        ):
            yield driver

    def raw(self, connection: Connection) -> Any:
        """The driver's own connection beneath: sqlite3's or psycopg's."""
        return connection.connection.driver_connection

    def close(self) -> None:
        """Close every connection."""
        while self._idle:
            self._idle.pop().close()
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _lent(
        self, attach: Mapping[str, Path] | None, cache_mb: int | None, engine: Engine
    ) -> Iterator[Connection]:
        with translated(self.place), ExitStack() as stack:
            connection = stack.enter_context(engine.connect())
            if self.dialect == "sqlite":
                raw = self.raw(connection)
                stack.enter_context(watched(raw))
                if cache_mb is not None:
                    stack.enter_context(sqlite.larger_cache(raw, cache_mb))
                if attach:
                    stack.enter_context(sqlite.attached(raw, attach))
            elif attach:
                raise StoreError("only a ledger in SQLite can be lent a file")
            yield connection

    def _insist_writable(self) -> None:
        if self.read_only:
            raise ReadOnlyLedger(f"the ledger {self.place} can only be read")

    def _head(self, driver: Any, *, lock: bool) -> Head:
        wait = " FOR UPDATE" if lock and self.dialect == "postgresql" else ""
        row = driver.execute(HEAD_SQL + wait).fetchone()
        if row is None:
            raise NotALedger(f"{self.place} is not a ledger")
        head = checked(Head(*row), self.place)
        if self.ledger_id not in ("", head.ledger_id):
            # What is known of the one that was opened is not to be written into this one.
            raise StoreUnavailable(f"another ledger stands at {self.place} by now: open it anew")
        return head


def open_store(url: str, *, read_only: bool = False, wait_seconds: float = WAIT_SECONDS) -> Store:
    """Open the ledger at a URL or path; on read-only media it opens for reading.

    Raises NotALedger, NewerLedger, OlderLedger, StoreUnavailable.
    """
    place = place_of(url)
    if place.path is not None and place.path.exists():
        read_only = read_only or not can_write(place.path)
    with translated(place):
        store = Store(
            place,
            engine_for(place, read_only=read_only, wait_seconds=wait_seconds),
            read_only=read_only,
        )
        try:
            with store._lent(None, None, store.engine) as connection, connection.begin():
                if not is_ledger(connection):
                    raise NotALedger(f"{place} is a database, but not a ledger")
                store.ledger_id = store._head(store.raw(connection), lock=False).ledger_id
        except BaseException:
            store.close()
            raise
    return store


def create(url: str, *, wait_seconds: float = WAIT_SECONDS) -> Store:
    """Make a new, empty ledger and open it.

    Raises LedgerExists where one stands, NotALedger where a database stands that holds anything
    else, StoreUnavailable.
    """
    place = place_of(url)
    ours = place.path is not None and not place.path.exists()
    with translated(place):
        store = Store(
            place, engine_for(place, create=True, wait_seconds=wait_seconds), read_only=False
        )
        try:
            store.ledger_id = _make(store)
        except BaseException:
            store.close()
            if ours:
                _remove(place.file)
            raise
    return store


def engine_for(
    place: Place,
    *,
    read_only: bool = False,
    create: bool = False,
    wait_seconds: float = WAIT_SECONDS,
) -> Engine:
    """A fresh engine for a place, nothing opened yet; `create` may make the SQLite file."""
    if place.dialect == "postgresql":
        return postgresql.engine(place, read_only=read_only, wait_seconds=wait_seconds)
    return sqlite.engine(place, read_only=read_only, create=create, wait_seconds=wait_seconds)


def is_ledger(connection: Connection) -> bool:
    """Whether the database holds a ledger's tables, of whatever version."""
    return {"head", "submission", "movement", VERSION_TABLE} <= _names(connection)


def revision(version: int) -> str:
    """Alembic's name for the migration that leads to a schema version."""
    return f"{version:04d}"


def _names(connection: Connection) -> set[str]:
    if connection.dialect.name == "sqlite":
        return sqlite.table_names(connection)
    return postgresql.table_names(connection)


def _make(store: Store) -> str:
    with making(store) as connection:
        tables.metadata.create_all(connection, checkfirst=False)
        append_only.guard(connection)
        _stamp(connection)
        return _first_head(connection)


@contextmanager
def making(store: Store) -> Iterator[Connection]:
    """One transaction in which a ledger is made where nothing stands, by one process at a time.

    Raises LedgerExists, or NotALedger where the database holds anything else.
    """
    options = {sqlite.BEGIN: "BEGIN IMMEDIATE"}
    with store.engine.connect().execution_options(**options) as connection, connection.begin():
        if store.dialect == "postgresql":
            postgresql.lock_creation(connection)
        if is_ledger(connection):
            raise LedgerExists(f"there is a ledger at {store.place} already")
        if _names(connection):
            raise NotALedger(f"{store.place} is a database that holds something else")
        yield connection


def _stamp(connection: Connection) -> None:
    connection.exec_driver_sql(
        f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL,"
        f" CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num))"
    )
    stamp = text(f"INSERT INTO {VERSION_TABLE} VALUES (:revision)")  # noqa: S608
    connection.execute(stamp, {"revision": revision(SCHEMA_VERSION)})


def _first_head(connection: Connection) -> str:
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    ledger_id = uuid4().hex
    connection.execute(
        insert(tables.head).values(
            id=1,
            ledger_id=ledger_id,
            schema_version=SCHEMA_VERSION,
            created_at=now,
            last_seq=0,
            last_submission=0,
            last_recorded_at=now,
            digest=ZERO,
        )
    )
    return ledger_id


def _remove(path: Path) -> None:
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)
