"""Closing a quarter: a movement that carries the digest of the quarter's report as it stands."""

from __future__ import annotations

from datetime import date

from ledger.service.closed import ClosedQuarters
from ledger.service.outcome import Outcome
from ledger.service.posting import Desk, post
from ledger.service.rows import row_of
from ledger.service.seal import Header
from ledger.storage.statements import Cursor
from schemas.canonical import canonical
from schemas.kinds import Kind
from schemas.problems import Problem, Unusable
from schemas.quarters import Quarter, quarter_of
from schemas.records import Given


def named(text: str) -> Quarter:
    """The quarter a text names. Raises Unusable for any other text."""
    try:
        return quarter_of(text)
    except ValueError as error:
        raise Unusable(Problem("", 0, 0, "quarter", text, "write it as 2025Q3")) from error


def check_closable(desk: Desk, quarter: Quarter) -> None:
    """Raise Unusable where a quarter is closed, is not over, or ended before the regime began."""
    with desk.store.reading() as turn:
        cursor = Cursor(desk.store.raw(turn.connection), desk.store.dialect)
        closed = ClosedQuarters(cursor).of(quarter)
    first_day = desk.rulebook.regime.first_day
    if closed is not None:
        reason = f"is closed already, by seq {closed.seq}; to close it anew, reverse that first"
    elif quarter.last >= date.today():
        reason = f"is not over: its last day is {quarter.last}"
    elif quarter.last < first_day:
        reason = f"ended before the regime began, on {first_day}"
    else:
        return
    raise Unusable(Problem("", 0, 0, "quarter", quarter.name, reason))


def close(desk: Desk, quarter: Quarter, digest: str, known_seq: int, header: Header) -> Outcome:
    """Close a quarter: `digest` is its report's, as known at `known_seq`, the last movement.

    Raises Unusable where it cannot be closed, and seal.Moved where something was recorded since
    the report was made: then make it anew.
    """
    check_closable(desk, quarter)
    details = {"quarter": quarter.name, "report": digest, "known_seq": str(known_seq)}
    given = Given(
        row=1,
        file_line=1,
        kind=Kind.QUARTER_CLOSE,
        effective_on=quarter.last,
        source="ledger",
        document=quarter.name,
        line="1",
        details=canonical(details),
    )
    return post(desk, [row_of(given, None)], header)
