"""Post a submission row by row: find what is known, number, draw, weigh, write, link.

One transaction under the head's lock. Everything a rule or a parser can say without the ledger
was said before; here only what depends on what is on record. The bulk loader (bulk.py) does the
same for columns and is held equal to the byte by a test.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ledger.rules import by_hand
from ledger.rules.weights import Listed, Over, Overflow
from ledger.service import (
    applications,
    assignments,
    conditions,
    known_rows,
    licence_acts,
    moves,
    one_country,
    replacements,
    requests,
    superseding,
    targets,
    weights,
)
from ledger.service.begins import Begins
from ledger.service.book import Book, BudgetKey, BudgetTerms, Known
from ledger.service.closed import ClosedQuarters
from ledger.service.current import insist_current
from ledger.service.day_numbers import day_text, days_number
from ledger.service.days import Days
from ledger.service.draws import Drawer
from ledger.service.line_rules import line_rules
from ledger.service.lines import LineBook
from ledger.service.marks import Marks
from ledger.service.new_parents import NewParents
from ledger.service.outcome import Outcome
from ledger.service.papers import Clerk, Lot, RowPapers, totals
from ledger.service.parents import Parents
from ledger.service.rows import Flag, Row, ordered
from ledger.service.rulebook import Rulebook
from ledger.service.running import RunningTotals
from ledger.service.seal import Header, Sealer, day_after
from ledger.service.shares import Shares
from ledger.service.turns import Turns
from ledger.storage.head import Head
from ledger.storage.statements import Cursor
from ledger.storage.store import Store
from schemas.kinds import SHIPMENTS, Kind
from schemas.problems import Problem, Unusable

# Shipments and the receipts they carry: nothing that acts on a licence, a budget or a party.
_PLAIN: frozenset[str] = frozenset({*SHIPMENTS, Kind.RECEIPT})


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

    Raises the store's errors, Outdated where the desk's rules are not the ledger's any more, and
    Unusable where the amounts add up to more than the ledger can hold; then nothing was recorded.
    With nothing new to record there is no submission. `retry`:
    an application refused before is weighed anew, as its next attempt. `dry_run`: all is done
    and then undone; the outcome says what would have been.
    """
    outcome = Outcome()
    with suppress(_Undo), desk.store.posting() as (driver, head):
        memory = desk.known.memory.found_at(head.digest)
        cursor = Cursor(driver, desk.store.dialect, memory)
        insist_current(desk.known, cursor, head)
        submission = head.last_submission + 1
        book = Book(cursor, desk.known, submission)
        outcome.head = head.digest
        sealer = Sealer(desk.store, cursor, book, head)
        sealer.check_after(header)
        fresh = known_rows.sift(cursor, rows, outcome, retry=retry)
        parts = superseding.in_parts(fresh)
        # What papers hang on is added up over all rows, those that are known too.
        ruled = [rows] if len(parts) == 1 else parts
        count, acts = 0, False
        for part, judged in zip(parts, ruled, strict=True):
            posting = Posting(desk, cursor, book, head.last_seq + count)
            posting.rule(judged)
            kept = posting.prepare(part, outcome)
            if not kept:
                continue
            if not count:
                book.open_budgets(desk.opening)
                open_begun(desk.rulebook, book, head)
            count, acts = count + posting.write(kept, sealer, outcome), acts or posting.stands
        if not count:
            return outcome
        sealer.close(header, outcome)
        if dry_run:
            outcome.submission = None
            raise _Undo
    if not dry_run:
        book.keep(outcome.head, acts=acts)
    return outcome


def open_begun(rulebook: Rulebook, book: Book, head: Head) -> None:
    """Open the budgets of periods without an end that have begun as something is recorded."""
    if rulebook.opens_periods:
        book.open_budgets(rulebook.accounts_begun(day_after(head.last_recorded_at)))


class Posting:
    """The steps of one submission between the look-up of its keys and its writing."""

    def __init__(self, desk: Desk, cursor: Cursor, book: Book, last_seq: int) -> None:
        self.desk, self.cursor, self.book = desk, cursor, book
        self.last_seq = last_seq
        self.drawer = Drawer(desk.rulebook, book)
        self.lines = LineBook(cursor, book, line_rules(desk.rulebook))
        self.clerk = Clerk(desk.rulebook, cursor, self.drawer.on_record.relations)
        self.parents = Parents(desk.rulebook, cursor, self.drawer.on_record.relations)
        self.shares = Shares(self.drawer)
        self.running = RunningTotals(desk.rulebook, book)
        self.amounts: dict[Lot, int] = {}
        self.weighed = Listed()
        # Whether acts or declarations are among the rows, and whether there are only shipments.
        self.stands = self.plain = False
        # Each row's day as a whole number.
        self.days: list[int] = []

    def rule(self, rows: Sequence[Row]) -> None:
        """Rule rows by what is declared of their parties, and add up what papers hang on."""
        self.parents.rule(rows)
        self.amounts = totals(self.desk.rulebook, rows)

    def prepare(self, rows: Sequence[Row], outcome: Outcome) -> list[Row]:
        """Number the rows and find their licences, targets and budgets; drop what cannot stand."""
        kept = sorted(rows, key=lambda row: row.order) if len(rows) > 1 else list(rows)
        self.plain = _PLAIN.issuperset([row.kind for row in kept])
        if not self.plain:
            kept = self._about(kept, outcome)
        return self._found(kept)

    def _found(self, kept: list[Row]) -> list[Row]:
        for place, row in enumerate(kept):
            row.seq = self.last_seq + 1 + place
        self.book.parties({n for row in kept for n in _names(row) if n is not None})
        if not self.plain:
            moves.rule(self.parents, self.drawer.on_record.relations, kept)
            one_country.flag_rows(self.desk.rulebook, self.cursor, kept)
            weights.rule(self.desk.rulebook, self.cursor, kept)
        self.lines.find(kept)
        targets.find(self.cursor, self.book, kept, linked=self.desk.rulebook.counts_once)
        conditions.flag(self.desk.rulebook.regime, self.cursor, kept)
        return kept

    def _about(self, rows: list[Row], outcome: Outcome) -> list[Row]:
        """Find what acts, licences and assignments are about; what comes of them is put in."""
        kept = self.lines.check_new(rows, outcome)
        kept = licence_acts.about(self.cursor, self.lines, kept, outcome)
        applications.flag_orders(kept)
        kept = applications.ended(self.cursor, self.book, kept, outcome)
        kept = assignments.laid_under(self.cursor, self.book, self.lines, kept, outcome)
        return replacements.replaced(self.cursor, self.lines, kept, outcome)

    def write(self, rows: Sequence[Row], sealer: Sealer, outcome: Outcome) -> int:
        """Weigh rows, append them, and move what hangs on them; how many were appended.

        Behind them stands what licences on record replace of what came only with them.
        """
        with sums_that_fit():
            self.weigh(rows)
        sealer.write(rows, self.weighed.entries, outcome)
        self.save_derived(rows)
        licences = None if self.plain else replacements.awaited(self.cursor, rows)
        if not licences:
            return len(rows)
        then = Posting(self.desk, self.cursor, self.book, self.last_seq + len(rows))
        made = then._found(replacements.come_since(self.cursor, then.lines, licences))
        self.stands = self.stands or bool(made)
        return len(rows) + (then.write(made, sealer, outcome) if made else 0)

    def weigh(self, rows: Sequence[Row]) -> None:
        """Draw each row on its budgets and weigh them all."""
        for row in rows:
            row.draws += self.drawer.draws(row, self.lines)
            row.flags += self.lines.flags(row)
        self.clerk.flag(rows, self.amounts)
        marks = Marks(self.cursor)
        marks.flag(rows, self.book.numbers)
        self.days = [days_number(row.given.effective_on) for row in rows]
        rulebook, days = self.desk.rulebook, Days(self.book)
        if not self.plain:
            NewParents(rulebook, self.cursor, self.drawer.on_record.relations).flag(rows)
            by = requests.By(rulebook, marks, days, self.shares)
            requests.decide(self.book, rows, by)
            one_country.flag_applications(rulebook, self.cursor, rows)
        self.weighed = Turns(self.book, self.lines, rulebook, days).weigh(rows, self.days)
        flag_excesses(rows, Begins(rulebook, self.book).held(self.weighed.overs, self.days))
        if not self.plain:
            moves.note_unknown(self.book, rows, self.weighed.entries)
        self._measure(rows)
        ClosedQuarters(self.cursor).mark(rows)
        for row in rows:
            if row.flags:
                row.flags = rulebook.spared(row.flags, row.given.effective_on)
                row.flags = ordered(row.flags, self.book.numbers)

    def _measure(self, rows: Sequence[Row]) -> None:
        """Measure the totals that papers hang on, and the shares that the rulings ask for."""

        def found(at: int, flag: Flag) -> None:
            rows[at].flags.append(flag)

        posted = [(e.row, e.budget, e.official, e.posted) for e in self.weighed.entries]
        self.running.flag(posted, self.days, RowPapers(self.clerk, rows), found)
        self.shares.flag(
            posted,
            self.days,
            lambda at: ruled.ruling.shares if (ruled := rows[at].ruled) else (),
            found,
        )

    def save_derived(self, rows: Sequence[Row]) -> None:
        """Move the balances, the days, the licence lines and the standing acts."""
        entries = self.weighed.entries
        save_days(self.book, self.cursor, by_hand.by_day(entries, self.days))
        for entry in entries:
            gives = entry.taken < 0 or entry.adjustment or entry.pending < 0
            if gives and entry.official:
                self.book.credited(entry.budget, rows[entry.row].day)
        self.book.write()
        self.lines.write(rows)
        self.stands = self.drawer.write_standing(self.cursor, rows, self.lines)


def save_days(book: Book, cursor: Cursor, changes: Iterable[by_hand.Change]) -> None:
    """Add the official tally's changes by budget and day to those on record."""
    cursor.add_days(
        [
            (book.numbers[place], day_text(day), taken + pending - adjustment, pending, adjustment)
            for place, day, taken, pending, adjustment in changes
        ]
    )


def _names(row: Row) -> tuple[str | None, ...]:
    return (row.given.exporter, row.given.consignee, row.given.parent)


def flag_excesses(rows: Sequence[Row], overs: Iterable[Over]) -> None:
    """Flag the rows with what they exceed."""
    for at, code, place, limit, taken, asked, short in overs:
        budget = place if place >= 0 else None
        rows[at].flags.append(Flag(code, budget, limit, taken, asked, short))
