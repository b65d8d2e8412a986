"""Movements on record, found by their keys and told again as the rows they came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches

from ledger.intake import move
from ledger.intake.rows import slots_of
from ledger.service.known_rows import parts_differ, reversals_of
from ledger.service.rows import content_of, key_of, row_of
from ledger.service.stored import Stored, stored
from ledger.service.targets import given_of
from ledger.storage import chain
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.fields import SHAPES, FileShape
from schemas.kinds import FILE_MOVEMENTS, KEY_CLASS, FileKind, Kind
from schemas.problems import Problem, Unusable
from schemas.records import Given
from schemas.tpp import milli_text

# A kind of each class of keys, by the class, by the kind, and by the file that carries it.
_MEANT: dict[str, Kind] = {
    **{file.value: kinds[0] for file, kinds in FILE_MOVEMENTS.items() if len(kinds) > 0},
    **{kind.value: kind for kind in KEY_CLASS},
    **{named: kind for kind, named in reversed(KEY_CLASS.items())},
}


def named(cursor: Cursor, naming: Mapping[str, str], exporter: str) -> Stored:
    """The movement that `seq`, or class, source, document and line name: the latest attempt.

    Raises Unusable where there is none, or not enough is said.
    """
    if naming["seq"]:
        text = naming["seq"].replace(",", "")
        found = stored(cursor, "seq", [int(text)]) if text.isdigit() and len(text) < 19 else []
        if not found:
            raise _problem("seq", naming["seq"], "there is no such movement")
        return found[0]
    kind = _MEANT.get(naming["class"].strip().lower())
    if kind is None:
        near = tuple(get_close_matches(naming["class"].lower(), _MEANT, n=3))
        said = "is empty, and so is seq" if not naming["class"] else "is no class of movements"
        raise _problem("class", naming["class"], said, near)
    if not naming["document"]:
        raise _problem("document", "", "is empty, and so is seq")
    source = naming["source"] or exporter
    if not source:
        raise _problem("source", "", "is empty, and so are seq and exporter")
    key = (kind, source, naming["document"], naming["line"] or "1")
    every = _attempts(cursor, *key)
    if not every:
        reason = f"{KEY_CLASS[kind]} {key[2]} line {key[3]} of {source} is not on record"
        raise _problem("document", naming["document"], reason)
    gone = reversals_of(cursor, [m["seq"] for m in every])
    return next((m for m in every if m["seq"] not in gone), every[-1])


def _attempts(cursor: Cursor, kind: str, source: str, document: str, line: str) -> list[Stored]:
    """Every attempt under a key that was not refused."""
    seqs, attempt = [], 1
    while known := cursor.find(
        t.movement_key, "key", [chain.key_digest(kind, source, document, line, attempt)]
    ):
        seqs.append(known[0][2])
        attempt += 1
    return [m for m in stored(cursor, "seq", seqs) if m["kind"] != Kind.REFUSAL]


def standing_attempt(cursor: Cursor, movement: Stored) -> Stored | None:
    """What stands under the key of a movement that was reversed, if anything does."""
    key = (movement["source"], movement["document"], movement["line"])
    every = _attempts(cursor, movement["kind"], *key)
    gone = reversals_of(cursor, [m["seq"] for m in every])
    return next((m for m in every if m["seq"] not in gone), None)


def file_kind(movement: Stored) -> FileKind:
    """The file that carries movements of this kind. Raises Unusable where none does."""
    for file, kinds in FILE_MOVEMENTS.items():
        if movement["kind"] in kinds and file is not FileKind.CORRECTIONS:
            return file
    reason = f"a {movement['kind']} has no values to correct: leave them empty to reverse it"
    raise _problem("seq", str(movement["seq"]), reason)


def shape_of(kind: FileKind) -> FileShape:
    """The headings of a file kind."""
    return SHAPES[kind]


def values(cursor: Cursor, kind: FileKind, movement: Stored) -> dict[str, str]:
    """A movement as a row of its file: texts by heading, those that are filled."""
    given = given_of(cursor, movement)
    details: dict[str, str] = json.loads(movement["details"] or "{}")
    found = dict(details)
    for heading, slot in slots_of(kind).items():
        if slot.column is None or slot.also:
            continue
        value = getattr(given, slot.column)
        if value is not None:
            found[heading] = _text(slot.column, value)
    if given.chip is not None or "percent" in details:
        found.pop("tpp", None)
    return move.as_given(found) if kind is FileKind.TRANSFERS else found


def _text(column: str, value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if column == "amount_mtpp":
        return milli_text(int(str(value)))
    if column == "unit_value_cents":
        cents = int(str(value))
        return f"{cents // 100}.{cents % 100:02d}"
    return str(value)


def unknown_headings(
    kind: FileKind, new: Mapping[str, str], before: Mapping[str, str]
) -> list[Problem]:
    """A problem for each heading that movements of the kind do not have, nor this one has."""
    known = {*slots_of(kind), *before}
    reason = f"{kind} have no such heading"
    return [
        Problem("", 0, 0, heading, value, reason, tuple(get_close_matches(heading, known, n=3)))
        for heading, value in new.items()
        if heading not in known
    ]


def says_the_same(cursor: Cursor, movement: Stored, given: Given) -> bool:
    """Whether a row has the key and the content of a movement on record."""
    key = key_of(given, movement["attempt"])
    known = cursor.find(t.movement_key, "key", [key])
    carries = given.received_on is not None and given.kind != Kind.TRANSFER_OUT
    if not known or known[0][2] != movement["seq"] or carries:
        return False
    row = row_of(given, None)
    row.attempt, row.key = movement["attempt"], key
    same = bytes(known[0][1]) == content_of(given)
    return same and not parts_differ(cursor, row, movement["seq"])


def _problem(column: str, value: str, reason: str, nearest: tuple[str, ...] = ()) -> Unusable:
    return Unusable(Problem("", 0, 0, column, value, reason, nearest))
