"""The country allocation, 15 CFR 742.6(b)(10)(iii): what draws on it, and how far it goes."""

from __future__ import annotations

import pytest

from schemas.problems import Unusable
from tests.cases.table import act, play, standing, stands
from tests.service.books import rows


def test_the_limit_itself_is_within(amounts):
    """One thousandth more is over."""
    ledger = amounts()
    play(
        ledger,
        """
        act     | day        | to        | tpp           | says
        licence | 2025-06-01 | India     | 789999999.999 |
        licence | 2025-06-02 | India     | 0.001         |
        licence | 2025-06-03 | India     | 0.001         | over_limit
        licence | 2025-06-03 | Singapore | 790000000     |
        apply   | 2025-06-04 | Poland    | 790000000.001 | refused:over_limit
        apply   | 2025-06-05 | Poland    | 790000000     |
        apply   | 2025-06-06 | Poland    | 0.001         | refused:over_limit
        """,
    )
    stands(
        ledger,
        """
        India 2025-2027: held 790,000,000.001; remaining -0.001
        Singapore 2025-2027: held 790,000,000; remaining 0
        Poland 2025-2027: pending 790,000,000; remaining 790,000,000
        """,
    )


def test_whole_units_under_the_limit(opened):
    """790,000,000 // 15,832 = 49,898 H100s."""
    ledger = opened()
    outcomes = play(
        ledger,
        """
        act     | day        | to     | units | says
        licence | 2025-06-01 | India  | 49898 |
        apply   | 2025-06-02 | India  | 1     | refused:over_limit
        licence | 2025-06-02 | India  | 1     | over_limit
        apply   | 2025-06-02 | Poland | 49899 | refused:over_limit
        """,
    )
    (found,) = outcomes[1].findings
    figures = (found.limit, found.taken, found.asked, found.short)
    assert figures == (790_000_000_000, 789_985_136_000, 15_832_000, 968_000)
    assert found.budget == ("country_allocation", "India", "2025-2027")
    stands(ledger, "India 2025-2027: held 790,000,968; remaining -968")


def test_a_licence_draws_when_issued_and_its_shipments_do_not_draw_again(opened):
    ledger = opened()
    play(
        ledger,
        """
        act      | no | day        | to    | units | under | says
        licence  | L1 | 2025-06-01 | India | 100   |       |
        ship     | S1 | 2025-06-10 | India | 60    | L1    |
        transfer | S2 | 2025-06-11 | India | 30    | L1    |
        """,
    )
    stands(ledger, "India 2025-2027: held 158,320, posted 1,424,880; remaining 788,416,800")


@pytest.mark.parametrize(
    ("reading", "taken"),
    [("counted", "held 15,832; remaining 789,984,168"), ("not_counted", "")],
)
def test_licences_of_2025_before_the_compliance_date(opened, reading, taken):
    ledger = opened(licences_before_compliance=reading)
    play(
        ledger,
        """
        act     | day        | to     | says
        licence | 2025-01-01 | India  |
        licence | 2024-12-31 | India  | before_regime
        licence | 2025-05-15 | Poland |
        """,
    )
    poland = "Poland 2025-2027: held 15,832; remaining 789,984,168"
    stands(ledger, f"{f'India 2025-2027: {taken}' if taken else ''}\n{poland}")


def test_after_the_three_years_there_is_nothing_to_draw_on(opened):
    ledger = opened()
    play(
        ledger,
        """
        act     | day        | to    | says
        licence | 2027-12-31 | India |
        licence | 2028-01-01 | India | after_windows
        """,
    )
    stands(ledger, "India 2025-2027: held 15,832; remaining 789,984,168")


def test_only_items_of_paragraph_a_count(opened):
    ledger = opened()
    play(
        ledger,
        """
        act     | day        | to    | chip        | says
        licence | 2025-06-01 | India | nvidia-l40  |
        licence | 2025-06-01 | India | nvidia-h20  |
        licence | 2025-06-01 | India | nvidia-a100 |
        """,
    )
    stands(ledger, "India 2025-2027: held 4,992; remaining 789,995,008")


def test_an_uplift_lets_pass_what_is_dated_after_it(opened):
    """For want of names in supplement No. 5(b) the uplift itself is flagged."""
    ledger = opened()
    play(
        ledger,
        """
        act     | day        | to    | units | holder | percent | says
        licence | 2025-06-01 | India | 49000 |        |         |
        uplift  | 2025-09-01 |       |       | India  | 100     | uplift_not_listed
        apply   | 2025-08-31 | India | 899   |        |         | refused:over_limit
        apply   | 2025-08-31 | India | 898   |        |         |
        apply   | 2025-09-01 | India | 49900 |        |         | refused:over_limit
        apply   | 2025-09-01 | India | 49899 |        |         |
        apply   | 2025-09-02 | India | 1     |        |         | refused:over_limit
        """,
    )
    stands(
        ledger,
        "India 2025-2027: adjustment 790,000,000, pending 804,218,104, held 775,768,000;"
        " remaining 804,232,000",
    )


def test_a_licence_dated_before_an_uplift_has_no_use_for_it(opened):
    """A fact, too, must fit on its own day: it is recorded, and flagged with that day's limit."""
    ledger = opened()
    *_, over = play(
        ledger,
        """
        act     | day        | to    | units | holder | percent | says
        licence | 2025-06-01 | India | 49000 |        |         |
        uplift  | 2025-09-01 |       |       | India  | 100     | uplift_not_listed
        licence | 2025-09-01 | India | 1000  |        |         |
        licence | 2025-08-31 | India | 898   |        |         |
        licence | 2025-08-31 | India | 1     |        |         | over_limit
        """,
    )
    found = over.findings[0]
    figures = (found.limit, found.taken, found.asked)
    assert figures == (790_000_000_000, 49_898 * 15_832_000, 15_832_000)


def test_a_licence_dated_before_a_return_does_not_fit_into_its_room(opened):
    ledger = opened(return_or_loss_credit="on_proven_return")
    play(
        ledger,
        """
        act     | no | day        | to    | by      | under | units | of | says
        licence | D1 | 2025-03-01 | India |         |       | 49898 |    |
        ship    | S1 | 2025-04-01 | India | licence | D1    | 1000  |    |
        return  |    | 2025-06-01 |       |         |       |       | S1 |
        licence | D2 | 2025-05-31 | India |         |       | 1     |    | over_limit
        licence | D3 | 2025-06-01 | India |         |       | 999   |    |
        licence | D4 | 2025-06-02 | India |         |       | 1     |    | over_limit
        """,
    )


def test_what_is_pending_bars_no_licence(opened):
    """Applications of before and after are no use of the room; a licence is a fact."""
    play(
        opened(),
        """
        act     | no | day        | to    | units | holder | percent | application | says
        apply   | A  | 2025-03-01 | India | 40000 |        |         |             |
        licence | D1 | 2025-05-01 | India | 40000 |        |         | A           |
        licence | D2 | 2025-03-02 | India | 9898  |        |         |             |
        licence | D3 | 2025-03-02 | India | 1     |        |         |             | over_limit
        """,
    )


def test_an_uplift_goes_up_to_twice_the_limit(opened):
    ledger = opened()
    play(
        ledger,
        """
        act    | day        | holder | percent  | says
        uplift | 2025-09-01 | India  | 60       | uplift_not_listed
        uplift | 2025-09-02 | India  | 40       | uplift_not_listed
        uplift | 2025-09-03 | India  | 0.000001 | uplift_over_maximum, uplift_not_listed
        """,
    )


def test_a_credit_does_not_help_what_was_asked_before_it(opened):
    """A day's room is the least of that day and every later one."""
    ledger = opened()
    play(
        ledger,
        """
        act       | day        | to     | units | holder | tpp        | says
        licence   | 2025-12-01 | India  | 40000 |        |            |
        apply     | 2025-06-01 | India  | 9899  |        |            | refused:over_limit
        apply     | 2025-06-01 | India  | 9898  |        |            |
        amendment | 2026-01-01 |        |       | India  | -700000000 |
        apply     | 2025-06-01 | Poland | 49898 |        |            |
        apply     | 2025-06-02 | India  | 1     |        |            | refused:over_limit
        """,
    )


@pytest.mark.parametrize(
    "authorization", ["LPP", "AIA", "ACM", "NVEU", "UVEU", "NAC", "ACA", "TMP", "RPL", "GOV"]
)
def test_exceptions_and_validated_end_users_do_not_draw(opened, authorization):
    """Not on the official tally; where one is not to be had here, on the safe side."""
    ledger = opened()
    act(
        ledger,
        1,
        {"act": "ship", "day": "2025-06-01", "destination": "Poland"}
        | {"authorization": authorization, "consignee_hq": "Poland", "parent_hq": "Poland"},
    )
    poland = [line for line in standing(ledger).splitlines() if line.startswith("Poland")]
    barred = authorization in ("AIA", "UVEU", "NAC", "ACA")
    assert poland == (["Poland 2025-2027: safe 15,832; remaining 790,000,000"] if barred else [])


@pytest.mark.parametrize(
    ("counts", "taken"),
    [("yes", ["Poland 2025-2027: posted 15,832; remaining 789,984,168"]), ("no", [])],
)
def test_gov_counts_where_the_option_says_so(opened, counts, taken):
    ledger = opened(exceptions_count_gov=counts)
    act(
        ledger,
        1,
        {"act": "ship", "day": "2025-06-01", "destination": "Poland", "authorization": "GOV"},
    )
    assert standing(ledger).splitlines() == taken


def test_the_safe_side_counts_what_went_without_a_licence(opened):
    ledger = opened()
    play(
        ledger,
        """
        act      | day        | to      | by      | under | says
        ship     | 2025-06-01 | India   | none    |       | no_authorization
        ship     | 2025-06-02 | India   |         |       | authorization_unstated
        ship     | 2025-06-03 | India   | licence | L9    | licence_not_on_file
        ship     | 2025-06-04 | India   | NLR     |       | authorization_unavailable
        ship     | 2025-05-14 | India   | NLR     |       |
        ship     | 2025-05-14 | Vietnam | NLR     |       | authorization_unavailable
        reexport | 2025-06-05 | India   | none    |       | no_authorization
        """,
    )
    stands(
        ledger,
        """
        India 2025-2027: safe 79,160; remaining 790,000,000
        Vietnam 2025-2027: safe 15,832; remaining 790,000,000
        """,
    )


def test_what_is_dated_before_the_regime_is_recorded_and_draws_on_nothing(opened):
    ledger = opened()
    play(
        ledger,
        """
        act     | no | day        | to    | by   | under | says
        licence | L1 | 2025-01-01 | India |      |       |
        ship    | S1 | 2024-12-31 | India | none |       | before_regime
        ship    | S2 | 2024-12-31 | India |      | L9    | before_regime
        ship    | S3 | 2024-12-31 | India |      | L1    | before_regime
        """,
    )
    stands(ledger, "India 2025-2027: held 15,832; remaining 789,984,168")


TERRITORIES = """
act     | no | day        | to             | says
licence | L1 | 2025-06-01 | Liechtenstein  |
licence | L2 | 2025-06-01 | Switzerland    |
licence | L3 | 2025-06-01 | Hong Kong      |
licence | L4 | 2025-06-01 | Macau          |
licence | L5 | 2025-06-01 | Cayman Islands |
licence | L6 | 2025-06-01 | Germany        |
licence | L7 | 2025-06-01 | United States  |
licence | L8 | 2025-06-01 | Namibia        |
"""


def test_territories_follow_their_country_and_others_have_no_allocation(opened):
    """Hong Kong is China's; Cayman Islands are the United Kingdom's, which has no cap."""
    ledger = opened()
    play(ledger, TERRITORIES)
    stands(
        ledger,
        """
        Switzerland 2025-2027: held 31,664; remaining 789,968,336
        Namibia 2025-2027: held 15,832; remaining 789,984,168
        """,
    )
    places = [m["destination"] for m in rows(ledger.url, "movement")[1:]]
    assert places == ["LI", "CH", "HK", "MO", "KY", "DE", "US", "NA"]


def test_an_application_for_hong_kong_is_told_of_the_presumption(opened):
    play(
        opened(),
        """
        act   | day        | to        | consignee_hq | says
        apply | 2025-06-01 | Hong Kong |              | review_denial
        apply | 2025-06-01 | India     | Macau        | review_denial
        apply | 2025-06-01 | India     | India        |
        """,
    )


@pytest.mark.parametrize(("reading", "counted"), [("full_limit", 2), ("from_entry", 1)])
def test_cambodia_comes_under_the_allocation(opened, reading, counted):
    """It left Group D:5 on 2026-02-03: all licensed since 2025 counts, or what is from then on."""
    ledger = opened(group_change_entering=reading)
    play(
        ledger,
        """
        act     | day        | to       | says
        licence | 2025-11-06 | Cambodia |
        licence | 2026-02-03 | Cambodia |
        licence | 2025-11-06 | China    |
        """,
    )
    taken = counted * 15_832
    stands(ledger, f"Cambodia 2025-2027: held {taken:,}; remaining {790_000_000 - taken:,}")


@pytest.mark.parametrize("last", ["suspend", "reinstate"])
def test_a_suspended_country_is_refused_until_it_is_reinstated(opened, last):
    ledger = opened()
    play(
        ledger,
        """
        act     | day        | to     | holder | until_on   | says
        suspend | 2025-07-01 |        | India  |            |
        apply   | 2025-06-30 | India  |        |            |
        apply   | 2025-07-01 | India  |        |            | refused:holder_suspended
        licence | 2025-07-01 | India  |        |            | holder_suspended
        suspend | 2025-07-01 |        | Poland | 2025-07-31 |
        apply   | 2025-07-31 | Poland |        |            | refused:holder_suspended
        apply   | 2025-08-01 | Poland |        |            |
        """,
    )
    if last == "reinstate":
        play(
            ledger,
            """
            act       | day        | to    | holder | no | says
            reinstate | 2025-09-01 |       | India  | B  |
            apply     | 2025-08-31 | India |        | A1 | refused:holder_suspended
            apply     | 2025-09-01 | India |        | A2 |
            """,
        )


def test_an_uplift_names_the_authority_s_reference(ledger):
    """What nobody decided is no act: the row is a problem, and nothing is recorded."""
    said = {"document": "U1", "kind": "uplift", "effective_on": "2025-06-01", "holder": "India"}
    with pytest.raises(Unusable, match="reference: an uplift names the authority's reference"):
        ledger.record("adjustments", said | {"percent": "100"})
    stands(ledger, "")
