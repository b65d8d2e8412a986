"""Dated facts of the law: a citation, a number, a list of countries, a deadline, a state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from schemas.tpp import Tpp

PPM_IN_PERCENT = 10_000
# How the days of a duty follow from movements; reports/sql/due.sql has a part for each.
HOWS = (
    "yearly",
    "after_shipment",
    "before_shipment",
    "budget_reached",
    "total_reached",
    "after_loss",
    "facility_account",
    "licence_expires",
    "licence_lapsed",
    "licence_condition",
    "due_back",
    "replaced",
    "record_age",
)
WHO = ("exporter", "consignee", "reexporter", "holder")


@dataclass(frozen=True, slots=True)
class Citation:
    """Where something stands. `published` is the journal's day; `reviewed` the day a person last
    compared the data with the text.
    """

    section: str
    source: str
    href: str
    published: date
    reviewed: date

    def __str__(self) -> str:
        return f"{self.section}, {self.source}, published {self.published}"


@dataclass(frozen=True, slots=True)
class Value:
    """What a number is from a day on. `amount` is None where the number ends that day.

    An `announced` value is known but not in force: it is shown, and rules nothing.
    """

    from_on: date
    amount: Decimal | None
    citation: Citation
    announced: bool = False
    note: str = ""

    @property
    def milli(self) -> int:
        """The amount in thousandths of its unit. Raises ValueError where the number has ended."""
        return Tpp.of(self._given()).milli

    @property
    def ppm(self) -> int:
        """An amount in percent, as parts in a million. Raises ValueError where it has ended."""
        return int(self._given() * PPM_IN_PERCENT)

    def _given(self) -> Decimal:
        if self.amount is None:
            raise ValueError("the number has ended")
        return self.amount


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the law, with its history."""

    key: str
    title: str
    unit: str
    values: tuple[Value, ...]
    note: str = ""

    def on(self, day: date) -> Value | None:
        """What is in force on a day; None before the first value and from the end on."""
        past = [v for v in self.values if v.from_on <= day and not v.announced]
        return past[-1] if past and past[-1].amount is not None else None


@dataclass(frozen=True, slots=True)
class Change:
    """Countries that join or leave a list on a day."""

    from_on: date
    add: tuple[str, ...]
    remove: tuple[str, ...]
    citation: Citation
    note: str = ""


@dataclass(frozen=True, slots=True)
class CountryList:
    """A list of countries by code, with its dated changes.

    Where an option has a value (`option`, as key and value) the list `instead` stands for it.
    """

    key: str
    title: str
    changes: tuple[Change, ...]
    note: str = ""
    option: tuple[str, str] = ("", "")
    instead: str = ""
    # The days on which it changes, the last first, and who is on it from each.
    _stood: tuple[tuple[date, frozenset[str]], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        days = sorted({*self.days}, reverse=True)
        stood = tuple((day, _members(self.changes, day)) for day in days)
        object.__setattr__(self, "_stood", stood)

    def members(self, day: date) -> frozenset[str]:
        """Who is on the list on a day; nobody before its first day."""
        for from_on, members in self._stood:
            if from_on <= day:
                return members
        return frozenset()

    @property
    def days(self) -> tuple[date, ...]:
        """The days on which the list changes."""
        return tuple(change.from_on for change in self.changes)


def _members(changes: Sequence[Change], day: date) -> frozenset[str]:
    """Who is on a list of those changes on a day."""
    found: set[str] = set()
    for change in changes:
        if change.from_on <= day:
            found = (found | set(change.add)) - set(change.remove)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Attached:
    """A territory that the rule treats as another destination."""

    code: str
    name: str
    treated_as: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Due:
    """One day of the year on which a report is due, on the `months` that end with `last_month`."""

    month: int
    day: int
    covers: str
    last_month: int
    months: int
    citation: Citation


@dataclass(frozen=True, slots=True)
class Deadline:
    """What must be filed, by whom and when: how its days follow from movements.

    `how` is one of HOWS. `who` are those it falls to; `asks` the preconditions, `authorizations`
    those whose movements it is about, `reasons` the losses; `budget` the one whose limit is
    meant; `number` the number its days, months, years or amount come from; `within_days` how long
    before it is listed at all, `remind_days` how long before it counts as due; `from_on` the
    first day of movements it is about. `why` is a sentence with places for figures,
    `why_near` the one said while it is not due yet but near. A yearly one
    has `dues`, each with its own citation, the others one of their own.
    """

    key: str
    title: str
    how: str
    who: tuple[str, ...]
    asks: tuple[str, ...]
    authorizations: tuple[str, ...]
    reasons: tuple[str, ...]
    budget: str
    number: str
    within_days: int
    remind_days: int
    from_on: date | None
    why: str
    dues: tuple[Due, ...]
    citation: Citation | None
    note: str = ""
    why_near: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What stands of the regime from a day on, as one sentence.

    `enforced` False: it was announced that the regime is not enforced, save what says it is.
    """

    from_on: date
    sentence: str
    citation: Citation
    enforced: bool = True
