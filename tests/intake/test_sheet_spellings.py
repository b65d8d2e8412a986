"""The same sheet in other spellings of XML: what is wrong with a cell is found in all of them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date

import openpyxl
import pytest

from ledger.intake.marks import UNCOMPUTED, WRONG
from tests.intake.conftest import SHIPMENTS

HEADINGS = [*SHIPMENTS.split(","), "licence", "tpp"]
ROW = ["S1", date(2025, 6, 1), "Acme", "Bharat DC", "IN", "MI300X", 3]
SHEET = "xl/worksheets/sheet1.xml"


def workbook() -> bytes:
    """Rows with an error, a formula that was never computed, a percentage, an empty text, none."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (HEADINGS, [*ROW, "#REF!"], [*ROW, "=A2"], [*ROW, None, 0.05], [*ROW, "=B2"], ROW):
        sheet.append(row)
    sheet["A5"], sheet["A6"] = "S5", "S6"
    sheet["H2"].data_type = "e"
    sheet["I4"].number_format = "0%"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def spelt(book: bytes, how: Callable[[str], str], part: str = SHEET) -> bytes:
    """The workbook with a part of it written otherwise."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as given, zipfile.ZipFile(out, "w") as made:
        for name in given.namelist():
            content = given.read(name)
            if name == SHEET:  # the third formula came to an empty text
                empty = b'<c r="H5" t="str"><f>B2</f><v></v></c>'
                content = re.sub(rb'<c r="H5"[^>]*><f>B2</f><v ?/></c>', empty, content)
                assert empty in content
            made.writestr(name, how(content.decode()) if name == part else content)
    return out.getvalue()


def _pretty(xml: str) -> str:
    return re.sub(r"(<(?:row|c|f|v|/c|/row)\b)", r"\n  \1", xml)


def _without_places(xml: str) -> str:
    """Rows and cells that do not say where they are; every cell before the last is written."""
    rows = re.split(r"(?=<row )", xml)
    filled = [re.sub(r'(<c r="G\d+"[^>]*><v>3</v></c>)(<c r="I)', r"\1<c/>\2", row) for row in rows]
    return re.sub(r'(<(?:c|row)) r="[A-Z]*\d+"', r"\1", "".join(filled))


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as most do": lambda xml: xml,
    "single quotes": lambda xml: re.sub(r'="([^"]*)"', r"='\1'", xml),
    "blanks in a tag": lambda xml: xml.replace("<c ", "<c\n").replace('">', '" >'),
    "each on its line": _pretty,
    "blanks are meant": lambda xml: xml.replace("<v>#", '<v xml:space="preserve">#'),
    "no places": _without_places,
    "a prefix": lambda xml: re.sub(r"<(/?)(?!\?)", r"<\1x:", xml).replace("xmlns=", "xmlns:x="),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_what_is_wrong_with_cells_is_found(desk, name):
    found = desk.read(desk.file(spelt(workbook(), SPELLINGS[name]), "in.xlsx"))
    assert [(p.line, p.column, p.value, p.reason) for p in found.problems()] == [
        (2, "licence", "#REF!", "the cell shows an error"),
        (3, "licence", "", WRONG[UNCOMPUTED]),
        (4, "tpp", "5%", "write the number alone, without the % sign"),
    ]
    assert desk.given(found, "file_line", "document") == [(5, "S5"), (6, "S6")]


def test_styles_in_another_spelling(desk):
    """Which cells are percentages is found in them as well."""
    book = spelt(workbook(), SPELLINGS["single quotes"], "xl/styles.xml")
    assert '"5%"' in "".join(desk.said(desk.file(book, "in.xlsx")))


def test_a_sheet_that_is_no_xml(desk):
    book = spelt(workbook(), lambda xml: xml.replace("<c ", "<c\n").replace("</row>", "", 1))
    (problem,) = desk.said(desk.file(book, "in.xlsx"))
    assert problem.startswith("in.xlsx: is damaged: ") or "cannot be read as a workbook" in problem


def test_two_cells_at_the_far_corners_in_another_spelling(desk):
    def far(xml: str) -> str:
        beyond = "<row r='1048576'><c r='XFD1048576' t='n'><v>1</v></c></row></sheetData>"
        return xml.replace("</sheetData>", beyond)

    (problem,) = desk.said(desk.file(spelt(workbook(), far), "in.xlsx"))
    assert "a sheet spans 1,048,576 rows by 16,384 columns" in problem


TRANSITIONAL = "http://schemas.openxmlformats.org/"
STRICT = {
    f"{TRANSITIONAL}spreadsheetml/2006/main": "http://purl.oclc.org/ooxml/spreadsheetml/main",
    f"{TRANSITIONAL}officeDocument/2006/relationships": (
        "http://purl.oclc.org/ooxml/officeDocument/relationships"
    ),
}


def _elsewhere(book: bytes, place: str, names: dict[str, str]) -> bytes:
    """The workbook with its sheet in another part, and other names for its namespaces."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as given, zipfile.ZipFile(out, "w") as made:
        for name in given.namelist():
            text = given.read(name).decode().replace("worksheets/sheet1.xml", place)
            for one, other in names.items():
                text = text.replace(one, other)
            made.writestr(f"xl/{place}" if name == SHEET else name, text)
    return out.getvalue()


@pytest.mark.parametrize("names", [{}, STRICT], ids=["transitional", "strict"])
@pytest.mark.parametrize("place", ["sheets/data.xml", "worksheets/Sheet1.XML", "worksheets/s2.xml"])
def test_a_sheet_that_lies_elsewhere(desk, place, names):
    """Which part is whose is what the workbook says."""
    found = desk.read(desk.file(_elsewhere(spelt(workbook(), str), place, names), "in.xlsx"))
    assert [(p.line, p.column) for p in found.problems()] == [
        (2, "licence"),
        (3, "licence"),
        (4, "tpp"),
    ]
