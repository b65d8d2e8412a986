"""A file in: its rows with types in a temporary database, and every problem in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import closing
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.intake import names, rejects, repeats
from ledger.intake.ahead import Ahead
from ledger.intake.beginnings import further_down
from ledger.intake.cells import BLANKS, Wrong, checked, source_of, visible
from ledger.intake.csvfile import headings_of
from ledger.intake.guard import as_it_was
from ledger.intake.headings import FEWEST_KNOWN, Plan, known_in, plan_of
from ledger.intake.mapping import MapFile, load_map
from ledger.intake.marks import UNKNOWN
from ledger.intake.parquetfile import ParquetSource
from ledger.intake.rows import Rejected, Row
from ledger.intake.setting import ChipFact, Setting
from ledger.intake.sniff import Format, format_of, unusable
from ledger.intake.sql import ASK, FILTERED, GOOD, Seen, Statement
from ledger.intake.staging import CsvSource, Source, XlsxSource
from ledger.intake.store import (
    BATCH,
    Problems,
    Workspace,
    insert,
    open_store,
    plainly,
    problem_of,
    second,
)
from ledger.intake.xlsxfile import XlsxFile
from ledger.storage.interrupts import stoppable
from schemas.fields import Type
from schemas.kinds import FileKind
from schemas.problems import Problem, Unusable
from schemas.records import GIVEN_TYPES

if TYPE_CHECKING:
    import duckdb

EMPTY_ROW = "empty row"
# A row's values in the order of their columns.
_VALUES = attrgetter(*GIVEN_TYPES)
_VALUE_TYPES = {
    Type.DATE: "DATE",
    Type.COUNT: "BIGINT",
    Type.AMOUNT: "BIGINT",
    Type.MONEY: "BIGINT",
}


class Intake:
    """A file that was read. Of its `rows`, each is good, rejected, repeated or filtered.

    `con` is a DuckDB connection with the table `given` (the columns of GIVEN_TYPES, one row for
    each good row, in no order) and the table `problem`. `filtered` counts the rows each filter of
    the mapping left out, and those with nothing in them. `warnings` are sentences for a person.
    """

    def __init__(self, path: Path, workspace: Workspace) -> None:
        self.path = path
        self.rows = 0
        self.rejected = 0
        self.repeated = 0
        self.filtered: dict[str, int] = {}
        self.warnings: list[str] = []
        self.file_digest = ""
        self.con, self._folder = open_store(workspace)
        self.connections = [self.con]
        self._problems = Problems(self.cursor())
        self._how: tuple[Source, Plan, Row] | None = None

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A second connection, to read while the first one writes."""
        self.connections.append(second(self.con))
        return self.connections[-1]

    @property
    def good(self) -> int:
        """Rows that were understood, each key counted once."""
        return self.rows - self.rejected - self.repeated - sum(self.filtered.values())

    def problems(self, limit: int | None = None) -> list[Problem]:
        """The problems in the order of the file, the first `limit` of them."""
        sql = 'SELECT line, row, "column", value, reason, nearest FROM problem ORDER BY row, rowid'
        with plainly():
            found = self.con.execute(sql if limit is None else f"{sql} LIMIT {int(limit)}")
            return [problem_of(self.path.name, row) for row in found.fetchall()]

    def write_rejects(self, path: Path) -> int:
        """Write the rejected rows as they were, with line and problems; returns how many."""
        assert self._how
        return rejects.write(path, self.con, *self._how)

    def close(self) -> None:
        """Close the database and remove what it wrote."""
        for connection in self.connections:
            connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def fill(self, reader: Row, mapping: MapFile, setting: Setting) -> None:
        """Read the file into `given` and `problem`."""
        told = setting.progress or _silent
        source = self._open(mapping, setting)
        plan = self._planned(source, reader, mapping)
        self._how = source, plan, reader
        looked_up = _Lookups(self, reader, plan)
        pieces = Ahead(source.stage(self._folder, self._problems))
        # One transaction: what is committed piece by piece is not spilled in time, and an import
        # beyond the memory limit fails; rows not yet committed are written out as others come.
        with closing(pieces), plainly():
            self.con.execute("BEGIN")
            for number, piece in enumerate(pieces):
                statement = Statement(reader, plan, source.seen)
                looked_up.fill(piece, statement)
                made = "INSERT INTO loaded" if number else "CREATE TABLE loaded AS"
                self.con.execute(f"{made} {statement.select(piece)}")
            self.con.execute("COMMIT")
        self.rows, self.rejected, self.file_digest = source.rows, source.rejected, source.digest
        told("checking", 0, self.rows)
        columns = ", ".join(f'"{name}"' for name in GIVEN_TYPES)
        view = f"SELECT {columns} FROM loaded WHERE state = {GOOD}"  # noqa: S608
        self.con.execute(f"CREATE VIEW given AS {view}")
        source.ended()
        self._count_filtered(plan)
        self._ask(reader, plan)
        self.repeated, differing = repeats.settle(self.con, reader, plan, self._problems)
        self.rejected += differing
        self._problems.flush()
        self._warn()
        told("checking", self.rows, self.rows)

    def _planned(self, source: Source, reader: Row, mapping: MapFile) -> Plan:
        at = self.path.name, source.line
        try:
            return plan_of(source.headings, reader, mapping, at, source.marks)
        except Unusable:
            if line := further_down(source, mapping):
                reason = "holds the headings, it seems; remove what stands above"
                raise unusable(self.path, reason, line) from None
            raise

    def _open(self, mapping: MapFile, setting: Setting) -> Source:
        match format_of(self.path):
            case Format.PARQUET:
                return ParquetSource(self.path, self.con)
            case Format.XLSX:
                book = XlsxFile(self.path, mapping.sheet)
                if mapping.sheet is None:
                    self._warn_of_others(book, mapping)
                return XlsxSource(book, setting.progress)
            case Format.CSV:
                known = headings_of(
                    self.path, mapping.delimiter, lambda found: known_in(found, mapping)
                )
                return CsvSource(known, setting.progress)

    def _warn_of_others(self, book: XlsxFile, mapping: MapFile) -> None:
        """Of a workbook with a sheet a month only one is read: say so."""
        if others := book.others(lambda found: known_in(found, mapping) >= FEWEST_KNOWN):
            named = ", ".join(f'"{name}"' for name in others)
            self.warnings.append(
                f'only the sheet "{book.sheet}" was read; of ours hold rows too: {named}'
                " (another is read where a mapping names it: sheet, under [file])"
            )

    def _count_filtered(self, plan: Plan) -> None:
        self.filtered = dict.fromkeys((rule.name for rule, _ in plan.filters), 0)
        sql = "SELECT state, count(*) FROM loaded WHERE state >= ? GROUP BY state"
        with plainly():
            counted = self.con.execute(sql, [FILTERED]).fetchall()
        for state, count in counted:
            self.filtered[plan.filters[state - FILTERED][0].name] += count

    def _ask(self, reader: Row, plan: Plan) -> None:
        """Read the rows that are not plainly good one by one: good after all, empty or rejected."""
        types = [*GIVEN_TYPES.values(), "SMALLINT", "VARCHAR[]"]
        asked = self.cursor()
        with plainly():
            found = asked.execute(
                f"SELECT row, file_line, cells FROM loaded WHERE state = {ASK}"  # noqa: S608
            )
        while True:
            with plainly():
                rows = found.fetchmany(BATCH)
            if not rows:
                break
            good = [values for row in rows if (values := self._answer(reader, plan, *row))]
            if good:
                insert(self.con, "loaded", types, good)
        asked.close()

    def _answer(
        self, reader: Row, plan: Plan, row: int, line: int, found: list[str | None]
    ) -> tuple[Any, ...] | None:
        cells, marks = found[: len(plan.headings)], "".join(map(str, found[len(plan.headings) :]))
        if plan.neutralised:
            cells = [as_it_was(c) if c else c for c in cells]
        unknown = any(mark in UNKNOWN for mark in marks)
        if not unknown and not any(cell and cell.strip(BLANKS) for cell in cells):
            self.filtered[EMPTY_ROW] = self.filtered.get(EMPTY_ROW, 0) + 1
            return None
        try:
            return (*_VALUES(plan.read(reader, cells, row, line, marks)), GOOD, None)
        except Rejected as rejected:
            self.rejected += 1
            for heading, cell, wrong in rejected.wrongs:
                self._problems.add(line, row, heading, cell, wrong)
            return None

    def _warn(self) -> None:
        if not self.rows:
            self.warnings.append("the file holds headings and no rows")
        if self.repeated:
            rows = "1 row repeats" if self.repeated == 1 else f"{self.repeated:,} rows repeat"
            self.warnings.append(f"{rows} an earlier row of the file word for word: counted once")
        self.warnings += names.spellings(self.con)


class _Lookups:
    """Fills a table `look_<field>` with the meaning of each distinct cell, asked in Python."""

    def __init__(self, intake: Intake, reader: Row, plan: Plan) -> None:
        self._con = intake.con
        self._cursor = intake.cursor
        self._reader = reader
        self._plan = plan
        named = Statement(reader, plan, Seen()).looked_up
        self._types = {name: self._value_type(name) for name in named}
        self._known: dict[str, set[str]] = {name: set() for name in self._types}
        for name, type_ in self._types.items():
            sql = f"CREATE TABLE look_{name} (word VARCHAR, value {type_}, unit BIGINT)"
            self._con.execute(sql)

    def fill(self, relation: str, statement: Statement) -> None:
        """One pass over a piece for all fields together; a word is asked for once."""
        fields = statement.looked_up
        if not fields:
            return
        words = [statement.words(name) for name in fields]
        named = ", ".join(f"{word} AS w{i}" for i, word in enumerate(words))
        listed = ", ".join(f"w{i}" for i in range(len(words)))
        sets = ", ".join(f"(w{i})" for i in range(len(words)))
        reading = self._cursor()
        with plainly():
            found = reading.execute(
                f"SELECT {listed} FROM (SELECT {named} FROM {relation}) "  # noqa: S608
                f"GROUP BY GROUPING SETS ({sets})"
            )
        while True:
            with plainly():
                rows = found.fetchmany(BATCH)
            if not rows:
                break
            for index, name in enumerate(fields):
                self._keep(name, (row[index] for row in rows))
        reading.close()

    def _value_type(self, name: str) -> str:
        return _VALUE_TYPES.get(self._reader.slots[name].field.type, "VARCHAR")

    def _keep(self, name: str, words: Iterable[str | None]) -> None:
        known = self._known[name]
        new = [word for word in words if word and word not in known]
        known.update(new)
        answers = [(word, *answer) for word in new if (answer := self._ask(name, word))]
        if answers:
            insert(self._con, f"look_{name}", ["VARCHAR", self._types[name], "BIGINT"], answers)

    def _ask(self, name: str, word: str) -> tuple[Any, int | None] | None:
        slot = self._reader.slots[name]
        try:
            cell = self._plan.cell(slot, checked(word), self._plan.fields[name].mark)
            if not cell or not cell.strip(BLANKS):
                return None
            value = self._reader.reader(slot.field)(visible(checked(cell)))
        except Wrong:
            return None
        if isinstance(value, ChipFact):
            return value.key, value.unit_mtpp
        return value, None


def read(
    path: Path,
    file_kind: FileKind,
    setting: Setting,
    mapping: Path | MapFile | None = None,
    source: str | None = None,
    workspace: Workspace | None = None,
) -> Intake:
    """Read a CSV, XLSX or Parquet file of that kind into a database inside `workspace`.

    `source` overrides the mapping's; where neither is told, a row's source is its exporter.
    Raises Unusable where the file as a whole cannot be read or the source is no text for a cell,
    OSError where the disk is full or the memory does not suffice.
    """
    mapped = load_map(mapping) if isinstance(mapping, Path) else mapping or MapFile()
    reader = Row(file_kind, setting, _asked(source) or mapped.source)
    intake = Intake(path, workspace or Workspace(path.parent))
    try:
        with stoppable(intake.connections):
            intake.fill(reader, mapped, setting)
    except BaseException:
        intake.close()
        raise
    return intake


def _asked(source: str | None) -> str | None:
    try:
        return source_of(source)
    except Wrong as wrong:
        raise Unusable(Problem("--source", 0, 0, "", source or "", wrong.reason)) from None


def _silent(stage: str, done: int, total: int) -> None:
    pass
