"""A licence line made anew from its live movements, where one of them is taken back or restored."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from ledger.rules.endings import GIVES_BACK, OPEN, READINGS, STATES, LineState
from ledger.rules.rulings import Ruling, ruling_from_body
from ledger.service.known_rows import reversed_among
from ledger.service.last_days import own_last_day
from ledger.service.lines import LineBook
from ledger.service.stored import Stored, stored
from schemas import tables as t
from schemas.kinds import DRAWS_DOWN, OF_A_LINE, Kind
from schemas.tpp import Tpp


class Change(NamedTuple):
    """What a line came to hold and to count as lapsed more than before (milli-TPP).

    `budget_nos` are the budgets it does so on, none where the line draws on none.
    """

    budget_nos: tuple[int, ...]
    held: int
    lapsed: int


class LineHistory:
    """Takes movements off licence lines and puts them back; `lines` is written by its owner."""

    def __init__(self, lines: LineBook) -> None:
        self.lines, self.cursor = lines, lines.cursor
        self._stands: dict[int, bool] = {}

    def load(self, movements: Iterable[Stored]) -> None:
        """Look up at once the lines that some movements are, draw on or act on."""
        at = ((m["seq"] if m["kind"] == Kind.LICENCE else _line_of(m)) for m in movements)
        self.lines.load(int(seq) for seq in at if seq is not None)

    def set_live(self, movement: Stored, live: bool) -> Change | None:
        """Have a movement stand, or not, from now on; None where it touches no licence line."""
        kind, seq = movement["kind"], int(movement["seq"])
        if kind == Kind.LICENCE:
            self.lines.set_live(seq, live)
            return self._changed(seq, movement, live)
        line = _line_of(movement)
        if line is None:
            return None
        self._stands[seq] = live
        return self._changed(line, movement, live)

    def _changed(self, line_seq: int, movement: Stored, live: bool) -> Change | None:
        place = self.lines.by_seq(line_seq)
        if place is None:
            return None
        before = self.lines.state(place)
        if self._plain(place, before, movement):
            after = _redrawn(before, movement, 1 if live else -1, self.lines.is_live(place))
        else:
            after = self._made_anew(place)
        self.lines.put(place, after)
        numbers = self.lines.budget_nos(place)
        return Change(numbers, after.held - before.held, after.lapsed - before.lapsed)

    def _plain(self, place: int, state: LineState, movement: Stored) -> bool:
        """Whether a draw moves nothing but what is used and held: no act ended any of the line."""
        if movement["kind"] not in DRAWS_DOWN:
            return False
        self.lines.load_acts([place])
        untouched = state.state == OPEN and not (state.lapsed or state.back or state.gone)
        return untouched and not self.lines.acts_on(place).parts

    def _made_anew(self, place: int) -> LineState:
        """What the live movements of a line make of it, in the order they were recorded."""
        seq = self.lines.seq(place)
        licence = self._movement(seq)
        state = first_state(licence, self._ruling(licence))
        if not self.lines.is_live(place):
            state.held = 0
        members = [m for m in stored(self.cursor, "target_seq", [seq]) if m["kind"] in OF_A_LINE]
        undone = reversed_among(self.cursor, [m["seq"] for m in members])
        for member in members:
            if self._stands.get(member["seq"], member["seq"] not in undone):
                self._apply(member, state)
        return state

    def _movement(self, seq: int) -> dict[str, Any]:
        (movement,) = stored(self.cursor, "seq", [seq])
        return movement

    def _apply(self, movement: dict[str, Any], state: LineState) -> None:
        kind = movement["kind"]
        if kind in DRAWS_DOWN:
            state.draw(*drawn(movement))
        elif kind in STATES:
            part = part_given(movement, state.unit)
            state.end(part, self._gives_back(movement))
            if part is None:
                state.close(STATES[kind], str(movement["effective_on"]))
        elif kind == Kind.LICENCE_AMENDMENT:
            expires_on = movement["expires_on"]
            said = None if expires_on is None else str(expires_on)
            on = str(movement["effective_on"])
            state.amend(on, said, movement["unit_value_cents"])
        elif kind == Kind.LICENCE_TRANSFER:
            state.exporter_no = movement["exporter_no"]

    def _gives_back(self, movement: Stored) -> bool:
        if movement["kind"] not in READINGS:
            return True
        return self._ruling(movement).draws[0].effect == GIVES_BACK

    def _ruling(self, movement: Stored) -> Ruling:
        (ruling,) = self.cursor.find(t.ruling, "ruling_no", [movement["ruling_no"]])
        return ruling_from_body(ruling[2])


def _line_of(movement: Stored) -> int | None:
    """The licence that a movement draws or acts on, by its seq."""
    target = movement["target_seq"]
    return None if target is None or movement["kind"] not in OF_A_LINE else int(target)


def first_state(licence: Stored, ruling: Ruling) -> LineState:
    """A line as its licence opened it; its last day is the licence's or, of none, the ruling's."""
    quantity, amount = licence["quantity"] or 0, licence["amount_mtpp"] or 0
    return LineState(
        quantity,
        amount,
        quantity * (licence["unit_value_cents"] or 0),
        held=amount,
        expires_on=own_last_day(licence["expires_on"], licence["effective_on"], ruling),
        exporter_no=licence["exporter_no"],
    )


def drawn(movement: Stored) -> tuple[int, int, int]:
    """What a movement draws of a line: units, amount, value in cents."""
    quantity = movement["quantity"] or 0
    return quantity, movement["amount_mtpp"] or 0, quantity * (movement["unit_value_cents"] or 0)


def part_given(movement: Stored, unit: int) -> int | None:
    """The part of a line a stored act is about, in milli-TPP; None for all of it."""
    if movement["kind"] not in (Kind.SURRENDER, Kind.REVOCATION):
        return None
    details = json.loads(movement["details"] or "{}")
    if "quantity" in details:
        return int(details["quantity"]) * unit
    return Tpp.of(details["tpp"]).milli if "tpp" in details else None


def _redrawn(state: LineState, movement: Stored, sign: int, live: bool) -> LineState:
    quantity, amount, value = drawn(movement)
    state = LineState(**{name: getattr(state, name) for name in LineState.__slots__})
    state.used_quantity += sign * quantity
    state.used += sign * amount
    state.used_value += sign * value
    state.held = max(state.amount - state.used, 0) if live else 0
    return state
