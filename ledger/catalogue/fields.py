"""Reading the tables of a catalogue file strictly: every fault is kept, none guessed at. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from schemas.problems import Problem

DIGITS = 15

_PLAIN = re.compile(r"[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?")
_PUBLISHED = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?")


@dataclass(frozen=True, slots=True)
class NotPlain:
    """A number written in a way that hides its digits: an exponent, a sign, inf or nan."""

    text: str


def number(text: str) -> Decimal | NotPlain:
    """For tomllib's parse_float: an exact Decimal, or a mark that the loader will refuse."""
    return Decimal(text.replace("_", "")) if _PLAIN.fullmatch(text) else NotPlain(text)


@dataclass
class Table:
    """One table of a file with its place; `problems` is shared by all tables of a load."""

    file: str
    line: int
    row: int
    values: Mapping[str, Any]
    problems: list[Problem] = field(default_factory=list)

    def fault(self, column: str, reason: str, nearest: tuple[str, ...] = ()) -> None:
        """Note a problem of this table."""
        value = self.values.get(column)
        text = "" if value is None or isinstance(value, dict | list) else _text(value)
        self.problems.append(Problem(self.file, self.line, self.row, column, text, reason, nearest))

    def only(self, known: frozenset[str]) -> None:
        """Refuse every key that is not known, naming the nearest that is."""
        for key in self.values:
            if key not in known:
                close = tuple(get_close_matches(key, sorted(known), n=3))
                self.fault(key, "unknown key", close)

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty; without a default it must be there."""
        value = self.values.get(key, default)
        if isinstance(value, str) and (value.strip() or default is not None):
            return value
        self.fault(key, "missing" if value is None else "must be a text that is not empty")
        return ""

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts; empty where it may be left out."""
        value = self.values.get(key, [])
        whole = isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)
        if not whole:
            self.fault(key, "must be a list of texts")
            return ()
        if required and not value:
            self.fault(key, "missing")
        return tuple(value)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """true or false; without a default it must be there."""
        value = self.values.get(key, default)
        if isinstance(value, bool):
            return value
        self.fault(key, "missing" if value is None else "must be true or false")
        return False

    def day(self, key: str) -> date:
        """A date as TOML writes it: 2025-01-15, without quotes."""
        value = self.values.get(key)
        if type(value) is date:
            return value
        self.fault(key, "missing" if value is None else "must be a date such as 2025-01-15")
        return date.min

    def published(self, key: str) -> str:
        """A day, month or year: "2025-01-15", "2025-01" or "2025"."""
        value = self.text(key)
        if value and not _PUBLISHED.fullmatch(value):
            self.fault(key, 'must be a day, month or year such as "2025-01"')
        return value

    def count(self, key: str) -> int:
        """A whole number from 1."""
        value = self.values.get(key)
        if type(value) is int and value >= 1:
            return value
        self.fault(key, "missing" if value is None else "must be a whole number from 1")
        return 1

    def figure(self, key: str, *, required: bool = True) -> Decimal | None:
        """A plain decimal number above 0, exact: no exponent, no inf or nan."""
        value = self.values.get(key)
        if value is None:
            if required:
                self.fault(key, "missing")
            return None
        if type(value) is int:
            value = Decimal(value)
        if isinstance(value, Decimal) and value > 0 and len(value.as_tuple().digits) <= DIGITS:
            return value
        self.fault(key, f"must be a plain number above 0, of at most {DIGITS} digits")
        return None


def _text(value: object) -> str:
    if isinstance(value, NotPlain):
        return value.text
    return str(value).lower() if isinstance(value, bool) else str(value)
