"""The last day of a licence: as it says, as it was ruled where it says none, as it was amended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ledger.rules.rulings import Ruling, ruling_from_body
from ledger.service.stored import stored
from ledger.storage.chain import US
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.records import Given


def own_last_day(said: object, issued_on: object, ruling: Ruling | None) -> str | None:
    """The last day of a licence before any amendment (ISO text); None where it has none.

    `said` is the day it names, None for none, and `issued_on` its own: days, or ISO texts of them.
    """
    last = said
    if last is None and ruling is not None:
        last = ruling.last_day(date.fromisoformat(str(issued_on)))
    return None if last is None else str(last)


def own_last_days(cursor: Cursor, seqs: Iterable[int]) -> dict[int, str | None]:
    """The same of several licences, by seq."""
    licences = stored(cursor, "seq", list(seqs))
    asked = {one["ruling_no"] for one in licences if one["expires_on"] is None} - {None}
    rulings = {
        row[0]: ruling_from_body(row[2]) for row in cursor.find(t.ruling, "ruling_no", asked)
    }
    return {
        one["seq"]: own_last_day(
            one["expires_on"], one["effective_on"], rulings.get(one["ruling_no"])
        )
        for one in licences
    }


def amended_object(given: Given) -> str | None:
    """What an amendment changes, as `standing` keeps it: the last day, US, the value of a unit.

    None where it changes neither.
    """
    if given.expires_on is None and given.unit_value_cents is None:
        return None
    cents = "" if given.unit_value_cents is None else given.unit_value_cents
    return f"{given.expires_on or ''}{US}{cents}"


def amended(object_: str) -> tuple[str | None, bool]:
    """The last day that a standing amendment says, and whether it says a value."""
    last, cents = object_.split(US)
    return last or None, bool(cents)
