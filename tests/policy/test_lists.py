"""Who is on which list, on which day; and who holds a country allocation."""

from __future__ import annotations

from datetime import date

import pytest

from ledger import countries
from ledger.policy.reader import read_regime

RULE = read_regime("ai_diffusion")
START, END = date(2025, 1, 1), date(2026, 11, 23)
ALLOCATION = RULE.budgets["country_allocation"]

SIZES = """
supp5a  19  19
supp5b   0   0
d1      24  24
d4      22  21
d5      23  22
a5      37  38
a6       8   8
macau    1   1
part746  3   3
destinations 200 200
"""


@pytest.mark.parametrize("row", SIZES.strip().splitlines())
def test_size_in_2025_and_later(row):
    key, first, last = row.split()
    found = RULE.lists[key]
    assert (len(found.members(START)), len(found.members(END))) == (int(first), int(last))


CHANGES = """
d5 KH 2026-02-02 2026-02-03
d4 AE 2026-07-22 2026-07-23
"""


@pytest.mark.parametrize("row", CHANGES.strip().splitlines())
def test_a_country_leaves(row):
    key, code, before, day = row.split()
    assert code in RULE.lists[key].members(date.fromisoformat(before))
    assert code not in RULE.lists[key].members(date.fromisoformat(day))


def test_the_emirates_join_a5_the_day_they_leave_d4():
    assert "AE" in RULE.lists["a5"].members(date(2026, 7, 23))
    assert "AE" not in RULE.lists["a5"].members(date(2026, 7, 22))


def test_no_list_before_the_tally_begins():
    assert RULE.lists["supp5a"].members(date(2024, 12, 31)) == frozenset()


def test_macau_is_not_in_d5():
    assert "MO" not in RULE.lists["d5"].members(START)


def test_157_countries_hold_an_allocation():
    assert len(ALLOCATION.known_holders()) == 157


def test_cambodia_comes_under_the_allocation():
    assert "KH" not in dict(ALLOCATION.known_holders())
    assert not ALLOCATION.has_holder("KH", date(2026, 2, 2))
    assert ALLOCATION.has_holder("KH", date(2026, 2, 3))
    assert ALLOCATION.has_holder("KH")


@pytest.mark.parametrize("code", ["US", "FR", "TW", "CN", "MO", "RU", "XX"])
def test_no_allocation_for(code):
    assert not ALLOCATION.has_holder(code)


@pytest.mark.parametrize("code", ["IN", "SG", "AE", "MY", "CH", "CG", "NA", "XK", "VA"])
def test_an_allocation_for(code):
    assert ALLOCATION.has_holder(code, START)


def test_an_allocation_may_be_raised_only_for_those_listed():
    assert ALLOCATION.largest_uplift_ppm == 1_000_000
    assert not ALLOCATION.uplift_listed("IN", START)


def test_windows():
    assert [w.key for w in ALLOCATION.windows_known()] == ["2025-2027"]
    assert ALLOCATION.window_on(date(2024, 12, 31)) is None
    assert ALLOCATION.window_on(date(2028, 1, 1)) is None
    small = RULE.budgets["lpp"]
    window = small.window_on(date(2031, 5, 1))
    assert window is not None
    assert (window.key, str(window.from_on), str(window.to_on)) == (
        "2031",
        "2031-01-01",
        "2031-12-31",
    )
    assert small.known_holders() == ()
    assert small.has_holder("anybody")


def test_the_destinations_are_those_of_the_country_catalogue():
    assert set(RULE.country_names) == set(countries.destinations())


def test_territories_follow_as_the_country_catalogue_says():
    for code, attached in RULE.attached.items():
        assert countries.treated_as(code) == attached.treated_as
        assert RULE.treated_as(code) == attached.treated_as
    assert RULE.treated_as("SG") == "SG"


def test_periods_are_the_days_on_which_a_ruling_may_change():
    assert [str(day) for day in RULE.periods] == [
        "2025-01-01",
        "2025-01-13",
        "2025-05-15",
        "2025-11-07",
        "2026-02-03",
        "2026-07-23",
        "2028-01-01",
    ]
    assert RULE.period_of(date(2025, 1, 12)) == date(2025, 1, 1)
    assert RULE.period_of(date(2025, 5, 14)) == date(2025, 1, 13)
    assert RULE.period_of(date(2025, 5, 15)) == date(2025, 5, 15)
    assert RULE.period_of(date(2024, 1, 1)) == date.min


ENTERS = """
2025-01-13  yes
2026-02-02  yes
2026-02-03  no
"""


@pytest.mark.parametrize("row", ENTERS.strip().splitlines())
def test_cambodia_enters_the_allocation_later(row):
    day, later = row.split()
    found = RULE.entering("country_allocation", date.fromisoformat(day))
    assert ("KH" in found) == (later == "yes")
    assert not found & ALLOCATION.holders.on(date.fromisoformat(day))
