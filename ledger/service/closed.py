"""Quarters that are closed, and the mark on what is dated into them later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import bindparam, select, text

from ledger.rules.admission import Ints
from ledger.service.day_numbers import days_number
from ledger.service.rows import Flag, Row
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind
from schemas.quarters import Quarter, quarter_of

if TYPE_CHECKING:
    from ledger.service.bulk_findings import Gathered

LATE = "late_for_quarter"
_CLOSES = (
    select(t.standing.c.seq, t.standing.c.subject)
    .where(t.standing.c.kind == bindparam("kind"), t.standing.c.live == text("1"))
    .order_by(t.standing.c.seq)
)
# Acts on the books themselves, and what moves nothing, are late for no quarter.
NEVER_LATE = (Kind.QUARTER_CLOSE, Kind.ADOPTION, Kind.REFUSAL)


@dataclass(frozen=True, slots=True)
class Closed:
    """A quarter that is closed, and the movement that closed it."""

    quarter: Quarter
    seq: int

    @property
    def flag(self) -> Flag:
        """The mark of what comes later."""
        return Flag(LATE, detail=f"{self.quarter.name}, closed by seq {self.seq}")


def _on_record(cursor: Cursor) -> list[Closed]:
    rows = cursor.read(_CLOSES, str(Kind.QUARTER_CLOSE))
    return [Closed(quarter_of(name), seq) for seq, name in rows]


class ClosedQuarters:
    """The quarters that are closed as a posting begins."""

    def __init__(self, cursor: Cursor) -> None:
        self.all = cursor.recall(ClosedQuarters, lambda: _on_record(cursor))
        self._flags = [
            (days_number(one.quarter.first), days_number(one.quarter.last), one.flag)
            for one in self.all
        ]

    def of(self, quarter: Quarter) -> Closed | None:
        """The close of a quarter, if it is closed."""
        return next((one for one in self.all if one.quarter == quarter), None)

    def mark(self, rows: Sequence[Row]) -> None:
        """Mark the rows that are late."""
        if not self._flags:
            return
        for row in rows:
            if row.kind in NEVER_LATE:
                continue
            day = days_number(row.given.effective_on)
            row.flags += [flag for first, last, flag in self._flags if first <= day <= last]

    def mark_days(self, days: Ints, flags: Gathered) -> None:
        """Mark the movements of a batch, by their place, where their days are late."""
        for first, last, flag in self._flags:
            flags.of_all(np.flatnonzero((days >= first) & (days <= last)), flag)
