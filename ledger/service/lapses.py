"""Licences whose last day is past and that hold something still: posted as lapses when asked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, literal_column, select

from ledger.intake import typed
from ledger.rules.endings import OPEN
from ledger.service.book import Book, Known
from ledger.service.business_days import last_day_of_use
from ledger.service.importing import rows_of
from ledger.service.line_flags import subject_of
from ledger.service.line_rules import line_rules
from ledger.service.lines import LineBook
from ledger.service.outcome import Outcome
from ledger.service.posting import post
from ledger.service.seal import Header
from ledger.storage.chain import US
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import FileKind, Kind

if TYPE_CHECKING:
    from ledger.service.ledger import Ledger

_LINE = t.licence_line.c
_AT = {name: place for place, name in enumerate(_LINE.keys())}
_STANDING = {name: place for place, name in enumerate(t.standing.columns.keys())}
_PAST = (
    select(t.licence_line)
    .where(_LINE.expires_on < bindparam("by"), _LINE.held_mtpp > literal_column("0"))
    .where(_LINE.live == literal_column("1"), _LINE.state == literal_column(f"'{OPEN}'"))
)


def due(ledger: Ledger, by: date) -> list[tuple[str, str, date]]:
    """The licence lines that have lapsed by a day: number, line, and the day they lapse.

    A line lapses on the day after the last on which it may be used, as in force by that day; one
    that holds nothing has nothing to lapse.
    """
    calendar = ledger.rulebook.regime.licensing.holidays
    with ledger.store.reading() as turn:
        cursor = Cursor(ledger.store.raw(turn.connection), ledger.store.dialect)
        lines = LineBook(cursor, Book(cursor, Known(), 0), line_rules(ledger.rulebook))
        held = {line[_AT["seq"]]: line for line in cursor.read(_PAST, by.isoformat())}
        held |= _amended(cursor)
        places = [lines.place(line) for line in held.values()]
        lines.load_acts(places)
        last_days = [lines.last_day(place, by.isoformat()) for place in places]
    found = []
    for line, last_day in zip(held.values(), last_days, strict=True):
        if last_day is None:
            continue
        last = last_day_of_use(date.fromisoformat(last_day), calendar)
        if last < by:
            found.append((last_day, line[_AT["licence"]], line[_AT["line"]], last + timedelta(1)))
    return [(licence, line, day) for _, licence, line, day in sorted(found)]


def _amended(cursor: Cursor) -> dict[int, tuple[Any, ...]]:
    """The lines that hold something and were amended, by seq.

    Their last day is another one before the amendment's day.
    """
    standing = cursor.find(t.standing, "kind", [Kind.LICENCE_AMENDMENT])
    subjects = {one[_STANDING["subject"]] for one in standing if one[_STANDING["live"]]}
    numbers = {subject.split(US)[0] for subject in subjects}
    return {
        line[_AT["seq"]]: line
        for line in cursor.find(t.licence_line, "licence", numbers)
        if subject_of(line[_AT["licence"]], line[_AT["line"]]) in subjects
        and line[_AT["live"]]
        and line[_AT["held_mtpp"]] > 0
        and line[_AT["state"]] == OPEN
    }


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
