"""A share the law sets: how much of a tally may stand in some countries, as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger.policy.dated import Citation, CountryList, Deadline, Number
from ledger.policy.judging import When

# How many years of measuring dates are named ahead.
YEARS = 100


@dataclass(frozen=True, slots=True)
class ShareRule:
    """One share of a tally, asked of the movements for which `when` holds.

    The part is what stands in a country of one of `among` (where any are named) and of none of
    `apart`; where `each`, every such country is a part of its own. The base is what stands in the
    lists of `base`, or (where none are named) everything the holder has. `measured` is the option
    whose value `measured_on_dates` has it measured on `dates` alone (without an option: dates, if
    there are any); `flow` the option and value under which only what moved counts as the part.
    """

    key: str
    title: str
    tally: str
    limit: Number
    when: When
    among: tuple[CountryList, ...]
    apart: tuple[CountryList, ...]
    each: bool
    base: tuple[CountryList, ...]
    dates: Deadline | None
    measured: str
    flow: str
    citation: Citation

    @property
    def ppm(self) -> int:
        """The largest share, in parts in a million."""
        return next(value for value in self.limit.values if value.amount is not None).ppm

    @property
    def days(self) -> tuple[date, ...]:
        """The days from which the part or the base may be made of other countries."""
        lists = (*self.among, *self.apart, *self.base)
        return tuple(sorted({date.min, *(day for one in lists for day in one.days)}))

    def part(self, country: str, day: date) -> bool:
        """Whether a country counts to the part on a day."""
        inside = not self.among or any(country in one.members(day) for one in self.among)
        return inside and not any(country in one.members(day) for one in self.apart)

    def based(self, country: str, day: date) -> bool:
        """Whether a country counts to the base on a day."""
        return not self.base or any(country in one.members(day) for one in self.base)

    def measuring_dates(self, first: date) -> tuple[date, ...]:
        """The days it is measured on, from the year of a day on."""
        if self.dates is None:
            return ()
        years = range(first.year, first.year + YEARS)
        return tuple(sorted(date(y, due.month, due.day) for y in years for due in self.dates.dues))
