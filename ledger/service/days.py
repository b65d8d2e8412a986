"""The days of the budgets for which totals are not enough, as admission needs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Column, bindparam, select

from ledger.policy.budgets import DATED, FLOOR
from ledger.rules import by_hand
from ledger.rules.admission import Batch, Calendar, Changes, Entries, Ints
from ledger.rules.timeline import Timeline
from ledger.rules.weights import Entry
from ledger.service.book import Book
from ledger.service.by_place import ByPlace
from ledger.service.day_numbers import days_number
from ledger.storage.statements import parts_of
from schemas import tables as t

_OF_DAYS = tuple(
    t.balance_day.c[name] for name in ("on_day", "taken_mtpp", "pending_mtpp", "adjustment_mtpp")
)
_OF_STEPS = (t.budget_step.c.from_on, t.budget_step.c.limit_mtpp)
_DAYS = (
    select(*_OF_DAYS)
    .where(t.balance_day.c.budget_no == bindparam("budget_no"))
    .order_by(t.balance_day.c.on_day)
)
_STEPS = (
    select(*_OF_STEPS)
    .where(t.budget_step.c.budget_no == bindparam("budget_no"))
    .order_by(t.budget_step.c.from_on)
)
# Budgets whose days are read together.
_AT_ONCE = 500
_Rows = Sequence[tuple[Any, ...]]
# Before any day, and after all.
_NEVER, _ALWAYS = -(2**62), 2**62


class Days:
    """The days of one transaction's budgets, read where a movement is dated before a change.

    `unsaved` is what earlier batches of the same transaction changed, not yet written: others may
    gather it; without it they are told by `took`.
    """

    def __init__(self, book: Book, unsaved: Sequence[Changes] | None = None) -> None:
        self.book, self._unsaved = book, unsaved
        self._took: list[tuple[Sequence[Entry], Sequence[int]]] = []
        self._taken: dict[int, list[by_hand.Change]] = {}
        self._turned = ByPlace(book, np.int64, _turns)
        self._loaded: dict[int, Timeline] = {}

    def calendar(self, batch: Batch, day: Ints) -> Calendar:
        """What weighing a batch needs to know of days; `day` is each movement's."""
        turning = self._turned.column()
        official = batch.draw_official == 1
        at = batch.draw_budget[official]
        early = day[batch.draw_row[official]] < turning[at]
        self._load(np.unique(at[early]).tolist())
        return Calendar(day, self._loaded)

    def took(self, entries: Sequence[Entry], on: Sequence[int]) -> None:
        """Rows were weighed: their entries count from then on; `on` is the day of each row."""
        self._took.append((entries, on))

    def calendar_of(self, entries: Entries, day: Ints) -> Calendar:
        """The same for entries that are known, in any order of their days: a reversal's."""
        official = entries.official == 1
        dated = self._turned.column()[entries.budget] == _ALWAYS
        at = entries.budget[official & (dated | (entries.taken > 0))]
        self._load(np.unique(at).tolist())
        return Calendar(day, self._loaded)

    def decides(self, place: int, day: int) -> bool:
        """Whether the days decide for a movement of a day (a number), and not the totals."""
        return day < _turns(self.book, place)

    def matter(self, place: int, day: int) -> bool:
        """Whether a movement of a day is weighed by the days: they decide, or are kept already."""
        return place in self._loaded or self.decides(place, day)

    def timeline(self, place: int) -> Timeline:
        """The days of the budget at a place, as on record and as weighed since."""
        if place not in self._loaded:
            self._loaded[place] = self._read(place)
        return self._loaded[place]

    def _load(self, places: Sequence[int]) -> None:
        """Read the days of some budgets together."""
        missing = [place for place in places if place not in self._loaded]
        for part in parts_of(missing, _AT_ONCE):
            numbers = [self.book.numbers[place] for place in part if not self.book.is_new(place)]
            steps = self._found(_OF_STEPS, numbers)
            days = self._found(_OF_DAYS, numbers)
            for place in part:
                number = self.book.numbers[place]
                self._loaded[place] = self._made(place, steps.get(number), days.get(number))

    def _found(self, columns: Sequence[Column[Any]], numbers: Sequence[int]) -> dict[int, _Rows]:
        """Columns of the steps or days of some budgets, in order of the first, by budget number."""
        table = columns[0].table
        asked = [table.columns.keys().index(column.name) for column in columns]
        found: dict[int, list[tuple[Any, ...]]] = {}
        for row in self.book.cursor.find(table, "budget_no", numbers):
            found.setdefault(row[0], []).append(tuple(row[at] for at in asked))
        return {number: sorted(rows) for number, rows in found.items()}

    def _read(self, place: int) -> Timeline:
        if self.book.is_new(place):
            return self._made(place, None, None)
        read, number = self.book.cursor.read, self.book.numbers[place]
        return self._made(place, read(_STEPS, number), read(_DAYS, number))

    def _made(self, place: int, steps: _Rows | None, days: _Rows | None) -> Timeline:
        """The days of a budget, of its steps and days on record and what was weighed since."""
        new = self.book.is_new(place)
        told = self.book.steps(place) if new else _dated(steps or ())
        step, limit = _columns(told or [(_NEVER, int(self.book.balances.limit[place]))], 2)
        day, taken, pending, adjustment = _columns(_dated(days or ()), 4)
        floor = self.book.kind(place) in FLOOR
        made = Timeline(step, limit, day, taken, pending, adjustment, floor)
        # On record pending amounts are among those taken, and adjustments are set off.
        made.taken += made.adjustment - made.pending
        for changes in self._weighed(place):
            made.add(changes)
        return made

    def _weighed(self, place: int) -> Iterator[Changes]:
        """What was weighed of a budget in this transaction, not yet written."""
        for unsaved in self._unsaved or ():  # each in order of budgets
            begin, end = np.searchsorted(unsaved.budget, [place, place + 1])
            if begin < end:
                yield Changes(*(column[begin:end] for column in unsaved))
        while self._took:
            for change in by_hand.by_day(*self._took.pop(0)):
                self._taken.setdefault(change[0], []).append(change)
        if place in self._taken:
            yield Changes(*_columns(self._taken[place], 5))


def _turns(book: Book, place: int) -> int:
    """The day from which on the totals decide of a budget."""
    if book.kind(place) in DATED:
        return _ALWAYS
    credit = book.last_credit[place]
    return _NEVER if credit is None else days_number(date.fromisoformat(credit))


def _dated(rows: Iterable[tuple[Any, ...]]) -> list[tuple[int, ...]]:
    return [(days_number(date.fromisoformat(str(day))), *values) for day, *values in rows]


def _columns(rows: Sequence[tuple[int, ...]], count: int) -> list[Ints]:
    columns = zip(*rows, strict=True) if rows else [()] * count
    return [np.array(column, np.int64) for column in columns]
