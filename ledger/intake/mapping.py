"""A mapping file: how a file with other headings, words and number forms becomes ours.

docs/import.md shows every key. What a mapping says of one cell is done here, in Python, once for
each distinct cell of a column.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Context, Decimal
from functools import cache
from pathlib import Path
from time import strptime
from typing import Any

from ledger.intake.cells import BLANKS, Wrong, checked, source_of, visible
from ledger.intake.marks import DAY, NUMBER, TEXT, WRONG
from ledger.intake.words import near
from schemas.problems import Problem, Unusable

_TOP = ("source", "file", "columns", "fixed", "filter", "values", "number")
_FILE = ("delimiter", "sheet", "date_format", "decimal_comma", "metadata")
_FILTER = ("name", "column", "keep", "drop", "empty")
_COLUMN = ("columns", "join")
_NUMBERS = ("round_15_digits",)
_DELIMITERS = (",", ";", "\t", "|")
_FIFTEEN = Context(prec=15)
# What a form of days has where it says the time of day.
_TIMES = ("%H", "%I", "%X", "%c")
# Numbers of a form of days that nothing parts, and how many digits each has.
_TOGETHER = re.compile(r"(?:%[YGymdjHIMSUWVuw]|[0-9]){2,}")
_DIGITS = {"%Y": 4, "%G": 4, "%j": 3, "%u": 1, "%w": 1}
_ONE = re.compile(r"%.|[0-9]")
# A day to try a form of days on; with a time zone, since a form may have one.
_TRIED = datetime(2034, 11, 25, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Filter:
    """Leaves rows out by one of their columns: only what is in `keep`, nothing of `drop`.

    `empty` True keeps only rows where the cell is empty, False only rows where it is filled.
    """

    name: str
    column: str
    keep: frozenset[str] | None = None
    drop: frozenset[str] = frozenset()
    empty: bool | None = None

    def lets_through(self, cell: str | None) -> bool:
        """Whether a row with that cell stays in."""
        word = (cell or "").strip(BLANKS)
        if self.empty is not None and self.empty is bool(word):
            return False
        return word not in self.drop and (self.keep is None or word in self.keep)


@dataclass(frozen=True, slots=True)
class Columns:
    """Their headings for one of ours: the first filled one, or all filled ones joined."""

    headings: tuple[str, ...]
    join: str | None = None


@dataclass(frozen=True, slots=True)
class MapFile:
    """A mapping file as read; empty, it changes nothing. `metadata` None keeps every column."""

    source: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    date_formats: tuple[str, ...] = ()
    decimal_comma: bool = False
    metadata: tuple[str, ...] | None = None
    columns: Mapping[str, Columns] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    filters: tuple[Filter, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)

    def changes(self, name: str, is_date: bool, is_number: bool) -> bool:
        """Whether cells of our heading `name` are rewritten before they are read."""
        return (
            name in self.values
            or name in self.numbers
            or (is_date and bool(self.date_formats))
            or (is_number and self.decimal_comma)
        )

    def rewritten(
        self, name: str, cell: str, is_date: bool, is_number: bool, mark: str = TEXT
    ) -> str:
        """The cell of our heading `name` in our form. A true day is in no form but its own, nor a
        true number. Raises Wrong for a day in no known form, and for a cell that is none.
        """
        word = self.values.get(name, {}).get(cell.strip(BLANKS))
        if word is not None:
            cell, mark = word, TEXT
        if mark in WRONG:
            raise Wrong(WRONG[mark])
        if is_date and self.date_formats and cell.strip(BLANKS):
            cell = (
                self._its_day(cell) if mark == DAY else _day(cell.strip(BLANKS), self.date_formats)
            )
        if is_number and self.decimal_comma and mark != NUMBER:
            cell = _point(cell)
        return _rounded(cell) if name in self.numbers else cell

    def _its_day(self, cell: str) -> str:
        """A true day; of one with a time the day alone, where a form says the time beside it."""
        timed = any(part in form for form in self.date_formats for part in _TIMES)
        return cell[: len("2034-11-25")] if timed else cell

    def as_theirs(self, cell: str, is_date: bool, is_number: bool, mark: str) -> str:
        """A true day or number as a text that this mapping reads as the same."""
        if is_date and mark == DAY:
            written = (_written(cell, form) for form in self.date_formats)
            return next((text for text in written if self._means(text, cell)), cell)
        if is_number and mark == NUMBER and self.decimal_comma:
            return cell.replace(".", ",")
        return cell

    def _means(self, text: str, day: str) -> bool:
        try:
            return _day(text, self.date_formats) == self._its_day(day)
        except Wrong:
            return False


def _day(cell: str, formats: tuple[str, ...]) -> str:
    for form in formats:
        try:
            day = strptime(cell, form)
        except ValueError:
            continue
        if not _widths(form) <= {len(digits) for digits in re.findall("[0-9]+", cell)}:
            continue
        return f"{day.tm_year:04d}-{day.tm_mon:02d}-{day.tm_mday:02d}"
    raise Wrong(f"is not a day written {' or '.join(formats)}, as the mapping file says")


@cache
def _widths(form: str) -> frozenset[int]:
    """How many digits stand together wherever a form has numbers with nothing between.

    Python reads 2025111 as a day of November, though January is as good: where a digit is
    missing, nobody can tell which.
    """
    if "%f" in form:  # as many digits as there are
        return frozenset()
    runs = (_ONE.findall(run) for run in _TOGETHER.findall(form))
    return frozenset(sum(_digits(one) for one in run) for run in runs)


def _digits(one: str) -> int:
    return _DIGITS.get(one, 2) if one.startswith("%") else 1


def _written(day: str, form: str) -> str:
    """That day in a form; a cell that is no day is written as it is."""
    try:
        return datetime.fromisoformat(day).strftime(form)
    except ValueError:
        return day


def _why_no_form(form: str) -> str | None:
    """Why no cell can be a day in that form, None where one can."""
    try:
        read = strptime(_TRIED.strftime(form), form)
    except (ValueError, re.error) as error:
        return f"is no form of a day: {error}"
    return None if read.tm_year == _TRIED.year else "is no form of a day: it has no year"


def _point(cell: str) -> str:
    if "." in cell:
        raise Wrong("has a point, where the mapping file says decimal_comma")
    return cell.replace(",", ".")


def _rounded(cell: str) -> str:
    """A plain decimal at 15 significant digits, as far as a double carries them."""
    if len(cell) > 40 or not cell.replace(".", "", 1).isdecimal() or not cell.isascii():
        return cell
    text = format(_FIFTEEN.create_decimal(Decimal(cell)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def load_map(path: Path) -> MapFile:
    """Read a mapping file. Raises Unusable naming every key that is not one of ours."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unusable(Problem(path.name, 0, 0, "", "", f"not a TOML file: {error}")) from None
    except RecursionError:
        reason = "not a TOML file: it is nested too deep to be read"
        raise Unusable(Problem(path.name, 0, 0, "", "", reason)) from None
    reader = _Reader(path.name)
    mapping = reader.map_file(table)
    if reader.problems:
        raise Unusable(*reader.problems)
    return mapping


class _Reader:
    """Takes the tables of a mapping file apart, and notes all that is wrong."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def wrong(self, key: str, value: object, reason: str, known: tuple[str, ...] = ()) -> None:
        nearest = near(str(value), known) if known else ()
        self.problems.append(Problem(self.file, 0, 0, key, str(value), reason, nearest))

    def strict(self, table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
        for key in table:
            if key not in known:
                self.wrong(where, key, f"no such key; known are {', '.join(known)}", known)

    def table(self, parent: Mapping[str, Any], key: str) -> dict[str, Any]:
        value = parent.get(key, {})
        if isinstance(value, dict):
            return value
        self.wrong(key, value, "must be a table")
        return {}

    def text(self, value: object, where: str) -> str:
        if not isinstance(value, str):
            self.wrong(where, value, "must be text in quotes")
        return str(value)

    def texts(self, value: object, where: str) -> tuple[str, ...]:
        if isinstance(value, list):
            return tuple(self.text(v, where) for v in value)
        return (self.text(value, where),)

    def cell(self, value: object, where: str) -> str:
        """Text that goes into rows: it has to be what a cell may be, and blanks around it go."""
        text = self.text(value, where).strip(BLANKS)
        try:
            return visible(checked(text))
        except Wrong as wrong:
            self.wrong(where, text, wrong.reason)
            return text

    def filled(self, value: object, where: str) -> str:
        """Such text, which may not be empty."""
        text = self.cell(value, where)
        if not text:
            self.wrong(where, "", "is empty; leave the line out")
        return text

    def source(self, table: Mapping[str, Any]) -> str | None:
        """The source, a name like any other part of the key."""
        if "source" not in table:
            return None
        text = self.text(table["source"], "source")
        try:
            source = source_of(text)
        except Wrong as wrong:
            self.wrong("source", text, wrong.reason)
            return None
        if source is None:
            self.wrong("source", "", "is empty; leave the line out")
        return source

    def date_formats(self, file: Mapping[str, Any]) -> tuple[str, ...]:
        where = "file.date_format"
        formats = self.texts(file.get("date_format", []), where)
        for form in formats:
            if reason := _why_no_form(form):
                self.wrong(where, form, reason)
        return formats

    def fixed(
        self, table: Mapping[str, Any], values: Mapping[str, Mapping[str, str]]
    ) -> dict[str, str]:
        """The fixed values; one that [values] empties would say nothing, and hide a column."""
        fixed = {key: self.filled(value, f"fixed.{key}") for key, value in table.items()}
        for key, text in fixed.items():
            if text and values.get(key, {}).get(text) == "":
                self.wrong(f"fixed.{key}", text, f"is made empty by [values.{key}]")
        return fixed

    def map_file(self, table: dict[str, Any]) -> MapFile:
        self.strict(table, _TOP, "")
        file = self.table(table, "file")
        self.strict(file, _FILE, "file")
        numbers = {k: self.number(k, v) for k, v in self.table(table, "number").items()}
        words = self.table(table, "values")
        values = {key: self.words(key, words) for key in words}
        columns, fixed = self.table(table, "columns"), self.table(table, "fixed")
        for key in columns.keys() & fixed.keys():
            self.wrong(key, "", "stands in [columns] and in [fixed]; one of them, not both")
        return MapFile(
            source=self.source(table),
            delimiter=self.delimiter(file),
            sheet=self.text(file["sheet"], "file.sheet") if "sheet" in file else None,
            date_formats=self.date_formats(file),
            decimal_comma=self.flag(file.get("decimal_comma", False), "file.decimal_comma"),
            metadata=self.metadata(file),
            columns={k: self.columns(k, v) for k, v in columns.items()},
            fixed=self.fixed(fixed, values),
            filters=tuple(self.filter(f) for f in self.filters(table)),
            values=values,
            numbers=numbers,
        )

    def flag(self, value: object, where: str) -> bool:
        if not isinstance(value, bool):
            self.wrong(where, value, "must be true or false")
        return value is True

    def delimiter(self, file: Mapping[str, Any]) -> str | None:
        value = file.get("delimiter")
        if value is not None and value not in _DELIMITERS:
            self.wrong("file.delimiter", value, 'must be one of "," ";" "\\t" "|"')
        return value

    def metadata(self, file: Mapping[str, Any]) -> tuple[str, ...] | None:
        value = file.get("metadata", True)
        if isinstance(value, bool):
            return None if value else ()
        return self.texts(value, "file.metadata")

    def number(self, key: str, value: object) -> str:
        if value not in _NUMBERS:
            self.wrong(f"number.{key}", value, f"no such rule for numbers; known is {_NUMBERS[0]}")
        return str(value)

    def columns(self, key: str, value: object) -> Columns:
        where = f"columns.{key}"
        if not isinstance(value, dict):
            headings = self.texts(value, where)
            if not headings:
                self.wrong(where, "", f'must name their headings: {key} = ["..."]')
            return Columns(headings)
        self.strict(value, _COLUMN, where)
        headings = self.texts(value.get("columns", []), where)
        if not headings:
            self.wrong(where, "", 'must name their headings: columns = ["..."]')
        join = self.text(value.get("join", " "), where)
        self.cell(join, f"{where}.join")  # blanks in it are meant
        return Columns(headings, join)

    def filters(self, table: Mapping[str, Any]) -> list[dict[str, Any]]:
        value = table.get("filter", [])
        if isinstance(value, list) and all(isinstance(f, dict) for f in value):
            return value
        self.wrong("filter", value, "must be written [[filter]]")
        return []

    def filter(self, table: Mapping[str, Any]) -> Filter:
        self.strict(table, _FILTER, "filter")
        column = self.text(table.get("column", ""), "filter.column")
        if not column:
            self.wrong("filter", table.get("name", ""), "must name a column")
        if not {"keep", "drop", "empty"} & table.keys():
            self.wrong("filter", column, "must say keep, drop or empty")
        empty = table.get("empty")
        return Filter(
            name=self.filled(table["name"], "filter.name") if "name" in table else column,
            column=column,
            keep=self.kept(table["keep"], "filter.keep") if "keep" in table else None,
            drop=self.kept(table.get("drop", []), "filter.drop"),
            empty=None if empty is None else self.flag(empty, "filter.empty"),
        )

    def kept(self, value: object, where: str) -> frozenset[str]:
        """The words of a filter, as the cells they are compared with are."""
        return frozenset(word.strip(BLANKS) for word in self.texts(value, where))

    def words(self, key: str, values: Mapping[str, Any]) -> dict[str, str]:
        table = self.table(values, key)
        words: dict[str, str] = {}
        for theirs, ours in table.items():
            word = theirs.strip(BLANKS)  # as the cell is, when it is looked up
            if word in words:
                self.wrong(f"values.{key}", word, "stands twice")
            words[word] = self.cell(ours, f"values.{key}")
        return words
