"""One movement typed by hand, and the empty files to begin with."""

from __future__ import annotations

import csv
import io
import subprocess
import sys

import openpyxl
import pytest

from ledger.intake import typed
from ledger.intake.template import template
from schemas.fields import SHAPES
from schemas.kinds import FileKind
from schemas.problems import Unusable
from tests.intake.settings import small

SHIPMENT = {
    "document": "S1",
    "exported_on": "2025-06-01",
    "exporter": "Acme",
    "ultimate_consignee": "Bharat DC",
    "destination": "India",
    "chip": "H100",
    "quantity": "8",
}


def test_a_shipment_typed_by_hand():
    given = typed(FileKind.SHIPMENTS, SHIPMENT | {"ship": "Ever Given"}, small())
    assert (given.row, given.file_line, given.source, given.line) == (1, 1, "Acme", "1")
    assert (given.amount_mtpp, given.details) == (8 * 15_824_000, '{"ship":"Ever Given"}')


def test_all_that_is_wrong_is_told():
    with pytest.raises(Unusable) as told:
        typed(
            FileKind.SHIPMENTS, SHIPMENT | {"quantity": "0", "chip": "H10", "exporter": ""}, small()
        )
    assert [str(p) for p in told.value.problems] == [
        'given by hand, chip "H10": no such chip in the catalogue (nearest: H100)',
        'given by hand, quantity "0": is 0; a count starts at 1',
        "given by hand, exporter: is empty",
    ]


def test_a_source_is_a_cell_like_any_other():
    assert typed(FileKind.SHIPMENTS, SHIPMENT, small(), "AES ").source == "AES"
    assert typed(FileKind.SHIPMENTS, SHIPMENT, small(), " ").source == "Acme"
    with pytest.raises(Unusable) as told:
        typed(FileKind.SHIPMENTS, SHIPMENT | {"quantity": "0"}, small(), "A\0")
    assert [str(p) for p in told.value.problems] == [
        'given by hand, source "A\\0": holds the control character NUL',
        'given by hand, quantity "0": is 0; a count starts at 1',
    ]


def test_a_word_is_looked_up_once():
    asked: list[str] = []

    def country(word: str) -> str:
        asked.append(word)
        return "IN"

    setting = small()
    counting = type(setting)(
        **{name: getattr(setting, name) for name in setting.__slots__} | {"country": country}
    )
    for _ in range(3):
        typed(FileKind.SHIPMENTS, SHIPMENT, counting)
    assert asked == ["India"]


def test_no_database_for_one_row():
    code = (
        "import sys; from ledger.intake import typed, Setting; "
        "heavy = {'duckdb', 'pandas', 'pyarrow', 'sqlalchemy', 'rapidfuzz'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", FileKind, ids=str)
def test_an_empty_csv_is_read_as_headings_without_rows(kind, desk):
    found = desk.read(desk.file(template(kind, "csv"), "empty.csv"), kind=kind.value)
    assert found.warnings == ["the file holds headings and no rows"]


@pytest.mark.parametrize("kind", FileKind, ids=str)
def test_an_empty_workbook_explains_its_headings(kind, desk):
    path = desk.folder / "empty.xlsx"
    template(kind, path)
    assert desk.read(path, kind=kind.value).rows == 0
    book = openpyxl.load_workbook(path)
    names = [field.name for field in SHAPES[kind].fields]
    first, second = book.worksheets
    assert [cell.value for cell in first[1]] == names
    explained = [[cell.value or "" for cell in row] for row in second.iter_rows(min_row=2)]
    assert [row[0] for row in explained][: len(names)] == names
    assert all(row[2] and row[3] for row in explained)
    assert {"facility", "from_facility"} & {row[0] for row in explained}


def test_another_form_of_template_is_refused():
    with pytest.raises(ValueError, match='"csv" or "xlsx", not "ods"'):
        template(FileKind.LICENCES, "ods")


def test_the_csv_holds_the_headings_alone():
    (row,) = csv.reader(io.StringIO(template(FileKind.RECEIPTS, "csv").decode()))
    assert row[:3] == ["document", "line", "kind"]
