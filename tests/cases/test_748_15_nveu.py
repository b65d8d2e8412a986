"""National data centre VEUs, 15 CFR 748.15(a)(2)(iii): the installed base of a company in a
country, quarter by quarter.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.cases.table import play, stands
from tests.service.books import rows

HELD = """
act             | day        | party | country | status | says
official_status | 2025-01-15 | O     | India   | NVEU   |
official_status | 2025-01-15 | O     | Poland  | NVEU   |
official_status | 2025-01-15 | R     | India   | NVEU   |
"""
QUARTERS = [
    ("2025-02-01", 633_000_000),
    ("2025-05-01", 949_500_000),
    ("2025-08-01", 1_266_000_000),
    ("2025-11-01", 1_582_500_000),
    ("2026-02-01", 1_899_000_000),
    ("2026-05-01", 2_690_250_000),
    ("2026-08-01", 3_481_500_000),
    ("2026-11-01", 4_272_750_000),
    ("2027-02-01", 5_064_000_000),
    ("2027-12-31", 5_064_000_000),
]


@pytest.mark.parametrize(("day", "ceiling"), QUARTERS)
def test_the_ceiling_of_each_quarter(amounts, day, ceiling):
    """Table 1 to 748.15(a)(2)(iii)(B): up to it in a country, and not a thousandth more."""
    ledger = amounts()
    play(ledger, HELD)
    play(
        ledger,
        f"""
        act  | day   | owner | to    | by   | tpp       | arrives | says
        ship | {day} | O     | India | NVEU | {ceiling} | {day}   |
        ship | {day} | O     | India | NVEU | 0.001     | {day}   | over_limit
        """,
    )


def test_a_quarter_more_room(amounts):
    """1,900,000,000 is too much at 2026 Q1 and fits at 2026 Q2."""
    ledger = amounts()
    play(ledger, HELD)
    *_, one, two = play(
        ledger,
        """
        act  | day        | owner | to     | by   | tpp        | arrives    | says
        ship | 2026-03-01 | O     | India  | NVEU | 1900000000 | 2026-03-31 | over_limit
        ship | 2026-03-01 | O     | Poland | NVEU | 1900000000 | 2026-04-01 |
        """,
    )
    assert not two.findings
    found = one.findings[0]
    figures = (found.limit, found.taken, found.asked, found.short)
    assert figures == tuple(n * 1000 for n in (1_899_000_000, 0, 1_900_000_000, 1_000_000))


def test_what_is_dated_back_must_fit_in_every_later_quarter(amounts):
    """The base of 2026 Q2 is full: what is said to have come in 2025 is there in 2026, too."""
    ledger = amounts()
    play(ledger, HELD)
    play(
        ledger,
        """
        act  | day        | owner | to    | by   | tpp        | arrives    | says
        ship | 2026-04-01 | O     | India | NVEU | 2690250000 | 2026-04-02 |
        ship | 2025-03-01 | O     | India | NVEU | 1          | 2025-03-02 | over_limit
        ship | 2026-07-01 | O     | India | NVEU | 791249999  | 2026-07-01 |
        ship | 2026-07-01 | O     | India | NVEU | 1          | 2026-07-02 | over_limit
        """,
    )


def test_each_company_and_each_country_has_its_own(amounts):
    """And none of it is on the country's allocation, nor the other way."""
    ledger = amounts()
    play(ledger, HELD)
    full = "633000000"
    play(
        ledger,
        f"""
        act     | day        | owner | to     | by   | tpp       | arrives    | says
        ship    | 2025-02-01 | O     | India  | NVEU | {full}    | 2025-02-01 |
        ship    | 2025-02-01 | O     | Poland | NVEU | {full}    | 2025-02-01 |
        ship    | 2025-02-01 | R     | India  | NVEU | {full}    | 2025-02-01 |
        licence | 2025-02-01 |       | India  |      | 790000000 |            |
        """,
    )
    stands(
        ledger,
        """
        O, India 2025-2027: posted 633,000,000; remaining 0
        O, Poland 2025-2027: posted 633,000,000; remaining 0
        R, India 2025-2027: posted 633,000,000; remaining 0
        India 2025-2027: held 790,000,000; remaining 0
        """,
    )


def test_it_counts_from_receipt(opened):
    ledger = opened()
    play(ledger, HELD)
    lines = """
        act     | no | day        | owner | to    | by   | units | of | says
        ship    | S  | 2025-03-01 | O     | India | NVEU | 10    |    |
    """
    play(ledger, lines)
    stands(ledger, "")
    play(ledger, "act | day | of | units\nreceive | 2025-03-09 | S | 4")
    stands(ledger, "O, India 2025-2027: posted 63,328; remaining 632,936,672")
    play(ledger, "act | day | of | units\ninstall | 2025-03-10 | S | 4")
    stands(ledger, "O, India 2025-2027: posted 63,328; remaining 632,936,672")


def test_it_counts_from_installation_where_the_option_says_so(opened):
    ledger = opened(nveu_base_event="installed")
    play(ledger, HELD)
    play(
        ledger,
        """
        act     | no | day        | owner | to    | by   | units | of | says
        ship    | S  | 2025-03-01 | O     | India | NVEU | 10    |    |
        receive |    | 2025-03-09 |       |       |      |       | S  |
        install |    | 2025-03-20 |       |       |      | 4     | S  |
        install |    | 2025-03-30 |       |       |      | 3     | S  |
        remove  |    | 2025-04-01 |       |       |      | 5     | S  |
        """,
    )
    stands(ledger, "O, India 2025-2027: posted 31,664; remaining 632,968,336")


ACCOUNTS = [
    ("owner", ["O"]),
    ("operator", ["R"]),
    ("both", ["O", "R"]),
]


@pytest.mark.parametrize(("account", "held"), ACCOUNTS)
def test_whose_account_it_is(opened, account, held):
    ledger = opened(nveu_account=account)
    play(ledger, HELD)
    play(
        ledger,
        """
        act  | day        | owner | operator | to    | by   | units | arrives    | says
        ship | 2025-03-01 | O     | R        | India | NVEU | 10    | 2025-03-02 |
        """,
    )
    one = "India 2025-2027: posted 158,320; remaining 632,841,680"
    stands(ledger, "\n".join(f"{name}, {one}" for name in held))


def test_one_that_is_owner_and_operator_is_counted_once(opened):
    ledger = opened(nveu_account="both")
    play(ledger, HELD)
    play(ledger, "act | day | owner | to | by | arrives\nship|2025-03-01|O|India|NVEU|2025-03-02")
    stands(ledger, "O, India 2025-2027: posted 15,832; remaining 632,984,168")


def test_owner_and_operator_each_need_one_for_the_country(opened):
    """One authorization a country; until when it is withdrawn; under any name of the party."""
    ledger = opened()
    play(ledger, HELD)
    missing = "veu_not_on_file"
    play(
        ledger,
        """
act             | no | day        | party | country | status | until_on   | other_party | says
official_status | W  | 2025-01-15 | W     | India   | NVEU   | 2025-06-30 |             |
party_merged    | M  | 2025-03-01 | Old O |         |        |            | O           |
        """,
    )
    outcomes = play(
        ledger,
        f"""
        act  | day        | owner | operator | to      | by   | says
        ship | 2025-06-01 | O     |          | India   | NVEU |
        ship | 2025-06-01 | O     | R        | India   | NVEU |
        ship | 2025-06-01 | O     | R        | Poland  | NVEU | {missing}
        ship | 2025-06-01 | O     |          | Vietnam | NVEU | {missing}
        ship | 2025-06-01 | O     | N        | India   | NVEU | {missing}
        ship | 2025-06-30 | W     |          | India   | NVEU |
        ship | 2025-07-01 | W     |          | India   | NVEU | {missing}
        ship | 2025-01-14 | O     |          | India   | NVEU | {missing}
        ship | 2025-03-01 | Old O |          | India   | NVEU |
        ship | 2025-02-28 | Old O |          | India   | NVEU | {missing}
        ship | 2025-06-01 | N     | M        | India   | NVEU | {missing}
        ship | 2025-06-01 | N     |          | India   | LPP  |
        """,
    )
    said = [found.detail for one in outcomes for found in one.findings]
    assert said[0] == "R: no NVEU for Poland on record"
    assert said[-2:] == ["N: no NVEU for India on record", "M: no NVEU for India on record"]


def test_all_of_a_company_s_items_in_the_country_are_in_its_base(opened):
    """Under another authorization, too, where the company holds one for the country."""
    ledger = opened(lpp_d1_d4="allowed")
    play(ledger, HELD)
    play(
        ledger,
        """
        act     | no | day        | owner | to      | by      | under | units | arrives    | says
        licence | D1 | 2025-02-01 | O     | India   |         |       | 100   |            |
        ship    | S1 | 2025-03-01 | O     | India   | licence | D1    | 60    | 2025-03-05 |
        ship    | S2 | 2025-03-01 | O     | Poland  | LPP     |       | 10    | 2025-03-05 |
        ship    | S3 | 2025-03-01 | N     | India   | licence | D1    | 40    | 2025-03-05 |
        ship    | S4 | 2025-03-01 | O     | Namibia | LPP     |       | 1     | 2025-03-05 |
        """,
    )
    stands(
        ledger,
        """
        C 2025: posted 174,152; remaining 26,725,848
        India 2025-2027: posted 1,583,200; remaining 788,416,800
        O, India 2025-2027: posted 949,920; remaining 632,050,080
        O, Poland 2025-2027: posted 158,320; remaining 632,841,680
        """,
    )


@pytest.mark.parametrize(
    ("reading", "country"),
    [("no_credit", "posted 949,920; remaining 789,050,080"), ("credit", "")],
)
def test_chips_that_a_licence_brought(opened, reading, country):
    """Whether their country is credited once they are in a base (option nveu_conversion)."""
    ledger = opened(nveu_conversion=reading)
    play(ledger, HELD)
    play(
        ledger,
        """
        act     | no | day        | owner | to      | by      | under | units | of | says
        licence | D1 | 2025-02-01 | O     | India   |         |       | 60    |    |
        ship    | S1 | 2025-03-01 | O     | India   | licence | D1    | 60    |    |
        receive |    | 2025-03-04 |       |         |         |       | 20    | S1 |
        receive |    | 2025-03-05 |       |         |         |       | 40    | S1 |
        """,
    )
    base = "O, India 2025-2027: posted 949,920; remaining 632,050,080"
    stands(ledger, f"{base}\n{f'India 2025-2027: {country}' if country else ''}")


def test_only_what_came_as_nveu_where_the_option_says_so(opened):
    ledger = opened(nveu_base="nveu_receipts")
    play(ledger, HELD)
    play(
        ledger,
        """
        act  | day        | owner | to     | by   | arrives    | says
        ship | 2025-03-01 | O     | Poland | LPP  | 2025-03-05 |
        ship | 2025-03-01 | O     | Poland | NVEU | 2025-03-05 |
        """,
    )
    stands(
        ledger,
        """
        C 2025: posted 15,832; remaining 26,884,168
        O, Poland 2025-2027: posted 15,832; remaining 632,984,168
        """,
    )


GONE = ["loss", "damage", "failure", "relocation", "resale", "theft", "seizure", "destruction"]


@pytest.mark.parametrize("reading", ["none", "return_and_loss"])
@pytest.mark.parametrize("reason", GONE)
def test_what_is_lost_counts_no_longer(opened, reason, reading):
    """Whatever the option on returns says, which is about countries."""
    ledger = opened(return_or_loss_credit=reading)
    play(ledger, HELD)
    play(
        ledger,
        f"""
        act    | no | day        | owner | to    | by   | units | arrives    | of | reason   | says
        ship   | S  | 2025-03-01 | O     | India | NVEU | 10    | 2025-03-05 |    |          |
        loss   |    | 2025-04-01 |       |       |      | 4     |            | S  | {reason} |
        return |    | 2025-04-02 |       |       |      | 1     |            | S  |          |
        remove |    | 2025-04-03 |       |       |      | 2     |            | S  |          |
        """,
    )
    stands(ledger, "O, India 2025-2027: posted 47,496; remaining 632,952,504")


def test_no_more_comes_back_than_was_there(opened):
    ledger = opened()
    play(ledger, HELD)
    play(
        ledger,
        """
        act  | no | day        | owner | to    | by   | units | arrives    | of | says
        ship | S  | 2025-03-01 | O     | India | NVEU | 10    | 2025-03-05 |    |
        ship | T  | 2025-03-01 | O     | India | NVEU | 10    |            |    |
        loss |    | 2025-04-01 |       |       |      | 10    |            | S  |
        loss |    | 2025-04-01 |       |       |      | 1     |            | S  | more_than_shipped
        loss |    | 2025-04-01 |       |       |      | 10    |            | T  |
        """,
    )
    stands(ledger, "")


def test_room_that_a_loss_makes_is_there_from_its_day_on(amounts):
    ledger = amounts()
    play(ledger, HELD)
    play(
        ledger,
        """
        act  | no | day        | owner | to    | by   | tpp       | arrives    | of | says
        ship | S  | 2025-02-01 | O     | India | NVEU | 633000000 | 2025-02-01 |    |
        loss |    | 2025-03-01 |       |       |      | 3000000   |            | S  |
        ship |    | 2025-02-27 | O     | India | NVEU | 1000000   | 2025-02-28 |    | over_limit
        ship |    | 2025-03-01 | O     | India | NVEU | 2000000   | 2025-03-01 |    |
        ship |    | 2025-03-01 | O     | India | NVEU | 1         | 2025-03-01 |    | over_limit
        """,
    )


def test_a_site_in_group_d5_or_macau_has_none(opened):
    play(
        opened(),
        """
        act  | day        | owner | to    | by   | says
        ship | 2025-06-01 | O     | Macau | NVEU | authorization_unavailable, veu_not_on_file
        """,
    )


def test_the_steps_are_on_record(opened):
    """With the budget, in the chain: what the table said when the first chip came."""
    ledger = opened()
    play(ledger, HELD)
    play(ledger, "act|day|owner|to|by|arrives\nship|2025-03-01|O|India|NVEU|2025-03-02")
    steps = [(s["step"], s["limit_mtpp"] // 1000) for s in rows(ledger.url, "budget_step")]
    assert steps == [
        ("2025Q1", 633_000_000),
        ("2025Q2", 949_500_000),
        ("2025Q3", 1_266_000_000),
        ("2025Q4", 1_582_500_000),
        ("2026Q1", 1_899_000_000),
        ("2026Q2", 2_690_250_000),
        ("2026Q3", 3_481_500_000),
        ("2026Q4", 4_272_750_000),
        ("2027", 5_064_000_000),
    ]
    later = [b - a for (_, a), (_, b) in pairwise(steps)]
    assert later == [316_500_000] * 4 + [791_250_000] * 4


def test_the_authority_may_move_a_company_s_ceiling(amounts):
    """The change counts on every step from its day on."""
    ledger, over = amounts(), "over_limit"
    play(ledger, HELD)
    play(
        ledger,
        f"""
act       | day        | owner | to    | by   | holder   | budget | tpp       | arrives    | says
amendment | 2025-02-01 |       |       |      | O, India | nveu   | -33000000 |            |
ship      | 2025-02-01 | O     | India | NVEU |          |        | 600000000 | 2025-02-01 |
ship      | 2025-04-01 | O     | India | NVEU |          |        | 316500000 | 2025-04-01 |
ship      | 2025-04-01 | O     | India | NVEU |          |        | 1         | 2025-04-01 | {over}
        """,
    )
