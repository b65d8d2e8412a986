"""NAC and ACA, 15 CFR 740.8: what, where, and the notice to BIS 25 calendar days before."""

from __future__ import annotations

from tests.cases.table import owed, play, stands

NAC, BARRED = "nvidia-rtx-4090", "authorization_unavailable"


def test_items_of_data_centres_in_3a090_a_are_left_out_of_both(kept):
    """(a): an RTX 4090 is in 3A090.a and for no data centre; an L40 is for one, in .b."""
    play(
        kept(),
        f"""
        act  | day        | to     | by  | chip            | says
        ship | 2025-07-01 | China  | NAC | {NAC}           |
        ship | 2025-07-01 | China  | NAC | nvidia-l40      |
        ship | 2025-07-01 | China  | NAC | nvidia-h100-sxm | {BARRED}
        ship | 2025-07-01 | China  | NAC | nvidia-dgx-h100 | {BARRED}
        ship | 2025-07-01 | Poland | ACA | {NAC}           |
        ship | 2025-07-01 | Poland | ACA | nvidia-l40      |
        ship | 2025-07-01 | Poland | ACA | nvidia-h100-sxm | {BARRED}
        ship | 2025-07-01 | Poland | ACA | nvidia-l4       | {BARRED}
        """,
    )


def test_nac_is_for_group_d5_and_macau_and_who_is_headquartered_there(kept):
    """(a): exports and reexports; by place, headquarters or ultimate parent."""
    play(
        kept(),
        f"""
        act      | day        | to      | by  | chip  | hq     | parent_hq | says
        ship     | 2025-07-01 | China   | NAC | {NAC} |        |           |
        ship     | 2025-07-01 | Macau   | NAC | {NAC} |        |           |
        reexport | 2025-07-01 | Lebanon | NAC | {NAC} |        |           |
        ship     | 2025-07-01 | Poland  | NAC | {NAC} | China  |           |
        ship     | 2025-07-01 | France  | NAC | {NAC} | France | Macau     |
        ship     | 2025-07-01 | Vietnam | NAC | {NAC} | Poland | Poland    | {BARRED}
        transfer | 2025-07-01 | China   | NAC | {NAC} |        |           | {BARRED}
        """,
    )


def test_aca_is_for_anywhere_else_and_for_transfers_within_those(kept):
    """(a): any destination but Group D:5 and Macau, and in-country transfers inside them."""
    play(
        kept(),
        f"""
        act      | day        | to      | by  | chip  | hq     | parent_hq | noticed | says
        ship     | 2025-07-01 | Poland  | ACA | {NAC} |        |           |         |
        ship     | 2025-07-01 | Vietnam | ACA | {NAC} |        |           |         |
        reexport | 2025-07-01 | Qatar   | ACA | {NAC} |        |           |         |
        transfer | 2025-07-01 | Poland  | ACA | {NAC} |        |           |         |
        ship     | 2025-07-01 | China   | ACA | {NAC} |        |           |         | {BARRED}
        reexport | 2025-07-01 | Macau   | ACA | {NAC} |        |           |         | {BARRED}
        ship     | 2025-07-01 | Poland  | ACA | {NAC} | China  |           |         | {BARRED}
        ship     | 2025-07-01 | Poland  | ACA | {NAC} | Poland | Iran      |         | {BARRED}
        transfer | 2025-07-01 | China   | ACA | {NAC} |        |           |         |
        transfer | 2025-07-01 | Macau   | ACA | {NAC} |        |           |         |
        """,
    )


def test_neither_draws_on_an_allocation(kept):
    ledger = kept()
    play(
        ledger,
        f"""
        act  | day        | to     | by  | chip  | hq    | says
        ship | 2025-07-01 | Poland | ACA | {NAC} |       |
        ship | 2025-07-01 | Poland | NAC | {NAC} | China |
        """,
    )
    stands(ledger, "")


def test_the_notice_is_twenty_five_days_ahead(kept):
    play(
        kept(),
        f"""
        act      | day        | to    | by  | chip  | noticed    | says
        ship     | 2025-07-01 | China | NAC | {NAC} | 2025-06-06 |
        ship     | 2025-07-01 | China | NAC | {NAC} | 2025-06-07 | notice_missing
        ship     | 2025-07-01 | China | NAC | {NAC} |            | notice_missing
        reexport | 2025-07-01 | Macau | NAC | {NAC} |            | notice_missing
        ship     | 2025-05-14 | China | NAC | {NAC} |            |
        """,
    )


def test_it_says_by_which_day(kept):
    (outcome,) = play(
        kept(),
        f"""
        act  | day        | to    | by  | chip  | noticed    | says
        ship | 2025-07-01 | China | NAC | {NAC} | 2025-06-20 | notice_missing
        """,
    )
    assert outcome.findings[0].detail == (
        "the exporter's notice to BIS ahead of an NAC shipment (15 CFR 740.8(c)(1));"
        " dated 2025-06-20, due by 2025-06-06"
    )


def test_one_declared_for_the_shipment(kept):
    ledger = kept()
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


def test_aca_asks_for_none_and_nac_is_barred_elsewhere(kept):
    play(
        kept(),
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
