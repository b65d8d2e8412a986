"""A country that leaves Group D:5 holds an allocation from that day: 15 CFR 742.6(b)(10)(iii)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.publish import refresh
from ledger.service.about import about_rows
from ledger.service.explain import explain
from ledger.service.ledger import Ledger
from reports import run
from tests.cases.table import play, stands


def remaining(ledger: Ledger, as_of: str) -> list[dict[str, Any]]:
    """Cambodia's rows of the report `remaining` on a day."""
    folder = refresh(ledger.url, lambda: about_rows(ledger.url)).folder
    with run("remaining", folder, {"as_of": as_of, "holder": "Cambodia"}) as result:
        names = [column.name for column in result.columns]
        return [dict(zip(names, row, strict=True)) for row in result.rows()]


LARGER = """
act     | no | day        | to       | tpp       | says
licence | L1 | 2025-06-01 | Cambodia | 792000000 |
apply   | A1 | 2025-06-02 | Cambodia | 792000000 | review_denial
licence | L2 | 2026-02-02 | Cambodia | 1         | lists_differ
licence | L3 | 2026-02-03 | Cambodia | 1         | over_limit
apply   | A2 | 2026-02-03 | Cambodia | 1         | refused:over_limit
"""


def test_before_it_comes_under_the_allocation_nothing_is_held_against_one(amounts):
    """Cambodia holds none until 2026-02-03; what was licensed since 2025 is over it from then."""
    ledger = amounts()
    *_, over, _ = play(ledger, LARGER)
    (found,) = over.findings
    figures = (found.limit, found.taken, found.asked, found.short)
    assert figures == (790_000_000_000, 792_000_001_000, 1_000, 2_000_002_000)
    stands(
        ledger,
        """
        Cambodia 2025-2027: pending 792,000,000, held 792,000,002; remaining -2,000,002
        """,
    )
    first = explain(ledger, "L1").why
    assert [step.sentence for step in first] == [
        "licensed to the destination: counts towards its allocation from issue",
        "Country allocation: not held on this day; it counts from the day it is",
        "review: presumption of denial",
        "holds one year where it names no last day",
    ]


@pytest.mark.parametrize(
    ("as_of", "said"),
    [
        ("2026-02-02", ("future", None, None)),
        ("2026-02-03", ("over", date(2026, 2, 3), date(2026, 2, 3))),
    ],
)
def test_it_is_over_from_the_day_on_which_there_is_a_limit(amounts, as_of, said):
    ledger = amounts()
    play(ledger, LARGER)
    (row,) = remaining(ledger, as_of)
    assert (row["status"], row["first_critical_on"], row["first_exhausted_on"]) == said


def test_a_reversal_taken_back_is_held_against_nothing_either(amounts):
    ledger = amounts()
    play(ledger, LARGER)
    ledger.reverse([2], "not issued")
    assert not ledger.reverse([7], "it was").counts


def test_a_licence_for_two_countries_before_one_has_an_allocation(amounts):
    """On that day none of them has one (Supplement No. 2 to part 748, (c)(4))."""
    play(
        amounts(),
        """
        act     | no | line | day        | to       | tpp | says
        licence | L1 | 1    | 2025-06-01 | Cambodia | 1   |
        licence | L1 | 2    | 2025-06-01 | China    | 1   |
        licence | L2 | 1    | 2026-02-03 | Cambodia | 1   |
        licence | L2 | 2    | 2026-02-03 | China    | 1   | licence_several_countries
        """,
    )


@pytest.mark.parametrize("reading", ["full_limit", "from_entry"])
@pytest.mark.parametrize(
    ("as_of", "status"), [("2026-02-02", "future"), ("2026-02-03", "open"), ("2027-12-31", "open")]
)
def test_a_budget_that_begins_within_its_window_is_future_until_then(
    opened, reading, as_of, status
):
    ledger = opened(group_change_entering=reading)
    play(
        ledger,
        """
        act     | day        | to       | says
        licence | 2025-11-06 | Cambodia |
        licence | 2026-02-03 | Cambodia |
        """,
    )
    assert [row["status"] for row in remaining(ledger, as_of)] == [status]
    folder = refresh(ledger.url, lambda: about_rows(ledger.url)).folder
    quarter = {"as_of": "2025-12-31", "from_on": "2025-10-01"}
    with run("quarter", folder, quarter) as result:
        assert "Cambodia" not in {row[1] for row in result.rows()}
