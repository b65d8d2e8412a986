"""Shares in whole numbers, held against exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction as Exact

from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.shares import Fraction, Holding, Measure, percent, verdict

AMOUNTS = st.integers(0, 2**50)
PPM = st.integers(0, 1_000_000)
SEVEN = Fraction.of_ppm(70_000)


def outside(country: str, day: int) -> bool:
    """The countries of these tests that count."""
    return country != "US"


def test_a_share_is_reduced():
    assert (SEVEN.part, SEVEN.whole) == (7, 100)
    assert Fraction.of_ppm(500_000) == Fraction(1, 2)


@given(AMOUNTS, AMOUNTS, PPM)
def test_it_holds_as_the_exact_fraction_does(part, base, ppm):
    exact = Exact(part) <= Exact(base) * Exact(ppm, 1_000_000)
    assert Fraction.of_ppm(ppm).holds(part, base) is exact


@given(AMOUNTS, AMOUNTS, st.integers(1, 999_999), st.booleans())
def test_the_room_fits_and_one_more_does_not(part, base, ppm, in_base):
    share = Fraction.of_ppm(ppm)
    room = share.room(part, base, in_base=in_base)
    for lot, fits in ((room, True), (room + 1, False)):
        of = Exact(base) + (lot if in_base else 0)
        assert (Exact(part) + lot <= of * Exact(ppm, 1_000_000)) is fits


@given(AMOUNTS, st.integers(1, 1_000_000))
def test_the_smallest_base_that_cures(part, ppm):
    share = Fraction.of_ppm(ppm)
    needed = share.cure(part)
    if needed is None:
        assert not share.holds(part, 2**63 - 1)
        return
    assert share.holds(part, needed)
    assert part == 0 or not share.holds(part, needed - 1)


@given(AMOUNTS, st.integers(1, 2**50))
def test_the_percentage_is_rounded_down(part, base):
    shown = Exact(percent(part, base))
    assert shown <= Exact(part * 100, base) < shown + Exact(1, 100)


def test_nothing_cures_a_share_of_nothing_and_no_base_has_no_percentage():
    assert Fraction.of_ppm(0).cure(1) is None
    assert percent(1, 0) == ""


def test_what_64_bits_do_not_hold_is_as_good_as_endless():
    assert Fraction.of_ppm(1).cure(2**62) is None
    assert Fraction.of_ppm(999_999).room(0, 2**62, in_base=True) == 2**63 - 1


def test_a_whole_share_has_all_room_or_none():
    share = Fraction.of_ppm(1_000_000)
    assert share.room(5, 5, in_base=True) == 2**63 - 1
    assert share.room(6, 5, in_base=True) == -(2**63 - 1)


MOVES = st.lists(st.tuples(st.integers(0, 30), st.integers(-50, 50)), max_size=12)
DECLARED = st.dictionaries(st.integers(0, 30), st.integers(0, 500), max_size=4)


LARGE = st.tuples(st.integers(0, 30), st.sampled_from([2**63 - 1, 1, 1 - 2**63]))


@given(MOVES | st.lists(LARGE, max_size=6), DECLARED, st.integers(0, 30))
def test_what_stands_is_what_was_declared_and_moved_since(moves, declared, day):
    holding = Holding()
    for on, amount in moves:
        holding.add("IN", on, amount)
    for on, amount in declared.items():
        holding.country("IN").declare(on, amount)
    last = max((on for on in declared if on <= day), default=None)
    since = -1 if last is None else last
    expected = sum(a for on, a in moves if since < on <= day)
    assert holding.country("IN").on(day) == expected + (0 if last is None else declared[last])


@given(MOVES, st.dictionaries(st.integers(0, 30), st.integers(0, 900), min_size=1, max_size=3))
def test_a_verdict_finds_the_first_day_that_does_not_fit(moves, whole):
    """Against a plain walk over every day, with exact fractions."""
    holding, measure = Holding(), Measure("m", SEVEN, outside)
    for day, amount in whole.items():
        holding.whole.declare(day, amount)
    for number, (on, amount) in enumerate(moves):
        found = verdict(measure, holding, "IN", on, amount)
        wrong = [day for day in range(on, 32) if _wrong(moves[:number], whole, (on, amount), day)]
        assert (found.day if found else None) == (wrong[0] if wrong else None)
        holding.add("IN", on, amount)


def _wrong(moves, whole, lot, day):
    if lot[1] <= 0:
        return False
    known = max((on for on in whole if on <= day), default=None)
    if known is None:
        return True
    part = sum(amount for on, amount in [*moves, lot] if on <= day)
    base = whole[known] + sum(amount for on, amount in moves if known < on <= day) + lot[1]
    return Exact(part) > Exact(base) * Exact(7, 100)


def test_the_figures_of_a_verdict():
    """93 elsewhere and a lot of 7.1: one tenth too much, less what the lot adds to the base."""
    holding = Holding()
    holding.whole.declare(0, 93_000)
    measure = Measure("m", SEVEN, outside)
    assert verdict(measure, holding, "IN", 1, 7_000) is None
    found = verdict(measure, holding, "IN", 1, 7_100)
    assert found is not None
    assert (found.base, found.limit, found.taken, found.asked) == (100_100, 7_000, 0, 7_100)
    assert (found.short, found.cure, found.declared_on) == (100, 94_329, 0)
    holding.whole.declare(0, 94_329)
    assert verdict(measure, holding, "IN", 1, 7_100) is None


def test_a_base_nobody_declared_cannot_be_judged():
    found = verdict(Measure("m", SEVEN, outside), Holding(), "IN", 1, 7)
    assert found is not None
    assert (found.base, found.cure) == (None, 100)


def test_what_makes_it_no_worse_is_let_pass():
    """Into a country that does not count, and out of one that does."""
    holding = Holding()
    holding.whole.declare(0, 100)
    holding.add("IN", 1, 50)
    measure = Measure("m", SEVEN, outside)
    assert verdict(measure, holding, "US", 2, 10) is None
    assert verdict(measure, holding, "IN", 2, -10) is None
    lost = verdict(measure, holding, "US", 2, -10)
    assert lost is not None
    assert (lost.asked, lost.short) == (0, 50 - 9)


def test_measured_on_dates_alone():
    holding = Holding()
    holding.whole.declare(0, 100)
    measure = Measure("m", SEVEN, outside, dates=(10, 20))
    holding.add("US", 15, 1_000)
    found = verdict(measure, holding, "IN", 5, 20)
    assert found is not None
    assert found.day == 10
    assert verdict(measure, holding, "IN", 12, 20) is None
    assert verdict(measure, holding, "IN", 21, 2_000) is None


def test_each_country_is_a_part_of_its_own():
    holding = Holding()
    holding.whole.declare(0, 100)
    for measure, fits in (
        (Measure("m", SEVEN, outside, each=True), True),
        (Measure("m", SEVEN, outside), False),
    ):
        holding.by_country.clear()
        holding.country("BR").declare(0, 7)
        assert (verdict(measure, holding, "IN", 1, 7) is None) is fits


def test_a_base_of_other_countries():
    """The lot is no part of it: 50 % of what went elsewhere."""
    holding = Holding()
    holding.country("US").declare(0, 100)
    measure = Measure("m", Fraction(1, 2), lambda c, _: c == "CN", base=lambda c, _: c == "US")
    assert verdict(measure, holding, "CN", 1, 50) is None
    found = verdict(measure, holding, "CN", 1, 51)
    assert found is not None
    assert (found.base, found.limit, found.short, found.cure) == (100, 50, 1, 102)


@given(
    declared=st.integers(0, 10**6),
    abroad=st.integers(0, 10**6),
    other=st.integers(0, 10**6),
    moved=st.integers(1, 10**6),
    source=st.sampled_from(["US", "PL"]),
    ppm=st.sampled_from([70_000, 250_000, 500_000, 333_333]),
)
def test_a_move_is_measured_as_both_its_sides_at_once(declared, abroad, other, moved, source, ppm):
    """By exact fractions: on the way nothing is gone, so what it is a share of stays."""
    share = Exact(ppm, 10**6)
    for each in (False, True):
        holding = Holding()
        holding.whole.declare(0, declared)
        holding.add("IN", 1, abroad)
        holding.add("PL", 1, other)
        holding.add("US", 1, 10**6)
        base = declared + abroad + other + 10**6
        measure = Measure("s", Fraction.of_ppm(ppm), outside, each)
        taken = abroad if each else abroad + other
        asked = moved if each or source == "US" else 0
        found = verdict(measure, holding, "IN", 2, moved, source)
        if asked == 0 or Exact(taken + asked, base) <= share:
            assert found is None
            continue
        assert found is not None
        limit = math.floor(share * base)
        figures = (found.base, found.limit, found.taken, found.asked, found.short)
        assert figures == (base, limit, taken, asked, taken + asked - limit)
        cured = math.ceil(Exact(taken + asked) / share)
        assert found.cure == declared + cured - base


def test_a_move_out_of_the_base_makes_every_part_larger():
    """What goes from the United States to China leaves the base there, and comes to no part."""
    holding = Holding()
    holding.country("US").declare(0, 1_000)
    holding.add("IN", 1, 70)
    measure = Measure("s", SEVEN, lambda code, _: code == "IN", True, lambda code, _: code == "US")
    found = verdict(measure, holding, "CN", 2, 100, "US")
    assert found is not None
    assert (found.country, found.base, found.taken, found.asked, found.short) == (
        "IN",
        900,
        70,
        0,
        7,
    )
    assert verdict(measure, holding, "US", 2, 100, "CN") is None
