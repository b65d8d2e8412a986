"""The scratch folders of imports: whose is under way is kept, whose was killed is removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger.service import importing

# No process has this id here, as one of another container has none.
NOBODY = 2**22 + 1
BEGUN = """
import sys, time
from pathlib import Path
from ledger.service import importing
with importing._workspace(Path(sys.argv[1]), 64):
    print("begun", flush=True)
    time.sleep(600)
"""


def test_an_import_of_another_container_is_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: NOBODY)
    with importing._workspace(tmp_path, 64) as workspace:
        importing._sweep(tmp_path)
        assert workspace.folder.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_import_left_is_removed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BEGUN, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    (left,) = tmp_path.iterdir()
    importing._sweep(tmp_path)
    assert not left.exists()


def test_a_folder_without_a_lock_is_left_for_a_while(tmp_path: Path) -> None:
    """It may just have been made; one of an earlier version is old when it is in nobody's use."""
    new, old = tmp_path / f"tpp-import-{NOBODY}-new", tmp_path / f"tpp-import-{NOBODY}-old"
    for folder in (new, old):
        folder.mkdir()
    long_ago = time.time() - 2 * importing.STRAY_SECONDS
    os.utime(old, (long_ago, long_ago))
    importing._sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [new.name]
