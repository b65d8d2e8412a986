"""Movements on record, by the names of their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ledger.service.known_rows import reversed_among
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind

Stored = Mapping[str, Any]
_COLUMNS = t.movement.columns.keys()


def stored(cursor: Cursor, by: str, values: Iterable[Any]) -> list[dict[str, Any]]:
    """Movements by a column, as dictionaries, in order of seq."""
    found = sorted(cursor.find(t.movement, by, values), key=lambda row: row[0])
    return [dict(zip(_COLUMNS, row, strict=True)) for row in found]


def standing_attempt(
    cursor: Cursor, key_of_attempt: Callable[[int], bytes]
) -> dict[str, Any] | None:
    """The first attempt under a key that was neither refused nor reversed; None where none is."""
    attempt = 1
    while found := cursor.find(t.movement_key, "key", [key_of_attempt(attempt)]):
        (movement,) = stored(cursor, "seq", [found[0][2]])
        if movement["kind"] != Kind.REFUSAL and not reversed_among(cursor, [movement["seq"]]):
            return movement
        attempt += 1
    return None
