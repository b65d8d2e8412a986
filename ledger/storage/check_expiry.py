"""The last day of a licence for the checks: as it says or, where it does not, as it was ruled."""

from __future__ import annotations

import json
from datetime import date

from sqlalchemy import Connection, select

from ledger.policy.licensing import expiry_of
from ledger.storage.check_spoilt import SPOILT, Fail, why
from schemas import tables as t
from schemas.kinds import Kind


class LastDays:
    """Tells last days by the rulings on licences, which say how long one holds that names none."""

    def __init__(self, connection: Connection, fail: Fail) -> None:
        m, r = t.movement.c, t.ruling.c
        query = select(r.ruling_no, r.body).where(
            r.ruling_no.in_(select(m.ruling_no).where(m.kind == Kind.LICENCE))
        )
        self._years: dict[int, int] = {}
        for no, body in connection.execute(query):
            try:
                if years := json.loads(body).get("years"):
                    self._years[no] = int(years)
            except SPOILT as error:
                fail("licence lines", f"ruling {no}, on licences, is not to be read ({why(error)})")

    def of(self, stated: str | None, ruling_no: int | None, issued_on: str) -> str | None:
        """The last day of a licence, given what it says, its ruling and its day, as ISO text.

        Raises ValueError for a day that there is not.
        """
        years = self._years.get(ruling_no or 0)
        if stated is not None or years is None:
            return stated
        return expiry_of(date.fromisoformat(issued_on), years).isoformat()
