"""`tpp quarter`: close, report, list; typos and what cannot be closed get a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import ledger
from reports import render

SHIP = (
    "ship --exporter Acme --ultimate-consignee Bharat --destination India --chip nvidia-h100-sxm"
    " --authorization none --quantity 1 --document {} --exported-on {}"
)


def test_from_close_to_restatement(folder: Path, tpp):
    assert tpp(SHIP.format("S-1", "2025-08-01")).exit_code == 5
    closed = tpp("quarter", "close", "2025Q3", "-o", "first.csv")
    assert (closed.exit_code, closed.stdout.splitlines()[0]) == (
        0,
        "closed 2025Q3 (2025-07-01 to 2025-09-30), seq 3",
    )
    digest = closed.stdout.split()[-1]
    late = tpp(SHIP.format("S-2", "2025-08-02"))
    assert "[late_for_quarter]" in late.stderr
    assert "2025Q3, closed by seq 3" in late.stderr
    told = tpp("quarter", "report", "2025Q3", "-o", "pack")
    assert told.exit_code == 0, told.stderr
    assert f"SHA-256 {digest}, verified" in told.stderr
    assert Path("pack/reported.csv").read_bytes() == Path("first.csv").read_bytes()
    assert Path("pack/restated.csv").read_bytes() != Path("first.csv").read_bytes()
    assert "S-2" in Path("pack/late.csv").read_text()
    shown = tpp("quarter report 2025Q3 --format csv")
    assert shown.stdout.splitlines()[1].startswith("IN,India,country_allocation,2025-2027,")
    assert "late movements: 1; tpp report late --as-of 2025-09-30" in shown.stderr
    listed = tpp("quarter list --format csv").stdout.splitlines()
    assert listed[1].startswith("2025Q3,2025-07-01,2025-09-30,closed,3,")
    assert tpp("check").exit_code == 0


def test_a_quarter_that_is_not_closed_is_reported_as_it_stands(folder: Path, tpp):
    told = tpp("quarter report 2025Q3 --format json")
    assert told.exit_code == 0
    assert "2025Q3 is not closed: the report as it stands" in told.stderr
    assert '"report": "quarter"' in told.stdout


def test_what_cannot_be(folder: Path, tpp):
    for words, said in (
        ("quarter close 2025Q7", 'quarter "2025Q7": write it as 2025Q3'),
        ("quarter close 8999Q1", "is not over: its last day is 8999-03-31"),
        ("quarter close 2020Q1", "ended before the regime began, on 2025-01-01"),
        ("quarter report Q3", 'quarter "Q3": write it as 2025Q3'),
        ("quarter close 2025Q3 -o nowhere/a.csv", "there is no folder nowhere"),
        ("quarter clos 2025Q3", "No such command 'clos'"),
    ):
        told = tpp(words)
        assert (told.exit_code, said in told.stderr) == (2, True), (words, told.stderr)
    assert tpp("quarter close 2025Q3").exit_code == 0
    again = tpp("quarter close 2025Q3")
    assert (again.exit_code, "is closed already, by seq 2" in again.stderr) == (2, True)


def test_a_pack_is_of_one_moment_while_others_record(
    folder: Path, tpp, monkeypatch: pytest.MonkeyPatch
):
    """What is recorded and reported by others between two of its files is in none of them."""
    tpp(SHIP.format("S-1", "2025-08-01"))
    tpp("quarter close 2025Q3")
    tpp(SHIP.format("S-2", "2025-08-02"))
    tpp("quarter report 2025Q3 -o alone")
    real = render.save

    def between(*given: Any) -> None:
        real(*given)
        monkeypatch.setattr(render, "save", real)
        with ledger.open(str(folder / "tpp-ledger.db")) as books:
            row = {"document": "S-3", "exported_on": "2025-08-03", "exporter": "Acme"}
            row |= {"ultimate_consignee": "Bharat", "destination": "India", "quantity": "1"}
            books.ship({**row, "chip": "nvidia-h100-sxm", "authorization": "none"})
            books.refresh()

    monkeypatch.setattr(render, "save", between)
    assert tpp("quarter report 2025Q3 -o pack").exit_code == 0
    for path in Path("alone").glob("*.csv"):
        assert (Path("pack") / path.name).read_bytes() == path.read_bytes(), path.name
