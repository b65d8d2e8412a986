"""A problem: input that is broken. Where it stands, what it says, why it will not do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.names import listed

# What a terminal takes for an order (controls), and what breaks or turns the line unseen.
_ORDERS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input.

    `line` is the 1-based line of the file where the row begins (0: the file as a whole);
    `row` counts data rows from 1 (0: none); `nearest` are the closest known values.
    """

    file: str
    line: int
    row: int
    column: str
    value: str
    reason: str
    nearest: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        column = f", {self.column}" if self.column else ""
        value = f' "{_short(self.value)}"' if self.value else ""
        hint = f" (nearest: {listed(self.nearest)})" if self.nearest else ""
        return f"{place}{column}{value}: {self.reason}{hint}"


def _short(value: str) -> str:
    text = printable(value)
    return text if len(text) <= 80 else text[:77] + "..."


class Unusable(Exception):
    """An input that cannot be used at all: the problems say why. Nothing was recorded."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def first_line(error: BaseException) -> str:
    """What an error says, without the advice that some libraries put below."""
    first, *_ = str(error).splitlines() or [""]
    return first


def printable(text: str, kept: str = "") -> str:
    """A text as it may be shown: what a terminal would obey is written out, but for `kept`."""
    return _ORDERS.sub(lambda found: found[0] if found[0] in kept else _written(found[0]), text)


def _written(character: str) -> str:
    return "\\0" if character == "\0" else character.encode("unicode_escape").decode()
