"""A ledger in PostgreSQL as one zip file of COPY texts, written from one snapshot.

COPY is the server's own, needs nothing but the connection, and its text form is the same in every
version of the server. The file holds NAME.copy for each table, and `head.json` with the head's
digest and each table's columns and count of rows.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.storage.drafts import drafted, settle
from ledger.storage.errors import NotALedger, StoreError
from ledger.storage.head import HEAD_SQL, SCHEMA_VERSION, Head, newer
from ledger.storage.place import Place
from ledger.storage.store import Store, Turn, engine_for, making
from ledger.storage.upgrade import migrate
from schemas import tables as t

if TYPE_CHECKING:
    import psycopg

_FORMAT = "tpp-ledger-copy/1"
_BLOCK = 1 << 20
_NO_JSON = (json.JSONDecodeError, UnicodeDecodeError)
# Classes of SQLSTATE where rows are not what their tables hold: wrong data, a broken constraint,
# an unknown table or column (postgresql.org/docs/current/errcodes-appendix.html).
_REFUSED = ("22", "23", "42")


def save(store: Store, file: Path) -> Head:
    """Copy every table into a new zip file; it gets its name once it was read back."""
    with drafted(file) as draft:
        pack = zipfile.ZipFile(draft, "x", zipfile.ZIP_DEFLATED, compresslevel=1)
        with store.reading() as turn, pack:
            raw = store.raw(turn.connection)
            about: dict[str, Any] = {"format": _FORMAT, "digest": turn.head.digest}
            about |= {"schema_version": turn.head.schema_version, "tables": {}}
            for table in t.metadata.sorted_tables:
                columns = table.columns.keys()
                rows = _copy_out(raw, table.name, columns, pack)
                about["tables"][table.name] = {"columns": columns, "rows": rows}
            pack.writestr("head.json", json.dumps(about, indent=1))
        with zipfile.ZipFile(draft) as written:
            if (bad := written.testzip()) is not None:
                raise StoreError(f"{bad} in {file} does not read back as it was written")
        settle(draft, file)
    return turn.head


def load(file: Path, place: Place, verify: Callable[[Store, Turn], None]) -> Head:
    """Make a ledger of such a file where none stands; `verify` may raise before it is kept.

    Raises LedgerExists, NotALedger, StoreError.
    """
    import psycopg

    try:
        with zipfile.ZipFile(file) as pack:
            about = json.loads(pack.read("head.json"))
            if not isinstance(about, dict) or about.get("format") != _FORMAT:
                raise NotALedger(f"{file} is not a backup of a ledger")
            if about["schema_version"] > SCHEMA_VERSION:
                raise newer(about["schema_version"], file)
            return _loaded(pack, about, place, verify)
    except (zipfile.BadZipFile, LookupError, TypeError, *_NO_JSON) as error:
        raise NotALedger(f"{file} is not a whole backup of a ledger ({error})") from error
    except psycopg.Error as error:
        if (error.sqlstate or "")[:2] not in _REFUSED:
            raise
        said, *_ = str(error).splitlines()
        raise NotALedger(f"{file} is not a whole backup of a ledger ({said})") from error


def _loaded(
    pack: zipfile.ZipFile,
    about: dict[str, Any],
    place: Place,
    verify: Callable[[Store, Turn], None],
) -> Head:
    with Store(place, engine_for(place), read_only=False) as store:
        with making(store) as connection:
            migrate(connection, to=about["schema_version"])
            raw = store.raw(connection)
            for name, table in about["tables"].items():
                if _copy_in(raw, name, table["columns"], pack) != table["rows"]:
                    raise StoreError(f"{name} in {pack.filename} is cut short")
            if about["schema_version"] < SCHEMA_VERSION:
                migrate(connection)
            head = Head(*connection.exec_driver_sql(HEAD_SQL).one())
            if head.digest != about["digest"]:
                raise StoreError(f"{pack.filename} ends with another digest than it says")
            verify(store, Turn(connection, head))
        with store.engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("ANALYZE")
    return head


def _copy_out(
    raw: psycopg.Connection[Any], table: str, columns: list[str], pack: zipfile.ZipFile
) -> int:
    with raw.cursor() as cursor:
        with (
            cursor.copy(_statement(table, columns, "TO STDOUT")) as copy,
            pack.open(f"{table}.copy", "w", force_zip64=True) as member,
        ):
            for block in copy:
                member.write(block)
        return cursor.rowcount


def _copy_in(
    raw: psycopg.Connection[Any], table: str, columns: list[str], pack: zipfile.ZipFile
) -> int:
    with raw.cursor() as cursor:
        with (
            cursor.copy(_statement(table, columns, "FROM STDIN")) as copy,
            pack.open(f"{table}.copy") as member,
        ):
            while block := member.read(_BLOCK):
                copy.write(block)
        return cursor.rowcount


def _statement(table: str, columns: list[str], where: str) -> Any:
    from psycopg import sql

    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) ").format(sql.Identifier(table), names) + sql.SQL(where)
