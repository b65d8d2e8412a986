"""The folder of a copy where another user made it, and where nobody has a place of their own."""

from __future__ import annotations

import errno
import os
import pwd
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.publish import folders, refresh
from ledger.storage.backup import backup, restore
from ledger.storage.errors import StoreUnavailable
from ledger.storage.place import place_of
from ledger.storage.store import create, open_store
from schemas.manifest import MANIFEST, Retired, Segment
from tests.storage.scribe import Scribe, moved, small_ledger
from tests.storage.test_faults import as_nobody, open_to_all


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A ledger's copy, made by one user, in a folder that all may write."""
    open_to_all(tmp_path)
    folder = tmp_path / "led.db.copy"
    folder.mkdir()
    folder.chmod(0o777)
    with folders.writing(folder):
        pass
    return folder


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_lock_that_another_user_made_is_waited_for_all_the_same(shared):
    (shared / ".lock").chmod(0o644)
    place = place_of(str(shared.with_name("led.db")))

    def write() -> None:
        assert folders.folder_of(place, "id") == shared
        with folders.writing(shared):
            (shared / "theirs").write_text("written")

    as_nobody(write)
    assert (shared / "theirs").read_text() == "written"


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_copy_with_a_lock_that_is_another_users_alone_is_left_to_them(shared):
    (shared / ".lock").chmod(0o600)
    place = place_of(str(shared.with_name("led.db")))

    def ask() -> None:
        if os.geteuid() != shared.stat().st_uid:
            made = folders.folder_of(place, "id")
            assert made.parent == Path.home() / ".cache" / "tpp-ledger"

    as_nobody(ask)


SAME = "postgresql://ana:secret@h/db?application_name=x"
OTHERS = (
    *("postgresql://h/other", "postgresql://g/db", "postgresql://h:5433/db"),
    *("postgresql://h/db?options=-csearch_path%3Dtwo", "led.db", "other/led.db"),
)


def test_a_ledger_restored_beside_its_original_has_a_copy_of_its_own(tmp_path, monkeypatch):
    """They have one id, and would build each other's copy anew at each report."""
    monkeypatch.setenv("TPP_COPY", str(tmp_path))
    at = {url: folders.folder_of(place_of(url), "id") for url in ("postgresql://h/db", *OTHERS)}
    assert len(set(at.values())) == len(at)
    assert folders.folder_of(place_of(SAME), "id") == at["postgresql://h/db"]
    monkeypatch.setenv("PGHOST", "h")
    assert folders.folder_of(place_of("postgresql:///db"), "id") == at["postgresql://h/db"]
    (tmp_path / "link.db").symlink_to(Path("led.db").absolute())
    link = place_of(str(tmp_path / "link.db"))
    assert folders.folder_of(link, "id") == at["led.db"]


def test_two_of_one_backup_keep_what_they_copied(pg_url, databases, tmp_path, monkeypatch):
    monkeypatch.setenv("TPP_COPY", str(tmp_path))
    with create(pg_url) as store:
        small_ledger(store)
        backup(store, tmp_path / "kept")
    with databases.lent() as other:
        restore(tmp_path / "kept", other)
        for url in (pg_url, other):
            with open_store(url) as store:
                Scribe(store).submit(moved("block", url))
            assert refresh(url).how == "built"
        for url in (pg_url, other):
            assert refresh(url).how == "warm"


def test_who_has_no_home_is_told_what_to_set(tmp_path, monkeypatch):
    def nobody(_: int) -> None:
        raise KeyError("uid not found")

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    elsewhere = place_of("postgresql://h/db")
    with pytest.raises(StoreUnavailable, match="set TPP_COPY to a folder"):
        folders.folder_of(elsewhere, "id")
    monkeypatch.setenv("TPP_COPY", str(tmp_path))
    assert folders.folder_of(elsewhere, "id").parent == tmp_path


@pytest.mark.parametrize(("mode", "made"), [(0o600, 0o700), (0o640, 0o750), (0o644, 0o755)])
def test_a_copy_is_open_to_no_more_people_than_the_ledger(tmp_path, mode, made):
    path = tmp_path / "led.db"
    create(str(path)).close()
    path.chmod(mode)
    before = os.umask(0o022)
    try:
        folder = refresh(str(path)).folder
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == made


def test_the_copy_of_a_ledger_on_a_server_is_its_makers_own(monkeypatch):
    monkeypatch.delenv("TPP_COPY", raising=False)
    place = place_of("postgresql://h/db")
    assert folders.mode_of(place) == 0o700
    monkeypatch.setenv("TPP_COPY", "/srv/copies")
    assert folders.mode_of(place) == 0o777


def test_a_disk_that_knows_no_locks_is_said_to_be_one(tmp_path, monkeypatch):
    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refused)
    with pytest.raises(StoreUnavailable, match=r"cannot be locked.*TPP_COPY"):
        folders.writing(tmp_path / "copy").__enter__()


@pytest.mark.parametrize("name", ["../mine.parquet", "/mine.parquet", "", "..", "a\\b/c.parquet"])
def test_a_manifest_names_files_of_its_own_folder_alone(tmp_path, name):
    """A folder that several write in: what one put into it must not remove another's files."""
    path = tmp_path / "led.db"
    create(str(path)).close()
    made = refresh(str(path))
    victim = tmp_path / "mine.parquet"
    victim.write_text("kept")
    for harmed in (
        replace(made.manifest, retired=(Retired(name, 0),)),
        replace(made.manifest, segments=(Segment("party", name, 0, 1, 1, 4, "", ""),)),
    ):
        (made.folder / MANIFEST).write_text(harmed.text(), encoding="utf-8")
        assert folders.stored(made.folder) is None
        assert refresh(str(path)).how == "built"
        assert victim.read_text() == "kept"
