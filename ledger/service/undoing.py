"""Carry out reversals: the opposite of each movement's entries, part after part of a submission."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np

from ledger.rules.admission import Entries, Ints, by_day, weigh_given
from ledger.rules.weights import Listed
from ledger.service import requests
from ledger.service.answers import Answers
from ledger.service.begins import Begins
from ledger.service.book import Book
from ledger.service.closed import NEVER_LATE, ClosedQuarters
from ledger.service.day_numbers import day_text, days_number
from ledger.service.days import Days
from ledger.service.dependents import Chosen, Undo
from ledger.service.gathered_days import GatheredDays
from ledger.service.line_history import Change, LineHistory
from ledger.service.lines import LineBook
from ledger.service.outcome import Outcome
from ledger.service.posting import flag_excesses, save_days, sums_that_fit
from ledger.service.rows import Row, key_of, ordered, row_of
from ledger.service.rulebook import Rulebook
from ledger.service.seal import Sealer
from ledger.service.stored import Stored
from ledger.service.targets import given_by, names_of
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.canonical import canonical
from schemas.kinds import Kind
from schemas.problems import Problem, Unusable
from schemas.records import Given
from schemas.tpp import grouped

_AMOUNTS = ("adjustment", "pending", "held", "posted", "lapsed")
_HELD, _PENDING, _LAPSED = (_AMOUNTS.index(name) for name in ("held", "pending", "lapsed"))


class Undoing:
    """The reversals of one submission: what is carried from part to part, and saved at the end.

    `reason` is why, one for all or by seq; the first reversal follows `last_seq`.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        lines: LineBook,
        reason: str | Mapping[int, str],
        last_seq: int,
    ) -> None:
        self.lines, self.cursor, self.book = lines, lines.cursor, lines.book
        self._begins = Begins(rulebook, lines.book)
        self._reason, self._last_seq = reason, last_seq
        self._history, self._answers = LineHistory(lines), Answers(lines.cursor)
        self._days = GatheredDays()
        self._dated = Days(self.book, self._days.parts)
        self._closed = ClosedQuarters(self.cursor)
        # The last day on which each budget, by place, had room come back.
        self._credits: dict[int, int] = {}
        # Acts and declarations, and whether they stand from now on.
        self._standing: list[tuple[int, int]] = []

    def write(self, chosen: Chosen, sealer: Sealer, outcome: Outcome) -> None:
        """Weigh and write the reversals, and all they change but balances, which are the book's.

        Raises Unusable where a restored application no longer fits, or a sum is too large.
        """
        with sums_that_fit():
            _still_fit(self.cursor, self._begins, self._dated, chosen.restored())
            for undos in chosen.parts():
                rows, weighed = self._weigh(undos)
                sealer.write(rows, weighed.entries, outcome)
        self._save()

    def _weigh(self, undos: Sequence[Undo]) -> tuple[list[Row], Listed]:
        """Number the reversals of a part, restore lines, and move the balances by the opposite
        entries.
        """
        rows = self._rows(undos)
        self._standing += _standing(self.cursor, undos)
        back = _restore_lines(self._history, undos)
        entries = _opposites(self.cursor, self.book, rows, (back, self._pending(undos)))
        day = np.array([days_number(row.given.effective_on) for row in rows], np.int64)
        calendar = self._dated.calendar_of(entries, day)
        weighed = weigh_given(entries, self.book.balances, calendar).listed()
        self._days.add(by_day(entries, day))
        self._credit(entries, day)
        flag_excesses(rows, self._begins.held(weighed.overs, day.tolist()))
        moving = zip(rows, undos, strict=True)
        self._closed.mark([row for row, undo in moving if undo.root["kind"] not in NEVER_LATE])
        for row in rows:
            row.flags = ordered(row.flags, self.book.numbers)
        return rows, weighed

    def _pending(self, undos: Sequence[Undo]) -> dict[int, dict[int, int]]:
        """What is pending more by each answer to an application, by the budget's number."""
        self._answers.load(undo.root for undo in undos)
        each = {u.seq: self._answers.set_live(u.root, u.restored is not None) for u in undos}
        return {seq: pending for seq, pending in each.items() if pending is not None}

    def _rows(self, undos: Sequence[Undo]) -> list[Row]:
        names = names_of(self.cursor, [undo.movement for undo in undos])
        rows = [_row(undo, names, self._why(undo.seq)) for undo in undos]
        _number_attempts(self.cursor, rows)
        for place, row in enumerate(rows, start=self._last_seq + 1):
            row.seq = place
        self._last_seq += len(rows)
        self.book.parties(names.values())
        return rows

    def _why(self, seq: int) -> str:
        return self._reason if isinstance(self._reason, str) else self._reason[seq]

    def _credit(self, entries: Entries, day: Ints) -> None:
        places, which = np.unique(entries.budget, return_inverse=True)
        last = np.full(len(places), np.iinfo(np.int64).min)
        np.maximum.at(last, which, day[entries.row])
        for place, on in zip(places.tolist(), last.tolist(), strict=True):
            self._credits[place] = max(self._credits.get(place, on), on)

    def _save(self) -> None:
        """Write the days, the licence lines and what acts and declarations stand."""
        for changes in self._days.by_number(np.arange(len(self.book.numbers))):
            each = zip(*(column.tolist() for column in changes), strict=True)
            save_days(self.book, self.cursor, each)
        for place, day in self._credits.items():
            self.book.credited(place, day_text(day))
        self.lines.write([])
        self.cursor.change(t.standing, ("live",), self._standing)


def _row(undo: Undo, names: Mapping[int, str], reason: str) -> Row:
    """The reversal of one movement, which carries what it reverses for whoever reads it."""
    movement, seq = undo.movement, undo.seq
    before = given_by(movement, names)
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
    cursor: Cursor,
    book: Book,
    rows: Sequence[Row],
    came_to: tuple[dict[int, Change], dict[int, dict[int, int]]],
) -> Entries:
    """The opposite of each movement's entries; on a licence line's budget what the line came to,
    and of an answer to an application what is pending more by it.
    """
    changes, pending = came_to
    at = {row.target_seq: place for place, row in enumerate(rows)}
    stored = cursor.find(t.entry, "seq", [row.target_seq for row in rows])
    opposites = {(at[e[0]], e[1], e[2]): [-value for value in e[3:]] for e in stored}
    for seq, change in changes.items():
        for number in change.budget_nos:
            key = (at[seq], number, 1)
            if change.held or change.lapsed or key in opposites:
                amounts = opposites.setdefault(key, [0] * len(_AMOUNTS))
                amounts[_HELD], amounts[_LAPSED] = change.held, change.lapsed
    _put_pending(opposites, {at[seq]: more for seq, more in pending.items()})
    ordered = sorted(opposites)
    columns = [
        [place for place, _, _ in ordered],
        book.places([number for _, number, _ in ordered]),
        [official for _, _, official in ordered],
        *([opposites[key][n] for key in ordered] for n in range(len(_AMOUNTS))),
    ]
    return Entries(*(np.array(column, np.int64) for column in columns))


def _put_pending(
    opposites: dict[tuple[int, int, int], list[int]], pending: Mapping[int, Mapping[int, int]]
) -> None:
    """Put in what is pending more, by the place of the reversal and the budget's number."""
    for key in [key for key in opposites if key[0] in pending]:
        opposites[key][_PENDING] = pending[key[0]].get(key[1], 0) if key[2] else 0
        if not any(opposites[key]):
            del opposites[key]
    for place, more in pending.items():
        for number, amount in more.items():
            opposites.setdefault((place, number, 1), [0] * len(_AMOUNTS))[_PENDING] = amount


def _restore_lines(history: LineHistory, undos: Sequence[Undo]) -> dict[int, Change]:
    """Take movements off their licence lines, or put them back; what each line came to by it.

    A line stands as its live movements make it: a shipment that overdrew gives back less than it
    drew, and one that came late gives back to what had lapsed.
    """
    history.load(undo.root for undo in undos)
    changes = {u.seq: history.set_live(u.root, u.restored is not None) for u in undos}
    return {seq: change for seq, change in changes.items() if change is not None}


def _still_fit(cursor: Cursor, begins: Begins, days: Days, restored: Iterable[Stored]) -> None:
    """A restored application asks for room again, which others may have taken since."""
    asked = requests.Asked()
    for root in restored:
        if root["kind"] != Kind.APPLICATION:
            continue
        day = date.fromisoformat(str(root["effective_on"]))
        for _, number, _, *amounts in cursor.find(t.entry, "seq", [root["seq"]]):
            (place,), amount = begins.book.places([number]), amounts[_PENDING]
            left = requests.room_left(begins, days, (place, day), asked)
            if amount > left:
                reason = (
                    f"the application no longer fits: it asks {grouped(amount)}, {grouped(left)}"
                    " is left; record it anew, and it is weighed"
                )
                raise Unusable(Problem("", 0, 0, "seq", str(root["seq"]), reason))
            asked.add(place, day, amount)


def _standing(cursor: Cursor, undos: Sequence[Undo]) -> list[tuple[int, int]]:
    """Acts and declarations that are reversed stand no longer, those restored stand again."""
    live = {int(undo.root["seq"]): int(undo.restored is not None) for undo in undos}
    return [(live[row[0]], row[0]) for row in cursor.find(t.standing, "seq", live)]
