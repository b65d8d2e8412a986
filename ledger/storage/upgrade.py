"""Leading an older ledger to this version's tables: a copy first, then all in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, update

from ledger.storage import append_only, files, sqlite
from ledger.storage.errors import NotALedger, StoreError, translated
from ledger.storage.head import SCHEMA_VERSION, newer
from ledger.storage.place import Place, place_of
from ledger.storage.store import engine_for, is_ledger, revision
from schemas import tables

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(url: str, keep: Path | None = None, *, more: Path | None = None) -> int:
    """Migrate the ledger to this version's tables and return the version it had.

    On SQLite a copy is kept first: at `keep`, or beside the ledger as NAME.v1 (its version);
    in PostgreSQL make a backup before. `more` is a folder of further migrations. A ledger of
    this version is left as it is. Raises NotALedger, NewerLedger, StoreError where something else
    has the copy's name, and what open_store() raises.
    """
    place = place_of(url)

    def keep_copy(version: int) -> None:
        if place.path is not None:
            _keep(place.path, keep or Path(f"{place.path}.v{version}"))

    with translated(place):
        return bring_up(place, keep_copy, more=more)


def bring_up(
    place: Place, before: Callable[[int], None] | None = None, *, more: Path | None = None
) -> int:
    """upgrade() without a copy; `before` is called with the older version, the ledger locked."""
    engine = engine_for(place)
    options = {sqlite.BEGIN: "BEGIN IMMEDIATE"}
    try:
        with engine.connect().execution_options(**options) as held, held.begin():
            version = _locked_version(held, place)
            if version < SCHEMA_VERSION:
                if before is not None:
                    before(version)
                migrate(held, more=more)
    finally:
        engine.dispose()
    return version


def migrate(connection: Connection, *, to: int | None = None, more: Path | None = None) -> None:
    """Run every migration the database has not had, inside the connection's transaction.

    `to` stops at an older version, to be filled with what is of that version.

    From an empty database it makes all tables; the head row is the caller's. Afterwards the
    append-only triggers are made again, since a rebuilt table has lost them.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    versions = [_SCRIPTS / "versions", *([more] if more else [])]
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, versions)).replace("%", "%%"))
    config.attributes["connection"] = connection
    version = SCHEMA_VERSION if to is None else to
    command.upgrade(config, revision(version))
    append_only.guard(connection)
    connection.execute(update(tables.head).values(schema_version=version))


def _locked_version(connection: Connection, place: Place) -> int:
    if not is_ledger(connection):
        raise NotALedger(f"{place} is a database, but not a ledger")
    lock = " FOR UPDATE" if place.dialect == "postgresql" else ""
    query = f"SELECT schema_version FROM head WHERE id = 1{lock}"  # noqa: S608
    version = int(connection.exec_driver_sql(query).scalar_one())
    if version > SCHEMA_VERSION:
        raise newer(version, place)
    return version


def _keep(path: Path, keep: Path) -> None:
    if not keep.exists():
        sqlite.copy_file(path, keep)
    elif _state(keep) != _state(path):  # else an upgrade that broke off has kept it
        raise StoreError(
            f"{keep} exists already, and is no copy of {path} as it stands: move it away"
        )


def _state(path: Path) -> tuple[object, ...] | None:
    """All that a ledger's head says: whose it is, and how far it has come; None for no ledger."""
    try:
        with files.opened(path, read_only=True) as ledger:
            found: tuple[object, ...] | None = ledger.execute("SELECT * FROM head").fetchone()
    except sqlite3.Error:
        return None
    return found
