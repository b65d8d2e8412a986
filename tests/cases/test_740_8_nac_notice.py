"""NAC, 15 CFR 740.8(c)(1): a notice to BIS 25 calendar days before an export or reexport."""

from __future__ import annotations

from tests.cases.table import owed, play

NAC, BARRED = "nvidia-rtx-4090", "authorization_unavailable"


def test_the_notice_is_twenty_five_days_ahead(opened):
    play(
        opened(),
        f"""
        act      | day        | to    | by  | chip  | noticed    | says
        ship     | 2025-07-01 | China | NAC | {NAC} | 2025-06-06 |
        ship     | 2025-07-01 | China | NAC | {NAC} | 2025-06-07 | notice_missing
        ship     | 2025-07-01 | China | NAC | {NAC} |            | notice_missing
        reexport | 2025-07-01 | Macau | NAC | {NAC} |            | notice_missing
        ship     | 2025-05-14 | China | NAC | {NAC} |            |
        """,
    )


def test_it_says_by_which_day(opened):
    (outcome,) = play(
        opened(),
        f"""
        act  | day        | to    | by  | chip  | noticed    | says
        ship | 2025-07-01 | China | NAC | {NAC} | 2025-06-20 | notice_missing
        """,
    )
    assert outcome.findings[0].detail == (
        "the exporter's notice to BIS ahead of an NAC shipment (15 CFR 740.8(c)(1));"
        " dated 2025-06-20, due by 2025-06-06"
    )


def test_one_declared_for_the_shipment(opened):
    ledger = opened()
    play(
        ledger,
        """
        act    | no | day        | party | other_party | authorization | shipment | says
        notice | N1 | 2025-06-01 | C     | X           | NAC           | S-1      |
        """,
    )
    play(
        ledger,
        f"""
        act  | no  | day        | to    | by  | chip  | noticed | says
        ship | S-1 | 2025-06-26 | China | NAC | {NAC} |         |
        ship | S-2 | 2025-06-26 | China | NAC | {NAC} |         | notice_missing
        """,
    )


def test_aca_asks_for_none_and_nac_is_barred_elsewhere(opened):
    play(
        opened(),
        f"""
        act  | day        | to     | by  | chip  | consignee_hq | parent_hq | noticed | says
        ship | 2025-07-01 | Poland | ACA | {NAC} |              |           |         |
        ship | 2025-07-01 | Poland | NAC | {NAC} | Poland       | Poland    |         | {BARRED}
        ship | 2025-07-01 | China  | NAC | H100 SXM |           |           |         | {BARRED}
        """,
    )


def test_it_is_owed_until_it_is_on_record(ledger):
    play(
        ledger,
        f"""
        act  | no | day        | to    | by  | chip  | noticed    | says
        ship | A  | 2025-07-01 | China | NAC | {NAC} | 2025-06-01 |
        ship | B  | 2025-07-01 | China | NAC | {NAC} |            | notice_missing
        """,
    )
    owed(
        ledger,
        "2025-07-01",
        """
        state   | due_on     | party | duty       | done_on    | reference
        overdue | 2025-06-06 | X     | nac_notice |            |
        done    | 2025-06-06 | X     | nac_notice | 2025-06-01 | notice on the shipment
        """,
    )
