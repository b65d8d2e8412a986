"""Running totals that a paper hangs on: what each receiver was sent, lot by lot.

A tally is kept of what each exporter sent to each receiver; the option in force says whether those
of all exporters are added up. What is on record is read when a movement first touches it, and
carried along; rows and columns are measured by the same lines, so that they find the same.

A lot counts by its day: the total before it is what is on record through that day. One that is
dated back may so make a later shipment reach the amount. That one is on record, and is not flagged
again: the lot is noted with its day.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from hashlib import md5
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sqlalchemy import bindparam, func, select, text

from ledger.rules import preconditions
from ledger.rules.admission import Entries
from ledger.rules.preconditions import Terms
from ledger.rules.shares import Stock
from ledger.service.by_place import ByPlace
from ledger.service.day_numbers import day_of, days_number
from ledger.service.holders import supplied, supplied_key
from ledger.service.rows import Flag
from ledger.service.shares import Posted
from schemas import tables as t
from schemas.kinds import Kind

if TYPE_CHECKING:
    from ledger.policy.types import Precondition
    from ledger.service.book import Book
    from ledger.service.rulebook import Rulebook

_ACCOUNTS = select(t.budget.c.budget_no, t.budget.c.holder).where(
    t.budget.c.rule == bindparam("rule")
)
_OF_RECEIVER = _ACCOUNTS.where(
    func.substr(t.budget.c.holder, text("1"), bindparam("length")) == bindparam("begins")
)
_DAY = {name: place for place, name in enumerate(t.balance_day.columns.keys())}
_STANDING = {name: place for place, name in enumerate(t.standing.columns.keys())}
HOW, ALL = "total_reached", "all"


class Papers(Protocol):
    """What a clerk knows of the papers of movements, by their places."""

    def needs(self, at: int) -> tuple[str, ...]:
        """What the movement's ruling asks for before it leaves."""
        ...

    def dated(self, at: int, terms: Terms) -> date | None:
        """The day of the paper that its row names; None where it names none."""
        ...

    def declared(self, at: int, terms: Terms, day: date, receiver: str) -> bool:
        """Whether a paper that was declared covers a shipment of a day."""
        ...


class _Lot(NamedTuple):
    """One lot on its account: the movement's place, the account's, the day and the amount."""

    row: int
    place: int
    day: int
    amount: int


@dataclass(slots=True)
class _Kept:
    """What a receiver was sent so far, by day."""

    stock: Stock = field(default_factory=Stock)
    total: int = 0

    def add(self, day: int, amount: int) -> None:
        """One more lot."""
        self.stock.add(day, amount)
        self.total += amount

    def reached(self, day: int, amount: int, least: int) -> tuple[int, int] | None:
        """The first later day on which a lot of a day makes the total reach an amount, with that
        total; None where it does not, or that day had reached it without.
        """
        first = bisect_right(self.stock.days, day)
        for on, total in zip(self.stock.days[first:], self.stock.sums[first:], strict=True):
            if total + amount >= least:
                return (on, total + amount) if total < least else None
        return None


class RunningTotals:
    """Measures what a submission's movements make of the totals that their papers hang on.

    `at_once`: the accounts on record are read all together, for a file of many receivers.
    """

    def __init__(self, rulebook: Rulebook, book: Book, *, at_once: bool = False) -> None:
        self.rulebook, self.book, self.at_once = rulebook, book, at_once
        self._asking, self._least = _asking(rulebook)
        # Nothing here points back at this: its cursor must be gone with the transaction.
        self._known_terms: dict[tuple[str, date], Terms | None] = {}
        self._of_place: dict[int, tuple[str, str]] = {}
        self._looked = 0
        asking = self._asking
        self._counted = ByPlace(book, bool, lambda book, at: book.named(at)[0] in asking)
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._accounts: dict[tuple[str, str], list[int]] | None = None
        self._done: dict[str, list[str]] = {}

    def flag(
        self,
        entries: Iterable[Posted],
        days: Sequence[int],
        papers: Papers,
        found: Callable[[int, Flag], None],
    ) -> None:
        """Measure each lot of weighed entries, in order; `found` is told what there is to flag."""
        if not self._asking:
            return
        lots: dict[tuple[str, str], list[_Lot]] = {}
        subjects = self._subjects()
        for row, place, official, amount in entries if subjects else ():
            subject = subjects.get(place)
            if subject is not None and official:
                lots.setdefault(subject, []).append(_Lot(row, place, days[row], amount))
        self._load(lots)
        for subject, sent in lots.items():
            self._measure(subject, sent, papers, found)

    def of_batch(self, entries: Entries) -> Iterable[Posted]:
        """What a batch posts on the accounts that are measured here."""
        own = self._counted.column()[entries.budget]
        columns = (entries.row, entries.budget, entries.official, entries.posted)
        return zip(*(column[own].tolist() for column in columns), strict=True)

    def _subjects(self) -> dict[int, tuple[str, str]]:
        """Of each account of a tally, by place: which tally, and whose lots are added up there."""
        for place in range(self._looked, len(self.book.numbers)):
            tally = self.book.named(place)[0]
            if tally in self._asking:
                self._of_place[place] = tally, self._whose(tally, self.book.holder(place))
        self._looked = len(self.book.numbers)
        return self._of_place

    def _whose(self, tally: str, holder: str) -> str:
        """Whose lots an account's are added up with: the receiver's, or the account's own."""
        return supplied(holder)[0] if self._asking[tally].suppliers == ALL else holder

    def _measure(
        self,
        subject: tuple[str, str],
        sent: list[_Lot],
        papers: Papers,
        found: Callable[[int, Flag], None],
    ) -> None:
        kept, rule = self._kept[subject], self._asking[subject[0]]
        if kept.total + sum(lot.amount for lot in sent) < self._least[subject[0]]:
            for lot in sent:
                kept.add(lot.day, lot.amount)
            return
        for lot in sent:
            if rule.key in papers.needs(lot.row):
                flag = self._flag(rule, lot, kept, papers, subject[1])
                if flag is not None:
                    found(lot.row, flag)
            kept.add(lot.day, lot.amount)

    def _flag(
        self, rule: Precondition, lot: _Lot, kept: _Kept, papers: Papers, subject: str
    ) -> Flag | None:
        """What is to be said of a lot, before it is added."""
        day, regime = day_of(lot.day), self.rulebook.regime
        terms = self._terms(rule, day)
        if terms is None:
            return None
        before = kept.stock.moved(lot.day)
        total, on, code = before + lot.amount, lot.day, preconditions.REASON[rule.asks]
        if not terms.asked(total):
            assert terms.amount is not None
            later = kept.reached(lot.day, lot.amount, terms.amount)
            if later is None and total < self._near(rule, terms.amount):
                return None
            code = "paper_near" if later is None else "paper_later"
            on, total = later or (lot.day, total)
        if self._covered(terms, lot, papers, subject, day_of(on)):
            return None
        if code in ("paper_near", "paper_later"):
            said = preconditions.said_ahead(terms, day_of(on), total, regime.unit)
            return Flag(code, lot.place, detail=said)
        sums, dated = (before, lot.amount), papers.dated(lot.row, terms)
        said = preconditions.said_of_total(terms, day, dated, sums, regime.unit)
        if terms.amount is None:
            return Flag(code, lot.place, detail=said)
        over = total - terms.amount
        return Flag(code, lot.place, terms.amount, before, lot.amount, over, said)

    def _terms(self, rule: Precondition, day: date) -> Terms | None:
        if (rule.key, day) not in self._known_terms:
            found = preconditions.terms(rule, self.rulebook.regime, day)
            self._known_terms[rule.key, day] = found
        return self._known_terms[rule.key, day]

    def _near(self, rule: Precondition, amount: int) -> int:
        return amount * self.rulebook.budgets[rule.tally].critical_ppm // 10**6

    def _covered(self, terms: Terms, lot: _Lot, papers: Papers, subject: str, day: date) -> bool:
        """Whether the paper is on record for a day: on the row, declared, or told as done."""
        given_on = papers.dated(lot.row, terms)
        if given_on is not None and given_on <= preconditions.latest(terms, day):
            return True
        receiver = supplied(self.book.holder(lot.place))[0]
        if papers.declared(lot.row, terms, day, receiver):
            return True
        latest = preconditions.latest(terms, day).isoformat()
        return any(
            on <= latest for duty in self._duties(terms.rule) for on in self._done_on(duty, subject)
        )

    def _duties(self, rule: Precondition) -> Iterator[str]:
        """The duties that are done by filing the paper."""
        for duty in self.rulebook.regime.deadlines.values():
            if duty.how == HOW and rule.key in duty.asks:
                yield duty.key

    def _done_on(self, duty: str, subject: str) -> list[str]:
        """The days on which a duty was told to be done; its id is that of reports/sql/due.sql."""
        known = f"{duty}-{md5(subject.encode(), usedforsecurity=False).hexdigest()[:12]}"
        if known not in self._done:
            rows = self.book.cursor.find(t.standing, "subject", [known])
            self._done[known] = [
                str(row[_STANDING["from_on"]])
                for row in rows
                if row[_STANDING["kind"]] == Kind.DUTY_DONE and row[_STANDING["live"]]
            ]
        return self._done[known]

    # What is on record

    def _load(self, subjects: Iterable[tuple[str, str]]) -> None:
        """Read the totals of those that no movement touched before."""
        new = [subject for subject in subjects if subject not in self._kept]
        of: dict[int, _Kept] = {}
        for tally, whose in new:
            kept = self._kept[tally, whose] = _Kept()
            of |= dict.fromkeys(self._numbers(tally, whose), kept)
        rows = self.book.cursor.find(t.balance_day, "budget_no", of) if of else []
        for row in sorted(rows, key=lambda row: str(row[_DAY["on_day"]])):
            on = days_number(date.fromisoformat(str(row[_DAY["on_day"]])))
            of[row[_DAY["budget_no"]]].add(on, int(row[_DAY["taken_mtpp"]]))

    def _numbers(self, tally: str, whose: str) -> list[int]:
        """The accounts on record that are added up for a subject, by number."""
        if not self.at_once:
            begins = supplied_key(whose, "") if self._asking[tally].suppliers == ALL else whose
            found = self.book.cursor.read(_OF_RECEIVER, tally, len(begins), begins)
            return [number for number, holder in found if self._whose(tally, holder) == whose]
        if self._accounts is None:
            self._accounts = defaultdict(list)
            for key in self._asking:
                for number, holder in self.book.cursor.read(_ACCOUNTS, key):
                    self._accounts[key, self._whose(key, holder)].append(number)
        return self._accounts[tally, whose]


@lru_cache(maxsize=8)
def _asking(rulebook: Rulebook) -> tuple[dict[str, Precondition], dict[str, int]]:
    """What asks for a paper by each tally's total, and the total from which anything is said."""
    regime = rulebook.regime
    asking = preconditions.totalled(regime, rulebook.options)
    return asking, {key: preconditions.least_told(one, regime) for key, one in asking.items()}
