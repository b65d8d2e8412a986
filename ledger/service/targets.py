"""What a row points at: the shipment of a receipt or return, the application of a licence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from ledger.rules.admission import Effect
from ledger.rules.judge import Draw, ruling_from_body
from ledger.service import applied_for, moves
from ledger.service.book import Book
from ledger.service.goods import laid_by
from ledger.service.known_rows import reversed_among
from ledger.service.parts import Whole
from ledger.service.rows import Flag, Row, is_shipment, key_of, points_at_shipment
from ledger.service.rulebook import Ruled
from ledger.service.stored import Stored, standing_attempt, stored
from ledger.storage import chain
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import RECEIPTS, RETURNS, Kind
from schemas.records import Given
from schemas.tpp import LARGEST_MTPP

_STANDING = {name: place for place, name in enumerate(t.standing.columns.keys())}
_ENTRY = {name: place for place, name in enumerate(t.entry.columns.keys())}
_POSTED = (Effect.POST, Effect.DRAW)
# What may come behind a move; its receipt is its own second leg.
_OF_MOVES = (*RETURNS, Kind.INSTALLATION, Kind.REMOVAL)


@dataclass(slots=True)
class Share:
    """What a shipment has of one budget (by place), in milli-TPP, less what was given back.

    `gone` is what was given back.
    """

    place: int
    official: int
    amount: int
    gone: int = 0

    def take(self, amount: int) -> int:
        """Give back up to an amount; how much that was."""
        taken = min(amount, self.amount)
        self.amount -= taken
        return taken


@dataclass(slots=True)
class Target:
    """A shipment pointed at: what it was, what it was ruled to draw, and what it has drawn.

    `held` and `posted` are what it still has of budgets itself, `arrived` what its receipts and
    installations have; `gone` and `received` what returns and receipts already account for. `row`
    is the shipment's, where it is of the same submission: it then has what it is drawn for before
    what points at it. `before` is the shipment whose units it moves on within a country, where they
    count already.
    """

    seq: int
    given: Given
    ruled: Ruled | None
    held: list[Share]
    posted: list[Share]
    gone: int = 0
    received: int = 0
    row: Row | None = None
    stored_under: int | None = None
    arrived: list[Share] = field(default_factory=list)
    before: Given | None = None

    @property
    def licence_seq(self) -> int | None:
        """The licence line it was drawn on."""
        return self.stored_under if self.row is None else self.row.target_seq

    @property
    def draws(self) -> tuple[Draw, ...]:
        """What it was ruled to draw."""
        return self.ruled.ruling.draws if self.ruled else ()

    def drawn(self) -> Target:
        """The same, with what its row in this submission was drawn for."""
        if self.row is not None:
            shares = [(d.effect, Share(d.place, d.official, d.amount)) for d in self.row.draws]
            self.held = [share for effect, share in shares if effect == Effect.HOLD]
            self.posted = [share for effect, share in shares if effect in _POSTED]
            if self.given.kind == Kind.IN_COUNTRY_TRANSFER and self.row.linked_to is not None:
                self.before = self.row.linked_to.given
            self.row = None
        return self


def find(cursor: Cursor, book: Book, rows: Sequence[Row], *, linked: bool) -> None:
    """Give each receipt and return its shipment, and each licence its pending application.

    `linked`: a transfer within a country that names a shipment is given that one too.
    """
    pointing = [row for row in rows if points_at_shipment(row.kind)]
    others = [row for row in rows if _looks_up(row, linked=linked)]
    if not pointing and not others:
        return
    # By the first attempt's key: a file that is imported again makes later attempts.
    beside = {
        row.key if row.attempt == 1 else key_of(row.given): row
        for row in rows
        if is_shipment(row.kind)
    }
    found: dict[bytes, Target] = {}
    for row in pointing:
        key = _shipment_key(row.given, 1)
        moved = _shipment_key(row.given, 1, Kind.TRANSFER_OUT)
        if key in beside:
            _point(row, _beside(beside[key]))
        elif key in found:
            _point(row, found[key])
        elif moved in beside and row.kind in _OF_MOVES:
            _point(row, _beside(beside[moved]))
        else:
            target = shipment_of(cursor, book, row.given)
            if target is None and row.kind in _OF_MOVES:
                target = shipment_of(cursor, book, row.given, Kind.TRANSFER_OUT)
            if target is None:
                named = f"{row.given.target_document} line {row.given.target_line}"
                row.flags.append(Flag("shipment_not_on_file", detail=named))
                continue
            found[key] = target
            _point(row, target)
    applied_for.answered(cursor, book, [row for row in others if row.kind == Kind.LICENCE])
    for row in others:
        if row.kind == Kind.TRANSFER_IN:
            _arrive(row, beside[moves.departure_key(row.given)])
        elif row.kind != Kind.LICENCE:
            _link(cursor, book, row, beside)


def _looks_up(row: Row, *, linked: bool) -> bool:
    """Whether it may name another movement, and is none of those that point at a shipment."""
    if row.kind == Kind.TRANSFER_IN:
        return True
    if not row.given.details:
        return False
    return row.kind == Kind.LICENCE or (linked and _within_a_country(row))


def _shipment_key(given: Given, attempt: int, kind: Kind = Kind.EXPORT) -> bytes:
    document, line = given.target_document or "", given.target_line or "1"
    return chain.key_digest(kind, given.source, document, line, attempt)


def _within_a_country(row: Row) -> bool:
    """Whether it is a transfer within a country, or a move that is one in law."""
    # What points at one has its ruling too.
    of_itself = is_shipment(row.kind) or row.kind == Kind.TRANSFER_OUT
    ruled = row.ruled if of_itself else None
    return ruled is not None and ruled.ruling.case.kind == Kind.IN_COUNTRY_TRANSFER


def _arrive(row: Row, left: Row) -> None:
    """Point the leg of a move that arrives at the one that leaves, and give it its ruling."""
    row.target, row.target_seq, row.ruled = _beside(left), left.seq, left.ruled


def _beside(row: Row) -> Target:
    return Target(row.seq, row.given, row.ruled, [], [], row=row)


def shipment_of(
    cursor: Cursor, book: Book, given: Given, kind: Kind = Kind.EXPORT
) -> Target | None:
    """The shipment on file that a row names by its document and line; None where there is none.

    `kind` TRANSFER_OUT: the move that it names.
    """
    movement = standing_attempt(cursor, lambda attempt: _shipment_key(given, attempt, kind))
    if movement is None:
        return None
    seq = movement["seq"]
    ruled = _ruled(cursor, movement["ruling_no"])
    target = Target(seq, given_of(cursor, movement), ruled, [], [])
    target.stored_under = movement["target_seq"]
    target.before = _before(cursor, movement)
    pointing = stored(cursor, "target_seq", [seq])
    undone = reversed_among(cursor, [p["seq"] for p in pointing])
    live = [p for p in pointing if p["seq"] not in undone]
    for pointer in live:
        if pointer["kind"] == Kind.RECEIPT:
            target.received += pointer["amount_mtpp"] or 0
        elif pointer["kind"] in RETURNS:
            target.gone += pointer["amount_mtpp"] or 0
    _share(target, cursor, book, [p["seq"] for p in live])
    return target


def _before(cursor: Cursor, movement: Stored) -> Given | None:
    """The shipment whose units a transfer on file moves on; None where they did not count."""
    if movement["kind"] != Kind.IN_COUNTRY_TRANSFER:
        return None
    seq = movement["seq"]
    # Under a licence of its own it points at that, and what it moves on stands beside.
    at = laid_by(cursor, [seq], (Kind.IN_COUNTRY_TRANSFER,)).get(seq, movement["target_seq"])
    found = [] if at is None else stored(cursor, "seq", [at])
    return given_of(cursor, found[0]) if found and is_shipment(found[0]["kind"]) else None


def _share(target: Target, cursor: Cursor, book: Book, live: Sequence[int]) -> None:
    """What the shipment still has: what it and its receipts drew, less what was given back."""
    assigned = assignment_of(cursor, target.seq)
    laid = [] if assigned is None else [assigned]
    entries = sorted(cursor.find(t.entry, "seq", [target.seq, *laid, *live]))
    back: Counter[tuple[str, int, int]] = Counter()
    for entry in entries:
        for column in ("held", "posted"):
            back[column, *entry[1:3]] += max(-entry[_ENTRY[f"{column}_mtpp"]], 0)
    places = book.places([entry[_ENTRY["budget_no"]] for entry in entries])
    for place, entry in zip(places, entries, strict=True):
        own = entry[_ENTRY["seq"]] in (target.seq, assigned)
        columns = [("held", target.held), ("posted", target.posted)]
        for column, shares in columns if own else [("posted", target.arrived)]:
            drawn = max(entry[_ENTRY[f"{column}_mtpp"]], 0)
            gone = min(back[column, *entry[1:3]], drawn)
            back[column, *entry[1:3]] -= gone
            if drawn:
                shares.append(Share(place, entry[_ENTRY["official"]], drawn - gone, gone))


def assignment_of(cursor: Cursor, shipment_seq: int) -> int | None:
    """The assignment that stands of a shipment, by the shipment's seq."""
    for row in cursor.find(t.standing, "subject", [str(shipment_seq)]):
        if row[_STANDING["kind"]] == Kind.ASSIGNMENT and row[_STANDING["live"]]:
            return int(row[_STANDING["seq"]])
    return None


def _ruled(cursor: Cursor, number: int | None) -> Ruled | None:
    if number is None:
        return None
    _, digest, body, _ = cursor.find(t.ruling, "ruling_no", [number])[0]
    return Ruled(ruling_from_body(body), body, digest)


def given_of(cursor: Cursor, movement: Stored) -> Given:
    """A stored movement as the row it came from."""
    return given_by(movement, names_of(cursor, [movement]))


PARTIES = ("exporter_no", "consignee_no", "parent_no")


def names_of(cursor: Cursor, movements: Iterable[Stored]) -> dict[int, str]:
    """The names of the parties that stored movements have, by number."""
    numbers = {movement[role] for movement in movements for role in PARTIES} - {None}
    return {p[0]: p[1] for p in cursor.find(t.party, "party_no", numbers)}


def given_by(movement: Stored, names: Mapping[int, str]) -> Given:
    """A stored movement as the row it came from; `names` are those of its parties."""
    same = {name: movement[name] for name in _SAME}
    exporter, consignee, parent = (names.get(movement[role]) for role in PARTIES)
    return Given(
        row=0,
        file_line=0,
        effective_on=_day(movement["effective_on"]),
        expires_on=None if movement["expires_on"] is None else _day(movement["expires_on"]),
        exporter=exporter,
        consignee=consignee,
        parent=parent,
        **same,
    )


_SAME = tuple(
    name
    for name in Given.__dataclass_fields__
    if name in t.movement.c and name not in ("effective_on", "expires_on")
)


def _day(value: Any) -> date:
    return date.fromisoformat(str(value))


def _point(row: Row, target: Target) -> None:
    """Point a receipt or return at its shipment and take over what it does not say itself."""
    row.target, row.target_seq = target, target.seq
    row.ruled = row.ruled or target.ruled
    sent, given = target.given, row.given
    whole = Whole.of(sent)
    quantity, amount = whole.part(given)
    row.given = replace(
        given,
        consignee=given.consignee or sent.consignee,
        parent=given.parent or sent.parent,
        destination=given.destination or sent.destination,
        authorization=given.authorization or sent.authorization,
        chip=given.chip or sent.chip,
        quantity=quantity,
        unit_mtpp=sent.unit_mtpp,
        amount_mtpp=amount,
    )
    before = target.received if row.kind in RECEIPTS else target.gone
    _flag_excess(row, sent.amount_mtpp or 0, before)
    _flag_differences(row, given, sent, whole)
    if row.kind == Kind.RECEIPT:
        target.received += amount or 0
    elif row.kind in RETURNS:
        target.gone += amount or 0


def _flag_excess(row: Row, shipped: int, before: int) -> None:
    counted = (Kind.RECEIPT, Kind.RETURN, Kind.ATTRITION)
    over = before + row.amount - shipped
    if row.kind in counted and over > 0:
        row.flags.append(Flag("more_than_shipped", None, shipped, before, row.amount, over))


def _flag_differences(row: Row, given: Given, sent: Given, whole: Whole) -> None:
    """Flag a day before the shipment's, and an amount that is not that of the units."""
    if given.effective_on < sent.effective_on:
        row.flags.append(Flag("before_shipment", detail=str(sent.effective_on)))
    come_to = whole.differs(given)
    if come_to is None:
        return
    said, known = given.amount_mtpp or 0, come_to <= LARGEST_MTPP
    figures = (come_to, None, said, abs(said - come_to)) if known else ()
    row.flags.append(Flag("amount_differs", None, *figures))


def _link(cursor: Cursor, book: Book, row: Row, beside: dict[bytes, Row]) -> None:
    """A transfer of units that a shipment of the same filing system brought into the country.

    What is recorded after it, or is itself, brought nothing that it could move on.
    """
    details = row.details()
    if "shipment" not in details:
        return
    line = details.get("shipment_line", "1")
    named = replace(row.given, target_document=details["shipment"], target_line=line)
    shipment = beside.get(_shipment_key(named, 1))
    if shipment is None:
        row.linked_to = shipment_of(cursor, book, named)
    elif shipment.seq < row.seq:
        row.linked_to = _beside(shipment)
    if row.linked_to is None:
        row.flags.append(Flag("shipment_not_on_file", detail=f"{details['shipment']} line {line}"))
