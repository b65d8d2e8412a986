"""Headings: misspelt, missing, twice, more than we know."""

from __future__ import annotations

import json

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
