"""Cells of a workbook that show no value of ours: where they matter, and what is said beside."""

from __future__ import annotations

import io
import re
import zipfile

import openpyxl
import pytest

from tests.intake.conftest import SHIPMENTS
from tests.intake.test_typed_cells import book, told

HEADINGS = [*SHIPMENTS.split(","), "licence", "Note", "Status"]
ROW = ["S1", "2025-06-01", "Acme", "Bharat DC", "IN", "H100", 8, "L1", "n", "Done"]
TRUTH = "a true-or-false cell; write it as text"
ERROR = "the cell shows an error"
UNCOMPUTED = "a formula whose result is not in the file; open it, compute, save again"
MERGED = "is merged with the cell above or beside it; unmerge them and fill each"


def row(**cells):
    return [cells.get(name, own) for name, own in zip(HEADINGS, ROW, strict=True)]


def test_all_that_is_wrong_in_a_row_is_told_from_left_to_right(desk):
    found = desk.read(
        book(desk, HEADINGS, row(exporter="#N/A", destination="Narnia", quantity=True))
    )
    assert [str(p) for p in found.problems()] == [
        f'in.xlsx:2, exporter "#N/A": {ERROR}',
        'in.xlsx:2, destination "Narnia": no such country (nearest: Namibia)',
        f'in.xlsx:2, quantity "TRUE": {TRUTH}',
    ]
    assert (found.rows, found.rejected) == (1, 1)


FILTER = """
[[filter]]
name = "planned"
column = "Status"
keep = ["Done", "TRUE"]
"""
NO_NOTES = "[file]\nmetadata = false\n" + FILTER
WHERE = [
    # what the row has, the mapping, what is told, how many are good
    ({"Status": "Planned", "quantity": "#N/A"}, FILTER, [], 0),
    ({"Status": True, "quantity": 8}, FILTER, [], 1),
    ({"Status": "#N/A"}, FILTER, [], 0),
    ({"Status": "=A1"}, FILTER, [f"Status: {UNCOMPUTED}"], 0),
    ({"Status": "=A1"}, NO_NOTES, [f"Status: {UNCOMPUTED}"], 0),
    ({"Note": "#N/A"}, FILTER, [f"Note: {ERROR}"], 0),
    ({"Note": "=A1"}, FILTER, [f"Note: {UNCOMPUTED}"], 0),
    ({"Note": "#N/A"}, NO_NOTES, [], 1),
    ({"Note": "=A1"}, NO_NOTES, [], 1),
    ({"Note": True}, FILTER, [], 1),
    ({"licence": "=A1"}, NO_NOTES, [f"licence: {UNCOMPUTED}"], 0),
    ({"licence": "#N/A"}, NO_NOTES + '[values.licence]\n"#N/A" = ""', [], 1),
    ({"licence": True}, NO_NOTES + '[values.licence]\nTRUE = "L7"', [], 1),
    ({"licence": "=A1"}, NO_NOTES + '[values.licence]\n"" = "L7"', [f"licence: {UNCOMPUTED}"], 0),
]


@pytest.mark.parametrize(("cells", "mapping", "problems", "good"), WHERE)
def test_a_wrong_cell_matters_where_it_is_used(desk, cells, mapping, problems, good):
    found = desk.read(book(desk, HEADINGS, row(**cells)), mapping=mapping)
    assert told(found) == problems
    assert (found.good, found.filtered["planned"]) == (good, 1 - good - len(problems))


def test_a_truth_that_is_only_kept_is_kept_as_it_is_shown(desk):
    found = desk.read(book(desk, HEADINGS, row(Note=True)))
    ((details,),) = desk.given(found, "details")
    assert '"Note":"TRUE"' in details


FIRST = """
[file]
metadata = false
[columns]
exporter = ["exporter", "Note"]
document = { columns = ["document", "licence"], join = "/" }
"""
JOINED = [
    ({"Note": "#N/A"}, []),  # the first is filled
    ({"exporter": None}, []),
    ({"exporter": None, "Note": "#N/A"}, [f"exporter + Note: {ERROR}"]),
    ({"exporter": "=A1"}, [f"exporter + Note: {UNCOMPUTED}"]),
    ({"licence": "#N/A"}, [f"document + licence: {ERROR}", f"licence: {ERROR}"]),
    ({"licence": "=A1"}, [f"{name}licence: {UNCOMPUTED}" for name in ("document + ", "")]),
    ({"licence": None}, []),
]


@pytest.mark.parametrize(("cells", "problems"), JOINED)
def test_a_wrong_cell_among_several_columns(desk, cells, problems):
    assert told(desk.read(book(desk, HEADINGS, row(**cells)), mapping=FIRST)) == problems


def test_a_wrong_percent_is_not_called_empty(desk):
    headings = ["document", "kind", "effective_on", "holder", "tpp", "percent"]
    path = book(desk, headings, ["A1", "uplift", "2025-06-01", "India", None, True])
    assert told(desk.read(path, kind="adjustments")) == [f"percent: {TRUTH}"]


def test_rows_of_formulas_below_all_others_are_not_lost(desk):
    found = desk.read(book(desk, HEADINGS, ROW, ["=A2"] * 10, ["=A2"] * 10))
    assert (found.rows, found.good, found.rejected) == (3, 1, 2)
    assert {(p.line, p.reason) for p in found.problems()} == {(3, UNCOMPUTED), (4, UNCOMPUTED)}


@pytest.mark.parametrize(
    ("cell", "reason"), [("#REF!", f'"#REF!": the heading of column 9: {ERROR}'), ("=A5", None)]
)
def test_a_heading_that_is_none(desk, cell, reason):
    headings = [cell if name == "Note" else name for name in HEADINGS]
    reason = reason or f"the heading of column 9: {UNCOMPUTED}"
    joint = " " if reason.startswith('"') else ": "
    assert desk.said(book(desk, headings, ROW)) == [f"in.xlsx:1{joint}{reason}"]


def edited(path, old, new):
    """The same workbook with other XML in its first sheet."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as packed, zipfile.ZipFile(out, "w") as again:
        for part in packed.namelist():
            content = packed.read(part)
            if part.endswith("sheet1.xml"):
                assert old in content
                content = content.replace(old, new)
            again.writestr(part, content)
    path.write_bytes(out.getvalue())
    return path


COMPUTED = [
    (b'<c r="H2" t="str"><f>A1</f><v></v></c>', []),  # it came to an empty text
    (b'<c r="H2" t="str"><f>A1</f><v/></c>', []),
    (b'<c r="H2" t="str"><f>A1</f></c>', [f"licence: {UNCOMPUTED}"]),
    (b'<c r="H2"><f>A1</f><v></v></c>', [f"licence: {UNCOMPUTED}"]),
    (b'<c r="H2" t="str"><f>A1</f><v>L7</v></c>', []),
]


@pytest.mark.parametrize(("xml", "problems"), COMPUTED)
def test_a_formula_that_came_to_nothing_is_an_empty_cell(desk, xml, problems):
    path = book(desk, HEADINGS, row(licence="=A1"))
    found = desk.read(edited(path, b'<c r="H2"><f>A1</f><v /></c>', xml))
    assert told(found) == problems


def merged(desk, *ranges):
    made = openpyxl.Workbook()
    for cells in (HEADINGS, ROW, ["S2", *ROW[1:]], ["S3", *ROW[1:]]):
        made.active.append(cells)
    for cells in ranges:
        made.active.merge_cells(cells)
    path = desk.folder / "in.xlsx"
    made.save(path)
    return path


MERGES = [
    (("H2:H3",), [(3, "licence", MERGED)]),  # it would be a shipment without a licence
    (("C3:D4",), [(3, "ultimate_consignee", MERGED)] + [(4, n, MERGED) for n in HEADINGS[2:4]]),
    (("A3:J4",), [(3, n, MERGED) for n in HEADINGS[1:9]]),  # line 4 is all one with line 3
]


@pytest.mark.parametrize(("ranges", "problems"), MERGES)
def test_cells_that_are_merged(desk, ranges, problems):
    mapping = "[file]\nmetadata = false" if ranges == ("H2:H3",) else None
    found = desk.read(merged(desk, *ranges), mapping=mapping)
    known = [(p.line, p.column, p.reason) for p in found.problems()]
    assert [problem for problem in known if problem[1] != "Status"] == problems


def test_merged_cells_with_nothing_in_them(desk):
    path = merged(desk, "H2:H3")
    made = openpyxl.load_workbook(path)
    made.active["H2"] = None
    made.save(path)
    assert desk.read(path).good == 3


@pytest.mark.parametrize("wrong", ["#N/A", "=A1"])
def test_a_table_that_begins_further_right(desk, wrong):
    made = openpyxl.Workbook()
    for line, cells in enumerate((HEADINGS, row(exporter=wrong), row(document="S2")), start=3):
        for column, cell in enumerate(cells, start=4):
            made.active.cell(line, column, cell)
    made.active.merge_cells("A1:C2")
    made.active.merge_cells("K4:K5")
    path = desk.folder / "in.xlsx"
    made.save(path)
    assert [(p.line, p.column) for p in desk.read(path).problems()] == [
        (4, "exporter"),
        (5, "licence"),
    ]


def test_a_workbook_whose_names_have_a_prefix(desk):
    path = book(desk, HEADINGS, row(exporter="#N/A", licence="=A1"))
    with zipfile.ZipFile(path) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml")
    prefixed = re.sub(rb"<(/?)([a-z])", rb"<\1x:\2", sheet).replace(b"xmlns=", b"xmlns:x=")
    assert told(desk.read(edited(path, sheet, prefixed))) == [
        f"exporter: {ERROR}",
        f"licence: {UNCOMPUTED}",
    ]


def test_merged_cells_that_are_not_used(desk):
    found = desk.read(merged(desk, "I2:J4"), mapping="[file]\nmetadata = false")
    assert found.good == 3


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_the_first_sheet_that_is_shown_is_read(desk, state):
    made = openpyxl.Workbook()
    made.active.append(["lists"])
    made.active.sheet_state = state
    sheet = made.create_sheet("Data")
    for cells in (HEADINGS, ROW):
        sheet.append(cells)
    path = desk.folder / "in.xlsx"
    made.save(path)
    assert desk.read(path).good == 1
    (problem, *_) = desk.said(path, mapping='[file]\nsheet = "Sheet"')
    assert problem == "in.xlsx:1, document: this heading is missing"
