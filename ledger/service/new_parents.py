"""A company that a licence is for comes to have a parent it would not be licensed with.

The declaration (ownership or merger) says so, with the open licences that name the company and
what they hold; nothing held is changed. Where the parent is headquartered is what the declaration
says, else what a declaration or a licence on record says of it; unknown, it is not judged. Which
countries those are is the regime's data (docs/decisions/0025-readings.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, literal_column, or_, select

from ledger.service.on_record import RELATED, relation_of
from ledger.service.relations import Relations
from ledger.service.rows import Flag, Row, party_key
from ledger.service.rulebook import Rulebook
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.tpp import grouped

IN_DOUBT = "parent_in_doubt"
_NAMED = 10
_OF_PARTY = or_(
    t.movement.c.consignee_no == bindparam("consignee"), t.movement.c.parent_no == bindparam("own")
)
# The lines that name a party and still hold something, and what licences say of its headquarters.
_OPEN = (
    select(
        t.licence_line.c.seq,
        t.licence_line.c.licence,
        t.licence_line.c.line,
        t.movement.c.effective_on,
        t.licence_line.c.held_mtpp,
    )
    .join(t.movement, t.movement.c.seq == t.licence_line.c.seq)
    .where(
        t.licence_line.c.live == literal_column("1"),
        t.licence_line.c.held_mtpp > literal_column("0"),
        _OF_PARTY,
    )
)
_SEATS = (
    select(
        t.movement.c.effective_on,
        t.movement.c.seq,
        t.movement.c.consignee_no,
        t.movement.c.consignee_hq,
        t.movement.c.parent_hq,
    )
    .join(t.licence_line, t.licence_line.c.seq == t.movement.c.seq)
    .where(t.licence_line.c.live == literal_column("1"), _OF_PARTY)
)
_DECLARED = (
    select(t.standing.c.from_on, t.standing.c.seq, t.standing.c.object, t.movement.c.details)
    .join(t.movement, t.movement.c.seq == t.standing.c.seq)
    .where(t.standing.c.kind == bindparam("kind"), t.standing.c.live == literal_column("1"))
)


class _Line(NamedTuple):
    """A licence line that holds something, in milli-TPP."""

    seq: int
    licence: str
    line: str
    issued_on: str
    held: int


class NewParents:
    """Flags declarations of a new parent, in the order they come."""

    def __init__(
        self, rulebook: Rulebook, cursor: Cursor, on_record: Callable[[], Relations]
    ) -> None:
        self.rulebook, self.cursor, self._on_record = rulebook, cursor, on_record
        self.licensing = rulebook.regime.licensing
        # Of each party, the last day and number that says where it has its headquarters.
        self._seats: dict[str, list[tuple[str, int, str]]] = {}

    def flag(self, rows: Sequence[Row]) -> None:
        """Flag the declarations among rows after which licences are in doubt."""
        declared = [row for row in rows if row.kind in RELATED]
        if not declared or not self.licensing.parents_in:
            return
        relations = self._on_record().copy()
        self._read_declared()
        for row in declared:
            said = row.details()
            relations.add(relation_of(row.kind, row.given.effective_on, said))
            self._seat(row.day, row.seq, party_key(said["other_party"]), said.get("country"))
            self._judge(row, party_key(said["party"]) or "", relations)

    def _judge(self, row: Row, subject: str, relations: Relations) -> None:
        day = row.given.effective_on
        parents = relations.holders(subject, None, day)
        seats = {p: self._seat_on(p, day) for p in parents if p != subject}
        doubted = {p: code for p, code in seats.items() if self.licensing.doubts(code, day)}
        if not doubted:
            return
        belong = relations.below(subject)
        keys = {key for key in belong if doubted.keys() & {*relations.holders(key, None, day)}}
        lines = self._lines(keys, row.day)
        names = {party_key(name): name for name in (row.details()["other_party"],)}
        whose = ", ".join(
            f"{names.get(p, p)} ({self.rulebook.country_name(code or '')})"
            for p, code in sorted(doubted.items())
        )
        detail = f"{row.details()['party']} belongs to {whose}: {self._told(lines)}"
        total = sum(line.held for line in lines)
        row.flags.append(Flag(IN_DOUBT, asked=total, detail=detail))

    def _told(self, lines: Sequence[_Line]) -> str:
        """The lines by name with what each holds, the first of many."""
        if not lines:
            return "no open licence names it"
        unit, more = self.rulebook.regime.unit, len(lines) - _NAMED
        told = [f"{o.licence} line {o.line} holds {grouped(o.held)} {unit}" for o in lines[:_NAMED]]
        return ", ".join(told) + (f", and {more} more" if more > 0 else "")

    def _lines(self, keys: set[str], day: str) -> list[_Line]:
        """The open lines issued before a day that name one of some parties."""
        found: dict[int, _Line] = {}
        for number, _ in self._numbers(keys):
            for seq, licence, line, issued_on, held in self.cursor.read(_OPEN, number, number):
                if str(issued_on) < day:
                    found[seq] = _Line(seq, licence, line, str(issued_on), held)
        return sorted(found.values(), key=lambda one: (one.licence, one.line, one.seq))

    def _numbers(self, keys: set[str]) -> list[tuple[int, str]]:
        return sorted((p[0], p[2]) for p in self.cursor.find(t.party, "name_key", sorted(keys)))

    def _seat_on(self, party: str, day: date) -> str | None:
        """The country of a party's headquarters as last said by a day; None where nothing is."""
        said = [one for one in self._seats.get(party, []) if one[0] <= day.isoformat()]
        if not said:
            said = self._licensed(party, day)
        return self.rulebook.followed(max(said)[2]) if said else None

    def _licensed(self, party: str, day: date) -> list[tuple[str, int, str]]:
        """What licences say of where a party has its headquarters, by a day."""
        found = []
        for number, _ in self._numbers({party}):
            for on, seq, consignee, own, above in self.cursor.read(_SEATS, number, number):
                code = own if consignee == number else above
                if code and str(on) <= day.isoformat():
                    found.append((str(on), seq, code))
        return found

    def _read_declared(self) -> None:
        for kind in RELATED:
            for from_on, seq, other, details in self.cursor.read(_DECLARED, str(kind)):
                self._seat(str(from_on), seq, other, json.loads(details).get("country"))

    def _seat(self, day: str, seq: int, party: str | None, country: str | None) -> None:
        if party and country:
            self._seats.setdefault(party, []).append((day, seq, country))
