"""How columns become rows of the ledger's tables: the SQL that copies them from a staged table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from schemas import tables as t

if TYPE_CHECKING:
    import pyarrow as pa


def insert_from(table: str, names: Sequence[str], source: str) -> str:
    """SQL that adds rows to a table as they stand in another."""
    columns = ", ".join(f'"{name}"' for name in names)
    # Without WHERE, SQLite would take an ON that follows for a join's.
    copied = f"SELECT {columns} FROM {source} WHERE true"  # noqa: S608
    return f"INSERT INTO {table} ({columns}) {copied}"


def update_from(table: str, names: Sequence[str], source: str) -> str:
    """SQL that puts columns into rows that are there."""
    keys = _keys(table)
    found = " AND ".join(f'c."{key}" = {table}."{key}"' for key in keys)
    columns = ", ".join(f'"{name}" = c."{name}"' for name in names if name not in keys)
    return f"UPDATE {table} SET {columns} FROM {source} c WHERE {found}"  # noqa: S608


def add_from(table: str, names: Sequence[str], source: str) -> str:
    """SQL that adds to the columns of rows that are there, and makes those that are not."""
    keys = _keys(table)
    sums = ", ".join(f'"{n}" = {table}."{n}" + excluded."{n}"' for n in names if n not in keys)
    return (
        f"{insert_from(table, names, source)} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sums}"
    )


def _keys(table: str) -> list[str]:
    return [column.name for column in t.metadata.tables[table].primary_key]


def columns_from(table: str, rows: Sequence[Sequence[Any]], names: Sequence[str] = ()) -> pa.Table:
    """Rows of a ledger table as columns, by name or all in its order; days are ISO text."""
    import pyarrow as pa

    named = names or columns_of(table)
    values = zip(*rows, strict=True) if rows else ((),) * len(named)
    each = zip(named, values, strict=True)
    return pa.table({name: _column(table, name, found) for name, found in each})


def _column(table: str, name: str, values: Sequence[Any]) -> pa.Array:
    import pyarrow as pa
    from sqlalchemy import Date, Integer

    kind = t.metadata.tables[table].columns[name].type
    if isinstance(kind, Integer):
        return pa.array(values, pa.int64())
    texts = pa.array(values, pa.string())
    return texts.cast(pa.date32()) if isinstance(kind, Date) else texts


def columns_of(table: str) -> tuple[str, ...]:
    """The columns of a ledger table, in its order."""
    return tuple(t.metadata.tables[table].columns.keys())
