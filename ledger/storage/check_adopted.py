"""What a ledger had adopted when a movement was recorded, for the checks."""

from __future__ import annotations

import json
from bisect import bisect_left
from typing import Any

from sqlalchemy import Connection, select

from schemas import tables as t
from schemas.kinds import Kind
from schemas.problems import Unusable

# The reading under which units that move on within a country are not debited again.
_MOVES_ON = ("in_country_transfer", "no_second_debit")


class Adopted:
    """The adoptions of a ledger in their order, each read when it is first asked for.

    Every question raises ValueError, TypeError or LookupError where what was adopted cannot be
    read any more.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        m = t.movement.c
        query = select(m.seq, m.details).where(m.kind == Kind.ADOPTION).order_by(m.seq)
        self._seqs: list[int] = []
        self._details: list[str] = []
        for seq, details in connection.execute(query):
            self._seqs.append(seq)
            self._details.append(details)
        self._texts: dict[str, Any] = {}
        self._kinds: dict[int, str] = {}

    def authorization(self, seq: int, text: str) -> str | None:
        """The code of the authorization that a text meant as movement `seq` was recorded."""
        from ledger.policy.reader import regime_from_text

        said = self._said(seq)
        try:
            regime = regime_from_text(self._text(said["regime"]), adopted=True)
            options = regime.choose(self._text(said["options"]))
            return regime.read_as(options).authorization(text)
        except Unusable as error:
            raise ValueError(str(error)) from error

    def moves_on(self, seq: int, ruling_no: int | None) -> bool:
        """Whether movement `seq` moved on, within a country, what counts already."""
        if ruling_no is None:
            return False
        option, choice = _MOVES_ON
        if self._text(self._said(seq)["options"]).get(option) != choice:
            return False
        return self._ruled_as(ruling_no) == Kind.IN_COUNTRY_TRANSFER

    def _said(self, seq: int) -> dict[str, str]:
        at = bisect_left(self._seqs, seq) - 1
        if at < 0:
            raise LookupError("nothing was adopted before it")
        said: dict[str, str] = json.loads(self._details[at])
        return said

    def _text(self, digest: str) -> Any:
        if digest not in self._texts:
            query = select(t.text.c.body).where(t.text.c.digest == digest)
            self._texts[digest] = json.loads(str(self._connection.execute(query).scalar()))
        return self._texts[digest]

    def _ruled_as(self, ruling_no: int) -> str:
        if ruling_no not in self._kinds:
            query = select(t.ruling.c.body).where(t.ruling.c.ruling_no == ruling_no)
            body = json.loads(str(self._connection.execute(query).scalar()))
            self._kinds[ruling_no] = body["case"]["kind"]
        return self._kinds[ruling_no]
