"""Licence lines that acts have changed, made anew from their movements."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select

from ledger.storage.check_expiry import LastDays
from ledger.storage.check_spoilt import SPOILT, Fail, why
from ledger.storage.rows import as_text, streamed
from schemas import tables as t
from schemas.kinds import DRAWS_DOWN, ENDINGS, LICENCE_ACTS, OF_A_LINE, Kind
from schemas.tpp import Tpp

_ENDS = {
    Kind.LAPSE: "lapsed",
    Kind.SURRENDER: "surrendered",
    Kind.REVOCATION: "revoked",
    Kind.LICENCE_CLOSE: "closed",
    Kind.REPLACEMENT: "replaced",
}
_OF_MOVEMENT = (
    "seq",
    "kind",
    "effective_on",
    "expires_on",
    "exporter_no",
    "quantity",
    "amount_mtpp",
    "unit_value_cents",
    "ruling_no",
    "details",
)
_OF_LICENCE = (
    *("quantity", "amount_mtpp", "unit_value_cents", "expires_on", "exporter_no"),
    *("ruling_no", "effective_on"),
)


@dataclass
class Line:
    """One licence line as its movements make it; amounts in milli-TPP, values in cents."""

    quantity: int
    amount: int
    value: int
    expires_on: str | None
    exporter_no: int | None
    held: int = 0
    lapsed: int = 0
    back: int = 0
    gone: int = 0
    used_quantity: int = 0
    used: int = 0
    state: str = "open"
    closed_on: str | None = None
    # The days of the amendments that last day and value are from.
    expires_from: str = ""
    value_from: str = ""

    def draw(self, quantity: int, amount: int) -> None:
        """Used: of what is held, then of what lapsed, then of what was given back."""
        for name in ("held", "lapsed", "back"):
            taken = min(amount, getattr(self, name))
            setattr(self, name, getattr(self, name) - taken)
            amount -= taken
        self.used_quantity += quantity
        self.gone = max(min(self.gone, self.quantity - self.used_quantity), 0)

    def amend(self, on: str, expires_on: str | None, unit_cents: int | None) -> None:
        """Last day and value are those of the latest amendment by day."""
        if expires_on is not None and on >= self.expires_from:
            self.expires_on, self.expires_from = expires_on, on
        if unit_cents is not None and on >= self.value_from:
            self.value, self.value_from = unit_cents * self.quantity, on

    def end(self, part: int | None, side: str) -> None:
        """What is held, or a part of it, goes to a side; the units with it."""
        if self.state != "open":
            return
        ended = self.held if part is None else min(part, self.held)
        free = max(self.quantity - self.used_quantity - self.gone, 0)
        if self.quantity:
            whole = part is None
            self.gone += free if whole else min(free, ended // (self.amount // self.quantity))
        self.held -= ended
        setattr(self, side, getattr(self, side) + ended)


def acted_lines(
    connection: Connection, reversed_seqs: set[int], last_days: LastDays, fail: Fail
) -> Iterator[tuple[int, Line | None]]:
    """The lines of which some live or reversed act is on record, by rising seq; None for one that
    cannot be made anew, which is a failure.
    """
    member, licence = t.movement.alias("member").c, t.movement.alias("licence").c
    acted = select(t.movement.c.target_seq).where(
        t.movement.c.kind.in_([*map(str, LICENCE_ACTS), str(Kind.REPLACEMENT)])
    )
    query = (
        select(
            licence.seq,
            *(as_text(licence[n]) if n.endswith("_on") else licence[n] for n in _OF_LICENCE),
            *(as_text(member[n]) if n.endswith("_on") else member[n] for n in _OF_MOVEMENT),
        )
        .where(licence.seq == member.target_seq, licence.kind == Kind.LICENCE)
        .where(licence.seq.in_(acted), member.kind.in_(map(str, OF_A_LINE)))
        .order_by(licence.seq, member.seq)
    )
    known = reversed_seqs, _given_back(connection, fail)
    for seq, rows in groupby(streamed(connection, query), key=lambda row: int(row[0])):
        every = list(rows)
        try:
            opened = _opened(every[0][1 : 1 + len(_OF_LICENCE)], last_days)
            yield seq, _made(opened, seq, every, known)
        except SPOILT as error:
            said = f"an act on it is not to be read ({why(error)})"
            fail("licence lines", f"licence line {seq}: {said}")
            yield seq, None


def _given_back(connection: Connection, fail: Fail) -> set[int]:
    """The rulings by which the unused rest of a licence comes back."""
    m, r = t.movement.c, t.ruling.c
    query = select(r.ruling_no, r.body).where(
        r.ruling_no.in_(select(m.ruling_no).where(m.kind.in_(map(str, ENDINGS))))
    )
    found: set[int] = set()
    for no, body in connection.execute(query):
        try:
            if json.loads(body)["draws"][0]["effect"] == "give_back":
                found.add(no)
        except SPOILT as error:
            fail("licence lines", f"ruling {no}, on an ending, is not to be read ({why(error)})")
    return found


def _opened(licence: Sequence[Any], last_days: LastDays) -> Line:
    quantity, amount, cents, expires_on, exporter_no, ruling_no, issued_on = licence
    worth = (quantity or 0) * (cents or 0)
    last = last_days.of(expires_on, ruling_no, issued_on)
    return Line(quantity or 0, amount or 0, worth, last, exporter_no)


def _made(line: Line, seq: int, rows: list[Any], known: tuple[set[int], set[int]]) -> Line:
    reversed_seqs, back = known
    line.held = line.amount if seq not in reversed_seqs else 0
    for row in rows:
        one = dict(zip(_OF_MOVEMENT, row[1 + len(_OF_LICENCE) :], strict=True))
        if one["seq"] not in reversed_seqs:
            _apply(line, one, back)
    return line


def _apply(line: Line, one: dict[str, Any], back: set[int]) -> None:
    kind = one["kind"]
    if kind in DRAWS_DOWN:
        line.draw(one["quantity"] or 0, one["amount_mtpp"] or 0)
    elif kind in _ENDS:
        part = _part(line, one)
        replaced = kind == Kind.REPLACEMENT
        line.end(part, "back" if replaced or one["ruling_no"] in back else "lapsed")
        if part is None and line.state == "open":
            line.state, line.closed_on = _ENDS[Kind(kind)], one["effective_on"]
    elif kind == Kind.LICENCE_AMENDMENT and line.state == "open":
        line.amend(one["effective_on"], one["expires_on"], one["unit_value_cents"])
    elif kind == Kind.LICENCE_TRANSFER:
        line.exporter_no = one["exporter_no"]


def _part(line: Line, one: dict[str, Any]) -> int | None:
    if one["kind"] not in (Kind.SURRENDER, Kind.REVOCATION):
        return None
    details = json.loads(one["details"] or "{}")
    if "quantity" in details:
        return int(details["quantity"]) * (line.amount // line.quantity if line.quantity else 0)
    return Tpp.of(details["tpp"]).milli if "tpp" in details else None
