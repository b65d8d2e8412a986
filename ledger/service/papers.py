"""Certificates and notices: whether a shipment's are on record, and the flags where they are not.

A paper stands on the shipment's row, or was declared before: a certificate or notice of a
consignee or its parent (`party`) to an exporter (`other_party`; empty: to any) for one
authorization, for one shipment's document or (empty) for all until it ends.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, text

from ledger.rules import preconditions
from ledger.rules.preconditions import Terms
from ledger.service.relations import Relations
from ledger.service.rows import Row, party_key
from ledger.service.rulebook import Rulebook
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind
from schemas.whole import LARGEST_WHOLE

DECLARED = (Kind.CERTIFICATE, Kind.NOTICE)
HEADINGS = {
    "certificate": "certificate_on",
    "notice": "notice_on",
    "test": "test_on",
    "eccn": "eccn",
}
_US = "\x1f"
_AT = {name: place for place, name in enumerate(t.standing.columns.keys())}
_OF_KIND = (
    select(t.standing)
    .where(t.standing.c.kind == bindparam("kind"), t.standing.c.live == text("1"))
    .order_by(t.standing.c.seq)
)
# The lots of one shipment: source, document, exporter, day, authorization.
Lot = tuple[str, str, str, date, str]


class Sent(NamedTuple):
    """What of a shipment a declared paper is compared with; parties by their name keys.

    `exporter` None: a paper given to any exporter will do.
    """

    authorization: str
    parties: frozenset[str]
    exporter: str | None
    document: str

    def to(self, receiver: str, terms: Terms) -> Sent:
        """The same for a paper that hangs on what the receiver was sent, by whom the terms say."""
        exporter = None if terms.rule.suppliers == "all" else self.exporter
        return self._replace(parties=self.parties | {receiver}, exporter=exporter)


@dataclass(frozen=True, slots=True)
class _Declared:
    authorization: str
    exporter: str
    document: str
    from_on: date
    until_on: date | None

    def covers(self, sent: Sent, day: date, latest: date) -> bool:
        return (
            self.authorization == sent.authorization
            and (sent.exporter is None or self.exporter in ("", sent.exporter))
            and self.document in ("", sent.document)
            and self.from_on <= latest
            and (self.until_on is None or day <= self.until_on)
        )


class Declarations:
    """The certificates and notices declared, by kind and party."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self._of: dict[tuple[str, str], list[_Declared]] = defaultdict(list)
        for row in rows:
            kind, live = row[_AT["kind"]], row[_AT["live"]]
            if kind in DECLARED and live:
                self._of[kind, row[_AT["subject"]]].append(_declared(row))

    @classmethod
    def of(cls, cursor: Cursor, parties: Iterable[str]) -> Declarations:
        """Those of some parties, by name key."""
        return cls(cursor.find(t.standing, "subject", sorted(set(parties))))

    @classmethod
    def every(cls, cursor: Cursor) -> Declarations:
        """All there are."""
        return cls(row for kind in DECLARED for row in cursor.read(_OF_KIND, str(kind)))

    def __bool__(self) -> bool:
        return bool(self._of)

    def cover(self, terms: Terms, sent: Sent, day: date) -> bool:
        """Whether one of them is what is asked for."""
        latest = preconditions.latest(terms, day)
        return any(
            one.covers(sent, day, latest)
            for party in sent.parties
            for one in self._of.get((terms.rule.asks, party), ())
        )


def _declared(row: tuple[Any, ...]) -> _Declared:
    authorization, exporter, document = row[_AT["object"]].split(_US)
    until = row[_AT["until_on"]]
    return _Declared(
        authorization,
        exporter,
        document,
        date.fromisoformat(str(row[_AT["from_on"]])),
        None if until is None else date.fromisoformat(str(until)),
    )


def declared_object(row: Row) -> str:
    """What a declared paper is for, as `standing` keeps it."""
    details = row.details()
    exporter = party_key(details.get("other_party")) or ""
    return _US.join((row.given.authorization or "", exporter, details.get("shipment", "")))


def lot_of(row: Row) -> Lot:
    """Which shipment a row is a line of."""
    given = row.given
    return (
        given.source,
        given.document,
        given.exporter or "",
        given.effective_on,
        given.authorization or "",
    )


def totals(rulebook: Rulebook, rows: Iterable[Row]) -> dict[Lot, int]:
    """The amount of each shipment whose papers hang on it, over all its lines, in milli-TPP."""
    found: dict[Lot, int] = defaultdict(int)
    for row in rows:
        if row.ruled is not None and rulebook.measures(row.ruled.ruling.needs):
            found[lot_of(row)] = min(found[lot_of(row)] + row.amount, LARGEST_WHOLE)
    return found


class RowPapers:
    """The papers of rows, by their places: what running totals ask for (running.py)."""

    def __init__(self, clerk: Clerk, rows: Sequence[Row]) -> None:
        self._clerk, self._rows = clerk, rows
        self._declared: dict[frozenset[str], Declarations] = {}

    def needs(self, at: int) -> tuple[str, ...]:
        """What the row's ruling asks for before it leaves."""
        return _needs(self._rows[at])

    def dated(self, at: int, terms: Terms) -> date | None:
        """The day of the paper that the row names; None where it names none."""
        return _on_row(self._rows[at].details(), terms)

    def declared(self, at: int, terms: Terms, day: date, receiver: str) -> bool:
        """Whether a paper that was declared covers a shipment of a day."""
        sent = self._clerk.sent(self._rows[at]).to(receiver, terms)
        if sent.parties not in self._declared:
            self._declared[sent.parties] = Declarations.of(self._clerk.cursor, sent.parties)
        return self._declared[sent.parties].cover(terms, sent, day)


class Clerk:
    """Looks for the papers of shipments, row by row."""

    def __init__(
        self, rulebook: Rulebook, cursor: Cursor, relations: Callable[[], Relations]
    ) -> None:
        self.rulebook, self.cursor, self.relations = rulebook, cursor, relations

    def flag(self, rows: Sequence[Row], amounts: dict[Lot, int]) -> None:
        """Flag each row for the papers that are neither on it nor declared."""
        lacking = [(row, terms) for row in rows for terms in self._lacking(row, amounts)]
        if not lacking:
            return
        sent = {id(row): self.sent(row) for row, _ in lacking}
        parties = frozenset[str]().union(*(one.parties for one in sent.values()))
        declared = Declarations.of(self.cursor, parties)
        for row, terms in lacking:
            day = row.given.effective_on
            if not declared.cover(terms, sent[id(row)], day):
                total = amounts.get(lot_of(row), 0)
                given_on = _on_row(row.details(), terms)
                row.flags.append(self.rulebook.paper_flag(terms, day, given_on, total))

    def _lacking(self, row: Row, amounts: dict[Lot, int]) -> list[Terms]:
        needs = _needs(row)
        if not needs:
            return []
        details, day = row.details(), row.given.effective_on
        return [
            terms
            for terms in self.rulebook.papers(needs, day)
            if terms.asked(amounts.get(lot_of(row), 0)) and not _shown(details, terms, day)
        ]

    def sent(self, row: Row) -> Sent:
        """What of a row a declared paper is compared with."""
        given = row.given
        consignee, parent = party_key(given.consignee), party_key(given.parent)
        holder = self.relations().holder(consignee, parent, given.effective_on)
        parties = frozenset(key for key in (consignee, parent, holder) if key)
        exporter = party_key(given.exporter) or ""
        return Sent(given.authorization or "", parties, exporter, given.document)


def _needs(row: Row) -> tuple[str, ...]:
    return row.ruled.ruling.needs if row.ruled and row.target is None else ()


def _on_row(details: dict[str, Any], terms: Terms) -> date | None:
    """The day of the paper the row names; None where it names none."""
    text_ = details.get(HEADINGS[terms.rule.asks])
    return date.fromisoformat(text_) if text_ and terms.rule.asks != "eccn" else None


def _shown(details: dict[str, Any], terms: Terms, day: date) -> bool:
    """Whether the row itself names what is asked for, in time."""
    if terms.rule.asks == "eccn":
        return re.match(preconditions.ECCN, details.get(HEADINGS["eccn"], "")) is not None
    given_on = _on_row(details, terms)
    return given_on is not None and given_on <= preconditions.latest(terms, day)
