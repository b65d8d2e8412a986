"""Checks of the chain: leaves, roots, annexes, digests and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from ledger.storage.chain import (
    ANNEX_FIELDS,
    ENTRY_FIELDS,
    FINDING_FIELDS,
    FORMAT,
    GS,
    HEADER_FIELDS,
    MOVEMENT_FIELDS,
    RS,
    US,
    ZERO,
    Tree,
    annex_digest,
    leaf_digest,
    submission_digest,
)
from ledger.storage.check_keys import Keys
from ledger.storage.check_spoilt import Fail
from ledger.storage.head import Head
from ledger.storage.rows import PIECE, Pairs, joined_text, named, pieces, streamed
from schemas import tables as t
from schemas.whole import LARGEST_WHOLE


def check(
    connection: Connection, head: Head, fail: Fail, progress: Callable[[int, int], None]
) -> None:
    """Walk the submissions in order and recompute each one's part of the chain."""
    leaves = Pairs(_leaves(connection, fail))
    annexes = [_annex(connection, name, fail) for name in ANNEX_FIELDS]
    columns = [*named(t.submission, HEADER_FIELDS), t.submission.c.digest]
    walk = _Walk(head, fail)
    walk.made(str(connection.scalar(select(t.head.c.created_at))))
    for row in streamed(connection, select(*columns).order_by(t.submission.c.number)):
        header, digest = tuple(row[:-1]), row[-1]
        number, first, count = header[:3]
        root = _root(leaves, walk, number, first + count, progress)
        rows = [row for table in annexes for row in table.below(number + 1)]
        walk.submission(header, digest, root, annex_digest((text,) for _, _, text in rows))
        for owner, name, _ in rows:
            if owner != number:
                fail("references", f"{name} belongs to submission {owner}, which is not there")
    for seq, _, _ in leaves.below(_BEYOND):
        fail("seq", f"movement {seq} belongs to no submission")
    for table in annexes:
        for owner, name, _ in table.below(_BEYOND):
            fail("references", f"{name} belongs to submission {owner}, which is not there")
    walk.end()


# An instant as the ledger writes it.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
# Above every number the ledger can hold.
_BEYOND = LARGEST_WHOLE + 1
_SEPARATORS = frozenset((US, RS, GS))
# The parts of a movement's leaf text: the format's name, then its fields.
_WIDTH = 1 + len(MOVEMENT_FIELDS)


class _Walk:
    """Where the walk stands: what the next submission and movement must be."""

    def __init__(self, head: Head, fail: Fail) -> None:
        self.head, self.fail = head, fail
        self.number, self.seq, self.digest, self.recorded_at = 0, 0, ZERO, ""
        self.created_at = ""

    def made(self, created_at: str) -> None:
        """Take when the ledger was made. No digest covers it: the first submission bounds it."""
        self.created_at = created_at
        if not _INSTANT.fullmatch(created_at):
            self.fail("recorded_at", f"the head's created_at is no instant: {created_at}")

    def movement(self, seq: int, submission: int, number: int) -> None:
        """Take one movement of submission `number`."""
        if seq != self.seq + 1:
            self.fail("seq", f"movement {seq} follows {self.seq}")
        if submission != number:
            self.fail("submissions", f"movement {seq} says submission {submission}, not {number}")
        self.seq = seq

    def submission(self, header: tuple[Any, ...], digest: str, root: str, annex: str) -> None:
        """Take one submission's header, with the root and annex that were recomputed."""
        named = dict(zip(HEADER_FIELDS, header, strict=True))
        number, last = named["number"], named["first_seq"] + named["count"] - 1
        where = f"submission {number}"
        if number != self.number + 1:
            self.fail("submissions", f"{where} follows {self.number}")
        if last != self.seq:
            self.fail("submissions", f"{where} ends at movement {last}, found {self.seq}")
        self._recorded(where, named["recorded_at"])
        if named["root"] != root:
            span = f"{named['first_seq']} to {last}"
            self.fail("chain", f"{where}: the movements {span} are not those recorded")
        if named["annex"] != annex:
            self.fail("chain", f"{where}: parties, budgets, rulings or texts are not its own")
        if submission_digest(self.head.ledger_id, header, self.digest) != digest:
            self.fail("chain", f"{where}: its digest does not follow from its header")
        if not _SEPARATORS.isdisjoint("".join(map(str, header))):
            self.fail("values", f"{where} holds a separator")
        self.number, self.digest, self.recorded_at = number, digest, named["recorded_at"]

    def _recorded(self, where: str, recorded_at: str) -> None:
        if not _INSTANT.fullmatch(recorded_at):
            self.fail("recorded_at", f"{where}: its recorded_at is no instant: {recorded_at}")
        if recorded_at < self.recorded_at:
            self.fail("recorded_at", f"{where} is recorded before the one before it")
        if not self.number and recorded_at < self.created_at:
            said = f"was made at {self.created_at}, after its first submission"
            self.fail("recorded_at", f"the head says that the ledger {said}")

    def end(self) -> None:
        """Compare the last submission with the head."""
        head = self.head
        if self.seq != head.last_seq:
            self.fail("seq", f"the head is at movement {head.last_seq}, the last is {self.seq}")
        if self.number != head.last_submission:
            self.fail(
                "submissions", f"the head is at {head.last_submission}, the last is {self.number}"
            )
        if self.digest != head.digest:
            self.fail("chain", "the head's digest is not that of the last submission")
        if self.number and self.recorded_at != head.last_recorded_at:
            self.fail("recorded_at", "the head's last instant is not the last submission's")


def _root(
    leaves: Pairs, walk: _Walk, number: int, end: int, progress: Callable[[int, int], None]
) -> str:
    """The root over the movements below seq `end` that are still to come."""
    tree = Tree()
    rows = leaves.below(end)
    while piece := list(islice(rows, PIECE)):
        for seq, submission, _ in piece:
            walk.movement(seq, submission, number)
        tree.add_many([leaf for _, _, leaf in piece])
        progress(walk.seq, walk.head.last_seq)
    return tree.root().hex()


def _leaves(connection: Connection, fail: Fail) -> Iterator[tuple[int, int, bytes]]:
    """Every movement's seq, submission and leaf, in order of seq; its key is checked on the way."""
    entries = Pairs(streamed(connection, _texts(t.entry, ENTRY_FIELDS)))
    findings = Pairs(streamed(connection, _texts(t.finding, FINDING_FIELDS)))
    keys = Keys(connection, fail)
    for piece in pieces(connection, _movements()):
        high = piece[-1][0] + 1
        tails = _tails(entries.below(high), findings.below(high), fail)
        keys.load(high)
        for seq, submission, text in piece:
            fields = text.split(US)
            if len(fields) != _WIDTH or RS in text or GS in text:
                fail("values", f"movement {seq} holds a separator")
            else:
                keys.compare(seq, fields)
            tail = tails.get(seq)
            yield seq, submission, leaf_digest(text + tail if tail else text)
    keys.end()


@cache
def _movements() -> Select[Any]:
    text = joined_text(named(t.movement, MOVEMENT_FIELDS), FORMAT)
    return select(t.movement.c.seq, t.movement.c.submission, text).order_by(t.movement.c.seq)


@cache
def _texts(table: Table, fields: tuple[str, ...]) -> Select[Any]:
    key = list(table.primary_key.columns)
    second = key[1]
    return select(key[0], second, joined_text(named(table, fields))).order_by(*key)


def _tails(entries: Iterable[Any], findings: Iterable[Any], fail: Fail) -> dict[int, str]:
    """What follows the movement in the leaf texts, by seq."""
    tails: dict[int, str] = {}
    for seq, _, text in entries:
        tails[seq] = f"{tails.get(seq, '')}{RS}{text}"
    last = (0, 0)
    for seq, ordinal, text in findings:
        if ordinal != (last[1] + 1 if last[0] == seq else 1):
            fail("seq", f"finding {ordinal} of movement {seq} is out of count")
        if text.count(US) != len(FINDING_FIELDS) - 1 or RS in text or GS in text:
            fail("values", f"finding {ordinal} of movement {seq} holds a separator")
        tails[seq] = f"{tails.get(seq, '')}{GS}{text}"
        last = seq, ordinal
    return tails


def _annex(connection: Connection, name: str, fail: Fail) -> Pairs:
    """The rows of one annex table: submission, what they are called, canonical text."""
    rows, fields = streamed(connection, _of_annex(name)), ANNEX_FIELDS[name]

    def checked() -> Iterator[tuple[int, str, str]]:
        for submission, number, text in rows:
            if text.count(US) != len(fields) or RS in text or GS in text:
                fail("values", f"{name} {number} holds a separator")
            yield submission, f"{name} {number}", text

    return Pairs(checked())


@cache
def _of_annex(name: str) -> Select[Any]:
    table, fields = t.metadata.tables[name], ANNEX_FIELDS[name]
    key = table.c[fields[0]]
    query = select(table.c.submission, key, joined_text(named(table, fields), name))
    return query.order_by(table.c.submission, key)
