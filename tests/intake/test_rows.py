"""What a row becomes, for each kind of file; and what one cell asks of another."""

from __future__ import annotations

import json
from datetime import date

import pytest

from schemas.records import GIVEN_TYPES
from tests.intake.conftest import GOOD
from tests.intake.settings import small


def one(desk, kind, headings, row, **options):
    """The one good row of a file, as a mapping of what is filled."""
    found = desk.read(f"{headings}\n{row}\n", kind=kind, **options)
    assert [str(p) for p in found.problems()] == []
    (values,) = desk.given(found)
    filled = dict(zip(GIVEN_TYPES, values, strict=True))
    assert (filled.pop("row"), filled.pop("file_line")) == (1, 2)
    return {name: value for name, value in filled.items() if value is not None}


LICENCE = (
    "licence,line,issued_on,expires_on,exporter,ultimate_consignee,ultimate_parent,"
    "consignee_hq,parent_hq,destination,chip,quantity,unit_value_usd,tpp,application,applied_on"
)


def test_licence(desk):
    row = (
        "D1,2,2025-06-01,2029-06-30,Acme,Bharat DC,Bharat,India,SG,IN,MI300X,3,20000.5,62757.6,A1,"
    )
    assert one(desk, "licences", LICENCE, row + "2025-03-01") == {
        "kind": "licence",
        "effective_on": date(2025, 6, 1),
        "source": "Acme",
        "document": "D1",
        "line": "2",
        "expires_on": date(2029, 6, 30),
        "exporter": "Acme",
        "consignee": "Bharat DC",
        "parent": "Bharat",
        "consignee_hq": "IN",
        "parent_hq": "SG",
        "destination": "IN",
        "authorization": "licence",
        "chip": "MI300X",
        "quantity": 3,
        "unit_mtpp": 20_919_200,
        "amount_mtpp": 62_757_600,
        "unit_value_cents": 2_000_050,
        "details": '{"application":"A1","applied_on":"2025-03-01"}',
    }


def test_application(desk):
    headings = "application,applied_on,exporter,ultimate_consignee,destination,chip,quantity"
    found = one(desk, "applications", headings, "A1,2025-03-01,Acme,Bharat DC,IN,H100,1")
    assert (found["kind"], found["document"], found["line"]) == ("application", "A1", "1")
    assert (found["effective_on"], found["authorization"]) == (date(2025, 3, 1), "licence")
    assert not {"licence", "details"} & found.keys()


@pytest.mark.parametrize(
    ("licence", "line", "authorization", "expected"),
    [
        ("", "", "", (None, None, "unstated")),
        ("D1", "", "", ("D1", "1", "licence")),
        ("D1", "2", "", ("D1", "2", "licence")),
        ("D1", "2", "NLR", ("D1", "2", "NLR")),
        ("", "", "LPP", (None, None, "LPP")),
    ],
)
def test_licence_and_authorization_of_a_shipment(desk, licence, line, authorization, expected):
    row = f"{GOOD},{licence},{line},{authorization}"
    found = desk.shipments(row, more=",licence,licence_line,authorization")
    assert desk.given(found, "licence", "licence_line", "authorization") == [expected]


def test_receipt_points_at_its_shipment(desk):
    headings = "document,received_on,exporter,shipment,quantity,facility"
    assert one(desk, "receipts", headings, "R1,2025-07-01,Acme,S1,4,Pune 2") == {
        "kind": "receipt",
        "effective_on": date(2025, 7, 1),
        "source": "Acme",
        "document": "R1",
        "line": "1",
        "exporter": "Acme",
        "quantity": 4,
        "target_document": "S1",
        "target_line": "1",
        "details": '{"facility":"Pune 2","shipment":"S1","shipment_line":"1"}',
    }


def test_return_says_why(desk):
    headings = "document,kind,returned_on,exporter,shipment,shipment_line,reason"
    row = "B1,Attrition,2025-08-01,Acme,S1,3,theft"
    found = one(desk, "returns", headings, row, source="AES")
    assert (found["kind"], found["source"], found["target_line"]) == ("attrition", "AES", "3")
    assert json.loads(found["details"]) == {
        "reason": "theft",
        "shipment": "S1",
        "shipment_line": "3",
    }


def test_adjustment_may_take_away(desk):
    headings = "document,kind,effective_on,holder,tpp,until_on,authority"
    row = "X1,amendment,2025-08-01,India,-1000000.5,2025-12-31,BIS"
    assert one(desk, "adjustments", headings, row) == {
        "kind": "amendment",
        "effective_on": date(2025, 8, 1),
        "source": "BIS",
        "document": "X1",
        "line": "1",
        "amount_mtpp": -1_000_000_500,
        "details": '{"authority":"BIS","holder":"India","until_on":"2025-12-31"}',
    }


def test_declaration(desk):
    headings = "document,kind,effective_on,party,other_party,country,tpp"
    row = "O1,party merged,2025-08-01,ACME Limited,Acme Ltd,India,0"
    found = one(desk, "declarations", headings, row)
    assert (found["kind"], found["source"], found["amount_mtpp"]) == ("party_merged", "ledger", 0)
    assert found["details"] == ('{"country":"IN","other_party":"Acme Ltd","party":"ACME Limited"}')
    assert "exporter" not in found


PROBLEMS = [
    ("received_on", "2025-05-31", "before exported_on (2025-06-01)"),
    ("expires_on", "2025-05-31", "before exported_on (2025-06-01)"),
    ("tpp", "126592.001", "the catalogue makes it 126592: 8 x H100 of 15824 TPP"),
    ("tpp", "126592.0001", "is finer than 0.001"),
    ("unit_value_usd", "999999999999999", None),
]


@pytest.mark.parametrize(("heading", "cell", "reason"), PROBLEMS[:2] + PROBLEMS[2:4])
def test_one_cell_against_another(desk, heading, cell, reason):
    if heading == "expires_on":
        headings = (
            "licence,issued_on,expires_on,exporter,ultimate_consignee,destination,chip,quantity"
        )
        found = desk.read(
            f"{headings}\nD1,2025-06-01,{cell},Acme,Bharat DC,IN,H100,8\n", kind="licences"
        )
        reason = reason.replace("exported", "issued")
    else:
        found = desk.shipments(f"{GOOD},{cell}", more=f",{heading}")
    assert [(p.column, p.value, p.reason) for p in found.problems()] == [(heading, cell, reason)]


@pytest.mark.parametrize("tpp", ["126592", "126592.0", "126592.000", "126592.0000", ""])
def test_the_right_amount_however_written(desk, tpp):
    found = desk.shipments(f"{GOOD},{tpp}", more=",tpp")
    assert desk.given(found, "amount_mtpp") == [(126_592_000,)]


def test_the_largest_amount_and_one_unit_more(desk):
    most = (2**63 - 1) // 20_919_200
    rows = [f"S{i},2025-06-01,A,B,IN,MI300X,{q}" for i, q in enumerate((most, most + 1))]
    found = desk.shipments(*rows)
    assert desk.given(found, "quantity") == [(most,)]
    assert [(p.line, p.reason) for p in found.problems()] == [
        (3, "with this chip, larger than the ledger can hold (9.2e15 TPP)")
    ]


def test_a_value_too_large_to_keep(desk):
    row = "S1,2025-06-01,A,B,IN,TINY,999999999999999999,999999999999999.99"
    found = desk.shipments(row, more=",unit_value_usd")
    assert [str(p) for p in found.problems()] == [
        'in.csv:2, unit_value_usd "999999999999999.99": times quantity, larger than the ledger '
        "can hold (9.2e16 dollars)"
    ]


AMOUNTS = "document,exported_on,exporter,ultimate_consignee,destination,tpp,chip,quantity"


def test_a_regime_that_counts_amounts(desk):
    content = (
        f"{AMOUNTS}\n"
        "S1,2025-06-01,Acme,B,IN,1500.25,,\n"
        "S2,2025-06-01,Acme,B,IN,,,\n"
        "S3,2025-06-01,Acme,B,IN,5,H100,\n"
        "S4,2025-06-01,Acme,B,IN,0,,\n"
        "S5,2025-06-01,Acme,B,IN,5,,7\n"
        "S6,2025-06-01,Acme,B,IN,-5,what,7\n"
    )
    found = desk.read(content, setting=small(counts="amounts"))
    assert desk.given(found, "document", "amount_mtpp", "quantity", "unit_mtpp") == [
        ("S1", 1_500_250, None, None),
        ("S5", 5_000, 7, None),
    ]
    chip = "this regime counts amounts: leave chip empty and give tpp"
    assert [(p.line, p.column, p.value, p.reason) for p in found.problems()] == [
        (3, "tpp", "", "is empty"),
        (4, "chip", "H100", chip),
        (5, "tpp", "0", "is 0; a lot has an amount"),
        (7, "tpp", "-5", "is negative"),
        (7, "chip", "what", chip),
    ]


def test_a_change_of_a_limit_says_by_how_much(desk):
    content = (
        "document,kind,effective_on,holder,tpp,percent\n"
        "X1,uplift,2025-08-01,IN,,\n"
        "X2,uplift,2025-08-01,IN,5,5\n"
        "X3,uplift,2025-08-01,IN,0,\n"
        "X4,uplift,2025-08-01,IN,,100%\n"
        "X5,uplift,2025-08-01,IN,,100\n"
        "X6,block,2025-08-01,IN,,\n"
        "X7,,2025-08-01,IN,,\n"
    )
    found = desk.read(content, kind="adjustments")
    assert [(p.line, p.column, p.reason) for p in found.problems()] == [
        (2, "tpp", "is empty, and so is percent"),
        (3, "tpp", "give tpp or percent, not both"),
        (4, "tpp", "is 0: it changes nothing"),
        (5, "percent", "write the number alone, without the % sign"),
        (8, "kind", "is empty"),
    ]
    assert found.good == 2
    short = "document,kind,effective_on,holder\nX1,uplift,2025-08-01,IN\n"
    assert [str(p) for p in desk.read(short, kind="adjustments").problems()] == [
        "in.csv:2, tpp: is empty, and so is percent"
    ]
