"""Days as the whole numbers that columns carry: those of numpy's datetime64[D]."""

from __future__ import annotations

from datetime import date

_EPOCH = date(1970, 1, 1).toordinal()


def days_number(day: date) -> int:
    """The number of a day: 0 is 1970-01-01."""
    return day.toordinal() - _EPOCH


def day_of(number: int) -> date:
    """The day of a number."""
    return date.fromordinal(number + _EPOCH)


def day_text(number: int) -> str:
    """The day of a number, as ISO text."""
    return day_of(number).isoformat()
