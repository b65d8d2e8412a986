"""Licence lines: found for what draws on them, checked against what they name, drawn down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from ledger.rules.admission import Lines
from ledger.service.book import Book
from ledger.service.outcome import Outcome
from ledger.service.rows import Flag, Row, is_shipment
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind
from schemas.problems import Problem

_AT = {name: place for place, name in enumerate(t.licence_line.columns.keys())}
MOVED = ("used_quantity", "used_mtpp", "used_value_cents", "held_mtpp")
# The columns that hold the figures of Lines, in its order.
FIGURES = ("quantity", "amount_mtpp", "value_cents", *MOVED)
_HELD = t.entry.columns.keys().index("held_mtpp")
LICENSED = "licence"


class LineBook:
    """The licence lines one transaction touches, by place, and the new ones it opens.

    `several`: a licence may hold on more than one budget in full.
    """

    def __init__(self, cursor: Cursor, book: Book, *, several: bool = False) -> None:
        self.cursor, self.book = cursor, book
        self.several = several
        self.stored: list[tuple[Any, ...]] = []
        self.lines = Lines.empty(0)
        self._place: dict[int, int] = {}
        self._moved: set[int] = set()
        self._live: dict[int, int] = {}

    def check_new(self, rows: Sequence[Row], outcome: Outcome) -> list[Row]:
        """The rows without licence lines whose number another filing already has on record."""
        new = [row for row in rows if row.kind == Kind.LICENCE]
        if not new:
            return list(rows)
        numbers = {row.given.document for row in new}
        taken = {
            (row[_AT["licence"]], row[_AT["line"]]): row[_AT["seq"]]
            for row in self.cursor.find(t.licence_line, "licence", numbers)
            if row[_AT["live"]]
        }
        kept: list[Row] = []
        for row in rows:
            name = (row.given.document, row.given.line)
            if row.kind == Kind.LICENCE and name in taken:
                where = f"is on record as seq {taken[name]}" if taken[name] else "is in this file"
                reason = f"licence {name[0]} line {name[1]} {where}, from another source"
                _reject(row, reason, outcome)
                continue
            if row.kind == Kind.LICENCE:
                taken[name] = 0
            kept.append(row)
        return kept

    def find(self, rows: Sequence[Row]) -> None:
        """Give each shipment under a licence the place of its line, where it is on file."""
        under = [row for row in rows if _draws_on_licence(row)]
        if not under:
            return
        numbers = {row.given.licence for row in under}
        known: dict[tuple[str, str], tuple[Any, ...]] = {}
        for line in self.cursor.find(t.licence_line, "licence", numbers):
            name = (line[_AT["licence"]], line[_AT["line"]])
            if name not in known or line[_AT["live"]]:
                known[name] = line
        for row in under:
            line_found = known.get((row.given.licence or "", row.given.licence_line or "1"))
            if line_found is not None:
                row.line_place = self.place(line_found)
                row.target_seq = line_found[_AT["seq"]]
                self._moved.add(row.line_place)

    def by_seq(self, seq: int) -> int | None:
        """The place of the line a licence movement opened; None where it is none."""
        found = self.cursor.find(t.licence_line, "seq", [seq])
        if not found:
            return None
        place = self.place(found[0])
        self._moved.add(place)
        return place

    def close(self, seq: int) -> int:
        """A licence line that was reversed holds nothing; how much more it holds (milli-TPP)."""
        return self._set_live(seq, 0)

    def reopen(self, seq: int) -> int:
        """A reversed licence line that is restored holds what is not used; how much more."""
        return self._set_live(seq, 1)

    def _set_live(self, seq: int, live: int) -> int:
        place = self.by_seq(seq)
        if place is None:
            return 0
        self._live[seq] = live
        return self._hold(place)

    def redraw(self, movement: dict[str, Any], sign: int) -> int:
        """Take a reversed shipment off its line (sign -1), or put a restored one back (1).

        How much more the line holds, in milli-TPP.
        """
        place = self.by_seq(movement["target_seq"])
        if place is None:
            return 0
        lines, quantity = self.lines, movement["quantity"] or 0
        lines.used_quantity[place] += sign * quantity
        lines.used[place] += sign * (movement["amount_mtpp"] or 0)
        lines.used_value[place] += sign * quantity * (movement["unit_value_cents"] or 0)
        return self._hold(place)

    def _hold(self, place: int) -> int:
        """Hold what a live line has left, never below zero; how much more than before."""
        lines, stored = self.lines, self.stored[place]
        live = self._live.get(stored[_AT["seq"]], stored[_AT["live"]])
        before = int(lines.held[place])
        rest = int(lines.amount[place] - lines.used[place])
        lines.held[place] = max(rest, 0) if live else 0
        return int(lines.held[place]) - before

    def place(self, line: tuple[Any, ...]) -> int:
        """The place of a stored line, its columns loaded."""
        seq = line[_AT["seq"]]
        if seq in self._place:
            return self._place[seq]
        self._place[seq] = place = len(self.stored)
        self.stored.append(line)
        values = [line[_AT[name]] or 0 for name in FIGURES]
        for name, value in zip(self.lines.__slots__, values, strict=True):
            column = (getattr(self.lines, name), np.array([value], np.int64))
            setattr(self.lines, name, np.concatenate(column))
        return place

    def seq(self, place: int) -> int:
        """The movement that opened the line."""
        return int(self.stored[place][_AT["seq"]])

    def budget_nos(self, place: int) -> tuple[int, ...]:
        """The numbers of the budgets the line holds on: none, one, or several in full."""
        first = self.stored[place][_AT["budget_no"]]
        if first is None:
            return ()
        if not self.several:
            return (first,)
        seq = self.seq(place)
        return (first, *also_held(self.book, {seq: first}).get(seq, ()))

    def flags(self, row: Row) -> list[Flag]:
        """Where a shipment differs from the licence line it draws on."""
        if not _draws_on_licence(row):
            return []
        given = row.given
        if row.line_place < 0:
            return [Flag("licence_not_on_file", detail=f"{given.licence}")]
        line = dict(zip(_AT, self.stored[row.line_place], strict=True))
        return line_flags(
            line,
            day=row.day,
            issued_on=self.issued_on(row.line_place).isoformat(),
            chip=given.chip,
            destination=given.destination,
            consignee_no=self._party(given.consignee),
        )

    def _party(self, name: str | None) -> int | None:
        return None if name is None else self.book.party(name)

    def issued_on(self, place: int) -> date:
        """The day the line was licensed."""
        day = t.movement.columns.keys().index("effective_on")
        found = self.cursor.find(t.movement, "seq", [self.seq(place)])
        return date.fromisoformat(str(found[0][day]))

    def write(self, rows: Sequence[Row]) -> None:
        """Write the lines as they now stand, and open those that were licensed."""
        columns = [getattr(self.lines, c) for c in ("used_quantity", "used", "used_value", "held")]
        changed = [
            (*(int(column[place]) for column in columns), self.stored[place][_AT["seq"]])
            for place in sorted(self._moved)
        ]
        self.cursor.change(t.licence_line, MOVED, changed)
        live = [(now, seq) for seq, now in self._live.items()]
        self.cursor.change(t.licence_line, ("live",), live)
        new = [self._opened(row) for row in rows if row.kind == Kind.LICENCE]
        self.cursor.add(t.licence_line, new)

    def _opened(self, row: Row) -> tuple[Any, ...]:
        given = row.given
        budget = next((d.place for d in row.draws if d.official), None)
        value = (given.unit_value_cents or 0) * (given.quantity or 0)
        return (
            row.seq,
            given.document,
            given.line,
            None if budget is None else self.book.numbers[budget],
            given.quantity,
            row.amount,
            value or None,
            0,
            0,
            0,
            row.amount,
            1,
            given.chip,
            given.destination,
            self._party(given.consignee),
            given.expires_on.isoformat() if given.expires_on else None,
            self._party(given.exporter),
            0,
            0,
            0,
            "open",
            None,
        )


def also_held(book: Book, firsts: dict[int, int]) -> dict[int, list[int | None]]:
    """The budgets on which licences hold beside their first: by seq, given the first of each."""
    found: dict[int, list[int | None]] = {}
    for entry in sorted(book.cursor.find(t.entry, "seq", [seq for seq in firsts if seq])):
        seq, number, official = entry[:3]
        if official and number != firsts[seq] and entry[_HELD] > 0:
            found.setdefault(seq, []).append(number)
    return found


def line_flags(
    line: dict[str, Any],
    *,
    day: str,
    issued_on: str,
    chip: str | None,
    destination: str | None,
    consignee_no: int | None,
) -> list[Flag]:
    """What a draw does not agree with on its licence line; days are ISO text."""
    found: list[Flag] = []
    if not line["live"]:
        found.append(Flag("licence_closed", detail=line["licence"]))
    if day < issued_on:
        found.append(Flag("licence_not_yet_issued", detail=f"issued {issued_on}"))
    expires_on = line["expires_on"]
    if expires_on is not None and day > str(expires_on):
        found.append(Flag("licence_expired", detail=f"expired {expires_on}"))
    if chip is not None and line["chip"] is not None and chip != line["chip"]:
        found.append(Flag("licence_other_chip", detail=f"licensed {line['chip']}"))
    if destination is not None and destination != line["destination"]:
        found.append(Flag("licence_other_destination", detail=f"licensed {line['destination']}"))
    if consignee_no is not None and consignee_no != line["consignee_no"]:
        found.append(Flag("licence_other_consignee"))
    return found


# A shipment of before the regime draws on nothing, its licence included.
OUTSIDE = "before_regime"


def _draws_on_licence(row: Row) -> bool:
    return (
        is_shipment(row.kind)
        and row.given.authorization == LICENSED
        and row.given.licence is not None
        and (_draws_down(row) or all(flag.code != OUTSIDE for flag in row.flags))
    )


def _draws_down(row: Row) -> bool:
    """Whether the rules look back at it: it then leaves less of its licence."""
    return row.ruled is not None and row.ruled.looks_back


def _reject(row: Row, reason: str, outcome: Outcome) -> None:
    given = row.given
    outcome.problems.append(
        Problem("", given.file_line, given.row, "licence", given.document, reason)
    )
    outcome.rejected += 1
