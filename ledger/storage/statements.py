"""The statements of the posting path: written in SQLAlchemy Core, compiled once a dialect.

A statement compiled here is run on the driver's own cursor with positional values in the order
of `Statement.names`; SQLAlchemy's per-execution work would cost more than the database's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Select, Table, any_, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql.expression import ClauseElement

from ledger.storage.memory import Memory
from schemas import tables as t

T = TypeVar("T")
# How many keys one look-up asks for at most; fewer are padded to one of these, so that a handful
# of statements serves any number. PostgreSQL takes them as one value.
CHUNKS = (1, 8, 64, 500)
_ARRAY = 10_000
# From so many rows on PostgreSQL has them by COPY, and not one message a row.
_COPIED = 50


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text with the driver's own place marks, and the bind names in their order."""

    sql: str
    names: tuple[str, ...]


def _compile(statement: ClauseElement, dialect: str) -> Statement:
    if dialect == "sqlite":
        compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"))
    else:
        spoken = psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
        compiled = statement.compile(dialect=spoken)
    names = tuple(getattr(compiled, "positiontup", None) or ())
    return Statement(str(compiled), names)


@cache
def insert_row(dialect: str, table: Table) -> Statement:
    """Insert one row, every column in table order."""
    values: dict[str, Any] = {c.name: bindparam(c.name) for c in table.columns}
    statement = _compile(insert(table).values(values), dialect)
    assert statement.names == tuple(values), statement.names
    return statement


@cache
def update_row(dialect: str, table: Table, columns: tuple[str, ...]) -> Statement:
    """Set `columns` of the row with the given primary key: their values first, the key last."""
    (key,) = table.primary_key.columns
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    statement = _compile(update(table).values(values).where(key == bindparam("at")), dialect)
    assert statement.names == (*(f"new_{name}" for name in columns), "at"), statement.names
    return statement


@cache
def add_to_day(dialect: str) -> Statement:
    """Add to a budget's changes on a day: budget, day, and the amounts."""
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    table = t.balance_day
    new: Any = make(table).values({c.name: bindparam(c.name) for c in table.columns})
    statement = new.on_conflict_do_update(
        index_elements=[table.c.budget_no, table.c.on_day],
        set_={c.name: c + new.excluded[c.name] for c in table.columns if c.name.endswith("_mtpp")},
    )
    return _compile(statement, dialect)


@cache
def _look_up(dialect: str, table: Table, by: str, count: int) -> Statement:
    marks: list[Any] = [bindparam(f"k{n}") for n in range(count)]
    return _compile(select(table).where(table.c[by].in_(marks)), dialect)


def parts_of(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Values in their order, so many at a time."""
    return (values[begin : begin + size] for begin in range(0, len(values), size))


@cache
def _look_up_any(table: Table, by: str) -> Statement:
    column = table.c[by]
    keys = bindparam("keys", type_=postgresql.ARRAY(column.type))
    return _compile(select(table).where(column == any_(keys)), "postgresql")


@cache
def _copy_in(table: Table) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    return f"COPY {table.name} ({columns}) FROM STDIN"


@cache
def _compiled_select(dialect: str, statement: Select[Any]) -> Statement:
    return _compile(statement, dialect)


class Cursor:
    """The driver's cursor within a transaction, speaking these statements."""

    def __init__(self, driver_connection: Any, dialect: str, memory: Memory | None = None) -> None:
        self.dialect, self._memory = dialect, memory
        self.raw = driver_connection.cursor()

    def add(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows of every column in table order."""
        if not rows:
            return
        if self.dialect == "postgresql" and len(rows) >= _COPIED:
            with self.raw.copy(_copy_in(table)) as copy:
                for row in rows:
                    copy.write_row(row)
            return
        self._run(insert_row(self.dialect, table).sql, rows)

    def _run(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        if len(rows) == 1:
            self.raw.execute(sql, rows[0])
        else:
            self.raw.executemany(sql, rows)

    def change(self, table: Table, columns: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> None:
        """Set `columns`; each row holds their values and then the primary key."""
        if rows:
            self._run(update_row(self.dialect, table, columns).sql, rows)

    def add_days(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add to daily changes: (budget, day, room taken, pending, adjustment)."""
        if rows:
            self._run(add_to_day(self.dialect).sql, rows)

    def find(self, table: Table, by: str, keys: Iterable[Any]) -> list[tuple[Any, ...]]:
        """Every row whose column `by` holds one of `keys`, in no order."""
        wanted = list(keys)
        if len(wanted) == 1:
            one = self.raw.execute(_look_up(self.dialect, table, by, 1).sql, wanted)
            return list(one.fetchall())
        found: list[tuple[Any, ...]] = []
        if self.dialect == "postgresql":
            sql = _look_up_any(table, by).sql
            for part in parts_of(wanted, _ARRAY):
                found += self.raw.execute(sql, (part,)).fetchall()
            return found
        for part in parts_of(wanted, CHUNKS[-1]):
            size = next(c for c in CHUNKS if c >= len(part))
            part = [*part, *[part[-1]] * (size - len(part))]
            found += self.raw.execute(_look_up(self.dialect, table, by, size).sql, part).fetchall()
        return found

    def recall(self, key: object, make: Callable[[], T]) -> T:
        """What acts and declarations on record come to; kept where there is a memory for it.

        A cursor with a memory is for who reads before it writes any.
        """
        return make() if self._memory is None else self._memory.recall(key, make)

    def read(self, statement: Select[Any], *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a select; `values` fill its binds in their order."""
        return list(self.raw.execute(_compiled_select(self.dialect, statement).sql, values))


@cache
def largest(column: Any) -> Select[Any]:
    """The largest value of a column; NULL where the table is empty."""
    return select(func.max(column))
