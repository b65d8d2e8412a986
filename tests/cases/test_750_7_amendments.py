"""15 CFR 750.7(c): an amended last day or value holds from the amendment's day, not before it."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.service import licences
from tests.cases.table import licensed, owed, play
from tests.cases.test_742_6_joining_group_d5 import said_of

EXPIRED = "licence_expired"


def last_days(ledger, *days):
    """The last day of L1, and who says so, as the report `licences` has it on some days."""
    found = [said_of(ledger, "licences", as_of=day, licence="L1")[0] for day in days]
    return [(str(row["expires_on"]), row["expiry_by"], row["state"]) for row in found]


def test_the_latest_by_day_holds_in_whatever_order_they_are_recorded(kept):
    """A2 was decided before A1 and came to the books after it."""
    ledger = kept()
    play(
        ledger,
        f"""
act               | no | day        | expires_on | to    | units | usd | under | says
licence           | L1 | 2025-06-01 |            | India | 100   | 10  |       |
licence_amendment | A1 | 2026-03-01 | 2027-05-28 |       |       | 20  | L1    |
licence_amendment | A2 | 2025-12-01 | 2026-08-31 |       |       | 5   | L1    |
ship              | 1  | 2026-10-01 |            | India | 1     |     | L1    |
ship              | 2  | 2027-05-29 |            | India | 1     |     | L1    | {EXPIRED}
ship              | 3  | 2026-02-28 |            | India | 50    | 40  | L1    |
        """,
    )
    licensed(ledger, "\nlicence | expires_on\nL1 | 2027-05-28")
    assert last_days(ledger, "2025-11-01", "2026-01-15", "2026-04-01", "2026-10-01") == [
        ("2026-05-31", "rule", "open"),
        ("2026-08-31", "amendment", "open"),
        ("2027-05-28", "amendment", "open"),
        ("2027-05-28", "amendment", "open"),
    ]
    owed(ledger, "2026-10-02", "state | duty")
    (line,) = licences.show(ledger, "L1")
    assert line.expires_on in ("2026-08-31", "2027-05-28")  # today's


def test_on_the_day_of_a_shipment_its_licence_had_lapsed(kept):
    """The extension came later: nothing was licensed between the two."""
    ledger = kept()
    play(
        ledger,
        f"""
act               | no | day        | expires_on | to    | units | under | says
licence           | L1 | 2025-01-10 | 2025-06-30 | India | 100   |       |
licence_amendment | A1 | 2025-09-01 | 2026-05-31 |       |       | L1    |
ship              | 1  | 2025-06-30 |            | India | 10    | L1    |
ship              | 2  | 2025-08-01 |            | India | 10    | L1    | {EXPIRED}
ship              | 3  | 2025-09-01 |            | India | 10    | L1    |
ship              | 4  | 2026-06-01 |            | India | 10    | L1    | {EXPIRED}
        """,
    )
    assert last_days(ledger, "2025-08-15") == [("2025-06-30", "licence", "overdue")]


def test_a_licence_cut_short_held_until_then(kept):
    play(
        kept(),
        f"""
act               | no | day        | expires_on | to    | units | under | says
licence           | L1 | 2025-01-10 | 2026-06-30 | India | 100   |       |
licence_amendment | A1 | 2025-10-01 | 2025-10-31 |       |       | L1    |
ship              | 1  | 2025-08-01 |            | India | 10    | L1    |
ship              | 2  | 2025-11-03 |            | India | 10    | L1    | {EXPIRED}
        """,
    )


def test_an_amendment_that_is_taken_back_leaves_the_one_before_it_by_day(ledger):
    play(ledger, "act|no|day|to|units|expires_on\nlicence|L1|2025-06-01|India|100|2025-12-30")
    said = {"kind": "licence_amendment", "licence": "L1", "document": "A"}
    later = said | {"line": "1", "effective_on": "2025-08-01", "expires_on": "2026-08-31"}
    ledger.record("acts", later)
    earlier = said | {"line": "2", "effective_on": "2025-07-01", "expires_on": "2026-03-31"}
    ledger.record("acts", earlier)
    licensed(ledger, "\nlicence | expires_on\nL1 | 2026-08-31")
    ledger.reverse([3], "never decided")
    licensed(ledger, "\nlicence | expires_on\nL1 | 2026-03-31")
    ledger.reverse([5], "it was")
    licensed(ledger, "\nlicence | expires_on\nL1 | 2026-08-31")
    play(ledger, "act|day|to|units|under|says\nship|2026-04-01|India|1|L1|")


@pytest.mark.parametrize(("by", "lapses"), [("2025-08-15", 1), ("2025-09-15", 0)])
def test_what_lapses_is_told_by_the_last_day_in_force(kept, by, lapses):
    ledger = kept()
    play(
        ledger,
        """
act               | no | day        | expires_on | to    | units | under
licence           | L1 | 2025-01-10 | 2025-06-30 | India | 100   |
licence_amendment | A1 | 2025-09-01 | 2026-05-31 |       |       | L1
        """,
    )
    assert ledger.lapse_due(date.fromisoformat(by)).count == lapses
