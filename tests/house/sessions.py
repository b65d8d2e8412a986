"""Sessions in Markdown pages: what a page says was typed and answered, and whether it is so.

In a ```console block a line `$ COMMAND` is typed, `# exit N` behind it names its exit code (0 where
it names none), and what follows is its answer; a line `...` stands for any lines, none included.
A ```pycon block is an interactive session, run by doctest.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(console|pycon)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"\s+# exit (\d+)$")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_NOT_OURS = ("TPP_LEDGER", "TPP_COPY", "TPP_DEBUG", "COLUMNS")


@dataclass(frozen=True)
class Step:
    """One command of a page, the exit code and the answer it shows."""

    command: str
    exit_code: int
    shown: str


@dataclass(frozen=True)
class Answer:
    """What a command really did: its exit code, and stdout and stderr as one text."""

    exit_code: int
    text: str


def steps(page: str) -> list[Step]:
    """Every command of a page's sessions, in order."""
    found: list[Step] = []
    for language, block in _BLOCK.findall(page):
        found += [Step(block, 0, "")] if language == "pycon" else _console(block)
    return found


def _console(block: str) -> list[Step]:
    found = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        typed, _, shown = part.partition("\n")
        exit_code = _EXIT.search(typed)
        found.append(Step(_EXIT.sub("", typed), int(exit_code[1]) if exit_code else 0, shown))
    return found


def run(step: Step, folder: Path) -> Answer:
    """Run a step in a folder, as a shell with this environment's programs would."""
    scripts = sysconfig.get_path("scripts")
    env = {key: value for key, value in os.environ.items() if key not in _NOT_OURS}
    env["PATH"] = os.pathsep.join([scripts, str(Path(sys.executable).parent), env["PATH"]])
    command = step.command
    if command.startswith(">>>"):
        (folder / "session.txt").write_text(command)
        command = "python -m doctest session.txt"
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Answer(done.returncode, done.stdout)


def agrees(shown: str, text: str) -> bool:
    """Whether an answer is what a page shows of it: instants and digests may differ."""
    pattern = "".join(
        r"(?:.*\n)*" if line == "..." else re.escape(line) + r"[ \t]*\n"
        for line in _timeless(shown).splitlines()
    )
    return re.fullmatch(pattern, _timeless(text)) is not None


def _timeless(text: str) -> str:
    return _INSTANT.sub("INSTANT", _DIGEST.sub("DIGEST", text))
