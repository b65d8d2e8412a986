"""PostgreSQL under limits and settings that somebody else chose, and backups it will not take."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg
import psycopg.sql
import pytest

from ledger.storage.backup import backup, restore
from ledger.storage.check import check
from ledger.storage.errors import (
    NotALedger,
    ReadOnlyLedger,
    StoreError,
    StoreUnavailable,
    translated,
)
from ledger.storage.place import place_of
from ledger.storage.store import create, open_store
from tests.pg_server import Databases
from tests.storage.scribe import small_ledger


def under(url: str, setting: str) -> str:
    """The same database, with a setting of the server's for each session."""
    return f"{url}{'&' if '?' in url else '?'}options={quote(f'-c {setting}')}"


def test_a_long_import_outlasts_a_limit_on_idle_transactions(pg_url: str) -> None:
    create(pg_url).close()
    limited = under(pg_url, "idle_in_transaction_session_timeout=100")
    with open_store(limited) as store, store.writing() as turn:
        time.sleep(0.3)
        turn.connection.exec_driver_sql("SELECT 1")


@pytest.mark.parametrize("tidies", [False, True])
def test_what_the_server_stopped_is_said_whatever_came_after(pg_url: str, tidies: bool) -> None:
    create(pg_url).close()
    with open_store(under(pg_url, "statement_timeout=200")) as store:
        said = "stopped the work .*statement timeout"
        with pytest.raises(StoreUnavailable, match=said), store.writing() as turn:  # noqa: PT012
            try:
                turn.connection.exec_driver_sql("SELECT pg_sleep(5)")
            finally:
                if tidies:
                    turn.connection.exec_driver_sql("DROP TABLE IF EXISTS staged")


@pytest.mark.parametrize("statement", ["EXECUTE nobodys", "PREPARE twice AS SELECT 1"])
def test_a_pooler_by_transaction_is_named(pg_url: str, statement: str) -> None:
    """It changes connections beneath a client: what one prepared, another has not, or has."""
    create(pg_url).close()
    with open_store(pg_url) as store, store.writing() as turn:
        turn.connection.exec_driver_sql("PREPARE twice AS SELECT 1")
        with pytest.raises(StoreUnavailable, match="let it pool by session"), translated(pg_url):
            turn.connection.exec_driver_sql(statement)
        turn.connection.rollback()


def test_a_schema_that_is_not_there_is_wrong_use(pg_url: str) -> None:
    with pytest.raises(StoreError, match="has no schema") as wrong:
        create(under(pg_url, "search_path=nosuch"))
    assert "CREATE TABLE" not in str(wrong.value)


@pytest.mark.parametrize("level", ["read committed", "repeatable read", "serializable"])
def test_a_writer_waits_whatever_isolation_the_server_is_set_to(pg_url: str, level: str) -> None:
    create(pg_url).close()
    set_to = under(pg_url, f"default_transaction_isolation={level.replace(' ', chr(92) + ' ')}")
    begun, done = threading.Event(), []

    def write() -> None:
        with open_store(set_to) as store:
            begun.set()
            with store.writing() as turn:
                done.append(turn.head.last_seq)

    with open_store(set_to) as first:
        with first.writing() as turn:
            other = threading.Thread(target=write)
            other.start()
            begun.wait()
            time.sleep(0.3)
            turn.connection.exec_driver_sql("UPDATE head SET last_seq = 7")
        other.join()
    assert done == [7]


def test_a_server_that_can_only_be_read_is_said_to_be_one(pg_url: str) -> None:
    """A standby lets nobody ask for a transaction that writes; a setting of its own does here."""
    create(pg_url).close()
    with open_store(under(pg_url, "default_transaction_read_only=on")) as store:
        with store.reading():
            pass
        with pytest.raises(ReadOnlyLedger, match="can only be read"), store.writing():
            pass


@pytest.mark.parametrize("schema", ["Agency", "two words", 'a"b', "a.b"])
def test_a_schema_of_any_name(pg_url: str, schema: str) -> None:
    with psycopg.connect(place_of(pg_url).conninfo, autocommit=True) as admin:
        named = psycopg.sql.Identifier(schema)
        admin.execute(psycopg.sql.SQL("CREATE SCHEMA {}").format(named))
        try:
            quoted = named.as_string(admin).replace(" ", "\\ ")
            with create(under(pg_url, f"search_path={quoted}")) as store:
                small_ledger(store)
                assert [one.name for one in check(store) if not one.holds] == []
        finally:
            admin.execute(psycopg.sql.SQL("DROP SCHEMA {} CASCADE").format(named))


# Backups


@pytest.fixture(scope="module")
def kept(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a small ledger in PostgreSQL."""
    file = tmp_path_factory.mktemp("kept") / "kept"
    with databases.lent() as url, create(url) as store:
        small_ledger(store)
        backup(store, file)
    return file


def _figure(member: bytes) -> bytes:
    return member.replace(b"\t0\t", b"\tmany\t", 1)


def _not_utf8(member: bytes) -> bytes:
    return member.replace(b"Poland", b"P\xffland", 1)


def _other_table(member: bytes) -> bytes:
    about = json.loads(member)
    about["tables"]["moved"] = about["tables"].pop("movement")
    return json.dumps(about).encode()


def _nothing(member: bytes) -> bytes:
    return b"[]"


def _no_columns(member: bytes) -> bytes:
    about = json.loads(member)
    about["tables"]["movement"] = 7
    return json.dumps(about).encode()


HARM = [
    ("entry.copy", _figure),
    ("balance.copy", _figure),
    ("budget.copy", _not_utf8),
    ("head.json", _other_table),
    ("head.json", _nothing),
    ("head.json", _no_columns),
]


@pytest.mark.parametrize(("name", "harm"), HARM, ids=lambda x: getattr(x, "__name__", x))
def test_a_backup_that_was_harmed_is_no_bug(
    kept: Path, pg_url: str, tmp_path: Path, name: str, harm: Callable[[bytes], bytes]
) -> None:
    harmed = tmp_path / "harmed"
    with zipfile.ZipFile(kept) as whole, zipfile.ZipFile(harmed, "w") as pack:
        for member in whole.namelist():
            text = whole.read(member)
            pack.writestr(member, harm(text) if member == name else text)
    with pytest.raises(NotALedger, match=r"harmed is not a (whole )?backup of a ledger"):
        restore(harmed, pg_url)
    create(pg_url).close()


NOTED = """
import logging
from ledger.storage.place import place_of
from ledger.storage.store import engine_for
engine_for(place_of("postgresql://h/d"))
logging.getLogger("psycopg").warning("error ignored terminating a copy")
"""


def test_what_psycopg_notes_by_the_way_is_not_on_stderr() -> None:
    done = subprocess.run([sys.executable, "-c", NOTED], capture_output=True, text=True, check=True)
    assert done.stderr == ""
