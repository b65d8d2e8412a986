"""Bytes are the contract: a change of any report in any format is read in the diff."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.reports.golden import GOLDEN, rendered


@pytest.fixture(scope="module")
def made(copy: Path) -> dict[str, bytes]:
    """Every report in every format, by the name of its file."""
    return dict(rendered(copy))


def test_every_report_in_every_format_is_as_it_was(made):
    kept = {path.name: path.read_bytes() for path in GOLDEN.iterdir()}
    assert sorted(made) == sorted(kept)
    for name, content in made.items():
        told = f"{name} changed: see the diff of `python -m tests.reports.golden`"
        assert content.decode() == kept[name].decode(), told


def test_table_and_csv_agree_cell_for_cell_apart_from_grouping(made):
    rows = list(csv.DictReader(io.StringIO(made["remaining.csv"].decode())))
    lines = made["remaining.table"].decode().splitlines()
    for row in rows:
        (line,) = (line for line in lines if line.startswith(row["name"]))
        cells = line.removeprefix(row["name"]).replace(",", "").split()
        shown = ["budget", "window", "limit_tpp", "shipped_tpp", "held_tpp", "remaining_tpp"]
        shown += ["used_percent", "h100_equivalents", "status"]
        assert cells == [row[name] for name in shown]


def test_a_formula_is_neutralised_in_csv_and_kept_elsewhere(made):
    assert b"'=H(" in made["movements.csv"]
    assert b"'=H(" not in made["movements.json"] + made["movements.table"]
    assert b",-0.125," in made["remaining.csv"]  # a figure is none
