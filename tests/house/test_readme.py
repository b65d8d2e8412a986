"""The README's sessions are run as they stand, in a folder of their own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ledger.cli.exits import Exit
from tests.house.sessions import Answer, Step, agrees, run, steps

HOUSE = Path(__file__).parents[2]
README = (HOUSE / "README.md").read_text(encoding="utf-8")
STEPS = steps(README)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    """What every step of the README does, one after the other."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(HOUSE / "docs/examples", folder / "docs/examples")
    (folder / "tests").mkdir()
    shutil.copy(HOUSE / "tests/verifier.py", folder / "tests")
    return [run(step, folder) for step in STEPS]


@pytest.mark.slow
@pytest.mark.parametrize(
    "number", range(len(STEPS)), ids=lambda n: STEPS[n].command.splitlines()[0][:40]
)
def test_a_step_does_what_the_readme_says(answers: list[Answer], number: int):
    step, answer = STEPS[number], answers[number]
    assert answer.exit_code == step.exit_code, answer.text
    assert agrees(step.shown, answer.text), answer.text


def test_the_readme_shows_a_whole_session():
    words = {word for step in STEPS for word in step.command.split()[1:2]}
    assert words >= {"init", "template", "import", "status", "report", "explain", "apply"}
    assert words >= {"check", "export", "backup", "policy", "chips"}


def test_the_exit_codes_are_those_of_the_program():
    told = re.findall(r"^\| (\d+) \| ", README, re.MULTILINE)
    assert [int(code) for code in told] == [code.value for code in Exit]


PAGE = """
```console
$ tpp one  # exit 3
first
$ tpp two
```
```sh
$ not typed
```
```pycon
>>> 1
1
```
"""


def test_sessions_are_read_from_a_page():
    assert steps(PAGE) == [
        Step("tpp one", 3, "first\n"),
        Step("tpp two", 0, ""),
        Step(">>> 1\n1\n", 0, ""),
    ]


@pytest.mark.parametrize(
    ("shown", "text", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "b\n", False),
        ("a\n", "a\nb\n", False),
        ("a\n...\n", "a\nb\n", True),
        ("...\nb\n", "a\nb\n", True),
        ("a\n...\nc\n", "a\nb\nd\n", False),
        ("a\n...\nb\n", "a\nb\n", True),
        ("", "a\n", False),
        ("(a).*\n", "(a)bc\n", False),
        (f"head {'a' * 64}\n", f"head {'b' * 64}\n", True),
        ("at 2026-11-23T18:00:00.000000Z\n", "at 2025-01-02T03:04:05.678901Z\n", True),
        ("on 2026-11-23\n", "on 2026-11-24\n", False),
    ],
)
def test_what_is_shown_must_be_what_is_answered(shown: str, text: str, same: bool):
    assert agrees(shown, text) is same


def test_a_session_in_python_is_checked(tmp_path: Path):
    assert run(Step(">>> 1 + 1\n2\n", 0, ""), tmp_path) == Answer(0, "")
    assert run(Step(">>> 1 + 1\n3\n", 0, ""), tmp_path).exit_code == 1
