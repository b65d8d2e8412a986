"""Universal VEU, supplement No. 10 to part 748, paragraph 6: 25, 7 and 50 % of what it owns."""

from __future__ import annotations

import pytest

from ledger.service.explain import explain
from tests.cases.table import play, stands

OVER, UNKNOWN, LATER = "share_over", "share_undeclared", "share_would_exceed"


@pytest.fixture
def cloud(amounts):
    """A ledger in amounts in which C declared 100 TPP in all, all of it in Germany, in 2025."""

    def make(whole: str = "100", **options: str):
        ledger = amounts(**options)
        play(
            ledger,
            f"""
            act            | no | day        | party | country | tpp     | says
            installed_base | N1 | 2025-06-30 | C     |         | {whole} |
            """,
        )
        return ledger

    return make


@pytest.mark.parametrize(
    ("elsewhere", "lot", "says"),
    [
        ("93", "7", ""),
        ("93", "7.1", OVER),
        ("92.9", "7.1", OVER),
        ("94.329", "7.1", ""),
        ("94.328", "7.1", OVER),
        ("94.33", "7.1", ""),
    ],
)
def test_seven_percent_of_all_it_owns_with_the_lot(cloud, elsewhere, lot, says):
    """7.0 of 100 is within 7 %; the lot itself enters what it owns."""
    play(
        cloud(elsewhere),
        f"""
        act  | day        | to    | by   | tpp   | says
        ship | 2025-07-01 | India | UVEU | {lot} | {says}
        """,
    )


@pytest.mark.parametrize(("last", "says"), [("4", ""), ("4.1", OVER)])
def test_twenty_five_percent_outside_the_listed_destinations(cloud, last, says):
    """25.0 of 100 in four countries of at most 7 each, and 25.1 of 100.1."""
    play(
        cloud("75"),
        f"""
        act  | day        | to     | by   | tpp    | says
        ship | 2025-07-01 | India  | UVEU | 5.6    |
        ship | 2025-07-02 | Brazil | UVEU | 6.0    |
        ship | 2025-07-03 | Poland | UVEU | 6.5    |
        ship | 2025-07-04 | Chile  | UVEU | 2.9    |
        ship | 2025-07-05 | Mexico | UVEU | {last} | {says}
        """,
    )


@pytest.mark.parametrize(("lot", "says"), [("50", ""), ("50.1", OVER)])
def test_fifty_percent_outside_the_united_states_on_a_reporting_date(cloud, lot, says):
    """50.0 of 100, and 50.1 of 100.1: only where headquartered in the United States."""
    ledger = cloud("50")
    play(
        ledger,
        f"""
        act  | day        | to      | by   | parent_hq     | tpp   | says
        ship | 2025-08-01 | Germany | UVEU | United States | {lot} | {says}
        """,
    )
    play(
        cloud("50"),
        f"""
        act  | day        | to      | by   | parent_hq | tpp   | says
        ship | 2025-08-01 | Germany | UVEU | Germany   | {lot} |
        """,
    )


def test_between_reporting_dates_it_is_noted(cloud):
    """Measured on 1 February and 1 August: the next one is named, and what cures it."""
    ledger = cloud("50")
    (outcome,) = play(
        ledger,
        f"""
        act  | day        | to      | by   | parent_hq     | tpp  | says
        ship | 2025-08-02 | Germany | UVEU | United States | 50.1 | {LATER}
        """,
    )
    (found,) = outcome.findings
    assert found.detail is not None
    assert "on 2026-02-01" in found.detail
    assert found.detail.endswith("cured by 50.1 TPP or more declared for 2025-06-30")
    play(
        ledger,
        """
        act  | no | day        | to            | by | parent_hq     | tpp | says
        ship | S2 | 2026-01-31 | United States |    | United States | 0.1 |
        ship | S3 | 2026-02-01 | Germany | UVEU | United States | 0.001 | share_over
        """,
    )


def test_figures_and_the_declaration_that_would_cure_it(cloud):
    (outcome,) = play(
        cloud("93"),
        f"""
        act  | day        | to    | by   | tpp | says
        ship | 2025-07-01 | India | UVEU | 7.1 | {OVER}
        """,
    )
    (found,) = outcome.findings
    assert (found.limit, found.taken, found.asked, found.short) == (7_000, 0, 7_100, 100)
    assert found.budget == ("uveu_stock", "C, India", "always")
    assert found.detail == (
        "Universal VEU: any one country outside the listed destinations: on 2025-07-01 in India"
        " 7.09 % of 100.1 TPP, allowed 7.00 %; cured by 94.329 TPP or more declared for 2025-06-30"
    )


def test_what_nobody_declared_cannot_be_judged(amounts):
    """Recorded and flagged by name; a declaration for that day is looked for, not a later one."""
    (outcome, *_) = play(
        amounts(),
        f"""
        act            | no | day        | to    | by   | party | tpp | says
        ship           | S1 | 2025-07-01 | India | UVEU |       | 7   | {UNKNOWN}
        installed_base | N1 | 2025-07-02 |       |      | C     | 100 |
        ship           | S2 | 2025-07-01 | India | UVEU |       | 1   | {UNKNOWN}
        ship           | S3 | 2025-07-03 | Chile | UVEU |       | 1   |
        """,
    )
    (found,) = outcome.findings
    assert found.detail is not None
    assert "nothing declared on or before that day" in found.detail
    assert "of all it owns of 100 TPP or more" in found.detail


def test_the_cure_is_the_largest_of_all_shares_that_are_asked(opened):
    """One H100 in India asks for 15,832 / 0.25 by the one share, for 15,832 / 0.07 by the other."""
    ledger = opened()
    first, second = play(
        ledger,
        f"""
        act            | no | day        | to    | by   | party | units | tpp         | says
        ship           | S1 | 2025-07-01 | India | UVEU |       | 1     |             | {UNKNOWN}
        installed_base | N1 | 2025-06-30 |       |      | C     |       | 226,171.429 |
        ship           | S2 | 2025-07-01 | Chile | UVEU |       | 1     |             |
        """.replace("226,171.429", "226171.429"),
    )[::2]
    (found,) = first.findings
    assert found.detail == (
        "Universal VEU: any one country outside the listed destinations, on 2025-07-01: nothing"
        " declared on or before that day; a declaration of all it owns of 226,171.429 TPP or more"
        " would do"
    )
    assert not second.findings


def test_the_base_of_a_country_is_not_that_of_all_it_owns(amounts):
    """What was declared is said, and what lacks: the base in all."""
    *_, outcome = play(
        amounts(),
        f"""
        act            | no | day        | to    | by   | party | country | tpp | says
        installed_base | N1 | 2025-06-30 |       |      | C     | India   | 100 |
        ship           | S1 | 2025-07-01 | India | UVEU |       |         | 7   | {UNKNOWN}
        """,
    )
    (found,) = outcome.findings
    assert found.detail is not None
    assert "declared on or before that day for India alone, not for all it owns" in found.detail
    assert "a declaration of all it owns of 1,528.572 TPP or more would do" in found.detail


def test_a_lot_dated_back_must_fit_on_every_later_day(cloud):
    """On its own day there is room; a month later another lot takes it."""
    play(
        cloud("93"),
        f"""
        act  | day        | to    | by   | tpp | says
        ship | 2025-08-15 | India | UVEU | 6   |
        ship | 2025-07-01 | India | UVEU | 1   |
        ship | 2025-07-02 | India | UVEU | 1   | {OVER}
        """,
    )


def test_the_base_grows_with_what_else_it_gets(cloud):
    """Under AIA in a listed destination, or at home; nothing of it is drawn on a budget."""
    play(
        cloud("93"),
        """
        act  | no | day        | to            | by   | tpp  | says
        ship | S1 | 2025-07-01 | Germany       | AIA  | 5    |
        ship | S2 | 2025-07-01 | United States |      | 5    |
        ship | S3 | 2025-07-02 | India         | UVEU | 7.7  |
        """,
    )


def test_parents_and_subsidiaries_are_one(cloud):
    """Declared owners: what the subsidiary gets counts with what the parent declared."""
    play(
        cloud("93"),
        f"""
        act       | no | day        | to    | by   | tpp | party | other_party | consignee | says
        ownership | N2 | 2025-06-01 |       |      |     | Sub   | C           |           |
        ship      | S1 | 2025-07-01 | India | UVEU | 5   |       |             | Sub       |
        ship      | S2 | 2025-07-02 | India | UVEU | 2.1 |       |             | C         | {OVER}
        """,
    )


def test_what_stood_there_before_counts_as_stock_and_not_as_flow(cloud):
    """Option uveu_numerator: chips of before 2025 included, or what moved since."""
    for reading, says in (("stock", OVER), ("flow", "")):
        play(
            cloud("93", uveu_numerator=reading),
            f"""
            act            | no | day        | country | to    | by   | party | tpp | says
            installed_base | N2 | 2025-06-30 | India   |       |      | C     | 6   |
            ship           | S1 | 2025-07-01 |         | India | UVEU |       | 2   | {says}
            """,
        )


def test_measured_on_reporting_dates_where_the_option_says_so(cloud):
    """A lot that is gone again before the date never counted."""
    for reading, says in (("every_movement", OVER), ("reporting_dates", LATER)):
        ledger = cloud("93", uveu_measure_day=reading)
        play(
            ledger,
            f"""
            act  | no | day        | to    | by   | tpp | of | says
            ship | S1 | 2025-08-02 | India | UVEU | 8   |    | {says}
            loss | R1 | 2025-08-03 |       |      | 2   | S1 |
            ship | S2 | 2025-08-04 | India | UVEU | 0.5 |    |
            """,
        )


def test_attrition_gives_back_whatever_the_option_on_returns(cloud):
    """What is lost stands there no longer; lost elsewhere, it makes the share larger."""
    play(
        cloud("100"),
        f"""
        act  | no | day        | to      | by   | tpp | of | says
        ship | S1 | 2025-07-01 | India   | UVEU | 7.5 |    |
        loss | R1 | 2025-07-02 |         |      | 3   | S1 |
        ship | S2 | 2025-07-03 | India   | UVEU | 3   |    |
        ship | S3 | 2025-07-03 | Germany | UVEU | 6.5 |    |
        ship | S4 | 2025-07-04 | India   | UVEU | 0.4 |    |
        loss | R2 | 2025-07-05 |         |      | 6.5 | S3 | {OVER}
        """,
    )


@pytest.mark.parametrize(("lot", "says"), [("7", ""), ("7.1", f"refused:{OVER}")])
def test_an_application_is_measured_as_the_export_it_asks_for(cloud, lot, says):
    """7.0 of 100 in India is within 7 %, 7.1 is not; the tally keeps nothing of either."""
    ledger = cloud("93")
    play(
        ledger,
        f"""
        act   | no | day        | to    | tpp   | says
        apply | A1 | 2025-07-01 | India | {lot} | {says}
        """,
    )
    play(ledger, "act | day | to | by | tpp | says\nship | 2025-07-02 | India | UVEU | 7 |")


def test_it_is_refused_with_the_figures(cloud):
    """The lot is part of what it owns: of 93 + 8 at most 7.07 may stand in India."""
    ledger = cloud("93")
    (refused,) = play(
        ledger,
        f"""
        act   | no | day        | to    | tpp | says
        apply | A1 | 2025-07-01 | India | 8   | refused:{OVER}
        """,
    )
    (found,) = refused.findings
    assert (found.taken, found.asked) == (0, 8_000)
    assert (found.limit, found.short) == (7_000, 1_000)
    assert found.budget is not None
    assert found.budget[0] == "uveu_stock"
    assert found.detail is not None
    assert found.detail.startswith("Universal VEU: any one country outside the listed destinations")
    assert found.detail.endswith("cured by 106.286 TPP or more declared for 2025-06-30")


def test_what_is_pending_reserves_no_share(cloud):
    """The share is of what was shipped: behind 5 of 98, 2 more make 7 of 100, which is 7 %."""
    ledger = cloud("93")
    play(
        ledger,
        f"""
        act   | no | day        | to     | by   | tpp | says
        apply | A1 | 2025-07-01 | India  |      | 7   |
        apply | A2 | 2025-07-02 | India  |      | 7   |
        ship  | S1 | 2025-07-03 | India  | UVEU | 5   |
        apply | A3 | 2025-07-04 | India  |      | 2   |
        apply | A4 | 2025-07-04 | India  |      | 2.1 | refused:{OVER}
        apply | A5 | 2025-07-04 | Norway |      | 7   |
        """,
    )


def test_an_application_of_a_holder_whose_base_nobody_declared(cloud):
    """Where nothing was declared of it, it is not known to be a universal VEU."""
    play(
        cloud(),
        """
        act   | no | day        | to    | consignee | tpp | says
        apply | A1 | 2025-07-01 | India | D         | 50  |
        """,
    )


def test_a_share_measured_on_dates_only_notes_an_application(cloud):
    play(
        cloud("93", uveu_measure_day="reporting_dates"),
        f"""
        act   | no | day        | to    | tpp | says
        apply | A1 | 2025-07-01 | India | 8   | {LATER}
        """,
    )


def test_granted_in_part_up_to_the_share(cloud):
    """Option straddle = grant_remaining: what the tightest of the limits leaves."""
    ledger = cloud("93", straddle="grant_remaining")
    play(
        ledger,
        """
        act   | no | day        | to    | tpp | says
        apply | A1 | 2025-07-01 | India | 8   | granted_in_part
        """,
    )
    stands(ledger, "India 2025-2027: pending 7; remaining 790,000,000")


def test_where_a_limit_and_a_share_bind_both_are_told(cloud):
    """No limit is exceeded, and each that binds is named with its figures."""
    ledger = cloud("93")
    both = f"refused:over_limit, refused:{OVER}"
    outcomes = play(
        ledger,
        f"""
        act     | no | day        | to    | consignee | tpp       | says
        licence | L1 | 2025-07-01 | India | D         | 789999995 |
        apply   | A1 | 2025-07-02 | India | C         | 8         | {both}
        """,
    )
    limit, share = explain(ledger, outcomes[1].first_seq).findings
    assert limit.budget == "India 2025-2027"
    assert "short by 3 TPP" in limit.sentence
    assert "over by 1 TPP" in share.sentence
    assert share.citation.startswith("Supplement No. 10 to 15 CFR part 748, paragraph 6")
