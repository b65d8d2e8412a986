"""Progress, Ctrl-C, a full disk, and bounded memory."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from ledger.intake import names, read, store
from ledger.intake.store import Workspace
from ledger.storage.interrupts import held_back
from schemas.kinds import FileKind
from tests.intake.conftest import GOOD, SHIPMENTS
from tests.intake.settings import small


def test_progress_is_told_in_stages(desk):
    told = []
    setting = small(progress=lambda *step: told.append(step))
    desk.shipments(GOOD, setting=setting)
    size = (desk.folder / "in.csv").stat().st_size
    assert told[0][0] == "reading"
    assert told[0][2] == size
    assert told[-1] == ("checking", 1, 1)


def test_ctrl_c_in_the_middle_of_the_database_s_work(desk, monkeypatch):
    slow = "SELECT max(hash(range)) FROM range(1000000000000)"
    monkeypatch.setattr(names, "spellings", lambda con: _run(con, slow))
    path = desk.file(f"{SHIPMENTS}\n{GOOD}\n")
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            read(path, FileKind.SHIPMENTS, small(), workspace=Workspace(desk.workspace))
    finally:
        timer.cancel()


def test_ctrl_c_waits_for_what_must_not_be_interrupted():
    done = []

    def load():
        with held_back():
            signal.raise_signal(signal.SIGINT)
            done.append("loaded")
        done.append("gone on")

    with pytest.raises(KeyboardInterrupt):
        load()
    assert done == ["loaded"]


def _run(con, sql):
    with store.plainly():
        con.execute(sql).fetchall()


def test_a_disk_that_fills_while_rows_are_staged(desk):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    path = desk.file("\n".join([SHIPMENTS, *[GOOD] * 100_000]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.intake.staging.STAGED", str(full))
        with pytest.raises(OSError, match="No space left"):
            read(path, FileKind.SHIPMENTS, small(), workspace=Workspace(desk.workspace))


def test_a_disk_that_fills_in_the_database(desk, monkeypatch):
    import duckdb

    def fail(con):
        with store.plainly():
            raise duckdb.IOException('Could not write file "x": No space left on device')

    monkeypatch.setattr(names, "spellings", fail)
    path = desk.file(f"{SHIPMENTS}\n{GOOD}\n")
    with pytest.raises(OSError, match="No space left"):
        read(path, FileKind.SHIPMENTS, small(), workspace=Workspace(desk.workspace))


def test_the_database_is_on_disk_and_bounded(desk):
    found = desk.shipments(GOOD)
    settings = dict(
        found.con.execute(
            "SELECT name, value FROM duckdb_settings() "
            "WHERE name IN ('memory_limit', 'threads', 'temp_directory', 'enable_progress_bar')"
        ).fetchall()
    )
    assert settings["threads"] == "2"
    assert settings["enable_progress_bar"] == "false"  # it would write to stdout
    assert settings["memory_limit"] == "381.4 MiB"
    assert str(desk.workspace) in settings["temp_directory"]


def test_a_large_file_is_taken_in_piece_by_piece(desk, monkeypatch):
    monkeypatch.setattr("ledger.intake.staging.PIECE", 3)
    rows = [GOOD.replace("S1", f"S{n}", 1) for n in range(10)]
    monkeypatch.setattr("ledger.intake.csvfile._BLOCK", 300)
    found = desk.shipments(*rows)
    assert found.good == 10
    assert len(list(found.con.execute("SELECT DISTINCT document FROM given").fetchall())) == 10
