"""XLSX and Parquet: the same rows, and what can be wrong with such files."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ledger.intake import xlsxfile
from tests.intake.conftest import SHIPMENTS

HEADINGS = [*SHIPMENTS.split(","), "unit_value_usd", "tpp"]
DAY = date(2025, 6, 1)
ROW = ["S1", DAY, "Acme", "Bharat DC", "NA", "MI300X", 3, 20000.5, 62757.600000000006]
GIVEN = ("document", "effective_on", "destination", "quantity", "amount_mtpp", "unit_value_cents")
EXPECTED = ("S1", DAY, "NA", 3, 62_757_600, 2_000_050)


def workbook(*rows, sheets=(), name="in.xlsx"):
    book = openpyxl.Workbook()
    book.active.title = "Data"
    for row in rows:
        book.active.append(row)
    for sheet in sheets:
        book.create_sheet(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read_book(desk, *rows, **options):
    return desk.read(desk.file(workbook(*rows), "in.xlsx"), **options)


def test_numbers_of_a_sheet_are_read_at_15_digits(desk):
    found = read_book(desk, HEADINGS, ROW)
    assert [str(p) for p in found.problems()] == []
    assert desk.given(found, "row", "file_line", *GIVEN) == [(1, 2, *EXPECTED)]


LONG = "a number of more than 15 digits, which a sheet does not keep; write it as text"


def test_a_number_of_more_digits_than_a_sheet_keeps(desk):
    """Two documents with such numbers would be one."""
    lost = [1234567890123456, 1234567890123457, 12345678901234567]
    numbers = [*lost, 1234567890123400, 123456789012345, "1234567890123456"]
    rows = [[n, *ROW[1:], n] for n in numbers]
    found = read_book(desk, [*HEADINGS, "kept"], *rows)
    said = [("1234567890123460", LONG), ("1234567890123460", LONG), ("12345678901234600", LONG)]
    assert [(p.value, p.reason) for p in found.problems()] == said
    assert {p.column for p in found.problems()} == {"document"}
    assert desk.given(found, "document") == [(str(n),) for n in numbers[3:]]


def test_a_number_of_more_digits_in_a_column_that_is_only_kept(desk):
    headings, row = [*HEADINGS, "kept", "end_user"], [*ROW, 1234567890123456, 2.0000000000000004e26]
    found = read_book(desk, headings, row)
    (details,) = (text for (text,) in desk.given(found, "details"))
    assert details == '{"end_user":"200000000000000000000000000","kept":"1234567890123460"}'


def test_a_sheet_that_begins_further_down(desk):
    found = read_book(desk, [], [], HEADINGS, [], ROW, [None] * 9, ["S2", *ROW[1:6], 0])
    assert desk.given(found, "row", "file_line") == [(1, 5)]
    assert [(p.row, p.line, p.column) for p in found.problems()] == [(2, 7, "quantity")]
    assert (found.rows, found.good, found.rejected) == (2, 1, 1)


SHEET_CELLS = [
    ("quantity", 8.5, "is not a whole number"),
    ("quantity", True, "a true-or-false cell; write it as text"),
    ("exporter", False, "a true-or-false cell; write it as text"),
    ("quantity", "#N/A", "the cell shows an error"),
    (
        "quantity",
        "=1+1",
        "a formula whose result is not in the file; open it, compute, save again",
    ),
    ("exported_on", datetime(2025, 6, 1, 10), "has a time beside the day; write YYYY-MM-DD alone"),
    (
        "exported_on",
        45809,
        "a number, not a day; in a spreadsheet, format the column as a date",
    ),
    ("exported_on", datetime(2025, 6, 1), None),
    ("quantity", "4", None),
    ("document", 4711, None),
]


@pytest.mark.parametrize(("heading", "cell", "reason"), SHEET_CELLS)
def test_cells_of_a_sheet(desk, heading, cell, reason):
    row = list(ROW[:7])
    row[HEADINGS.index(heading)] = cell
    found = read_book(desk, HEADINGS[:7], row, ["S9", *ROW[1:7]])
    told = [(p.line, p.column, p.reason) for p in found.problems()]
    assert told == ([(2, heading, reason)] if reason else [])


PERCENT = "write the number alone, without the % sign"
SHOWN = [
    ("percent", "0%", 0.05, "5%", PERCENT),
    ("percent", "0.00%;[Red]-0.00%", 0.055, "5.5%", PERCENT),
    ("percent", "0%", 1, "100%", PERCENT),
    ("tpp", "0.0%", 0.05, "5%", PERCENT),
    ("percent", '0"%"', 5, None, None),  # a sign that is text: the number is 5
    ("percent", "0.00", 0.05, None, None),
    ("percent", "0%", "5", None, None),  # text is what it says
    ("Note", "0%", 0.05, None, None),
]


@pytest.mark.parametrize(("heading", "form", "cell", "value", "reason"), SHOWN)
def test_a_number_that_is_shown_as_a_percentage(desk, heading, form, cell, value, reason):
    names = ["document", "kind", "effective_on", "holder", "reference", heading]
    names += ["tpp"] if heading == "Note" else []
    book = openpyxl.Workbook()
    book.active.append(names)
    book.active.append(["A1", "uplift", DAY, "India", "R", cell, 1][: len(names)])
    book.active.append(["A2", "uplift", DAY, "India", "R", 5, 1][: len(names)])
    book.active["F2"].number_format = form
    path = desk.folder / "in.xlsx"
    book.save(path)
    found = desk.read(path, kind="adjustments")
    told = [(p.line, p.column, p.value, p.reason) for p in found.problems()]
    assert told == ([(2, heading, value, reason)] if reason else [])
    if heading == "Note":
        assert '"Note":"5%"' in desk.given(found, "details")[0][0]


def test_a_count_that_is_shown_as_a_percentage(desk):
    book = openpyxl.Workbook()
    for row in (HEADINGS[:7], ROW[:7]):
        book.active.append(row)
    book.active["G2"].number_format = "0%"
    path = desk.folder / "in.xlsx"
    book.save(path)
    assert [(p.value, p.reason) for p in desk.read(path).problems()] == [("300%", PERCENT)]


def test_a_true_or_false_cell_among_the_headings(desk):
    found = read_book(desk, [*HEADINGS[:7], True], [*ROW[:7], "x"])
    assert desk.given(found, "details") == [('{"TRUE":"x"}',)]


def test_other_sheets_with_rows_of_ours_are_told(desk):
    """A sheet a month, of which the first alone is read."""
    book = openpyxl.load_workbook(io.BytesIO(workbook(HEADINGS, ROW, sheets=("July", "Notes"))))
    hidden = book.create_sheet("Old")
    hidden.sheet_state = "hidden"
    for sheet in (book["July"], hidden):
        for row in ([], HEADINGS, ["S2", *ROW[1:]]):
            sheet.append(row)
    book.create_sheet("August").append(HEADINGS)
    for row in (["document", "said by", "whom"], ["S1", "A", "B"]):
        book["Notes"].append(row)
    book.save(path := desk.folder / "in.xlsx")
    (told,) = desk.read(path).warnings
    assert told == (
        'only the sheet "Data" was read; of ours hold rows too: "July"'
        " (another is read where a mapping names it: sheet, under [file])"
    )
    assert desk.read(path, mapping='[file]\nsheet = "Data"').warnings == []


def test_the_sheet_the_mapping_names(desk):
    path = desk.file(workbook(HEADINGS, ROW, sheets=["Notes"]), "in.xlsx")
    assert desk.read(path, mapping='[file]\nsheet = "Data"').good == 1
    assert desk.said(path, mapping='[file]\nsheet = "Dta"') == [
        'in.xlsx: has no sheet "Dta" (nearest: Data)'
    ]
    assert desk.said(path, mapping='[file]\nsheet = "Notes"') == ['in.xlsx: sheet "Notes" is empty']


def test_rejects_of_a_workbook(desk):
    row = ["S1", DAY, "=", "#N/A", "NA", "MI300X", True, None, None]
    found = read_book(desk, HEADINGS, row)
    out = desk.folder / "rejects.csv"
    found.write_rejects(out)
    assert out.read_text().splitlines()[1] == (
        '2,"ultimate_consignee ""#N/A"": the cell shows an error; '
        'quantity ""TRUE"": a true-or-false cell; write it as text",'
        "S1,2025-06-01,'=,#N/A,NA,MI300X,TRUE,,"
    )


def test_a_workbook_named_csv(said):
    assert said(workbook(HEADINGS, ROW)) == [
        "in.csv: is an Excel workbook, not text; name it .xlsx to import it"
    ]


def test_text_named_xlsx(desk):
    path = desk.file(SHIPMENTS, "in.xlsx")
    assert desk.said(path) == ["in.xlsx: is named .xlsx but is not an Excel workbook"]


def test_a_workbook_that_unpacks_to_gigabytes(desk):
    path = desk.folder / "bomb.xlsx"
    zeros = b"0" * (1 << 24)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
        with packed.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(66):
                part.write(zeros)
    assert desk.said(path) == ["bomb.xlsx: unpacks to 1,056 MB, more than 1,024 MB; save it as CSV"]


def test_a_workbook_that_hides_its_size(desk):
    content = workbook(HEADINGS, ROW, *([ROW] * 50))
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        part = packed.getinfo("xl/worksheets/sheet1.xml")
    size = part.file_size.to_bytes(4, "little")
    path = desk.file(content.replace(size, (100).to_bytes(4, "little")), "in.xlsx")
    (problem,) = desk.said(path)
    assert problem.startswith("in.xlsx: is damaged: ")


def test_two_cells_at_the_far_corners_of_a_sheet(desk):
    book = openpyxl.Workbook()
    book.active["A1"] = "document"
    book.active["XFD1048576"] = "x"
    path = desk.folder / "wide.xlsx"
    book.save(path)
    assert desk.said(path) == [
        "wide.xlsx: a sheet spans 1,048,576 rows by 16,384 columns; save it as CSV"
    ]


def test_a_damaged_workbook(desk):
    path = desk.file(workbook(HEADINGS, ROW)[:-200], "in.xlsx")
    assert desk.said(path) == ["in.xlsx: is damaged: File is not a zip file"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (15854.400000000001, "15854.4"),
        (1e20, "100000000000000000000"),
        (1e-7, "0.0000001"),
        (3.0, "3"),
        (0.1 + 0.2, "0.3"),
        (-5.0, "-5"),
    ],
)
def test_text_of_a_number(value, text):
    assert xlsxfile.text_of(value) == text


def parquet(desk, **columns):
    path = desk.folder / "in.parquet"
    pq.write_table(pa.table(columns), path)
    return path


PLAIN = {
    "document": ["S1"],
    "exported_on": [DAY],
    "exporter": ["Acme"],
    "ultimate_consignee": ["Bharat DC"],
    "destination": pa.array(["NA"]).dictionary_encode(),
    "chip": ["MI300X"],
    "quantity": pa.array([3], pa.int32()),
    "unit_value_usd": pa.array([Decimal("20000.5000")], pa.decimal128(18, 4)),
    "tpp": [62757.600000000006],
}


def test_parquet_of_any_simple_type(desk):
    found = desk.read(parquet(desk, **PLAIN))
    assert [str(p) for p in found.problems()] == []
    assert desk.given(found, *GIVEN) == [EXPECTED]
    stamped = PLAIN | {"exported_on": [datetime(2025, 6, 1)], "quantity": [3.0]}
    assert desk.given(desk.read(parquet(desk, **stamped)), *GIVEN) == [EXPECTED]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("exported_on", datetime(2025, 6, 1, 1), "has a time beside the day; "),
        ("quantity", 8.5, "is not a whole number"),
        ("quantity", float("nan"), "is not a number"),
        ("quantity", 1e18, "is larger than the ledger can hold (10^18)"),
        ("quantity", True, "a true-or-false cell; write it as text"),
        ("exporter", True, "a true-or-false cell; write it as text"),
        ("exporter", "A\0", "holds the control character NUL"),
    ],
)
def test_parquet_cells_get_the_same_checks(desk, column, value, reason):
    found = desk.read(parquet(desk, **PLAIN | {"tpp": [""], column: [value]}))
    (problem,) = found.problems()
    assert (problem.line, problem.column) == (1, column)
    assert problem.reason.startswith(reason)


def test_parquet_rejects(desk):
    found = desk.read(parquet(desk, **PLAIN | {"quantity": [0]}))
    out = desk.folder / "rejects.csv"
    assert found.write_rejects(out) == 1
    assert "S1,2025-06-01,Acme,Bharat DC,NA,MI300X,0,20000.5000,62757.6" in out.read_text()


def test_a_truncated_parquet(desk):
    path = parquet(desk, **PLAIN)
    path.write_bytes(path.read_bytes()[:-20])
    (problem,) = desk.said(path)
    assert problem.startswith("in.parquet: cannot be read as Parquet; it may have been cut short (")
    path.write_bytes(b"")
    assert desk.said(path) == ["in.parquet: is empty"]


def test_parquet_with_lists_in_it(desk):
    path = parquet(desk, **PLAIN | {"exporter": [["Acme"]]})
    assert desk.said(path) == [
        'in.parquet: column "exporter" is of type VARCHAR[], which is no cell of text'
    ]


def test_many_parquet_rows_keep_their_numbers(desk):
    many = {name: [value[0]] * 5000 for name, value in PLAIN.items() if isinstance(value, list)}
    many |= {"document": [f"S{i}" for i in range(5000)], "quantity": list(range(5000))}
    found = desk.read(parquet(desk, **many | {"tpp": [""] * 5000, "destination": ["NA"] * 5000}))
    assert [(p.row, p.value) for p in found.problems()] == [(1, "0")]
    odd = found.con.execute("SELECT count(*) FROM given WHERE document <> 'S' || (row - 1)")
    assert odd.fetchone() == (0,)
