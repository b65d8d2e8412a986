"""A report's columns: what each holds, told by its name and type, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_FORMULA = "('=', '+', '-', '@', chr(9), chr(10), chr(13))"


class Kind(StrEnum):
    """What a column holds."""

    AMOUNT = "amount"  # whole milli-TPP; named *_mtpp, and *_tpp where it is written as text
    DAY = "day"
    COUNT = "count"
    NUMBER = "number"  # names something, and so is never grouped: seq, submission, ordinal
    PERCENT = "percent"
    TEXT = "text"


_SHORT = {"destination": "to", "effective": "day"}
_NUMBERS = ("seq", "submission", "ordinal")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an answer; `name` as the SQL gives it."""

    name: str
    kind: Kind

    @property
    def written(self) -> str:
        """Its name where amounts are decimal text: `remaining_tpp` for `remaining_mtpp`."""
        return self.name.removesuffix("_mtpp") + "_tpp" if self.kind is Kind.AMOUNT else self.name

    @property
    def heading(self) -> str:
        """Its name for people: "first critical", "used %", "remaining"."""
        name = self.name.removesuffix("_mtpp").removesuffix("_on")
        return _SHORT.get(name, name.replace("_percent", " %").replace("_", " "))

    @property
    def is_figure(self) -> bool:
        """Whether it is written flush right."""
        return self.kind in (Kind.AMOUNT, Kind.COUNT, Kind.NUMBER, Kind.PERCENT)


def columns_of(connection: duckdb.DuckDBPyConnection) -> tuple[Column, ...]:
    """The columns of the table `result`."""
    found = connection.execute("DESCRIBE result").fetchall()
    return tuple(Column(row[0], _kind(row[0], row[1])) for row in found)


def _kind(name: str, type_: str) -> Kind:
    if name.endswith("_mtpp"):
        return Kind.AMOUNT
    if name.endswith("_percent"):
        return Kind.PERCENT
    if type_ == "DATE":
        return Kind.DAY
    if type_ in ("BIGINT", "INTEGER", "SMALLINT"):
        return Kind.NUMBER if name.endswith(_NUMBERS) else Kind.COUNT
    return Kind.TEXT


def plain(column: Column) -> str:
    """SQL for a cell as exact text: what JSON, CSV and, save grouping, the table say."""
    if column.kind is Kind.AMOUNT:
        return _amount(column, "({})::VARCHAR")
    return f'"{column.name}"::VARCHAR'


def grouped(column: Column) -> str:
    """SQL for a cell as a table shows it: thousands grouped, control characters made visible."""
    name = f'"{column.name}"'
    if column.kind is Kind.AMOUNT:
        return _amount(column, "format('{{:,}}', {})")
    if column.kind is Kind.COUNT:
        return f"format('{{:,}}', {name})"
    if column.kind is Kind.TEXT:
        return f"regexp_replace({name}::VARCHAR, '[\\x00-\\x1f\\x7f-\\x9f]', '␣', 'g')"
    return plain(column)


def neutral(column: Column) -> str:
    """SQL for a cell of CSV: text that a spreadsheet would run as a formula gets a quote."""
    if column.kind is not Kind.TEXT:
        return plain(column)
    name = f'"{column.name}"::VARCHAR'
    return f"CASE WHEN left({name}, 1) IN {_FORMULA} THEN '''' || {name} ELSE {name} END"


def _amount(column: Column, whole: str) -> str:
    name = f'"{column.name}"'
    part = f"lpad((abs({name}) % 1000)::VARCHAR, 3, '0')"
    return (
        f"CASE WHEN {name} < 0 THEN '-' ELSE '' END || {whole.format(f'abs({name}) // 1000')}"
        f" || CASE WHEN {name} % 1000 = 0 THEN '' ELSE '.' || rtrim({part}, '0') END"
    )
