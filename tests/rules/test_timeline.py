"""A budget day by day against plain sums: what does not fit on some day from its own on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.rules.admission import (
    Batch,
    Budgets,
    Calendar,
    Changes,
    Effect,
    Lines,
    Overflow,
    weigh,
)
from ledger.rules.timeline import Timeline
from tests.examples import at_most

NO_LINES = Lines(*np.zeros((len(Lines.__slots__), 0), np.int64))
Change = tuple[int, int, int]  # day, taken, adjustment


def column(values: Any) -> Any:
    """Whole numbers as a column."""
    return np.array(list(values), np.int64)


def timeline(steps: dict[int, int], before: Any = (), *, floor: bool = False) -> Timeline:
    """A budget's days: its limit by the first day of each step, and changes on record."""
    none = np.zeros(0, np.int64)
    made = Timeline(
        column(sorted(steps)),
        column(steps[d] for d in sorted(steps)),
        none,
        none,
        none,
        none,
        floor,
    )
    made.add(changes(before))
    return made


def changes(some: list[Change]) -> Changes:
    """Changes of one budget as columns; nothing is pending."""
    day, taken, adjustment = (
        (column(c) for c in zip(*some, strict=True)) if some else [column(())] * 3
    )
    return Changes(day * 0, day, taken, day * 0, adjustment)


class Plain:
    """Every change in a list; each question sums it anew."""

    def __init__(self, steps: dict[int, int], before: list[Change], *, floor: bool = False) -> None:
        self.steps, self.all, self.floor = steps, list(before), floor

    def figures(self, day: int) -> tuple[int, int]:
        """The limit and what is taken on a day."""
        base = next(
            (self.steps[d] for d in sorted(self.steps, reverse=True) if d <= day),
            self.steps[min(self.steps)],
        )
        known = [c for c in self.all if c[0] <= day]
        return base + sum(c[2] for c in known), sum(c[1] for c in known)

    def take(self, change: Change, days: range) -> tuple[int, int, int] | None:
        """Count a change; its worst day's limit, taken before, and over by, if it does not fit."""
        self.all.append(change)
        asked = -change[1] if self.floor else change[1]
        if asked <= 0:
            return None
        worst: tuple[int, int, int] | None = None
        for day in days:
            limit, taken = self.figures(day)
            limit, taken = (0, -taken) if self.floor else (limit, taken)
            over = taken - limit
            if day >= change[0] and over > 0 and (worst is None or over > worst[2]):
                worst = (limit, taken - asked, over)
        if worst is not None and self.floor:
            return -worst[1], 0, worst[2]
        return worst


DAYS = range(12)
some = st.lists(
    st.tuples(st.integers(1, 10), st.integers(-30, 40), st.sampled_from((0, 0, 0, -20, 25))),
    max_size=8,
)
stepped = st.dictionaries(st.integers(0, 9), st.integers(0, 100), min_size=1, max_size=4)


@settings(max_examples=at_most(150))
@given(steps=stepped, before=some, coming=some, floor=st.booleans())
def test_a_batch_by_days_is_as_one_by_one(steps, before, coming, floor):
    plain = Plain(steps, before, floor=floor)
    expected = [
        (place, *worst)
        for place, change in enumerate(coming)
        if (worst := plain.take(change, DAYS)) is not None
    ]
    taken = timeline(steps, before, floor=floor)
    asked = changes(coming)
    assert taken.over(asked.day, asked.taken, asked.adjustment) == expected


@settings(max_examples=at_most(80))
@given(steps=stepped, before=some, coming=some, cut=st.integers(0, 8), day=st.integers(0, 11))
def test_what_was_taken_along_counts_from_then_on(steps, before, coming, cut, day):
    whole, parts = (timeline(steps, before) for _ in range(2))
    whole.add(changes(coming))
    for part in (coming[:cut], coming[cut:]):
        parts.add(changes(part))
    plain = Plain(steps, [*before, *coming])
    left = [limit - taken for limit, taken in map(plain.figures, DAYS)]
    assert whole.room(day) == parts.room(day) == min(left[day:])


@settings(max_examples=at_most(150))
@given(steps=stepped, before=some, parts=st.lists(some, max_size=7), floor=st.booleans())
def test_what_fits_for_sure_is_over_on_no_day(steps, before, parts, floor):
    """The quick answer may say too little, never too much; however much was taken along."""
    one, plain = timeline(steps, before, floor=floor), Plain(steps, before, floor=floor)
    for part in parts:
        most = sum(max(taken, 0) + max(-moved, 0) for _, taken, moved in part)
        fits = one.fits(most)
        over = [c for c in part if plain.take(c, DAYS) is not None]
        assert not (fits and over)
        one.add(changes(part))


def test_much_room_is_told_without_a_look_at_the_days():
    one = timeline({0: 100, 5: 90}, [(2, 30, 0), (3, -30, 0), (4, 0, -10)])
    assert (one.fits(50), one.fits(51)) == (True, False)  # what came back is not counted on
    one.add(changes([(1, 20, 0), (2, -5, -5)]))
    assert (one.fits(25), one.fits(26)) == (True, False)
    assert not timeline({0: 100}, floor=True).fits(0)


@settings(max_examples=at_most(100))
@given(before=some, coming=some)
def test_totals_and_days_agree_behind_the_last_credit(before, coming):
    """Where nothing comes back and no limit moves later, the totals say the same, to the figure."""
    last = max((d for d, taken, moved in before if taken < 0 or moved), default=0)
    later = sorted((max(d, last), abs(taken), 0) for d, taken, _ in coming)
    limit, said = 60, []
    for timelines in ({}, {0: timeline({0: limit}, before)}):
        budgets = Budgets(*np.zeros((len(Budgets.__slots__), 1), np.int64))
        budgets.limit[0] = limit
        budgets.posted[0] = sum(c[1] for c in before)
        budgets.adjustment[0] = sum(c[2] for c in before)
        day = column(d for d, _, _ in later)
        rows = column(range(len(later)))
        nothing = rows * 0
        batch = Batch(
            nothing, nothing, nothing, nothing - 1, rows, nothing, nothing + 1,
            nothing + int(Effect.POST), column(amount for _, amount, _ in later),
        )  # fmt: skip
        weighed = weigh(batch, budgets, NO_LINES, 0, Calendar(day, timelines))
        said.append(
            [
                (e.row.tolist(), e.code, e.limit.tolist(), e.taken.tolist(), e.short.tolist())
                for e in weighed.excesses
            ]
        )
    assert said[0] == said[1]


ROOM = [
    # steps, changes on record, day, room
    ({0: 100}, [(2, 80, 0), (4, -80, 0)], 1, 20),
    ({0: 100}, [(2, 80, 0), (4, -80, 0)], 3, 20),
    ({0: 100}, [(2, 80, 0), (4, -80, 0)], 4, 100),
    ({0: 100, 5: 150}, [(2, 80, 0)], 1, 20),
    ({0: 100, 5: 150}, [(2, 80, 0)], 5, 70),
    ({0: 100, 5: 50}, [(2, 80, 0)], 1, -30),
    ({0: 100}, [(3, 0, 100)], 2, 100),
    ({0: 100}, [(3, 0, 100)], 3, 200),
]


@pytest.mark.parametrize(("steps", "before", "day", "room"), ROOM)
def test_room_is_the_least_from_the_day_on(steps, before, day, room):
    assert timeline(steps, before).room(day) == room


def test_what_others_ask_counts_from_its_day_on():
    one = timeline({0: 100})
    assert one.room(3, [(2, 30), (5, 60), (1, 5)]) == 5
    assert one.room(1, []) == 100


def test_sums_that_would_not_fit_are_told_before():
    large = 2**62
    one = timeline({0: 2**60}, [(1, large, 0), (2, -large, 0)])
    with pytest.raises(Overflow):
        one.over(column([1]), column([1]), column([0]))
