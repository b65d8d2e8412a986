"""Finds out whether a copy can be read at all, once an answer over it came to nothing."""

from __future__ import annotations

from pathlib import Path

from reports.runner import NoCopy, manifest_of
from schemas.manifest import scan


def is_damaged(folder: Path) -> bool:
    """Whether there is a file of the copy in a folder that cannot be read to its end.

    Each is read whole. Damage that gives other values, and no error, goes unnoticed.
    """
    import duckdb

    try:
        files = [str(folder.absolute() / one.file) for one in manifest_of(folder).segments]
    except NoCopy:
        return True
    with duckdb.connect() as connection:
        for file in files:
            try:
                ask = f"SELECT bit_xor(hash(COLUMNS(*))) FROM {scan([file])}"  # noqa: S608
                connection.execute(ask)
            except (duckdb.InterruptException, duckdb.OutOfMemoryException):
                raise
            except duckdb.Error:
                return True
    return False
