"""True days and numbers of a workbook and of Parquet, under a mapping whose forms are for text."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.intake.conftest import SHIPMENTS

HEADINGS = [*SHIPMENTS.split(","), "unit_value_usd"]
DAY = date(2025, 6, 1)
ROW = ["S1", DAY, "Acme", "Bharat DC", "IN", "H100", 3, 20000.5]
FORMS = """[file]
date_format = ["%d.%m.%Y"]
decimal_comma = true
"""


def book(desk, *rows, name="in.xlsx"):
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    return desk.file(out.getvalue(), name)


def parquet(desk, *rows, headings=HEADINGS):
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    pq.write_table(pa.Table.from_arrays(columns, headings), desk.folder / "in.parquet")
    return desk.folder / "in.parquet"


def of(heading, cell):
    return [cell if name == heading else own for name, own in zip(HEADINGS, ROW, strict=True)]


def told(found):
    return [f"{p.column}: {p.reason}" for p in found.problems()]


SHORT = 'date_format = "%d.%m.%y"'
SAME = [
    ("exported_on", DAY, FORMS),
    ("exported_on", datetime(2025, 6, 1), FORMS),
    ("exported_on", "01.06.2025", FORMS),
    ("exported_on", DAY, '[file]\ndate_format = "%Y-%d-%m"'),  # and not the 6th of January
    ("exported_on", datetime(2025, 6, 1, 10, 30), '[file]\ndate_format = "%d.%m.%Y %H:%M"'),
    ("exported_on", 20250601, '[file]\ndate_format = "%Y%m%d"'),
    ("unit_value_usd", 20000.5, FORMS),
    ("unit_value_usd", Decimal("20000.5000"), FORMS),
    ("unit_value_usd", "20000,50", FORMS),
    ("quantity", 3.0, FORMS),
    ("quantity", 7, '[file]\ndecimal_comma = true\n[values.quantity]\n"7" = "3"'),
    ("exported_on", date(1999, 1, 1), f'{FORMS}[values.exported_on]\n"1999-01-01" = "01.06.2025"'),
]


@pytest.mark.parametrize("kind", [book, parquet])
@pytest.mark.parametrize(("heading", "cell", "mapping"), SAME)
def test_forms_of_a_mapping_are_for_text(desk, kind, heading, cell, mapping):
    rows = [of(heading, cell)]
    found = desk.read(
        kind(desk, HEADINGS, *rows) if kind is book else kind(desk, *rows), mapping=mapping
    )
    assert told(found) == []
    given = desk.given(found, "document", "effective_on", "quantity", "unit_value_cents")
    assert given == [("S1", DAY, 3, 2_000_050)]


WRONG = [
    ("exported_on", "2025-06-01", "is not a day written %d.%m.%Y, as the mapping file says"),
    ("exported_on", datetime(2025, 6, 1, 10), "has a time beside the day; write YYYY-MM-DD alone"),
    ("exported_on", 45809, "is not a day written %d.%m.%Y, as the mapping file says"),
    ("unit_value_usd", "20000.5", "has a point, where the mapping file says decimal_comma"),
    ("unit_value_usd", DAY, "is not a number"),
    ("quantity", 3.5, "is not a whole number"),
]


@pytest.mark.parametrize("kind", [book, parquet])
@pytest.mark.parametrize(("heading", "cell", "reason"), WRONG)
def test_other_cells_are_judged_as_before(desk, kind, heading, cell, reason):
    rows = [of(heading, cell)]
    found = desk.read(
        kind(desk, HEADINGS, *rows) if kind is book else kind(desk, *rows), mapping=FORMS
    )
    assert told(found) == [f"{heading}: {reason}"]


def test_an_instant_of_parquet_is_no_day(desk):
    path = parquet(desk, of("exported_on", datetime(2025, 6, 1, 10, tzinfo=UTC)))
    assert told(desk.read(path, mapping=FORMS)) == [
        "exported_on: is not a day written %d.%m.%Y, as the mapping file says"
    ]


MANY = """
[columns]
exported_on = ["Left", "Planned"]
document = { columns = ["Ref", "Item"], join = "/" }
"""


@pytest.mark.parametrize("kind", [book, parquet])
def test_the_first_filled_of_columns_of_different_types(desk, kind):
    headings = ["Left", "Planned", "Ref", "Item", *HEADINGS[2:]]
    rows = [
        [DAY, "31.05.2025", 7, 1, *ROW[2:]],
        [None, "01.06.2025", 7, 2, *ROW[2:]],
        [DAY, None, 7, 3, *ROW[2:]],
    ]
    path = book(desk, headings, *rows) if kind is book else parquet(desk, *rows, headings=headings)
    found = desk.read(path, mapping=FORMS + MANY)
    assert told(found) == []
    assert desk.given(found, "document", "effective_on") == [(f"7/{n}", DAY) for n in (1, 2, 3)]


@pytest.mark.parametrize("kind", [book, parquet])
@pytest.mark.parametrize(
    "mapping",
    [FORMS, FORMS + 'delimiter = ";"', '[file]\ndate_format = ["%m/%d/%Y", "%d/%m/%Y"]', ""],
)
def test_rejects_with_true_days_and_numbers_are_read_by_the_same_mapping(desk, kind, mapping):
    rows = [of("destination", "Narnia"), of("document", 4711.5)]
    rows[1][HEADINGS.index("destination")] = "Narnia"
    rows = [rows[0]] if kind is parquet else rows
    path = book(desk, HEADINGS, *rows) if kind is book else parquet(desk, *rows)
    out = desk.folder / "rejects.csv"
    assert desk.read(path, mapping=mapping).write_rejects(out) == len(rows)
    found = desk.read(out.read_text().replace("Narnia", "IN"), mapping=mapping)
    assert told(found) == []
    given = desk.given(found, "document", "effective_on", "quantity", "unit_value_cents")
    assert given == [(name, DAY, 3, 2_000_050) for name in ("S1", "4711.5")[: len(rows)]]


def test_true_or_false_in_parquet_is_no_name(desk):
    rows = [[True, *ROW[1:], True], [None, *ROW[1:], False]]
    found = desk.read(parquet(desk, *rows, headings=[*HEADINGS, "Checked"]))
    assert told(found) == [
        "document: a true-or-false cell; write it as text",
        "document: is empty",
    ]
