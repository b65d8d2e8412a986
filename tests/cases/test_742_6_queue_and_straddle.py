"""15 CFR 742.6(b)(10)(iii)(B): who comes first, and an application that crosses the limit."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.rules.weights import Overflow
from ledger.service.day_numbers import days_number
from ledger.service.requests import Asked
from tests.cases.table import lines, play, stands
from tests.service.books import write_csv

ROOM = "licence | L0 | 2025-05-20 | India | 49888 |"  # of 49,898 units 10 are left


def asked_at_once(ledger, tmp_path, text):
    """Applications of one file, one submission."""
    usual = {"exporter": "X", "ultimate_consignee": "C", "chip": "nvidia-h100-sxm"}
    rows = [usual | {"destination": "India"} | line for line in lines(text)]
    return ledger.import_file(write_csv(tmp_path / "asked.csv", rows), "applications")


@pytest.mark.parametrize(
    ("reading", "says", "stand"),
    [
        ("deny_whole", "refused:over_limit", ""),
        ("grant_remaining", "granted_in_part", "pending 158,320, "),
    ],
)
def test_an_application_that_crosses_the_limit(opened, reading, says, stand):
    ledger = opened(straddle=reading)
    outcomes = play(
        ledger,
        f"""
        act     | no | day        | to    | units | says
        {ROOM}
        apply   | A1 | 2025-06-01 | India | 15    | {says}
        """,
    )
    stands(ledger, f"India 2025-2027: {stand}held 789,826,816; remaining 173,184")
    if reading == "grant_remaining":
        (found,) = outcomes[1].findings
        assert (found.asked, found.short) == (15 * 15_832_000, 5 * 15_832_000)
        play(ledger, "act|no|day|to|says\napply|A2|2025-06-01|India|refused:over_limit")


def test_requests_of_one_day_share_what_is_left(opened, tmp_path):
    """Three times 5 against 10: 3 each, and the one left over to the lowest document."""
    ledger = opened(queue="pro_rata")
    play(ledger, f"act | no | day | to | units | says\n{ROOM}")
    outcome = asked_at_once(
        ledger,
        tmp_path,
        """
        application | applied_on | quantity
        B           | 2025-06-01 | 5
        A           | 2025-06-01 | 5
        C           | 2025-06-01 | 5
        D           | 2025-06-02 | 1
        """,
    )
    assert outcome.counts == {"granted_pro_rata": 3, "refused:over_limit": 1}
    found = {f.document: f for f in outcome.findings if f.code == "granted_pro_rata"}
    assert {name: f.short for name, f in found.items()} == {
        "A": 15_832_000,
        "B": 2 * 15_832_000,
        "C": 2 * 15_832_000,
    }
    assert found["A"].detail == (
        "4 units: factor 7216/9895, shared by 3 requests, a left-over unit among them"
    )
    stands(ledger, "India 2025-2027: pending 158,320, held 789,826,816; remaining 173,184")


def test_what_was_filed_first_comes_first(opened):
    """Option queue = application_date: what is pending since a later day does not stand before."""
    text = f"""
    act     | no | day        | to    | units | says
    {ROOM}
    apply   | A1 | 2025-06-10 | India | 10    |
    apply   | A2 | 2025-06-01 | India | 10    | {{says}}
    """
    play(opened(), text.replace("{says}", "refused:over_limit"))
    play(opened(queue="application_date"), text.replace("{says}", ""))


def test_who_filed_later_does_not_stand_before_those_of_a_file(opened, tmp_path):
    """On record 4 units asked on the 5th and 4 on the 10th; 10 are left."""
    ledger = opened(queue="application_date")
    play(
        ledger,
        f"""
        act     | no | day        | to    | units | says
        {ROOM}
        apply   | A1 | 2025-06-10 | India | 4     |
        apply   | A2 | 2025-06-05 | India | 4     |
        """,
    )
    outcome = asked_at_once(
        ledger,
        tmp_path,
        """
        application | applied_on | quantity
        B1          | 2025-06-04 | 1
        B2          | 2025-06-06 | 5
        B3          | 2025-06-07 | 1
        B4          | 2025-06-11 | 1
        """,
    )
    # Before B2 come A2 and B1: 5 are left. Then none is, for whoever files on whatever day.
    assert (outcome.count, outcome.refused) == (4, 2)
    assert [found.document for found in outcome.findings] == ["B3", "B4"]


def test_many_requests_of_a_day_are_one_sum():
    asked = Asked()
    for day, amount in ((1, 5), (2, 7), (1, 6)):
        asked.add(3, date(2025, 6, day), amount)
    first = days_number(date(2025, 6, 1))
    assert (asked.in_all(3), asked.in_all(4)) == (18, 0)
    assert sorted(asked.by_day(3)) == [(first, 11), (first + 1, 7)]
    assert asked.by_day(4) == []
    with pytest.raises(Overflow):
        asked.add(3, date(2025, 6, 1), 2**63 - 18)
