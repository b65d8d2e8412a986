"""What is being made, under a passing name until it is whole.

Beside it lies a lock that goes with its process. Where that was killed, whoever makes something in
the same folder next finds the lock free, and takes away what was left.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from ledger.storage import locks

# What SQLite lays beside a file that it writes.
_BESIDE = ("-journal", "-wal", "-shm")
_LOCK = re.compile(r"(.+\.[0-9a-f]{12}\.part)\.lock")
# SQLite's codes for a file that cannot grow (SQLITE_FULL, SQLITE_IOERR_WRITE, _FSYNC and
# _TRUNCATE; sqlite.org/rescode.html), each with what the system would have said.
_UNWRITTEN = {13: errno.ENOSPC, 778: errno.EIO, 1034: errno.EIO, 1546: errno.EIO}


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """A passing name beside `path`, for a file or a folder; what has it at the end is removed.

    Raises OSError with the name of `path`, where it cannot be made there or does not fit.
    """
    sweep(path.absolute().parent)
    draft = path.with_name(f"{path.name}.{uuid4().hex[:12]}.part")
    lock = Path(f"{draft}.lock")
    with _naming(path, draft), locks.held(lock):
        try:
            yield draft
        finally:
            _remove(draft)
            lock.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove the drafts in a folder whose makers are no more."""
    with suppress(OSError):
        for lock in folder.iterdir():
            found = _LOCK.fullmatch(lock.name)
            if found is not None and locks.is_free(lock):
                _remove_dead(folder / found[1], lock)


def _remove_dead(draft: Path, lock: Path) -> None:
    """Nobody lays a lock beside another's file to have it removed."""
    with suppress(OSError):
        if not draft.exists() or draft.lstat().st_uid == lock.lstat().st_uid:
            _remove(draft)
            lock.unlink()


def _remove(draft: Path) -> None:
    if draft.is_dir() and not draft.is_symlink():
        shutil.rmtree(draft, ignore_errors=True)
        return
    for left in (draft, *(Path(f"{draft}{end}") for end in _BESIDE)):
        left.unlink(missing_ok=True)


@contextmanager
def _naming(path: Path, draft: Path) -> Iterator[None]:
    """Let the system's errors name what is being made: a disk that has no room for it is its own,
    and no fault of the ledger's.
    """
    try:
        yield
    except OSError as error:
        unnamed = error.filename is None or str(error.filename).startswith(str(draft))
        if error.errno is None or not unnamed:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def growing(path: Path) -> Iterator[None]:
    """Raise what SQLite says of a file that cannot grow as the system's error about `path`."""
    try:
        yield
    except sqlite3.Error as error:
        code = _UNWRITTEN.get(getattr(error, "sqlite_errorcode", 0))
        if code is None:
            raise
        raise OSError(code, os.strerror(code), str(path)) from error


def settle(draft: Path, path: Path) -> None:
    """Give a finished file its name, so that it is there under it after a power cut too."""
    _sync(draft)
    draft.replace(path)
    _sync(path.absolute().parent)


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
