"""Rejects, mended, are imported by the command that wrote them."""

from __future__ import annotations

import csv

import pytest

from tests.intake.conftest import GOOD, SHIPMENTS

COMMA = '[file]\ndelimiter = ";"\ndecimal_comma = true\ndate_format = "%d.%m.%Y"\n'
BAD = "S1;1.6.2025;A;Bharat DC;Narnia;H100;8;20000,5\n"


def rejects(desk, found):
    out = desk.folder / "rejects.csv"
    found.write_rejects(out)
    return out.read_text()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mapped", [True, False])
def test_a_file_with_another_delimiter(desk, delimiter, mapped):
    mapping = f"[file]\ndelimiter = {delimiter!r}" if mapped else None
    text = f"{SHIPMENTS},@id\n{GOOD},=x\n{GOOD.replace('IN', 'Narnia')},=x\n"
    text = text.replace(",", delimiter).replace("'\\t'", '"\\t"')
    again = rejects(desk, desk.read(text, mapping=mapping and mapping.replace("'", '"')))
    assert again.startswith(delimiter.join(["file_line", "problems", "document"]))
    mended = desk.read(again.replace("Narnia", "SG"), mapping=mapping and mapping.replace("'", '"'))
    assert [str(p) for p in mended.problems()] == []
    assert desk.given(mended, "document", "details") == [("S1", '{"@id":"=x"}')]


def test_decimal_commas_and_forms_of_days_stay(desk):
    headings = SHIPMENTS.replace(",", ";") + ";unit_value_usd\n"
    again = rejects(desk, desk.read(headings + BAD, mapping=COMMA))
    found = desk.read(again.replace("Narnia", "IN"), mapping=COMMA)
    assert desk.given(found, "unit_value_cents") == [(2_000_050,)]


GUARDED = ["@id", "=id", "+id", "-id", "'@id", "'id"]


@pytest.mark.parametrize("heading", GUARDED)
def test_a_heading_that_a_spreadsheet_would_run(desk, heading):
    """It is guarded like a cell, and means the same when the file comes back, more than once."""
    mapping = f'[columns]\ndocument = "{heading}"\n[[filter]]\ncolumn = "{heading}"\nempty = false'
    text = f"{SHIPMENTS.replace('document', heading)}\n{GOOD.replace('IN', 'Narnia')}\n"
    first = rejects(desk, desk.read(text, mapping=mapping))
    (headings, *_) = csv.reader(first.splitlines())
    assert headings[2] == (f"'{heading}" if heading != "'id" else heading)
    second = rejects(desk, desk.read(first, mapping=mapping))
    assert second == first
    mended = desk.read(second.replace("Narnia", "IN"), mapping=mapping)
    assert [str(p) for p in mended.problems()] == []
    assert desk.given(mended, "document") == [("S1",)]


def test_a_row_with_cells_that_cannot_be_told_apart(desk):
    text = SHIPMENTS.replace(",", ";") + '\nS1;2025-06-01;"A "b" c";B;IN;H100;8\n'
    (_, row) = csv.reader(rejects(desk, desk.read(text)).splitlines(), delimiter=";")
    assert row[2] == 'S1;2025-06-01;"A "b" c";B;IN;H100;8'


def test_a_file_name_with_a_comma(desk):
    path = desk.file(f"{SHIPMENTS}\n{GOOD.replace('IN', 'Narnia')}\n", "a, b.csv")
    (_, row) = csv.reader(rejects(desk, desk.read(path)).splitlines())
    assert row[1] == 'destination "Narnia": no such country (nearest: Namibia)'
