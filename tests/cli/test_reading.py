"""Status, reports and movements: what is asked and what is shown."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from tests.cli.conftest import APPLY, ISSUE, SHIP

# The summaries hold on any day the tests are run.
DAY = "--as-of 2026-06-30"


PARTY = (
    "ship --document S-9 --exported-on 2026-01-09 --received-on 2026-01-10 --exporter Acme"
    " --ultimate-consignee {} --destination Chile --authorization LPP"
    " --chip nvidia-h100-sxm --quantity 2"
)


@pytest.fixture
def used(folder, tpp):
    """India critical, one refusal."""
    for line in (ISSUE + "46000", SHIP + "100", APPLY + "9000"):
        tpp(line)
    return folder


def test_status_counts_and_lists_what_is_not_open(used, tpp):
    done = tpp(f"status {DAY}")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "Ledger      tpp-ledger.db"
    assert "amounts in TPP" in lines[1]
    assert "Movements   4 in 4 submissions" in lines
    assert any(line.startswith("Last        record applications by ana, 20") for line in lines)
    assert "  country_allocation 2025-2027: 1 critical, 156 open" in lines
    assert lines[-1].split() == [
        "India", "2025-2027", "790,000,000", "61,728,000", "92.18", "critical",
    ]  # fmt: skip


def test_status_of_a_new_ledger(folder, tpp):
    assert tpp(f"status {DAY}").stdout.splitlines()[-1] == "Every holder is open."


@pytest.mark.parametrize("name", ["India", "india", "IN"])
def test_status_of_a_holder_by_any_name(used, tpp, name):
    lines = [line.split() for line in tpp("status", name, *DAY.split()).stdout.splitlines()]
    for expected in (
        "India (IN)",
        "country_allocation 2025-2027: critical",
        "limit 790,000,000 TPP",
        "licensed 728,272,000 TPP",
        "shipped 1,583,200 TPP",
        "held 726,688,800 TPP",
        "pending 0 TPP",
        "remaining 61,728,000 TPP",
        "on the safe side 61,728,000 TPP",
        "used 92.18 %",
        "first critical 2026-03-20",
        "last movement 2026-04-01",
        "2 2026-03-20 licence D1 -728,272,000 61,728,000",
        "3 2026-04-01 export S-1 0 61,728,000",
    ):
        assert expected.split() in lines, expected


@pytest.mark.parametrize(
    ("day", "said"), [("2028-01-05", "157 closed"), ("2024-12-31", "157 future")]
)
def test_status_calls_nobody_open_where_nobody_is(folder, tpp, day, said):
    lines = tpp(f"status --as-of {day}").stdout.splitlines()
    assert f"  country_allocation 2025-2027: {said}" in lines
    assert lines[-1] == "No budget is open."


def test_status_says_that_the_others_are_open(folder, tpp):
    tpp(PARTY.format("Alpha"))
    lines = tpp("status --as-of 2027-06-30").stdout.splitlines()
    assert lines[-1] == "Every budget that is neither closed nor future is open."


def test_status_tells_who_is_overdrawn_after_the_window_too(folder, tpp):
    tpp(ISSUE + "60000")
    lines = tpp("status --as-of 2028-01-05").stdout.splitlines()
    assert lines[-1].split() == [
        "India", "2025-2027", "790,000,000", "-159,920,000", "120.24", "closed",
    ]  # fmt: skip


@pytest.mark.parametrize("when", ["seq:0", "2020-01-01"])
def test_status_of_a_holder_of_whom_nothing_was_known(folder, tpp, when):
    done = tpp(f"status India --known-at {when}")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "No budget of India was known then: seq 0."


def test_status_of_a_party_before_its_first_shipment(folder, tpp):
    tpp(PARTY.format("Alpha"))
    done = tpp("status Alpha --known-at seq:1")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "No budget of Alpha was known then: seq 1."


def test_status_of_a_country_and_a_party_of_one_name(folder, tpp):
    tpp(PARTY.format("Chile"))
    done = tpp("status Chile --as-of 2026-01-10").stdout
    country, party = done.split("\n\nChile (chile)\n")
    assert country.startswith("Chile (CL)\n")
    assert "lpp 2026" not in country
    assert country.endswith("No movement yet.")
    assert "lpp 2026: open" in party
    assert "Last movements (2 of 2; tpp report statement has all)" in party


def test_status_of_a_country_by_another_name(folder, tpp):
    assert tpp("status", "Turkey").stdout.splitlines()[0] == "Türkiye (TR)"


def test_an_unknown_holder_is_wrong_use_with_the_nearest(used, tpp):
    for command in ("status Indai", "report statement Indai"):
        done = tpp(command)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith('tpp: no holder of a budget is called "Indai"')
        assert "nearest: India" in done.stderr


def test_status_as_it_was(used, tpp):
    assert "1 critical" not in tpp("status --as-of 2026-03-19").stdout
    assert "1 critical" not in tpp("status --known-at seq:1").stdout
    assert "Movements   1 in 1 submissions" in tpp("status --known-at seq:1").stdout


def test_a_piped_report_is_csv_and_says_on_stderr_what_it_is_about(used, tpp):
    done = tpp(f"report remaining --where status=critical {DAY}")
    (row,) = csv.DictReader(done.stdout.splitlines())
    assert (row["name"], row["remaining_tpp"], row["used_percent"]) == (
        "India",
        "61728000",
        "92.18",
    )
    assert "Report      Remaining allowance (status = critical)" in done.stderr
    assert "Chain head" in done.stderr


def test_a_report_in_a_file_tells_its_format_by_its_ending(used, tpp):
    done = tpp("report remaining India -o r.parquet")
    assert (done.stdout, done.stderr) == ("", "wrote r.parquet (1 rows)\n")
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT remaining_mtpp FROM 'r.parquet'").fetchall()
    assert rows == [(61_728_000_000,)]
    tpp("report remaining India -o r.csv")
    assert json.loads(Path("r.csv.about.json").read_text())["known_seq"] == 4


def test_a_report_as_a_table(used, tpp):
    lines = tpp("report remaining India --format table").stdout.splitlines()
    assert [line.split()[1] for line in lines if "61,728,000" in line] == ["India"]
    assert any(line.startswith("State       codified") for line in lines)


def test_reports_are_listed_with_what_may_be_asked(folder, tpp):
    said = tpp("report --list").stdout
    assert "remaining: Remaining allowance\n  What remains of each holder's allowance" in said
    assert "    status         only holders of status: closed, future," in said
    assert "known_seq" not in said


WRONG = [
    ("report", "name a report; `tpp report --list` tells which there are"),
    ("report remaning", 'there is no report "remaning" (nearest: remaining)'),
    ("report remaining --where satus=x", 'the report remaining knows no "satus" (nearest: status)'),
    ("report remaining --where status", '"status": write NAME=VALUE'),
    ("report remaining India --where holder=PL", '"holder" is given twice'),
    ("report remaining --where as_of=2025-01-01 --as-of 2026-11-28", '"as_of" is given twice'),
    ("report remaining --where known_at=seq:1 --known-at seq:4", '"known_at" is given twice'),
    ("report remaining --where known_seq=1 --known-at seq:4",
     "known_at and known_seq say the same: give one"),
    ("movements --from 2026-12-31 --to 2026-01-01",
     "the period begins on 2026-12-31, after its last day, 2026-01-01"),
    ("status --as-of 2026-02-30", 'as_of: "2026-02-30" is no day; write it as 2026-11-23'),
    ("report remaining --known-at seq:9", "the ledger has only 4 movements"),
    ("report remaining -o r.d", "r.d: say the format with --format (table, csv, json, parquet)"),
    ("movements --flag over_limt", 'there is no flag "over_limt" (nearest: over_limit)'),
    ("movements --kind licens", 'there is no kind "licens" (nearest: licence, licence_close)'),
]  # fmt: skip


@pytest.mark.parametrize(("command", "sentence"), WRONG, ids=[command for command, _ in WRONG])
def test_a_wrong_question(used, tpp, command, sentence):
    done = tpp(command)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"tpp: {sentence}\n")


def seqs(done) -> list[int]:
    return [int(row["seq"]) for row in csv.DictReader(done.stdout.splitlines())]


FOUND = [
    ("", [1, 2, 3, 4]),
    ("--party bhar", [2, 3, 4]),
    ("--document D1", [2]),
    ("--licence D1", [3]),
    ("--destination India --kind export", [3]),
    ("--from 2026-03-20 --to 2026-03-31", [2]),
    ("--flag over_limit", [4]),
    ("--authorization licence --limit 1", [4]),
    ("--submission 3", [3]),
    ("--known-at seq:2", [1, 2]),
]


@pytest.mark.parametrize(("filters", "expected"), FOUND, ids=[f for f, _ in FOUND])
def test_movements_are_found(used, tpp, filters, expected):
    assert seqs(tpp(f"movements {filters}")) == expected


def test_a_table_of_movements_is_short_and_says_so(used, tpp, monkeypatch):
    monkeypatch.setattr("ledger.cli.movements._SHOWN", 2)
    done = tpp("movements --format table")
    assert done.stderr == "only the latest 2; --limit N shows more\n"
    assert len(seqs(tpp("movements"))) == 4


def test_an_error_over_a_copy_that_can_be_read_stays_one(used, tpp, monkeypatch):
    def broken(*_: object) -> None:
        raise duckdb.Error("of our own")

    tpp("movements")
    manifest = used / "tpp-ledger.db.copy" / "manifest.json"
    written = manifest.stat().st_mtime_ns
    monkeypatch.setattr("ledger.asking.answer", broken)
    done = tpp("movements")
    assert (done.exit_code, "(Error: of our own)" in done.stderr) == (1, True)
    assert manifest.stat().st_mtime_ns == written


def test_the_warm_path_loads_neither_sqlalchemy_nor_pandas(used, tpp):
    from tests.house.test_warm_imports import HEAVY, loaded_by

    assert tpp("report remaining").exit_code == 0
    code = """
import contextlib
from ledger.cli import main
with contextlib.redirect_stdout(None), contextlib.suppress(SystemExit):
    main(["report", "remaining", "-o", "r.csv"])
"""
    assert loaded_by(code) & HEAVY == {"duckdb"}
    assert Path("r.csv").exists()
