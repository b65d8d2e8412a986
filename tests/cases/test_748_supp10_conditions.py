"""Conditions of data centre VEUs: Supplement No. 10 to 15 CFR part 748."""

from __future__ import annotations

from datetime import date

from ledger.service.checklist import Asked, checklist
from ledger.service.explain import explain
from tests.cases.table import play


def states(ledger, day, **asked):
    """The conditions of Corp that are not open, by paragraph."""
    wanted = Asked("Corp", asked.get("facility"), asked.get("authorization"), day)
    found = checklist(ledger, wanted)
    return {one.condition: one.state for one in found if one.state != "open"}


BREACH = """
act       | day        | party | at    | condition | status   | evidence | until_on   | says
condition | 2025-06-01 | Corp  |       | 16        | breached |          | 2025-08-31 |
condition | 2025-06-01 | Corp  |       | 17        | met      | audit 3  |            |
condition | 2026-02-01 | Corp  | Hall1 | 14.d      | breached |          |            |
condition | 2026-04-01 | Corp  | Hall1 | 14.d      | met      | memo 5   |            |
"""
HELD = """
act             | no | day        | party | country | status | says
official_status | H1 | 2025-01-15 | Corp  | Poland  | NVEU   |
official_status | H2 | 2025-01-15 | Other | Poland  | NVEU   |
"""


def test_a_breach_is_flagged_on_what_goes_under_the_authorization(opened):
    ledger = opened()
    play(ledger, BREACH)
    both = "condition_breached, share_undeclared"
    play(ledger, HELD)
    play(
        ledger,
        f"""
        act  | day        | to     | consignee | by   | at    | owner | says
        ship | 2025-05-31 | Poland | Corp      | NVEU |       |       |
        ship | 2025-06-01 | Poland | corp      | NVEU |       |       | condition_breached
        ship | 2025-06-01 | Poland | Corp      | UVEU |       |       | {both}
        ship | 2025-06-01 | Poland | Other     | NVEU |       | Corp  | condition_breached
        ship | 2025-06-01 | Poland | Other     | NVEU |       |       |
        ship | 2025-09-01 | Poland | Corp      | NVEU |       |       |
        ship | 2026-02-01 | Poland | Corp      | NVEU | Hall1 |       | condition_breached
        ship | 2026-02-01 | Poland | Corp      | NVEU | Hall2 |       |
        ship | 2026-04-01 | Poland | Corp      | NVEU | HALL1 |       |
        """,
    )


def test_the_checklist_of_a_day(opened):
    ledger = opened()
    play(ledger, BREACH)
    assert states(ledger, date(2025, 5, 31)) == {}
    assert states(ledger, date(2025, 7, 1)) == {"16": "breached", "17": "met"}
    assert states(ledger, date(2025, 9, 1)) == {"17": "met"}
    assert states(ledger, date(2026, 3, 1), facility="Hall1") == {"14.d": "breached"}
    assert states(ledger, date(2026, 4, 1), facility="Hall1") == {"14.d": "met"}


def test_security_binds_from_2026_and_what_an_authorization_asks(opened):
    """Paragraphs 14, 15 and 18 from 2026-01-15; 5 is for universal, 12 for national VEUs."""
    ledger = opened()

    def keys(day, authorization):
        found = checklist(ledger, Asked(None, None, authorization, day))
        return [one.condition for one in found]

    before, after = keys(date(2026, 1, 14), "NVEU"), keys(date(2026, 1, 15), "NVEU")
    added = {key.partition(".")[0] for key in after} - {key.partition(".")[0] for key in before}
    assert added == {"14", "15", "18"}
    assert "12" in after
    assert "5" not in after
    assert "5" in keys(date(2026, 1, 15), "universal VEU")
    assert {key.partition(".")[0] for key in keys(date(2026, 1, 15), "AIA")} == {"14", "15", "18"}


def test_a_ruling_shows_the_checklist(opened):
    ledger = opened()
    play(ledger, BREACH)
    play(ledger, HELD)
    play(
        ledger,
        """
        act  | no | day        | to     | consignee | by   | says
        ship | S  | 2025-07-01 | Poland | Corp      | NVEU | condition_breached
        """,
    )
    found = explain(ledger, "S")
    declared = {one.key: (one.state, one.evidence) for one in found.conditions if one.seq}
    assert declared == {"16": ("breached", ""), "17": ("met", "audit 3")}
    assert len(found.conditions) > 10
    (flag,) = found.findings
    assert flag.sentence.endswith("paragraph 16 (seq 2)")
