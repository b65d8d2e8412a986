"""Columns of a Parquet file that are not as plain as a cell."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
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


def read(desk, **columns):
    """A file of one row whose columns have those values, read."""
    table = pa.table({**PLAIN, **columns})
    pq.write_table(table, desk.folder / "in.parquet")
    found = desk.read(desk.folder / "in.parquet")
    assert [str(p) for p in found.problems()] == []
    names = ("document", "quantity", "amount_mtpp", "unit_value_cents", "details")
    return desk.given(found, *names)[0]


@pytest.mark.parametrize(("digits", "scale"), [(9, 2), (18, 9), (38, 18)])
def test_a_whole_exact_decimal_has_no_noughts_behind_its_point(desk, digits, scale):
    """As databases write whole numbers that are declared with places: 120 is 120.000000000."""

    def exact(number):
        return pa.array([Decimal(number)], pa.decimal128(digits, scale))

    found = read(
        desk,
        document=exact("120"),
        quantity=exact("100"),
        unit_value_usd=exact("300.5"),
        tpp=exact("2091920"),
        remark=exact("0.00"),
    )
    assert found == ("120", 100, 2_091_920_000, 30050, '{"remark":"0"}')


@pytest.mark.parametrize(
    ("value", "cents"), [(30000.15, 3_000_015), (0.1, 10), (16777216.0, 1_677_721_600)]
)
def test_a_number_of_32_bits_has_the_digits_it_was_written_with(desk, value, cents):
    found = read(desk, unit_value_usd=pa.array([value], pa.float32()))
    assert found[3] == cents


def test_whole_numbers_of_32_bits_are_read_as_they_are(desk):
    """Its shortest digits are 123456790."""
    assert read(desk, quantity=pa.array([123456789.0], pa.float32()))[1] == 123456792


@pytest.mark.parametrize("more", [[], [float("inf")]])
@pytest.mark.parametrize("type_", [pa.float64(), pa.float32()])
def test_large_numbers_beside_what_is_no_number(desk, type_, more):
    """A column of numbers in which some are missing, as data frames have it."""
    values = [2.0**60, float("nan"), None, 1.5, *more]
    columns = {name: value * len(values) for name, value in PLAIN.items()}
    columns["document"] = [f"S{n}" for n in range(len(values))]
    table = pa.table(columns | {"kept": pa.array(values, type_)})
    pq.write_table(table, desk.folder / "in.parquet")
    found = desk.read(desk.folder / "in.parquet")
    said = ['"1152921504606846976"', '"nan"', None, '"1.5"', *['"inf"' for _ in more]]
    kept = [None if one is None else f'{{"kept":{one}}}' for one in said]
    assert [details for (details,) in desk.given(found, "details")] == kept


def test_an_exact_decimal_that_is_no_whole_number_is_no_count(desk):
    values = pa.array([Decimal("2.5")], pa.decimal128(38, 9))
    pq.write_table(pa.table({**PLAIN, "quantity": values}), desk.folder / "in.parquet")
    wrong = ['in.parquet:1, quantity "2.500000000": is not a whole number']
    assert desk.said(desk.folder / "in.parquet") == wrong
