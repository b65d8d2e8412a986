"""Who is at work on scratch files is told by a lock that goes with its process."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

import pytest

from ledger.storage import locks


def test_a_lock_is_held_and_then_free(tmp_path: Path):
    path = tmp_path / "at-work"
    assert not locks.is_free(path)
    with locks.held(path):
        assert path.exists()
        assert not locks.is_free(path)
    assert locks.is_free(path)


def test_nobody_finds_a_lock_free_before_it_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Another import that looked just then took the scratch folder for one of the dead."""
    path, found = tmp_path / "at-work", list[bool]()
    take = fcntl.flock

    def watched(file: Any, how: int) -> None:
        with monkeypatch.context() as real:
            real.setattr(fcntl, "flock", take)
            found.append(locks.is_free(path))
        take(file, how)

    monkeypatch.setattr(fcntl, "flock", watched)
    with locks.held(path):
        assert found == [False]
        assert list(tmp_path.iterdir()) == [path]
