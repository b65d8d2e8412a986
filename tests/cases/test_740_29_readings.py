"""Readings of 15 CFR 740.29 (LPP): whose limit, for which items, and whose receipts."""

from __future__ import annotations

import pytest

from tests.cases.table import play, stands

# LPP papers are another matter: every shipment here has them.
PAPERS = "certificate_on"


def lpp(lines: str) -> str:
    """Shipments under LPP to Poland that have their certificate: day, consignee and the rest."""
    head, *rows = (line for line in lines.splitlines() if line.strip())
    said = [f"{head} | act | to | by | {PAPERS}"]
    return "\n".join([*said, *(f"{row} | ship | Poland | LPP | 2025-01-01" for row in rows)])


# Option 12: items in 5A002.z


@pytest.mark.parametrize(
    ("reading", "said"),
    [("eligible", "authorization_disputed"), ("not_eligible", "authorization_unavailable")],
)
def test_items_in_5a002z(opened, reading, said):
    """740.29(b) leaves them out, (f)(iii) and (h)(2) have them; no other .z item is in doubt."""
    ledger = opened(lpp_5a002z=reading)
    play(
        ledger,
        lpp(f"""
        day        | eccn         | says
        2025-06-01 | 5A002.z.1.a  | {said}
        2025-06-01 | 5a002.Z.5.a  | {said}
        2025-06-01 | 5A002.z      | {said}
        2025-06-01 | 5A002z       | {said}
        2025-06-01 | 5a002z1a     | {said}
        2025-06-01 | 4A003.z.1.a  |
        2025-06-01 | 4a003z1a     |
        2025-06-01 | 3A090.a      |
        2025-06-01 | 5A002        |
        2025-06-01 |              |
        """),
    )


@pytest.mark.parametrize(("reading", "said"), [("barred", "un"), ("allowed", "")])
def test_groups_d1_and_d4_are_closed_to_3a090_and_4a090_alone(opened, reading, said):
    """740.2(a)(9)(ii) names 3A090 and 4A090; the .z entries are not in it."""
    ledger = opened(lpp_d1_d4=reading)
    named = "authorization_unavailable" if said else "authorization_disputed"
    play(
        ledger,
        f"""
        act  | day        | to      | by  | eccn        | certificate_on | says
        ship | 2025-06-01 | Vietnam | LPP | 3A090.a     | 2025-01-01     | {named}
        ship | 2025-06-01 | Vietnam | LPP | 4A090.a     | 2025-01-01     | {named}
        ship | 2025-06-01 | Vietnam | LPP |             | 2025-01-01     | {named}
        ship | 2025-06-01 | Vietnam | LPP | 4A003.z.1.a | 2025-01-01     |
        ship | 2025-06-01 | Vietnam | LPP | 4a003z1a    | 2025-01-01     |
        ship | 2025-06-01 | Vietnam | LPP | 5A992.z.1   | 2025-01-01     |
        """,
    )


# Option 25: who is the ultimate parent

OWNED = """
act       | day        | party | other_party | percent | until_on   | says
ownership | 2025-01-01 | Whole | Holding     |         |            |
ownership | 2025-01-01 | Half  | One         | 50      |            |
ownership | 2025-01-01 | Half  | Two         | 50      |            |
ownership | 2025-01-01 | Most  | One         | 60      |            |
ownership | 2025-01-01 | Most  | Two         | 40      |            |
ownership | 2025-01-01 | Leaf  | Most        |         |            |
ownership | 2025-01-01 | Sold  | One         | 80      | 2025-05-31 |
"""
OF = {
    "declared": {"Whole": ["Holding"], "Leaf": ["Most"]},
    "majority": {"Whole": ["Holding"], "Most": ["One"], "Leaf": ["One"]},
    "each_joint_venturer": {
        "Whole": ["Holding"],
        "Half": ["One", "Two"],
        "Most": ["One", "Two"],
        "Leaf": ["One", "Two"],
    },
}


@pytest.mark.parametrize("consignee", ["Whole", "Half", "Most", "Leaf", "Sold", "Nobody's"])
@pytest.mark.parametrize("year", ["received", "exported", "both"])
@pytest.mark.parametrize("reading", list(OF))
def test_the_ultimate_parent_is_who_the_option_says(opened, reading, year, consignee):
    """Each parent of a joint venture is drawn on in full; who has no owner stands for itself."""
    ledger = opened(parent_rule=reading, lpp_year=year)
    play(ledger, OWNED)
    play(ledger, lpp(f"day | consignee | arrives\n2025-06-01 | {consignee} | 2025-06-02"))
    drawn = OF[reading].get(consignee, [consignee])
    said = [f"{one} 2025: posted 15,832; remaining 26,884,168" for one in drawn]
    stands(ledger, "\n".join(said))


def test_a_part_that_arrives_lets_go_of_a_part_for_each_venturer(opened):
    """Of two units one is held in the year they left, for either, until it arrives too."""
    ledger = opened(parent_rule="each_joint_venturer", lpp_year="received")
    play(ledger, OWNED)
    play(
        ledger,
        """
        act     | no | day        | to     | by  | consignee | units | of
        ship    | S  | 2025-12-30 | Poland | LPP | Half      | 2     |
        receive | R  | 2026-01-02 |        |     |           | 1     | S
        """,
    )
    left = "2025: held 15,832; remaining 26,884,168"
    come = "2026: posted 15,832; remaining 26,884,168"
    stands(ledger, "\n".join(f"{one} {year}" for year in (left, come) for one in ("One", "Two")))


def test_an_owner_counts_from_its_day_to_its_last(opened):
    ledger = opened(parent_rule="majority", lpp_year="exported")
    play(ledger, OWNED)
    play(
        ledger,
        lpp("""
        day        | consignee
        2025-05-31 | Sold
        2025-06-01 | Sold
        """),
    )
    rest = "2025: posted 15,832; remaining 26,884,168"
    stands(ledger, f"One {rest}\nSold {rest}")


def test_a_parent_that_is_stated_comes_before_what_is_declared(opened):
    ledger = opened(parent_rule="each_joint_venturer", lpp_year="exported")
    play(ledger, OWNED)
    named = "day | consignee | parent | says\n2025-06-01 | Half | Other | parent_differs"
    play(ledger, lpp(named))
    stands(ledger, "Other 2025: posted 15,832; remaining 26,884,168")


# 740.29(a): counted against the limit of the entity that will operate the items


def test_a_consignee_of_supplement_5a_may_name_who_operates(opened):
    ledger = opened(lpp_year="exported")
    play(
        ledger,
        """
        act       | day        | party    | other_party
        ownership | 2025-01-01 | Operator | Group
        """,
    )
    play(
        ledger,
        lpp("""
        day        | consignee | consignee_hq | attributed_to | says
        2025-06-01 | C         | Germany      | Operator      |
        2025-06-01 | C         | Germany      | Other         |
        2025-06-01 | C         | Germany      |               |
        2025-06-01 | C         | Poland       | Operator      | attribution_unavailable
        2025-06-01 | C         |              | Operator      | attribution_unavailable
        """),
    )
    stands(
        ledger,
        """
        Group 2025: posted 15,832; remaining 26,884,168
        Other 2025: posted 15,832; remaining 26,884,168
        C 2025: posted 47,496; remaining 26,852,504
        """,
    )


def test_what_is_attributed_arrives_at_the_same_entity(opened):
    ledger = opened()
    table = "day | consignee | consignee_hq | attributed_to | arrives\n"
    play(ledger, lpp(f"{table}2025-12-30 | C | Germany | Operator | 2026-01-02"))
    stands(ledger, "Operator 2026: posted 15,832; remaining 26,884,168")
