"""PostgreSQL: how the ledger's database is reached, locked and read as of one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.storage.errors import StoreError
from ledger.storage.place import Place

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Connection, Engine

# Held while a ledger is made, so that two cannot be made in one place at once.
_CREATING = 0x7470706C


def engine(place: Place, *, read_only: bool, wait_seconds: float) -> Engine:
    """An engine over psycopg 3; a writer waits for its lock as long as told, then gives up."""
    import logging

    from psycopg import connect
    from sqlalchemy import create_engine, event

    # What psycopg notes while it ends a copy that broke off is for who listens: the error says it.
    logging.getLogger("psycopg").addHandler(logging.NullHandler())
    # libpq alone reads the URL: SQLAlchemy would take some of it otherwise.
    made = create_engine(
        "postgresql+psycopg://", creator=lambda: connect(place.conninfo), pool_size=4
    )

    @event.listens_for(made, "connect")
    def prepare(connection: psycopg.Connection[object], _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("SET client_encoding TO 'UTF8'")
        cursor.execute("SET datestyle TO 'ISO'")
        # Under "off" psycopg doubles a backslash in bytes, and COPY takes it as written: keys that
        # nobody finds again.
        cursor.execute("SET standard_conforming_strings TO on")
        # Whoever waited for the head goes on from where it then stands; higher levels fail there.
        cursor.execute("SET default_transaction_isolation TO 'read committed'")
        # A large import is at work elsewhere for long while its transaction waits.
        cursor.execute("SET idle_in_transaction_session_timeout TO 0")
        wait = max(1, round(wait_seconds * 1000))
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", (str(wait),))
        if read_only:
            cursor.execute("SET default_transaction_read_only TO on")
        cursor.close()
        connection.commit()

    @event.listens_for(made, "checkout")
    def unasked(connection: psycopg.Connection[object], _record: object, _lent: object) -> None:
        # SQLAlchemy leaves "READ WRITE" behind a transaction that read: a standby refuses to begin
        # such a one at all, with an error that is no refusal to write.
        connection.read_only = None

    return made


def lock_creation(connection: Connection) -> None:
    """Let one process at a time make a ledger here. Raises StoreError where text is not UTF-8."""
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CREATING})")
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise StoreError(f"the database keeps text as {encoding}; a ledger needs UTF8")


def table_names(connection: Connection) -> set[str]:
    """The names of all tables in the schema that new tables go to."""
    rows = connection.exec_driver_sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    )
    return {name for (name,) in rows}
