"""A row on its way through a submission, and what it does to which budget."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.refusals import by_precedence
from ledger.rules.admission import Effect
from ledger.storage import chain
from schemas.canonical import canonical
from schemas.kinds import RECEIPTS, RETURNS, SENT, Kind
from schemas.names import name_key
from schemas.problems import Problem
from schemas.records import Given

if TYPE_CHECKING:
    from ledger.service.book import BudgetKey, BudgetTerms
    from ledger.service.rulebook import Ruled
    from ledger.service.targets import Target

# Licences stand before what draws on them, a receipt behind its shipment of the same day.
_ORDER: dict[str, int] = {kind: place for place, kind in enumerate(Kind)}
_REQUESTS = (Kind.APPLICATION, Kind.REPLACEMENT, Kind.LICENCE)
_SENT: frozenset[str] = frozenset(SENT)
_POINTING: frozenset[str] = frozenset((*RECEIPTS, *RETURNS))


class Drawn(NamedTuple):
    """One draw of a row: the place of its budget, the tally, the effect and the amount."""

    place: int
    official: int
    effect: Effect
    amount: int


class Flag(NamedTuple):
    """One finding on a row before it has its number; `place` is the budget's, if any."""

    code: str
    place: int | None = None
    limit: int | None = None
    taken: int | None = None
    asked: int | None = None
    short: int | None = None
    detail: str | None = None


def ordered(flags: list[Flag], numbers: Sequence[int]) -> list[Flag]:
    """Flags as they are stored: the weightiest first, those of one code by their budget's number.

    `numbers` are the budgets' by place; places differ with the order budgets were looked up in.
    """
    if len(flags) < 2:
        return flags
    rank = _ranks(tuple(f.code for f in flags))

    def at(flag: Flag) -> tuple[int, int]:
        return rank[flag.code], 0 if flag.place is None else numbers[flag.place]

    return sorted(flags, key=at)


@lru_cache(maxsize=1024)
def _ranks(codes: tuple[str, ...]) -> dict[str, int]:
    return {code: n for n, code in enumerate(by_precedence(list(codes)))}


@dataclass(slots=True)
class Row:
    """One movement to be: what was given, what was ruled, and what it comes to."""

    given: Given
    ruled: Ruled | None
    key: bytes
    content: bytes
    kind: str
    attempt: int = 1
    seq: int = 0
    target_seq: int | None = None
    line_place: int = -1
    # The licence line an act is about, and whether it ends a part of it only.
    act_place: int = -1
    in_part: bool = False
    draws: list[Drawn] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    # An adjustment's budget; a receipt's or return's shipment; what a licence's application held
    # pending, by place.
    account: tuple[BudgetKey, BudgetTerms] | None = None
    target: Target | None = None
    pending: list[tuple[int, int]] = field(default_factory=list)
    # The shipment whose units a transfer within a country moves on, where they count already.
    linked_to: Target | None = None
    uses_line: bool = True
    # The shipment that an assignment lays under a licence.
    laid: Target | None = None

    @property
    def order(self) -> tuple[int, date, int, int]:
        """Where the row stands in its submission (DESIGN section 6)."""
        given = self.given
        first = 0 if self.kind in _REQUESTS else 1
        return (first, given.effective_on, given.row, _ORDER[self.kind])

    @property
    def amount(self) -> int:
        """The lot's total in milli-TPP, 0 where it has none."""
        return self.given.amount_mtpp or 0

    @property
    def day(self) -> str:
        """The day it counts for, as ISO text."""
        return self.given.effective_on.isoformat()

    def problem(
        self, column: str, value: str, reason: str, nearest: tuple[str, ...] = ()
    ) -> Problem:
        """What is wrong with one of its fields."""
        given = self.given
        return Problem("", given.file_line, given.row, column, value, reason, nearest)

    def details(self) -> dict[str, Any]:
        """Its fields without a column of their own."""
        loaded: dict[str, Any] = json.loads(self.given.details) if self.given.details else {}
        return loaded


def is_shipment(kind: str) -> bool:
    """Whether the kind is one of the four shipments, or the leg of a move that leaves."""
    return kind in _SENT


def points_at_shipment(kind: str) -> bool:
    """Whether the kind is a receipt or a return."""
    return kind in _POINTING


def key_of(given: Given, attempt: int = 1) -> bytes:
    """The natural key of a row as given."""
    return chain.key_digest(given.kind, given.source, given.document, given.line, attempt)


def content_of(given: Given) -> bytes:
    """The digest of what a row says."""
    return chain.content_digest(
        (
            given.kind,
            given.effective_on,
            given.expires_on,
            given.exporter,
            given.consignee,
            given.parent,
            given.consignee_hq,
            given.parent_hq,
            given.destination,
            given.authorization,
            given.licence,
            given.licence_line,
            given.chip,
            given.quantity,
            given.amount_mtpp,
            given.unit_value_cents,
            given.details,
        )
    )


def row_of(given: Given, ruled: Ruled | None) -> Row:
    """A row ready to be posted, flagged with what the rules found."""
    row = Row(given, ruled, key_of(given), content_of(given), given.kind)
    if ruled is not None:
        row.flags = [Flag(code, detail=detail) for code, detail in ruled.ruling.findings]
    return row


def receipt_of(given: Given) -> Given:
    """The receipt that a shipment's filled `received_on` stands for."""
    assert given.received_on is not None
    details = canonical({"shipment": given.document, "shipment_line": given.line})
    return Given(
        row=given.row,
        file_line=given.file_line,
        kind=Kind.RECEIPT,
        effective_on=given.received_on,
        source=given.source,
        document=given.document,
        line=given.line,
        exporter=given.exporter,
        target_document=given.document,
        target_line=given.line,
        details=details,
    )


def party_key(name: str | None) -> str | None:
    """The name key of a party, None for none."""
    return None if name is None else name_key(name)
