"""Budgets that are blocked or suspended on a day, by the acts on record.

A suspended budget takes no claims: a request is refused, a licence or a shipment is flagged. A
blocked one takes claims and settles none: a request waits as pending, a licence or a shipment is
flagged. Shipments under a licence on file use what was granted before, and are not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import literal_column, select, text

from ledger.rules.admission import Batch, Effect, Ints
from ledger.service.day_numbers import day_of
from ledger.service.rows import Flag, Row
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import SENT, STATUS_CHANGES, Kind

if TYPE_CHECKING:
    from ledger.service.bulk_findings import Gathered

SUSPENDED, BLOCKED = "holder_suspended", "holder_blocked"
# Each pair of acts: the one that marks, the one that ends it, and what it is called.
_PAIRS = ((Kind.SUSPEND, Kind.REINSTATE, SUSPENDED), (Kind.BLOCK, Kind.UNBLOCK, BLOCKED))
_ACTS = (
    select(t.standing)
    .where(
        t.standing.c.kind.in_([literal_column(f"'{kind}'") for kind in STATUS_CHANGES]),
        t.standing.c.live == text("1"),
    )
    .order_by(t.standing.c.from_on, t.standing.c.seq)
)
_STANDING = t.standing.columns.keys()
# What takes room that nothing granted before.
_CLAIMS = (Effect.HOLD, Effect.POST)
_CLAIMING = (Kind.LICENCE, *SENT)


class Marks:
    """The acts that stand as a posting begins, by the number of their budget."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._acts = cursor.recall(Marks, lambda: _on_record(cursor))
        self._said: dict[int, str] = {}

    def __bool__(self) -> bool:
        return bool(self._acts)

    @property
    def numbers(self) -> list[int]:
        """The budgets that any act marks."""
        return list(self._acts)

    def on(self, number: int, day: date) -> dict[str, str]:
        """What marks a budget on a day, and by which act; of acts in force the latest counts."""
        found: dict[str, str] = {}
        acts = [act for act in self._acts.get(number, ()) if _in_force(act, day)]
        for marking, ending, code in _PAIRS:
            last = [act for act in acts if act["kind"] in (marking, ending)][-1:]
            if last and last[0]["kind"] == marking:
                found[code] = self._tell(last[0])
        return found

    def _tell(self, act: dict[str, Any]) -> str:
        """An act in words: its number, authority, days and reason."""
        seq = int(act["seq"])
        if seq not in self._said:
            at = t.movement.columns.keys().index("details")
            (movement,) = self._cursor.find(t.movement, "seq", [seq])
            details = json.loads(movement[at] or "{}")
            of = f" of {details['authority']}" if details.get("authority") else ""
            until = f" until {act['until_on']}" if act["until_on"] else ""
            why = f": {details['reason']}" if details.get("reason") else ""
            self._said[seq] = f"by act seq {seq}{of}, from {act['from_on']}{until}{why}"
        return self._said[seq]

    def flag(self, rows: Sequence[Row], numbers: Sequence[int]) -> None:
        """Flag licences and shipments that take room of a marked budget."""
        if not self._acts:
            return
        for row in rows:
            if row.kind not in _CLAIMING:
                continue
            for draw in row.draws:
                if draw.official and draw.effect in _CLAIMS:
                    found = self.on(numbers[draw.place], row.given.effective_on)
                    row.flags += [Flag(code, draw.place, detail=s) for code, s in found.items()]

    def flag_batch(self, batch: Batch, days: Ints, numbers: Sequence[int], flags: Gathered) -> None:
        """The same for a batch; `days` says on which day each movement claims, -1 for none."""
        if not self._acts:
            return
        marked = np.isin(np.array(numbers, np.int64), self.numbers)
        claims = (batch.draw_official == 1) & np.isin(batch.draw_effect, [int(e) for e in _CLAIMS])
        claims &= marked[batch.draw_budget] & (days[batch.draw_row] >= 0)
        for at in np.flatnonzero(claims).tolist():
            row, place = int(batch.draw_row[at]), int(batch.draw_budget[at])
            day = day_of(int(days[row]))
            for code, said in self.on(numbers[place], day).items():
                flags.add(row, Flag(code, place, detail=said))


def _on_record(cursor: Cursor) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in cursor.read(_ACTS):
        act = dict(zip(_STANDING, row, strict=True))
        found.setdefault(int(act["subject"]), []).append(act)
    return found


def _in_force(act: dict[str, Any], day: date) -> bool:
    until = act["until_on"]
    began = date.fromisoformat(str(act["from_on"])) <= day
    return began and (until is None or date.fromisoformat(str(until)) >= day)
