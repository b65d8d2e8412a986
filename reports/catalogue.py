"""The reports there are: each one `.sql` file, whose heading says all about it.

The heading is comment lines: a title, a question, one line a variable ("as_of DATE: meaning"),
`options:` the regime's options that touch it, `first:` its columns by importance, for a terminal
too narrow for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

FOLDER = Path(__file__).parent / "sql"
_VARIABLE = re.compile(r"(\w+) (DATE|BIGINT|VARCHAR): (.+)")
_WORDS = re.compile(r"(?:only|one account) [^:(]+: ([^():]+) \(default: \w+\)")
_YES = re.compile(r"yes: .+ \(default: no\)")


class WrongUse(ValueError):
    """A report, or one of its variables, was asked for in a way it cannot be; says why."""


@dataclass(frozen=True, slots=True)
class Variable:
    """What may be asked of a report: name, type (DATE, BIGINT, VARCHAR) and meaning."""

    name: str
    type: str
    meaning: str

    @property
    def required(self) -> bool:
        """Whether the report cannot do without it."""
        return self.meaning.endswith("(must be given)")

    @property
    def words(self) -> tuple[str, ...]:
        """The only words it may be, where its meaning counts them up; else none."""
        if _YES.fullmatch(self.meaning):
            return ("yes", "no")
        found = _WORDS.fullmatch(self.meaning)
        return tuple(found[1].split(", ")) if found else ()


@dataclass(frozen=True, slots=True)
class Report:
    """One report: its name, what its heading says, and its SQL as a person can run it."""

    name: str
    title: str
    question: str
    variables: tuple[Variable, ...]
    options: tuple[str, ...]
    first: tuple[str, ...]
    sql: str


def names() -> list[str]:
    """The names of all reports, in order."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def reports() -> list[Report]:
    """All reports, in order of name."""
    return [report(name) for name in names()]


def report(name: str) -> Report:
    """One report. Raises WrongUse, with the nearest name, where there is none."""
    if name not in names():
        raise WrongUse(f'there is no report "{name}"{nearest(name, names())}')
    return read(name, (FOLDER / f"{name}.sql").read_text(encoding="utf-8"))


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that names the known words nearest to one."""
    close = get_close_matches(word, list(known), n=3)
    return f" (nearest: {', '.join(close)})" if close else ""


def read(name: str, sql: str) -> Report:
    """A report from the text of its file."""
    title, *rest = _heading(sql)
    question, variables = [], []
    words: dict[str, list[str]] = {"options": [], "first": []}
    for line in rest:
        before, _, after = line.partition(": ")
        if before in words:
            words[before] += after.split()
        elif found := _VARIABLE.fullmatch(line):
            variables.append(Variable(*found.groups()))
        elif variables and variables[-1].meaning.endswith(","):  # a list goes on below
            last = variables[-1]
            variables[-1] = Variable(last.name, last.type, f"{last.meaning} {line}")
        else:
            question.append(line)
    return Report(
        name,
        title,
        " ".join(question),
        tuple(variables),
        tuple(words["options"]),
        tuple(words["first"]),
        sql,
    )


def _heading(sql: str) -> list[str]:
    lines = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line[2:].strip())
    return lines
