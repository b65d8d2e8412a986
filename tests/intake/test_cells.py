"""What a user reads of one bad cell. Every silent cast of a CSV reader is a problem here."""

from __future__ import annotations

import pytest

from tests.intake.conftest import GOOD, SHIPMENTS

COUNT = [
    ("8.5", "is not a whole number"),
    ("1e3", "write the number out, without an exponent"),
    ("1e400", "write the number out, without an exponent"),
    ("0x10", "write the number in plain decimal digits"),
    ("1_000", "write the number without underscores"),
    (" 9 ", "has blanks around the number"),
    ('"1,000"', "write the number without thousands separators"),
    ('"8,5"', "write a decimal point, or say decimal_comma = true in the mapping file"),
    ("0", "is 0; a count starts at 1"),
    ("-4", "is negative; a count starts at 1"),
    ("+4", "write the number without a plus sign"),
    ("007", "write the count without leading zeros"),
    ("inf", "is not a number"),
    ("NaN", "is not a number"),
    ("eight", "is not a number"),
    ("٣", "is not a number"),
    ("1000000000000000000", "is larger than the ledger can hold (10^18)"),
    (
        "30000.000000000004",
        "is not a whole number; it looks like a computed figure with a rounding error "
        '(a mapping file may allow "round_15_digits")',
    ),
    ("", "is empty"),
]


@pytest.mark.parametrize(("cell", "reason"), COUNT)
def test_count(desk, cell, reason):
    found = desk.shipments(GOOD, f"S2,2025-06-01,Acme,Bharat DC,IN,H100,{cell}").problems()
    assert [(p.line, p.column, p.reason) for p in found] == [(3, "quantity", reason)]


DAYS = [
    ("infinity", "is not a day; write YYYY-MM-DD"),
    ("epoch", "is not a day; write YYYY-MM-DD"),
    ("2026-1-5", "write month and day with two digits, YYYY-MM-DD"),
    ("2026-01-05 10:00", "has a time beside the day; write YYYY-MM-DD alone"),
    ("2026-01-05T00:00:00Z", "has a time beside the day; write YYYY-MM-DD alone"),
    (
        "05/01/2026",
        "write YYYY-MM-DD, or say how days are written in the mapping file (date_format)",
    ),
    ("2026-02-30", "there is no such day in the calendar"),
    ("2026-13-01", "there is no such day in the calendar"),
    ("1949-12-31", "a day must be within 1950-01-01 and 2199-12-31"),
    ("2200-01-01", "a day must be within 1950-01-01 and 2199-12-31"),
    ("0000-00-00", "there is no such day in the calendar"),
    ("46027", "a number, not a day; in a spreadsheet, format the column as a date"),
    ("2026", "a year alone is not a day; write YYYY-MM-DD"),
    (" 2026-01-05", "has blanks around the day"),
    ("", "is empty"),
]


@pytest.mark.parametrize(("cell", "reason"), DAYS)
def test_day(desk, cell, reason):
    found = desk.shipments(f"S2,{cell},Acme,Bharat DC,IN,H100,8", GOOD).problems()
    assert [(p.line, p.column, p.reason) for p in found] == [(2, "exported_on", reason)]


MONEY = [
    ("30000.125", "is finer than a cent"),
    ("-1", "is negative"),
    ("$5", "is not a number"),
    ("1e3", "write the number out, without an exponent"),
    ("1234567890123456", "is larger than the ledger can hold (10^15)"),
    ("0000000000000005", "write the number without leading zeros"),
]


@pytest.mark.parametrize(("cell", "reason"), MONEY)
def test_money(desk, cell, reason):
    found = desk.shipments(f"{GOOD},{cell}", more=",unit_value_usd").problems()
    assert [(p.column, p.value, p.reason) for p in found] == [("unit_value_usd", cell, reason)]


PERCENT = [
    ("9999999", "is larger than the ledger can hold (10^6)"),
    ("-1000000.5", "is larger than the ledger can hold (10^6)"),
    ("0000005", "write the number without leading zeros"),
    ("0.0000001", "is finer than 0.000001"),
    ("0.1000000", None),
    ("999999.999999", None),
]


@pytest.mark.parametrize(("cell", "reason"), PERCENT)
def test_percent(desk, cell, reason):
    headings = "document,kind,effective_on,holder,percent"
    text = f"{headings}\nA1,uplift,2025-06-01,India,{cell}\n"
    found = desk.read(text, kind="adjustments").problems()
    assert [(p.column, p.reason) for p in found] == ([("percent", reason)] if reason else [])


def test_words_that_name_nothing_come_with_the_nearest(desk):
    rows = [
        "S2,2025-06-01,Acme,Bharat DC,Indja,H100,8,,",
        "S3,2025-06-01,Acme,Bharat DC,IN,H1000,8,,",
        "S4,2025-06-01,Acme,Bharat DC,IN,H100,8,LPPP,",
        "S5,2025-06-01,Acme,Bharat DC,IN,H100,8,,re-exporrt",
        "S6,2025-06-01,Acme,Bharat DC,Atlantis,H100,8,,",
    ]
    found = desk.shipments(*rows, more=",authorization,kind")
    assert [str(p) for p in found.problems()] == [
        'in.csv:2, destination "Indja": no such country (nearest: India)',
        'in.csv:3, chip "H1000": no such chip in the catalogue (nearest: H100)',
        'in.csv:4, authorization "LPPP": no such authorization in this regime (nearest: LPP)',
        'in.csv:5, kind "re-exporrt": no such kind here; one of export, reexport, '
        "in_country_transfer, export_from_abroad (nearest: reexport, export)",
        'in.csv:6, destination "Atlantis": the rule names Atlantis nowhere',
    ]


def test_all_problems_of_a_row_are_told(desk):
    found = desk.shipments("S2,soon,,Bharat DC,Narnia,H100,0").problems()
    assert [p.column for p in found] == ["exported_on", "exporter", "destination", "quantity"]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("Ac\0me", "holds the control character NUL"),
        ("Ac\x0bme", "holds the control character U+000B"),
        ("Ac\x7fme", "holds the control character U+007F"),
        ("A" * 501, "holds 501 characters; a name may hold 500"),
        ("A" * 70_000, "holds 70,000 characters; a cell may hold 65,536"),
    ],
)
def test_a_party_no_ledger_can_keep(desk, cell, reason):
    found = desk.shipments(GOOD, f"S2,2025-06-01,{cell},Bharat DC,IN,H100,8").problems()
    assert [(p.line, p.column, p.reason) for p in found] == [(3, "exporter", reason)]


def test_ten_megabytes_in_a_cell(desk):
    found = desk.shipments(GOOD, f"S2,2025-06-01,{'A' * 10_000_000},Bharat DC,IN,H100,8", GOOD)
    assert next(str(p) for p in found.problems()).endswith(
        "the row holds 10,000,034 bytes, 10,000,000 characters of them in exporter; "
        "a cell may hold 65,536"
    )
    assert (found.rows, found.good, found.rejected, found.repeated) == (3, 1, 1, 1)


def test_line_breaks_quotes_and_formulas_are_text_like_any_other(desk):
    formula = '=HYPERLINK(""x"")'
    rows = [
        'S2,2025-06-01,"Acme\nLtd","say ""hi""",IN,H100,8',
        f'S3,2025-06-01,A,"{formula}",IN,H100,8',
    ]
    found = desk.shipments(*rows)
    assert desk.given(found, "file_line", "exporter", "consignee") == [
        (2, "Acme\nLtd", 'say "hi"'),
        (4, "A", '=HYPERLINK("x")'),
    ]


def test_outer_blanks_go_and_nothing_inside_is_touched(desk):
    found = desk.shipments("\u00a0S2\t,2025-06-01, Acme  Ltd ,Bharat DC, IN ,H100,8")
    assert desk.given(found, "document", "exporter", "destination") == [("S2", "Acme  Ltd", "IN")]


def test_namibia_is_a_country_and_no_missing_value(desk):
    found = desk.shipments("S2,2025-06-01,NULL,nan,NA,H100,8")
    assert desk.given(found, "exporter", "consignee", "destination") == [("NULL", "nan", "NA")]


def test_headings_of_the_row_may_come_in_any_order(desk):
    found = desk.read(
        "quantity,chip,destination,ultimate_consignee,exporter,exported_on,document\n"
        "8,H100,IN,Bharat DC,Acme,2025-06-01,S1\n"
    )
    straight = desk.read(f"{SHIPMENTS}\n{GOOD}\n")
    assert desk.given(found) == desk.given(straight)
