"""Moves between countries: a universal VEU (Supplement No. 10, paragraphs 5 and 6), and whoever
draws on a country's allocation (15 CFR 742.6(b)(10)(iii)(B)).
"""

from __future__ import annotations

import pytest

from tests.cases.table import owed, play, standing, stands
from tests.service.books import rows


def stock(ledger):
    """What moved into each country (negative: out of it) on the tally of what O owns."""
    holders = {b["budget_no"]: b for b in rows(ledger.url, "budget") if b["rule"] == "uveu_stock"}
    return {
        holders[b["budget_no"]]["holder"].removeprefix("o@"): b["posted_mtpp"]
        for b in rows(ledger.url, "balance")
        if b["budget_no"] in holders and b["posted_mtpp"]
    }


# Universal VEU: paragraphs 5 and 6 of the supplement.


@pytest.fixture
def universal(amounts):
    """O declared 100 TPP in all: 90 in the United States, 5 in India, 5 in Germany."""
    ledger = amounts()
    play(
        ledger,
        """
        act            | no | day        | party | country       | tpp | says
        installed_base | N1 | 2025-03-31 | O     |               | 100 |
        installed_base | N2 | 2025-03-31 | O     | United States | 90  |
        installed_base | N3 | 2025-03-31 | O     | India         | 5   |
        installed_base | N4 | 2025-03-31 | O     | Germany       | 5   |
        """,
    )
    return ledger


@pytest.mark.parametrize(("lot", "says"), [("2", ""), ("2.001", "share_over")])
def test_the_stock_moves_and_what_it_is_a_share_of_stays(universal, lot, says):
    """5 + 2 of 100 is 7 %; what comes from home was of the hundred before."""
    (outcome,) = play(
        universal,
        f"""
        act  | day        | from          | to    | by   | tpp   | noticed    | says
        move | 2025-06-01 | United States | India | UVEU | {lot} | 2025-01-02 | {says}
        """,
    )
    figures = [(one.limit, one.taken, one.asked, one.short) for one in outcome.findings]
    assert figures == ([(7_000, 5_000, 2_001, 1)] if says else [])


def test_what_makes_a_share_that_is_over_no_worse_is_let_pass(universal):
    """30 of 100 outside are too many; as many are outside after a move among them."""
    play(
        universal,
        """
        act            | no | day        | party | country | tpp | says
        installed_base | N5 | 2025-04-30 | O     | India   | 30  |
        """,
    )
    play(
        universal,
        """
        act  | day        | from          | to     | by   | tpp | noticed    | says
        move | 2025-06-01 | India         | Poland | UVEU | 2   | 2025-01-02 |
        move | 2025-06-02 | United States | Poland | UVEU | 1   | 2025-01-02 | share_over
        """,
    )


def test_out_of_one_such_country_into_another(universal):
    """The first has room again, and the 25 % outside do not change."""
    play(
        universal,
        """
act  | day        | from          | to     | by   | tpp   | noticed    | arrives    | says
move | 2025-06-01 | India         | Poland | UVEU | 5     | 2025-01-02 | 2025-06-30 |
move | 2025-06-02 | United States | India  | UVEU | 7     | 2025-01-02 |            |
move | 2025-06-03 | United States | Poland | UVEU | 2.001 | 2025-01-02 |            | share_over
        """,
    )
    assert stock(universal) == {"IN": 2_000, "PL": 7_001, "US": -9_001}


@pytest.mark.parametrize(
    ("noticed", "says"),
    [("2025-04-02", ""), ("2025-04-03", "notice_missing"), ("", "notice_missing")],
)
def test_sixty_days_notice_before_chips_move_between_countries(kept, noticed, says):
    """Paragraph 5: a move without it is a breach on its day; `tpp due` lists it either way."""
    ledger = kept()
    said = ", ".join(code for code in (says, "share_undeclared") if code)
    play(
        ledger,
        f"""
        act  | no | day        | from    | to    | by   | parent_hq | noticed   | says
        move | M1 | 2025-06-01 | Germany | India | UVEU | Germany   | {noticed} | {said}
        move | M2 | 2025-06-01 | India   | India | UVEU | Germany   |           |
        """,
    )
    state = "done" if noticed == "2025-04-02" else "overdue"
    (told,) = owed(
        ledger,
        "2025-06-02",
        f"state | due_on | party | seq\n{state} | 2025-04-02 | O | 3",
        duty="uveu_transfer_notice",
    )
    assert told["why"] == (
        "move M1 of 2025-06-01 to O, 15,832 TPP under a universal VEU's authorization"
    )


# The country allocation: 742.6(b)(10)(iii)(B).


@pytest.mark.parametrize(
    ("reading", "kept_there"),
    [("b_debited", "158,320"), ("a_credited", "")],
)
def test_across_a_border_it_is_a_licensed_reexport(kept, reading, kept_there):
    ledger = kept(reexport_country_effect=reading)
    play(
        ledger,
        """
act     | no | day        | from  | to     | by      | under | consignee | units | says
licence | L1 | 2025-03-01 |       | India  |         |       | O         | 10    |
ship    | S1 | 2025-03-02 |       | India  | licence | L1    | O         | 10    |
licence | L2 | 2025-03-03 |       | Poland |         |       | O         | 10    |
move    | M1 | 2025-04-01 | India | Poland | licence | L2    |           | 10    |
        """,
    )
    first = f"India 2025-2027: posted {kept_there}; remaining 789,841,680" if kept_there else ""
    stands(ledger, f"{first}\nPoland 2025-2027: posted 158,320; remaining 789,841,680")


SOLD_ON = {
    "document": "M1",
    "transferred_on": "2025-04-01",
    "owner": "C",
    "to_owner": "B",
    "from_facility": "Hall A",
    "from_country": "India",
    "to_facility": "Hall B",
    "to_country": "India",
    "authorization": "licence",
    "shipment": "S1",
    "chip": "nvidia-h100-sxm",
    "quantity": "10",
}


@pytest.mark.parametrize(
    ("reading", "left"), [("no_second_debit", "789,841,680"), ("debit_again", "789,683,360")]
)
def test_within_a_country_the_same_units_are_debited_once_where_linked(kept, reading, left):
    """Sold on to another owner: what its own licence holds is given up, or drawn."""
    ledger = kept(in_country_transfer=reading)
    play(
        ledger,
        """
        act     | no | day        | to    | by      | under | consignee | units | says
        licence | L1 | 2025-03-01 | India |         |       | C         | 10    |
        ship    | S1 | 2025-03-02 | India | licence | L1    | C         | 10    |
        licence | L2 | 2025-03-03 | India |         |       | B         | 10    |
        """,
    )
    outcome = ledger.record("transfers", {**SOLD_ON, "licence": "L2"}, source="X")
    assert not outcome.findings
    assert f"remaining {left}" in standing(ledger)
