"""Windows that follow one another: months, quarters, halves and years, from any day of a month."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.policy.reader import regime_from_text, starter_regime
from ledger.policy.windows import MONTHS, Windows
from schemas.problems import Unusable

PERIODS = [
    # months, first day, a day, the key and the days of its window
    (12, "2026-01-01", "2027-12-31", "2027 2027-01-01 2027-12-31"),
    (12, "2026-07-01", "2027-06-30", "2026/27 2026-07-01 2027-06-30"),
    (12, "2026-07-01", "2027-07-01", "2027/28 2027-07-01 2028-06-30"),
    (12, "2099-10-16", "2100-01-01", "2099/00 2099-10-16 2100-10-15"),
    (6, "2026-07-01", "2027-01-01", "2027H1 2027-01-01 2027-06-30"),
    (6, "2026-07-01", "2027-12-31", "2027H2 2027-07-01 2027-12-31"),
    (6, "2026-04-01", "2026-12-01", "2026-10-01 2026-10-01 2027-03-31"),
    (3, "2026-01-01", "2026-03-31", "2026Q1 2026-01-01 2026-03-31"),
    (3, "2026-07-01", "2027-11-11", "2027Q4 2027-10-01 2027-12-31"),
    (3, "2026-02-01", "2027-01-31", "2026-11-01 2026-11-01 2027-01-31"),
    (3, "2026-01-16", "2026-04-15", "2026-01-16 2026-01-16 2026-04-15"),
    (1, "2024-01-01", "2024-02-29", "2024-02 2024-02-01 2024-02-29"),
    (1, "2024-01-28", "2024-02-28", "2024-02-28 2024-02-28 2024-03-27"),
]


def windows(months: int, first: str, last: str | None = None) -> Windows:
    begins = date.fromisoformat(first)
    ends = None if last is None else date.fromisoformat(last)
    return Windows((), begins, ends, months, (begins.month, begins.day))


@pytest.mark.parametrize(("months", "first", "day", "said"), PERIODS)
def test_the_period_of_a_day(months: int, first: str, day: str, said: str):
    made = windows(months, first)
    found = made.on(date.fromisoformat(day))
    assert found is not None
    assert f"{found.key} {found.from_on} {found.to_on}" == said
    assert made.of_key(found.key) == found


def test_before_the_first_and_after_the_last_there_is_none():
    made = windows(3, "2026-07-01", "2026-12-31")
    assert made.on(date(2026, 6, 30)) is made.on(date(2027, 1, 1)) is None
    assert [w.key for w in made.known()] == ["2026Q3", "2026Q4"]
    for key in ("2026Q2", "2027Q1", "2026", "x", "", "9999Q1", "0000Q1"):
        assert made.of_key(key) is None, key


def test_periods_without_an_end_are_known_as_they_begin():
    made = windows(1, "2026-11-01")
    assert made.endless
    assert [w.key for w in made.known()] == ["2026-11"]
    assert [w.key for w in made.known(date(2027, 1, 1))] == ["2026-11", "2026-12", "2027-01"]


@given(
    st.sampled_from(sorted(MONTHS.values())),
    st.dates(date(1900, 1, 1), date(2100, 12, 31)).filter(lambda day: day.day <= 28),
    st.integers(0, 40_000),
)
def test_every_day_is_in_one_period_and_each_begins_where_the_one_before_ends(
    months: int, first: date, days: int
):
    made = windows(months, first.isoformat())
    day = first + timedelta(days)
    found = made.on(day)
    assert found is not None
    assert found.covers(day)
    assert made.on(found.to_on) == found
    assert made.on(found.from_on) == found
    following = made.on(found.to_on + timedelta(1))
    assert following is not None
    assert following.from_on == found.to_on + timedelta(1)
    assert (following.from_on.day, following.key != found.key) == (first.day, True)
    assert made.of_key(found.key) == found


def starter(periods: str) -> dict[str, str]:
    """The regime to start from, each of two holders having the same in each period."""
    texts = starter_regime()
    del texts["budgets/yearly_cap.csv"]
    budget = texts["budgets/yearly_cap.toml"].replace(
        'limits = "yearly_cap.csv"', 'limit = "critical_share"'
    )
    texts["budgets/yearly_cap.toml"] = f'{budget}names = {{ Q1 = "Berries" }}\n{periods}'
    return texts


WRONG = [
    ('[periods]\nevery = "week"\nfrom = 2026-01-01', "every", "unknown"),
    ('[periods]\nevery = "month"\nfrom = 2026-01-29', "from", "must be one of a month's first 28"),
    (
        '[periods]\nevery = "quarter"\nfrom = 2026-01-01\nto = 2026-06-29',
        "to",
        "must be the last day of a period, as 2026-06-30",
    ),
    (
        '[periods]\nevery = "quarter"\nfrom = 2026-01-01\nto = 2025-12-31',
        "to",
        "before its first day",
    ),
    (
        '[periods]\nevery = "year"\nfrom = 2026-01-01\n[calendar_years]\nfrom = 2026-01-01',
        "periods",
        "has windows of its own already",
    ),
    (
        '[periods]\nevery = "year"\nfrom = 2026-01-01\n[always]\nfrom = 2026-01-01',
        "periods",
        "has windows of its own already",
    ),
    ("[periods]\nfrom = 2026-01-01", "every", "missing"),
    ("", "window", "missing: [[window]], [calendar_years], [periods], [always] or a CSV of limits"),
]


@pytest.mark.parametrize(("periods", "column", "reason"), WRONG)
def test_what_is_wrong_with_periods(periods: str, column: str, reason: str):
    with pytest.raises(Unusable) as wrong:
        regime_from_text(starter(periods))
    said = [(p.file, p.column, p.reason) for p in wrong.value.problems]
    assert any(
        file == "budgets/yearly_cap.toml" and column in at and reason in why
        for file, at, why in said
    ), said
