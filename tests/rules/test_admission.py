"""Weighing in columns against weighing one by one, and where 64 bits end."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.rules import by_hand
from ledger.rules.admission import (
    Batch,
    Budgets,
    Effect,
    Lines,
    Overflow,
    by_day,
    weigh,
)
from ledger.rules.weights import Kept, Lot, Plain, PlainLines
from tests.examples import at_most

LARGEST = 2**63 - 1
TOLERANCE = 100_000  # a tenth, in millionths
BALANCES = Budgets.__slots__
LINES = Lines.__slots__


class Draw(NamedTuple):
    """One draw of a movement."""

    budget: int
    official: int
    effect: Effect
    amount: int


class Movement(NamedTuple):
    """What is weighed: a lot, the place of its licence line or -1, and its draws."""

    amount: int
    quantity: int
    value: int
    line: int
    draws: tuple[Draw, ...]


def column(values: Any) -> Any:
    """Whole numbers as a column."""
    return np.array(list(values), np.int64)


def batch_of(movements: list[Movement]) -> Batch:
    """Movements and their draws as columns."""
    draws = [(at, draw) for at, m in enumerate(movements) for draw in m.draws]
    return Batch(
        amount=column(m.amount for m in movements),
        quantity=column(m.quantity for m in movements),
        value=column(m.value for m in movements),
        line=column(m.line for m in movements),
        draw_row=column(at for at, _ in draws),
        draw_budget=column(draw.budget for _, draw in draws),
        draw_official=column(draw.official for _, draw in draws),
        draw_effect=column(draw.effect for _, draw in draws),
        draw_amount=column(draw.amount for _, draw in draws),
    )


def budgets_of(rows: list[dict[str, int]]) -> Budgets:
    """Budgets in columns; what a row leaves out is 0."""
    return Budgets(*(column(row.get(name, 0) for row in rows) for name in BALANCES))


def lines_of(rows: list[dict[str, int]]) -> Lines:
    """Licence lines in columns; what a row leaves out is 0."""
    return Lines(*(column(row.get(name, 0) for row in rows) for name in LINES))


def as_rows(columns: Budgets | Lines) -> list[dict[str, int]]:
    """Columns as one dictionary a place."""
    names = type(columns).__slots__
    return [
        dict(zip(names, row, strict=True))
        for row in zip(*(getattr(columns, n).tolist() for n in names), strict=True)
    ]


# One by one

Said = tuple[int, str, int, int, int, int, int]  # row, code, budget, limit, taken, asked, short


_HELD = {Effect.HOLD: 1, Effect.UNHOLD: -1, Effect.LAPSE: -1}
_POSTED = {Effect.POST: 1, Effect.DRAW: 1, Effect.CREDIT: -1, Effect.CREDIT_TO_NOTHING: -1}


class Scalar:
    """The same, one movement after another, in plain numbers."""

    def __init__(self, budgets: list[dict[str, int]], lines: list[dict[str, int]]) -> None:
        self.budgets, self.lines = deepcopy(budgets), deepcopy(lines)
        self.entries: list[tuple[int, ...]] = []
        self.said: list[Said] = []
        self.late: list[int] = []
        self.lapsed = 0

    def take(self, row: int, m: Movement) -> None:
        """Weigh one movement and move the balances by it."""
        released, late = self.draw_down(row, m) if m.line >= 0 else (0, 0)
        self.late.append(late)
        entries: dict[tuple[int, int], list[int]] = {}
        marked = set()
        for budget, official, effect, amount in m.draws:
            sums = entries.setdefault((budget, official), [0] * 5)
            adjustment, pending, held, posted, lapsed = sums
            adjustment += amount if effect == Effect.ADJUST else 0
            pending += {Effect.PEND: amount, Effect.UNPEND: -amount}.get(effect, 0)
            if effect == Effect.CREDIT_TO_NOTHING and official:
                amount = min(amount, max(self.budgets[budget]["posted"] + posted, 0))
            held += _HELD.get(effect, 0) * amount
            lapsed += amount if effect == Effect.LAPSE else 0
            if effect in (Effect.DRAW, Effect.RELEASE):
                held, lapsed = held - released, lapsed - self.lapsed
            posted += _POSTED.get(effect, 0) * amount
            entries[budget, official] = [adjustment, pending, held, posted, lapsed]
            if effect == Effect.MARK:
                marked.add((budget, official))
        for key in sorted(entries):
            if any(entries[key]) or key in marked:
                self.enter(row, key, entries[key])

    def draw_down(self, row: int, m: Movement) -> tuple[int, int]:
        """Take a lot from its licence line: how much of the hold, and of what had ended."""
        line = self.lines[m.line]
        most_value = line["value"] + line["value"] * TOLERANCE // 10**6
        for code, limit, used, asked in (
            ("licence_quantity_overdrawn", line["quantity"], "used_quantity", m.quantity),
            ("licence_tpp_overdrawn", line["amount"], "used", m.amount),
            ("licence_value_overdrawn", most_value, "used_value", m.value),
        ):
            over = line[used] + asked - limit
            if limit > 0 and asked > 0 and over > 0:
                self.said.append((row, code, -1, limit, line[used], asked, over))
            line[used] += asked
        rest, taken = m.amount, {}
        for name in ("held", "lapsed", "back"):
            taken[name] = min(rest, line[name])
            line[name] -= taken[name]
            rest -= taken[name]
        line["gone"] = min(line["gone"], max(line["quantity"] - line["used_quantity"], 0))
        self.lapsed = taken["lapsed"]
        return taken["held"], taken["lapsed"] + taken["back"]

    def enter(self, row: int, key: tuple[int, int], amounts: list[int]) -> None:
        """One entry: checked against the limit with it, then counted."""
        (place, official), (adjustment, _, held, posted, lapsed) = key, amounts
        budget, taken = self.budgets[place], held + posted + lapsed
        self.entries.append((row, place, official, *amounts))
        if not official:
            budget["safe"] += taken
            return
        before = budget["held"] + budget["posted"] + budget["lapsed"]
        limit = budget["limit"] + budget["adjustment"] + adjustment
        if taken > 0 and before + taken > limit and not budget["unbound"]:
            said = (row, "over_limit", place, limit, before, taken, before + taken - limit)
            self.said.append(said)
        names = ("adjustment", "pending", "held", "posted", "lapsed")
        for name, amount in zip(names, amounts, strict=True):
            budget[name] += amount


# What may come

amounts = st.integers(0, 40)
PLACES, NUMBERED = 3, 2


def movements() -> st.SearchStrategy[Movement]:
    """Movements of every effect; those under a licence draw, the others do not."""
    under = st.sampled_from([Effect.DRAW, Effect.RELEASE])
    others = st.sampled_from([e for e in Effect if e not in (Effect.DRAW, Effect.RELEASE)])
    signed = st.tuples(st.integers(0, PLACES - 1), st.just(1), st.just(Effect.ADJUST))
    adjusting = st.builds(
        lambda key, n: Draw(key[0], key[1], key[2], n), signed, st.integers(-30, 30)
    )
    drawing = (
        st.builds(Draw, st.integers(0, PLACES - 1), st.integers(0, 1), others, amounts) | adjusting
    )
    plain = st.builds(
        Movement, amounts, amounts, amounts, st.just(-1), st.lists(drawing, max_size=4).map(tuple)
    )
    return plain | st.builds(
        lambda a, q, v, line, at, effect: Movement(a, q, v, line, (Draw(at, 1, effect, a),)),
        amounts,
        st.integers(0, 4),
        amounts,
        st.integers(0, NUMBERED - 1),
        st.integers(0, PLACES - 1),
        under,
    )


balances = st.fixed_dictionaries(
    dict.fromkeys(BALANCES, amounts) | {"unbound": st.sampled_from((0, 0, 0, 1))}
)
lines = st.fixed_dictionaries(dict.fromkeys(LINES, amounts))


@settings(max_examples=at_most(120))
@given(
    coming=st.lists(movements(), max_size=12),
    budgets=st.lists(balances, min_size=PLACES, max_size=PLACES),
    licensed=st.lists(lines, min_size=NUMBERED, max_size=NUMBERED),
)
def test_columns_weigh_as_one_by_one(coming, budgets, licensed):
    scalar = Scalar(budgets, licensed)
    for row, movement in enumerate(coming):
        scalar.take(row, movement)
    moved, drawn = budgets_of(budgets), lines_of(licensed)
    weighed = weigh(batch_of(coming), moved, drawn, TOLERANCE)
    assert as_rows(moved) == scalar.budgets
    assert as_rows(drawn) == scalar.lines
    assert weighed.late.tolist() == scalar.late
    found = weighed.listed()
    assert [tuple(entry) for entry in found.entries] == scalar.entries
    assert sorted(tuple(over) for over in found.overs) == sorted(scalar.said)
    for excess in weighed.excesses:
        assert excess.row.tolist() == sorted(excess.row.tolist())


def are_few(coming: list[Movement]) -> bool:
    """Whether they may be weighed in plain numbers."""
    return by_hand.is_few([Lot(*movement) for movement in coming])


@settings(max_examples=at_most(120))
@given(
    coming=st.lists(movements(), max_size=by_hand.FEW).filter(are_few),
    budgets=st.lists(balances, min_size=PLACES, max_size=PLACES),
    licensed=st.lists(lines, min_size=NUMBERED, max_size=NUMBERED),
    days=st.lists(st.integers(0, 3), min_size=by_hand.FEW),
)
def test_few_weigh_as_in_columns(coming, budgets, licensed, days):
    columns, plain = ((budgets_of(budgets), lines_of(licensed)) for _ in range(2))
    weighed = weigh(batch_of(coming), *columns, TOLERANCE)
    found = by_hand.weigh([Lot(*movement) for movement in coming], *plain, TOLERANCE)
    assert found.entries == weighed.listed().entries
    assert sorted(found.overs) == sorted(weighed.listed().overs)
    assert found.late == weighed.late.tolist()
    assert [as_rows(c) for c in plain] == [as_rows(c) for c in columns]
    numbers = Kept(Plain(), Plain.columns)
    for one in budgets:
        numbers.add(*(one[name] for name in BALANCES))
    plainly = Kept(PlainLines(), PlainLines.columns)
    for line in licensed:
        plainly.add(*(line.get(name, 0) for name in LINES))
    lots = [Lot(*movement) for movement in coming]
    assert by_hand.weigh(lots, numbers.figures, plainly.figures, TOLERANCE) == found
    assert [as_rows(numbers.columns), as_rows(plainly.columns)] == [as_rows(c) for c in columns]
    changes = by_day(weighed.entries, column(days))
    listed = list(zip(*(c.tolist() for c in changes), strict=True))
    assert by_hand.by_day(found.entries, days) == listed


@given(st.lists(balances, max_size=20), st.integers(0, 20))
def test_places_are_alike_however_they_are_kept(budgets, turned):
    """In plain numbers up to some place, in columns behind it."""
    kept = Kept(Plain(), Plain.columns)
    for at, one in enumerate(budgets):
        if at == turned:
            assert len(kept.columns.limit) == at
        assert kept.add(*(one[name] for name in BALANCES)) == at
    assert kept.listed(BALANCES) == [[one[name] for one in budgets] for name in BALANCES]


@settings(max_examples=at_most(40))
@given(coming=st.lists(movements(), min_size=2, max_size=8), cut=st.integers(1, 7))
def test_a_batch_may_be_cut_anywhere(coming, cut):
    """What is carried from one batch to the next is all that counts."""
    whole, parts = (
        (
            budgets_of([{"limit": 50}] * PLACES),
            lines_of([{"quantity": 5, "amount": 60, "held": 60}] * NUMBERED),
        )
        for _ in range(2)
    )
    weigh(batch_of(coming), whole[0], whole[1], TOLERANCE)
    for part in (coming[:cut], coming[cut:]):
        weigh(batch_of(part), parts[0], parts[1], TOLERANCE)
    assert [as_rows(c) for c in whole] == [as_rows(c) for c in parts]


def test_a_batch_of_nothing():
    weighed = weigh(batch_of([]), budgets_of([]), lines_of([]), TOLERANCE)
    assert len(weighed.entries.row) == 0
    assert weighed.excesses == []


# Where 64 bits end

HOLDS = [
    # what is on the budget before, what is asked, whether it still fits
    ({}, LARGEST, True),
    ({"limit": 1}, LARGEST, False),
    ({"limit": LARGEST - 5}, 5, True),
    ({"limit": LARGEST - 5}, 6, False),
    *(({name: LARGEST - 5}, 6, False) for name in BALANCES),
]


@pytest.mark.parametrize(("before", "asked", "fits"), HOLDS)
@pytest.mark.parametrize("official", [0, 1])
@pytest.mark.parametrize("padding", [0, 100])
def test_amounts_that_no_longer_fit_move_nothing(before, asked, fits, official, padding):
    """Few amounts are added up otherwise than many."""
    nothing = Movement(0, 0, 0, -1, ())
    lot = Movement(0, 0, 0, -1, (Draw(0, official, Effect.POST, asked),))
    batch = batch_of([nothing] * padding + [lot])
    budgets = budgets_of([before])
    if fits:
        weigh(batch, budgets, lines_of([]), 0)
        name = "posted" if official else "safe"
        assert as_rows(budgets)[0][name] == before.get(name, 0) + asked
        return
    with pytest.raises(Overflow):
        weigh(batch, budgets, lines_of([]), 0)
    with pytest.raises(Overflow):
        by_hand.weigh([Lot(*lot)], budgets, lines_of([]), 0)
    assert as_rows(budgets) == as_rows(budgets_of([before]))


@pytest.mark.parametrize("name", ["amount", "quantity", "value"])
@pytest.mark.parametrize("count", [2, 100])
def test_what_is_drawn_on_a_licence_fits_too(name, count):
    lot = Movement(0, 0, 0, 0, ())._replace(**{name: LARGEST // count + 1})
    lines = lines_of([{}])
    with pytest.raises(Overflow):
        weigh(batch_of([lot] * count), budgets_of([{}]), lines, TOLERANCE)
    with pytest.raises(Overflow):
        by_hand.weigh([Lot(*lot)] * count, budgets_of([{}]), lines, TOLERANCE)
    assert as_rows(lines) == as_rows(lines_of([{}]))


def test_the_tolerance_of_a_large_value_is_exact():
    value = 4 * 10**18 // 10 + 7
    lines = lines_of([{"value": value}])
    most = value + value * TOLERANCE // 10**6
    exact, more = (Movement(0, 0, v, 0, ()) for v in (most, 1))
    assert weigh(batch_of([exact]), budgets_of([{}]), lines, TOLERANCE).excesses == []
    (over,) = weigh(batch_of([more]), budgets_of([{}]), lines, TOLERANCE).excesses
    assert (over.code, over.limit.tolist(), over.short.tolist()) == (
        ["licence_value_overdrawn"],
        [most],
        [1],
    )


# Days


@given(coming=st.lists(movements(), max_size=8), days=st.lists(st.integers(0, 3), min_size=8))
def test_changes_by_day_add_up_to_the_balances(coming, days):
    budgets = budgets_of([{}] * PLACES)
    weighed = weigh(batch_of(coming), budgets, lines_of([{}] * NUMBERED), TOLERANCE)
    changes = by_day(weighed.entries, column(days))
    keys = list(zip(changes.budget.tolist(), changes.day.tolist(), strict=True))
    assert keys == sorted(set(keys))
    assert (0, 0, 0) not in zip(*(c.tolist() for c in changes[2:]), strict=True)
    for at, row in enumerate(as_rows(budgets)):
        mine = changes.budget == at
        totals = [int(c[mine].sum()) for c in changes[2:]]
        taken = row["held"] + row["posted"] + row["lapsed"]
        assert totals == [taken, row["pending"], row["adjustment"]]
