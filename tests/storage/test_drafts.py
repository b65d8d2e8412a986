"""What is being made goes by a passing name: what killed makers left goes, full disks are named."""

from __future__ import annotations

import errno
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ledger.cli.exits import Exit, of_system
from ledger.publish import refresh
from ledger.storage.backup import backup, restore
from ledger.storage.drafts import drafted, growing
from ledger.storage.errors import StoreUnavailable
from ledger.storage.export import export
from ledger.storage.store import create, open_store
from reports.render import replacing
from tests.storage.scribe import small_ledger

DIES = """
import os, sys
from pathlib import Path
from ledger.storage.drafts import drafted

with drafted(Path(sys.argv[1])) as draft:
    if sys.argv[2] == "folder":
        draft.mkdir()
        (draft / "movement.csv").write_text("half")
    else:
        draft.write_text("half")
        Path(f"{draft}-journal").write_text("half")
    os.kill(os.getpid(), 9)
"""


def killed(path: Path, what: str) -> list[str]:
    """What a maker of `path` leaves that is killed."""
    done = subprocess.run([sys.executable, "-c", DIES, path, what], check=False)
    assert done.returncode == -signal.SIGKILL
    return there(path.parent)


def there(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A small ledger, in a folder of its own."""
    (tmp_path / "books").mkdir()
    path = str(tmp_path / "books" / "ledger.db")
    with create(path) as store:
        small_ledger(store)
    return path


def test_what_killed_makers_left_is_taken_away_at_the_next_use(url: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    killed(out / "monday.backup", "file")
    assert len(killed(out / "handover", "folder")) == 2  # and nothing of Monday's any more
    with open_store(url) as store:
        backup(store, out / "tuesday.backup")
    assert there(out) == ["tuesday.backup"]
    killed(out / "again.db", "file")
    restore(out / "tuesday.backup", str(out / "again.db"))
    assert there(out) == ["again.db", "tuesday.backup"]


def test_a_folder_is_empty_that_holds_what_a_killed_export_left(url: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    killed(out / "tpp-export", "folder")
    with open_store(url) as store:
        export(store, out)
    assert "movement.csv" in there(out)
    assert not [name for name in there(out) if ".part" in name]


def test_who_is_at_work_and_what_is_nobodys_draft_is_left_alone(tmp_path: Path) -> None:
    unlocked = tmp_path / "mine.0123456789ab.part"
    unlocked.write_text("mine")
    with drafted(tmp_path / "one") as one:
        one.write_text("at work")
        with drafted(tmp_path / "two"):
            assert one.read_text() == "at work"
    assert there(tmp_path) == [unlocked.name]


# Disks that are full


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """Nothing that this process writes may be larger."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def about(path: Path) -> str:
    """A pattern for an error of the system's about a path."""
    return re.escape(f": '{path}'")


def test_a_backup_that_does_not_fit_names_the_backup(ledger_url: str, tmp_path: Path) -> None:
    kept, out = tmp_path / "kept.backup", tmp_path / "out"
    with create(ledger_url) as store:
        small_ledger(store)
        with pytest.raises(OSError, match=about(kept)) as short, no_file_above(2_000):
            backup(store, kept)
        assert of_system(short.value) == Exit.UNAVAILABLE
        with pytest.raises(OSError, match=about(out)), no_file_above(500):
            export(store, out)
    assert [name for name in there(tmp_path) if not name.startswith("ledger.db")] == []


def test_a_restored_ledger_that_does_not_fit_names_its_place(url: str, tmp_path: Path) -> None:
    kept, again = tmp_path / "kept.backup", tmp_path / "again.db"
    with open_store(url) as store:
        backup(store, kept)
    with pytest.raises(OSError, match=about(again)), no_file_above(20_000):
        restore(kept, str(again))
    assert there(tmp_path) == ["books", "kept.backup"]


def test_a_copy_for_reports_that_does_not_fit_is_not_the_ledger(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="writing the copy in"), no_file_above(99_000):
        refresh(url, folder=tmp_path / "copy")


def test_an_answer_that_does_not_fit_is_named(tmp_path: Path) -> None:
    answer = tmp_path / "answer.csv"
    with (
        pytest.raises(OSError, match=about(answer)),
        no_file_above(500),
        replacing(answer) as out,
    ):
        out.write(b"1" * 1_000)


def test_sqlite_says_that_a_disk_is_full(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "small.db")) as small:
        small.execute("CREATE TABLE t (x)")
        small.execute("PRAGMA max_page_count = 2")
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)), growing(tmp_path / "small"):
            small.execute("INSERT INTO t VALUES (zeroblob(100000))")
