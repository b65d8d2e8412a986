"""Checks of single values: their kinds, their form, and that what they point at is there."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    and_,
    exists,
    false,
    func,
    not_,
    or_,
    select,
)

from ledger.storage.check_spoilt import Fail, Guarded
from ledger.storage.rows import as_text
from schemas import tables as t

# Which column must find its value where. A movement's own `seq` comes with the chain's checks.
_POINTERS: tuple[tuple[Column[Any], Column[Any]], ...] = (
    (t.movement.c.exporter_no, t.party.c.party_no),
    (t.movement.c.consignee_no, t.party.c.party_no),
    (t.movement.c.parent_no, t.party.c.party_no),
    (t.movement.c.ruling_no, t.ruling.c.ruling_no),
    (t.movement.c.target_seq, t.movement.c.seq),
    (t.budget_step.c.budget_no, t.budget.c.budget_no),
    (t.entry.c.seq, t.movement.c.seq),
    (t.entry.c.budget_no, t.budget.c.budget_no),
    (t.finding.c.seq, t.movement.c.seq),
    (t.finding.c.budget_no, t.budget.c.budget_no),
    (t.balance.c.budget_no, t.budget.c.budget_no),
    (t.balance_day.c.budget_no, t.budget.c.budget_no),
    (t.licence_line.c.seq, t.movement.c.seq),
    (t.licence_line.c.budget_no, t.budget.c.budget_no),
    (t.standing.c.seq, t.movement.c.seq),
)


def check(connection: Connection, fail: Fail, guarded: Guarded) -> None:
    """Check values and references; each failure goes to `fail` under its invariant's name."""
    sqlite = connection.dialect.name == "sqlite"
    for table in t.metadata.sorted_tables:
        with guarded("values"):
            for row in connection.execute(_wrong_rows(table, sqlite)):
                said = f"{table.name} {_said(row)}"
                fail("values", f"{said} has a value of a wrong kind, or an empty one")
    for column, target in _POINTERS:
        with guarded("references"):
            _check_pointer(connection, column, target, fail)
    early = select(t.movement.c.seq).where(t.movement.c.target_seq >= t.movement.c.seq)
    with guarded("references"):
        for (seq,) in connection.execute(early.limit(100)):
            fail("references", f"movement {seq} points at one that is not recorded before it")


def _said(row: Any) -> str:
    return "/".join(value.hex() if isinstance(value, bytes) else str(value) for value in row)


# The queries are made once a process: making one costs more than running it on a small ledger.


@cache
def _wrong_rows(table: Table, sqlite: bool) -> Select[Any]:
    return select(*_key(table)).where(_wrong(table, sqlite)).limit(100)


def _key(table: Table) -> list[ColumnElement[Any]]:
    """The columns that name a row, days as text: what stands there may be no day."""
    return [as_text(c) if isinstance(c.type, Date) else c for c in table.primary_key.columns]


def _wrong(table: Table, sqlite: bool) -> ColumnElement[bool]:
    wrong = [column == "" for column in table.columns if isinstance(column.type, Text)]
    if sqlite:
        wrong += [not_(_right_type(column)) for column in table.columns]
    return or_(false(), *wrong)


def _right_type(column: Column[Any]) -> ColumnElement[bool]:
    """SQLite keeps any kind of value in any column: ask for the one the column is for."""
    kind = func.typeof(column)
    right: ColumnElement[bool]
    if isinstance(column.type, Date):
        # SQLite makes another day of one that the calendar has not, or none.
        right = and_(kind == "text", func.coalesce(func.date(column), "") == column)
    elif isinstance(column.type, LargeBinary):
        right = and_(kind == "blob", func.length(column) == column.type.length)
    elif isinstance(column.type, Integer):
        right = kind == "integer"
    else:
        right = kind == "text"
    return or_(kind == "null", right) if column.nullable else right


def _check_pointer(
    connection: Connection, column: Column[Any], target: Column[Any], fail: Fail
) -> None:
    for row in connection.execute(_lost_rows(column, target)):
        at, value = _said(row[:-1]), row[-1]
        fail(
            "references",
            f"{column.table.name} {at}: {column.name} {value} is no {target.table.name}",
        )


@cache
def _lost_rows(column: Column[Any], target: Column[Any]) -> Select[Any]:
    table, there = column.table, target.table.alias("there")
    lost = ~exists().where(there.c[target.name] == column).correlate(table)
    return select(*_key(table), column).where(column.is_not(None), lost).limit(100)
