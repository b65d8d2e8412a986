"""Licences that end (750.7(g)), accounts of a facility (740.28(e)), goods due back, old records."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.publish import refresh
from ledger.service.about import about_rows
from reports import run
from tests.cases.table import owed, play
from tests.service.books import rows


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


ACTS = """
act                   | no | day        | licence | to_party | expires_on | units | until_on
licence_transfer      | A1 | 2025-07-01 | L1      | Y        |            |       |
licence_amendment     | A2 | 2025-07-01 | L2      |          | 2026-02-16 |       |
licence_suspension    | A3 | 2025-07-01 | L3      |          |            |       |
revocation            | A4 | 2025-07-01 | L4      |          |            |       |
revocation            | A5 | 2025-07-01 | L5      |          |            | 4     |
surrender             | A6 | 2025-07-01 | L6      |          |            |       |
licence_close         | A7 | 2025-07-01 | L7      |          |            |       |
licence_suspension    | A8 | 2025-07-01 | L9      |          |            |       |
licence_reinstatement | A9 | 2025-08-01 | L9      |          |            |       |
licence_suspension    | B1 | 2025-07-01 | L10     |          |            |       | 2025-09-30
"""


def licences_acted_on(ledger):
    """Twelve licences to the end of January 2026, ten units each, and an act on nearly each."""
    head = "act | no | day | to | units | expires_on | supersedes"
    lines = [f"licence | L{n} | 2025-06-02 | India | 10 | 2026-01-31 |" for n in range(1, 12)]
    play(ledger, "\n".join([head, *lines]))
    play(ledger, ACTS)
    play(
        ledger,
        """
        act     | no  | day        | to    | units | expires_on | supersedes | under | says
        licence | L12 | 2025-07-01 | India | 10    | 2026-03-31 | L8         |       |
        ship    | S1  | 2025-07-01 | India | 10    |            |            | L11   |
        """,
    )


def test_what_is_due_of_licences_after_every_act_on_them(ledger):
    """L1 handed on: the new holder; L2 amended; L3 suspended: not told as if it could be used."""
    licences_acted_on(ledger)
    told = owed(
        ledger,
        "2026-01-15",
        """
        state | due_on     | duty             | party
        due   | 2026-01-31 | licence_expiring | X
        due   | 2026-01-31 | licence_expiring | X
        due   | 2026-01-31 | licence_expiring | X
        due   | 2026-01-31 | licence_expiring | Y
        open  | 2026-02-17 | licence_expiring | X
        """,
        duty="licence_expiring",
    )
    named = {row["why"].split()[1]: row["amount_mtpp"] // 15_832_000 for row in told}
    assert named == {"L1": 10, "L2": 10, "L5": 6, "L9": 10, "L10": 10}
    lapsed = owed(
        ledger,
        "2026-02-17",
        """
        state   | due_on     | party
        overdue | 2026-02-01 | X
        overdue | 2026-02-01 | X
        overdue | 2026-02-01 | X
        overdue | 2026-02-01 | X
        overdue | 2026-02-01 | Y
        """,
        duty="licence_lapse",
    )
    assert {row["why"].split()[1] for row in lapsed} == {"L1", "L3", "L5", "L9", "L10"}


@pytest.mark.parametrize("day", ["2026-02-02", "2026-02-17", "2026-02-18", "2026-04-01"])
def test_what_is_due_to_lapse_is_what_the_command_lapses(ledger, day):
    licences_acted_on(ledger)
    by = date.fromisoformat(day)
    due = lapses_told(ledger, by)
    assert due == {number for number, _, _ in ledger.lapses_due(by)}
    assert ledger.lapse_due(by).count == len(due)
    assert lapses_told(ledger, by) == set()
    assert ledger.lapse_due(by).count == 0


def test_acts_that_were_reversed_leave_what_was_due(ledger):
    licences_acted_on(ledger)
    acts = [m["seq"] for m in rows(ledger.url, "movement") if m["document"] in ("A1", "A4")]
    ledger.reverse(acts, "not so")
    told = duties(ledger, "2026-02-18", "licence_lapse")
    party = {row["why"].split()[1]: row["party"] for row in told}
    assert party == dict.fromkeys(("L1", "L2", "L3", "L4", "L5", "L9", "L10"), "X")
    ledger.reverse([2], "never issued", cascade=True)
    assert "L1" not in lapses_told(ledger, date(2026, 2, 18))


def duties(ledger, as_of, duty):
    """What is due of one kind, as rows."""
    folder = refresh(ledger.url, lambda: about_rows(ledger.url)).folder
    with run("due", folder, {"as_of": as_of, "duty": duty}) as result:
        names = [column.name for column in result.columns]
        return [dict(zip(names, row, strict=True)) for row in result.rows()]


def lapses_told(ledger, by):
    """The licences that `tpp due` names as to be lapsed."""
    return {row["why"].split()[1] for row in duties(ledger, by.isoformat(), "licence_lapse")}


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
