"""Movements ruled by the parents the ledger knows of, where their rows say none or others.

Who owns the consignee, and the parent that the row names, is looked up in the declarations on
record as of the movement's day; so is where those have their headquarters (seats.py). Which word
counts is the option `parent_stated` (docs/decisions/0028-parents-as-declared.md). The row stays
as it was given: the ruling says what it went by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from ledger.rules.parents import OPTION, ROW, STRICTER, severity
from ledger.service.relations import Relations
from ledger.service.rows import Flag, Row, party_key
from ledger.service.rulebook import RULED, Rulebook, Ruled
from ledger.service.seats import Seats
from ledger.storage.statements import Cursor
from schemas.records import Given

DIFFERS = "parent_differs"


class Above(NamedTuple):
    """What is declared of who is above a movement's consignee, on its day.

    `seats` are the headquarters of the ultimate parents, by name key, as far as they are known;
    `others`: the row names a parent that none of the declared ones is.
    """

    parents: tuple[str, ...]
    seats: dict[str, str]
    others: bool


class Parents:
    """Rules movements by declared parents; `relations` are the declarations on record."""

    def __init__(
        self, rulebook: Rulebook, cursor: Cursor, relations: Callable[[], Relations]
    ) -> None:
        self.rulebook, self.cursor, self._relations = rulebook, cursor, relations
        self.reading = rulebook.options.get(OPTION)

    @property
    def any(self) -> bool:
        """Whether anything on record may bear on a movement."""
        return self.reading is not None and bool(self._relations())

    @cached_property
    def seats(self) -> Seats:
        """Where parties have their headquarters."""
        return Seats.on_record(self.cursor, self.rulebook.followed)

    def known(self, key: str) -> bool:
        """Whether a declaration bears on movements that name the party."""
        return self._relations().touches(key) or self.seats.speaks_of(key)

    def rule(self, rows: Sequence[Row]) -> None:
        """Rule rows anew that declarations bear on."""
        if not self.any:
            return
        for row in rows:
            if row.kind in RULED and row.ruled is not None:
                self._rule(row, row.ruled)

    def _rule(self, row: Row, stated: Ruled) -> None:
        row.ruled, note = self.ruled(row.given, lambda seat: self.ruling(row.given, seat))
        if row.ruled is not stated:
            before = [Flag(code, detail=detail) for code, detail in stated.ruling.findings]
            found = row.ruled.ruling.findings
            row.flags = [flag for flag in row.flags if flag not in before]
            row.flags += [Flag(code, detail=detail) for code, detail in found]
        row.flags += [note] if note else []

    def ruling(self, given: Given, seat: str) -> Ruled:
        """The ruling on a row of a kind that is ruled, by its parent's headquarters (`ruled`)."""
        found = self.rulebook.rule(given, seat)
        assert found is not None, given.kind
        return found

    def ruled(self, given: Given, ruling: Callable[[str], Ruled]) -> tuple[Ruled, Flag | None]:
        """The ruling on a movement, and the note where its row says something else.

        `ruling` gives it by the headquarters of the parent: empty for those that the row names.
        """
        above = self.above(given) if self.any else None
        if above is None:
            return ruling(""), None
        stated = self.rulebook.followed(given.parent_hq)
        codes = sorted({*above.seats.values()} - {stated})
        own = stated is not None and (self.reading == STRICTER or stated in above.seats.values())
        seats = ["", *codes] if own else codes
        each = [ruling(seat) for seat in (seats if self.reading != ROW and codes else [""])]
        worst = max(each, key=lambda one: severity(one.ruling, self.rulebook.regimes))
        return worst, self._note(given, above, worst.ruling.case.parent_seat)

    def above(self, given: Given) -> Above | None:
        """Who is declared to be above a movement's consignee; None where nobody is."""
        relations, day = self._relations(), given.effective_on
        consignee, parent = party_key(given.consignee), party_key(given.parent)
        if not any(key and self.known(key) for key in (consignee, parent)):
            return None
        own = set(relations.holders(consignee, None, day)) - {consignee}
        named = set(relations.holders(parent, None, day))
        found = {key: self.seats.on(key, day) for key in own}
        for key in named - own:
            # Of a parent that only the row names, what declarations say: licences may say as much
            # of it as the row does.
            found[key] = self.seats.declared(key, day)
        seats = {key: code for key, code in sorted(found.items()) if code}
        others = bool(own and named and not own & named)
        return Above(tuple(sorted(own | named)), seats, others) if own or seats else None

    def _note(self, given: Given, above: Above, seat: str) -> Flag | None:
        """What is noted where the row names another parent, or other headquarters."""
        stated = self.rulebook.followed(given.parent_hq)
        elsewhere = stated is not None and above.seats and stated not in above.seats.values()
        if not (above.others or elsewhere):
            return None
        row = f"{given.parent or 'a parent not named'}{self._at(stated)}"
        key = party_key(given.parent)
        others = [p for p in above.parents if p != key or p in above.seats]
        declared = [f"{self.seats.name(p)}{self._at(above.seats.get(p))}" for p in others]
        by = f"headquarters in {self.rulebook.country_name(seat)}" if seat else "the row"
        said = f"the row names {row}; declared: {', '.join(declared)}; ruled by {by}"
        return Flag(DIFFERS, detail=said)

    def _at(self, code: str | None) -> str:
        return f" ({self.rulebook.country_name(code)})" if code else ""


def seated(given: Given, ruled: Ruled | None) -> Given:
    """A movement with the parent's headquarters that its ruling went by."""
    seat = ruled.ruling.case.parent_seat if ruled is not None else ""
    return replace(given, parent_hq=seat) if seat else given
