"""The folder of a copy: where it stands, its lock, its manifest, and what lies about in it."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from ledger.storage.errors import StoreUnavailable
from ledger.storage.place import Place
from schemas.manifest import (
    MANIFEST,
    TABLES,
    VIEWS,
    Manifest,
    NotAManifest,
    Retired,
    Segment,
    views_text,
)

# A reader opens its files right after it has read a manifest: a file that went out of use is
# kept for so many seconds, and one that no manifest ever named (a refresh that died) for longer.
RETIRED_SECONDS = 15 * 60
STRAY_SECONDS = 60 * 60
_MAGIC = b"PAR1"
LOCK = ".lock"
_ALL, _OWNER, _READ = 0o777, 0o700, 0o444
# What of a URL says which database, and in which schema; else what libpq takes in its place.
_WHERE = (
    *(("service", "PGSERVICE"), ("host", "PGHOST"), ("hostaddr", "PGHOSTADDR")),
    *(("port", "PGPORT"), ("dbname", "PGDATABASE"), ("options", "PGOPTIONS")),
)
_ELSEWHERE = "set TPP_COPY to a folder that can be written"


def folder_of(place: Place, ledger_id: str) -> Path:
    """Where the copy of a ledger stands: `$TPP_COPY/NAME` if that is set; FILE.copy beside a SQLite
    file; else, or where nothing can be written there, `~/.cache/tpp-ledger/NAME`.

    NAME is the ledger's id and, since one that was restored beside it has the same, a mark of its
    place. Raises StoreUnavailable where there is no home either.
    """
    name = f"{ledger_id}-{_mark(place)}"
    if chosen := os.environ.get("TPP_COPY"):
        return Path(chosen) / name
    if place.path is not None:
        beside = Path(f"{place.path.absolute()}.copy")
        if _is_open_to_us(beside):
            return beside
    try:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError as error:
        raise StoreUnavailable(f"there is no place for the copy ({error}): {_ELSEWHERE}") from error
    return Path(cache) / "tpp-ledger" / name


def _mark(place: Place) -> str:
    """Tells places apart, whoever asks: user and password are no part of it."""
    if place.path is not None:
        where = [os.path.realpath(place.path)]
    else:
        from psycopg.conninfo import conninfo_to_dict

        found = conninfo_to_dict(place.conninfo)
        where = [str(found.get(name) or os.environ.get(other, "")) for name, other in _WHERE]
    return hashlib.sha256("\0".join(where).encode()).hexdigest()[:8]


def _is_open_to_us(folder: Path) -> bool:
    """Whether this process may write in the folder, or make it; another user may have made it."""
    if not folder.exists():
        return os.access(folder.parent, os.W_OK)
    lock = folder / LOCK
    return os.access(folder, os.W_OK) and (not lock.exists() or os.access(lock, os.R_OK))


def stored(folder: Path) -> Manifest | None:
    """The folder's manifest; None where there is none that can be used."""
    try:
        return Manifest.read((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, NotAManifest):
        return None


def is_whole(folder: Path, manifest: Manifest) -> bool:
    """Whether every file is there, of its size, and ends in the footer it was written with."""
    return all(_is_as_written(folder / s.file, s) for s in manifest.segments)


def _is_as_written(path: Path, segment: Segment) -> bool:
    try:
        return path.stat().st_size == segment.size and footer_of(path) == segment.footer
    except (OSError, ValueError):
        return False


def damaged(folder: Path, manifest: Manifest) -> list[str]:
    """The files that are not, to the last byte, as they were written; each is read whole."""
    return [s.file for s in manifest.segments if not _is_to_the_byte(folder / s.file, s)]


def _is_to_the_byte(path: Path, segment: Segment) -> bool:
    try:
        return digest_of(path) == segment.digest
    except OSError:
        return False


def digest_of(path: Path) -> str:
    """SHA-256 (hex) of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def footer_of(path: Path) -> str:
    """SHA-256 (hex) of a Parquet file's footer, its length and mark included.

    Raises ValueError for a file that does not end like a Parquet file, OSError for none.
    """
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 8))
        tail = file.read()
        length = int.from_bytes(tail[:4], "little") + 8
        if tail[4:] != _MAGIC or length > end:
            raise ValueError(f"{path} does not end like a Parquet file")
        file.seek(end - length)
        return hashlib.sha256(file.read()).hexdigest()


def mode_of(place: Place) -> int:
    """Whom a new copy is open to: nobody who may not read the ledger. Of one on a server that is
    whoever the server lets in, which no folder knows: then its maker, unless TPP_COPY says where.
    """
    if place.path is None:
        return _ALL if os.environ.get("TPP_COPY") else _OWNER
    readers = place.path.stat().st_mode & _READ
    return _OWNER | (_ALL & (readers | readers >> 1 | readers >> 2))


@contextmanager
def writing(folder: Path, mode: int = _ALL) -> Iterator[None]:
    """Be the one process that writes in the folder; waits for the one before.

    `mode` says whom the folder is open to, the umask aside, where there is none yet. Raises
    StoreUnavailable where the folder cannot be made or written.
    """
    try:
        folder.mkdir(mode, parents=True, exist_ok=True)
        descriptor = _opened(folder / LOCK)
    except OSError as error:
        said = f"the copy in {folder} cannot be written ({error}): {_ELSEWHERE}"
        raise StoreUnavailable(said) from error
    with os.fdopen(descriptor):
        try:
            _lock(descriptor)
        except OSError as error:
            said = f"the copy in {folder} cannot be locked ({error}): {_ELSEWHERE}"
            raise StoreUnavailable(said) from error
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(f"writing the copy in {folder} failed ({error})") from error


def _opened(lock: Path) -> int:
    """The lock to be waited for, whoever made it: another user's can be read alone."""
    try:
        return os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    except PermissionError:
        return os.open(lock, os.O_RDONLY)


def _lock(descriptor: int) -> None:
    """Let go when the file is closed, or the process ends in whatever way."""
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX)


def emptied(manifest: Manifest, ledger_id: str) -> Manifest:
    """A manifest of nothing yet; the files of the one before are kept for who reads them now."""
    retired = (*manifest.retired, *_retired(manifest.segments))
    return Manifest(ledger_id, 0, 0, "", (), retired)


def without(manifest: Manifest, gone: tuple[Segment, ...]) -> Manifest:
    """The manifest with some of its segments out of use."""
    left = tuple(s for s in manifest.segments if s not in gone)
    return replace(manifest, segments=left, retired=(*manifest.retired, *_retired(gone)))


def _retired(gone: tuple[Segment, ...]) -> tuple[Retired, ...]:
    return tuple(Retired(s.file, int(time.time())) for s in gone)


def keep(folder: Path, manifest: Manifest) -> None:
    """Put a manifest, and the views that say the same, in place of the one before.

    Files that nobody can be reading any more are removed first.
    """
    manifest = _swept(folder, manifest)
    _write(folder / MANIFEST, manifest.text())
    _write(folder / VIEWS, views_text(manifest))


def _write(path: Path, text: str) -> None:
    under_way = path.with_name(f"{path.name}.{uuid4().hex}.tmp")
    with under_way.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(under_way, path)
    synced(path.parent)


def synced(path: Path) -> None:
    """See to it that a file, or the names in a folder, outlast a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _swept(folder: Path, manifest: Manifest) -> Manifest:
    now = time.time()
    fresh = tuple(r for r in manifest.retired if now - r.at < RETIRED_SECONDS)
    in_use = {s.file for s in manifest.segments}
    wanted = in_use | {r.file for r in fresh}
    for retired in manifest.retired:
        if retired.file not in wanted:
            (folder / retired.file).unlink(missing_ok=True)
    for path in folder.iterdir():
        if path.name not in wanted and _is_ours(path.name):
            with suppress(OSError):
                if now - path.stat().st_mtime > STRAY_SECONDS:
                    path.unlink()
    return replace(manifest, retired=fresh)


def _is_ours(name: str) -> bool:
    """A segment or a file under way; never a file that somebody else put into the folder."""
    ours = name.partition("-")[0] in (*TABLES, "staging")
    return name.endswith(".tmp") or (ours and name.endswith((".parquet", ".db")))
