"""15 CFR 742.6(b)(10)(iii)(A)(1) and 740.29(c): whose ultimate parent is known from declarations.

A row that names no parent, or another one than is declared, is ruled by the headquarters that the
ledger knows of as of the row's day. The row stays as it was given.
"""

from __future__ import annotations

import pytest

from ledger.service.explain import explain
from ledger.service.ledger import Ledger
from tests.cases.table import play, stands
from tests.service.books import rows

BARRED, DIFFERS, DENIAL = "authorization_unavailable", "parent_differs", "review_denial"
DOUBT = "parent_in_doubt"
OWNED = """
act       | no | day        | party | other_party | country | until_on   | says
ownership | N1 | 2025-06-01 | C     | Holding     | Macau   | 2025-12-31 | parent_in_doubt
"""


def told(ledger: Ledger) -> list[str]:
    """What is noted of rows that say something else than is declared, in their order."""
    found = [f for f in rows(ledger.url, "finding") if f["code"] == DIFFERS]
    return [f["detail"] for f in sorted(found, key=lambda f: f["seq"])]


def test_a_row_that_names_no_parent_is_ruled_by_the_declared_one(ledger):
    """From the first day of the declaration to its last, and only of whom it is about."""
    play(ledger, OWNED)
    play(
        ledger,
        f"""
        act    | no | day        | to    | consignee | by  | says
        ship   | S1 | 2025-05-31 | Kenya | C         | LPP |
        ship   | S2 | 2025-06-01 | Kenya | C         | LPP | {BARRED}
        ship   | S3 | 2025-12-31 | Kenya | c         | LPP | {BARRED}
        ship   | S4 | 2026-01-01 | Kenya | C         | LPP |
        ship   | S5 | 2025-07-01 | Kenya | Other     | LPP |
        """,
    )
    assert explain(ledger, "S2").why[0].sentence == (
        "ruled by the headquarters that the ultimate parent is declared to have: Macau"
    )
    (movement,) = [m for m in rows(ledger.url, "movement") if m["document"] == "S2"]
    assert movement["parent_hq"] is None
    assert told(ledger) == []


def test_applications_and_licences_are_reviewed_by_it(ledger):
    play(ledger, OWNED)
    play(
        ledger,
        f"""
        act     | no | day        | to    | consignee | says
        apply   | A1 | 2025-07-01 | Kenya | C         | {DENIAL}
        apply   | A2 | 2026-07-01 | Kenya | C         |
        licence | L1 | 2025-07-01 | Kenya | C         |
        """,
    )
    assert explain(ledger, "L1").review == "presumption of denial"


def test_the_same_row_again_is_on_record_whatever_was_declared_since(ledger):
    line = """
    act  | no | day        | to    | consignee | by  | says
    ship | S1 | 2025-06-01 | Kenya | C         | LPP |
    """
    play(ledger, line)
    play(ledger, OWNED)
    (again,) = play(ledger, line)
    assert (again.count, again.already) == (0, 1)


# Each reading, of a row that names headquarters and is worse, better or silent.
READINGS = f"""
reading  | India            | China            | unnamed
stricter | {BARRED}+note    | {BARRED}+note    | {BARRED}
row      | note             | {BARRED}+note    |
declared | {BARRED}+note    | {BARRED}+note    | {BARRED}
"""
BETTER = f"""
reading  | India | China            | unnamed
stricter | note  | {BARRED}+note    |
row      | note  | {BARRED}+note    |
declared | note  | note             |
"""


def readings() -> list[tuple[str, str, str, str]]:
    """(reading, where the declared parent sits, what the row names, what is found)."""
    found = []
    for seat, table in (("Macau", READINGS), ("Poland", BETTER)):
        head, *body = (line for line in table.strip().splitlines())
        names = [cell.strip() for cell in head.split("|")][1:]
        for line in body:
            reading, *cells = (cell.strip() for cell in line.split("|"))
            found += [(reading, seat, n, c) for n, c in zip(names, cells, strict=True)]
    return found


@pytest.mark.parametrize(("reading", "seat", "named", "says"), readings())
def test_each_reading_of_whose_word_counts(opened, reading, seat, named, says):
    ledger = opened(parent_stated=reading)
    doubt = DOUBT if seat == "Macau" else ""
    play(ledger, OWNED.replace("Macau", seat).replace(DOUBT, doubt))
    hq = "" if named == "unnamed" else named
    found = says.replace("+note", f", {DIFFERS}").replace("note", DIFFERS)
    play(
        ledger,
        f"""
        act  | no | day        | to    | consignee | parent | parent_hq | by  | says
        ship | S1 | 2025-07-01 | Kenya | C         |        | {hq}      | LPP | {found}
        """,
    )


def test_what_is_noted_names_both_and_what_it_was_ruled_by(ledger):
    play(ledger, OWNED)
    play(
        ledger,
        f"""
        act  | no | day        | to    | consignee | parent  | parent_hq | by  | says
        ship | S1 | 2025-07-01 | Kenya | C         | Old Inc | France    | LPP | {BARRED}, {DIFFERS}
        ship | S2 | 2025-07-01 | Kenya | C         | HOLDING | Macau     | LPP | {BARRED}
        ship | S3 | 2025-07-01 | Kenya | C         | Holding |           | LPP | {BARRED}
        ship | S4 | 2025-07-01 | Kenya | Other     | Holding |           | LPP | {BARRED}
        ship | S5 | 2025-07-01 | Kenya | C         | Old Inc | Macau     | LPP | {BARRED}, {DIFFERS}
        """,
    )
    assert told(ledger) == [
        "the row names Old Inc (France); declared: Holding (Macau); ruled by headquarters in Macau",
        "the row names Old Inc (Macau); declared: Holding (Macau); ruled by the row",
    ]


def test_headquarters_are_known_from_licences_and_through_owners_between(ledger):
    play(
        ledger,
        """
        act     | no | day        | to    | consignee | hq | ultimate_parent | parent_hq | says
        licence | P1 | 2025-06-01 | Kenya | X         |    | Top             | China     |
        """,
    )
    play(
        ledger,
        f"""
        act       | no | day        | party   | other_party | country | percent | says
        ownership | N1 | 2025-06-01 | C       | Holding     | France  |         |
        ownership | N2 | 2025-07-01 | Holding | Top         |         |         | {DOUBT}
        """,
    )
    play(
        ledger,
        f"""
        act  | no | day        | to    | consignee | by  | says
        ship | S1 | 2025-06-30 | Kenya | C         | LPP |
        ship | S2 | 2025-07-01 | Kenya | C         | LPP | {BARRED}
        """,
    )


@pytest.mark.parametrize(
    ("rule", "says"),
    [("declared", ""), ("majority", ""), ("each_joint_venturer", BARRED)],
)
def test_each_parent_of_a_joint_venture_where_the_option_has_it_so(opened, rule, says):
    ledger = opened(parent_rule=rule)
    doubt = DOUBT if says else ""
    play(
        ledger,
        f"""
        act       | no | day        | party | other_party | country | percent | says
        ownership | N1 | 2025-06-01 | C     | East        | China   | 40      | {doubt}
        ownership | N2 | 2025-06-01 | C     | West        | France  | 60      | {doubt}
        """,
    )
    play(
        ledger,
        f"""
        act  | no | day        | to    | consignee | by  | says
        ship | S1 | 2025-07-01 | Kenya | C         | LPP | {says}
        """,
    )


def test_a_move_goes_by_it_too_and_a_declaration_taken_back_is_none(ledger):
    play(ledger, OWNED.replace("| C ", "| O "))
    play(
        ledger,
        f"""
        act  | no | day        | from  | to    | by  | certified  | says
        move | M1 | 2025-07-01 | Ghana | Kenya | LPP | 2025-06-01 | {BARRED}
        """,
    )
    ledger.reverse([2], "not bought")
    play(
        ledger,
        """
        act  | no | day        | from  | to    | by  | certified  | says
        move | M2 | 2025-07-01 | Ghana | Kenya | LPP | 2025-06-01 |
        """,
    )


def test_the_country_of_the_declared_parent_is_counted_against(kept):
    """Where the tally goes by the parent; what is received follows its shipment."""
    ledger = kept(tally_country="ultimate_parent", cap_basis="received")
    play(
        ledger,
        """
        act       | no | day        | party | other_party | country | says
        ownership | N1 | 2025-06-01 | C     | Holding     | Ghana   |
        """,
    )
    play(
        ledger,
        """
        act  | no | day        | to    | consignee | by      | arrives    | says
        ship | S1 | 2025-07-01 | Kenya | C         | licence | 2025-07-09 | licence_not_named
        """,
    )
    stands(ledger, "Ghana 2025-2027: posted 15,832; remaining 789,984,168")
