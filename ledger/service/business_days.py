"""Days on which offices are closed, from a library that is kept up to date."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

_SATURDAY = 5


@lru_cache(maxsize=256)
def _holidays(calendar: str, year: int) -> frozenset[date]:
    import holidays

    return frozenset(holidays.country_holidays(calendar, years=year))


def is_holiday(day: date, calendar: str) -> bool:
    """Whether a day is a public holiday of a country (ISO code), kept or observed."""
    return day in _holidays(calendar, day.year)


def moved_days(calendar: str, years: range) -> list[tuple[date, date]]:
    """Each holiday of some years with the last day of use of a licence that ends on it."""
    days = sorted(day for year in years for day in _holidays(calendar, year)) if calendar else []
    return [(day, last_day_of_use(day, calendar)) for day in days]


def last_day_of_use(expires_on: date, calendar: str) -> date:
    """The last day a licence may be used: where its own is a holiday, the next day of business.

    A weekend that is no holiday extends nothing (15 CFR 750.7(g) speaks of holidays). Without a
    calendar the last day is the licence's own.
    """
    if not calendar or not is_holiday(expires_on, calendar):
        return expires_on
    day = expires_on + timedelta(1)
    while day.weekday() >= _SATURDAY or is_holiday(day, calendar):
        day += timedelta(1)
    return day
