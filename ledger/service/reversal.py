"""Undo movements: the opposite of their entries, dated as they were, and never an edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from sqlalchemy import bindparam, select

from ledger.rules import by_hand
from ledger.rules.admission import Entries, weigh_given
from ledger.rules.weights import Listed
from ledger.service import requests
from ledger.service.book import Book
from ledger.service.closed import NEVER_LATE, ClosedQuarters
from ledger.service.day_numbers import days_number
from ledger.service.days import Days
from ledger.service.dependents import Standing, Stored, Undo, choose
from ledger.service.known_rows import reversals_of
from ledger.service.line_history import Change, LineHistory
from ledger.service.line_rules import line_rules
from ledger.service.lines import LineBook
from ledger.service.outcome import Outcome
from ledger.service.posting import Desk, flag_excesses, save_days, sums_that_fit
from ledger.service.rows import Row, key_of, ordered, row_of
from ledger.service.seal import Header, Sealer
from ledger.service.targets import given_of
from ledger.storage.statements import Cursor
from ledger.storage.store import Store
from schemas import tables as t
from schemas.canonical import canonical
from schemas.kinds import Kind
from schemas.problems import Problem, Unusable
from schemas.records import Given
from schemas.tpp import grouped

__all__ = ["Standing", "Undoing", "of_submission", "reverse"]

_AT = {name: place for place, name in enumerate(t.movement.columns.keys())}
_OF_SUBMISSION = select(t.submission.c.first_seq, t.submission.c.count).where(
    t.submission.c.number == bindparam("number")
)
_AMOUNTS = ("adjustment", "pending", "held", "posted", "lapsed")
_HELD, _PENDING, _LAPSED = (_AMOUNTS.index(name) for name in ("held", "pending", "lapsed"))


def of_submission(store: Store, number: int) -> list[int]:
    """The movements of a submission that still stand; a refusal stands for nothing.

    What it restored is meant by the restored movement itself. Raises Unusable for an unknown
    number, and where none stands.
    """
    with store.reading() as turn:
        cursor = Cursor(store.raw(turn.connection), store.dialect)
        found = cursor.read(_OF_SUBMISSION, number)
        if not found:
            raise Unusable(_problem("submission", str(number), "there is no such submission"))
        first, count = found[0]
        seqs = list(range(first, first + count))
        movements = cursor.find(t.movement, "seq", seqs)
        pointed = [m[_AT["target_seq"]] for m in movements if m[_AT["kind"]] == Kind.REVERSAL]
        undone = {
            m[_AT["seq"]]: m[_AT["target_seq"]]
            for m in cursor.find(t.movement, "seq", set(pointed))
            if m[_AT["kind"]] == Kind.REVERSAL
        }
        meant = [
            undone.get(m[_AT["target_seq"]], m[_AT["seq"]])
            for m in sorted(movements)
            if m[_AT["kind"]] != Kind.REFUSAL
        ]
        gone = reversals_of(cursor, meant)
    left = [seq for seq in meant if seq not in gone]
    if not left:
        raise Unusable(_problem("submission", str(number), "nothing of it stands any more"))
    return left


def reverse(
    desk: Desk, seqs: list[int], header: Header, *, cascade: bool, dry_run: bool = False
) -> Outcome:
    """Reverse movements as one submission, the latest first; a reversal's reversal restores.

    `dry_run`: nothing is recorded; the outcome's `repeated` is empty and its warnings name what
    would be reversed. Raises Unusable and Standing as `choose` does.
    """
    if not seqs:
        raise Unusable(_problem("seq", "", "names no movement"))
    if dry_run:
        return _would(desk, seqs, cascade=cascade)
    with desk.store.writing() as turn:
        cursor = Cursor(desk.store.raw(turn.connection), desk.store.dialect)
        book = Book(cursor, desk.known, turn.head.last_submission + 1)
        undos = choose(cursor, seqs, cascade=cascade)
        lines = LineBook(cursor, book, line_rules(desk.rulebook))
        undoing = Undoing(lines, undos, header.note or "")
        with sums_that_fit():
            undoing.weigh(turn.head.last_seq)
        outcome = Outcome(head=turn.head.digest)
        sealer = Sealer(desk.store, cursor, book, turn.head)
        sealer.seal(undoing.rows, undoing.weighed.entries, header, outcome)
        undoing.save()
        book.write()
    book.keep()
    return outcome


def _would(desk: Desk, seqs: Sequence[int], *, cascade: bool) -> Outcome:
    from ledger.service.dependents import name_of

    with desk.store.reading() as turn:
        cursor = Cursor(desk.store.raw(turn.connection), desk.store.dialect)
        undos = choose(cursor, seqs, cascade=cascade)
    said = [f"{'restore' if undo.restored else 'reverse'} {name_of(undo.root)}" for undo in undos]
    return Outcome(count=len(undos), warnings=said)


class Undoing:
    """The reversals of one submission, weighed and saved; `undos` are in the order they go in."""

    def __init__(
        self, lines: LineBook, undos: Sequence[Undo], reason: str | Mapping[int, str]
    ) -> None:
        cursor = lines.cursor
        self.cursor, self.book, self.undos = cursor, lines.book, undos
        self.lines = lines
        reasons = {u.seq: reason if isinstance(reason, str) else reason[u.seq] for u in undos}
        self.rows = [_row(cursor, undo, reasons[undo.seq]) for undo in undos]
        _number_attempts(cursor, self.rows)
        self.weighed = Listed()

    def weigh(self, last_seq: int) -> None:
        """Number the reversals, restore lines, and move the balances by the opposite entries."""
        for place, row in enumerate(self.rows, start=last_seq + 1):
            row.seq = place
        self.book.parties(n for row in self.rows for n in _names(row.given) if n is not None)
        again = [undo for undo in self.undos if undo.restored]
        days = Days(self.book)
        _still_fit((self.cursor, self.book), days, [u.root for u in again])
        back = _restore_lines(self.lines, self.undos)
        entries = _opposites(self.cursor, self.book, self.rows, back)
        calendar = days.calendar_of(entries, np.array(self._days(), np.int64))
        self.weighed = weigh_given(entries, self.book.balances, calendar).listed()
        flag_excesses(self.rows, self.weighed.overs)
        moving = zip(self.rows, self.undos, strict=True)
        late = [row for row, undo in moving if undo.root["kind"] not in NEVER_LATE]
        ClosedQuarters(self.cursor).mark(late)
        for row in self.rows:
            row.flags = ordered(row.flags, self.book.numbers)

    def save(self) -> None:
        """Write the days, the licence lines and the standing acts; the balances are the book's."""
        entries = self.weighed.entries
        save_days(self.book, self.cursor, by_hand.by_day(entries, self._days()))
        for entry in entries:
            self.book.credited(entry.budget, self.rows[entry.row].day)
        self.lines.write([])
        _stand(self.cursor, self.undos)

    def _days(self) -> list[int]:
        return [days_number(row.given.effective_on) for row in self.rows]


def _names(given: Given) -> tuple[str | None, ...]:
    return (given.exporter, given.consignee, given.parent)


def _row(cursor: Cursor, undo: Undo, reason: str) -> Row:
    """The reversal of one movement, which carries what it reverses for whoever reads it."""
    movement, seq = undo.movement, undo.seq
    before = given_of(cursor, tuple(movement.values()))
    said = {"reason": reason, "reverses": str(movement["kind"])}
    if undo.restored is not None:
        said["restores"] = f"seq {undo.restored['seq']} ({undo.restored['kind']})"
    given = Given(
        row=1,
        file_line=1,
        kind=Kind.REVERSAL,
        effective_on=date.fromisoformat(str(movement["effective_on"])),
        source=before.source,
        document=before.document,
        line=f"{before.line} of seq {seq}",
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
        details=canonical(said),
    )
    row = row_of(given, None)
    row.target_seq = seq
    return row


def _number_attempts(cursor: Cursor, rows: Sequence[Row]) -> None:
    """A movement that was restored may be reversed once more: the next attempt."""
    taken = list(rows)
    while taken:
        known = {bytes(k[0]) for k in cursor.find(t.movement_key, "key", [r.key for r in taken])}
        taken = [row for row in taken if row.key in known]
        for row in taken:
            row.attempt += 1
            row.key = key_of(row.given, row.attempt)


def _opposites(
    cursor: Cursor, book: Book, rows: Sequence[Row], changes: dict[int, Change]
) -> Entries:
    """The opposite of each movement's entries; on a licence line's budget what the line came to."""
    at = {row.target_seq: place for place, row in enumerate(rows)}
    stored = cursor.find(t.entry, "seq", [row.target_seq for row in rows])
    opposites = {(at[e[0]], e[1], e[2]): [-value for value in e[3:]] for e in stored}
    for seq, change in changes.items():
        for number in change.budget_nos:
            key = (at[seq], number, 1)
            if change.held or change.lapsed or key in opposites:
                amounts = opposites.setdefault(key, [0] * len(_AMOUNTS))
                amounts[_HELD], amounts[_LAPSED] = change.held, change.lapsed
    ordered = sorted(opposites)
    columns = [
        [place for place, _, _ in ordered],
        book.places([number for _, number, _ in ordered]),
        [official for _, _, official in ordered],
        *([opposites[key][n] for key in ordered] for n in range(len(_AMOUNTS))),
    ]
    return Entries(*(np.array(column, np.int64) for column in columns))


def _restore_lines(lines: LineBook, undos: Sequence[Undo]) -> dict[int, Change]:
    """Take movements off their licence lines, or put them back; what each line came to by it.

    A line stands as its live movements make it: a shipment that overdrew gives back less than it
    drew, and one that came late gives back to what had lapsed.
    """
    history = LineHistory(lines)
    changes = {u.seq: history.set_live(u.root, u.restored is not None) for u in undos}
    return {seq: change for seq, change in changes.items() if change is not None}


def _still_fit(known: tuple[Cursor, Book], days: Days, restored: Sequence[Stored]) -> None:
    """A restored application asks for room again, which others may have taken since."""
    cursor, book = known
    asked: dict[int, list[tuple[date, int]]] = {}
    for root in restored:
        if root["kind"] != Kind.APPLICATION:
            continue
        day = date.fromisoformat(str(root["effective_on"]))
        for _, number, _, *amounts in cursor.find(t.entry, "seq", [root["seq"]]):
            (place,), amount = book.places([number]), amounts[_PENDING]
            left = requests.room_left(book, days, (place, day), asked.get(place, []))
            if amount > left:
                reason = (
                    f"the application no longer fits: it asks {grouped(amount)}, {grouped(left)}"
                    " is left; record it anew, and it is weighed"
                )
                raise Unusable(_problem("seq", str(root["seq"]), reason))
            asked.setdefault(place, []).append((day, amount))


def _stand(cursor: Cursor, undos: Sequence[Undo]) -> None:
    """Acts and declarations that are reversed stand no longer, those restored stand again."""
    live = {undo.root["seq"]: int(undo.restored is not None) for undo in undos}
    standing = [row[0] for row in cursor.find(t.standing, "seq", live)]
    cursor.change(t.standing, ("live",), [(live[seq], seq) for seq in standing])


def _problem(column: str, value: str, reason: str) -> Problem:
    return Problem("", 0, 0, column, value, reason)
