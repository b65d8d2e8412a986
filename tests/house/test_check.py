"""The one command that checks everything fails where anything fails."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests import check

HOUSE = Path(__file__).parents[2]
GOOD = ("good", ("-c", "print('fine')"))
BAD = ("bad", ("-c", "print('this is why'); raise SystemExit(5)"))


@pytest.mark.parametrize(
    ("gates", "exit_code", "said"),
    [
        ([GOOD, GOOD], 0, ""),
        ([BAD, GOOD], 1, "failed: bad"),
        ([GOOD, BAD], 1, "failed: bad"),  # pytest's 5, no test found, among them
        ([BAD, BAD, GOOD], 1, "failed: bad, bad"),
    ],
)
def test_every_gate_counts(capfd, gates, exit_code, said):
    assert check.run(gates) == exit_code
    out = capfd.readouterr().out
    assert out.splitlines()[-1] == (said or "fine")
    assert ("this is why" in out) == (exit_code != 0)


def test_what_runs_beside_the_tests_counts_too(capfd):
    """It is told of below them, with all it said where it failed."""
    assert check.run([GOOD, ("types", BAD[1]), GOOD]) == 1
    *_, before, verdict, why, _, last = capfd.readouterr().out.splitlines()
    assert (before, why, last) == ("fine", "this is why", "failed: types")
    assert verdict.startswith("types    FAILED")
    assert check.run([("types", GOOD[1]), GOOD]) == 0
    assert capfd.readouterr().out.splitlines()[-1].startswith("types    ok")


def test_the_tests_come_last_and_show_their_closing_line():
    assert [name for name, _ in check.GATES] == ["lint", "format", "imports", "types", "tests"]


def _run_in(folder: Path, readme: str) -> subprocess.CompletedProcess[str]:
    (folder / ".ci").mkdir()
    shutil.copy(HOUSE / ".ci/run", folder / ".ci")
    (folder / "README.md").write_text(readme)
    return subprocess.run([folder / ".ci/run"], capture_output=True, text=True)


def test_ci_runs_the_line_of_the_readme(tmp_path):
    done = _run_in(
        tmp_path, "```\nexit 9\n```\n<!-- check -->\n```sh\nbasename $PWD; exit 7\n```\n"
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (7, tmp_path.name)


@pytest.mark.parametrize("readme", ["", "```\ntrue\n```", "<!-- check -->\nwords\n```\ntrue\n```"])
def test_ci_fails_without_that_line(tmp_path, readme):
    assert _run_in(tmp_path, readme).returncode == 2


def test_the_readme_checks_with_the_gates_above():
    readme = (HOUSE / "README.md").read_text()
    marked = readme.split("<!-- check -->\n```sh\n")[1].split("\n```")[0]
    assert marked == (
        "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]'"
        " && .venv/bin/python -m tests.check"
    )
