"""Where an answer is written: never over a ledger, whole or not at all, and into a pipe as well."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.cli.conftest import ISSUE

WRITERS = [
    "report remaining --format csv",
    "movements --format json",
    "due --format csv",
    "due --format ics",
    "quarter list --format csv",
    "quarter close 2025Q3",
]


@pytest.mark.parametrize("command", WRITERS)
def test_no_answer_takes_the_place_of_a_ledger(folder, tpp, command):
    ledger = Path("tpp-ledger.db")
    before = ledger.read_bytes()
    done = tpp(f"{command} -o tpp-ledger.db")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "tpp: tpp-ledger.db is a database; name another file\n"
    assert ledger.read_bytes() == before


@pytest.mark.parametrize("command", WRITERS)
def test_a_folder_that_is_not_there_is_said_before_any_work(folder, tpp, command):
    done = tpp(f"{command} -o gone/a.csv")
    assert (done.exit_code, done.stderr) == (2, "tpp: gone/a.csv: there is no folder gone\n")


@pytest.mark.parametrize("command", WRITERS)
def test_an_answer_goes_into_a_pipe(folder, tpp, command):
    os.mkfifo("pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_bytes()))
    reader.start()
    done = tpp(f"{command} -o pipe")
    reader.join(10)
    assert (done.exit_code, Path("pipe").is_fifo()) == (0, True), done.stderr
    assert read[0]
    assert not Path("pipe.about.json").exists()


def test_a_file_that_cannot_be_written_is_named_as_it_was_given(folder, tpp):
    done = tpp("report remaining -o /proc/a.csv")
    assert (done.exit_code, done.stderr) == (2, "tpp: /proc/a.csv: No such file or directory\n")


@pytest.mark.parametrize("file", ["gone/a.backup", "/proc/a.backup"])
def test_a_backup_that_cannot_be_written_is_not_put_down_to_the_ledger(folder, tpp, file):
    done = tpp(f"backup {file}")
    assert (done.exit_code, done.stderr) == (2, f"tpp: {file}: No such file or directory\n")


def test_a_backup_that_cannot_be_restored_there_is_not_put_down_to_the_backup(folder, tpp):
    tpp("backup b.backup")
    done = tpp("restore b.backup --ledger gone/again.db")
    assert done.exit_code == 2
    assert done.stderr == "tpp: gone/again.db: No such file or directory\n"


def test_adopted_is_of_a_ledger(empty, tpp):
    done = tpp("policy diff adopted ai_diffusion")
    assert done.exit_code == 2
    assert done.stderr.startswith("tpp: there is no ledger at tpp-ledger.db")


def test_a_report_that_runs_out_of_memory_says_so_in_a_line(folder, tpp, monkeypatch):
    import duckdb

    from reports import run, runner

    def short(*_: object) -> None:
        raise duckdb.OutOfMemoryException(
            "Out of Memory Error: no room\nPossible solutions:\n* more"
        )

    tpp(ISSUE + "8")
    tpp("report remaining")
    monkeypatch.setattr(runner, "_answered", short)
    with pytest.raises(
        MemoryError, match=r"\Athe report remaining: Out of Memory Error: no room\Z"
    ):
        run("remaining", folder / "tpp-ledger.db.copy")
