"""Shares of tallies, measured movement by movement: what would be too much, and what is unknown.

Holdings are read once a submission, when a movement first touches them, and carried along; rows
and columns are measured by the same lines, so that they find the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import bindparam, select

from ledger.rules.admission import Entries
from ledger.rules.shares import Fraction, Holding, Measure, Places, Verdict, percent, verdict
from ledger.service.by_place import ByPlace
from ledger.service.day_numbers import day_of, days_number
from ledger.service.rows import Flag, Row
from schemas import tables as t
from schemas.tpp import grouped

if TYPE_CHECKING:
    from ledger.policy.shares import ShareRule
    from ledger.policy.types import Regime
    from ledger.service.draws import Drawer
    from ledger.service.rulebook import Rulebook

_ACCOUNTS = select(t.budget.c.budget_no, t.budget.c.holder).where(
    t.budget.c.rule == bindparam("rule")
)
ON_DATES, FLOW = "reporting_dates", "flow"
_DAY = {name: place for place, name in enumerate(t.balance_day.columns.keys())}
# Of an entry: its movement's place, its budget's, the tally, and what it posts.
Posted = tuple[int, int, int, int]


def measure_of(rule: ShareRule, rulebook: Rulebook) -> Measure:
    """A share as it is measured under the options of its regime."""
    dated = not rule.measured or rulebook.options[rule.measured] == ON_DATES
    first = rulebook.regime.first_day
    dates = tuple(days_number(day) for day in rule.measuring_dates(first)) if dated else ()
    return Measure(
        key=rule.key,
        fraction=Fraction.of_ppm(rule.ppm),
        counts=_by_period(rule.part, rule.days),
        each=rule.each,
        base=_by_period(rule.based, rule.days) if rule.base else None,
        stock=not rule.flow or rulebook.options[rule.flow] != FLOW,
        dates=dates or None,
    )


def _by_period(told: Callable[[str, date], bool], days: Sequence[date]) -> Places:
    """Whether a country counts on a day: asked once a country and a time between changes."""
    begins = [days_number(day) for day in days]
    known: dict[tuple[str, int], bool] = {}

    def counts(code: str, day: int) -> bool:
        at = code, bisect_right(begins, day)
        if at not in known:
            known[at] = told(code, day_of(day))
        return known[at]

    return counts


@dataclass(frozen=True, slots=True)
class _Share:
    rule: ShareRule
    measure: Measure
    regime: Regime


@lru_cache(maxsize=8)
def _shares_of(rulebook: Rulebook) -> dict[str, _Share]:
    """The shares of a ledger's regimes by key: worked out once, not at each posting."""
    return {
        rule.key: _Share(rule, measure_of(rule, one), one.regime)
        for one in rulebook.every
        for rule in one.regime.shares
    }


@lru_cache(maxsize=8)
def _tallies_of(rulebook: Rulebook) -> frozenset[str]:
    return frozenset(share.rule.tally for share in _shares_of(rulebook).values())


class Shares:
    """Measures what a submission's movements do to the shares their rulings ask for."""

    def __init__(self, drawer: Drawer) -> None:
        self.drawer, self.book = drawer, drawer.book
        self._shares = _shares_of(drawer.rulebook)
        self._tallies = _tallies_of(drawer.rulebook)
        tallies = self._tallies
        self._counted = ByPlace(self.book, bool, lambda book, at: book.named(at)[0] in tallies)
        self._holdings: dict[tuple[str, str], Holding] = {}
        self._account_of: dict[int, tuple[str, str, str]] = {}
        self._accounts: dict[str, dict[str, list[tuple[int, str]]]] = {}

    def flag(
        self,
        entries: Iterable[Posted],
        days: Sequence[int],
        asked: Callable[[int], tuple[str, ...]],
        found: Callable[[int, Flag], None],
    ) -> None:
        """Measure each movement of weighed entries, in order; `days` gives each movement's.

        `asked` tells which shares a movement's ruling asks for, by its place; `found` is told
        what there is to flag.
        """
        if not self._tallies:
            return
        named, tallies = self.book.named, self._tallies
        mine = (one for one in entries if one[2] and named(one[1])[0] in tallies)
        for row, of_row in groupby(mine, key=itemgetter(0)):
            moved = [(place, amount) for _, place, _, amount in of_row]
            left = self._left(moved) if len(moved) > 1 else {}
            taken = set(left.values())
            for place, amount in moved:
                if place in taken:
                    continue
                places = (place, left.get(place))
                for flag in self._measured(places, days[row], amount, asked(row)):
                    found(row, flag)

    def _left(self, moved: list[tuple[int, int]]) -> dict[int, int]:
        """Of the places that a movement brings to, those of the same holder that it takes from: on
        the way nothing of it is gone.
        """
        of = {place: self._account(place)[:2] for place, _ in moved}
        return {
            to: out
            for to, brought in moved
            for out, taken in moved
            if brought > 0 and taken == -brought and of[to] == of[out]
        }

    def _account(self, place: int) -> tuple[str, str, str]:
        """A tally's account: the tally, whose it is, and in which country."""
        known = self._account_of.get(place)
        if known is None:
            subject, _, country = self.book.holder(place).rpartition("@")
            known = self._account_of[place] = self.book.named(place)[0], subject, country
        return known

    def against(self, row: Row, amount: int) -> list[Flag]:
        """What stands against the export of an amount that an application asks for.

        It is measured like the export itself, on the application's day and after, and counts on
        nothing: the share is of what was shipped.
        """
        shares = row.ruled.ruling.shares if row.ruled and self._shares else ()
        if not shares:
            return []
        day = days_number(row.given.effective_on)
        places = self.drawer.asked_of(row)
        return [flag for at in places for flag in self._verdicts((at, None), day, amount, shares)]

    def posted_in(self, entries: Entries) -> Iterator[Posted]:
        """What the entries of a batch post on budgets that shares are measured of."""
        at = np.flatnonzero(self._counted.column()[entries.budget])
        columns = (entries.row, entries.budget, entries.official, entries.posted)
        yield from zip(*(column[at].tolist() for column in columns), strict=True)

    def _measured(
        self, places: tuple[int, int | None], day: int, amount: int, asked: tuple[str, ...]
    ) -> Iterable[Flag]:
        found = self._verdicts(places, day, amount, asked)
        for place, moved in zip(places, (amount, -amount), strict=True):
            if place is not None:
                rule, subject, country = self._account(place)
                self._holding(rule, subject).add(country, day, moved)
        return found

    def _verdicts(
        self, places: tuple[int, int | None], day: int, amount: int, asked: tuple[str, ...]
    ) -> list[Flag]:
        place, out = places
        source = None if out is None else self._account(out)[2]
        rule, subject, country = self._account(place)
        holding = self._holding(rule, subject)
        told: list[Flag] = []
        unknown: list[tuple[_Share, Verdict]] = []
        for key in asked:
            share = self._shares[key]
            if share.rule.tally != rule:
                continue
            one = verdict(share.measure, holding, country, day, amount, source)
            if one is not None and one.base is not None:
                told.append(self._flag(share, one, place, day))
            elif one is not None:
                unknown.append((share, one))
        if unknown:  # one is told of: that which asks for the largest base, so that all are cured
            share, one = max(unknown, key=lambda each: (each[1].cure is None, each[1].cure or 0))
            told.append(self._undeclared(share, one, place, holding))
        return told

    def _undeclared(self, share: _Share, one: Verdict, place: int, holding: Holding) -> Flag:
        """What is said of a share whose base nobody declared."""
        whose = "of it" if share.rule.base else "of all it owns"
        names, stocks = share.regime.country_names, holding.by_country.items()
        known = [names.get(code, code) for code, stock in sorted(stocks) if stock.last(one.day)]
        said = f"{share.rule.title}, on {day_of(one.day)}: "
        if known and not share.rule.base:
            only = ", ".join(known)
            said += f"declared on or before that day for {only} alone, not for all it owns"
        else:
            said += "nothing declared on or before that day"
        if one.cure is not None:
            needed = f"{grouped(one.cure)} {share.regime.unit}"
            said += f"; a declaration {whose} of {needed} or more would do"
        return Flag("share_undeclared", place, detail=said)

    def _flag(self, share: _Share, one: Verdict, place: int, day: int) -> Flag:
        unit, on = share.regime.unit, day_of(one.day)
        needed = "" if one.cure is None else f"{grouped(one.cure)} {unit}"
        assert one.base is not None, share.rule.key
        figures = (one.limit, one.taken, one.asked, one.short)
        part = percent(one.taken + one.asked, one.base)
        names = share.regime.country_names
        where = f" in {names.get(one.country, one.country)}" if one.country else ""
        said = f"{share.rule.title}: on {on}{where} {part} % of {grouped(one.base)} {unit}"
        said += f", allowed {percent(share.rule.ppm, 10**6)} %"
        if needed:
            declared = day_of(one.declared_on or 0)
            said += f"; cured by {needed} or more declared for {declared}"
        later = share.measure.dates is not None and one.day > day
        code = "share_would_exceed" if later else "share_over"
        return Flag(code, place, *figures, detail=said)

    def _holding(self, rule: str, subject: str) -> Holding:
        known = self._holdings.get((rule, subject))
        if known is None:
            known = self._holdings[rule, subject] = self._on_record(rule, subject)
        return known

    def _on_record(self, rule: str, subject: str) -> Holding:
        """What was declared of a holder, and what its accounts say day by day."""
        holding = Holding()
        for declared in self.drawer.installed.of.get(subject, ()):
            to = holding.whole if declared.country is None else holding.country(declared.country)
            to.declare(declared.day, declared.amount)
        country_of = dict(self._accounts_of(rule).get(subject, ()))
        rows = self.book.cursor.find(t.balance_day, "budget_no", country_of) if country_of else []
        for row in sorted(rows, key=lambda row: str(row[_DAY["on_day"]])):
            on = days_number(date.fromisoformat(str(row[_DAY["on_day"]])))
            holding.add(country_of[row[_DAY["budget_no"]]], on, int(row[_DAY["taken_mtpp"]]))
        return holding

    def _accounts_of(self, rule: str) -> dict[str, list[tuple[int, str]]]:
        """The accounts of a tally on record: numbers and countries by holder."""
        if rule not in self._accounts:
            found: dict[str, list[tuple[int, str]]] = defaultdict(list)
            for number, holder in self.book.cursor.read(_ACCOUNTS, rule):
                subject, _, country = holder.rpartition("@")
                found[subject].append((number, country))
            self._accounts[rule] = found
        return self._accounts[rule]
