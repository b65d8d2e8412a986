"""Every invariant of a ledger, by name, recomputed from what is recorded.

Balances, keys and digests are worked out anew from movements and entries and compared with what
is stored. Rows are read in order, a piece at a time, within one reading transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from traceback import clear_frames

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from ledger.storage import append_only, check_chain, check_sums, check_values
from ledger.storage.chain import ZERO
from ledger.storage.check_spoilt import is_spoilt, why
from ledger.storage.head import Head
from ledger.storage.store import VERSION_TABLE, Store, Turn, revision
from schemas import tables as t

# How many failures of one invariant are told in words; the rest are counted.
SHOWN = 20

SENTENCES = {
    "values": "every value is of its column's kind, no text is empty or holds a separator",
    "references": "nothing points at what is not there, or not there yet",
    "append-only": "the triggers that keep recorded rows stand, and nothing in place of a table",
    "seq": "movements are numbered from 1 without a gap, up to the head",
    "submissions": "submissions are numbered without a gap and share out the movements",
    "chain": "every submission's movements, annex and digest are those recorded",
    "recorded_at": "no submission is recorded before the one before it",
    "keys": "every movement has the key and content digest that its fields make",
    "reversals": "a reversal is the exact opposite of what it reverses, once",
    "balances": "balances are what the entries come to",
    "days": "the official tally by day is what the entries come to",
    "not negative": "no budget's held, lapsed or pending amount was ever below zero",
    "applications": "what an application asks for is pending until an answer to it stands",
    "licence lines": "licence lines are what was shipped under them and done to them",
    "licence sums": "drawn, held, lapsed and given back make what a licence licensed",
    "standing": "standing acts are those of movements that were not reversed",
    "moves": "both legs of a move stand or neither, and what left one place arrives at the other",
    "known head": "a head noted earlier is part of this chain",
}


@dataclass(slots=True)
class Invariant:
    """One invariant and how it fares; `count` failures, the first SHOWN of them told."""

    name: str
    sentence: str
    failures: list[str] = field(default_factory=list)
    count: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return self.count == 0

    def fail(self, failure: str) -> None:
        """Note one failure."""
        self.count += 1
        if len(self.failures) < SHOWN:
            self.failures.append(failure)


class Findings:
    """What the checks find, by invariant."""

    def __init__(self) -> None:
        self.invariants = {name: Invariant(name, said) for name, said in SENTENCES.items()}

    def fail(self, name: str, failure: str) -> None:
        """Note one failure of the invariant of this name."""
        self.invariants[name].fail(failure)

    @contextmanager
    def recomputing(self, connection: Connection, *names: str) -> Iterator[None]:
        """Where what is stored stops a check, let its invariants fail, and the others be checked.

        In a savepoint: PostgreSQL answers nothing more in a transaction that met an error.
        """
        here = connection.begin_nested()
        try:
            yield
        except Exception as error:
            if not is_spoilt(error):
                raise
            if isinstance(error, DBAPIError):
                # Rows still being read go first: after the rollback there is no cursor to close.
                clear_frames(error.__traceback__)
                here.rollback()
            for name in names:
                self.fail(name, f"not to be recomputed from what is stored ({why(error)})")
        if here.is_active:
            here.commit()


def check(
    store: Store, against: str | None = None, *, progress: Callable[[int, int], None] | None = None
) -> list[Invariant]:
    """Recompute every invariant; all of them, in a fixed order, holding or not.

    `against` is a head's digest noted earlier: where no submission has it, the past was
    rewritten. `progress` is told how many movements of how many are done. Raises StoreError.
    """
    with store.reading(cache_mb=64) as turn:
        return check_turn(store, turn, against, progress)


def check_turn(
    store: Store,
    turn: Turn,
    against: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Invariant]:
    """check() of the ledger as one transaction sees it."""
    found = Findings()
    connection, head = turn.connection, turn.head
    guarded = partial(found.recomputing, connection)
    with _undecodable_kept(store, connection):
        check_values.check(connection, found.fail, guarded)
        with guarded("append-only"):
            for said in (*append_only.faults(connection), *_stamped(connection, head)):
                found.fail("append-only", said)
        with guarded("seq", "submissions", "chain", "recorded_at", "keys"):
            check_chain.check(connection, head, found.fail, progress or _ignored)
        check_sums.check(connection, found.fail, guarded)
    if against is None:
        del found.invariants["known head"]
    else:
        with guarded("known head"):
            if not _known(connection, head, against):
                found.fail(
                    "known head", f"no submission has the digest {against}: it was rewritten"
                )
    return list(found.invariants.values())


def _stamped(connection: Connection, head: Head) -> Iterator[str]:
    """What the migrations would go by, where it is not what the head says of the tables."""
    stamps = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608
    said = ", ".join(sorted(str(stamp) for (stamp,) in stamps))
    if said != revision(head.schema_version):
        yield f"{VERSION_TABLE} says {said}, the head {revision(head.schema_version)}"


def _ignored(done: int, total: int) -> None:
    pass


def _known(connection: Connection, head: Head, against: str) -> bool:
    wanted = against.strip().lower()
    digest = t.submission.c.digest
    return wanted in (ZERO, head.digest) or bool(
        connection.execute(select(digest).where(digest == wanted)).first()
    )


@contextmanager
def _undecodable_kept(store: Store, connection: Connection) -> Iterator[None]:
    """Let text that is no UTF-8 be read, so that it is found and not tripped over."""
    if store.dialect != "sqlite":
        yield
        return
    raw: sqlite3.Connection = store.raw(connection)
    raw.text_factory = lambda value: value.decode("utf-8", "replace")
    try:
        yield
    finally:
        raw.text_factory = str
