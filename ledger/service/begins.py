"""Budgets that a country comes to hold within their window: nothing is held against what is dated
before that day. It counts from then on, and must fit with all that is dated later.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np

from ledger.rules.weights import Excess, Ints, Over

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.service.book import Book
    from ledger.service.rulebook import Rulebook

LIMIT = "over_limit"


class Begins:
    """Tells on which days the budgets of a book are not held yet."""

    def __init__(self, rulebook: Rulebook, book: Book) -> None:
        self._rulebook, self.book = rulebook, book

    def waits(self, place: int, day: int) -> bool:
        """Whether the holder of the budget at a place comes to hold it after a day (a number)."""
        return any(first <= day <= last for first, last in self._spans(place))

    def held(self, overs: Iterable[Over], days: Sequence[int]) -> list[Over]:
        """What of rows exceeds a limit that is one on their day; `days` is each row's."""
        return [
            over
            for over in overs
            if over.code != LIMIT or not self.waits(over.budget, days[over.row])
        ]

    def of(self, excess: Excess, days: Ints) -> Excess:
        """The same of a batch's movements in columns."""
        kept = np.ones(len(excess.row), bool)
        limits = np.array([code == LIMIT for code in excess.code], bool)
        for place in np.unique(excess.budget[limits]).tolist():
            for first, last in self._spans(place):
                day = days[excess.row]
                kept &= ~(limits & (excess.budget == place) & (first <= day) & (day <= last))
        if kept.all():
            return excess
        codes = [code for code, one in zip(excess.code, kept.tolist(), strict=True) if one]
        names = (one.name for one in fields(Excess) if one.name != "code")
        return replace(excess, code=codes, **{name: getattr(excess, name)[kept] for name in names})

    def _spans(self, place: int) -> tuple[tuple[int, int], ...]:
        return self._rulebook.not_yet(self.book.named(place)[0], self.book.holder(place))
