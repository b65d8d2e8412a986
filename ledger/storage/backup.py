"""Copies of a whole ledger by the database's own means, and back; verified both ways.

From SQLite its backup API makes one file, itself a ledger that opens anywhere. From PostgreSQL
one snapshot's COPY of every table goes into one zip file (storage/copies.py).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ledger.storage import copies, sqlite
from ledger.storage.check import check_turn
from ledger.storage.drafts import drafted, settle
from ledger.storage.errors import LedgerExists, NotALedger, StoreError, translated
from ledger.storage.head import HEAD_SQL, SCHEMA_VERSION, Head
from ledger.storage.place import SQLITE, Place, place_of
from ledger.storage.store import Store, Turn, open_store
from ledger.storage.upgrade import bring_up

_ZIP = b"PK\x03\x04"


def backup(store: Store, file: Path) -> Head:
    """Copy the ledger, as of one moment, into a new file and return the head it has there.

    Writers go on meanwhile. The file appears under its name once it was read back and found to
    be whole. Raises StoreError where it exists already.
    """
    if file.exists():
        raise StoreError(f"{file} exists already; name a new file")
    with translated(store.place):
        if store.dialect == "postgresql":
            return copies.save(store, file)
        with store.reading() as turn:
            before = turn.head
        return _copied(store.place.file, file, before)


def restore(file: Path, url: str) -> Head:
    """Make a ledger out of a backup where none stands, and return its head.

    Every invariant is recomputed first: a backup that fails one is not restored. A backup of an
    older version is led on to this one's tables. Raises LedgerExists, StoreError.
    """
    place = place_of(url)
    begins = _beginning(file)
    if not begins.startswith((SQLITE, _ZIP)):
        raise NotALedger(f"{file} is not a backup of a ledger")
    kind = "sqlite" if begins.startswith(SQLITE) else "postgresql"
    if kind != place.dialect:
        named = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        raise StoreError(
            f"{file} is a backup of a ledger in {named[kind]};"
            f" it cannot be restored into {named[place.dialect]}"
        )
    with translated(place):
        if kind == "postgresql":
            return copies.load(file, place, _verify)
        return _restored(file, place)


def _beginning(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(16)
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror}") from error


def _copied(path: Path, file: Path, before: Head) -> Head:
    heads: list[Head] = []

    def whole(copy: sqlite3.Connection) -> None:
        said = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if said != "ok":
            raise StoreError(f"the copy of {path} is damaged: {said}")
        heads.append(_head(copy, path))
        if before.last_submission:
            query = "SELECT digest FROM submission WHERE number = ?"
            found = copy.execute(query, (before.last_submission,)).fetchone()
            if found != (before.digest,):
                raise StoreError(f"the copy of {path} lacks its last submission")

    sqlite.copy_file(path, file, whole)
    return heads[0]


def _head(copy: sqlite3.Connection, path: Path) -> Head:
    try:
        return Head(*copy.execute(HEAD_SQL).fetchone())
    except (sqlite3.OperationalError, TypeError):
        raise NotALedger(f"{path} is not a backup of a ledger") from None


def _restored(file: Path, place: Place) -> Head:
    path = place.file
    if path.exists():
        raise LedgerExists(f"{path} exists already; nothing is restored over it")
    sqlite.insist_no_log(path)
    heads: list[Head] = []
    with drafted(path) as trial:
        with translated(file):
            sqlite.copy_file(file, trial, lambda copy: heads.append(_head(copy, file)))
        if heads[0].schema_version < SCHEMA_VERSION:
            bring_up(place_of(str(trial)))
        with open_store(str(trial)) as store:
            with store.reading() as turn:
                _verify(store, turn)
            head = turn.head
        if path.exists():  # made meanwhile
            raise LedgerExists(f"{path} exists already; nothing is restored over it")
        settle(trial, path)
    return head


def _verify(store: Store, turn: Turn) -> None:
    failed = [one for one in check_turn(store, turn) if not one.holds]
    if failed:
        said = "; ".join(f"{one.name} ({one.failures[0]})" for one in failed)
        raise StoreError(f"the backup is not restored, its checks fail: {said}")
