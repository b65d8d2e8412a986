"""Licences that name several countries, where one of them has an allocation of its own.

A licence's lines may come in one file or in many, so what they name is looked up: of a licence
on record, and of the lines before in the same submission. Rows and columns ask the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.rules.rulings import ruling_from_body
from ledger.service.rows import Flag, Row
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind

if TYPE_CHECKING:
    from ledger.service.rulebook import Rulebook

CODE = "licence_several_countries"
_LINE = {name: place for place, name in enumerate(t.licence_line.columns.keys())}
_MOVEMENT = {name: place for place, name in enumerate(t.movement.columns.keys())}


@dataclass(slots=True)
class _Named:
    """A country a licence names: the first line that does, and whether it is to be alone."""

    seq: int
    alone: bool


@dataclass(slots=True)
class Countries:
    """What countries licences name, by number; `names` are those a person reads."""

    rulebook: Rulebook
    _of: dict[str, dict[str, _Named]] = field(default_factory=dict)

    @property
    def asked(self) -> bool:
        """Whether the regime has licences that name one country alone."""
        return bool(self.rulebook.regime.licensing.one_country)

    def load(self, cursor: Cursor, licences: Iterable[str]) -> None:
        """Take in the lines on record of some licences."""
        found = sorted(cursor.find(t.licence_line, "licence", licences))
        found = [line for line in found if line[_LINE["live"]]]
        issued = cursor.find(t.movement, "seq", [line[_LINE["seq"]] for line in found])
        ruling_of = {m[_MOVEMENT["seq"]]: m[_MOVEMENT["ruling_no"]] for m in issued}
        rulings = cursor.find(t.ruling, "ruling_no", set(ruling_of.values()) - {None})
        alone = {number for number, _, body, *_ in rulings if ruling_from_body(body).alone}
        for line in found:
            seq = line[_LINE["seq"]]
            licence, destination = line[_LINE["licence"]], line[_LINE["destination"]]
            self._add(licence, destination, seq, alone=ruling_of[seq] in alone)

    def flag(self, licence: str, destination: str | None, seq: int, *, alone: bool) -> Flag | None:
        """What is to be said of a licence's next line, which is known from then on."""
        if destination is None:
            return None
        others = self._of.get(licence, {}).items()
        other = [
            (country, named)
            for country, named in others
            if country != destination and (alone or named.alone)
        ]
        self._add(licence, destination, seq, alone=alone)
        if not other:
            return None
        country, named = other[0]
        said = f"{licence} names {self.rulebook.country_name(country)} too (seq {named.seq})"
        return Flag(CODE, detail=said)

    def _add(self, licence: str, destination: str, seq: int, *, alone: bool) -> None:
        named = self._of.setdefault(licence, {}).setdefault(destination, _Named(seq, alone))
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
        flag = countries.flag(given.document, given.destination, row.seq, alone=alone)
        if flag is not None:
            row.flags.append(flag)
