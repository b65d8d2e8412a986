"""A Parquet file as a relation of text: exact types exactly, doubles at 15 significant digits."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.intake.marks import DAY, NUMBER, TEXT, TRUTH
from ledger.intake.sniff import unusable
from ledger.intake.sql import Seen, quote
from ledger.intake.store import Problems, plainly, second
from schemas.manifest import literal

if TYPE_CHECKING:
    import duckdb

_AS_THEY_ARE = ("VARCHAR", "ENUM", "DATE", "DECIMAL", "UUID")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_BROKEN = ("FLOAT", "DOUBLE")
# An exact number that is declared with places behind the point, as "DECIMAL(38,9)".
_PLACES = re.compile(r"DECIMAL\([0-9]+,[1-9][0-9]*\)")
# The type of a column without any value, and what DuckDB calls the number of a row.
_EMPTY, _NUMBER = '"NULL"', "file_row_number"
_BATCH = 1_000
# Rows taken in with one statement, as of a CSV file.
PIECE = 1_000_000


def _mark(type_: str) -> str:
    """What the cells of a column of that type are beside their text; an instant is no day."""
    if type_.startswith((*_BROKEN, *_WHOLE, "DECIMAL", "U")) and type_ != "UUID":
        return NUMBER
    if type_.startswith(("DATE", "TIMESTAMP")) and "ZONE" not in type_:
        return DAY
    return TRUTH if type_ == "BOOLEAN" else TEXT


class ParquetSource:
    """A Parquet file. Raises Unusable for one cut short, or with columns that are no cells."""

    delimiter = b","
    line = 1
    rejected = 0

    def __init__(self, path: Path, con: duckdb.DuckDBPyConnection) -> None:
        import duckdb

        self._path = path
        self._con = con
        file = quote(literal(str(path)))
        told = "file_row_number = true, hive_partitioning = false"
        self._scan = f"read_parquet({file}, {told})"
        try:
            self.headings = self._names(file)
            described = con.execute(f"DESCRIBE FROM {self._scan}").fetchall()
            counted = con.execute(f"SELECT count(*) FROM {self._scan}").fetchone()  # noqa: S608
        except duckdb.Error as error:
            said = str(error).split("\n")[0]
            reason = f"cannot be read as Parquet; it may have been cut short ({said})"
            raise unusable(path, reason) from None
        columns = [(name, type_) for name, type_, *_ in described if name != _NUMBER]
        self._texts = [self._text(name, type_) for name, type_ in columns]
        self.marks = "".join(_mark(type_) for _, type_ in columns)
        self.rows = counted[0] if counted else 0
        self.digest = ""
        self.seen = Seen(marked=True)

    def _names(self, file: str) -> list[str]:
        """The columns' own names: of two that are alike but for case DuckDB renames one."""
        ask = f"SELECT name, num_children FROM parquet_schema({file})"  # noqa: S608
        (_, left), *others = self._con.execute(ask).fetchall()
        names, inside = [], 0
        for name, children in others:
            if not inside:
                names.append(name)
            inside += (children or 0) - bool(inside)
        assert len(names) == left
        if _NUMBER in {name.lower() for name in names}:
            raise unusable(self._path, f'a column cannot be called "{_NUMBER}"; rename it')
        return names

    def _text(self, name: str, type_: str) -> str:
        no_cell = f'column "{name}" is of type {type_}, which is no cell of text'
        if type_.endswith("]"):
            raise unusable(self._path, no_cell)
        column = '"' + name.replace('"', '""') + '"'
        if type_.startswith(_BROKEN):
            # Of 32 bits, 30000.15 is 30000.150390625: the digits it was written with are fewer.
            digits = f"CAST({column} AS VARCHAR)" if type_ == "FLOAT" else column
            wide = f"CASE WHEN {column} = trunc({column}) THEN CAST({column} AS DOUBLE)"
            plain = f"printf('%.15g', {wide} ELSE CAST({digits} AS DOUBLE) END)"
            # A whole number of 15 digits or more is written with an exponent: spell it out.
            whole = f"CAST(CAST({column} AS HUGEINT) AS VARCHAR)"
            large = f"abs({column}) >= 1e15 AND abs({column}) < 1e30"
            # What is no number is said first: it is larger than all, and where a file says that it
            # has none as large as 1e30 DuckDB does not ask.
            none = f"isnan({column}) THEN 'nan'"
            return f"CASE WHEN {none} WHEN {large} THEN {whole} ELSE {plain} END"
        if type_.startswith("TIMESTAMP") and "ZONE" not in type_:
            day = f"CAST(CAST({column} AS DATE) AS VARCHAR)"
            midnight = f"{column} = date_trunc('day', {column})"
            return f"CASE WHEN {midnight} THEN {day} ELSE CAST({column} AS VARCHAR) END"
        if "ZONE" in type_ and type_.startswith("TIMESTAMP"):
            # As of UTC, wherever the machine stands.
            return f"CAST(make_timestamp(epoch_us({column})) AS VARCHAR) || '+00'"
        if _PLACES.fullmatch(type_):
            text = f"CAST({column} AS VARCHAR)"
            whole = f"{column} = trunc({column}) THEN rtrim(rtrim({text}, '0'), '.')"
            return f"CASE WHEN {whole} ELSE {text} END"
        if type_ == _EMPTY:
            return "CAST(NULL AS VARCHAR)"
        if type_.startswith((*_AS_THEY_ARE, *_WHOLE, "U")):
            return f"CAST({column} AS VARCHAR)"
        if type_.startswith(("BOOLEAN", "TIME")):
            return f"CAST({column} AS VARCHAR)"
        raise unusable(self._path, no_cell)

    def stage(self, _folder: Path, _problems: Problems, /) -> Iterator[str]:
        """The relation itself, in ranges of rows: nothing is copied."""
        with self._path.open("rb") as stream:
            self.digest = hashlib.file_digest(stream, "sha256").hexdigest()
        starts = range(0, max(self.rows, 1), PIECE)
        within = "file_row_number >= {} AND file_row_number < {}"
        for at in starts:
            yield f"({self._select()} WHERE {within.format(at, at + PIECE)})"

    def _select(self) -> str:
        texts = ", ".join(f"{text} AS c{i}" for i, text in enumerate(self._texts))
        number = "file_row_number + 1"
        numbered = f"SELECT {number} AS row, {number} AS line"
        return f"{numbered}, {texts}, {quote(self.marks)} AS marks FROM {self._scan}"

    def cells(self) -> Iterator[tuple[int, int, Sequence[str], str]]:
        """Every row again in order: number, line (the same), cells, their marks."""
        cursor = second(self._con)
        with plainly():
            found = cursor.execute(f"SELECT * FROM ({self._select()}) ORDER BY row")  # noqa: S608
            while rows := found.fetchmany(_BATCH):
                for row, line, *cells, marks in rows:
                    yield row, line, ["" if cell is None else cell for cell in cells], marks

    def ended(self) -> None:
        """Nothing was made for the relation."""
