"""Places, making and opening, one writer at a time, readers that see one moment."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.storage import sqlite
from ledger.storage.chain import ZERO
from ledger.storage.check import check
from ledger.storage.errors import (
    LedgerExists,
    NotALedger,
    StoreBusy,
    StoreError,
    StoreUnavailable,
)
from ledger.storage.head import head_of
from ledger.storage.place import place_of
from ledger.storage.store import Store, create, open_store
from tests.storage.scribe import small_ledger

CHANGE = "UPDATE head SET last_seq = 5"


def last_seq(store: Store) -> int:
    with store.reading() as turn:
        return turn.head.last_seq


def sound(store: Store) -> bool:
    return all(one.holds for one in check(store))


# Places


@pytest.mark.parametrize(
    ("url", "dialect", "path"),
    [
        ("sqlite:///tpp-ledger.db", "sqlite", "tpp-ledger.db"),
        ("sqlite:////var/lib/a.db", "sqlite", "/var/lib/a.db"),
        ("sqlite+pysqlite:///a b%20.db", "sqlite", "a b%20.db"),
        ("books/2025?.db", "sqlite", "books/2025?.db"),
        ("postgresql://u:p@h/d", "postgresql", None),
        ("postgres://u@/d?host=/run", "postgresql", None),
        ("postgresql+psycopg://u@/d?host=/run", "postgresql", None),
    ],
)
def test_urls_and_paths(url: str, dialect: str, path: str | None) -> None:
    place = place_of(url)
    assert place.dialect == dialect
    assert place.path == (Path(path) if path else None)
    assert place_of(place.url) == place


@pytest.mark.parametrize(
    "url", ["mysql://h/d", "sqlite://", "sqlite:///:memory:", "", "sqlite://a.db"]
)
def test_places_that_are_none(url: str) -> None:
    with pytest.raises(StoreError):
        place_of(url)


# Making and opening


def test_a_new_ledger_is_empty(led: Store) -> None:
    with led.reading() as turn:
        head = turn.head
    assert (head.ledger_id, head.last_seq, head.last_submission) == (led.ledger_id, 0, 0)
    assert head.digest == ZERO
    assert head_of(led.url) == head


def test_a_ledger_is_not_made_twice(led: Store) -> None:
    with pytest.raises(LedgerExists, match="already"):
        create(led.url)
    assert head_of(led.url).ledger_id == led.ledger_id


def test_of_two_who_make_one_at_once_one_does(ledger_url: str) -> None:
    made: list[object] = []

    def make() -> None:
        try:
            create(ledger_url).close()
            made.append("made")
        except LedgerExists:
            made.append("exists")

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, made)) == ["exists", "exists", "exists", "made"]


def test_a_file_that_is_no_ledger(tmp_path: Path) -> None:
    page = tmp_path / "page.db"
    page.write_text("<html>" * 1000)
    for opens in (open_store, head_of, create):
        with pytest.raises(NotALedger, match=r"page\.db is not a ledger"):
            opens(str(page))
    assert page.read_text() == "<html>" * 1000


def test_a_database_that_is_no_ledger(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "music.db") as other:
        other.execute("CREATE TABLE song (name)")
    other.close()
    for opens in (open_store, head_of, create):
        with pytest.raises(NotALedger):
            opens(str(tmp_path / "music.db"))


def test_a_postgresql_database_that_is_no_ledger(pg_url: str) -> None:
    with psycopg.connect(place_of(pg_url).conninfo) as other:
        other.execute("CREATE TABLE song (name text)")
    for opens in (open_store, head_of, create):
        with pytest.raises(NotALedger):
            opens(pg_url)


def test_no_ledger_there(tmp_path: Path) -> None:
    for opens in (open_store, head_of):
        with pytest.raises(NotALedger, match="make one with `tpp init`"):
            opens(str(tmp_path / "none.db"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        create(str(tmp_path / "no" / "ledger.db"))


def test_making_that_breaks_off_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(connection: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ledger.storage.append_only.guard", interrupt)
    with pytest.raises(KeyboardInterrupt):
        create(str(tmp_path / "ledger.db"))
    assert list(tmp_path.iterdir()) == []


def test_durable_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick: Any = sqlite._prepare  # as the tests have it
    monkeypatch.setattr(sqlite, "_prepare", quick.__wrapped__)
    with create(str(tmp_path / "ledger.db")) as store, store.writing() as turn:
        said = {
            name: turn.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "trusted_schema", "cache_size")
        }
    assert said == {
        "journal_mode": "wal",
        "synchronous": 2,
        "trusted_schema": 0,
        "cache_size": -16 * 1024,
    }


# One writer at a time


def test_a_transaction_is_all_or_nothing(led: Store) -> None:
    with led.writing() as turn:
        turn.connection.exec_driver_sql(CHANGE)
    assert last_seq(led) == 5
    for stop in (KeyboardInterrupt, RuntimeError):
        with pytest.raises(stop), led.writing() as turn:  # noqa: PT012
            turn.connection.exec_driver_sql("UPDATE head SET last_seq = 6")
            raise stop
    assert last_seq(led) == 5


def test_a_posting_is_all_or_nothing_and_the_next_one_works(led: Store) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), led.posting() as (driver, _head):  # noqa: PT012
            driver.execute(CHANGE)
            raise ZeroDivisionError
    assert last_seq(led) == 0
    for _ in range(2):
        with led.posting() as (driver, _head):
            driver.execute(CHANGE)
    assert last_seq(led) == 5


def test_the_second_writer_waits_and_then_gives_up(led: Store) -> None:
    hasty = open_store(led.url, wait_seconds=0.1)
    with led.writing():
        with pytest.raises(StoreBusy, match="another process is writing"), hasty.writing():
            pass
        assert last_seq(hasty) == 0
    with hasty.writing() as turn:
        turn.connection.exec_driver_sql(CHANGE)
    assert last_seq(led) == 5
    hasty.close()


def test_the_second_writer_sees_what_the_first_committed(led: Store) -> None:
    seen: list[int] = []
    patient = open_store(led.url)

    def write() -> None:
        with patient.writing() as turn:
            seen.append(turn.head.last_seq)

    waiting = threading.Thread(target=write)
    with led.writing() as turn:
        waiting.start()
        time.sleep(0.1)
        turn.connection.exec_driver_sql(CHANGE)
    waiting.join()
    assert seen == [5]
    patient.close()


def test_a_reader_sees_one_moment(led: Store) -> None:
    with led.reading() as before:
        with led.writing() as turn:
            turn.connection.exec_driver_sql(CHANGE)
        seen = before.connection.exec_driver_sql("SELECT last_seq FROM head").scalar_one()
    assert (before.head.last_seq, seen) == (0, 0)
    assert last_seq(led) == 5


def test_recorded_rows_cannot_be_changed(led: Store) -> None:
    small_ledger(led)
    statements = ["UPDATE entry SET posted_mtpp = 0", "DELETE FROM text"]
    if led.dialect == "postgresql":
        statements.append("TRUNCATE movement")
    for statement in statements:
        with pytest.raises(Exception, match="record a reversal"), led.writing() as turn:
            turn.connection.exec_driver_sql(statement)
    assert sound(led)


def test_a_lent_file_is_read_within_the_transaction(tmp_path: Path) -> None:
    staging = tmp_path / "staging.db"
    with sqlite3.connect(staging) as other:
        other.execute("CREATE TABLE moved (n)")
        other.execute("INSERT INTO moved VALUES (5)")
    other.close()
    with create(str(tmp_path / "ledger.db")) as store:
        with store.writing(attach={"staging": staging}) as turn:
            turn.connection.exec_driver_sql("UPDATE head SET last_seq = (SELECT n FROM moved)")
        assert last_seq(store) == 5
        with store.reading(attach={"staging": staging}) as turn:
            turn.connection.exec_driver_sql("CREATE TABLE staging.out AS SELECT * FROM head")
        with store.reading() as turn:
            lent = turn.connection.exec_driver_sql("PRAGMA database_list").all()
        assert [row[1] for row in lent] == ["main"]
        with pytest.raises(StoreError, match="no name"), store.writing(attach={"a b": staging}):
            pass
    with sqlite3.connect(staging) as other:
        assert other.execute("SELECT last_seq FROM out").fetchone() == (5,)
    other.close()


def test_postgresql_is_lent_no_file(pg_url: str, tmp_path: Path) -> None:
    with create(pg_url) as store:
        attach = {"staging": tmp_path / "s.db"}
        with pytest.raises(StoreError, match="only a ledger in SQLite"):
            store.writing(attach=attach).__enter__()


# What is loaded, and by whom it is written


def test_the_head_is_read_without_sqlalchemy(ledger_url: str) -> None:
    create(ledger_url).close()
    script = (
        "import sys; from ledger.storage.head import head_of; head_of(sys.argv[1]);"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & {'sqlalchemy', 'alembic'}))"
    )
    run = [sys.executable, "-c", script, ledger_url]
    said = subprocess.run(run, capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_alembic_stays_unloaded_until_needed(tmp_path: Path) -> None:
    script = (
        "import sys; from ledger.storage import store, upgrade, backup;"
        "store.create(sys.argv[1]).close(); print('alembic' in sys.modules)"
    )
    run = [sys.executable, "-c", script, str(tmp_path / "ledger.db")]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "False\n"


def test_writers_in_several_processes_leave_a_whole_chain(led: Store) -> None:
    small_ledger(led)
    script = (
        "import sys\nfrom ledger.storage.store import open_store\n"
        "from tests.storage.scribe import Scribe, moved\n"
        "class Plain(Scribe):\n    def _derive(self, connection): pass\n"
        "with open_store(sys.argv[1]) as store:\n"
        "    for n in range(10): Plain(store).submit(moved('carry_over', sys.argv[2] + str(n)))\n"
    )
    where = Path(__file__).parents[2]
    children = [
        subprocess.Popen([sys.executable, "-c", script, led.url, name], cwd=where)
        for name in ("a", "b", "c")
    ]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert last_seq(led) == 39
    assert sound(led)
