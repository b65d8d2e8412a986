"""Opening, locking, reading as of one moment, and what happens when things go wrong."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from ledger.storage import head as heads
from ledger.storage.chain import ZERO
from ledger.storage.check import check
from ledger.storage.errors import (
    LedgerExists,
    NotALedger,
    ReadOnlyLedger,
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


def test_a_password_is_not_shown() -> None:
    place = place_of("postgresql://ana:geheim@db.example/ledger")
    assert "geheim" not in str(place)
    assert place.conninfo == "postgresql://ana:geheim@db.example/ledger"


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


def test_durable_by_default(tmp_path: Path) -> None:
    with create(str(tmp_path / "ledger.db")) as store, store.writing(cache_mb=256) as turn:
        said = {
            name: turn.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "trusted_schema", "cache_size")
        }
    assert said == {
        "journal_mode": "wal",
        "synchronous": 2,
        "trusted_schema": 0,
        "cache_size": -256 * 1024,
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


# Read-only


def test_a_ledger_opened_for_reading(led: Store) -> None:
    small_ledger(led)
    with open_store(led.url, read_only=True) as reader:
        assert last_seq(reader) == 8
        with pytest.raises(ReadOnlyLedger), reader.writing():
            pass
        with pytest.raises(ReadOnlyLedger), reader.reading() as turn:
            turn.connection.exec_driver_sql(CHANGE)
        assert sound(reader)


def as_nobody(work: Callable[[], None]) -> None:
    """Do something in a process that may not write where root may."""

    def run() -> None:
        os.setgid(65534)
        os.setuid(65534)
        work()

    child = multiprocessing.get_context("fork").Process(target=run if os.geteuid() == 0 else work)
    child.start()
    child.join()
    assert child.exitcode == 0


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_ledger_on_read_only_media_opens_read_only(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    folder.mkdir()
    path = folder / "ledger.db"
    with create(str(path)) as store:
        small_ledger(store)
    path.chmod(0o444)
    folder.chmod(0o555)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.geteuid() and parent.name:
            parent.chmod(parent.stat().st_mode | 0o111)
    tmp_path.chmod(0o755)

    def read() -> None:
        assert head_of(str(path)).last_seq == 8
        with open_store(str(path)) as store:
            assert store.read_only
            assert sound(store)
            with pytest.raises(ReadOnlyLedger), store.writing():
                pass

    as_nobody(read)
    folder.chmod(0o755)
    assert [p.name for p in folder.iterdir()] == ["ledger.db"]


def test_a_log_that_lies_beside_a_read_only_ledger_is_read(tmp_path: Path) -> None:
    """An immutable file would be read without what the log holds."""
    path = tmp_path / "ledger.db"
    with create(str(path)) as store:
        small_ledger(store)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(heads, "_writable", lambda path: False)
            assert "immutable" not in heads.sqlite_uri(path, read_only=True)
            assert head_of(str(path)).last_seq == 8
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heads, "_writable", lambda path: False)
        assert "immutable" in heads.sqlite_uri(path, read_only=True)
        assert head_of(str(path)).last_seq == 8


# Faults

WRITING = """
import sys, time
from ledger.storage.store import open_store
from tests.storage.scribe import Scribe, moved

class Stuck(Scribe):
    def _derive(self, connection):
        print("in the middle", flush=True)
        time.sleep(60)

with open_store(sys.argv[1]) as store:
    Stuck(store).submit(*(moved("block", f"B{n}") for n in range(500)))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_writer_leaves_nothing_half_done(led: Store, how: signal.Signals) -> None:
    small_ledger(led)
    child = subprocess.Popen(
        [sys.executable, "-c", WRITING, led.place.conninfo or led.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None
    with child:
        assert child.stdout.readline() == "in the middle\n"
        child.send_signal(how)
    assert child.returncode != 0
    assert last_seq(led) == 8
    assert sound(led)
    with led.writing() as turn:
        assert turn.head.last_seq == 8


def test_a_full_disk_records_nothing(tmp_path: Path) -> None:
    with create(str(tmp_path / "ledger.db")) as store:
        small_ledger(store)
        with (  # noqa: PT012
            pytest.raises(StoreUnavailable, match=r"disk of the ledger .* is full"),
            store.writing() as turn,
        ):
            pages = turn.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            turn.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            fill = "INSERT INTO text VALUES (?, ?, 4)"
            for n in range(200):
                turn.connection.exec_driver_sql(fill, (f"x{n}", "y" * 4000))
        assert sound(store)


def test_a_file_that_may_not_grow_records_nothing(tmp_path: Path) -> None:
    """The limit hits the log, in the child alone."""
    path = tmp_path / "ledger.db"
    with create(str(path)) as store:
        small_ledger(store)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    script = WRITING.replace("range(500)", "range(5000)").replace("time.sleep(60)", "pass")
    script = "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + script
    child = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert "StoreUnavailable" in child.stderr
    with open_store(str(path)) as store:
        assert last_seq(store) == 8
        assert sound(store)


def test_a_server_that_goes_away(pg_url: str) -> None:
    with create(pg_url) as store:
        small_ledger(store)
        with (  # noqa: PT012
            pytest.raises(StoreUnavailable, match="stopped the work"),
            store.writing() as turn,
        ):
            turn.connection.exec_driver_sql(CHANGE)
            with psycopg.connect(store.place.conninfo) as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            turn.connection.exec_driver_sql(CHANGE)
        assert last_seq(store) == 8
        assert sound(store)


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    url = f"postgresql://nobody@/ledger?host={tmp_path}"
    for opens in (open_store, head_of, create):
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            opens(url)


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with create(str(path)) as store:
        small_ledger(store)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\0" * (len(whole) - 4096))
    with pytest.raises(StoreUnavailable, match="damaged"):
        open_store(str(path))


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
        "    for n in range(10): Plain(store).submit(moved('block', sys.argv[2] + str(n)))\n"
    )
    where = Path(__file__).parents[2]
    children = [
        subprocess.Popen([sys.executable, "-c", script, led.url, name], cwd=where)
        for name in ("a", "b", "c")
    ]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert last_seq(led) == 38
    assert sound(led)
