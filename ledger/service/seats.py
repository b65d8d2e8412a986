"""Where parties have their headquarters, as declarations and licences on record say it.

The latest declaration of a day that names a country counts (heading `country`, of the other party);
where none does, what a licence says of the party as a consignee or as a parent. Shipments are not
searched: that would read every movement under the head's lock.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

from sqlalchemy import bindparam, literal_column, or_, select

from ledger.service.on_record import RELATED
from ledger.service.rows import party_key
from ledger.storage.statements import Cursor
from schemas import tables as t

# Day, seq and country of one saying.
Said = tuple[str, int, str]
OF_PARTY = or_(
    t.movement.c.consignee_no == bindparam("consignee"), t.movement.c.parent_no == bindparam("own")
)
_LICENSED = (
    select(
        t.movement.c.effective_on,
        t.movement.c.seq,
        t.movement.c.consignee_no,
        t.movement.c.consignee_hq,
        t.movement.c.parent_hq,
    )
    .join(t.licence_line, t.licence_line.c.seq == t.movement.c.seq)
    .where(t.licence_line.c.live == literal_column("1"), OF_PARTY)
)
_DECLARED = (
    select(t.standing.c.from_on, t.standing.c.seq, t.standing.c.object, t.movement.c.details)
    .join(t.movement, t.movement.c.seq == t.standing.c.seq)
    .where(t.standing.c.kind == bindparam("kind"), t.standing.c.live == literal_column("1"))
)


class Seats:
    """Answers in which country a party has its headquarters on a day."""

    def __init__(self, cursor: Cursor, followed: Callable[[str | None], str | None]) -> None:
        self.cursor, self.followed = cursor, followed
        self._said: dict[str, list[Said]] = {}
        self._names: dict[str, str] = {}
        self._licensed: dict[str, list[Said]] = {}

    @classmethod
    def on_record(cls, cursor: Cursor, followed: Callable[[str | None], str | None]) -> Seats:
        """What declarations on record say, to which more may be added; licences when asked."""
        made = cls(cursor, followed)
        said, names = cursor.recall(Seats, lambda: _read(cursor))
        made._said = {party: list(known) for party, known in said.items()}
        made._names = dict(names)
        return made

    def declare(self, day: str, seq: int, party: str, country: str | None) -> None:
        """Take one more declaration; `party` is the other party as it was named."""
        _say(self._said, self._names, (day, seq, party), country)

    def declared(self, party: str, day: date) -> str | None:
        """The country that declarations say, or the one it follows; None where they say none."""
        return self._last(self._said.get(party, ()), day)

    def on(self, party: str, day: date) -> str | None:
        """The same, else what licences say by that day."""
        return self.declared(party, day) or self._last(self._licences(party), day)

    def speaks_of(self, party: str) -> bool:
        """Whether a declaration ever said where the party has its headquarters."""
        return party in self._said

    def name(self, party: str) -> str:
        """A party as a declaration named it, else its key."""
        return self._names.get(party, party)

    def _licences(self, party: str) -> list[Said]:
        if party not in self._licensed:
            self._licensed[party] = self._of_licences(party)
        return self._licensed[party]

    def _last(self, said: list[Said] | tuple[()], day: date) -> str | None:
        known = [one for one in said if one[0] <= day.isoformat()]
        return self.followed(max(known)[2]) if known else None

    def _of_licences(self, party: str) -> list[Said]:
        found = []
        for number in numbers(self.cursor, {party}):
            for on, seq, consignee, own, above in self.cursor.read(_LICENSED, number, number):
                code = own if consignee == number else above
                if code:
                    found.append((str(on), seq, code))
        return found


def numbers(cursor: Cursor, keys: set[str]) -> list[int]:
    """The numbers of the parties with some name keys, in order."""
    return sorted(row[0] for row in cursor.find(t.party, "name_key", sorted(keys)))


def _read(cursor: Cursor) -> tuple[dict[str, list[Said]], dict[str, str]]:
    said: dict[str, list[Said]] = {}
    names: dict[str, str] = {}
    for kind in RELATED:
        for from_on, seq, _, details in cursor.read(_DECLARED, str(kind)):
            told = json.loads(details)
            _say(said, names, (str(from_on), seq, told["other_party"]), told.get("country"))
    return said, names


def _say(
    said: dict[str, list[Said]],
    names: dict[str, str],
    by: tuple[str, int, str],
    country: str | None,
) -> None:
    day, seq, party = by
    key = party_key(party) or ""
    names.setdefault(key, party)
    if country:
        said.setdefault(key, []).append((day, seq, country))
