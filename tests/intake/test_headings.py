"""Headings: misspelt, missing, twice, more than we know."""

from __future__ import annotations

import json

import pytest

from tests.intake.conftest import GOOD, SHIPMENTS


def test_misspelt_and_missing_headings_are_told_together(said):
    headings = SHIPMENTS.replace("quantity", "quantiy").replace("exporter", "sender")
    assert said(f"{headings}\n{GOOD}\n") == [
        "in.csv:1, quantiy: not a heading we know (nearest: quantity)",
        "in.csv:1, exporter: this heading is missing",
    ]


def test_a_misspelt_optional_heading_is_no_metadata(said):
    assert said(f"{SHIPMENTS},end_usr\n{GOOD},x\n") == [
        "in.csv:1, end_usr: not a heading we know (nearest: end_user)"
    ]


def test_the_same_heading_twice(said):
    assert said(f"{SHIPMENTS},chip\n{GOOD},H100\n") == [
        "in.csv:1, chip: this heading stands 2 times"
    ]
    assert said(f"{SHIPMENTS},Chip\n{GOOD},H100\n") == [
        "in.csv:1, Chip: this heading and chip are the same"
    ]


def test_a_column_without_heading(said):
    assert said(f"{SHIPMENTS},\n{GOOD},\n") == ["in.csv:1: no heading above column 8"]


def test_unknown_headings_become_metadata_in_canonical_json(desk):
    found = desk.shipments(
        GOOD + ',"Z ""q"" \\ /",,Ünï,2025-05-01,Viet Nam,',
        more=",Ship Name,empty,colour,notice_on,from_country,itn",
    )
    (details,) = desk.given(found, "details")[0]
    assert details == (
        '{"Ship Name":"Z \\"q\\" \\\\ /","colour":"Ünï","from_country":"VN",'
        '"notice_on":"2025-05-01"}'
    )
    assert json.loads(details)["colour"] == "Ünï"


def test_no_metadata_is_no_details(desk):
    assert desk.given(desk.shipments(GOOD + ", ", more=",remark"), "details") == [(None,)]


ABOVE = {
    "a title": "Shipments of June\n",
    "a title under all columns": "Shipments of June,,,,,,\n",
    "two lines, and one without anything": "Made by,ERP\n\n# 2025-06-30\n",
    "what a spreadsheet is told": "sep=,\n",
    "headings of headings": "Shipment,,Parties,,,Lot,\n",
}


@pytest.mark.parametrize("name", ABOVE)
@pytest.mark.parametrize("mark", [",", ";"])
def test_headings_that_stand_further_down(said, name, mark):
    text = (ABOVE[name] + f"{SHIPMENTS}\n{GOOD}\n").replace(",", mark)
    line = 1 + ABOVE[name].count("\n")
    told = f"in.csv:{line}: holds the headings, it seems; remove what stands above"
    assert said(text) == [told]
    quoted = text.replace(
        SHIPMENTS.replace(",", mark), SHIPMENTS.replace(",", f'"{mark}"').join('""')
    )
    assert said(quoted) == [told]


def test_headings_that_stand_further_down_in_a_workbook(desk):
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["Shipments of June"], [], SHIPMENTS.split(","), GOOD.split(",")):
        book.active.append(row)
    book.active.merge_cells("A1:G1")
    book.save(desk.folder / "in.xlsx")
    told = "in.xlsx:3: holds the headings, it seems; remove what stands above"
    assert desk.said(desk.folder / "in.xlsx") == [told]


def test_headings_that_a_mapping_names_further_down(said):
    text = f"Extract\n{SHIPMENTS}\n{GOOD}\n".replace("document,exported_on,exporter", "Ref,On,By")
    mapping = '[columns]\ndocument = "Ref"\nexported_on = "On"\nexporter = "By"'
    told = "in.csv:2: holds the headings, it seems; remove what stands above"
    assert said(text, mapping=mapping) == [told]


def test_what_is_wrong_with_headings_is_told_where_they_stand(desk, said):
    import openpyxl

    assert said(f"\n\n{SHIPMENTS},\n{GOOD},\n") == ["in.csv:3: no heading above column 8"]
    book = openpyxl.Workbook()
    for row in ([], [], [*SHIPMENTS.split(","), "chip"]):
        book.active.append(row)
    book.save(desk.folder / "in.xlsx")
    told = ["in.xlsx:3, chip: this heading stands 2 times"]
    assert desk.said(desk.folder / "in.xlsx") == told
