"""Post a submission row by row: find what is known, number, draw, weigh, write, link.

One transaction under the head's lock. Everything a rule or a parser can say without the ledger
was said before; here only what depends on what is on record. The bulk loader (bulk.py) does the
same for columns and is held equal to the byte by a test.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np

from ledger.rules.admission import Batch, Changes, Ints, Overflow, Weighed, by_day
from ledger.service import (
    applications,
    assignments,
    conditions,
    known_rows,
    licence_acts,
    replacements,
    requests,
    targets,
    weights,
)
from ledger.service.book import Book, BudgetKey, BudgetTerms, Known
from ledger.service.closed import ClosedQuarters
from ledger.service.day_numbers import day_text, days_number
from ledger.service.days import Days
from ledger.service.draws import Drawer
from ledger.service.line_rules import line_rules
from ledger.service.lines import LineBook
from ledger.service.marks import Marks
from ledger.service.outcome import Outcome
from ledger.service.papers import Clerk, Lot, totals
from ledger.service.rows import Flag, Row, ordered
from ledger.service.rulebook import Rulebook
from ledger.service.seal import Header, Sealer
from ledger.service.shares import Shares
from ledger.service.turns import Turns
from ledger.storage.statements import Cursor
from ledger.storage.store import Store
from schemas.problems import Problem, Unusable

_INT = np.int64


@dataclass(frozen=True, slots=True)
class Desk:
    """What a posting works with: the store, the rules, and the numbers known so far.

    `opening` are budgets to open whether drawn on or not; `duties` tells the ids of what is due
    (reports/sql/due.sql), None where nobody can tell.
    """

    store: Store
    rulebook: Rulebook
    known: Known
    opening: tuple[tuple[BudgetKey, BudgetTerms], ...] = ()
    duties: Callable[[], Collection[str]] | None = None


class _Undo(Exception):
    """Ends a transaction that was only to see."""


@contextmanager
def sums_that_fit() -> Iterator[None]:
    """Where amounts add up to more than 64 bits, the input is what will not do."""
    try:
        yield
    except Overflow as error:
        raise Unusable(Problem("", 0, 0, "tpp", "", str(error))) from error


def post(
    desk: Desk,
    rows: Sequence[Row],
    header: Header,
    *,
    retry: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Record rows as one submission; what is known already is left out and said.

    Raises the store's errors, and Unusable where the amounts add up to more than the ledger can
    hold; then nothing was recorded. With nothing new to record there is no submission. `retry`:
    an application refused before is weighed anew, as its next attempt. `dry_run`: all is done
    and then undone; the outcome says what would have been.
    """
    outcome = Outcome()
    with suppress(_Undo), desk.store.posting() as (driver, head):
        cursor = Cursor(driver, desk.store.dialect)
        submission = head.last_submission + 1
        book = Book(cursor, desk.known, submission)
        outcome.head = head.digest
        sealer = Sealer(desk.store, cursor, book, head)
        sealer.check_after(header)
        fresh = known_rows.sift(cursor, rows, outcome, retry=retry)
        posting = Posting(desk, cursor, book, head.last_seq)
        posting.amounts = totals(desk.rulebook, rows)
        fresh = posting.prepare(fresh, outcome)
        if not fresh:
            return outcome
        for key, terms in desk.opening:
            if book.budget(key) is None:
                book.open_budget(key, terms)
        with sums_that_fit():
            posting.weigh(fresh)
        sealer.seal(fresh, posting.weighed, header, outcome)
        posting.save_derived(fresh)
        if dry_run:
            outcome.submission = None
            raise _Undo
    if not dry_run:
        book.keep()
    return outcome


class Posting:
    """The steps of one submission between the look-up of its keys and its writing."""

    def __init__(self, desk: Desk, cursor: Cursor, book: Book, last_seq: int) -> None:
        self.desk, self.cursor, self.book = desk, cursor, book
        self.last_seq = last_seq
        self.drawer = Drawer(desk.rulebook, book)
        self.lines = LineBook(cursor, book, line_rules(desk.rulebook))
        self.clerk = Clerk(desk.rulebook, cursor, self.drawer.on_record.relations)
        self.shares = Shares(self.drawer)
        self.amounts: dict[Lot, int] = {}
        self.weighed: Weighed

    def prepare(self, rows: Sequence[Row], outcome: Outcome) -> list[Row]:
        """Number the rows and find their licences, targets and budgets; drop what cannot stand."""
        kept = sorted(rows, key=lambda row: row.order)
        kept = self.lines.check_new(kept, outcome)
        kept = licence_acts.about(self.cursor, self.lines, kept, outcome)
        kept = applications.ended(self.cursor, self.book, kept, outcome)
        kept = assignments.laid_under(self.cursor, self.book, self.lines, kept, outcome)
        kept = replacements.replaced(self.cursor, self.lines, kept)
        for place, row in enumerate(kept):
            row.seq = self.last_seq + 1 + place
        self.book.parties(n for row in kept for n in _names(row) if n is not None)
        self.lines.find(kept)
        targets.find(self.cursor, self.book, kept, linked=self.desk.rulebook.counts_once)
        weights.rule(self.desk.rulebook, self.cursor, kept)
        conditions.flag(self.desk.rulebook.regime, self.cursor, kept)
        return kept

    def weigh(self, rows: Sequence[Row]) -> None:
        """Draw each row on its budgets and weigh them all."""
        for row in rows:
            row.draws += self.drawer.draws(row, self.lines)
            row.flags += self.lines.flags(row)
        self.clerk.flag(rows, self.amounts)
        marks = Marks(self.cursor)
        marks.flag(rows, self.book.numbers)
        rulebook, days = self.desk.rulebook, Days(self.book)
        by = requests.By(rulebook.options, marks, rulebook.spares, days)
        requests.decide(self.book, rows, by)
        self.weighed = Turns(self.book, self.lines, rulebook, days).weigh(rows, batch_of)
        flag_excesses(rows, self.weighed)
        self._measure(rows)
        ClosedQuarters(self.cursor).mark(rows)
        for row in rows:
            row.flags = self.desk.rulebook.spared(row.flags, row.given.effective_on)
            row.flags = ordered(row.flags, self.book.numbers)

    def _measure(self, rows: Sequence[Row]) -> None:
        """Measure the shares that the rows' rulings ask for."""
        days = np.array([days_number(row.given.effective_on) for row in rows], _INT)
        self.shares.flag(
            self.weighed.entries,
            days,
            lambda at: ruled.ruling.shares if (ruled := rows[at].ruled) else (),
            lambda at, flag: rows[at].flags.append(flag),
        )

    def save_derived(self, rows: Sequence[Row]) -> None:
        """Move the balances, the days, the licence lines and the standing acts."""
        entries = self.weighed.entries
        save_days(self.book, self.cursor, by_day(entries, _days_of(rows)))
        gives = (entries.taken < 0) | (entries.adjustment != 0) | (entries.pending < 0)
        gives &= entries.official == 1
        for place, at in zip(
            entries.budget[gives].tolist(), entries.row[gives].tolist(), strict=True
        ):
            self.book.credited(place, rows[at].day)
        self.book.write()
        self.lines.write(rows)
        self.drawer.write_standing(self.cursor, rows, self.lines)


def save_days(book: Book, cursor: Cursor, changes: Changes) -> None:
    """Add the official tally's changes by budget and day to those on record."""
    taken = changes.taken + changes.pending - changes.adjustment
    columns = (*changes[:2], taken, *changes[3:])
    cursor.add_days(
        [
            (book.numbers[place], day_text(day), *amounts)
            for place, day, *amounts in zip(*(c.tolist() for c in columns), strict=True)
        ]
    )


def _days_of(rows: Sequence[Row]) -> Ints:
    return np.array([days_number(row.given.effective_on) for row in rows], _INT)


def batch_of(rows: Sequence[Row]) -> Batch:
    """The rows and their draws as columns."""
    draws = [(at, draw) for at, row in enumerate(rows) for draw in row.draws]
    return Batch(
        *_columns(4, (_figures(row) for row in rows)),
        *_columns(5, ((at, d.place, d.official, int(d.effect), d.amount) for at, d in draws)),
    )


def _figures(row: Row) -> tuple[int, int, int, int]:
    """Amount, quantity, value and the place of its licence line."""
    quantity = row.given.quantity or 0
    value = (row.given.unit_value_cents or 0) * quantity
    return row.amount, quantity, value, row.line_place if row.uses_line else -1


def _columns(count: int, rows: Iterable[tuple[int, ...]]) -> Ints:
    """Rows of so many figures as columns."""
    return np.array(list(rows), _INT).reshape(-1, count).T.copy()


def _names(row: Row) -> tuple[str | None, ...]:
    return (row.given.exporter, row.given.consignee, row.given.parent)


def flag_excesses(rows: Sequence[Row], weighed: Weighed) -> None:
    """Flag the rows with what they exceed."""
    for excess in weighed.excesses:
        columns = (excess.row, excess.budget, excess.limit, excess.taken)
        more = (excess.asked, excess.short)
        lists = [column.tolist() for column in (*columns, *more)]
        for code, at, place, limit, taken, asked, short in zip(excess.code, *lists, strict=True):
            budget = place if place >= 0 else None
            rows[at].flags.append(Flag(code, budget, limit, taken, asked, short))
