"""A company that a licence is for comes to have a parent it would not be licensed with.

The declaration (ownership or merger) says so, with the open licences that name the company and
what they hold; nothing held is changed. Where the parent is headquartered is what the declaration
says, else what a declaration or a licence on record says of it; unknown, it is not judged. Which
countries those are is the regime's data (docs/decisions/0025-readings.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import literal_column, select

from ledger.service.on_record import RELATED, relation_of
from ledger.service.relations import Relations
from ledger.service.rows import Flag, Row, party_key
from ledger.service.rulebook import Rulebook
from ledger.service.seats import OF_PARTY, Seats, numbers
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.tpp import grouped

IN_DOUBT = "parent_in_doubt"
_NAMED = 10
# The lines that name a party and still hold something.
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
        OF_PARTY,
    )
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

    def flag(self, rows: Sequence[Row]) -> None:
        """Flag the declarations among rows after which licences are in doubt."""
        declared = [row for row in rows if row.kind in RELATED]
        if not declared or not self.licensing.parents_in:
            return
        relations = self._on_record().copy()
        seats = Seats.on_record(self.cursor, self.rulebook.followed)
        for row in declared:
            said = row.details()
            relations.add(relation_of(row.kind, row.given.effective_on, said))
            seats.declare(row.day, row.seq, said["other_party"], said.get("country"))
            self._judge(row, party_key(said["party"]) or "", relations, seats)

    def _judge(self, row: Row, subject: str, relations: Relations, seats: Seats) -> None:
        day = row.given.effective_on
        parents = relations.holders(subject, None, day)
        known = {p: seats.on(p, day) for p in parents if p != subject}
        doubted = {p: code for p, code in known.items() if self.licensing.doubts(code, day)}
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
        for number in numbers(self.cursor, keys):
            for seq, licence, line, issued_on, held in self.cursor.read(_OPEN, number, number):
                if str(issued_on) < day:
                    found[seq] = _Line(seq, licence, line, str(issued_on), held)
        return sorted(found.values(), key=lambda one: (one.licence, one.line, one.seq))
