"""Each way a run can end: its exit code and what a person reads."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import duckdb
import pytest
from click.testing import CliRunner, Result

from ledger.cli import main
from ledger.cli.exits import Exit, WrongUse, guarded, problem_lines
from ledger.service import posting
from ledger.storage import errors
from reports import NoCopy
from reports import WrongUse as WrongReport
from schemas.problems import Problem, Unusable
from tests.cli.conftest import APPLY, ISSUE, SHIP


def ended_by(error: BaseException) -> Result:
    def work() -> None:
        raise error

    return ended_in(work)


def ended_in(work: Callable[[], None]) -> Result:
    @click.command()
    @click.pass_context
    def command(ctx: click.Context) -> None:
        with guarded(ctx):
            work()

    return CliRunner().invoke(command)


ENDS = [
    (WrongUse("no such thing", ["this", "that"]), 2, "tpp: no such thing (nearest: this, that)"),
    (WrongReport("no such report"), 2, "tpp: no such report"),
    (Unusable(Problem("a.csv", 3, 2, "chip", "H1", "unknown")), 2, 'a.csv:3, chip "H1": unknown'),
    (errors.NotALedger("x.db is not a ledger"), 2, "tpp: x.db is not a ledger"),
    (errors.LedgerExists("there is one"), 2, "tpp: there is one"),
    (errors.OlderLedger("older"), 2, "tpp: older"),
    (errors.NewerLedger("newer"), 2, "tpp: newer"),
    (errors.StoreError("write sqlite:///PATH"), 2, "tpp: write sqlite:///PATH"),
    (errors.StoreUnavailable("the disk is full"), 6, "tpp: the disk is full"),
    (errors.StoreBusy("another process writes"), 6, "tpp: another process writes"),
    (errors.ReadOnlyLedger("can only be read"), 6, "tpp: can only be read"),
    (NoCopy("the copy is gone"), 6, "tpp: the copy is gone; run the command again"),
    (PermissionError(errno.EACCES, "Permission denied", "o"), 2, "tpp: o: Permission denied"),
    (OSError(errno.ENOSPC, "No space left on device"), 6, "tpp: No space left on device"),
    (MemoryError(), 6, "tpp: there is not enough memory for this; nothing was recorded"),
    (KeyboardInterrupt(), 130, "interrupted: nothing was recorded"),
    (duckdb.InterruptException("Interrupted!"), 130, "interrupted: nothing was recorded"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "code", "said"), ENDS, ids=lambda x: type(x).__name__)
def test_an_error_ends_the_run_with_its_code_and_one_sentence(error, code, said):
    done = ended_by(error)
    assert (done.exit_code, done.stdout, done.stderr) == (code, "", said + "\n")


def test_what_a_library_makes_of_ctrl_c_is_ctrl_c():
    def work() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("half loaded") from None

    done = ended_in(work)
    assert (done.exit_code, done.stderr) == (130, "interrupted: nothing was recorded\n")


def test_ctrl_c_that_a_finalizer_drops_comes_again():
    class Dropping:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def work() -> None:
        del [Dropping()][:]
        for _ in range(500):
            time.sleep(0.01)

    before = sys.unraisablehook, signal.getsignal(signal.SIGALRM)
    done = ended_in(work)
    assert (done.exit_code, done.stderr) == (130, "interrupted: nothing was recorded\n")
    assert (sys.unraisablehook, signal.getsignal(signal.SIGALRM)) == before


def test_ctrl_c_waits_for_a_module_that_is_being_loaded(tmp_path, monkeypatch):
    """Raised there it may be dropped, with the lock of all imports held for ever."""
    loaded = tmp_path / "slow_to_load.py"
    loaded.write_text("import signal\nsignal.raise_signal(signal.SIGINT)\nwhole = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    whole = []

    def work() -> None:
        import slow_to_load  # type: ignore[import-not-found]

        whole.append(slow_to_load.whole)
        for _ in range(500):
            time.sleep(0.01)

    done = ended_in(work)
    assert (done.exit_code, done.stderr) == (130, "interrupted: nothing was recorded\n")
    assert whole == [True]


def test_a_bug_asks_to_be_reported_and_shows_its_place_on_request(monkeypatch):
    done = ended_by(KeyError("India"))
    assert done.exit_code == Exit.BUG
    assert "this is a bug in tpp (KeyError: 'India')" in done.stderr
    assert "Traceback" not in done.stderr
    monkeypatch.setenv("TPP_DEBUG", "1")
    assert "Traceback" in ended_by(KeyError("India")).stderr


def test_every_problem_is_told_up_to_a_limit_and_the_rest_counted():
    problems = [Problem("a.csv", line, line, "chip", "", "unknown") for line in range(1, 61)]
    assert problem_lines(problems, 2) == [
        "a.csv:1, chip: unknown",
        "a.csv:2, chip: unknown",
        "... and 58 more",
    ]
    assert ended_by(Unusable(*problems)).stderr.splitlines()[-1] == "... and 10 more"


@pytest.mark.parametrize("harm", ["\x1b]0;title\x07", "\x9b2J", "a\rrecorded 5", "a\u202eb"])
def test_no_file_speaks_to_the_terminal(harm, tmp_path, tpp, monkeypatch):
    """Neither in a value that is shown nor in a name, whatever a terminal would make of it."""
    monkeypatch.chdir(tmp_path)
    assert tpp("init").exit_code == 0
    name = f"lots{harm}.csv"
    Path(name).write_text(f"licence,quantity\n{harm},{harm}\n", encoding="utf-8", newline="")
    for command in (["import", name, "--as", "licences"], ["explain", harm], ["status", harm]):
        done = tpp(*command)
        assert done.exit_code == 2
        assert not [c for c in done.stderr if c != "\n" and not c.isprintable()], done.stderr
        assert harm.encode("unicode_escape").decode() in done.stderr


def test_a_problem_that_is_in_no_file_has_no_line():
    assert problem_lines([Problem("", 1, 1, "seq", "7", "gone")], 5) == ['tpp, seq "7": gone']


def test_a_reader_that_leaves_early_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -c 'from ledger.cli import main; main()' report --list | head -1;"
        ' echo "${PIPESTATUS[0]}"',
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["applications: Applications", "0"]


@pytest.mark.parametrize("command", ["policy list", "report --list", "template licences -o t.csv"])
def test_a_stream_that_the_shell_closed_is_no_error(command, tmp_path):
    done = subprocess.run(
        f"{sys.executable} -c 'from ledger.cli import main; main()' {command} >&-",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (done.returncode, "bug" in done.stderr) == (0, False), done.stderr


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["ship", "--help"], ["chips", "show", "H100"]]
)
def test_an_answer_that_nothing_takes_is_told(words, tmp_path):
    command = [sys.executable, "-c", "from ledger.cli import main; main()", *words]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (6, "tpp: No space left on device\n")


def test_an_unknown_command_names_the_nearest():
    done = CliRunner().invoke(main, ["reprot"], prog_name="tpp")
    assert done.exit_code == 2
    assert 'there is no command "reprot" (nearest: report, export)' in done.stderr


LOST = errors.StoreUnavailable("the connection was lost")


def ends_in_a_lost_connection(monkeypatch, *, after: bool) -> None:
    """The connection is lost before a commit, or at it: done, and nobody told."""

    def post(*arguments, **named):
        if after:
            posting.post(*arguments, **named)
        raise LOST

    monkeypatch.setattr("ledger.service.ledger.post", post)


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_lost_at_the_commit_is_looked_into(ledger_url, empty, tpp, monkeypatch, after):
    monkeypatch.setenv("TPP_LEDGER", ledger_url)
    assert tpp("init").exit_code == 0
    ends_in_a_lost_connection(monkeypatch, after=after)
    done = tpp(ISSUE + "10")
    assert done.exit_code == 6
    assert done.stderr.splitlines() == [
        "tpp: the connection was lost",
        "submission 2 was recorded meanwhile: see `tpp status`"
        if after
        else "nothing was recorded",
    ]


@pytest.mark.parametrize("kind", [errors.NotAllowed, errors.ReadOnlyLedger])
def test_who_may_not_write_has_recorded_nothing(folder, tpp, monkeypatch, kind):
    """They may not lock the head either, which tells what became of a lost connection."""

    def refused(*arguments, **named):
        raise kind("the ledger does not let this user do that")

    monkeypatch.setattr("ledger.service.ledger.post", refused)
    monkeypatch.setattr("ledger.storage.head.settled_head", refused)
    assert tpp(ISSUE + "10").stderr.splitlines() == [
        "tpp: the ledger does not let this user do that",
        "nothing was recorded",
    ]


def test_what_cannot_be_looked_into_is_not_known(folder, tpp, monkeypatch):
    ends_in_a_lost_connection(monkeypatch, after=True)

    def gone(url: str) -> None:
        raise LOST

    monkeypatch.setattr("ledger.storage.head.settled_head", gone)
    assert tpp(ISSUE + "10").stderr.splitlines() == [
        "tpp: the connection was lost",
        "it is not known whether it was recorded: run it again, nothing is recorded twice",
    ]


def ended_unread(*words: str) -> int:
    """The exit code of a run that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", "from ledger.cli import main; main()", *words]
    with os.fdopen(writing, "wb") as unread:
        return subprocess.run(command, stdout=unread, stderr=unread, check=False).returncode


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (f"{ISSUE} 5", 0),
        (f"{SHIP} 5", 5),
        (f"{APPLY} 49899", 3),
        (f"{APPLY} x", 2),
        ("explain 99", 2),
        ("status", 0),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_run_whose_reader_has_gone_ends_as_it_would(words, code):
    """As `tpp import FILE --as licences 2>&1 | head -1` does."""
    assert ended_unread(*words.split()) == code


def test_an_import_whose_reader_has_gone_is_told_with_its_rejects(folder):
    rows = "licence,issued_on,exporter,ultimate_consignee,destination,chip,quantity\n"
    rows += "D1,2026-03-20,Acme,Bharat,India,nvidia-h100-sxm,5\nD2,,Acme,Bharat,India,H100,5\n"
    (folder / "licences.csv").write_text(rows)
    assert ended_unread("import", "licences.csv", "--as", "licences") == 5
