"""How a ledger file is opened: by its own locks, or, where they cannot be had, with a watch on it.

Only Python's own sqlite3 ever opens a ledger file. Two SQLite libraries in one process drop each
other's POSIX locks, and commits are lost (sqlite.org/howtocorrupt.html, 2.2.1).
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from ledger.storage.errors import Rewritten, StoreUnavailable

T = TypeVar("T")

# How often a file is read again that was written meanwhile, or whose log came or went while it was
# being opened, and after how many milliseconds.
_TRIES, _PAUSE_MS = 20, 50
# SQLite's codes where a log beside the file cannot be used: SQLITE_CANTOPEN,
# SQLITE_READONLY_RECOVERY and SQLITE_READONLY_CANTINIT (sqlite.org/rescode.html).
_NO_LOG = (14, 264, 1288)


class LedgerFile(sqlite3.Connection):
    """A connection to a ledger file; `stood` where no lock of SQLite's keeps others from writing.

    It then says how the file stood right before it was opened. `file` says which one it is, and
    `name` where it stands, wherever this process goes meanwhile.
    """

    path = Path()
    stood: tuple[int, ...] | None = None
    file: tuple[int, ...] = ()
    name = Path()

    def is_rewritten(self) -> bool:
        """Whether somebody wrote what was read without a lock."""
        return self.stood is not None and _stands(self.path) != self.stood

    def is_unnamed(self) -> bool:
        """Whether the ledger's name is another file's by now, or none's: what is written to this
        one would be lost.
        """
        return _stands(self.name)[:2] != self.file


def sqlite_uri(path: Path, *, read_only: bool, create: bool = False) -> str:
    """The URI that opens a ledger file, never making one by accident.

    Where nothing may be written beside the file, a write-ahead log cannot be kept either: the
    file is then opened as one that nobody changes, unless a log is lying there to be read.
    """
    mode = "rwc" if create else "ro" if read_only else "rw"
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"
    still = not _writable(_real(path).parent) and not _has_log(path)
    return uri + "&immutable=1" if read_only and still else uri


def connection(
    path: Path, *, read_only: bool, create: bool = False, wait_seconds: float = 60
) -> LedgerFile:
    """A connection to a ledger file, in no transaction; read `with` watched() or opened().

    Raises sqlite3.Error, and StoreUnavailable where a log lies beside the file that only somebody
    who may write there can put in order.
    """
    beside = not read_only or _writable(_real(path).parent)
    for left in reversed(range(1 if beside else _TRIES)):
        # Before it is looked whether a log is there: what stood then was whole.
        stood = _stands(path)
        uri = sqlite_uri(path, read_only=read_only, create=create)
        made = sqlite3.connect(
            uri,
            uri=True,
            timeout=wait_seconds,
            isolation_level=None,
            check_same_thread=False,
            factory=LedgerFile,
        )
        made.path, made.stood = path, stood if uri.endswith("immutable=1") else None
        made.name, made.file = path.absolute(), (stood or _stands(path))[:2]
        if beside:
            return made
        try:
            made.execute("PRAGMA schema_version").fetchone()  # opens the log, too
            return made
        except sqlite3.Error as error:
            made.close()
            if error.sqlite_errorcode not in _NO_LOG or (not left and not _has_log(path)):
                raise
            time.sleep(_PAUSE_MS / 1000)
    raise StoreUnavailable(
        f"a log lies beside the ledger {path} ({path}-wal), left by a writer that died or kept by"
        " one that is at work: somebody who may write in that folder must open it once"
        " (`tpp status`)"
    )


@contextmanager
def opened(path: Path, *, read_only: bool) -> Iterator[LedgerFile]:
    """Such a connection, watched, and closed at the end. Raises as both do."""
    with closing(connection(path, read_only=read_only)) as made, watched(made):
        yield made


@contextmanager
def watched(made: sqlite3.Connection) -> Iterator[None]:
    """Raise Rewritten where the file was written while it was read without locks.

    Half of what was read may then be of a later moment, whatever came of it.
    """
    try:
        yield
    except Exception as error:
        if isinstance(made, LedgerFile) and made.is_rewritten():
            raise _rewritten(made.path) from error
        raise
    if isinstance(made, LedgerFile) and made.is_rewritten():
        raise _rewritten(made.path)


def again(work: Callable[[], T]) -> T:
    """What reading comes to, done again where the file was written meanwhile."""
    for _ in range(_TRIES - 1):
        try:
            return work()
        except Rewritten:
            time.sleep(_PAUSE_MS / 1000)
    return work()


def can_write(path: Path) -> bool:
    """Whether this process may write the ledger file and its log beside it."""
    return _writable(path) and _writable(_real(path).parent)


def _rewritten(path: Path) -> Rewritten:
    return Rewritten(f"the ledger {path} was written while it was read; try again")


def _has_log(path: Path) -> bool:
    try:
        return Path(f"{_real(path)}-wal").stat().st_size > 0
    except OSError:
        return False


def _real(path: Path) -> Path:
    """Where the file stands that a name leads to: SQLite keeps the log there, beside it."""
    return Path(os.path.realpath(path))


def _stands(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK)
