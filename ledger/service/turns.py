"""Weigh rows in turns, so that an act on a licence line finds it as what came before left it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ledger.rules.admission import Batch, Entries, Weighed, by_day, weigh
from ledger.rules.weights import Ints
from ledger.service import licence_acts
from ledger.service.book import Book
from ledger.service.day_numbers import days_number
from ledger.service.days import Days
from ledger.service.lines import LineBook
from ledger.service.rows import Row
from ledger.service.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class Turns:
    """What rows are weighed against: budgets, licence lines, rules, and the budgets' days."""

    book: Book
    lines: LineBook
    rulebook: Rulebook
    days: Days

    def weigh(self, rows: Sequence[Row], batch_of: Callable[[Sequence[Row]], Batch]) -> Weighed:
        """Weigh rows in their order; one turn, unless acts and draws meet on a line."""
        turns = []
        for start, stop in _cuts(rows):
            part = rows[start:stop]
            for row in part:
                if row.act_place >= 0:
                    licence_acts.take(row, self.lines, self.rulebook)
            weighed = self._one(part, batch_of(part))
            _flag_late(part, weighed, self.lines)
            turns.append((start, weighed))
        return turns[0][1] if len(turns) == 1 else _joined(turns)

    def _one(self, rows: Sequence[Row], batch: Batch) -> Weighed:
        on = np.array([days_number(row.given.effective_on) for row in rows], np.int64)
        calendar = self.days.calendar(batch, on)
        tolerance = self.rulebook.value_tolerance_ppm
        weighed = weigh(batch, self.book.balances, self.lines.lines, tolerance, calendar)
        self.days.took(by_day(weighed.entries, on))
        return weighed


def _cuts(rows: Sequence[Row]) -> Iterator[tuple[int, int]]:
    """Where turns begin and end: no line is acted on that its turn has touched before."""
    start = 0
    touched: set[int] = set()
    acted: set[int] = set()
    for at, row in enumerate(rows):
        place = row.act_place if row.act_place >= 0 else row.line_place
        if place < 0:
            continue
        if place in (touched if row.act_place >= 0 else acted):
            yield start, at
            start = at
            touched, acted = set(), set()
        touched.add(place)
        if row.act_place >= 0:
            acted.add(place)
    yield start, len(rows)


def _flag_late(rows: Sequence[Row], weighed: Weighed, lines: LineBook) -> None:
    for at in np.flatnonzero(weighed.late).tolist():
        flag = lines.late_flag(rows[at].line_place, rows[at].day)
        if flag is not None:
            rows[at].flags.append(flag)


def _joined(turns: Sequence[tuple[int, Weighed]]) -> Weighed:
    """Several turns as one, the places of their rows moved up."""
    names = Entries.__slots__
    columns: list[Ints] = [
        np.concatenate(
            [getattr(w.entries, name) + (start if name == "row" else 0) for start, w in turns]
        )
        for name in names
    ]
    excesses = []
    for start, weighed in turns:
        for excess in weighed.excesses:
            excess.row = excess.row + start
            excesses.append(excess)
    return Weighed(Entries(*columns), excesses, np.concatenate([w.late for _, w in turns]))
