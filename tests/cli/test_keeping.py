"""Init, reverse, check, export, backup, restore and the demo, from the shell."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import ISSUE, SHIP


def test_init_says_what_was_made_and_what_is_next(empty, tpp):
    done = tpp("init --option lpp_d1_d4=allowed")
    assert (done.exit_code, done.stdout) == (0, "")
    lines = done.stderr.splitlines()
    assert lines[0].startswith("made the ledger tpp-ledger.db under AI Diffusion rule")
    assert lines[1].startswith("  lpp_d1_d4 = allowed: ")
    assert lines[2].startswith("next: tpp template licences")


def test_init_makes_no_ledger_over_another(folder, tpp):
    done = tpp("init")
    assert done.exit_code == 2
    assert done.stderr == "tpp: there is a ledger at tpp-ledger.db already\n"


def test_init_tells_every_wrong_option(empty, tpp):
    done = tpp("init --option lpp_d1=x --option cap_basis=shippd")
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        'options "lpp_d1": the regime has no such option (nearest: lpp_d1_d4)',
        'options, cap_basis "shippd": the option has no such value (nearest: shipped)',
    ]
    assert not Path("tpp-ledger.db").exists()


def test_init_with_a_regime_beside_and_one_added_later(empty, tpp):
    done = tpp("init --beside china_case_by_case --option lpp_year=both")
    assert done.exit_code == 0
    assert done.stderr.splitlines()[1].startswith("  beside it Case-by-case review for China")
    assert tpp("policy new caps").exit_code == 0
    done = tpp("init --add caps")
    assert (done.exit_code, done.stderr) == (
        0,
        "the ledger tpp-ledger.db is from now on judged under My regime (my_regime) too\n",
    )
    about = json.loads(tpp("report remaining --format json").stdout)["about"]
    assert [one["key"] for one in about["beside"]] == ["china_case_by_case", "my_regime"]
    assert tpp("init --add caps").stderr == (
        'regime my_regime, key "my_regime": the ledger has this regime already\n'
        "nothing was recorded\n"
    )
    assert tpp("init --add caps --beside caps").exit_code == 2


def test_an_upgrade_with_nothing_to_do(folder, tpp):
    assert tpp("init --upgrade").stderr == (
        "the ledger tpp-ledger.db has tables of version 3 already; nothing was changed\n"
    )
    assert tpp("init --upgrade --regime ai_diffusion").exit_code == 2


def test_the_ledger_may_be_named_before_or_after_the_command_or_by_the_environment(
    folder, tpp, monkeypatch
):
    shutil.move("tpp-ledger.db", "b.db")
    for words in ("--ledger b.db status", "status --ledger b.db", "status --ledger sqlite:///b.db"):
        assert tpp(words).stdout.splitlines()[0] == "Ledger      b.db"
    monkeypatch.setenv("TPP_LEDGER", "b.db")
    assert tpp("status").exit_code == 0


def test_reverse_says_what_stands_in_the_way(folder, tpp):
    tpp(ISSUE + "10")
    tpp(SHIP + "10")
    done = tpp("reverse", "2", "--reason", "typed twice")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "tpp: live movements point at seq 2 (by seq 3 (export S-1 of 2026-04-01)): reverse those"
        " first, or take them along with --cascade. Nothing was recorded\n"
    )
    done = tpp("reverse", "2", "--reason", "typed twice", "--cascade")
    assert (done.exit_code, done.stdout) == (0, "reversed 2; the reversals are seq 4-5\n")
    assert "REVERSED by seq 5" in tpp("explain 2").stdout
    assert "note        typed twice" in tpp("explain 5").stdout


def test_reverse_a_submission(folder, tpp):
    tpp(ISSUE + "10")
    assert tpp("reverse --submission 2 --reason mistaken").stdout == (
        "reversed 1; the reversals are seq 3\n"
    )
    again = tpp("reverse --submission 2 --reason mistaken")
    assert again.exit_code in (0, 2)
    assert "nothing" in again.stderr


EITHER = "tpp: name movements by their seq, or one --submission"
WRONG = [
    ("reverse --reason x", EITHER),
    ("reverse 1 --submission 1 --reason x", EITHER),
    ("reverse 9 --reason x", 'tpp, seq "9": there is no such movement'),
    ("reverse --submission 9 --reason x", 'tpp, submission "9": there is no such submission'),
    ("explain 9", 'tpp, seq "9": there is no such movement'),
    ("explain D9/1", 'tpp, document "D9/1": no movement has this document'),
    ("check --against 12ab", 'tpp: "12ab" is no chain head: 64 hexadecimal digits'),
]


@pytest.mark.parametrize(("command", "sentence"), WRONG, ids=[command for command, _ in WRONG])
def test_wrong_use(folder, tpp, command, sentence):
    done = tpp(command)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == sentence


def test_check_names_every_invariant(folder, tpp):
    tpp(ISSUE + "10")
    done = tpp("check")
    assert done.exit_code == 0
    assert "ok    balances: balances are what the entries come to" in done.stdout.splitlines()
    head = done.stderr.split("chain head ")[1].split()[0]
    assert done.stderr.splitlines()[1] == "all 18 invariants hold"
    tpp(SHIP + "10")
    assert tpp(f"check --against {head}").exit_code == 0
    unknown = tpp(f"check --against {'ab' * 32}")
    assert unknown.exit_code == 4
    assert "1 of 19 invariants fail: known head" in unknown.stderr


def test_check_finds_a_changed_balance(folder, tpp):
    tpp(ISSUE + "10")
    with sqlite3.connect("tpp-ledger.db") as connection:
        connection.execute("UPDATE balance SET held_mtpp = held_mtpp + 1 WHERE held_mtpp > 0")
    connection.close()
    done = tpp("check")
    assert done.exit_code == 4
    assert "FAIL  balances" in done.stdout


def test_a_backup_comes_back_as_it_was(folder, tpp):
    tpp(ISSUE + "10")
    said = tpp("backup b.backup")
    assert said.exit_code == 0
    assert said.stderr.startswith("wrote b.backup, and verified it: seq 2, chain head ")
    assert tpp("backup b.backup").stderr == "tpp: b.backup exists already; name a new file\n"
    back = tpp("restore b.backup --ledger again.db")
    assert back.stderr.split("chain head ")[1] == said.stderr.split("chain head ")[1]
    assert tpp("restore b.backup --ledger again.db").exit_code == 2
    assert "Movements   2 in 2 submissions" in tpp("status --ledger again.db").stdout


def test_an_export_holds_the_head(folder, tpp):
    tpp(ISSUE + "10")
    done = tpp("export -o out")
    assert done.exit_code == 0
    head = json.loads(Path("out/head.json").read_text())
    assert head["digest"] in done.stderr
    assert tpp("export -o out").exit_code == 2


def test_the_demo_shows_what_remains_and_what_to_try(empty, tpp):
    done = tpp("demo")
    assert done.exit_code == 0
    shown = done.stdout.splitlines()
    assert shown[0].startswith("What remains on ")
    assert shown[2].split() == ["holder", "window", "limit", "remaining", "used", "%", "status"]
    assert shown[3].endswith("over")
    assert {"exhausted", "critical", "open"} <= {line.split()[-1] for line in shown[4:15]}
    assert done.stderr.startswith("made tpp-demo.db: ")
    tried = [line.strip() for line in done.stderr.splitlines() if line.startswith("  tpp ")]
    assert len(tried) == 3
    for command in tried:
        assert tpp(command.removeprefix("tpp ")).exit_code == 0, command
    again = tpp("demo")
    assert "is here already" in again.stderr
    assert again.stdout == done.stdout


def test_half_a_demo_is_not_kept(empty, tpp, monkeypatch):
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ledger.service.demo._imported", stopped)
    done = tpp("demo")
    assert (done.exit_code, done.stderr) == (130, "interrupted: nothing was recorded\n")
    assert list(empty.iterdir()) == []


def test_the_same_in_either_database(ledger_url, empty, tpp, monkeypatch):
    monkeypatch.setenv("TPP_LEDGER", ledger_url)
    monkeypatch.setenv("TPP_COPY", str(empty / "copies"))
    assert tpp("init").exit_code == 0
    assert tpp(ISSUE + "46000").stdout == "recorded, seq 2\n"
    assert "1 critical" in tpp("status --as-of 2026-06-30").stdout
    assert "held +728,272,000 TPP" in tpp("explain D1").stdout
    assert tpp("reverse 2 --reason mistaken").exit_code == 0
    assert tpp("check").exit_code == 0
    assert tpp("export -o out").exit_code == 0
    assert "critical" not in tpp("status --as-of 2026-06-30").stdout
