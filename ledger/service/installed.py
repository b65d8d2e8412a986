"""What was declared to stand where: installed bases, by whose they are and in which country.

A declaration says what a party (or a product) had on a day: in all, or in one country.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, select, text

from ledger.service.day_numbers import days_number
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind

_ON_RECORD = (
    select(
        t.standing.c.subject,
        t.standing.c.object,
        t.standing.c.from_on,
        t.movement.c.amount_mtpp,
    )
    .join(t.movement, t.movement.c.seq == t.standing.c.seq)
    .where(t.standing.c.kind == bindparam("kind"), t.standing.c.live == text("1"))
    .order_by(t.standing.c.seq)
)


class Declared(NamedTuple):
    """What stood somewhere at the end of a day; `country` None: everywhere together."""

    country: str | None
    day: int
    amount: int


class Installed:
    """The declarations on record, by the key of the party or product."""

    def __init__(self, cursor: Cursor) -> None:
        self.of: dict[str, list[Declared]] = defaultdict(list)
        for subject, country, day, amount in cursor.read(_ON_RECORD, str(Kind.INSTALLED_BASE)):
            on = days_number(date.fromisoformat(str(day)))
            self.of[subject].append(Declared(country or None, on, amount or 0))

        # Whose installed base was declared.
        self.subjects = frozenset(self.of)


def installed_object(details: Mapping[str, str]) -> str | None:
    """The country a declaration is about, None for all of them together."""
    return details.get("country") or None
