"""The files of a regime as tables that are taken apart key by key, every fault being kept."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ledger.policy.dated import Citation
from ledger.policy.options import near
from schemas.problems import Problem

CITATION = ("source", "href", "published", "reviewed")
_AT_LINE = re.compile(r"\(at line (\d+)")
_PLAIN = re.compile(r"[+-]?[0-9_]+\.[0-9_]+")
_MISSING = object()


class Floating(str):
    """A figure written as a float (an exponent, inf, nan): refused wherever it stands."""

    __slots__ = ()


@dataclass
class Book:
    """The files by name, every problem found in them so far, and which are no TOML at all.

    `named`: of each CSV of limits, the name of every holder with the line where it first stands.
    """

    files: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    named: dict[str, dict[str, tuple[str, int]]] = field(default_factory=dict)
    _headers: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    _read: dict[str, dict[str, Any]] = field(default_factory=dict)

    def plain(self, name: str) -> str:
        """A file's text without the mark that some editors put before it."""
        return self.files[name].removeprefix("\ufeff")

    def headers(self, name: str) -> dict[str, list[int]]:
        """Where `[table]` and `[[tables]]` of a file begin: line numbers by heading, rising."""
        if name not in self._headers:
            found = self._headers[name] = defaultdict(list)
            for number, line in enumerate(self.plain(name).splitlines(), start=1):
                if (heading := line.strip()).startswith("["):
                    found[heading].append(number)
        return self._headers[name]

    def table(self, name: str) -> Table:
        """A TOML file as a table; an empty one, with its problem kept, where it cannot be read."""
        if name not in self._read:
            self._read[name] = self._parsed(name)
        return Table(self, name, self._read[name])

    def _parsed(self, name: str) -> dict[str, Any]:
        try:
            return tomllib.loads(self.plain(name), parse_float=_decimal)
        except tomllib.TOMLDecodeError as broken:
            found = _AT_LINE.search(str(broken))
            self.broken.append(name)
            self.add(name, int(found[1]) if found else 0, "", "", f"not TOML: {broken}")
            return {}
        except RecursionError:
            self.broken.append(name)
            self.add(name, 0, "", "", "not TOML: it is nested too deep to be read")
            return {}

    def add(self, file: str, line: int, column: str, value: str, reason: str) -> None:
        """Keep a problem."""
        self.problems.append(Problem(file, line, 0, column, value, reason))


def _decimal(text: str) -> Decimal | Floating:
    return Decimal(text.replace("_", "")) if _PLAIN.fullmatch(text) else Floating(text)


@dataclass
class Table:
    """One table of a file. What is taken is checked; `close` refuses what nobody took."""

    book: Book
    file: str
    data: dict[str, Any]
    start: int = 1
    parent: Table | None = None
    name: str = ""
    taken: set[str] = field(default_factory=set)

    def problem(self, key: str, value: object, reason: str, nearest: Iterable[str] = ()) -> None:
        """Keep a problem with one key."""
        said = "" if value is None else str(value)
        problem = Problem(self.file, self.line(key), 0, key, said, reason, tuple(nearest))
        self.book.problems.append(problem)

    def line(self, key: str = "") -> int:
        """The line of a key in the file, or of the table where the key stands nowhere."""
        wanted = re.compile(rf'\s*"?{re.escape(key)}"?\s*=') if key else None
        for number, text in self._lines(self.start):
            if wanted and wanted.match(text):
                return number
            if number > self.start and text.lstrip().startswith("[["):
                break
        return self.start

    def _lines(self, start: int) -> Iterable[tuple[int, str]]:
        lines = self.book.plain(self.file).splitlines()
        return enumerate(lines[start - 1 :], start=start)

    def _take(self, key: str, default: object) -> Any:
        self.taken.add(key)
        if key in self.data:
            return self.data[key]
        if default is _MISSING:
            self.problem(key, None, "missing")
        return default

    def _typed(self, key: str, default: Any, fits: Callable[[Any], bool], what: str) -> Any:
        value = self._take(key, default)
        if value is _MISSING or value is default:
            return value
        if isinstance(value, Floating):
            self.problem(key, value, "a float: write the figure out in digits")
        elif fits(value):
            return value
        else:
            self.problem(key, value, f"must be {what}")
        return _MISSING

    def text(self, key: str, default: Any = _MISSING) -> str:
        """A filled text; required unless a default is given."""
        value = self._typed(key, default, lambda v: isinstance(v, str) and v.strip() != "", "text")
        return "" if value is _MISSING else " ".join(value.split())

    def one_of(self, key: str, known: Iterable[str], default: Any = _MISSING) -> str:
        """A text that is one of the known words; the first known where it is not."""
        words = tuple(known)
        value = self.text(key, default)
        if value and value not in words and value != default:
            self.problem(key, value, "unknown", near(value, words) or words[:3])
            return words[0] if words else ""
        return value or (words[0] if words and default is _MISSING else "")

    def words(self, key: str, known: Iterable[str] | None = None) -> tuple[str, ...]:
        """A list of texts, each one of the known words where they are given; empty if absent."""

        def fits(value: Any) -> bool:
            return isinstance(value, list) and all(isinstance(v, str) and v for v in value)

        value = self._typed(key, [], fits, "a list of texts")
        found = () if value is _MISSING else tuple(value)
        if known is not None:
            choices = tuple(known)
            for word in found:
                if word not in choices:
                    self.problem(key, word, "unknown", near(word, choices))
        if len(set(found)) != len(found):
            self.problem(key, ", ".join(found), "names something twice")
        return found

    def flag(self, key: str) -> bool:
        """true or false; false if absent."""
        value = self._typed(key, False, lambda v: isinstance(v, bool), "true or false")
        return value is True

    def maybe_flag(self, key: str) -> bool | None:
        """true, false, or None if absent."""
        value = self._typed(key, None, lambda v: isinstance(v, bool), "true or false")
        return None if value is _MISSING else value

    def day(self, key: str, default: Any = _MISSING) -> date:
        """A day, as TOML writes them: 2025-05-15."""
        value = self._typed(key, default, is_day, "a day such as 2025-05-15")
        return date.min if value is _MISSING else value

    def maybe_day(self, key: str) -> date | None:
        """A day, or None if absent."""
        value = self.day(key, None)
        return None if value == date.min else value

    def whole(self, key: str, default: Any = _MISSING) -> int:
        """A whole number; required unless a default is given."""
        value = self._typed(key, default, _is_whole, "a whole number")
        return 0 if value is _MISSING else value

    def amount(self, key: str) -> Decimal | None:
        """An exact figure of zero or more: whole, or a decimal fraction written out."""
        value = self._typed(key, _MISSING, _is_figure, "a figure of zero or more")
        return None if value is _MISSING else Decimal(value)

    def texts(self, key: str) -> dict[str, str]:
        """A table of texts, in the file's order; empty if absent."""

        def fits(value: Any) -> bool:
            return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())

        value = self._typed(key, {}, fits, "a table of texts")
        return {} if value is _MISSING else dict(value)

    def sub(self, key: str) -> Table | None:
        """A table inside this one; None if absent."""
        value = self._typed(key, None, lambda v: isinstance(v, dict), "a table")
        if not isinstance(value, dict):
            return None
        return Table(self.book, self.file, value, self._header(f"[{self._path(key)}]", 0), self)

    def tables(self, key: str) -> list[Table]:
        """The tables `[[key]]` of this one, in order; none if absent."""

        def fits(value: Any) -> bool:
            return isinstance(value, list) and all(isinstance(v, dict) for v in value)

        value = self._typed(key, [], fits, f"tables [[{key}]]")
        rows = [] if value is _MISSING else value
        path = self._path(key)
        return [
            Table(self.book, self.file, row, self._header(f"[[{path}]]", place), self, path)
            for place, row in enumerate(rows)
        ]

    def _path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def _header(self, header: str, place: int) -> int:
        every = self.book.headers(self.file).get(header, [])
        found = every[bisect_left(every, self.start) :]
        return found[place] if place < len(found) else self.start

    def citation(self, section: Any = _MISSING) -> Citation:
        """Where this stands. What a table leaves out of it may stand at the top of its file."""
        section = self.text("section", section)
        place: dict[str, Any] = {key: self._cited(key) for key in CITATION}
        for key in ("published", "reviewed"):
            if place[key] is not None and not is_day(place[key]):
                self.problem(key, place[key], "must be a day such as 2025-05-15")
                place[key] = date.min
        for key in ("source", "href"):
            place[key] = str(place[key] or "")
        published, reviewed = (place[key] or date.min for key in ("published", "reviewed"))
        return Citation(section, place["source"], place["href"], published, reviewed)

    def _cited(self, key: str) -> Any:
        above: Table | None = self
        while above is not None:
            above.taken.add(key)
            if above.data.get(key):
                return above.data[key]
            above = above.parent
        self.problem(key, None, "missing citation")
        return None

    def close(self) -> None:
        """Refuse every key that nobody asked for, naming the nearest that is known."""
        for key in self.data:
            if key not in self.taken:
                self.problem(key, None, "unknown key", near(key, tuple(self.taken)))


def is_day(value: Any) -> bool:
    """Whether a value is a day, as TOML writes them, without a time."""
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_figure(value: Any) -> bool:
    return (_is_whole(value) or isinstance(value, Decimal)) and value >= 0
