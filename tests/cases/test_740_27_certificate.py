"""The AIA certificate, 15 CFR 740.27(a) and (c): from 253,000,000 TPP on, in every reading."""

from __future__ import annotations

import pytest

import reports
from ledger.publish import refresh
from ledger.service.about import about_rows
from ledger.service.duties import duty_done
from tests.cases.table import owed, play
from tests.service.books import rows

CERT, NEAR, LATER = "certificate_missing", "paper_near", "paper_later"
DUTY = "aia_certificate"
OWN = {"aia_certificate_scope": "own"}
ALWAYS = {"aia_certificate": "always"}


LOTS = """
act  | day        | exporter | to     | by  | certified | tpp           | says
ship | 2025-06-02 | X        | France | AIA |           | 200000000     | {0}
ship | 2025-06-03 | Y        | France | AIA |           | 27699999.999  | {1}
ship | 2025-06-04 | Y        | France | AIA |           | 25300000      | {2}
ship | 2025-06-05 | X        | Japan  | AIA |           | 0.001         | {3}
ship | 2025-06-06 | X        | France | AIA |           | 53000000      | {4}
ship | 2025-06-07 | Y        | France | AIA |           | 0.001         | {5}
"""
IDS = ["default", "own", "always", "always own"]
READINGS = [
    # 200 of X; 227.7 less a thousandth; 253 less a thousandth; 253; then X's own are 253
    ({}, ("", "", NEAR, CERT, CERT, CERT)),
    (OWN, ("", "", "", "", CERT, "")),
    (ALWAYS, (CERT,) * 6),
    (ALWAYS | OWN, (CERT,) * 6),
]


@pytest.mark.parametrize(
    ("options", "says"), READINGS, ids=["default", "own", "always", "always-own"]
)
def test_the_certificate_in_all_four_readings(amounts, options, says):
    """Due before the lot that reaches 253,000,000, told from 90 % on; or before every one."""
    play(amounts(**options), LOTS.format(*says))


def test_it_says_what_was_before_and_what_the_lot_adds(amounts):
    *_, reached, over = play(
        amounts(),
        f"""
        act  | day        | exporter | to     | by  | certified  | tpp       | says
        ship | 2025-06-02 | X        | France | AIA |            | 240000000 | {NEAR}
        ship | 2025-06-03 | Y        | France | AIA |            | 13000000  | {CERT}
        ship | 2025-06-03 | Y        | France | AIA | 2025-06-04 | 7         | {CERT}
        """,
    )
    (found,) = reached.findings
    assert (found.limit, found.taken, found.asked, found.short) == (
        *(253_000_000_000, 240_000_000_000),
        *(13_000_000_000, 0),
    )
    assert found.budget == ("aia_shipped", "C from Y", "always")
    assert found.detail == (
        "the ultimate consignee's AIA certificate, submitted to BIS (15 CFR 740.27(c));"
        " 240,000,000 TPP before this lot, 253,000,000 with it, asked for from 253,000,000"
    )
    (late,) = over.findings
    assert (late.taken, late.asked, late.short) == (253_000_000_000, 7_000, 7_000)
    assert (late.detail or "").endswith("; dated 2025-06-04, due by 2025-06-03")


def test_near_it_the_total_and_the_amount_are_named(amounts):
    (first,) = play(
        amounts(),
        f"""
        act  | day        | to     | by  | certified | tpp       | says
        ship | 2025-06-02 | France | AIA |           | 227700000 | {NEAR}
        """,
    )
    assert first.findings[0].detail == (
        "the ultimate consignee's AIA certificate, submitted to BIS (15 CFR 740.27(c));"
        " 227,700,000 TPP on 2025-06-02, due before the shipment that reaches 253,000,000"
    )


def test_lots_of_one_file_and_day_are_added_up_in_the_order_posted(amounts, tmp_path):
    head = "document,line,exported_on,exporter,ultimate_consignee,destination,authorization,tpp"
    lots = (("B", 1, 3, 10), ("A", 1, 2, 100), ("A", 2, 2, 100), ("A", 3, 2, 53), ("A", 4, 2, 1))
    lines = [
        f"{document},{line},2025-06-0{day},X,C,France,AIA,{million}000000,2025-06-01,3A090.a"
        for document, line, day, million in lots
    ]
    path = tmp_path / "aia.csv"
    path.write_text("\n".join([f"{head},notice_on,eccn", *lines]) + "\n", encoding="utf-8")
    outcome = amounts().import_file(path, "shipments")
    assert [(f.document, f.line, f.code, f.taken) for f in outcome.findings] == [
        ("A", "3", CERT, 200_000_000_000),
        ("A", "4", CERT, 253_000_000_000),
        ("B", "1", CERT, 254_000_000_000),
    ]


def test_a_lot_dated_back_counts_on_its_day_and_names_the_later_one_it_makes_reach(amounts):
    ledger = amounts()
    *_, noted, _ = play(
        ledger,
        f"""
        act  | no | day        | to     | by  | certified  | tpp       | says
        ship | 1  | 2025-07-01 | France | AIA |            | 200000000 |
        ship | 2  | 2025-08-01 | France | AIA |            | 50000000  | {NEAR}
        ship | 3  | 2025-06-01 | France | AIA |            | 3000000   | {LATER}
        ship | 4  | 2025-07-01 | France | AIA |            | 1000000   |
        """,
    )
    assert noted.findings[0].detail == (
        "the ultimate consignee's AIA certificate, submitted to BIS (15 CFR 740.27(c));"
        " 253,000,000 TPP on 2025-08-01, due before the shipment that reaches 253,000,000"
    )
    owed(ledger, "2025-08-02", "state | due_on\noverdue | 2025-08-01", duty=DUTY)


def test_before_the_compliance_date_it_counts_and_nothing_is_asked(amounts):
    play(
        amounts(),
        f"""
        act  | day        | to     | by  | certified | tpp       | says
        ship | 2025-05-14 | France | AIA |           | 253000000 |
        ship | 2025-05-15 | France | AIA |           | 0.001     | {CERT}
        """,
    )


# --- what is a certificate on record ------------------------------------------------------------

CERTIFIED = """
act         | no | day        | by  | party | other | shipment | until_on   | to | cert | tpp | says
ship        | S1 | 2025-06-01 | AIA |       |       |          |            | FR |      | 1   | {0}
certificate | N1 | 2025-06-02 | AIA | C     | Y     |          | 2025-06-30 |    |      |     |
ship        | S2 | 2025-06-02 | AIA |       |       |          |            | FR |      | 1   | {1}
ship        | S3 | 2025-06-01 | AIA |       |       |          |            | FR |      | 1   | {0}
ship        | S4 | 2025-07-01 | AIA |       |       |          |            | FR |      | 1   | {0}
certificate | N2 | 2025-07-02 | AIA | c     |       | S6       |            |    |      |     |
ship        | S5 | 2025-07-02 | AIA |       |       |          |            | FR |      | 1   | {0}
ship        | S6 | 2025-07-02 | AIA |       |       |          |            | FR |      | 1   |
certificate | N3 | 2025-07-03 | LPP | C     |       |          |            |    |      |     |
ship        | S7 | 2025-07-03 | AIA |       |       |          |            | FR |      | 1   | {0}
certificate | N4 | 2025-07-03 | AIA | C     | X     |          |            |    |      |     |
ship        | S8 | 2025-07-03 | AIA |       |       |          |            | FR |      | 1   |
"""


@pytest.mark.parametrize(
    ("options", "other"), [({}, ""), (OWN, CERT), (ALWAYS, ""), (ALWAYS | OWN, CERT)], ids=IDS
)
def test_a_certificate_declared_covers_whom_it_was_given_to(amounts, options, other):
    """By consignee, day and shipment; one given to another exporter where all are added up."""
    ledger = amounts(**options)
    ship = "act|no|day|to|by|cert|tpp|says\nship"
    play(ledger, f"{ship}|S0|2025-05-15|FR|AIA|2025-05-15|253000000|")
    play(ledger, CERTIFIED.format(CERT, other))
    (last,) = [row["seq"] for row in rows(ledger.url, "movement") if row["document"] == "N4"]
    ledger.reverse([last], "not signed")
    play(ledger, f"{ship}|S9|2025-07-03|FR|AIA||1|{CERT}")


def test_a_duty_told_as_done_covers_what_leaves_from_then_on(amounts):
    """`tpp done` with the id that `tpp due` tells while it is near, and until it is reversed."""
    ledger = amounts()
    play(
        ledger,
        f"""
        act  | no | day        | to | by  | cert | tpp       | says
        ship | S1 | 2025-06-01 | FR | AIA |      | 240000000 | {NEAR}
        """,
    )
    (near,) = owed(ledger, "2025-06-02", "state | party\ndue | X", duty=DUTY)
    assert near["due_on"] is None
    assert near["why"] == (
        "C was sent 240,000,000 TPP under AIA by 2025-06-01:"
        " the certificate is filed before the shipment that takes it to 253,000,000"
    )
    filed = duty_done(ledger, near["id"], "EAR-9", party="X", on="2025-06-10")
    play(
        ledger,
        f"""
        act  | no | day        | exporter | to | by  | cert | tpp      | says
        ship | S2 | 2025-06-11 | Y        | FR | AIA |      | 20000000 |
        ship | S3 | 2025-06-09 | Y        | FR | AIA |      | 13000000 | {CERT}
        """,
    )
    done = "state | due_on | reference\ndone | 2025-06-09 | EAR-9"
    (one,) = owed(ledger, "2025-06-30", done, duty=DUTY)
    assert one["id"] == near["id"]
    ledger.reverse([filed.first_seq], "another consignee's")
    owed(ledger, "2025-06-30", "state | due_on\noverdue | 2025-06-09", duty=DUTY)
    play(ledger, f"act|no|day|to|by|cert|tpp|says\nship|S4|2025-06-11|FR|AIA||1|{CERT}")


# --- whose total, and what comes off it ---------------------------------------------------------


def test_returns_and_losses_take_nothing_off_and_reversals_do(amounts):
    """The certificate hangs on what was shipped."""
    ledger = amounts()
    play(
        ledger,
        f"""
        act    | no | day        | to     | by  | certified  | tpp       | of | says
        ship   | 1  | 2025-06-01 | France | AIA |            | 200000000 |    |
        ship   | 2  | 2025-06-02 | France | AIA |            | 20000000  |    |
        return | R1 | 2025-06-03 |        |     |            |           | 1  |
        loss   | R2 | 2025-06-04 |        |     |            |           | 2  |
        ship   | 3  | 2025-06-05 | France | AIA |            | 33000000  |    | {CERT}
        """,
    )
    ledger.reverse([6], "another exporter's")
    play(
        ledger,
        f"""
        act    | no | day        | to     | by  | certified  | tpp       | says
        ship   | 4  | 2025-06-06 | France | AIA |            | 32999999  | {NEAR}
        """,
    )


def test_the_owner_where_one_is_stated_and_not_its_parent(amounts):
    """The ultimate consignee is who owns the items; whoever owns that is another."""
    ledger = amounts()
    play(
        ledger,
        """
        act       | no | day        | party | other_party | says
        ownership | N1 | 2025-05-01 | Sub   | Parent      |
        """,
    )
    play(
        ledger,
        f"""
        act  | no | day        | to | by  | cert | tpp       | for    | owner | parent | says
        ship | S1 | 2025-06-01 | FR | AIA |      | 253000000 | D      | Sub   |        | {CERT}
        ship | S2 | 2025-06-02 | FR | AIA |      | 1         | D      |       |        |
        ship | S3 | 2025-06-02 | FR | AIA |      | 1         | Parent |       |        |
        ship | S4 | 2025-06-02 | FR | AIA |      | 1         | E      |       | Sub    |
        ship | S5 | 2025-06-02 | FR | AIA |      | 1         | SUB    |       | Parent | {CERT}
        """,
    )


def test_spellings_of_one_party_are_added_up(amounts):
    ledger = amounts()
    play(
        ledger,
        """
        act          | no | day        | party | other_party | says
        party_merged | N2 | 2025-05-01 | C Ltd | C           |
        """,
    )
    play(
        ledger,
        f"""
        act  | day        | to | by  | certified | tpp       | consignee | says
        ship | 2025-06-03 | FR | AIA |           | 252000000 | c  ltd    | {NEAR}
        ship | 2025-06-03 | FR | AIA |           | 1000000   | C         | {CERT}
        """,
    )


def test_units_passed_on_within_the_country_count_for_whom_they_come_to(amounts):
    ledger = amounts()
    play(
        ledger,
        f"""
        act      | no | day        | exporter | for | to | by  | cert | tpp       | of | says
        ship     | S1 | 2025-06-01 | X        | C   | FR | AIA |      | 252000000 |    | {NEAR}
        transfer | T1 | 2025-06-02 | X        | C   | FR | AIA |      | 252000000 | S1 |
        transfer | T2 | 2025-06-02 | X        | D   | FR | AIA |      | 252000000 | S1 | {NEAR}
        ship     | S2 | 2025-06-03 | X        | D   | FR | AIA |      | 1000000   |    | {CERT}
        """,
    )


def test_what_is_not_enforced_is_not_asked_for(amounts):
    """Option enforcement_view: from the announcement of 2025-05-13 on."""
    play(
        amounts(enforcement_view="as_enforced"),
        """
        act  | day        | to     | by  | certified | noticed | eccn | tpp       | says
        ship | 2025-06-02 | France | AIA |           |         |      | 253000000 |
        """,
    )


# --- what stands where --------------------------------------------------------------------------


@pytest.fixture
def supplied(amounts):
    """What `tpp report totals` says of a ledger in which two exporters supply C."""
    ledger = amounts()
    play(
        ledger,
        f"""
        act  | no | day        | exporter | for | to | by  | cert | tpp       | says
        ship | S1 | 2025-06-01 | X        | C   | FR | AIA |      | 200000000 |
        ship | S2 | 2025-06-10 | Y        | C   | FR | AIA |      | 53000000  | {CERT}
        ship | S3 | 2025-06-11 | X        | D   | JP | AIA |      | 1         |
        """,
    )
    play(
        ledger,
        """
        act         | no | day        | by  | party | says
        certificate | N1 | 2025-07-01 | AIA | C     |
        """,
    )

    def said(*names: str, **asked: str) -> list[tuple[object, ...]]:
        with reports.run(
            "totals", refresh(ledger.url, lambda: about_rows(ledger.url)).folder, asked
        ) as result:
            columns = [column.name for column in result.columns]
            return [tuple(row[columns.index(n)] for n in names) for row in result.rows()]

    return said


def test_which_consignees_stand_where_as_of_a_day(supplied):
    columns = ("consignee", "total_mtpp", "left_mtpp", "state", "certificate", "reached_in")
    assert supplied(*columns, as_of="2025-06-09") == [
        ("C", 200_000_000_000, 53_000_000_000, "below", "not due", None)
    ]
    assert supplied(*columns, as_of="2025-06-30") == [
        ("C", 253_000_000_000, 0, "reached", "missing", "S2"),
        ("D", 1_000, 252_999_999_000, "below", "not due", None),
    ]
    assert supplied("certificate", "certificate_in", as_of="2025-07-01", state="reached") == [
        ("on record", "N1")
    ]
    assert supplied("consignee", as_of="2025-07-01", consignee="d") == [("D",)]


def test_an_exporter_sees_its_own_lines_and_the_sum_of_all_others(supplied):
    columns = ("consignee", "total_mtpp", "own_mtpp", "others_mtpp", "shipments", "last_on")
    found = supplied(*columns, as_of="2025-06-30", exporter="x")
    assert [row[:5] for row in found] == [
        ("C", 253_000_000_000, 200_000_000_000, 53_000_000_000, 1),
        ("D", 1_000, 1_000, 0, 1),
    ]
    assert str(found[0][5]) == "2025-06-01"
    assert supplied("reached_on", "reached_in", as_of="2025-06-30", exporter="X") == [
        (None, None),
        (None, None),
    ]
    (mine,) = supplied("consignee", "reached_in", as_of="2025-06-30", exporter="Y")
    assert mine == ("C", "S2")
