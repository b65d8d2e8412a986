"""Parties on record that may be one: told apart by nothing but how they are spelt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import select

from ledger.intake import names
from ledger.service.on_record import relations_on_record
from ledger.service.rulebook import Rulebook
from ledger.storage.statements import Cursor
from ledger.storage.store import Store
from schemas import tables as t
from schemas.names import name_key

if TYPE_CHECKING:
    import duckdb

_NAMES = select(t.party.c.name).order_by(t.party.c.party_no)


def known(store: Store, rulebook: Rulebook) -> tuple[list[str], Callable[[str, str], bool]]:
    """Every name on record, and whether two are one party: by spelling, or by a merger."""
    with store.reading() as turn:
        cursor = Cursor(store.raw(turn.connection), store.dialect)
        found = [name for (name,) in cursor.read(_NAMES)]
        relations = relations_on_record(cursor, rulebook)
    last = date.max

    def same(one: str, other: str) -> bool:
        first, second = (relations.merged(name_key(name), last) for name in (one, other))
        return first == second

    return found, same


def near(store: Store, rulebook: Rulebook) -> list[list[str]]:
    """Groups of names that may be one party and were not joined; each name of one key once."""
    import duckdb

    every, same = known(store, rulebook)
    with duckdb.connect(":memory:") as con:
        found = names.groups(con, every)
    kept = []
    for group in found:
        apart: list[str] = []
        for name in group:
            if not any(same(name, other) for other in apart):
                apart.append(name)
        if len(apart) > 1:
            kept.append(apart)
    return kept


def beside(con: duckdb.DuckDBPyConnection, store: Store, rulebook: Rulebook) -> list[str]:
    """What to say of names in a file that only their spelling tells from one on record."""
    every, same = known(store, rulebook)
    return names.beside(con, every, same) + _sources(con, every) if every else []


def _sources(con: duckdb.DuckDBPyConnection, every: list[str]) -> list[str]:
    """What to say of exporters who are one party with one on record, but in their documents' keys
    two: a key has the name as it is written.
    """
    ask = "SELECT DISTINCT source FROM given WHERE source = exporter ORDER BY source"
    exact, of_key = set(every), {name_key(name): name for name in reversed(every)}
    told = (
        f'"{name}" is "{of_key[name_key(name)]}" on record, but a document is known by its exporter'
        " as written: one that was recorded so is recorded a second time"
        for (name,) in con.execute(ask).fetchall()
        if name not in exact and name_key(name) in of_key
    )
    return list(islice(told, names.MOST_TOLD))
