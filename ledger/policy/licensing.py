"""What a regime says of licences as such: how long they hold, for whom and for where."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from ledger.policy.dated import Citation, CountryList, Number


@dataclass(frozen=True, slots=True)
class Licensing:
    """The terms of licences; a regime that says nothing has none of them.

    `validity` is how many years a licence for items of the classes in `chips` holds where it says
    nothing itself. `holidays` names the calendar (an ISO country code) on whose holidays no
    licence ends. A licence that holds a budget in `one_country` names one country alone.
    `transfers` is how often a licence may be handed on. `parents_in` are the lists of countries
    whose companies, come to own who a licence is for, leave its grounds in doubt. `cited` has each
    one's citation by name.
    """

    validity: Number | None = None
    chips: frozenset[str] = frozenset()
    holidays: str = ""
    one_country: str = ""
    transfers: Number | None = None
    cited: dict[str, Citation] = field(default_factory=dict)
    parents_in: tuple[CountryList, ...] = ()

    @property
    def days(self) -> tuple[date, ...]:
        """The days from which a licence that says nothing may hold another number of years."""
        return tuple(value.from_on for value in self.validity.values) if self.validity else ()

    def years(self, chip_class: str, issued_on: date) -> int | None:
        """How many years a licence holds that says nothing; None where the regime does not say."""
        value = self.validity.on(issued_on) if self.validity else None
        if value is None or value.amount is None or chip_class not in self.chips:
            return None
        return int(value.amount)

    def most_transfers(self, day: date) -> int | None:
        """How often a licence may be handed on by a day; None where nothing is said."""
        value = self.transfers.on(day) if self.transfers else None
        return None if value is None or value.amount is None else int(value.amount)

    def doubts(self, code: str | None, day: date) -> bool:
        """Whether a new parent headquartered there leaves a licence's grounds in doubt."""
        return any(code in one.members(day) for one in self.parents_in)


def expiry_of(issued_on: date, years: int) -> date:
    """The last day of a licence that holds some years: the one before the day of its issue."""
    try:
        anniversary = issued_on.replace(year=issued_on.year + years)
    except ValueError:  # 29 February
        anniversary = issued_on.replace(year=issued_on.year + years, month=3, day=1)
    return anniversary - timedelta(1)
