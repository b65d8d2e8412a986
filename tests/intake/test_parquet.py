"""Columns of a Parquet file that are not as plain as a cell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

PLAIN: dict[str, Any] = {
    "document": ["S1"],
    "exported_on": ["2025-06-01"],
    "exporter": ["Acme"],
    "ultimate_consignee": ["Bharat DC"],
    "destination": ["IN"],
    "chip": ["MI300X"],
    "quantity": [3],
}


@pytest.fixture
def said(desk):
    """What is said of a file of those columns and some more."""

    def of(*more: tuple[str, Any]) -> list[str]:
        columns = [*PLAIN.items(), *more]
        table = pa.Table.from_arrays([pa.array(v) for _, v in columns], [n for n, _ in columns])
        pq.write_table(table, desk.folder / "in.parquet")
        return [line.removeprefix("in.parquet") for line in desk.said(desk.folder / "in.parquet")]

    return of


NO_CELL = ': column "x" is of type {}, which is no cell of text'


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("x", [[1.5]], NO_CELL.format("DOUBLE[]")),
        ("x", [[True]], NO_CELL.format("BOOLEAN[]")),
        ("x", [[datetime(2025, 6, 1)]], NO_CELL.format("TIMESTAMP[]")),
        ("x", [{"chip": 1, "z": [2]}], NO_CELL.format("STRUCT(chip BIGINT, z BIGINT[])")),
        ("chip", ["H20"], ":1, chip: this heading stands 2 times"),
        ("Chip", ["H20"], ":1, Chip: this heading and chip are the same"),
        ("file_row_number", [5], ': a column cannot be called "file_row_number"; rename it'),
    ],
)
def test_columns_that_are_refused(said, name, values, told):
    assert said((name, values)) == [told]


def test_a_column_without_values_is_one_of_empty_cells(desk, said):
    assert said(("licence", pa.nulls(1)), ("remark", pa.nulls(1))) == []
    found = desk.read(desk.folder / "in.parquet")
    assert desk.given(found, "licence", "chip") == [(None, "MI300X")]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_an_instant_reads_the_same_wherever_the_machine_stands(desk, said, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    assert said(("seen_at", [datetime(2026, 1, 5, 12, tzinfo=UTC)])) == []
    ((details,),) = desk.given(desk.read(desk.folder / "in.parquet"), "details")
    assert "2026-01-05 12:00:00+00" in details
