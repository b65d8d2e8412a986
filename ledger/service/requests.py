"""Applications: each is weighed in turn against the room left, and refused where it exceeds.

What earlier applications ask for counts as taken: two of them cannot both be told that the last
units are theirs (docs/decisions/0003-pending.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from ledger.rules.admission import room
from ledger.service.book import Book
from ledger.service.marks import SUSPENDED, Marks
from ledger.service.rows import Drawn, Flag, Row
from schemas.kinds import Kind


def decide(book: Book, rows: Sequence[Row], marks: Marks, spares: Callable[[date], bool]) -> None:
    """Refuse the applications that do not fit on every day from theirs on; in their order.

    On a day that `spares` none is refused for a limit: it is noted instead.
    """
    asked: dict[int, list[tuple[date, int]]] = {}
    for row in rows:
        if row.kind != Kind.APPLICATION:
            continue
        reasons = [flag for draw in row.draws for flag in _against(book, row, draw, asked, marks)]
        if spares(row.given.effective_on):
            noted = [flag for flag in reasons if flag.code == "over_limit"]
            reasons = [flag for flag in reasons if flag.code != "over_limit"]
            row.flags += noted if not reasons else []
        if reasons:
            row.kind, row.draws = Kind.REFUSAL, []
            row.flags = reasons + row.flags
            continue
        for draw in row.draws:
            asked.setdefault(draw.place, []).append((row.given.effective_on, draw.amount))


def _against(
    book: Book, row: Row, draw: Drawn, asked: dict[int, list[tuple[date, int]]], marks: Marks
) -> list[Flag]:
    day = row.given.effective_on
    suspended = marks.on(book.numbers[draw.place], day).get(SUSPENDED)
    if suspended is not None:
        return [Flag(SUSPENDED, draw.place, detail=suspended)]
    left = room_left(book, draw.place, day, asked.get(draw.place, []))
    if draw.amount <= left:
        return []
    limit = int(book.balances.limit[draw.place] + book.balances.adjustment[draw.place])
    short = draw.amount - left
    return [Flag("over_limit", draw.place, limit, limit - left, draw.amount, short)]


def room_left(book: Book, place: int, day: date, asked: list[tuple[date, int]]) -> int:
    """The least room from a day on; from the last credit or limit change on, the totals tell."""
    balances = book.balances
    credit = book.last_credit[place]
    if credit is None or day.isoformat() >= credit:
        taken = balances.pending[place] + balances.held[place] + balances.posted[place]
        taken += balances.lapsed[place]
        limit = balances.limit[place] + balances.adjustment[place]
        return int(limit) - int(taken) - sum(amount for _, amount in asked)
    days = sorted([*book.days(place), *asked])
    numbered = [(on.toordinal(), amount) for on, amount in days]
    return room(int(balances.limit[place]), numbered, day.toordinal())
