"""Licences and applications that name several countries, one of which has its own allocation.

Their lines may come in one file or in many, so what they name is looked up: of one on record, and
of the lines before in the same submission. Of licences rows and columns ask the same; applications
are always posted as rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ledger.rules.rulings import ruling_from_body
from ledger.service.known_rows import reversed_among
from ledger.service.rows import Flag, Row
from ledger.service.stored import stored
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind
from schemas.names import name_key

if TYPE_CHECKING:
    from ledger.service.rulebook import Rulebook

CODE, OF_APPLICATIONS = "licence_several_countries", "application_several_countries"
# Who filed it ("" for a licence, whose numbers are the authority's) and its number.
_Number = tuple[str, str]
_LINE = {name: place for place, name in enumerate(t.licence_line.columns.keys())}
_MOVEMENT = {name: place for place, name in enumerate(t.movement.columns.keys())}


@dataclass(slots=True)
class _Named:
    """A country that is named: by its code, the first line that does, and whether it is to be
    alone.
    """

    code: str
    seq: int
    alone: bool


@dataclass(slots=True)
class Countries:
    """What countries licences name, by number; or applications, by who filed them and number.

    A territory is the destination it follows: both draw on one allocation.
    """

    rulebook: Rulebook
    code: str = CODE
    _of: dict[_Number, dict[str, _Named]] = field(default_factory=dict)

    @property
    def asked(self) -> bool:
        """Whether the regime has licences that name one country alone."""
        return bool(self.rulebook.regime.licensing.one_country)

    def load(self, cursor: Cursor, licences: Iterable[str]) -> None:
        """Take in the lines on record of some licences."""
        found = sorted(cursor.find(t.licence_line, "licence", licences))
        found = [line for line in found if line[_LINE["live"]]]
        issued = cursor.find(t.movement, "seq", [line[_LINE["seq"]] for line in found])
        alone = _alone(cursor, issued)
        for line in found:
            seq = line[_LINE["seq"]]
            licence, destination = line[_LINE["licence"]], line[_LINE["destination"]]
            self._add(("", licence), destination, seq, alone=seq in alone)

    def load_applications(self, cursor: Cursor, numbers: Iterable[str], before: int) -> None:
        """Take in the applications of some numbers that stand and have a `seq` below `before`."""
        named = stored(cursor, "document", numbers)
        found = [m for m in named if m["kind"] == Kind.APPLICATION and m["seq"] < before]
        gone = reversed_among(cursor, [m["seq"] for m in found])
        alone = _alone(cursor, [tuple(m.values()) for m in found])
        for one in found:
            if one["seq"] not in gone and one["destination"] is not None:
                number = (name_key(one["source"]), one["document"])
                self._add(number, one["destination"], one["seq"], alone=one["seq"] in alone)

    def flag(
        self, number: _Number, destination: str | None, seq: int, *, alone: bool
    ) -> Flag | None:
        """What is to be said of the next line of one, which is known from then on."""
        if destination is None:
            return None
        others, meant = self._of.get(number, {}).items(), self.rulebook.followed(destination)
        other = [named for code, named in others if code != meant and (alone or named.alone)]
        self._add(number, destination, seq, alone=alone)
        if not other:
            return None
        named = other[0]
        said = f"{number[1]} names {self.rulebook.country_name(named.code)} too (seq {named.seq})"
        return Flag(self.code, detail=said)

    def _add(self, number: _Number, destination: str, seq: int, *, alone: bool) -> None:
        meant = self.rulebook.followed(destination) or destination
        known = self._of.setdefault(number, {})
        named = known.setdefault(meant, _Named(destination, seq, alone))
        named.alone |= alone


def flag_rows(rulebook: Rulebook, cursor: Cursor, rows: Sequence[Row]) -> None:
    """Flag the licences among rows that name a second country; the rows have their numbers."""
    licences = [row for row in rows if row.kind == Kind.LICENCE]
    countries = Countries(rulebook)
    if not licences or not countries.asked:
        return
    countries.load(cursor, {row.given.document for row in licences})
    for row in licences:
        alone = row.ruled is not None and row.ruled.ruling.alone
        given = row.given
        flag = countries.flag(("", given.document), given.destination, row.seq, alone=alone)
        if flag is not None:
            row.flags.append(flag)


def flag_applications(rulebook: Rulebook, cursor: Cursor, rows: Sequence[Row]) -> None:
    """Flag the applications that stand and name a second country; what was refused names none."""
    filed = [row for row in rows if row.kind == Kind.APPLICATION]
    countries = Countries(rulebook, OF_APPLICATIONS)
    if not filed or not countries.asked:
        return
    countries.load_applications(cursor, {row.given.document for row in filed}, filed[0].seq)
    for row in filed:
        alone = row.ruled is not None and row.ruled.ruling.alone
        given = row.given
        number = (name_key(given.source), given.document)
        flag = countries.flag(number, given.destination, row.seq, alone=alone)
        if flag is not None:
            row.flags.append(flag)


def _alone(cursor: Cursor, movements: Sequence[tuple[Any, ...]]) -> set[int]:
    """Which of some movements were ruled to name one country alone."""
    ruling_of = {m[_MOVEMENT["seq"]]: m[_MOVEMENT["ruling_no"]] for m in movements}
    rulings = cursor.find(t.ruling, "ruling_no", set(ruling_of.values()) - {None})
    alone = {number for number, _, body, *_ in rulings if ruling_from_body(body).alone}
    return {seq for seq, number in ruling_of.items() if number in alone}
