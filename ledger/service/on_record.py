"""Declarations on record that movements are judged by, read once a transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select, text

from ledger.service.relations import DECLARED, Relation, Relations
from ledger.service.rulebook import Rulebook
from ledger.service.statuses import Statuses
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind
from schemas.names import name_key

RELATED = (Kind.OWNERSHIP, Kind.PARTY_MERGED)
_STANDING = (
    select(t.standing, t.movement.c.details)
    .join(t.movement, t.movement.c.seq == t.standing.c.seq)
    .where(t.standing.c.kind == bindparam("kind"), t.standing.c.live == text("1"))
    .order_by(t.standing.c.seq)
)


class OnRecord:
    """Who belongs to whom, and who holds an authorization of its own."""

    def __init__(self, cursor: Cursor, rulebook: Rulebook) -> None:
        self._cursor, self._rulebook = cursor, rulebook
        self._relations: Relations | None = None
        self._statuses: Statuses | None = None

    def relations(self) -> Relations:
        """The declarations of ownership and mergers."""
        if self._relations is None:
            cursor, rulebook = self._cursor, self._rulebook
            self._relations = cursor.recall(
                Relations, lambda: relations_on_record(cursor, rulebook)
            )
        return self._relations

    def statuses(self) -> Statuses:
        """The official statuses."""
        if self._statuses is None:
            self._statuses = self._cursor.recall(Statuses, self._read_statuses)
        return self._statuses

    def _read_statuses(self) -> Statuses:
        rows = self._cursor.read(_STANDING, str(Kind.OFFICIAL_STATUS))
        return Statuses(rows, self.relations())


def relations_on_record(cursor: Cursor, rulebook: Rulebook) -> Relations:
    """The declarations of ownership and mergers that stand, as the regime's option reads them."""
    return relations_read(cursor, rulebook.options.get("parent_rule", DECLARED))


def relations_read(cursor: Cursor, rule: str = DECLARED) -> Relations:
    """The same, by a reading of who the ultimate parent is."""
    rows = [r for kind in RELATED for r in cursor.read(_STANDING, str(kind))]
    rows.sort(key=lambda row: int(row[0]))
    return Relations((_relation(row) for row in rows), rule)


def share_of(details: Mapping[str, str]) -> Decimal | None:
    """The share owned that a declaration states, in percent; None where it states none."""
    percent = details.get("percent")
    return None if percent is None else Decimal(percent)


def relation_of(kind: str, day: date, said: Mapping[str, str]) -> Relation:
    """A declaration of ownership or merger as it says itself, in force from its day."""
    until = said.get("until_on")
    return Relation(
        kind,
        name_key(said["party"]),
        name_key(said["other_party"]),
        day,
        None if until is None else date.fromisoformat(until),
        share_of(said),
        (said["party"], said["other_party"]),
    )


def _relation(row: tuple[Any, ...]) -> Relation:
    _, kind, subject, other, from_on, until_on, _, details = row
    until = None if until_on is None else date.fromisoformat(str(until_on))
    told = json.loads(details)
    said = told["party"], told["other_party"]
    on = date.fromisoformat(str(from_on))
    return Relation(kind, subject, other, on, until, share_of(told), said)
