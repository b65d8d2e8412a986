"""The rules of `ledger.intake.rows` as SQL: values, and whether a row is plainly good.

A row this SQL calls good is good with the same values in Python (a property test holds the two
equal); any other row is read again in Python, which has the last word.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.intake import cells
from ledger.intake.cells import BLANKS, USUAL_BLANKS
from ledger.intake.headings import Origin, Plan
from ledger.intake.marks import UNKNOWN
from ledger.intake.rows import LATER_DAYS, MUST_SAY_KIND, Row, is_lot
from schemas.fields import Field, Type
from schemas.kinds import LIMIT_CHANGES, FileKind
from schemas.records import GIVEN_TYPES
from schemas.whole import LARGEST_WHOLE

_LOOKED_UP = (Type.CHIP, Type.COUNTRY, Type.AUTHORIZATION, Type.KIND, Type.DATE)
_PATTERNS = {
    Type.COUNT: cells.COUNT,
    Type.MONEY: cells.MONEY,
    Type.PERCENT: cells.PERCENT,
}
# File kinds whose rows are all read in Python.
_BY_PYTHON = (FileKind.ACTS, FileKind.CORRECTIONS, FileKind.TRANSFERS)
# Where a row stands: not yet decided; good; rejected; a repeat of another. From FILTERED on, it
# was left out by the mapping's filter of that number, from 0.
ASK, GOOD, REJECTED, REPEATED, EMPTY, FILTERED = -1, 0, 1, 2, 3, 10


@dataclass(frozen=True, slots=True)
class Value:
    """A field in SQL: its value, its text for the details, and when it is plainly good."""

    value: str
    text: str
    good: str


def quote(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def trimmed(expression: str, odd_blanks: bool) -> str:
    """The text without the usual outer blanks, NULL where nothing is left."""
    if odd_blanks:
        return f"nullif(trim({expression}, {quote(USUAL_BLANKS)}), '')"
    return f"nullif(trim({expression}), '')"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the scan of the file saw, so that SQL need not look for what is not there.

    `marked` says that rows have their `marks` beside the cells (`ledger.intake.marks`).
    """

    odd: bool = True
    odd_blanks: bool = True
    marked: bool = False


class Statement:
    """The SQL that reads one file's rows under a plan."""

    def __init__(self, reader: Row, plan: Plan, seen: Seen) -> None:
        self.reader = reader
        self.plan = plan
        self.seen = seen
        self.looked_up = [name for name in plan.fields if self._is_looked_up(name)]

    def _is_looked_up(self, name: str) -> bool:
        origin, field = self.plan.fields[name], self._field(name)
        return origin.fixed is None and (origin.changed or field.type in _LOOKED_UP)

    def _field(self, name: str) -> Field:
        return self.reader.slots[name].field

    def raw(self, origin: Origin) -> str:
        """The text of a field as the file has it."""
        if len(origin.columns) == 1 and origin.join is None:
            return f"c{origin.columns[0]}"
        parts = ", ".join(trimmed(f"c{i}", self.seen.odd_blanks) for i in origin.columns)
        if origin.join is None:
            return f"coalesce({parts})"
        return f"nullif(concat_ws({quote(origin.join)}, {parts}), '')"

    def words(self, name: str) -> str:
        """The expression whose distinct values are looked up in Python for a field."""
        return self.raw(self.plan.fields[name])

    def select(self, relation: str) -> str:
        """Every row of `relation` with its values, `state`, and its `cells` where it is asked."""
        values = {name: self._value(name) for name in self.plan.fields}
        inner = [f"{v.value} AS v_{name}" for name, v in values.items()]
        inner += [f"({' AND '.join(self._good(values))}) AS plain"]
        inner += [f"{self._details(values)} AS details_text"]
        inner += ["l_chip.unit AS u_chip"] if "chip" in self.looked_up else []
        columns = ", ".join(f"c{i}" for i in range(len(self.plan.headings)))
        columns += ", marks" if self.seen.marked else ""
        inner_sql = (
            f"SELECT s.row, s.line, {columns}, {', '.join(inner)} "  # noqa: S608
            f"FROM {relation} s {' '.join(self._joins())}"
        )
        given = self._given(set(values))
        out = ", ".join(f"CAST({given[c]} AS {t}) AS {_q(c)}" for c, t in GIVEN_TYPES.items())
        state = f"CASE {self._filters()} WHEN {self._whole(set(values))} THEN {GOOD} ELSE {ASK} END"
        names = ", ".join(map(_q, GIVEN_TYPES))
        cells_asked = f"CASE WHEN state = {ASK} THEN [{columns}] END AS cells"
        return (
            f"SELECT {names}, state, {cells_asked} "  # noqa: S608
            f"FROM (SELECT {out}, CAST({state} AS SMALLINT) AS state, {columns} FROM ({inner_sql}))"
        )

    def _joins(self) -> Iterable[str]:
        for name in self.looked_up:
            yield f"LEFT JOIN look_{name} l_{name} ON l_{name}.word = {self.words(name)}"

    def _value(self, name: str) -> Value:
        origin, field = self.plan.fields[name], self._field(name)
        if origin.fixed is not None:
            return self._constant(name, self.plan.cell(self.reader.slots[name], origin.fixed))
        raw = self.raw(origin)
        if name in self.looked_up:
            value = f"l_{name}.value"
            return Value(value, value, f"({raw} IS NULL OR l_{name}.word IS NOT NULL)")
        return self._typed(field, raw)

    def _typed(self, field: Field, raw: str) -> Value:
        if field.type is Type.AMOUNT:
            signed = self.reader.kind is FileKind.ADJUSTMENTS
            pattern = cells.SIGNED_AMOUNT if signed else cells.AMOUNT
            value = _scaled(raw, 3, pattern)
            return Value(value, raw, f"({raw} IS NULL OR {value} IS NOT NULL)")
        if field.type in _PATTERNS:
            good = _matches(raw, _PATTERNS[field.type])
            if field.type is Type.COUNT:
                return Value(f"TRY_CAST({raw} AS BIGINT)", raw, good)
            if field.type is Type.MONEY:
                value = _scaled(raw, 2, cells.MONEY)
                return Value(value, raw, f"({raw} IS NULL OR {value} IS NOT NULL)")
            return Value(raw, raw, good)
        text = trimmed(raw, self.seen.odd_blanks)
        slot = self.reader.slots[field.name]
        named = slot.column or slot.also or field.type is Type.PARTY
        limit = cells.LONGEST_NAME if named else cells.LONGEST_CELL
        return Value(text, text, f"({raw} IS NULL OR strlen({raw}) <= {limit})")

    def _constant(self, name: str, text: str | None) -> Value:
        assert text
        value: Any = self.reader.reader(self._field(name))(text)
        key = getattr(value, "key", value)
        literal = str(key) if isinstance(key, int) else quote(str(key))
        return Value(f"DATE {literal}" if isinstance(key, date) else literal, literal, "TRUE")

    def _good(self, values: Mapping[str, Value]) -> list[str]:
        good = [v.good for v in values.values() if v.good != "TRUE"]
        for index in self.plan.metadata.values():
            good.append(f"(c{index} IS NULL OR strlen(c{index}) <= {cells.LONGEST_CELL})")
        if self.seen.marked:
            # One letter a cell: any but those that Python is asked about.
            letters = (f"[^{asked}]" if asked else "." for asked in self.plan.asked(self.reader))
            good.append(f"regexp_full_match(marks, {quote(''.join(letters))})")
        if self.seen.odd:
            used = {i for o in self.plan.fields.values() for i in o.columns}
            for index in sorted({*used, *self.plan.metadata.values()}):
                pattern = quote(cells.ODD)
                good.append(f"NOT coalesce(regexp_matches(c{index}, {pattern}), FALSE)")
        if self.plan.neutralised or self.reader.kind in _BY_PYTHON:
            # What these must say hangs on what else they say, and they are few.
            good.append("FALSE")
        return good or ["TRUE"]

    def _details(self, values: Mapping[str, Value]) -> str:
        texts = {
            name: value.text
            for name, value in values.items()
            if (slot := self.reader.slots[name]).also or not slot.column
        }
        for heading, index in self.plan.metadata.items():
            texts[heading] = trimmed(f"c{index}", self.seen.odd_blanks)
        if target := self.reader.shape.target:
            texts[target[1]] = f"coalesce({texts.get(target[1], 'NULL')}, '1')"
        if not texts:
            return "NULL"
        pairs = (
            f"{quote(json.dumps(key, ensure_ascii=False) + ':')} || "
            f"CAST(to_json(CAST({text} AS VARCHAR)) AS VARCHAR)"
            for key, text in sorted(texts.items())
        )
        return f"'{{' || nullif(concat_ws(',', {', '.join(pairs)}), '') || '}}'"

    def _filters(self) -> str:
        whens = []
        for number, (rule, index) in enumerate(self.plan.filters):
            word = f"coalesce({self._word(index)}, '')"
            out = ["FALSE"]
            if rule.keep is not None:
                out.append(f"{word} NOT IN ({', '.join(map(quote, sorted(rule.keep)))})")
            if rule.drop:
                out.append(f"{word} IN ({', '.join(map(quote, sorted(rule.drop)))})")
            if rule.empty is not None:
                out.append(f"{word} {'<>' if rule.empty else '='} ''")
            known = "TRUE"
            if self.seen.marked:
                known = f"NOT contains({quote(UNKNOWN)}, substr(marks, {index + 1}, 1))"
            whens.append(f"WHEN ({' OR '.join(out)}) AND {known} THEN {FILTERED + number}")
        return " ".join(whens)

    def _word(self, index: int) -> str:
        """A cell without any outer blanks, which takes long where it is not ASCII."""
        usual = trimmed(f"c{index}", True)
        if not self.seen.odd:
            return usual
        all_ = f"trim(c{index}, {quote(BLANKS)})"
        return f"CASE WHEN strlen(c{index}) = length(c{index}) THEN {usual} ELSE {all_} END"

    def _given(self, has: set[str]) -> dict[str, str]:
        """Each column of Given as an expression over the values."""
        reader = self.reader
        given = dict.fromkeys(GIVEN_TYPES, "NULL") | {"row": "row", "file_line": "line"}
        for name in sorted(has):
            if column := reader.slots[name].column:
                given[column] = f"v_{name}"
        if reader.shape.effective_on == "received_on":
            given["received_on"] = "NULL"
        given["line"] = f"coalesce({given['line']}, '1')"
        if reader.kind not in MUST_SAY_KIND:
            given["kind"] = f"coalesce({given['kind']}, {quote(reader.first_kind)})"
        if reader.shape.target:
            given["target_line"] = f"coalesce({given['target_line']}, '1')"
        self._authorize(given)
        given["source"] = self._source(given, has)
        given["details"] = "details_text"
        if is_lot(reader.shape):
            self._lot(given)
        return given

    def _authorize(self, given: dict[str, str]) -> None:
        licensed = quote(self.reader.licensed)
        if self.reader.kind in (FileKind.LICENCES, FileKind.APPLICATIONS):
            given["authorization"] = licensed
        elif self.reader.kind is FileKind.SHIPMENTS:
            licence = given["licence"]
            default = f"CASE WHEN {licence} IS NULL THEN 'unstated' ELSE {licensed} END"
            given["authorization"] = f"coalesce({given['authorization']}, {default})"
            line = f"CASE WHEN {licence} IS NOT NULL THEN '1' END"
            given["licence_line"] = f"coalesce({given['licence_line']}, {line})"

    def _source(self, given: Mapping[str, str], has: set[str]) -> str:
        if self.reader.source:
            return quote(self.reader.source)
        authority = "v_authority" if "authority" in has else "NULL"
        return f"coalesce({given['exporter']}, {authority}, 'ledger')"

    def _lot(self, given: dict[str, str]) -> None:
        if not self.reader.counts_chips:
            given["unit_mtpp"] = "NULL"
            return
        unit = given["unit_mtpp"] = self._unit()
        most = f"({LARGEST_WHOLE} // {unit})"
        given["amount_mtpp"] = f"CASE WHEN v_quantity <= {most} THEN v_quantity * {unit} END"

    def _unit(self) -> str:
        origin = self.plan.fields.get("chip")
        if origin is None:
            return "NULL"
        if origin.fixed is None:
            return "u_chip"
        return str(self.reader.words.chip(origin.fixed).unit_mtpp)

    def _whole(self, has: set[str]) -> str:
        """What must hold of the row as a whole for it to be plainly good."""
        good = ["plain"]
        good += [f"v_{name} IS NOT NULL" for name in self.reader.required]
        start = f"v_{self.reader.shape.effective_on}"
        for heading in LATER_DAYS:
            if heading in has and heading != self.reader.shape.effective_on:
                good.append(f"(v_{heading} IS NULL OR v_{heading} >= {start})")
        if is_lot(self.reader.shape):
            good += self._whole_lot(has)
        if self.reader.kind is FileKind.ADJUSTMENTS:
            good.append(_whole_change(has))
        return " AND ".join(good)

    def _whole_lot(self, has: set[str]) -> Iterable[str]:
        amount = "v_tpp"
        if self.reader.counts_chips:
            unit = self._unit()
            amount = f"CASE WHEN v_quantity <= {LARGEST_WHOLE} // {unit} "
            amount += f"THEN v_quantity * {unit} END"
            yield f"({amount}) IS NOT NULL"
            if "tpp" in has:
                yield f"(v_tpp IS NULL OR v_tpp = {amount})"
        else:
            yield "v_tpp > 0"
            if "chip" in has:
                yield "v_chip IS NULL"
        if {"unit_value_usd", "quantity"} <= has:
            value = "CAST(v_unit_value_usd AS HUGEINT) * v_quantity"
            yield f"coalesce({value} <= {LARGEST_WHOLE}, TRUE)"


def _whole_change(has: set[str]) -> str:
    tpp, percent = (f"v_{n}" if n in has else "NULL" for n in ("tpp", "percent"))
    kinds = ", ".join(quote(kind) for kind in LIMIT_CHANGES)
    once = f"({tpp} IS NULL) <> ({percent} IS NULL) AND coalesce({tpp} <> 0, TRUE)"
    return f"(v_kind NOT IN ({kinds}) OR ({once}))"


def _matches(raw: str, pattern: str) -> str:
    return f"({raw} IS NULL OR regexp_full_match({raw}, {quote(pattern)}))"


def _scaled(raw: str, places: int, pattern: str) -> str:
    # Only what matches is multiplied: DuckDB stops at an overflow, in a rejected row too.
    number = f"CAST(TRY_CAST({raw} AS DECIMAL(38, {places})) * {10**places} AS BIGINT)"
    return f"CASE WHEN regexp_full_match({raw}, {quote(pattern)}) THEN {number} END"


def _q(name: str) -> str:
    return f'"{name}"'
