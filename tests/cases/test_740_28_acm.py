"""ACM, 15 CFR 740.28: who may receive, what, where; and on what terms items go on from there."""

from __future__ import annotations

import pytest

from tests.cases.table import owed, play, stands

BARRED = "authorization_unavailable"


def test_open_everywhere_but_group_d5_and_macau(kept):
    """(c): by place, headquarters and ultimate parent; Groups D:1 and D:4 are open."""
    play(
        kept(),
        f"""
        act  | day        | to       | by  | hq       | parent_hq | says
        ship | 2025-06-02 | Malaysia | ACM |          |           |
        ship | 2025-06-02 | Vietnam  | ACM | Vietnam  | Vietnam   |
        ship | 2025-06-02 | Saudi Arabia | ACM |      |           |
        ship | 2025-06-02 | Taiwan   | ACM | Taiwan   | Taiwan    |
        ship | 2025-06-02 | France   | ACM | Malaysia | India     |
        ship | 2025-06-02 | China    | ACM |          |           | {BARRED}
        ship | 2025-06-02 | Hong Kong | ACM |         |           | {BARRED}
        ship | 2025-06-02 | Macau    | ACM |          |           | {BARRED}
        ship | 2025-06-02 | Cambodia | ACM |          |           | {BARRED}
        ship | 2025-06-02 | Malaysia | ACM | China    |           | {BARRED}
        ship | 2025-06-02 | Malaysia | ACM | Malaysia | Macau     | {BARRED}
        ship | 2025-06-02 | Taiwan   | ACM | Taiwan   | Russia    | {BARRED}
        """,
    )


def test_cambodia_from_the_day_it_left_group_d5(kept):
    play(
        kept(),
        f"""
        act  | day        | to       | by  | says
        ship | 2026-02-02 | Cambodia | ACM | {BARRED}, lists_differ
        ship | 2026-02-03 | Cambodia | ACM |
        """,
    )


@pytest.mark.parametrize(
    "kind", ["export", "reexport", "in_country_transfer", "export_from_abroad"]
)
@pytest.mark.parametrize(
    "chip", ["nvidia-h100-sxm", "nvidia-dgx-h100", "nvidia-rtx-4090", "nvidia-l40"]
)
def test_any_movement_of_any_item_and_nothing_is_asked_for_before(kept, kind, chip):
    """Neither certificate nor notice; what is not of paragraph .a needs no exception at all."""
    play(
        kept(),
        f"""
        act  | day        | to       | by  | kind   | chip   | certified | noticed | eccn | says
        ship | 2025-06-02 | Malaysia | ACM | {kind} | {chip} |           |         |      |
        """,
    )


def test_it_draws_on_no_allocation_even_where_it_is_barred(kept):
    """Only what is licensed is totalled; barred it went without a licence: on the safe side."""
    ledger = kept()
    play(
        ledger,
        f"""
        act  | day        | to       | by  | hq    | units | says
        ship | 2025-06-02 | Malaysia | ACM |       | 1000  |
        ship | 2025-06-03 | Malaysia | ACM | China | 10    | {BARRED}
        """,
    )
    stands(ledger, "Malaysia 2025-2027: safe 158,320; remaining 790,000,000")


def test_final_customers_are_reached_under_an_authorization_of_their_own(kept):
    """(a)-(b): stored before onward delivery; what goes on is ruled by where it goes."""
    play(
        kept(),
        f"""
        act      | day        | exporter  | consignee | to       | by   | says
        ship     | 2025-06-02 | X         | Assembler | Malaysia | ACM  |
        reexport | 2025-07-02 | Assembler | Cloud     | France   | AIA  |
        reexport | 2025-07-02 | Assembler | Buyer     | India    | NLR  | {BARRED}
        transfer | 2025-07-02 | Assembler | Buyer     | Malaysia | none | no_authorization
        reexport | 2025-07-02 | Assembler | Buyer     | China    | ACM  | {BARRED}
        """,
    )


def test_the_account_of_a_facility_is_brought_up_to_date_every_six_months(kept):
    """(e): counted from the facility's first movement."""
    ledger = kept()
    play(
        ledger,
        """
        act  | day        | to       | by  | at    | consignee | says
        ship | 2025-06-02 | Malaysia | ACM | Hall  | Assembler |
        ship | 2025-05-14 | Malaysia | ACM | Depot | Assembler |
        """,
    )
    owed(
        ledger,
        "2025-11-10",
        "state | due_on | party\ndue | 2025-12-02 | Assembler",
        duty="acm_account",
        by="2025-12-31",
    )


def test_a_facility_in_two_spellings_has_one_account(kept):
    ledger = kept()
    play(
        ledger,
        """
        act  | day        | to       | by  | at     | consignee | says
        ship | 2025-06-02 | Malaysia | ACM | Hall A | Assembler |
        ship | 2025-07-02 | Malaysia | ACM | hall  a | ASSEMBLER |
        """,
    )
    (one,) = owed(
        ledger,
        "2025-11-10",
        "due_on | party\n2025-12-02 | Assembler",
        duty="acm_account",
        by="2026-01-31",
    )
    assert one["why"].startswith("movements at Hall A from 2025-06-02 to 2025-12-01: 2, 31,664 TPP")
