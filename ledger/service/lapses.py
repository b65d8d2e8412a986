"""Licences whose last day is past and that hold something still: posted as lapses when asked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, literal_column, select

from ledger.intake import typed
from ledger.rules.endings import OPEN
from ledger.service.business_days import last_day_of_use
from ledger.service.importing import rows_of
from ledger.service.outcome import Outcome
from ledger.service.posting import post
from ledger.service.seal import Header
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import FileKind, Kind

if TYPE_CHECKING:
    from ledger.service.ledger import Ledger

_LINE = t.licence_line.c
_PAST = (
    select(_LINE.licence, _LINE.line, _LINE.expires_on)
    .where(_LINE.expires_on < bindparam("by"), _LINE.held_mtpp > literal_column("0"))
    .where(_LINE.live == literal_column("1"), _LINE.state == literal_column(f"'{OPEN}'"))
    .order_by(_LINE.expires_on, _LINE.licence, _LINE.line)
)


def due(ledger: Ledger, by: date) -> list[tuple[str, str, date]]:
    """The licence lines that have lapsed by a day: number, line, and the day they lapse.

    A line lapses on the day after the last on which it may be used; one that holds nothing has
    nothing to lapse.
    """
    calendar = ledger.rulebook.regime.licensing.holidays
    with ledger.store.reading() as turn:
        cursor = Cursor(ledger.store.raw(turn.connection), ledger.store.dialect)
        past = cursor.read(_PAST, by.isoformat())
    found = []
    for licence, line, expires_on in past:
        last = last_day_of_use(date.fromisoformat(str(expires_on)), calendar)
        if last < by:
            found.append((licence, line, last + timedelta(1)))
    return found


def lapse(ledger: Ledger, by: date, actor: str) -> Outcome:
    """Post every lapse that is due by a day, as one submission."""
    found = due(ledger, by)
    given = (
        typed(
            FileKind.ACTS,
            {
                "document": f"lapse of {licence}",
                "line": line,
                "kind": Kind.LAPSE,
                "effective_on": day.isoformat(),
                "licence": licence,
                "licence_line": line,
            },
            ledger.setting,
        )
        for licence, line, day in found
    )
    rows, _ = rows_of(ledger.desk, given)
    return post(ledger.desk, rows, Header("licence lapse", actor))
