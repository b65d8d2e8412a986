"""A budget day by day: its limit by steps, and what is taken, so that a day can be told over.

Pure. Days are whole numbers, amounts milli-TPP in 64 bits. What is dated D must fit on D and on
every later day: room that came later, by a credit or a higher limit, was not there on D.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ledger.rules.weights import Changes, Entries, Excess, Ints, Overflow, nothing
from schemas.whole import LARGEST_WHOLE

# Changes that may wait to be put among a timeline's columns: each costs room.
_WAITING = 4


@dataclass(slots=True)
class Timeline:
    """One budget's days.

    `limit` is the limit from each `step` (a day) on, without adjustments; before the first step
    the first limit holds. The other columns are changes by `day`, each day once, in order.
    `floor`: nothing limits what comes in, and what goes out may not exceed it.
    """

    step: Ints
    limit: Ints
    day: Ints
    taken: Ints
    pending: Ints
    adjustment: Ints
    floor: bool = False
    # Changes not yet among the columns, and the least room that is left for sure on every day.
    _waiting: list[Changes] = field(default_factory=list)
    _spare: int | None = None

    def add(self, changes: Changes) -> None:
        """Take changes of this budget along, dated any day."""
        self._waiting.append(changes)
        if self._spare is not None:
            self._spare -= _most(changes.taken.tolist(), changes.adjustment.tolist())
        if len(self._waiting) > _WAITING:
            self.settle()

    def settle(self) -> None:
        """Put all changes among the columns, each day once."""
        if not self._waiting:
            return
        days = np.concatenate([self.day, *(changes.day for changes in self._waiting)])
        days, place = np.unique(days, return_inverse=True)
        for name in ("taken", "pending", "adjustment"):
            every = [getattr(self, name), *(getattr(changes, name) for changes in self._waiting)]
            setattr(self, name, _summed(every, place, len(days)))
        self.day, self._waiting, self._spare = days, [], None

    def fits(self, most: int) -> bool:
        """Whether changes fit for sure, whatever their days: what they take and lower limits by."""
        if self.floor:
            return False
        if self._spare is None:
            self.settle()
            taken = _most(self.taken.tolist(), self.adjustment.tolist())
            self._spare = int(self.limit.min()) - taken
        return most <= self._spare

    def room(self, day: int, asked: Sequence[tuple[int, int]] = ()) -> int:
        """The least room from a day on; what is pending, and `asked` by day, counts as taken."""
        self.settle()
        on, amount = np.array(sorted(asked), np.int64).reshape(-1, 2).T
        days = np.unique(np.concatenate([self.day, self.step, on, [day]]))
        left = self._limits(days) - self._sums(days, self.taken) - self._sums(days, self.pending)
        left -= _until(on, amount, days)
        return int(left[days >= day].min())

    def _limits(self, days: Ints) -> Ints:
        """The limit on each of some days, adjustments included."""
        base = self.limit[np.maximum(np.searchsorted(self.step, days, "right") - 1, 0)]
        found: Ints = base + self._sums(days, self.adjustment)
        return found

    def _sums(self, days: Ints, changes: Ints) -> Ints:
        """What changes add up to until each of some days."""
        return _until(self.day, changes, days)

    def over(self, day: Ints, taken: Ints, adjustment: Ints) -> list[tuple[int, int, int, int]]:
        """The changes, in their order, that do not fit on every day from theirs on.

        For each its place, and of its worst day (the first of those) the limit, what was taken
        before it, and by how much it is over. Under a `floor` the limit is what there was.
        """
        asked = -taken if self.floor else taken
        if not (asked > 0).any():
            return []
        self.settle()
        self._guard(taken, adjustment)
        days = np.unique(np.concatenate([self.day, self.step, day]))
        limits, sums = self._limits(days), self._sums(days, self.taken)
        if self.floor:
            limits, sums, adjustment = limits * 0, -sums, adjustment * 0
        at = np.searchsorted(days, day)
        first = int(at[asked > 0].min())
        most = np.maximum(asked, 0) + np.maximum(-adjustment, 0)
        worst = np.zeros(len(days), np.int64)
        np.add.at(worst, at, most)
        if (sums + np.cumsum(worst) <= limits)[first:].all():
            return []
        found = _one_by_one(limits, sums, (at, asked, adjustment))
        if self.floor:
            return [(place, -before, 0, short) for place, _, before, short in found]
        return found

    def _guard(self, taken: Ints, adjustment: Ints) -> None:
        """Every sum below stays under the sum of all absolute amounts."""
        columns = (self.taken, self.adjustment, self.limit, taken, adjustment)
        if sum(_absolute(column) for column in columns) > LARGEST_WHOLE:
            raise Overflow(Overflow.__doc__)


def _summed(columns: Sequence[Ints], place: Ints, count: int) -> Ints:
    """Columns added up by place."""
    if not any(column.any() for column in columns):
        return nothing(count)
    summed = np.zeros(count, np.int64)
    np.add.at(summed, place, np.concatenate(columns))
    return summed


def _until(on: Ints, changes: Ints, days: Ints) -> Ints:
    """What changes of some days, in their order, add up to until each of `days`."""
    running = np.concatenate([[0], np.cumsum(changes)])
    found: Ints = running[np.searchsorted(on, days, "right")]
    return found


def _most(taken: Sequence[int], adjustment: Sequence[int]) -> int:
    """What changes take at most, with what they lower the limit by at most: on no day more."""
    return sum(one for one in taken if one > 0) - sum(one for one in adjustment if one < 0)


def _absolute(column: Ints) -> int:
    if not len(column):
        return 0
    largest = max(abs(int(column.max())), abs(int(column.min()))) * len(column)
    return largest if largest <= LARGEST_WHOLE // 8 else sum(map(abs, column.tolist()))


def _one_by_one(
    limits: Ints, sums: Ints, changes: tuple[Ints, Ints, Ints]
) -> list[tuple[int, int, int, int]]:
    found = []
    left = limits - sums
    columns = (column.tolist() for column in changes)
    for place, (at, asked, adjustment) in enumerate(zip(*columns, strict=True)):
        if adjustment:
            limits[at:] += adjustment
        rest = left[at:]
        rest -= asked - adjustment
        if asked > 0:
            worst = int(rest.argmin())
            over = -int(rest[worst])
            if over > 0:
                limit = int(limits[at + worst])
                found.append((place, limit, limit + over - asked, over))
    return found


@dataclass(frozen=True, slots=True)
class Calendar:
    """Each movement's `day` as a whole number, and the days of those budgets for which the totals
    are not enough: whose limit has steps, or which had credits or limit changes after some day
    of the batch.
    """

    day: Ints
    timelines: Mapping[int, Timeline]


def over_by_day(entries: Entries, day: Ints, timelines: Mapping[int, Timeline]) -> list[Excess]:
    """What official entries exceed on the budgets whose days are known, and take them along.

    `day` is each movement's day.
    """
    if not timelines:
        return []
    known = np.array(sorted(timelines), np.int64)
    mine = np.flatnonzero((entries.official == 1) & np.isin(entries.budget, known))
    order = mine[np.argsort(entries.budget[mine], kind="stable")]
    budgets, starts = np.unique(entries.budget[order], return_index=True)
    found, room = [], entries.taken
    bounds = pairwise([*starts.tolist(), len(order)])
    for budget, (first, end) in zip(budgets.tolist(), bounds, strict=True):
        at = order[first:end]
        timeline, days = timelines[budget], day[entries.row[at]]
        taken, adjustment = room[at], entries.adjustment[at]
        if timeline.fits(_most(taken.tolist(), adjustment.tolist())):
            over = []
        else:
            over = timeline.over(days, taken, adjustment)
        if over:
            found.append(_excess(over, entries.row[at], taken, budget, floor=timeline.floor))
        timeline.add(Changes(at, days, taken, entries.pending[at], adjustment))
    return found


def _excess(
    over: list[tuple[int, int, int, int]], row: Ints, taken: Ints, budget: int, *, floor: bool
) -> Excess:
    place, limit, before, short = (np.array(column, np.int64) for column in zip(*over, strict=True))
    return Excess(
        row=row[place],
        code=["account_overdrawn" if floor else "over_limit"] * len(place),
        budget=np.full(len(place), budget, np.int64),
        limit=limit,
        taken=before,
        asked=np.abs(taken[place]),
        short=short,
    )
