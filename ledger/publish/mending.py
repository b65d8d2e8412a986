"""A copy that took damage is thrown away, and built from the ledger anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ledger.publish import folders
from schemas.manifest import MANIFEST

T = TypeVar("T")


def over_copy(fresh: Callable[[], Path], ask: Callable[[Path], T]) -> T:
    """What `ask` makes of the folder of a copy, which `fresh` brings up to date.

    Where that fails over a copy that is not as it was written, or that was deleted meanwhile, the
    copy is built anew and asked once more; an error that has another reason would be there again.
    """
    import duckdb

    folder = fresh()
    try:
        return ask(folder)
    except duckdb.InterruptException:
        raise
    except Exception as error:
        # What a report says of a copy that it cannot read has the reason as its cause.
        reasons = duckdb.Error, MemoryError, UnicodeError, OSError
        if not isinstance(error.__cause__ or error, reasons) or not _thrown_away(folder):
            raise
    return ask(fresh())


def sound_copy(fresh: Callable[[], Path]) -> Path:
    """The folder of a copy that `fresh` brings up to date, every file of it read and verified.

    For what is recorded or vouched for: damage may give other figures, and no error.
    """
    folder = fresh()
    return fresh() if _thrown_away(folder) else folder


def _thrown_away(folder: Path) -> bool:
    """Whether a copy was not as it was written; the next refresh then builds it anew."""
    manifest = folders.stored(folder)
    if manifest and not folders.damaged(folder, manifest):
        return False
    with folders.writing(folder):
        if folders.stored(folder) == manifest:  # or somebody has built it anew meanwhile
            (folder / MANIFEST).unlink(missing_ok=True)
    return True
