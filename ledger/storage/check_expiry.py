"""The last day of a licence for the checks: as it says or, where it does not, as it was ruled."""

from __future__ import annotations

import json
from datetime import date

from sqlalchemy import Connection, select

from ledger.policy.licensing import expiry_of
from schemas import tables as t
from schemas.kinds import Kind


class LastDays:
    """Tells last days by the rulings on licences, which say how long one holds that names none."""

    def __init__(self, connection: Connection) -> None:
        m, r = t.movement.c, t.ruling.c
        query = select(r.ruling_no, r.body).where(
            r.ruling_no.in_(select(m.ruling_no).where(m.kind == Kind.LICENCE))
        )
        said = ((no, json.loads(body).get("years")) for no, body in connection.execute(query))
        self._years = {no: int(years) for no, years in said if years}

    def of(self, stated: str | None, ruling_no: int | None, issued_on: str) -> str | None:
        """The last day of a licence, given what it says, its ruling and its day, as ISO text."""
        years = self._years.get(ruling_no or 0)
        if stated is not None or years is None:
            return stated
        return expiry_of(date.fromisoformat(issued_on), years).isoformat()
