"""Applications: each is weighed in turn against the room left, and refused where it exceeds.

What earlier applications ask for counts as taken: two of them cannot both be told that the last
units are theirs (docs/decisions/0003-pending.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, literal_column, select

from ledger.rules.sharing import Grant, Request, share
from ledger.rules.weights import Overflow
from ledger.service.begins import Begins
from ledger.service.book import Book
from ledger.service.day_numbers import days_number
from ledger.service.days import Days
from ledger.service.marks import SUSPENDED, Marks
from ledger.service.rows import Drawn, Flag, Row
from ledger.service.shares import Shares
from schemas import tables as t
from schemas.kinds import Kind
from schemas.tpp import LARGEST_MTPP

if TYPE_CHECKING:
    from ledger.service.rulebook import Rulebook

CLOSED = "budget_closed"
PRO_RATA, BY_FILING, GRANT_REMAINING = "pro_rata", "application_date", "grant_remaining"
SHARE_OVER = "share_over"
# Reasons that hang on the amount alone.
_OF_AMOUNT = ("over_limit", SHARE_OVER)
# What is pending of requests on record, by the day they were filed.
_FILED = (
    select(t.movement.c.effective_on, func.sum(t.entry.c.pending_mtpp))
    .join(t.entry, t.movement.c.seq == t.entry.c.seq)
    .where(t.entry.c.budget_no == bindparam("budget_no"))
    .where(t.entry.c.pending_mtpp != literal_column("0"))
    .group_by(t.movement.c.effective_on)
)


class Asked:
    """What requests weighed before asked of budgets, by place: in all, and by day."""

    def __init__(self) -> None:
        self._in_all: dict[int, int] = {}
        self._by_day: dict[int, dict[int, int]] = {}

    def add(self, place: int, day: date, amount: int) -> None:
        """A request of a day asks an amount of a budget. Raises Overflow beyond 64 bits."""
        self._in_all[place] = self._in_all.get(place, 0) + amount
        if self._in_all[place] > LARGEST_MTPP:
            raise Overflow(Overflow.__doc__)
        days, number = self._by_day.setdefault(place, {}), days_number(day)
        days[number] = days.get(number, 0) + amount

    def in_all(self, place: int) -> int:
        """What was asked of a budget."""
        return self._in_all.get(place, 0)

    def by_day(self, place: int) -> list[tuple[int, int]]:
        """The same by day, as a whole number."""
        return list(self._by_day.get(place, {}).items())


@dataclass(frozen=True, slots=True)
class By:
    """What applications are weighed by: the rules in force, marks on budgets, the budgets' days,
    and the shares that are measured.
    """

    rulebook: Rulebook
    marks: Marks
    days: Days
    shares: Shares


def decide(book: Book, rows: Sequence[Row], by: By) -> None:
    """Refuse the applications that do not fit on every day from theirs on; in their order.

    Where the country's budget is closed none is weighed: each is refused.
    What crosses the limit is refused whole, or granted up to what remains, as the option
    `straddle` says; with `queue` = pro_rata, those of one day share what is left. On a day that
    `spares` none is refused for a limit: it is noted instead.
    """
    asked = Asked()
    applications = [row for row in rows if row.kind == Kind.APPLICATION and not _closed(row)]
    if not applications:
        return
    weigher = _Weigher(book, by)
    for day, of_day in groupby(applications, key=lambda row: row.given.effective_on):
        pro_rata = by.rulebook.options.get("queue") == PRO_RATA
        if pro_rata and not by.rulebook.spares(day):
            weigher.share(list(of_day), asked)
            continue
        for row in of_day:
            weigher.weigh(row, asked)


class _Weigher:
    """Weighs applications under the options in force."""

    def __init__(self, book: Book, by: By) -> None:
        self.book, self.marks, self.spares = book, by.marks, by.rulebook.spares
        self.days, self.shares = by.days, by.shares
        self.begins = Begins(by.rulebook, book)
        self.in_part = by.rulebook.options.get("straddle") == GRANT_REMAINING
        self.by_filing = by.rulebook.options.get("queue") == BY_FILING
        self._filed: dict[int, dict[str, int]] = {}

    def weigh(self, row: Row, asked: Asked) -> None:
        """Grant or refuse one application; what it is granted is asked for from then on."""
        reasons = self._reasons(row, asked)
        if self.spares(row.given.effective_on):
            noted = [flag for flag in reasons if flag.code in _OF_AMOUNT]
            reasons = [flag for flag in reasons if flag.code not in _OF_AMOUNT]
            row.flags += noted if not reasons else []
        if reasons:
            most = self._most(row, reasons) if self.in_part else 0
            if most <= 0:
                _refuse(row, reasons)
                return
            bound = min(reasons, key=lambda f: (f.asked or 0) - (f.short or 0))
            short = row.amount - most
            flag = bound._replace(code="granted_in_part", asked=row.amount, short=short)
            _cut(row, most, flag)
        for draw in row.draws:
            asked.add(draw.place, row.given.effective_on, draw.amount)

    def _reasons(self, row: Row, asked: Asked) -> list[Flag]:
        """What stands against an application; what its shares only note stands on the row."""
        reasons = [flag for draw in row.draws for flag in self._against(row, draw, asked)]
        measured = self.shares.against(row, row.amount)
        row.flags += [flag for flag in measured if flag.code != SHARE_OVER]
        return reasons + [flag for flag in measured if flag.code == SHARE_OVER]

    def _most(self, row: Row, reasons: list[Flag]) -> int:
        """The most that may be granted in spite of the reasons, in whole units; 0 for nothing."""
        unit, most = row.given.unit_mtpp or 1, row.amount
        while reasons:
            left = [f.asked - f.short for f in reasons if f.asked and f.short is not None]
            if len(left) < len(reasons):
                return 0
            most = min(left) // unit * unit
            # A share may bind less on one day and more on another: once more with what is left.
            again = self.shares.against(row, most) if most > 0 else []
            reasons = [flag for flag in again if flag.code == SHARE_OVER]
        return most

    def share(self, rows: Sequence[Row], asked: Asked) -> None:
        """Share what is left among the applications of one day, where it is too little."""
        open_rows = []
        for row in rows:
            reasons = self._reasons(row, asked)
            stopped = [flag for flag in reasons if flag.code != "over_limit"]
            if stopped:
                _refuse(row, stopped)
            elif row.draws:
                open_rows.append(row)
        if not open_rows:
            return
        day = rows[0].given.effective_on
        places = sorted({draw.place for row in open_rows for draw in row.draws})
        rooms = {p: max(self._room(p, day, asked), 0) for p in places}
        grants = share([_request(row) for row in open_rows], rooms)
        taken = {p: _taken(self.book, p, rooms[p]) for p in places}
        for row, grant in zip(open_rows, grants, strict=True):
            unit = row.given.unit_mtpp or 1
            if grant.bound is not None and grant.units * unit < row.amount:
                limit, used = taken[grant.bound]
                short = row.amount - rooms[grant.bound]
                if grant.units:
                    said = _explained(grant, len(open_rows))
                    cut = row.amount - grant.units * unit
                    figures = (limit, used, row.amount, cut)
                    flag = Flag("granted_pro_rata", grant.bound, *figures, said)
                    _cut(row, grant.units * unit, flag)
                else:
                    figures = (limit, used, row.amount, max(short, 0))
                    _refuse(row, [Flag("over_limit", grant.bound, *figures)])
                    continue
            for draw in row.draws:
                asked.add(draw.place, day, draw.amount)

    def _against(self, row: Row, draw: Drawn, asked: Asked) -> list[Flag]:
        day = row.given.effective_on
        suspended = self.marks.on(self.book.numbers[draw.place], day).get(SUSPENDED)
        if suspended is not None:
            return [Flag(SUSPENDED, draw.place, detail=suspended)]
        left = self._room(draw.place, day, asked)
        if draw.amount <= left:
            return []
        limit, taken = _taken(self.book, draw.place, left)
        short = draw.amount - left
        return [Flag("over_limit", draw.place, limit, taken, draw.amount, short)]

    def _room(self, place: int, day: date, asked: Asked) -> int:
        left = room_left(self.begins, self.days, (place, day), asked)
        if self.by_filing and not self.book.last_credit[place]:
            filed = self._filed_for(place).items()
            left += sum(pending for on, pending in filed if on > day.isoformat())
        return left

    def _filed_for(self, place: int) -> dict[str, int]:
        """What is pending on record of a budget, by the day (ISO text) it was filed."""
        if place not in self._filed:
            found = self.book.cursor.read(_FILED, self.book.numbers[place])
            self._filed[place] = {str(day): int(pending) for day, pending in found}
        return self._filed[place]


def _closed(row: Row) -> bool:
    """Refuse an application whose country's budget is closed; whether it was."""
    reasons = [flag for flag in row.flags if flag.code == CLOSED]
    if reasons:
        row.flags = [flag for flag in row.flags if flag.code != CLOSED]
        _refuse(row, reasons)
    return bool(reasons)


def _request(row: Row) -> Request:
    unit = row.given.unit_mtpp or 1
    places = tuple(draw.place for draw in row.draws)
    return Request((row.given.document, row.given.line), row.amount // unit, unit, places)


def _refuse(row: Row, reasons: list[Flag]) -> None:
    row.kind, row.draws = Kind.REFUSAL, []
    row.flags = reasons + row.flags


def _cut(row: Row, granted: int, flag: Flag) -> None:
    row.draws = [draw._replace(amount=granted) for draw in row.draws]
    row.flags.append(flag)


def _taken(book: Book, place: int, left: int) -> tuple[int, int]:
    limit = int(book.balances.limit[place] + book.balances.adjustment[place])
    return limit, limit - left


def _explained(grant: Grant, requests: int) -> str:
    rate = f"{grant.rate.numerator}/{grant.rate.denominator}"
    rounded = "a left-over unit among them" if grant.left_over else "rounded down"
    return f"{grant.units} units: factor {rate}, shared by {requests} requests, {rounded}"


def room_left(begins: Begins, days: Days, at: tuple[int, date], asked: Asked) -> int:
    """The least room from a day on; from the last credit or limit change on, the totals tell.

    Before the day on which the holder comes to hold the budget no limit binds.
    """
    place, day = at
    book = begins.book
    if begins.waits(place, days_number(day)):
        return LARGEST_MTPP
    if days.decides(place, days_number(day)):
        return days.timeline(place).room(days_number(day), asked.by_day(place))
    balances = book.balances
    taken = balances.pending[place] + balances.held[place] + balances.posted[place]
    taken += balances.lapsed[place]
    limit = balances.limit[place] + balances.adjustment[place]
    return int(limit) - int(taken) - asked.in_all(place)
