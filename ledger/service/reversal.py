"""Undo movements: the opposite of their entries, dated as they were, and never an edit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import bindparam, select

from ledger.rules.admission import Entries, Weighed, by_day, move
from ledger.service.book import Book, days_number
from ledger.service.known_rows import reversed_among
from ledger.service.lines import LineBook
from ledger.service.outcome import Outcome
from ledger.service.posting import Desk, save_days
from ledger.service.rows import Row, canonical, is_shipment, row_of
from ledger.service.seal import Header, Sealer
from ledger.service.targets import given_of
from ledger.storage.statements import Cursor
from ledger.storage.store import Store
from schemas import tables as t
from schemas.kinds import Kind
from schemas.problems import Problem, Unusable
from schemas.records import Given

_AT = {name: place for place, name in enumerate(t.movement.columns.keys())}
_OF_SUBMISSION = select(t.submission.c.first_seq, t.submission.c.count).where(
    t.submission.c.number == bindparam("number")
)
_AMOUNTS = ("adjustment", "pending", "held", "posted", "lapsed")


class Standing(Exception):
    """Live movements point at what is to be reversed: `by` maps its seq to theirs."""

    def __init__(self, by: dict[int, list[int]]) -> None:
        self.by = by
        pairs = [f"seq {seq} (by {', '.join(map(str, seqs))})" for seq, seqs in by.items()]
        super().__init__(
            "live movements point at " + "; ".join(pairs) + ": reverse them first, or --cascade"
        )


def of_submission(store: Store, number: int) -> list[int]:
    """The movements of a submission that still stand; a refusal stands for nothing.

    Raises Unusable for an unknown number, and where none stands.
    """
    with store.reading() as turn:
        cursor = Cursor(store.raw(turn.connection), store.dialect)
        found = cursor.read(_OF_SUBMISSION, number)
        if not found:
            raise Unusable(_problem("submission", str(number), "there is no such submission"))
        first, count = found[0]
        seqs = list(range(first, first + count))
        gone = reversed_among(cursor, seqs)
        kinds = {m[0]: m[_AT["kind"]] for m in cursor.find(t.movement, "seq", seqs)}
    left = [seq for seq in seqs if seq not in gone and kinds[seq] != Kind.REFUSAL]
    if not left:
        raise Unusable(_problem("submission", str(number), "nothing of it stands any more"))
    return left


def reverse(desk: Desk, seqs: list[int], header: Header, *, cascade: bool) -> Outcome:
    """Reverse movements as one submission, the latest first."""
    if not seqs:
        raise Unusable(_problem("seq", "", "names no movement"))
    with desk.store.writing() as turn:
        cursor = Cursor(desk.store.raw(turn.connection), desk.store.dialect)
        book = Book(cursor, desk.known, turn.head.last_submission + 1)
        lines = LineBook(cursor, book)
        movements = _chosen(cursor, seqs, cascade=cascade)
        rows = [_row(cursor, m, header.note or "") for m in movements]
        for place, row in enumerate(rows):
            row.seq = turn.head.last_seq + 1 + place
        book.parties(n for row in rows for n in _names(row.given) if n is not None)
        entries = _opposites(cursor, book, rows, _restore_lines(lines, movements))
        move(entries, book.balances)
        outcome = Outcome(head=turn.head.digest)
        Sealer(desk.store, cursor, book, turn.head).seal(rows, Weighed(entries), header, outcome)
        days = np.array([days_number(row.given.effective_on) for row in rows], np.int64)
        save_days(book, cursor, by_day(entries, days))
        _credit_days(book, entries, rows)
        book.write()
        lines.write([])
        _unstand(cursor, movements)
    book.keep()
    return outcome


def _names(given: Given) -> tuple[str | None, ...]:
    return (given.exporter, given.consignee, given.parent)


def _chosen(cursor: Cursor, seqs: list[int], *, cascade: bool) -> list[tuple[Any, ...]]:
    """The movements to reverse, latest first, with all that points at them where told so."""
    wanted = dict.fromkeys(seqs)
    gone = reversed_among(cursor, list(wanted))
    problems = [_problem("seq", str(s), "is reversed already") for s in wanted if s in gone]
    pending, blocking = [s for s in wanted if s not in gone], dict[int, list[int]]()
    while pending:
        pointing = cursor.find(t.movement, "target_seq", pending)
        live = [p for p in pointing if p[_AT["kind"]] != Kind.REVERSAL]
        undone = reversed_among(cursor, [p[0] for p in live])
        pending = []
        for pointer in live:
            if pointer[0] in undone or pointer[0] in wanted:
                continue
            if cascade:
                wanted[pointer[0]] = None
                pending.append(pointer[0])
            else:
                blocking.setdefault(pointer[_AT["target_seq"]], []).append(pointer[0])
    found = {m[0]: m for m in cursor.find(t.movement, "seq", list(wanted))}
    for seq in wanted:
        if seq not in found:
            problems.append(_problem("seq", str(seq), "there is no such movement"))
        elif found[seq][_AT["kind"]] in (Kind.ADOPTION, Kind.REFUSAL, Kind.REVERSAL):
            kind = found[seq][_AT["kind"]]
            problems.append(_problem("seq", str(seq), f"{kind}: cannot be reversed"))
    if problems:
        raise Unusable(*problems)
    if blocking:
        raise Standing(blocking)
    return [found[seq] for seq in sorted(wanted, reverse=True)]


def _row(cursor: Cursor, movement: tuple[Any, ...], reason: str) -> Row:
    """The reversal of one movement, which carries what it reverses for whoever reads it."""
    before = given_of(cursor, movement)
    given = Given(
        row=1,
        file_line=1,
        kind=Kind.REVERSAL,
        effective_on=date.fromisoformat(str(movement[_AT["effective_on"]])),
        source=before.source,
        document=before.document,
        line=f"{before.line} of seq {movement[0]}",
        exporter=before.exporter,
        consignee=before.consignee,
        parent=before.parent,
        consignee_hq=before.consignee_hq,
        parent_hq=before.parent_hq,
        destination=before.destination,
        authorization=before.authorization,
        chip=before.chip,
        quantity=before.quantity,
        unit_mtpp=before.unit_mtpp,
        amount_mtpp=before.amount_mtpp,
        details=canonical({"reason": reason, "reverses": str(movement[_AT["kind"]])}),
    )
    row = row_of(given, None)
    row.target_seq = movement[0]
    return row


def _opposites(cursor: Cursor, book: Book, rows: Sequence[Row], back: dict[int, int]) -> Entries:
    """The opposite of each movement's entries; `back` is what its licence line holds again."""
    at = {row.target_seq: place for place, row in enumerate(rows)}
    stored = cursor.find(t.entry, "seq", [row.target_seq for row in rows])
    stored.sort(key=lambda e: (at[e[0]], e[1], e[2]))
    amounts = [[-value for value in e[3:]] for e in stored]
    for entry, opposite in zip(stored, amounts, strict=True):
        if entry[0] in back and entry[2] == 1:
            opposite[_AMOUNTS.index("held")] = back[entry[0]]
    columns = [
        [at[e[0]] for e in stored],
        book.places([e[1] for e in stored]),
        [e[2] for e in stored],
        *([opposite[n] for opposite in amounts] for n in range(len(_AMOUNTS))),
    ]
    return Entries(*(np.array(column, np.int64) for column in columns))


def _restore_lines(lines: LineBook, movements: Sequence[tuple[Any, ...]]) -> dict[int, int]:
    """Give licence lines back what reversed shipments drew, and close those that are reversed.

    A line holds what is licensed less what is used, and never below zero; so a shipment that
    overdrew gives back less than it drew. The amounts held again, by movement.
    """
    back: dict[int, int] = {}
    for movement in movements:
        named = dict(zip(_AT, movement, strict=True))
        if named["kind"] == Kind.LICENCE:
            lines.close(named["seq"])
        elif is_shipment(named["kind"]) and named["target_seq"] is not None:
            back[named["seq"]] = lines.undraw(named)
    return back


def _credit_days(book: Book, entries: Entries, rows: Sequence[Row]) -> None:
    for place, at in zip(entries.budget.tolist(), entries.row.tolist(), strict=True):
        book.credited(place, rows[at].day)


def _unstand(cursor: Cursor, movements: Sequence[tuple[Any, ...]]) -> None:
    """Acts and declarations that are reversed stand no longer."""
    seqs = [m[0] for m in movements]
    standing = [row[0] for row in cursor.find(t.standing, "seq", seqs)]
    cursor.change(t.standing, ("live",), [(0, seq) for seq in standing])


def _problem(column: str, value: str, reason: str) -> Problem:
    return Problem("", 0, 0, column, value, reason)
