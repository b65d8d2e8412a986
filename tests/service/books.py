"""Ledgers to post to: made once, copied for each test, read out table by table."""

from __future__ import annotations

import csv
import itertools
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from sqlalchemy import select

from ledger.service.ledger import Ledger
from ledger.storage.check import check
from ledger.storage.store import open_store
from schemas import tables as t

_numbers = itertools.count(1)


def whole(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in order of the primary key."""
    with open_store(url, read_only=True) as store, store.reading() as turn:
        return {
            table.name: [
                tuple(row)
                for row in turn.connection.execute(select(table).order_by(*table.primary_key))
            ]
            for table in t.metadata.sorted_tables
        }


def rows(url: str, table: str) -> list[dict[str, Any]]:
    """The rows of one table as dictionaries, in order of the primary key."""
    names = t.metadata.tables[table].columns.keys()
    return [dict(zip(names, row, strict=True)) for row in whole(url)[table]]


def assert_sound(ledger: Ledger) -> None:
    """Every invariant of the ledger holds."""
    broken = [f for one in check(ledger.store) if not one.holds for f in one.failures]
    assert broken == []


def write_csv(path: Path, lines: Sequence[Mapping[str, object]]) -> Path:
    """A CSV file of rows by heading; a heading that a row lacks is an empty cell."""
    headings = list(dict.fromkeys(name for line in lines for name in line))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, headings, restval="")
        writer.writeheader()
        writer.writerows(lines)
    return path


@contextmanager
def copied(url: str, folder: Path) -> Iterator[str]:
    """A ledger like the closed one at a URL, in the same kind of database, for a while."""
    name = f"copy_{os.getpid()}_{next(_numbers)}"
    if url.startswith("sqlite"):
        path = folder / f"{name}.db"
        shutil.copyfile(url.removeprefix("sqlite:///"), path)
        yield f"sqlite:///{path}"
        for left in folder.glob(f"{name}.db*"):
            left.unlink()
        return
    parts = urlsplit(url)
    before = parts.path.strip("/")
    server = urlunsplit(parts._replace(scheme="postgresql", path="/postgres"))
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{before}"')
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
