"""How a validated end user is put on file: an official status that names its authorization."""

from __future__ import annotations

import pytest

from schemas.problems import Unusable
from tests.cases.table import play

UNKNOWN = "names no authorization of the regime"
STATUSES = [
    # status, authorization, what is told of the status, the nearest
    ("NVUE", "", UNKNOWN, ("NVEU",)),
    ("authorized", "NVEU", UNKNOWN, ("NVEU", "none")),
    ("unstated", "", UNKNOWN, ("NVEU", "none")),
    ("licence", "", UNKNOWN, ("NVEU",)),
    ("", "NVEU", "an official status says which authorization was granted", ("NVEU",)),
]


@pytest.mark.parametrize(("status", "by", "reason", "near"), STATUSES)
def test_a_status_that_is_no_authorization_is_refused(opened, status, by, reason, near):
    """It would be on record, and every shipment still flagged."""
    ledger = opened()
    with pytest.raises(Unusable) as refused:
        play(
            ledger,
            f"""
            act             | day        | party | country | status   | by
            official_status | 2025-01-15 | O     | India   | {status} | {by}
            """,
        )
    (problem,) = refused.value.problems
    assert (problem.column, problem.value, problem.reason) == ("status", status, reason)
    assert problem.nearest == near


@pytest.mark.parametrize("status", ["NVEU", "nveu", "National VEU"])
def test_a_status_may_be_written_as_any_authorization_may(opened, status):
    ledger = opened()
    play(ledger, f"act|day|party|country|status\nofficial_status|2025-01-15|O|India|{status}")
    play(ledger, "act|day|for|to|by|says\nship|2025-06-01|o|India|NVEU|")
