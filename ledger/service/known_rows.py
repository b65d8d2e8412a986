"""Which rows are on record already: same key and content, same key and other content, or new."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ledger.service.outcome import Outcome, Repeated
from ledger.service.parts import Whole
from ledger.service.rows import Row, is_shipment, key_of, points_at_shipment
from ledger.storage.chain import CONTENT_FIELDS, OWN_FIELDS
from ledger.storage.statements import Cursor, parts_of
from schemas import tables as t
from schemas.kinds import TRANSFERS, Kind, key_class
from schemas.problems import Problem
from schemas.tpp import milli_text

_MOVEMENT = {name: place for place, name in enumerate(t.movement.columns.keys())}
# How a field of the content is called in a file.
_HEADING = {
    "effective_on": "day",
    "consignee": "ultimate_consignee",
    "parent": "ultimate_parent",
    "amount_mtpp": "tpp",
    "unit_value_cents": "unit_value_usd",
}
# What they are called in a file of moves.
_OF_MOVES = {"exporter": "owner", "consignee": "to_owner", "destination": "to_country"}

# What points at movements is looked up for so many of them at a time: much of it may be none.
_AT_ONCE = 1 << 12

_Found = dict[bytes, tuple[bytes, int]]


def sift(
    cursor: Cursor, rows: Sequence[Row], outcome: Outcome, *, retry: bool = False
) -> list[Row]:
    """The rows to record; what is known goes into the outcome.

    The key of a movement that was reversed is free again: the next attempt takes it. So does an
    application that was refused, where `retry` is set. The receipt that a rejected shipment
    carries is rejected with it.
    """
    fresh: list[Row] = []
    rejected: set[int] = set()
    waiting = list(rows)
    repeated = list(outcome.repeated)
    while waiting:
        found = _found(cursor, waiting)
        if not found:
            fresh += waiting
            break
        reversed_seqs = reversed_among(cursor, [seq for _, seq in found.values()])
        kinds = _kinds(cursor, [row for row in waiting if row.key in found], found)
        parts = _parts(cursor, waiting, found)
        again: list[Row] = []
        for row in waiting:
            if row.key not in found:
                fresh.append(row)
                continue
            content, seq = found[row.key]
            refused = kinds.get(seq) == Kind.REFUSAL
            if seq in reversed_seqs or (refused and (retry or _tried_again(cursor, row))):
                row.attempt += 1
                row.key = key_of(row.given, row.attempt)
                again.append(row)
            elif content == row.content and row.key not in parts:
                repeated.append(Repeated(row.given.row, seq, refused))
                outcome.already += not refused
                outcome.already_refused += refused
            else:
                if row.kind == Kind.TRANSFER_IN and row.given.row in rejected:
                    continue  # said of the leg that leaves
                differs = parts.get(row.key) or _conflict(cursor, row, seq)
                outcome.problems.append(_problem(row, seq, *differs))
                outcome.rejected += 1
                if is_shipment(row.kind):
                    rejected.add(row.given.row)
        waiting = again
    outcome.repeated = repeated
    return [row for row in fresh if row.given.row not in rejected]


def _tried_again(cursor: Cursor, row: Row) -> bool:
    return bool(cursor.find(t.movement_key, "key", [key_of(row.given, row.attempt + 1)]))


def parts_differ(cursor: Cursor, row: Row, seq: int) -> bool:
    """Whether a receipt or return of a movement's content is of another part of the shipment."""
    return bool(_parts(cursor, [row], {row.key: (row.content, seq)}))


def _parts(cursor: Cursor, rows: Sequence[Row], found: _Found) -> dict[bytes, tuple[str, ...]]:
    """Receipts and returns on record of another part of the shipment: which field differs, how.

    What is left empty is the shipment's, so it stands in no content digest.
    """
    same = [
        row
        for row in rows
        if points_at_shipment(row.kind) and found.get(row.key, (b"", 0))[0] == row.content
    ]
    if not same:
        return {}
    seqs = [found[row.key][1] for row in same]
    stored = {m[0]: m for m in cursor.find(t.movement, "seq", seqs)}
    targets = {m[_MOVEMENT["target_seq"]] for m in stored.values()} - {None}
    sent = {m[0]: m for m in cursor.find(t.movement, "seq", targets)}
    parts: dict[bytes, tuple[str, ...]] = {}
    for row in same:
        movement = stored[found[row.key][1]]
        shipment = sent.get(movement[_MOVEMENT["target_seq"]])
        for name, meant in _meant(row, shipment).items():
            before = movement[_MOVEMENT[name]]
            if meant != before:
                heading = _HEADING.get(name, name)
                parts.setdefault(row.key, (heading, _shown(name, meant), _shown(name, before)))
    return parts


def _meant(row: Row, shipment: tuple[Any, ...] | None) -> dict[str, int | None]:
    """The units and the amount that a receipt or a return says, or leaves to its shipment.

    Units that only follow from the amount it says are left out: they tell no other part.
    """
    given = row.given
    said = given.quantity, given.amount_mtpp
    quantity, amount = said if shipment is None else Whole.stored(shipment).part(given)
    if given.quantity is None and given.amount_mtpp is not None:
        return {"amount_mtpp": amount}
    return {"quantity": quantity, "amount_mtpp": amount}


def _shown(name: str, value: Any) -> str:
    """A value of a field as a file has it."""
    if value is not None and name == "amount_mtpp":
        return milli_text(value)
    if value is not None and name == "unit_value_cents":
        return f"{value // 100}.{value % 100:02d}"
    return _text(value)


def _found(cursor: Cursor, rows: Sequence[Row]) -> _Found:
    found = cursor.find(t.movement_key, "key", [row.key for row in rows])
    return {bytes(key): (bytes(content), seq) for key, content, seq in found}


def reversals_of(cursor: Cursor, seqs: Iterable[int]) -> dict[int, int]:
    """Which of the movements are reversed, each with the reversal that stands.

    A reversal that was itself reversed stands no longer: what it reversed is restored.
    """
    kind, target = _MOVEMENT["kind"], _MOVEMENT["target_seq"]
    pointing = [
        (row[target], row[0])
        for part in parts_of(list(set(seqs)), _AT_ONCE)
        for row in cursor.find(t.movement, "target_seq", part)
        if row[kind] == Kind.REVERSAL
    ]
    if not pointing:
        return {}
    undone = reversals_of(cursor, [seq for _, seq in pointing])
    return {target: seq for target, seq in pointing if seq not in undone}


def reversed_among(cursor: Cursor, seqs: Iterable[int]) -> set[int]:
    """Which of the movements are reversed, and were not restored."""
    return set(reversals_of(cursor, seqs))


class ByRows(Exception):
    """The file holds what columns cannot tell from keys alone: it is posted row by row."""


def _kinds(cursor: Cursor, rows: Sequence[Row], found: _Found) -> dict[int, str]:
    asked = [found[row.key][1] for row in rows if row.kind == Kind.APPLICATION]
    if not asked:
        return {}
    stored = cursor.find(t.movement, "seq", asked)
    return {row[0]: row[_MOVEMENT["kind"]] for row in stored}


def _conflict(cursor: Cursor, row: Row, seq: int) -> tuple[str, ...]:
    """A row whose key is on record with another content: the heading, here, and there."""
    (stored,) = cursor.find(t.movement, "seq", [seq])
    numbers = {stored[_MOVEMENT[f"{role}_no"]] for role in ("exporter", "consignee", "parent")}
    names: dict[Any, str] = {p[0]: p[1] for p in cursor.find(t.party, "party_no", numbers - {None})}
    for name in OWN_FIELDS.get(key_class(row.kind), CONTENT_FIELDS):
        given: Any = getattr(row.given, name)
        if name in ("exporter", "consignee", "parent"):
            before: Any = names.get(stored[_MOVEMENT[f"{name}_no"]])
        else:
            before = stored[_MOVEMENT[name]]
        if name == "kind" and before == Kind.REFUSAL:
            continue
        if _text(given) == _text(before):
            continue
        if name == "details":
            return _detail(given, before)
        heading = _HEADING.get(name, name)
        heading = _OF_MOVES.get(name, heading) if row.kind in TRANSFERS else heading
        return heading, _shown(name, given), _shown(name, before)
    return "", "", ""


def _detail(given: str | None, before: str | None) -> tuple[str, ...]:
    """The first of the other headings whose cell is not what is on record: heading, here, there."""
    here, there = (json.loads(text or "{}") for text in (given, before))
    for heading in sorted({*here, *there}):
        if here.get(heading) != there.get(heading):
            return heading, _text(here.get(heading)), _text(there.get(heading))
    return "", "", ""


def _problem(row: Row, seq: int, heading: str, value: str, before: str) -> Problem:
    key = f"{row.given.document} line {row.given.line} of {row.given.source}"
    says = f'; there it is "{before}"' if before else "; there it is empty"
    reason = f"{key} is on record as seq {seq} with other content{says if heading else ''}"
    return Problem("", row.given.file_line, row.given.row, heading, value, reason)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
