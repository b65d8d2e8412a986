"""Read-only media, killed writers, full disks, servers that go away, damaged files."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from ledger.storage import files as heads
from ledger.storage.check import check
from ledger.storage.errors import (
    ReadOnlyLedger,
    StoreBusy,
    StoreUnavailable,
)
from ledger.storage.head import head_of
from ledger.storage.store import Store, create, open_store
from tests.storage.scribe import Scribe, moved, small_ledger

CHANGE = "UPDATE head SET last_seq = 5"


def last_seq(store: Store) -> int:
    with store.reading() as turn:
        return turn.head.last_seq


def sound(store: Store) -> bool:
    return all(one.holds for one in check(store))


# Read-only


def test_a_ledger_opened_for_reading(led: Store) -> None:
    small_ledger(led)
    with open_store(led.url, read_only=True) as reader:
        assert last_seq(reader) == 9
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


def open_to_all(folder: Path) -> None:
    """Let everybody come to a folder, and nobody else write in it."""
    for parent in folder.parents:
        if parent.stat().st_uid == os.geteuid() and parent.name:
            parent.chmod(parent.stat().st_mode | 0o111)
    folder.chmod(0o755)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_ledger_on_read_only_media_opens_read_only(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    folder.mkdir()
    path = folder / "ledger.db"
    with create(str(path)) as store:
        small_ledger(store)
    path.chmod(0o444)
    folder.chmod(0o555)
    open_to_all(tmp_path)

    def read() -> None:
        assert head_of(str(path)).last_seq == 9
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
            assert head_of(str(path)).last_seq == 9
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heads, "_writable", lambda path: False)
        assert "immutable" in heads.sqlite_uri(path, read_only=True)
        assert head_of(str(path)).last_seq == 9


def test_a_log_beside_the_file_that_a_link_leads_to_is_read(tmp_path: Path) -> None:
    """SQLite keeps the log where the file stands, not where the link does."""
    path, link = tmp_path / "real" / "ledger.db", tmp_path / "links" / "ledger.db"
    for one in (path, link):
        one.parent.mkdir()
    link.symlink_to(path)
    with create(str(path)) as store:
        small_ledger(store)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(heads, "_writable", lambda path: False)
            assert head_of(str(link)).last_seq == 9
            with open_store(str(link)) as reader, reader.reading() as turn:
                assert turn.head.last_seq == 9


def test_what_was_written_while_it_was_read_without_locks_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may not write beside the file reads it without locks: half of it may be of later."""
    path = tmp_path / "ledger.db"
    with create(str(path)) as store:
        small_ledger(store)
    with open_store(str(path)) as writer:
        scribe = Scribe(writer)
        writer.close()
        monkeypatch.setattr(heads, "_writable", lambda path: False)
        with open_store(str(path)) as reader:
            said = "was written while it was read"
            with pytest.raises(StoreBusy, match=said), reader.reading() as turn:  # noqa: PT012
                assert turn.head.last_seq == 9
                scribe.submit(moved("uplift", "FR2", (1, 1, 5, 0, 0, 0, 0), amount_mtpp=5))
                writer.close()
                turn.connection.exec_driver_sql("SELECT count(*) FROM movement").all()
            assert last_seq(reader) == 10


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_log_that_only_a_writer_can_put_in_order_is_named(tmp_path: Path) -> None:
    """A writer died, and who comes next may write nothing there."""
    folder = tmp_path / "kept"
    folder.mkdir()
    left = folder / "ledger.db"
    with create(str(tmp_path / "ledger.db")) as store:
        small_ledger(store)
        for name in ("ledger.db", "ledger.db-wal"):
            shutil.copy(tmp_path / name, folder / name)
    open_to_all(tmp_path)

    def read() -> None:
        for ask in (head_of, open_store):
            with pytest.raises(StoreUnavailable, match=r"ledger\.db-wal.*open it once"):
                ask(str(left))

    as_nobody(read)


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
    assert last_seq(led) == 9
    assert sound(led)
    with led.writing() as turn:
        assert turn.head.last_seq == 9


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
        assert last_seq(store) == 9
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
        assert last_seq(store) == 9
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
