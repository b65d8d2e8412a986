"""A ledger and its files stand in folders of any name: nothing is read out of it."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest

from ledger.cli.exits import Exit
from tests.cli.conftest import Tpp

# DuckDB takes the first three for columns of what lies in them, and the fourth for a pattern;
# SQLite takes the fifth for an escaped letter and a fragment.
NAMES = ["seq=77", "destination=IN", "c4=India", "a[1]*?", "%41#q", "it's"]
FILE = """\
document,exported_on,exporter,ultimate_consignee,destination,authorization,chip,quantity
S-0,2026-01-05,Acme,B,Poland,none,H100 SXM,5
S-1,2026-01-05,Acme,B,Poland,none,H100 SXM,5
"""


@pytest.fixture(params=NAMES)
def odd(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of an odd name with a ledger and a file, and the current one."""
    made = folder / str(request.param)
    made.mkdir()
    shutil.move(folder / "tpp-ledger.db", made)
    (made / "s.csv").write_text(FILE)
    monkeypatch.chdir(made)
    return made


def recorded(tpp: Tpp) -> list[tuple[str, str, str]]:
    """Number, document and destination of each shipment, by the report."""
    said = tpp("report movements --where kind=export --format csv")
    rows = csv.DictReader(said.stdout.splitlines())
    return [(row["seq"], row["document"], row["destination"]) for row in rows]


def test_a_csv_goes_in_and_reports_come_out(odd: Path, tpp: Tpp) -> None:
    assert tpp("import s.csv --as shipments").exit_code == Exit.FLAGGED
    assert recorded(tpp) == [("2", "S-0", "PL"), ("3", "S-1", "PL")]
    assert "seq 3 of 3" in tpp("report remaining").output
    assert "S-1" in tpp("explain S-1").output


def test_a_parquet_file_goes_in(odd: Path, tpp: Tpp) -> None:
    table = pyarrow.csv.read_csv("s.csv")
    pyarrow.parquet.write_table(table, "s.parquet")
    assert tpp("import s.parquet --as shipments").exit_code == Exit.FLAGGED
    assert recorded(tpp) == [("2", "S-0", "PL"), ("3", "S-1", "PL")]
