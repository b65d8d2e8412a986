"""Weigh rows in turns, so that an act on a licence line finds it as what came before left it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ledger.rules import by_hand
from ledger.rules.admission import Batch, weigh
from ledger.rules.weights import Ints, Listed, Lot
from ledger.service import licence_acts
from ledger.service.book import Book
from ledger.service.days import Days
from ledger.service.lines import LineBook
from ledger.service.rows import Row
from ledger.service.rulebook import Rulebook


class Turns(NamedTuple):
    """What rows are weighed against: budgets, licence lines, rules, and the budgets' days."""

    book: Book
    lines: LineBook
    rulebook: Rulebook
    days: Days

    def weigh(self, rows: Sequence[Row], on: Sequence[int]) -> Listed:
        """Weigh rows in their order; one turn, unless acts and draws meet on a line.

        `on` is the day of each as a whole number.
        """
        done = Listed()
        for start, stop in _cuts(rows):
            part = rows[start:stop]
            for row in part:
                if row.act_place >= 0:
                    licence_acts.take(row, self.lines, self.rulebook)
            found = self._one(_lots_of(part), on[start:stop])
            _flag_late(part, found.late, self.lines)
            if start:
                done.entries += [entry._replace(row=entry.row + start) for entry in found.entries]
                done.overs += [over._replace(row=over.row + start) for over in found.overs]
            else:
                done = found
        return done

    def _one(self, lots: Sequence[Lot], on: Sequence[int]) -> Listed:
        tolerance = self.rulebook.value_tolerance_ppm
        if by_hand.is_few(lots) and not self._days_matter(lots, on):
            found = by_hand.weigh(lots, self.book.figures, self.lines.figures, tolerance)
        else:
            batch = _batch_of(lots)
            calendar = self.days.calendar(batch, np.array(on, np.int64))
            found = weigh(batch, self.book.balances, self.lines.lines, tolerance, calendar).listed()
        self.days.took(found.entries, on)
        return found

    def _days_matter(self, lots: Sequence[Lot], on: Sequence[int]) -> bool:
        """Whether some draw falls on a budget for which totals are not enough."""
        for lot, day in zip(lots, on, strict=True):
            for draw in lot.draws:
                if draw[1] and self.days.matter(draw[0], day):
                    return True
        return False


def _lots_of(rows: Sequence[Row]) -> list[Lot]:
    """The figures of rows, and their draws."""
    lots = []
    for row in rows:
        quantity = row.given.quantity or 0
        value = (row.given.unit_value_cents or 0) * quantity
        line = row.line_place if row.uses_line else -1
        lots.append(Lot(row.amount, quantity, value, line, row.draws))
    return lots


def _batch_of(lots: Sequence[Lot]) -> Batch:
    """Lots and their draws as columns."""
    draws = [(at, *draw) for at, lot in enumerate(lots) for draw in lot.draws]
    return Batch(*_columns(4, (lot[:4] for lot in lots)), *_columns(5, draws))


def _columns(count: int, rows: Iterable[tuple[int, ...]]) -> Ints:
    """Rows of so many figures as columns."""
    return np.array(list(rows), np.int64).reshape(-1, count).T.copy()


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


def _flag_late(rows: Sequence[Row], late: Sequence[int], lines: LineBook) -> None:
    for row, amount in zip(rows, late, strict=True):
        if not amount:
            continue
        sent = row.given if row.laid is None else row.laid.given
        flag = lines.late_flag(row.line_place, sent.effective_on.isoformat())
        if flag is not None:
            row.flags.append(flag)
