"""One shipment, durable, in a process with the ledger open, against its bare SQL.

Three equal ledgers take the same shipments. One is timed; one writes down every statement with
its values as it goes; on the third those are run again by Python's sqlite3 alone, and timed.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

from bench import data, ledgers
from bench.processes import child
from bench.result import Figure, Result, Size, median

WARM_UP, ROUNDS = 30, 5
# A statement as it was run: its text, its values, whether for each of many.
Statement = tuple[str, Any, bool]


def run(size: Size) -> Result:
    """The median shipment in the ledger and bare, in turn by rounds."""
    base = ledgers.licensed(size.work, size.rows)
    copies = [ledgers.copied(base, size.work / f"ship-{name}.db") for name in "abc"]
    count = WARM_UP + size.single
    more = data.more(size.work, size.rows, size.rows, count)
    paths = [str(path) for path in copies]
    found = child("bench.one_shipment:measure", paths=paths, shipments=str(more)).value
    for path in copies:
        ledgers.remove(path)
    claim = f"one shipment, durable, in-process (median of {size.single})"
    figure = Figure(claim, median(found["ledger"]), median(found["bare"]), 2.5)
    note = f"{found['statements']:.0f} statements a shipment"
    return Result("one_shipment", (figure,), (note,), found)


def measure(paths: list[str], shipments: str) -> dict[str, Any]:
    """Seconds of each shipment in a ledger and bare."""
    from ledger.service.ledger import open_ledger

    timed, noted, bare = paths
    log: list[Statement] = []
    rows = list(_filled(shipments))
    took: list[float] = []
    again: list[float] = []
    statements = 0
    with (
        closing(sqlite3.connect(bare, isolation_level=None)) as connection,
        open_ledger(timed) as ledger,
        _noting(log),
        open_ledger(noted) as other,
    ):
        _run_again(connection, log)  # with the ledger's own settings
        for some in _rounds(rows):
            for row in some:
                began = perf_counter()
                ledger.ship(row)
                took.append(perf_counter() - began)
            for row in some:
                log.clear()
                other.ship(row)
                statements += len(log)
                again.append(_run_again(connection, log))
    _insist_equal(noted, bare)
    each = statements / len(rows)
    return {"ledger": took[WARM_UP:], "bare": again[WARM_UP:], "statements": each}


def _filled(path: str) -> Iterator[dict[str, str]]:
    with Path(path).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield {name: value for name, value in row.items() if value}


def _rounds(rows: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    step = -(-len(rows) // ROUNDS)
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


class _Cursor(sqlite3.Cursor):
    """A cursor that notes what it runs."""

    def execute(self, sql: str, parameters: Any = ()) -> Any:
        """Note and run."""
        self.connection.log.append((sql, parameters, False))  # type: ignore[attr-defined]
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any]) -> Any:
        """Note and run."""
        rows = list(parameters)
        self.connection.log.append((sql, rows, True))  # type: ignore[attr-defined]
        return super().executemany(sql, rows)


class _Connection(sqlite3.Connection):
    """A connection whose statements are noted, commits included."""

    log: list[Statement]

    def cursor(self, *_: Any) -> Any:
        """A cursor that notes what it runs."""
        return super().cursor(_Cursor)

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        """Note and run."""
        cursor: sqlite3.Cursor = self.cursor().execute(sql, parameters)
        return cursor

    def commit(self) -> None:
        """Note and commit."""
        if self.in_transaction:
            self.log.append(("COMMIT", (), False))
        super().commit()

    def rollback(self) -> None:
        """Note and roll back."""
        if self.in_transaction:
            self.log.append(("ROLLBACK", (), False))
        super().rollback()


@contextmanager
def _noting(log: list[Statement]) -> Iterator[None]:
    """While this lasts, connections that are opened note their statements."""
    connect = sqlite3.connect

    def opened(*arguments: Any, **settings: Any) -> sqlite3.Connection:
        kind = settings.get("factory", sqlite3.Connection)
        made = type("Noting", (_Connection, kind), {"log": log})
        connection: sqlite3.Connection = connect(*arguments, **{**settings, "factory": made})
        return connection

    with patch("sqlite3.connect", opened):
        yield


def _run_again(connection: sqlite3.Connection, log: list[Statement]) -> float:
    """Run noted statements bare: seconds."""
    began = perf_counter()
    cursor = connection.cursor()
    for sql, values, many in log:
        if many:
            cursor.executemany(sql, values)
        else:
            cursor.execute(sql, values).fetchall()
    return perf_counter() - began


def _insist_equal(one: str, other: str) -> None:
    for table in ("movement", "entry", "balance", "head"):
        found = []
        for path in (one, other):
            with closing(sqlite3.connect(path)) as connection:
                found.append(connection.execute(f"SELECT * FROM {table}").fetchall())
        assert found[0] == found[1], f"the statements did not give the same {table}"
