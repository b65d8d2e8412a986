"""How a validated end user is put on file: an official status that names its authorization."""

from __future__ import annotations

import pytest

from schemas.problems import Unusable
from tests.cases.table import play

UNKNOWN = "names no authorization of the regime"
STATUSES = [
    # status, authorization, what is told of the status, the nearest
    ("NVUE", "", UNKNOWN, ("NVEU", "UVEU")),
    ("authorized", "NVEU", UNKNOWN, ("NVEU", "UVEU", "none")),
    ("unstated", "", UNKNOWN, ("NVEU", "UVEU", "none")),
    ("licence", "", UNKNOWN, ("NVEU", "UVEU")),
    ("", "NVEU", "an official status says which authorization was granted", ("NVEU", "UVEU")),
]


@pytest.mark.parametrize(("status", "by", "reason", "near"), STATUSES)
def test_a_status_that_is_no_authorization_is_refused(opened, status, by, reason, near):
    """It would be on record, and every shipment still flagged."""
    ledger = opened()
    with pytest.raises(Unusable) as refused:
        play(
            ledger,
            f"""
            act             | day        | party | country | status   | by
            official_status | 2025-01-15 | O     | India   | {status} | {by}
            """,
        )
    (problem,) = refused.value.problems
    assert (problem.column, problem.value, problem.reason) == ("status", status, reason)
    assert problem.nearest == near


@pytest.mark.parametrize("status", ["NVEU", "nveu", "National VEU"])
def test_a_status_may_be_written_as_any_authorization_may(opened, status):
    ledger = opened()
    play(ledger, f"act|day|party|country|status\nofficial_status|2025-01-15|O|India|{status}")
    play(ledger, "act|day|for|to|by|says\nship|2025-06-01|o|India|NVEU|")


NO, NEW = "veu_not_on_file", "share_undeclared"
BOTH = f"{NO}, {NEW}"


def test_a_status_for_one_country_holds_there(opened):
    """Also of an authorization that is for every country."""
    play(
        opened(),
        f"""
        act             | day        | party | country | for | to      | by   | status | says
        official_status | 2025-06-01 | O     | Germany |     |         |      | UVEU   |
        ship            | 2025-06-02 |       |         | O   | Germany | UVEU |        |
        ship            | 2025-06-02 |       |         | O   | Japan   | UVEU |        | {NO}
        """,
    )


def test_a_universal_veu_has_to_be_on_file_too(opened):
    """748.15(a)(2)(ii): for all countries, from its day to its last; at home nothing is claimed."""
    play(
        opened(),
        f"""
        act             | day        | until_on   | party | for | to      | by   | status | says
        ship            | 2025-03-01 |            |       | O   | India   | UVEU |        | {BOTH}
        official_status | 2025-06-01 | 2025-06-30 | O     |     |         |      | UVEU   |
        official_status | 2025-06-01 |            | N     |     |         |      | NVEU   |
        ship            | 2025-05-31 |            |       | O   | India   | UVEU |        | {BOTH}
        ship            | 2025-06-01 |            |       | o   | India   | UVEU |        | {NEW}
        ship            | 2025-06-30 |            |       | O   | Germany | UVEU |        |
        ship            | 2025-07-01 |            |       | O   | Germany | UVEU |        | {NO}
        ship            | 2025-07-01 |            |       | O   | US      | UVEU |        |
        ship            | 2025-07-01 |            |       | O   | Germany | AIA  |        |
        ship            | 2025-07-01 |            |       | N   | Germany | UVEU |        | {NO}
        """,
    )


def test_a_universal_veu_is_the_entity_with_its_group(opened):
    """Whoever of a group is named; an operator of another group needs its own, (ii)(A)."""
    ledger = opened()
    play(
        ledger,
        """
        act             | day        | party | other | status
        official_status | 2025-01-15 | P     |       | UVEU
        official_status | 2025-01-15 | Z     |       | UVEU
        ownership       | 2025-01-15 | A     | P     |
        ownership       | 2025-06-15 | B     | P     |
        """,
    )
    play(
        ledger,
        f"""
        act  | day        | for | parent | owner | operator | to      | by   | status | says
        ship | 2025-06-01 | A   |        |       |          | Germany | UVEU |        |
        ship | 2025-06-01 | B   |        |       |          | Germany | UVEU |        | {NO}
        ship | 2025-06-15 | B   |        |       |          | Germany | UVEU |        |
        ship | 2025-06-15 | C   | P      |       |          | Germany | UVEU |        |
        ship | 2025-06-15 | C   | P      | C     |          | Germany | UVEU |        |
        ship | 2025-06-15 | C   | P      | D     |          | Germany | UVEU |        | {NO}
        ship | 2025-06-15 | Z   | Y      |       |          | Germany | UVEU |        |
        ship | 2025-06-15 | A   |        |       | B        | Germany | UVEU |        |
        ship | 2025-06-15 | A   |        |       | D        | Germany | UVEU |        | {NO}
        """,
    )


@pytest.mark.parametrize("reading", ["no_second_debit", "debit_again"])
def test_who_gets_units_that_a_shipment_brought_needs_one_too(opened, reading):
    """Named or not, they go on to somebody under the authorization that is claimed."""
    play(
        opened(in_country_transfer=reading),
        f"""
        act             | no | day        | party | for | to    | by   | of | status | says
        official_status |    | 2025-01-15 | O     |     | India |      |    | NVEU   |
        ship            | S1 | 2025-06-01 |       | O   | India | NVEU |    |        |
        transfer        |    | 2025-06-02 |       | R   | India | NVEU | S1 |        | {NO}
        transfer        |    | 2025-06-02 |       | R   | India | UVEU | S1 |        | {BOTH}
        transfer        |    | 2025-06-02 |       | R   | India | NVEU |    |        | {NO}
        """,
    )


def test_what_a_company_has_stays_apart_when_it_is_taken_over(ledger):
    """Noted with the amount, by which an amendment lowers the new parent's ceiling."""
    play(
        ledger,
        """
        act             | no | day        | party | other | country | status | percent | says
        official_status | V1 | 2025-01-15 | M     |       | India   | NVEU   |         |
        official_status | V2 | 2025-01-15 | N     |       | India   | NVEU   |         |
        """,
    )
    play(
        ledger,
        """
        act  | no | day        | for | to    | by   | units | arrives    | says
        ship | S1 | 2025-03-01 | M   | India | NVEU | 39000 | 2025-03-02 |
        ship | S2 | 2025-03-01 | N   | India | NVEU | 30000 | 2025-03-02 |
        """,
    )
    noted = "base_stays_apart"
    outcomes = play(
        ledger,
        f"""
        act          | no | day        | party | other | percent | says
        ownership    | W1 | 2025-03-10 | M     | Fund  | 30      |
        party_merged | W2 | 2025-04-01 | M     | N     |         | {noted}
        ownership    | W3 | 2025-05-01 | N     | Big   |         | {noted}
        ownership    | W4 | 2025-05-02 | N     | Big   |         |
        """,
    )
    (found,) = outcomes[1].findings
    assert (found.asked, found.detail) == (617_448_000_000, "M, India")
