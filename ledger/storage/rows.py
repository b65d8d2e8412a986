"""Reading a ledger's rows as text, in order and a piece at a time, alike in both databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    Table,
    Text,
    cast,
    func,
    literal,
)

from ledger.storage.chain import US

# How many rows are held at a time.
PIECE = 20_000


def streamed(connection: Connection, query: Executable) -> Iterator[Any]:
    """The rows of a query, fetched a piece at a time."""
    for piece in pieces(connection, query):
        yield from piece


def pieces(connection: Connection, query: Executable) -> Iterator[Sequence[Any]]:
    """The rows of a query by lists of PIECE at most, never held all at once."""
    with connection.execute(query, execution_options={"yield_per": PIECE}) as result:
        yield from result.partitions()


def as_text(column: ColumnElement[Any]) -> ColumnElement[str | None]:
    """The column's value as the chain writes it, NULL staying NULL."""
    return column if isinstance(column.type, Text) else cast(column, Text)


def summed(value: ColumnElement[Any]) -> ColumnElement[int]:
    """The sum of a column, 0 over no rows."""
    return cast(func.coalesce(func.sum(value), 0), BigInteger)


def joined_text(columns: Iterable[ColumnElement[Any]], *before: str) -> ColumnElement[str]:
    """The columns' values joined by US, NULL as nothing; `before` stands ahead of them."""
    parts: list[ColumnElement[str]] = [literal(word, Text) for word in before]
    parts += [func.coalesce(as_text(column), "", type_=Text) for column in columns]
    return reduce(lambda left, right: left.concat(literal(US, Text)).concat(right), parts)


def named(table: Table, names: Sequence[str]) -> list[ColumnElement[Any]]:
    """The table's columns of these names."""
    return [table.c[name] for name in names]


class Pairs:
    """Rows that come by a rising first value, taken up to a key at a time."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._rows = iter(rows)
        self._next: Any = next(self._rows, None)

    def below(self, key: int) -> Iterator[Any]:
        """The rows not yet taken whose first value is less than `key`."""
        while self._next is not None and self._next[0] < key:
            row, self._next = self._next, next(self._rows, None)
            yield row


def differing(
    left: Iterable[tuple[Any, Any]], right: Iterable[tuple[Any, Any]]
) -> Iterator[tuple[Any, Any, Any]]:
    """Key, left and right value wherever two series, each by rising key, are not the same.

    A value is None where the series has no such key.
    """
    lefts, rights = iter(left), iter(right)
    a, b = next(lefts, None), next(rights, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a[0] < b[0]):
            assert a is not None
            yield a[0], a[1], None
            a = next(lefts, None)
        elif a is None or b[0] < a[0]:
            yield b[0], None, b[1]
            b = next(rights, None)
        else:
            if a[1] != b[1]:
                yield a[0], a[1], b[1]
            a, b = next(lefts, None), next(rights, None)
