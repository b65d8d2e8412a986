"""The windows of a budget: days for which one limit binds, named or following one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

# How long a period is, in months, by the word a regime says it with.
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """The days, both ends included, for which one limit binds."""

    from_on: date
    to_on: date
    key: str

    def covers(self, day: date) -> bool:
        """Whether a day lies in it."""
        return self.from_on <= day <= self.to_on


@dataclass(frozen=True, slots=True)
class Windows:
    """Either the windows themselves, or periods in a row from `first_on` to `last_on`.

    A period has `months` months; one of them begins with the month and day of `begins`. `last_on`
    None: they go on until the law says otherwise.
    """

    named: tuple[Window, ...] = ()
    first_on: date | None = None
    last_on: date | None = None
    months: int = 12
    begins: tuple[int, int] = (1, 1)

    def on(self, day: date) -> Window | None:
        """The window of a day; None where none covers it."""
        if self.first_on is None:
            return next((window for window in self.named if window.covers(day)), None)
        if day < self.first_on or (self.last_on is not None and day > self.last_on):
            return None
        return _period(self.months, self.begins, day)

    @property
    def endless(self) -> bool:
        """Whether they are periods that go on."""
        return self.first_on is not None and self.last_on is None

    def known(self, by: date = date.min) -> tuple[Window, ...]:
        """Every window that can be named; of periods without an end, the first and those begun
        `by` a day.
        """
        if self.first_on is None:
            return self.named
        return tuple(self._through(self.last_on or max(self.first_on, by)))

    def of_key(self, key: str) -> Window | None:
        """The window of a key, of periods without an end too; None where there is none."""
        if self.first_on is None:
            return next((window for window in self.named if window.key == key), None)
        if not key[:4].isdecimal() or not date.min.year < int(key[:4]) < date.max.year:
            return None
        year = date(int(key[:4]), 12, 31)
        last = year if self.last_on is None else min(year, self.last_on)
        first = max(self.first_on, date(year.year, 1, 1))
        return next((one for one in self._through(last, first) if one.key == key), None)

    def _through(self, last: date, first: date | None = None) -> Iterator[Window]:
        """The periods from that of a day (default: the first) through that of another."""
        day = first or self.first_on
        assert day is not None
        while day <= last:
            window = _period(self.months, self.begins, day)
            yield window
            if window.to_on == date.max:
                return
            day = window.to_on + timedelta(1)

    @property
    def edges(self) -> tuple[date, ...]:
        """Days from which the answer "is there a window" may change."""
        if self.first_on is None:
            ends = (w.to_on + timedelta(1) for w in self.named if w.to_on < date.max)
            return (*(w.from_on for w in self.named), *ends)
        end = () if self.last_on is None else (self.last_on + timedelta(1),)
        return (self.first_on, *end)


@lru_cache(maxsize=256)
def _period(months: int, begins: tuple[int, int], day: date) -> Window:
    """The period of a day, of those with so many months of which one begins so."""
    month, first = begins
    past = day.year * 12 + day.month - month - (day.day < first)
    begun = past // months * months + month - 1
    from_on = date(begun // 12, begun % 12 + 1, first)
    after = begun + months
    if after // 12 > date.max.year:
        return Window(from_on, date.max, _key(months, from_on))
    to_on = date(after // 12, after % 12 + 1, first) - timedelta(1)
    return Window(from_on, to_on, _key(months, from_on))


def _key(months: int, first: date) -> str:
    """A period by the name it goes by: 2026, 2026/27, 2026H1, 2026Q1, 2026-01, or its first day."""
    if months == 12:
        whole = (first.month, first.day) == (1, 1)
        return f"{first.year}" if whole else f"{first.year}/{(first.year + 1) % 100:02}"
    if first.day > 1 or (first.month - 1) % months:
        return first.isoformat()
    if months == 1:
        return first.isoformat()[:7]
    return f"{first.year}{'Q' if months == 3 else 'H'}{(first.month - 1) // months + 1}"
