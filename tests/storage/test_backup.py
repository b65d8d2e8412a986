"""Backups by the database's own means, restored only where they check."""

from __future__ import annotations

import json
import os
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.storage import sqlite
from ledger.storage.backup import backup, restore
from ledger.storage.check import check
from ledger.storage.errors import LedgerExists, NewerLedger, NotALedger, StoreError
from ledger.storage.export import export
from ledger.storage.head import head_of
from ledger.storage.store import Store, create, open_store
from tests.pg_server import fresh_database
from tests.storage.scribe import Scribe, moved, small_ledger


@pytest.fixture
def other(led: Store, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Another empty place of the same database."""
    if led.dialect == "sqlite":
        yield f"sqlite:///{tmp_path / 'other.db'}"
        return
    with fresh_database(request.getfixturevalue("pg_server"), f"other_{os.getpid()}") as url:
        yield url


def test_what_is_restored_is_the_ledger(led: Store, other: str, tmp_path: Path) -> None:
    small_ledger(led)
    file = tmp_path / "kept.backup"
    with led.reading() as turn:
        head = turn.head
    assert backup(led, file) == head
    Scribe(led).submit(moved("block", "later"))
    assert restore(file, other) == head
    assert head_of(other) == head
    with open_store(other) as again:
        assert all(one.holds for one in check(again, head.digest))
        export(again, tmp_path / "restored")
        Scribe(again).submit(moved("block", "goes on"))
    assert sorted(p.name for p in tmp_path.glob("*.part")) == []
    assert (tmp_path / "restored" / "movement.csv").read_bytes().count(b"\r\n") == 10


def test_every_table_comes_back_as_it_was(led: Store, other: str, tmp_path: Path) -> None:
    small_ledger(led)
    backup(led, tmp_path / "kept")
    restore(tmp_path / "kept", other)
    export(led, tmp_path / "one")
    with open_store(other) as again:
        export(again, tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    create(str(tmp_path / "ledger.db")).close()

    def full(target: sqlite3.Connection) -> None:
        """As a full disk leaves it: SQLite's journal beside the half-written copy."""
        (draft,) = tmp_path.glob("kept.*.part")
        draft.with_name(f"{draft.name}-journal").write_bytes(b"half")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        sqlite.copy_file(tmp_path / "ledger.db", tmp_path / "kept", full)
    assert sorted(path.name for path in tmp_path.glob("kept*")) == []


def test_no_other_file_is_taken_for_a_draft(tmp_path: Path) -> None:
    """Each of these names was the draft's of one of the others, and was gone afterwards."""
    ledger = str(tmp_path / "ledger.db")
    create(ledger).close()
    for name in ("kept.part", "again.db.restored"):
        create(str(tmp_path / name)).close()
    with open_store(ledger) as store:
        head = backup(store, tmp_path / "kept")
    assert restore(tmp_path / "kept", str(tmp_path / "again.db")) == head
    for name in ("kept.part", "again.db.restored"):
        assert head_of(str(tmp_path / name)).ledger_id != head.ledger_id
    there = ["again.db", "again.db.restored", "kept", "kept.part", "ledger.db"]
    assert sorted(path.name for path in tmp_path.iterdir()) == there


@pytest.fixture
def died(tmp_path: Path) -> Path:
    """Where a ledger stood whose writer died; the log it left lies there without it."""
    path = tmp_path / "ledger.db"
    with create(str(path)) as store:
        backup(store, tmp_path / "kept")
        Scribe(store).submit(moved("block", "later"))
        logs = {end: Path(f"{path}{end}").read_bytes() for end in ("-wal", "-shm")}
    path.rename(tmp_path / "broken.db")
    for end, log in logs.items():
        Path(f"{path}{end}").write_bytes(log)
    return path


def test_a_log_without_its_ledger_is_not_taken_into_another(died: Path) -> None:
    """SQLite would read the log as the restored file's own: it had what the backup has not."""
    kept = died.with_name("kept")
    with pytest.raises(StoreError, match=r"ledger\.db-wal.*move it away"):
        restore(kept, str(died))
    with open_store(str(kept)) as store, pytest.raises(StoreError, match="move it away"):
        backup(store, died)
    assert not died.exists()
    assert died.with_name("ledger.db-wal").exists()
    for end in ("-wal", "-shm"):
        died.with_name(f"ledger.db{end}").unlink()
    assert restore(kept, str(died)) == head_of(str(died))


@pytest.mark.parametrize(("mode", "copied"), [(0o600, 0o600), (0o640, 0o640), (0o444, 0o644)])
def test_a_copy_is_open_to_no_more_people_than_the_ledger(
    tmp_path: Path, mode: int, copied: int
) -> None:
    ledger, kept, again = (tmp_path / name for name in ("ledger.db", "kept", "again.db"))
    create(str(ledger)).close()
    ledger.chmod(mode)
    before = os.umask(0o022)
    try:
        with open_store(str(ledger)) as store:
            backup(store, kept)
        restore(kept, str(again))
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (kept, again)] == [copied, copied]


def test_nothing_is_written_over(led: Store, tmp_path: Path) -> None:
    backup(led, tmp_path / "kept")
    with pytest.raises(StoreError, match="exists already"):
        backup(led, tmp_path / "kept")
    with pytest.raises(LedgerExists):
        restore(tmp_path / "kept", led.url)


def test_a_backup_of_a_changed_ledger_is_not_restored(
    led: Store, other: str, tmp_path: Path
) -> None:
    small_ledger(led)
    with led.writing() as turn:
        turn.connection.exec_driver_sql("UPDATE balance SET posted_mtpp = 1 WHERE budget_no = 1")
    backup(led, tmp_path / "kept")
    with pytest.raises(StoreError, match=r"checks fail: balances \(budget 1: posted_mtpp is 1"):
        restore(tmp_path / "kept", other)
    create(other).close()


def test_a_backup_that_was_cut_or_is_none(led: Store, other: str, tmp_path: Path) -> None:
    small_ledger(led)
    backup(led, tmp_path / "kept")
    whole = (tmp_path / "kept").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError):
        restore(tmp_path / "cut", other)
    (tmp_path / "page").write_text("<html>")
    with pytest.raises(NotALedger, match="page is not a backup"):
        restore(tmp_path / "page", other)
    with pytest.raises(StoreError, match="none cannot be read"):
        restore(tmp_path / "none", other)
    create(other).close()


def test_a_backup_goes_back_into_its_own_kind_of_database(tmp_path: Path, pg_url: str) -> None:
    with create(str(tmp_path / "ledger.db")) as store:
        backup(store, tmp_path / "kept")
    with pytest.raises(StoreError, match="backup of a ledger in SQLite"):
        restore(tmp_path / "kept", pg_url)


def test_a_newer_backup_is_refused(led: Store, other: str, tmp_path: Path) -> None:
    with led.writing() as turn:
        turn.connection.exec_driver_sql("UPDATE head SET schema_version = 9")
    file = tmp_path / "kept"
    if led.dialect == "sqlite":
        with sqlite3.connect(file) as copy, sqlite3.connect(led.place.file) as source:
            source.backup(copy)
        copy.close()
        source.close()
    else:
        with zipfile.ZipFile(file, "w") as pack:
            about = {"format": "tpp-ledger-copy/1", "schema_version": 9, "tables": {}}
            pack.writestr("head.json", json.dumps(about))
    with pytest.raises(NewerLedger):
        restore(file, other)


def test_a_backup_while_others_write_holds_one_moment(tmp_path: Path) -> None:
    with create(str(tmp_path / "ledger.db")) as store:
        small_ledger(store)
        with store.writing() as turn:
            turn.connection.exec_driver_sql("UPDATE head SET last_seq = 99")
            head = backup(store, tmp_path / "kept")
        assert head.last_seq == 9
