"""Shares: how much of what a holder has may stand where, measured day by day.

A share compares two sums of one tally: a part (what stands in some countries) and a base (all of
it, or what stands in others). Compared are whole numbers multiplied crosswise, never a quotient,
so that exactly 7 % is within 7 %. Amounts are milli-TPP, days whole numbers.

What stands in a country on a day is what was last declared for it on or before that day, and what
the ledger recorded after the day of that declaration. A base nobody declared is not known, and a
share of it cannot be judged.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import gcd
from typing import NamedTuple

from schemas.whole import LARGEST_WHOLE

_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Fraction:
    """The largest share, reduced: `part` of every `whole`."""

    part: int
    whole: int

    @classmethod
    def of_ppm(cls, ppm: int) -> Fraction:
        """A share in parts in a million."""
        common = gcd(ppm, _ALL)
        return cls(ppm // common, _ALL // common)

    def holds(self, part: int, base: int) -> bool:
        """Whether a part is within the share of a base."""
        return part * self.whole <= base * self.part

    def largest(self, base: int) -> int:
        """The largest part of a base, in whole milli-TPP."""
        return _fitting(base * self.part // self.whole)

    def room(self, part: int, base: int, *, in_base: bool) -> int:
        """The largest lot that still fits; negative where even less than nothing would.

        `in_base`: the lot enters the base too, so that it makes some of its own room.
        """
        left = base * self.part - part * self.whole
        if not in_base:
            return _fitting(left // self.whole)
        if self.part == self.whole:
            return LARGEST_WHOLE if left >= 0 else -LARGEST_WHOLE
        return _fitting(left // (self.whole - self.part))

    def cure(self, part: int) -> int | None:
        """The smallest base of which a part is within the share; None where none can be."""
        if part <= 0:
            return 0
        needed = -(-part * self.whole // self.part) if self.part else LARGEST_WHOLE + 1
        return needed if needed <= LARGEST_WHOLE else None


def _fitting(amount: int) -> int:
    """An amount as far as 64 bits hold it: what is beyond is as good as without limit."""
    return max(-LARGEST_WHOLE, min(amount, LARGEST_WHOLE))


def percent(part: int, base: int) -> str:
    """What part of a base it is, in percent rounded down to two decimals; empty of no base."""
    if base <= 0:
        return ""
    whole, rest = divmod(part * 10_000 // base, 100)
    return f"{whole}.{rest:02d}"


@dataclass(slots=True)
class Stock:
    """What stands somewhere, day by day: what was declared, and what moved."""

    declared: tuple[tuple[int, int], ...] = ()
    days: array[int] = field(default_factory=lambda: array("i"))
    sums: array[int] | list[int] = field(default_factory=lambda: array("q"))

    def declare(self, day: int, amount: int) -> None:
        """What stood there at the end of a day; of two for one day the later one counts."""
        others = [one for one in self.declared if one[0] != day]
        self.declared = tuple(sorted([*others, (day, amount)]))

    def add(self, day: int, amount: int) -> None:
        """A movement of a day."""
        days, sums = self.days, self.sums
        at = len(days)
        if at and day <= days[-1]:  # days mostly come in order
            at = bisect_left(days, day)
        if at == len(days):
            days.append(day)
            sums.append(sums[-1] if at else 0)
        elif days[at] != day:
            days.insert(at, day)
            sums.insert(at, sums[at - 1] if at else 0)
        later = at
        try:
            for later in range(at, len(days)):
                sums[later] += amount
        except OverflowError:  # accounts fit into 64 bits, and all of a holder's together may not
            self.sums = [*sums[:later], *(one + amount for one in sums[later:])]

    def moved(self, day: int, after: int | None = None) -> int:
        """What moved through a day, after another one."""
        total = self._sum(day)
        return total if after is None else total - self._sum(after)

    def _sum(self, day: int) -> int:
        at = bisect_right(self.days, day)
        return self.sums[at - 1] if at else 0

    def last(self, day: int) -> tuple[int, int] | None:
        """The declaration that counts on a day: its own day and the amount."""
        if not self.declared:  # so it is mostly
            return None
        at = bisect_right(self.declared, day, key=lambda one: one[0])
        return self.declared[at - 1] if at else None

    def on(self, day: int) -> int:
        """What stands there on a day, as far as it is known."""
        known = self.last(day)
        return self._sum(day) if known is None else known[1] + self.moved(day, known[0])


@dataclass(slots=True)
class Holding:
    """What one holder has, by country; `whole` is what was declared of all of it together."""

    by_country: dict[str, Stock] = field(default_factory=dict)
    whole: Stock = field(default_factory=Stock)

    def country(self, code: str) -> Stock:
        """What stands in a country."""
        if code not in self.by_country:
            self.by_country[code] = Stock()
        return self.by_country[code]

    def add(self, country: str, day: int, amount: int) -> None:
        """A movement into a country (negative: out of it)."""
        self.country(country).add(day, amount)
        self.whole.add(day, amount)

    def events(self, first: int) -> Iterable[int]:
        """The days after `first` at whose end something is other than before, rising."""
        later: set[int] = set()
        for stock in (self.whole, *self.by_country.values()):
            later.update(stock.days[bisect_right(stock.days, first) :])
            later.update(day for day, _ in stock.declared if day > first)
        return sorted(later)


Places = Callable[[str, int], bool]


@dataclass(frozen=True, slots=True)
class Measure:
    """One share of a tally.

    `counts` says whether a country is in the part on a day; `each`: every such country is a part
    of its own. `base` says the same of the base; None: the base is the whole holding. `stock`
    False: of the part only what moved counts, not what was declared. `dates` are the days on
    which the share is measured, rising; None: on every day.
    """

    key: str
    fraction: Fraction
    counts: Places
    each: bool = False
    base: Places | None = None
    stock: bool = True
    dates: tuple[int, ...] | None = None

    def days(self, holding: Holding, first: int) -> Iterator[int]:
        """The days to be looked at for what happens on a day: those measured from then on.

        Later ones are gathered only when they are asked for: mostly the first one decides.
        """
        before = self.next_date(first)
        if before is None:
            return
        yield before
        for event in holding.events(first):
            day = self.next_date(event)
            if day is not None and day != before:
                yield day
                before = day

    def next_date(self, day: int) -> int | None:
        """The first measuring day on or after a day; None after the last one that is known."""
        if self.dates is None:
            return day
        at = bisect_left(self.dates, day)
        return self.dates[at] if at < len(self.dates) else None

    def part(self, holding: Holding, day: int, country: str | None = None) -> int:
        """The part on a day: that of one country, or of all that count."""
        stocks, of = holding.by_country, Stock.on if self.stock else Stock.moved
        if country is not None:
            return of(stocks[country], day) if country in stocks else 0
        return sum([of(s, day) for code, s in stocks.items() if self.counts(code, day)])

    def moves(self, country: str | None, part: str | None, day: int) -> tuple[bool, bool]:
        """Whether what comes to a country on a day comes to a part, and to the base."""
        if country is None:
            return False, False
        counted = self.counts(country, day) if part is None else part == country
        return counted, self.base is None or self.base(country, day)

    def of(self, holding: Holding, day: int) -> int | None:
        """The base on a day; None where nobody declared it."""
        known = self.declaration(holding, day)
        if known is None:
            return None
        if self.base is None:
            return known[1] + holding.whole.moved(day, known[0])
        return sum(s.on(day) for _, s in self._bases(holding, day))

    def declaration(self, holding: Holding, day: int) -> tuple[int, int] | None:
        """The declaration the base stands on: its day, and the amount."""
        if self.base is None:
            return holding.whole.last(day)
        known = [s.last(day) for _, s in self._bases(holding, day)]
        declared = [one for one in known if one is not None]
        return (max(declared)[0], sum(a for _, a in declared)) if declared else None

    def _bases(self, holding: Holding, day: int) -> Iterable[tuple[str, Stock]]:
        assert self.base is not None
        return [(c, s) for c, s in holding.by_country.items() if self.base(c, day)]


class Verdict(NamedTuple):
    """What a movement does to a share on the first measured day on which it does not fit.

    `country` is the part where each is one of its own. Amounts in milli-TPP; `base` None: nobody
    declared it. `limit` is what the part may come to
    with the movement, `taken` what it was without, `short` by how much it is too much; `cure` is
    the smallest declared base with which it would fit, `declared_on` the day of the declaration
    the base stands on.
    """

    day: int
    country: str | None
    base: int | None
    limit: int
    taken: int
    asked: int
    short: int
    cure: int | None
    declared_on: int | None


def verdict(
    measure: Measure,
    holding: Holding,
    country: str,
    day: int,
    amount: int,
    source: str | None = None,
) -> Verdict | None:
    """What a movement of `amount` into a country on a day does to a share; None where it fits.

    `source` is the country that a move takes it from: there it is no more. It is asked before the
    movement is added. A movement that makes a share no worse is let pass, whatever the share was
    before.
    """
    for on in measure.days(holding, day):
        for part in _parts(measure, holding, (country, source), amount, on):
            into, enters = measure.moves(country, part, on)
            out, leaves = measure.moves(source, part, on)
            asked, based = amount * (into - out), amount * (enters - leaves)
            if asked * measure.fraction.whole > based * measure.fraction.part:  # the share grows
                found = _on(measure, holding, (asked, based), part, on)
                if found is not None:
                    return found
    return None


def _parts(
    measure: Measure, holding: Holding, where: tuple[str, str | None], amount: int, day: int
) -> Iterable[str | None]:
    """The parts that a lot may make larger: a smaller base does so for every one.

    It comes to the first country, from the second.
    """
    if not measure.each:
        return (None,)
    country, source = where
    own = (country,) if measure.counts(country, day) else ()
    left = source is not None and measure.moves(source, None, day)[1]
    if amount >= 0 and (not left or measure.moves(country, None, day)[1]):
        return own
    others = (code for code in sorted(holding.by_country) if measure.counts(code, day))
    return (*own, *(code for code in others if code not in own))


def _on(
    measure: Measure, holding: Holding, lot: tuple[int, int], part: str | None, day: int
) -> Verdict | None:
    """What a lot does that makes a share larger: what it adds to the part, and to the base."""
    asked, based = lot
    taken = measure.part(holding, day, part)
    base = measure.of(holding, day)
    if base is None:
        cure = measure.fraction.cure(taken + asked)
        return Verdict(day, part, None, 0, taken, asked, 0, cure, None)
    after = base + based
    if measure.fraction.holds(taken + asked, after):
        return None
    enters = based > 0
    room = measure.fraction.room(taken, base if enters else after, in_base=enters)
    limit = _fitting(taken + room) if asked > 0 else measure.fraction.largest(after)
    declared = measure.declaration(holding, day)
    assert declared is not None
    needed = measure.fraction.cure(taken + asked)
    cure = None if needed is None else declared[1] + needed - after
    short = taken + asked - limit
    return Verdict(day, part, after, limit, taken, asked, short, cure, declared[0])
