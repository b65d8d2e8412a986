"""The columns admission works on: balances, licence lines, movements, entries, excesses.

Whole numbers of 64 bits; amounts are milli-TPP.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
# Columns grow by so many places at least, and to twice their length.
_PLACES = 8


class Overflow(ValueError):
    """The amounts add up to more than the ledger can hold (9.2e15 TPP)."""


class Effect(IntEnum):
    """What a draw does to its budget."""

    HOLD = 1  # a licence: + held
    POST = 2  # a fact: + posted
    DRAW = 3  # under a licence: + posted, - held as far as the licence's rest goes, then - lapsed
    UNHOLD = 4  # what was held in transit arrives: - held
    CREDIT = 5  # a return the regime gives back: - posted
    ADJUST = 6  # the limit itself moves by the amount
    MARK = 7  # an act on the budget that moves no amount (block, suspend)
    PEND = 8  # an application: + pending
    UNPEND = 9  # its licence or refusal: - pending
    RELEASE = 10  # a shipment that is not counted: - held as far as its licence's rest goes
    CREDIT_TO_NOTHING = 11  # what went on to another country: - posted, and never below zero
    LAPSE = 12  # a licence's rest ends and stays counted: - held, + lapsed


# How the amount of a draw enters adjustment, pending, held, posted and lapsed.
_MOVES = {
    Effect.HOLD: (0, 0, 1, 0, 0),
    Effect.POST: (0, 0, 0, 1, 0),
    Effect.DRAW: (0, 0, 0, 1, 0),
    Effect.UNHOLD: (0, 0, -1, 0, 0),
    Effect.CREDIT: (0, 0, 0, -1, 0),
    Effect.CREDIT_TO_NOTHING: (0, 0, 0, -1, 0),
    Effect.ADJUST: (1, 0, 0, 0, 0),
    Effect.PEND: (0, 1, 0, 0, 0),
    Effect.UNPEND: (0, -1, 0, 0, 0),
    Effect.LAPSE: (0, 0, -1, 0, 1),
}
# The same by the effect's number.
SIGNS = tuple(_MOVES.get(Effect(n), (0,) * 5) if n else (0,) * 5 for n in range(max(Effect) + 1))


@dataclass(slots=True)
class Budgets:
    """Balances by budget, one place a budget; `limit` is without the adjustments.

    `unbound` is 1 where no limit binds: a running total, or an account that goes in and out.
    """

    limit: Ints
    adjustment: Ints
    pending: Ints
    held: Ints
    posted: Ints
    lapsed: Ints
    safe: Ints
    unbound: Ints


class _InNumbers:
    """Figures a list each, in the order of the fields."""

    __slots__: tuple[str, ...] = ()

    def _columns(self) -> list[Ints]:
        return [np.array(getattr(self, name), np.int64) for name in self.__slots__]


@dataclass(slots=True)
class Plain(_InNumbers):
    """The balances of few budgets in plain numbers: as Budgets has them in columns."""

    limit: list[int] = field(default_factory=list)
    adjustment: list[int] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    posted: list[int] = field(default_factory=list)
    lapsed: list[int] = field(default_factory=list)
    safe: list[int] = field(default_factory=list)
    unbound: list[int] = field(default_factory=list)

    def columns(self) -> Budgets:
        """The same in columns."""
        return Budgets(*self._columns())


@dataclass(slots=True)
class Lines:
    """Licence lines: what was licensed, and each way it went.

    `quantity` and `value` are 0 where the licence states none; then they bind nothing. `lapsed`
    ended unused and stays counted, `back` was given back, `gone` are the units of both. What is
    used (up to `amount`), held, lapsed and given back make `amount`.
    """

    quantity: Ints
    amount: Ints
    value: Ints
    used_quantity: Ints
    used: Ints
    used_value: Ints
    held: Ints
    lapsed: Ints
    back: Ints
    gone: Ints


@dataclass(slots=True)
class PlainLines(_InNumbers):
    """Few licence lines in plain numbers: as Lines has them in columns."""

    quantity: list[int] = field(default_factory=list)
    amount: list[int] = field(default_factory=list)
    value: list[int] = field(default_factory=list)
    used_quantity: list[int] = field(default_factory=list)
    used: list[int] = field(default_factory=list)
    used_value: list[int] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    lapsed: list[int] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)

    def columns(self) -> Lines:
        """The same in columns."""
        return Lines(*self._columns())


P = TypeVar("P", Plain, PlainLines)
C = TypeVar("C", Budgets, Lines)


class Kept(Generic[P, C]):
    """Figures by place: in plain numbers until somebody asks for columns; those it is from then on.

    `turned` makes columns of plain numbers.
    """

    __slots__ = ("_columns", "_count", "_plain", "_turned")

    def __init__(self, plain: P, turned: Callable[[P], C]) -> None:
        self._plain: P | None = plain
        self._turned: Callable[[P], C] = turned
        self._columns: C
        self._count = 0

    @property
    def columns(self) -> C:
        """The figures in columns."""
        if self._plain is not None:
            self._columns, self._plain = self._turned(self._plain), None
        return self._columns

    @property
    def figures(self) -> P | C:
        """The figures as they are kept."""
        return self._columns if self._plain is None else self._plain

    def listed(self, names: Sequence[str]) -> list[list[int]]:
        """Some figures of every place, a list each; to be read only."""
        if self._plain is not None:
            return [getattr(self._plain, name) for name in names]
        # Columns may be longer than there are places.
        return [getattr(self._columns, name)[: self._count].tolist() for name in names]

    def add(self, *figures: int) -> int:
        """One more place, its figures in the order of the fields; where it is."""
        at, self._count = self._count, self._count + 1
        if self._plain is not None:
            for name, figure in zip(self._plain.__slots__, figures, strict=True):
                getattr(self._plain, name).append(figure)
            return at
        columns = self._columns
        if at >= len(getattr(columns, columns.__slots__[0])):
            _grow(columns, max(_PLACES, at))
        for name, figure in zip(columns.__slots__, figures, strict=True):
            if figure:
                getattr(columns, name)[at] = figure
        return at


def _grow(columns: Budgets | Lines, count: int) -> None:
    """Make room for so many more places, with nothing on them."""
    names = columns.__slots__
    known = len(getattr(columns, names[0]))
    for name, longer in zip(names, np.zeros((len(names), known + count), np.int64), strict=True):
        longer[:known] = getattr(columns, name)
        setattr(columns, name, longer)


@dataclass(slots=True)
class Batch:
    """Movements in the order they are weighed, and their draws.

    Per movement: `amount`, `quantity`, `value` (cents) and `line`, the place of its licence line
    or -1. Per draw, ordered by movement: the movement's place, the budget's place, whether it
    counts in the official tally, its Effect and its amount.
    """

    amount: Ints
    quantity: Ints
    value: Ints
    line: Ints
    draw_row: Ints
    draw_budget: Ints
    draw_official: Ints
    draw_effect: Ints
    draw_amount: Ints


class Lot(NamedTuple):
    """One movement in plain numbers, as a Batch has it in columns; `draws` are each the budget's
    place, whether it counts in the official tally, the Effect and the amount.
    """

    amount: int
    quantity: int
    value: int
    line: int
    draws: Sequence[tuple[int, int, Effect, int]]


class Entry(NamedTuple):
    """One of Entries, in plain numbers."""

    row: int
    budget: int
    official: int
    adjustment: int
    pending: int
    held: int
    posted: int
    lapsed: int

    @property
    def taken(self) -> int:
        """How much room it takes (negative: gives back)."""
        return self.held + self.posted + self.lapsed


@dataclass(slots=True)
class Entries:
    """Entries ordered by movement, budget and tally; one for each of those at most."""

    row: Ints
    budget: Ints
    official: Ints
    adjustment: Ints
    pending: Ints
    held: Ints
    posted: Ints
    lapsed: Ints

    @property
    def taken(self) -> Ints:
        """How much room each entry takes (negative: gives back)."""
        return self.held + self.posted + self.lapsed

    def listed(self) -> list[Entry]:
        """The same one by one."""
        columns = (getattr(self, name).tolist() for name in self.__slots__)
        return [Entry(*values) for values in zip(*columns, strict=True)]


def nothing(count: int) -> Ints:
    """A column of nothing, in the room of one."""
    return np.broadcast_to(_NOTHING, count)


def is_nothing(column: Ints) -> bool:
    """Whether a column is such a one."""
    return column.strides == (0,)


_NOTHING = np.zeros(1, np.int64)


class Changes(NamedTuple):
    """Changes of the official tally by budget and day: room taken (held, posted, lapsed), what is
    pending, and by how much the limit moved.
    """

    budget: Ints
    day: Ints
    taken: Ints
    pending: Ints
    adjustment: Ints


class Over(NamedTuple):
    """Where one movement exceeds: one of an Excess, in plain numbers."""

    row: int
    code: str
    budget: int  # -1 for a licence line
    limit: int
    taken: int
    asked: int
    short: int


@dataclass(slots=True)
class Excess:
    """Where a movement exceeds: figures of the moment, by code (a key of the refusals)."""

    row: Ints
    code: list[str]
    budget: Ints  # -1 for a licence line
    limit: Ints
    taken: Ints
    asked: Ints
    short: Ints

    def listed(self) -> list[Over]:
        """The same one by one."""
        columns = (self.budget, self.limit, self.taken, self.asked, self.short)
        lists = (column.tolist() for column in columns)
        return [Over(*one) for one in zip(self.row.tolist(), self.code, *lists, strict=True)]


@dataclass(slots=True)
class Weighed:
    """What a batch does: its entries, what it exceeds, and how much of each draw came late.

    `late` is, for each movement, what it took of a part of its licence that had ended.
    """

    entries: Entries
    excesses: list[Excess] = field(default_factory=list)
    late: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def listed(self) -> Listed:
        """The same one by one."""
        overs = [over for excess in self.excesses for over in excess.listed()]
        return Listed(self.entries.listed(), overs, self.late.tolist())


@dataclass(slots=True)
class Listed:
    """What rows do, in plain numbers: as Weighed has it in columns."""

    entries: list[Entry] = field(default_factory=list)
    overs: list[Over] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
