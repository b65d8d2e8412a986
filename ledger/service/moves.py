"""Moves between facilities: two legs of one pair, the second pointing at the first.

The leg that leaves is ruled as what the move is in law: a reexport across a border, a transfer
within a country. The leg that arrives follows it as a receipt follows its shipment
(docs/decisions/0024-moves.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache, partial

from ledger.policy.budgets import PLACED, UNBOUND
from ledger.policy.judging import MOVES, DrawRule
from ledger.rules.admission import Effect
from ledger.rules.judge import Case
from ledger.rules.rulings import LEAVE, UNDER_LICENCE, Ruling
from ledger.rules.weights import Entry
from ledger.service.book import Book
from ledger.service.holders import LEFT, stated
from ledger.service.parents import Parents
from ledger.service.relations import Relations
from ledger.service.rows import Flag, Row, key_of, party_key
from ledger.service.rulebook import Rulebook, Ruled
from schemas.canonical import canonical
from schemas.kinds import Kind
from schemas.records import Given

OWN, GROUP, OTHER = MOVES
_, _, CREDIT_OTHER = UNDER_LICENCE


def arrival_of(given: Given) -> Given:
    """The leg that arrives, of the one that leaves; what a licence held is drawn by the first."""
    return replace(
        given,
        kind=Kind.TRANSFER_IN,
        effective_on=given.received_on or given.effective_on,
        received_on=None,
        licence=None,
        licence_line=None,
    )


def departure_key(given: Given) -> bytes:
    """The key of the leg that leaves, of the first attempt, by the one that arrives."""
    return key_of(replace(given, kind=Kind.TRANSFER_OUT))


def leaving(given: Given, *, same_parent: bool) -> Given:
    """A move as the goods stood before it: with who sends them, at the site they leave."""
    said = json.loads(given.details or "{}")
    said["owner"] = given.exporter
    said["facility"] = said.get("from_facility")
    if party_key(given.exporter) != party_key(given.consignee):
        said.pop("operator", None)
    kept = {name: value for name, value in said.items() if value is not None}
    return replace(
        given,
        consignee=given.exporter,
        parent=given.parent if same_parent else None,
        destination=said.get(LEFT),
        details=canonical(kept),
    )


def whose(relations: Relations, given: Given, day: date) -> str:
    """Whether the goods stay with their owner, with its group, or change hands (policy MOVES)."""
    sends, receives = party_key(given.exporter), party_key(given.consignee)
    if sends is None or receives is None:
        return OTHER
    if relations.merged(sends, day) == relations.merged(receives, day):
        return OWN
    parents = relations.holders(receives, party_key(given.parent), day)
    return GROUP if set(parents) & set(relations.holders(sends, None, day)) else OTHER


def ruled(rulebook: Rulebook, given: Given, word: str, seat: str = "") -> Ruled:
    """The ruling on the leg that leaves; `word` says whose the goods are (policy MOVES), `seat`
    where the receiver's parent is declared to have its headquarters (parents.py).
    """
    cases = [_case(one, given, (word, seat)) for one in rulebook.every]
    return rulebook.ruling(*cases)


def _case(rulebook: Rulebook, given: Given, said: tuple[str, str]) -> Case:
    word, seat = said
    left = stated(given, LEFT)
    within = rulebook.followed(left) == rulebook.followed(given.destination)
    kind = Kind.IN_COUNTRY_TRANSFER if within else Kind.REEXPORT
    case = rulebook.case(replace(given, kind=kind), seat)
    return replace(case, move=word, from_class=rulebook.country_class(left, case.period))


def rule(parents: Parents, relations: Callable[[], Relations], rows: Sequence[Row]) -> None:
    """Rule the moves among rows."""
    for row in rows:
        if row.kind == Kind.TRANSFER_OUT:
            word = whose(relations(), row.given, row.given.effective_on)
            ruling = partial(ruled, parents.rulebook, row.given, word)
            row.ruled, note = parents.ruled(row.given, ruling)
            found = row.ruled.ruling.findings
            row.flags += [Flag(code, detail=detail) for code, detail in found]
            row.flags += [note] if note else []


def said(kind: str, ruling: Ruling, target: int | None) -> str:
    """What a leg is, in words; `target` is what it points at, by seq."""
    if kind == Kind.TRANSFER_IN:
        return f"the leg of a move that arrives; seq {target} left, and its ruling holds"
    law = ruling.case.kind.replace("_", " ")
    of = "" if target is None else f" of what seq {target} brought"
    return f"the leg of a move that leaves{of}; ruled as what it is in law: {law}"


@lru_cache(maxsize=8)
def may_leave(rulebook: Rulebook) -> frozenset[str]:
    """The budgets with a limit from which goods may go on to another place or country.

    What comes back of such goods comes off where they first counted, and no more than stands there.
    """
    return frozenset(draw.budget for one in rulebook.every for draw in _draws_left(one))


def _draws_left(rulebook: Rulebook) -> Iterator[DrawRule]:
    judging, options, budgets = rulebook.regime.judging, rulebook.options, rulebook.regime.budgets
    every = (draw for one in judging.authorizations.values() for draw in one.draws)
    for draw in (*every, *judging.draws):
        budget = budgets.get(draw.budget)
        if budget is None or budget.kind in UNBOUND:
            continue
        sources = (draw.holder,) if draw.holder else budget.holders.sources(options)
        chosen = all(options[key] == value for key, value in draw.when.options)
        if chosen and (draw.effect == CREDIT_OTHER or not set(PLACED).isdisjoint(sources)):
            yield draw


def note_unknown(book: Book, rows: Sequence[Row], entries: Iterable[Entry]) -> None:
    """Note the moves that take more out of an account than the ledger knows to be in it."""
    taken = {
        (at, draw.place): draw.amount
        for at, row in enumerate(rows)
        if row.kind == Kind.TRANSFER_OUT
        for draw in row.draws
        if draw.effect == Effect.CREDIT_TO_NOTHING and book.named(draw.place)[0] in _left(row)
    }
    if not taken:
        return
    found = {(one.row, one.budget): -one.posted for one in entries if one.official}
    for (at, place), asked in taken.items():
        known = found.get((at, place), 0)
        if known < asked:
            figures = (known, None, asked, asked - known)
            rows[at].flags.append(Flag("moved_more_than_known", place, *figures))


def _left(row: Row) -> set[str]:
    """The budgets that a move comes off where it leaves."""
    draws = row.ruled.ruling.draws if row.ruled else ()
    return {draw.rule for draw in draws if draw.effect == LEAVE}
