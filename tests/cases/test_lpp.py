"""Low processing performance, 15 CFR 740.29: one amount a year for each ultimate parent."""

from __future__ import annotations

import pytest

from tests.cases.table import play, stands
from tests.service.books import write_csv


@pytest.mark.parametrize("year", ["received", "exported", "both"])
def test_two_exporters_of_one_parent_share_its_year(amounts, year):
    """X 15,000,000 and Y 11,900,000 fill 26,900,000; the next thousandth is over."""
    ledger, over = amounts(lpp_year=year), "over_limit"
    play(
        ledger,
        f"""
        act  | day        | exporter | to | consignee | parent | by  | tpp      | arrives    | says
        ship | 2025-06-01 | X        | PL | One       | Parent | LPP | 15000000 | 2025-06-02 |
        ship | 2025-07-01 | Y        | NO | Two       | PARENT | LPP | 11900000 | 2025-07-02 |
        ship | 2025-08-01 | Z        | PL | Three     | Parent | LPP | 0.001| 2025-08-02 | {over}
        ship | 2025-08-01 | Z        | PL | Three     |        | LPP | 26900000 | 2025-08-02 |
        ship | 2026-01-01 | X        | PL | One       | Parent | LPP | 26900000 | 2026-01-02 |
        """,
    )
    stands(
        ledger,
        """
        Parent 2025: posted 26,900,000.001; remaining -0.001
        Three 2025: posted 26,900,000; remaining 0
        Parent 2026: posted 26,900,000; remaining 0
        """,
    )


def test_whole_units_under_the_limit(opened):
    """26,900,000 // 15,832 = 1,699 H100s."""
    play(
        opened(),
        """
        act  | day        | to     | by  | units | says
        ship | 2025-06-01 | Poland | LPP | 1699  |
        ship | 2025-06-02 | Poland | LPP | 1     | over_limit
        """,
    )


ACROSS = """
act  | no | day        | to     | by  | of | says
ship | S  | 2025-12-30 | Poland | LPP |    |
"""
ARRIVES = """
act     | no | day        | of | says
receive | R  | 2026-01-02 | S  |
"""


@pytest.mark.parametrize(
    ("year", "underway", "arrived"),
    [
        ("received", ["2025: held 15,832"], ["2026: posted 15,832"]),
        ("exported", ["2025: posted 15,832"], ["2025: posted 15,832"]),
        ("both", ["2025: posted 15,832"], ["2025: posted 15,832", "2026: posted 15,832"]),
    ],
)
def test_across_the_new_year(opened, year, underway, arrived):
    ledger = opened(lpp_year=year)
    play(ledger, ACROSS)
    stands(ledger, "\n".join(f"C {one}; remaining 26,884,168" for one in underway))
    play(ledger, ARRIVES)
    stands(ledger, "\n".join(f"C {one}; remaining 26,884,168" for one in arrived))


def test_what_is_underway_counts_against_the_year_it_left_in(opened):
    play(
        opened(),
        """
    act     | no | day        | to     | by  | units | of | says
    ship    | A  | 2025-12-30 | Poland | LPP | 1000  |    |
    ship    | B  | 2025-12-31 | Poland | LPP | 1000  |    | over_limit
    receive | R  | 2026-01-03 |        |     |       | A  |
    ship    | D  | 2025-12-31 | Poland | LPP | 600   |    | over_limit
    ship    | E  | 2026-01-04 | Poland | LPP | 700   |    | over_limit
        """,
    )


def test_it_arrives_in_parts(opened):
    ledger = opened()
    play(
        ledger,
        """
        act     | no | day        | to     | by  | units | of | says
        ship    | S  | 2025-12-20 | Poland | LPP | 100   |    |
        receive | R1 | 2025-12-30 |        |     | 60    | S  |
        receive | R2 | 2026-01-05 |        |     | 30    | S  |
        """,
    )
    stands(
        ledger,
        """
        C 2025: held 158,320, posted 949,920; remaining 25,791,760
        C 2026: posted 474,960; remaining 26,425,040
        """,
    )


def test_more_arrives_than_left(opened):
    """It is flagged and counted as received; what is held in transit never falls below nothing."""
    ledger = opened()
    play(
        ledger,
        """
act     | no | day        | to     | by  | units | of | says
ship    | S  | 2025-06-01 | Poland | LPP | 100   |    |
ship    | T  | 2025-06-01 | Poland | LPP | 10    |    |
receive | R1 | 2025-06-05 |        |     |       | S  |
receive | R2 | 2025-06-06 |        |     |       | S  | more_than_shipped
receive | R3 | 2025-06-07 |        |     |       | U  | shipment_not_on_file
        """,
    )
    stands(ledger, "C 2025: held 158,320, posted 3,166,400; remaining 23,575,280")


LEFT = {
    "document": "S",
    "exported_on": "2025-06-01",
    "exporter": "X",
    "ultimate_consignee": "C",
    "destination": "Poland",
    "authorization": "LPP",
    "certificate_on": "2025-05-01",
    "chip": "nvidia-h100-sxm",
    "quantity": "10",
}
BACK = {"document": "B", "returned_on": "2025-06-09", "exporter": "X", "shipment": "S"}
LOST = {"kind": "attrition", "reason": "destroyed"}


@pytest.mark.parametrize("columns_from", [1, 10**9], ids=["columns", "rows"])
@pytest.mark.parametrize(
    "case",
    [
        ("none", {}, "held 158,320; remaining 26,741,680"),
        ("on_proven_return", {}, ""),
        ("on_proven_return", {"quantity": "4"}, "held 94,992; remaining 26,805,008"),
        ("on_proven_return", LOST, "held 158,320; remaining 26,741,680"),
        ("return_and_loss", LOST, ""),
    ],
)
def test_what_never_arrived_and_came_back(kept, tmp_path, columns_from, case):
    """What is held in transit for it is free again, as far as the reading gives room back.

    A case is a reading, what is said of the goods, and what the account stands at then.
    """
    reading, back, held = case
    ledger = kept(lpp_year="received", return_or_loss_credit=reading)
    for file, row in (("shipments", LEFT), ("returns", BACK | back)):
        path = write_csv(tmp_path / f"{file}.csv", [row])
        assert ledger.import_file(path, file, columns_from=columns_from).count == 1
    stands(ledger, f"C 2025: {held}" if held else "")


def test_declared_owners_pool_from_their_day_on(opened):
    ledger = opened(lpp_year="exported")
    play(
        ledger,
        """
        act          | no | day        | party   | other_party | until_on   | says
        ownership    | N1 | 2025-02-01 | C       | Holding     | 2025-06-30 |
        party_merged | N2 | 2025-05-01 | Holding | New Holding |            |
        """,
    )
    play(
        ledger,
        """
        act  | no | day        | to     | by  | parent  | says
        ship | 1  | 2025-01-31 | Poland | LPP |         |
        ship | 2  | 2025-02-01 | Poland | LPP |         |
        ship | 3  | 2025-05-01 | Poland | LPP |         |
        ship | 4  | 2025-07-01 | Poland | LPP |         |
        ship | 5  | 2025-07-01 | Poland | LPP | Another |
        ship | 6  | 2025-07-01 | Poland | LPP | Holding |
        """,
    )
    one = "remaining 26,884,168"
    stands(
        ledger,
        f"""
        C 2025: posted 31,664; remaining 26,868,336
        Holding 2025: posted 15,832; {one}
        New Holding 2025: posted 31,664; remaining 26,868,336
        Another 2025: posted 15,832; {one}
        """,
    )


def test_an_owner_declared_later_does_not_hold_what_was_held_before(opened):
    ledger = opened()
    play(ledger, ACROSS)
    play(
        ledger,
        """
        act       | day        | party | other_party | says
        ownership | 2025-01-01 | C     | Holding     |
        """,
    )
    play(ledger, ARRIVES)
    stands(ledger, "Holding 2026: posted 15,832; remaining 26,884,168")


NOT_FOR = """
act      | by  | day        | to        | consignee_hq | parent_hq | says
ship     | LPP | 2025-06-01 | China     |              |           | authorization_unavailable
ship     | LPP | 2025-06-01 | Hong Kong |              |           | authorization_unavailable
ship     | LPP | 2025-06-01 | Macau     |              |           | authorization_unavailable
ship     | LPP | 2025-06-01 | Poland    | China        |           | authorization_unavailable
ship     | LPP | 2025-06-01 | Poland    |              | Macau     | authorization_unavailable
ship     | LPP | 2025-06-01 | Poland    | Poland       | Hong Kong | authorization_unavailable
ship     | LPP | 2025-11-06 | Cambodia  |              |           | authorization_unavailable
ship     | LPP | 2025-06-01 | Germany   | Poland       | Germany   |
transfer | LPP | 2025-06-01 | Poland    |              |           | authorization_unavailable
reexport | LPP | 2025-06-01 | Poland    |              |           |
"""


def test_it_is_not_for_group_d5_and_macau_wherever_they_are(opened):
    """By place, headquarters or parent; and not for transfers within a country."""
    play(opened(), NOT_FOR)


@pytest.mark.parametrize(
    ("reading", "said", "safe"),
    [("barred", "authorization_unavailable", True), ("allowed", "authorization_disputed", False)],
)
@pytest.mark.parametrize("country", ["Vietnam", "Saudi Arabia", "United Arab Emirates"])
def test_groups_d1_and_d4_as_the_option_reads_it(opened, reading, said, safe, country):
    """15 CFR 740.2(a)(9)(ii) against 740.29(c)."""
    ledger = opened(lpp_d1_d4=reading)
    play(
        ledger,
        f"""
        act  | day        | to        | by  | says
        ship | 2025-06-01 | {country} | LPP | {said}
        """,
    )
    held = "C 2025: held 15,832; remaining 26,884,168"
    on_safe_side = f"{country} 2025-2027: safe 15,832; remaining 790,000,000"
    stands(ledger, f"{held}\n{on_safe_side if safe else ''}")


@pytest.mark.parametrize("country", ["Israel", "Cyprus"])
def test_groups_d1_and_d4_that_are_friends_are_let_pass(opened, country):
    """Destinations that are also in Country Groups A:5 or A:6."""
    play(opened(), f"act | day | to | by\nship | 2025-06-01 | {country} | LPP")


def test_an_application_has_no_use_for_it(opened):
    """What is applied for is a licence: nothing is drawn on the parent's year."""
    ledger = opened()
    play(ledger, "act | day | to\napply | 2025-06-01 | Poland")
    stands(ledger, "Poland 2025-2027: pending 15,832; remaining 790,000,000")
