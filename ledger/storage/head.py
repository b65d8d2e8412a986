"""A ledger's head, read without SQLAlchemy: the warm report path asks nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from ledger.storage import files
from ledger.storage.errors import NewerLedger, NotALedger, OlderLedger, translated
from ledger.storage.place import Place, place_of

# The same number as schemas.tables.SCHEMA_VERSION, which cannot be had without SQLAlchemy.
SCHEMA_VERSION = 3

# How many milliseconds settled_head() waits for a writer at work.
_PATIENCE = 5_000

HEAD_SQL = (
    "SELECT ledger_id, schema_version, last_seq, last_submission, last_recorded_at, digest"
    " FROM head WHERE id = 1"
)


class Head(NamedTuple):
    """Where the ledger stands: its last movement, submission and instant, and the chain's digest.

    `last_seq` and `last_submission` are 0, and `digest` is 64 zeros, while nothing is recorded.
    """

    ledger_id: str
    schema_version: int
    last_seq: int
    last_submission: int
    last_recorded_at: str
    digest: str


def head_of(url: str) -> Head:
    """The head of the ledger at a URL or path, as last committed.

    Raises NotALedger, NewerLedger, OlderLedger, StoreUnavailable or StoreBusy.
    """
    place = place_of(url)
    with translated(place):
        row = _sqlite_row(place) if place.dialect == "sqlite" else _postgresql_row(place)
    if row is None:
        raise NotALedger(f"{place} is not a ledger")
    return checked(Head(*row), place)


def settled_head(url: str) -> Head:
    """The head once no writer is at work any more: what this process lost sight of is then done
    or undone. Raises as head_of, and StoreBusy where a writer keeps on.
    """
    place = place_of(url)
    if place.dialect == "sqlite":
        return head_of(url)
    with translated(place):
        row = _postgresql_row(place, settled=True)
    if row is None:
        raise NotALedger(f"{place} is not a ledger")
    return checked(Head(*row), place)


def checked(head: Head, place: object) -> Head:
    """The same head, if its tables are of our version; else NewerLedger or OlderLedger."""
    if head.schema_version > SCHEMA_VERSION:
        raise newer(head.schema_version, place)
    if head.schema_version < SCHEMA_VERSION:
        raise OlderLedger(
            f"the ledger {place} has tables of version {head.schema_version}, older than"
            f" {SCHEMA_VERSION}: run `tpp init --upgrade` (a copy is kept)"
        )
    return head


def newer(version: int, place: object) -> NewerLedger:
    """The refusal of a ledger whose tables are of a version above ours."""
    return NewerLedger(
        f"the ledger {place} has tables of version {version}; this tpp knows version"
        f" {SCHEMA_VERSION}: install a newer tpp"
    )


def _sqlite_row(place: Place) -> tuple[str, int, int, int, str, str] | None:
    path = place.file
    if not path.is_file():
        raise NotALedger(f"there is no ledger at {place}: make one with `tpp init`")
    return files.again(lambda: _row_of(path))


def _row_of(path: Path) -> tuple[str, int, int, int, str, str] | None:
    with files.opened(path, read_only=not files.can_write(path)) as connection:
        try:
            row: tuple[str, int, int, int, str, str] | None
            row = connection.execute(HEAD_SQL).fetchone()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error) or "no such column" in str(error):
                return None
            raise
    return row


def _postgresql_row(
    place: Place, *, settled: bool = False
) -> tuple[str, int, int, int, str, str] | None:
    import psycopg

    with psycopg.connect(place.conninfo) as connection:
        try:
            row: tuple[str, int, int, int, str, str] | None
            if settled:
                connection.execute(f"SET lock_timeout = {_PATIENCE}")
            row = connection.execute(HEAD_SQL + (" FOR UPDATE" if settled else "")).fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            return None
    return row
