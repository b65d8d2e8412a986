"""Option 14 (lpp_after_acquisition), 15 CFR 740.29(h)(1)-(2): an entity is acquired in mid-year.

Under `follows` what it received that year before counts on the new parent too, from the day it is
acquired; the parent that received it has no room back. Under `stays` all is where it was.
"""

from __future__ import annotations

import pytest

from ledger.service.dependents import Standing
from ledger.service.ledger import Ledger
from tests.cases.table import play, stands
from tests.service.books import write_csv

FOLLOWS, NOTED = "follows", "received_before_acquisition"
# 15,832 TPP a unit.
RECEIVED = """
act  | no | day        | to     | consignee | by  | units | arrives    | says
ship | S1 | 2024-12-20 | Poland | C         | LPP | 10    | 2025-01-10 | {early}
ship | S2 | 2025-02-01 | Poland | C         | LPP | 100   | 2025-02-10 |
ship | S3 | 2025-03-01 | Poland | Other     | LPP | 40    | 2025-03-10 |
ship | S4 | 2025-04-01 | Poland | C         | LPP | 7     |            |
"""
EARLY = "before_regime"
BOUGHT = """
act       | no | day        | party | other_party | says
ownership | N1 | 2025-06-01 | C     | Holding     | {noted}
"""


@pytest.mark.parametrize("reading", ["stays", FOLLOWS])
def test_what_was_received_before_counts_on_the_new_parent_too(kept, reading):
    """What is still under way counts when it arrives: on the parent of that day alone."""
    ledger = kept(lpp_after_acquisition=reading)
    play(ledger, RECEIVED.format(early=EARLY))
    play(ledger, BOUGHT.format(noted=NOTED if reading == FOLLOWS else ""))
    follows = "Holding 2025: posted 1,583,200; remaining 25,316,800" if reading == FOLLOWS else ""
    stands(
        ledger,
        f"""
        C 2025: held 110,824, posted 1,583,200; remaining 25,205,976
        Other 2025: posted 633,280; remaining 26,266,720
        {follows}
        """,
    )


@pytest.mark.parametrize("year", ["received", "exported", "both"])
@pytest.mark.parametrize(("units", "says"), [("699", NOTED), ("700", f"over_limit, {NOTED}")])
def test_splitting_an_order_over_two_parents_gains_nothing(kept, year, units, says):
    """1,699 H100s are a parent's year: 1,000 of its own and what the company it buys received."""
    ledger = kept(lpp_after_acquisition=FOLLOWS, lpp_year=year)
    play(
        ledger,
        f"""
        act       | no | day        | to     | consignee | by  | units   | arrives    | says
        ship      | S1 | 2025-02-01 | Poland | C         | LPP | {units} | 2025-02-10 |
        ship      | S2 | 2025-03-01 | Poland | Holding   | LPP | 1000    | 2025-03-10 |
        """,
    )
    play(ledger, BOUGHT.format(noted=says))
    play(
        ledger,
        """
        act  | no | day        | to     | consignee | by  | arrives    | says
        ship | S3 | 2025-06-02 | Poland | C         | LPP | 2025-06-03 | over_limit
        ship | S4 | 2026-01-02 | Poland | C         | LPP | 2026-01-03 |
        """,
    )


def test_what_is_recorded_later_of_days_before_counts_on_both_at_once(kept):
    """A late receipt of February counts on the parent of that day and on the one of June."""
    ledger = kept(lpp_after_acquisition=FOLLOWS)
    play(ledger, BOUGHT.format(noted=""))
    play(
        ledger,
        """
        act     | no | day        | to     | consignee | by  | units | arrives    | of | says
        ship    | S1 | 2025-02-01 | Poland | C         | LPP | 10    | 2025-02-10 |    |
        ship    | S2 | 2025-05-20 | Poland | C         | LPP | 3     |            |    |
        ship    | S3 | 2025-05-20 | Poland | C         | LPP | 5     |            |    |
        receive | R2 | 2025-05-31 |        |           |     |       |            | S2 |
        receive | R3 | 2025-06-01 |        |           |     |       |            | S3 |
        ship    | S4 | 2025-06-01 | Poland | C         | LPP | 2     | 2025-06-02 |    |
        """,
    )
    stands(
        ledger,
        """
        C 2025: posted 205,816; remaining 26,694,184
        Holding 2025: posted 316,640; remaining 26,583,360
        """,
    )


def test_an_acquisition_that_is_declared_late(kept):
    """What was counted on the old parent since its day counts on the new one as well."""
    ledger = kept(lpp_after_acquisition=FOLLOWS)
    play(
        ledger,
        """
        act  | no | day        | to     | consignee | by  | units | arrives    | says
        ship | S1 | 2025-02-01 | Poland | C         | LPP | 10    | 2025-02-10 |
        ship | S2 | 2025-07-01 | Poland | C         | LPP | 4     | 2025-07-10 |
        ship | S3 | 2026-07-01 | Poland | C         | LPP | 1     | 2026-07-10 |
        """,
    )
    play(ledger, BOUGHT.format(noted=NOTED))
    stands(
        ledger,
        """
        C 2025: posted 221,648; remaining 26,678,352
        C 2026: posted 15,832; remaining 26,884,168
        Holding 2025: posted 221,648; remaining 26,678,352
        Holding 2026: posted 15,832; remaining 26,884,168
        """,
    )


def shipped(ledger: Ledger, day: str, units: str = "1") -> None:
    """A lot for C that leaves and arrives on a day."""
    play(
        ledger,
        f"""
        act  | no    | day   | to     | consignee | by  | units   | arrives | says
        ship | {day} | {day} | Poland | C         | LPP | {units} | {day}   |
        """,
    )


def test_from_owner_to_owner_and_back_to_itself(kept):
    """Bought in March, its owner bought in June, sold off at the end of September."""
    ledger = kept(lpp_after_acquisition=FOLLOWS)
    own = "act | no | day | party | other_party | until_on | says\n"
    shipped(ledger, "2025-02-01")
    play(ledger, f"{own}ownership | N1 | 2025-03-01 | C | Holding | 2025-09-30 | {NOTED}")
    shipped(ledger, "2025-04-02")
    play(ledger, f"{own}ownership | N2 | 2025-06-01 | Holding | Mega | | {NOTED}")
    shipped(ledger, "2025-07-02")
    shipped(ledger, "2025-10-02")
    stands(
        ledger,
        """
        C 2025: posted 63,328; remaining 26,836,672
        Holding 2025: posted 31,664; remaining 26,868,336
        Mega 2025: posted 47,496; remaining 26,852,504
        """,
    )


def test_each_owner_of_a_joint_venture_has_it_once(kept):
    ledger = kept(lpp_after_acquisition=FOLLOWS, parent_rule="each_joint_venturer")
    shipped(ledger, "2025-02-01", "10")
    play(
        ledger,
        f"""
        act       | no | day        | party | other_party | percent | says
        ownership | N1 | 2025-03-01 | C     | P1          | 50      | {NOTED}
        ownership | N2 | 2025-03-01 | C     | P2          | 50      | {NOTED}
        """,
    )
    one = "posted 158,320; remaining 26,741,680"
    stands(ledger, f"C 2025: {one}\nP1 2025: {one}\nP2 2025: {one}")


def test_a_merger_is_an_acquisition(kept):
    ledger = kept(lpp_after_acquisition=FOLLOWS)
    play(ledger, RECEIVED.format(early=EARLY))
    play(
        ledger,
        f"""
        act          | no | day        | party | other_party | says
        party_merged | N1 | 2025-06-01 | Other | C           | {NOTED}
        """,
    )
    stands(
        ledger,
        """
        C 2025: held 110,824, posted 2,216,480; remaining 24,572,696
        Other 2025: posted 633,280; remaining 26,266,720
        """,
    )


def test_what_counts_for_another_entity_does_not_follow_the_consignee(kept):
    """15 CFR 740.29(a): the limit of the entity that will operate the items."""
    ledger = kept(lpp_after_acquisition=FOLLOWS)
    play(
        ledger,
        """
        act  | day        | to     | hq     | consignee | attributed_to | by  | arrives    | says
        ship | 2025-02-01 | Poland | France | C         | Operator      | LPP | 2025-02-10 |
        """,
    )
    play(ledger, BOUGHT.format(noted=""))
    stands(ledger, "Operator 2025: posted 15,832; remaining 26,884,168")


RETURNS = """
act    | no | day        | of | units | says
return | B1 | 2025-08-01 | S2 | 30    |
"""


@pytest.mark.parametrize("year", ["received", "exported"])
def test_what_comes_back_makes_room_on_both(kept, year):
    ledger = kept(
        lpp_after_acquisition=FOLLOWS, return_or_loss_credit="on_proven_return", lpp_year=year
    )
    play(
        ledger,
        """
        act  | no | day        | to     | consignee | by  | units | arrives    | says
        ship | S2 | 2025-02-01 | Poland | C         | LPP | 100   | 2025-02-10 |
        """,
    )
    play(ledger, BOUGHT.format(noted=NOTED))
    play(ledger, RETURNS)
    one = "posted 1,108,240; remaining 25,791,760"
    stands(ledger, f"C 2025: {one}\nHolding 2025: {one}")


def test_a_declaration_is_taken_back_with_what_it_brought(kept):
    ledger = kept(lpp_after_acquisition=FOLLOWS)
    play(ledger, RECEIVED.format(early=EARLY))
    (bought,) = play(ledger, BOUGHT.format(noted=NOTED))
    ledger.reverse([bought.first_seq], "not sold after all")
    stands(
        ledger,
        """
        C 2025: held 110,824, posted 1,583,200; remaining 25,205,976
        Other 2025: posted 633,280; remaining 26,266,720
        """,
    )
    play(ledger, BOUGHT.format(noted=NOTED).replace("N1", "N2"))


def test_a_lot_that_a_declaration_carried_over_is_reversed_with_it(kept):
    """What depends on a lot is named before it is reversed; declared anew, it carries the rest."""
    ledger = kept(lpp_after_acquisition=FOLLOWS)
    shipped = play(ledger, RECEIVED.format(early=EARLY))
    (bought,) = play(ledger, BOUGHT.format(noted=NOTED))
    receipt = shipped[1].first_seq + 1
    with pytest.raises(Standing, match=f"seq {bought.first_seq} .ownership N1 of 2025-06-01"):
        ledger.reverse([receipt], "never arrived")
    ledger.reverse([shipped[2].first_seq], "another's", cascade=True)
    ledger.reverse([receipt], "never arrived", cascade=True)
    stands(ledger, "C 2025: held 1,694,024; remaining 25,205,976")
    play(ledger, BOUGHT.format(noted="").replace("N1", "N2"))


def test_two_declarations_of_one_file_follow_one_another(kept, tmp_path):
    ledger = kept(lpp_after_acquisition=FOLLOWS)
    play(ledger, RECEIVED.format(early=EARLY))
    said = {"kind": "ownership", "effective_on": "2025-06-01"}
    lines = [
        said | {"document": "N1", "party": "C", "other_party": "Holding"},
        said | {"document": "N2", "party": "Holding", "other_party": "Mega"},
    ]
    outcome = ledger.import_file(write_csv(tmp_path / "owners.csv", lines), "declarations")
    assert dict(outcome.counts) == {NOTED: 2}
    stands(
        ledger,
        """
        C 2025: held 110,824, posted 1,583,200; remaining 25,205,976
        Holding 2025: posted 1,583,200; remaining 25,316,800
        Mega 2025: posted 1,583,200; remaining 25,316,800
        Other 2025: posted 633,280; remaining 26,266,720
        """,
    )
