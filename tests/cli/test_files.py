"""Files in, as a person imports them and reads what became of each row."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger.cli.exits import Exit

LICENCES = """\
licence,line,issued_on,exporter,ultimate_consignee,destination,chip,quantity
D1,1,2026-01-05,Acme,Bharat,India,nvidia-h100-sxm,1000
D2,1,2026-02-30,Acme,Bharat,India,H1000 SXM,0
D3,1,2026-01-07,Acme,Cairo,Egypt,nvidia-h100-sxm,50000
"""


@pytest.fixture
def licences(folder: Path) -> Path:
    path = folder / "licences.csv"
    path.write_text(LICENCES)
    return path


def test_an_import_says_what_became_of_every_row(licences, tpp):
    done = tpp("import licences.csv --as licences")
    assert done.exit_code == 5
    assert done.stdout == (
        "recorded 2 (seq 2-3, submission 2), 1 rejected; breaches: over_limit 1\n"
    )
    lines = done.stderr.splitlines()
    assert lines[:2] == [
        "rejected:",
        '  licences.csv:3, issued_on "2026-02-30": there is no such day in the calendar',
    ]
    assert lines[2].startswith('  licences.csv:3, chip "H1000 SXM": no such chip in the catalogue')
    assert lines[3].startswith('  licences.csv:3, quantity "0": ')
    assert lines[4] == "the rejected rows, with the reasons: licences.rejects.csv"
    assert lines[5].startswith("breach: more than remains of the budget: limit 790,000,000 TPP")
    assert lines[6].startswith("  seq 3, D3; Egypt 2025-2027 (country_allocation); 15 CFR")


def test_the_rejects_hold_the_row_as_it_was(licences, tpp):
    tpp("import licences.csv --as licences --rejects back.csv")
    (row,) = csv.DictReader(Path("back.csv").read_text().splitlines())
    assert (row["licence"], row["chip"], row["quantity"]) == ("D2", "H1000 SXM", "0")


def test_importing_again_records_nothing_twice(licences, tpp):
    tpp("import licences.csv --as licences")
    licences.write_text(LICENCES.replace("2026-02-30", "2026-02-28").replace("H1000", "H100"))
    again = tpp("import licences.csv --as licences")
    assert again.stdout == "recorded 0, 2 already recorded, 1 rejected\n"
    licences.write_text("".join(LICENCES.splitlines(True)[:2]))
    clean = tpp("import licences.csv --as licences")
    assert (clean.exit_code, clean.stderr) == (0, "")
    assert clean.stdout == "recorded 0, 1 already recorded\n"


def test_a_dry_run_says_it_and_records_nothing(licences, tpp):
    done = tpp("import licences.csv --as licences --dry-run")
    assert done.exit_code == 5
    assert done.stdout == "would record 2, 1 rejected; breaches: over_limit 1\n"
    assert "  row 3, D3; Egypt" in done.stderr
    assert "1 in 1 submissions" in tpp("status").stdout


def test_refused_applications_are_counted_apart(folder, tpp):
    rows = ["application,applied_on,exporter,ultimate_consignee,destination,chip,quantity"]
    rows += [f"A{n},2026-01-05,Acme,Bharat,India,nvidia-h100-sxm,{n}" for n in (5, 50000)]
    Path("a.csv").write_text("\n".join(rows) + "\n")
    done = tpp("import a.csv --as applications")
    assert done.stdout == "recorded 1 (seq 2-3, submission 2), 1 refused\n"
    assert done.stderr.startswith("refused: more than remains of the budget")
    assert done.exit_code == 5
    again = tpp("import a.csv --as applications")
    assert (again.exit_code, again.stdout) == (
        0,
        "recorded 0, 1 already recorded, 1 already refused\n",
    )


def test_many_problems_are_counted(folder, tpp):
    rows = [f"D{n},1,2026-01-05,Acme,Bharat,India,nvidia-h100-sxm,0\n" for n in range(9)]
    Path("l.csv").write_text(LICENCES.splitlines(True)[0] + "".join(rows))
    done = tpp("import l.csv --as licences")
    assert done.stdout == "recorded 0, 9 rejected\n"
    assert "  ... and 4 more" in done.stderr.splitlines()


def test_a_file_of_another_kind_is_unusable(licences, tpp):
    done = tpp("import licences.csv --as shipments")
    assert (done.exit_code, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert "licences.csv:1, document: this heading is missing" in lines
    assert lines[-1] == "nothing was recorded"


def test_a_file_that_is_not_there(folder, tpp):
    done = tpp("import nothing.csv --as licences")
    assert done.exit_code == 2
    assert "File 'nothing.csv' does not exist" in done.stderr


def test_no_ledger_here(empty, tpp):
    Path("l.csv").write_text(LICENCES)
    done = tpp("import l.csv --as licences")
    assert done.exit_code == 2
    assert done.stderr == ("tpp: there is no ledger at tpp-ledger.db: make one with `tpp init`\n")


def test_a_file_that_is_no_ledger(empty, tpp):
    Path("l.csv").write_text(LICENCES)
    done = tpp("import l.csv --as licences --ledger l.csv")
    assert done.exit_code == 2
    assert done.stderr.startswith("tpp: l.csv is not a ledger")


def test_a_database_that_is_gone(empty, tpp):
    Path("l.csv").write_text(LICENCES)
    done = tpp("import l.csv --as licences --ledger postgresql://ana:secret@127.0.0.1:1/books")
    assert done.exit_code == 6
    assert "postgresql+psycopg://ana:***@127.0.0.1:1/books" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ending_it_in_the_middle_says_that_nothing_was_recorded(folder, tpp, ended_by):
    rows = (f"D{n},1,2026-01-05,Acme,Bharat,India,nvidia-h100-sxm,1\n" for n in range(200_000))
    Path("big.csv").write_text(LICENCES.splitlines(True)[0] + "".join(rows))
    command = [sys.executable, "-c", "from ledger.cli import main; main()"]
    running = subprocess.Popen(
        [*command, "import", "big.csv", "--as", "licences"], stderr=subprocess.PIPE, text=True
    )
    scratch = _appears(folder, "tpp-import-*")
    running.send_signal(ended_by)
    _, said = running.communicate(timeout=60)
    assert scratch is not None
    assert (running.returncode, said.strip()) == (130, "interrupted: nothing was recorded")
    assert not scratch.exists()
    assert "1 in 1 submissions" in tpp("status").stdout


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_what_is_ignored_stays_ignored(name):
    """As `nohup` has it, and a shell for Ctrl-C of what it runs behind; they end by SIGTERM."""
    code = (
        f"import signal\nsignal.signal(signal.{name}, signal.SIG_IGN)\n"
        "from ledger.cli.interrupts import noticing\n"
        f"with noticing() as noted:\n    signal.raise_signal(signal.{name})\n"
        "    assert not noted\n    print('on')\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "on\n" if name != "SIGINT" else done.returncode == -signal.SIGTERM


def _appears(folder: Path, pattern: str) -> Path | None:
    for _ in range(600):
        if found := next(folder.glob(pattern), None):
            return found
        time.sleep(0.05)
    return None


@pytest.mark.parametrize("kind", ["applications", "licences", "shipments", "declarations"])
def test_a_template_is_a_file_that_can_be_imported(folder, tpp, kind):
    done = tpp(f"template {kind}")
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 1
    first = "  " + done.stdout.split(",")[0]
    assert re.match(rf"{first} +.* \(must be filled\)\n", done.stderr)
    Path("t.csv").write_text(done.stdout)
    assert tpp(f"import t.csv --as {kind}").stderr != ""


def test_a_template_is_not_written_over_anything(folder, tpp):
    assert tpp("template licences -o l.xlsx").stderr == "wrote l.xlsx\n"
    again = tpp("template licences -o l.xlsx")
    assert (again.exit_code, again.stderr) == (2, "tpp: l.xlsx exists already\n")
    wrong = tpp("template licences -o l.doc")
    assert wrong.stderr == "tpp: l.doc: a template is a .csv or .xlsx file\n"


MISSPELT = """\
document,exported_on,exporter,ultimate_consignee,destination,authorization,chip,quantity
S-1,2026-01-05,Acme,B,Polland,none,H100 SXM,5
"""


@pytest.mark.parametrize("name", ["r.xlsx", "r.XLSM", "r.parquet"])
@pytest.mark.parametrize("how", ["", "--dry-run"])
def test_rejects_are_text_and_are_not_called_otherwise(folder, tpp, name, how):
    """Mended, they could not be imported again."""
    (folder / "s.csv").write_text(MISSPELT)
    done = tpp(f"import s.csv --as shipments --rejects {name} {how}")
    assert (done.exit_code, (folder / name).exists()) == (Exit.USAGE, False)
    assert f"{name}: the rejected rows are written as CSV: name it .csv" in done.output


@pytest.mark.parametrize("onto", ["s.csv", "link.csv", "map.toml", "tpp-ledger.db"])
@pytest.mark.parametrize("how", ["", "--dry-run"])
def test_rejects_take_the_place_of_nothing_that_is_needed(folder, tpp, onto, how):
    made = {"s.csv": MISSPELT, "map.toml": "[fixed]\npurchaser = 'X'\n"}
    for name, text in made.items():
        (folder / name).write_text(text)
    (folder / "link.csv").symlink_to(folder / "s.csv")
    before = (folder / onto).read_bytes()
    done = tpp(f"import s.csv --as shipments --map map.toml --rejects {onto} {how}")
    assert done.exit_code == Exit.USAGE
    assert f"{onto}: the rejected rows cannot take the place of" in done.output
    assert (folder / onto).read_bytes() == before
    assert tpp(f"import s.csv --as shipments {how}").exit_code == Exit.FLAGGED  # into none there is


def test_a_report_takes_the_place_of_no_ledger(folder, tpp):
    done = tpp("report remaining --format csv -o tpp-ledger.db")
    assert (done.exit_code, done.output) == (
        Exit.USAGE,
        "tpp: tpp-ledger.db is a database; name another file\n",
    )
    assert tpp("status").exit_code == 0


def test_a_file_whose_name_is_no_text(folder, tpp):
    (folder / os.fsdecode(b"b\xff.csv")).write_text(MISSPELT)
    done = tpp("import", os.fsdecode(b"b\xff.csv"), "--as", "shipments")
    assert done.exit_code == Exit.USAGE
    assert "b\N{REPLACEMENT CHARACTER}.csv: the file's name is no text in UTF-8; rename it" in (
        done.output
    )


def test_the_source_that_is_asked_for_is_read_as_a_cell(folder, tpp):
    (folder / "s.csv").write_text(MISSPELT.replace("Polland", "Poland"))
    assert "recorded 1" in tpp("import", "s.csv", "--as", "shipments", "--source", "AES").output
    again = tpp("import", "s.csv", "--as", "shipments", "--source", " AES ")
    assert "1 already recorded" in again.output
    done = tpp("import", "s.csv", "--as", "shipments", "--source", "A\x07S")
    assert (done.exit_code, "control character" in done.output) == (Exit.USAGE, True)
