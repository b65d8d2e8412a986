"""Licences that end (750.7(g)), accounts of a facility (740.28(e)), goods due back, old records."""

from __future__ import annotations

from tests.cases.table import owed, play


def test_a_licence_is_told_sixty_days_before_it_ends_and_owes_its_lapse_after(ledger):
    play(
        ledger,
        """
        act     | no | day        | to     | units | expires_on | says
        licence | L  | 2025-02-01 | Poland | 10    | 2026-01-31 |
        licence | M  | 2025-02-01 | Poland | 10    | 2026-01-31 |
        """,
    )
    play(
        ledger,
        """
        act  | day        | to     | by      | under | units | says
        ship | 2025-06-01 | Poland | licence | L     | 10    |
        ship | 2025-06-01 | Poland | licence | M     | 4     |
        """,
    )
    owed(ledger, "2025-12-01", "state")
    (ends,) = owed(
        ledger, "2025-12-02", "state | due_on | duty\nopen | 2026-01-31 | licence_expiring"
    )
    assert ends["why"] == (
        "licence M for C may be used through 2026-01-31; 94,992 TPP of it is not used"
    )
    owed(ledger, "2026-01-31", "state | duty\ndue | licence_expiring")
    owed(ledger, "2026-02-02", "state | due_on | duty\noverdue | 2026-02-01 | licence_lapse")


def test_an_acm_facility_owes_an_account_every_six_months(ledger):
    play(
        ledger,
        """
        act  | day        | to     | by  | facility | units | says
        ship | 2025-06-10 | Poland | ACM | Plant 1  | 3     |
        ship | 2025-12-09 | Poland | ACM | Plant 1  | 4     |
        ship | 2025-12-10 | Poland | ACM | Plant 1  | 5     |
        """,
    )
    first, second = owed(
        ledger,
        "2026-01-05",
        """
        state   | due_on     | party | duty
        overdue | 2025-12-10 | C     | acm_account
        open    | 2026-06-10 | C     | acm_account
        """,
    )
    assert first["why"].startswith(
        "movements at Plant 1 from 2025-06-10 to 2025-12-09: 2, 110,824 TPP"
    )
    assert ": 1, 79,160 TPP" in second["why"]


def test_temporary_exports_are_back_by_their_day(ledger):
    play(
        ledger,
        """
        act  | no | day        | to     | by  | units | due_back_on | says
        ship | A  | 2025-06-10 | Poland | TMP | 3     | 2025-09-01  |
        ship | B  | 2025-06-10 | Poland | TMP | 3     | 2025-09-01  |
        ship | C  | 2025-06-10 | Poland | TMP | 3     |             |
        """,
    )
    play(
        ledger,
        """
        act    | no | day        | of | units | says
        return | R1 | 2025-08-20 | A  | 2     |
        return | R2 | 2025-08-30 | A  | 1     |
        return | R3 | 2025-08-30 | B  | 2     |
        """,
    )
    owed(
        ledger,
        "2025-09-02",
        """
        state   | due_on     | duty         | done_on    | reference
        overdue | 2025-09-01 | tmp_due_back |            |
        done    | 2025-09-01 | tmp_due_back | 2025-08-30 | R2
        """,
    )


def test_records_that_reach_five_years_are_counted_by_month(ledger):
    play(
        ledger,
        """
        act  | day        | to     | by  | says
        ship | 2025-01-14 | Poland | NLR |
        ship | 2025-01-20 | Poland | NLR |
        ship | 2025-03-01 | Poland | NLR |
        """,
    )
    owed(ledger, "2029-12-20", "state")
    (records,) = owed(
        ledger, "2030-01-21", "state | due_on | duty\ndue | 2030-01-20 | record_retention"
    )
    assert records["why"].startswith("records of 2025-01-14 to 2025-01-20: 2 reach 5 years")
