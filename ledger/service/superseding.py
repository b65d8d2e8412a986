"""A licence that takes the place of another, and the replacements it makes: they stand together.

What ends the other licence is a movement of its own, one a line, of kind `replacement`. It has the
source and the document of the licence that makes it; where that has several lines, all make it. It
stands before that licence, or behind the other one where that comes to be on file later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import TypeVar

from ledger.service.known_rows import reversals_of
from ledger.service.rows import Row
from ledger.service.stored import Stored, stored
from ledger.storage import chain
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind
from schemas.records import Given

T = TypeVar("T")
SUPERSEDES = "supersedes"
_LINE = {name: place for place, name in enumerate(t.licence_line.columns.keys())}
# Source, document and line of a replacement: its key but for the attempt.
_Named = tuple[str, str, str]


def superseded(kind: str, details: str | None) -> str | None:
    """The licence whose place a licence takes; None where it takes none's, or is none."""
    if kind != Kind.LICENCE or details is None or f'"{SUPERSEDES}":' not in details:
        return None
    number: str | None = json.loads(details).get(SUPERSEDES)
    return number


def makes_one(movement: Stored) -> bool:
    """Whether a movement is a licence that takes the place of another."""
    return superseded(movement["kind"], movement["details"]) is not None


def in_parts(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows in parts to be posted one after the other: mostly one.

    A licence has to find the one whose place it takes on record. Where both are among the rows it
    stands in a later part, whatever their days and lines; of two that name each other the first
    finds none.
    """
    if not any(superseded(row.kind, row.given.details) for row in rows):
        return [list(rows)]
    return apart(_behind(sorted(rows, key=lambda row: row.order)), lambda row: row.given)


def apart(ones: Iterable[T], given: Callable[[T], Given]) -> list[list[T]]:
    """Some in their order, in parts: a licence in a later one than that whose place it takes."""
    parts: list[list[T]] = [[]]
    numbers: set[str] = set()
    for one in ones:
        of = given(one)
        number = superseded(of.kind, of.details)
        if number in numbers and number != of.document:
            parts.append([])
            numbers.clear()
        parts[-1].append(one)
        numbers.add(of.document)
    return parts


def _behind(rows: Sequence[Row]) -> Iterator[Row]:
    """Rows in their order, but for licences that others take the place of: those come before."""
    waiting: dict[str, list[Row]] = {}
    for row in rows:
        waiting.setdefault(row.given.document, []).append(row)
    told: set[int] = set()
    for row in rows:
        ahead = [row]
        while ahead:
            number = superseded(ahead[-1].kind, ahead[-1].given.details)
            if number is not None and number != ahead[-1].given.document and number in waiting:
                ahead += reversed(waiting.pop(number))
                continue
            one = ahead.pop()
            if id(one) not in told:
                told.add(id(one))
                yield one


def line_of(number: str, line: str) -> str:
    """The line of the replacement of a licence's line."""
    return f"{number}/{line}"


def replacements_of(cursor: Cursor, licences: Iterable[Stored]) -> dict[int, list[list[int]]]:
    """By seq of a licence the replacements it makes: of each its attempts by seq, in their order.

    Whether they stand is not asked.
    """
    numbers = {
        m["seq"]: (m, number) for m in licences if (number := superseded(m["kind"], m["details"]))
    }
    if not numbers:
        return {}
    lines: dict[str, set[str]] = {}
    asked = {number for _, number in numbers.values()}
    for row in cursor.find(t.licence_line, "licence", asked):
        lines.setdefault(row[_LINE["licence"]], set()).add(row[_LINE["line"]])
    made: dict[_Named, list[int]] = {}
    for seq, (movement, number) in numbers.items():
        for line in sorted(lines.get(number, ())):
            named = (movement["source"], movement["document"], line_of(number, line))
            made.setdefault(named, []).append(seq)
    found: dict[int, list[list[int]]] = {}
    for named, attempts in _attempts(cursor, made).items():
        for seq in made[named]:
            found.setdefault(seq, []).append(attempts)
    return found


def to_restore(cursor: Cursor, licences: Iterable[Stored], taken: Container[int]) -> dict[int, int]:
    """What to reverse for licences that are restored and replaced another, each with its licence.

    That is the reversal of the replacement a licence had made; not where another attempt at it
    stands, unless that is taken back too.
    """
    made = replacements_of(cursor, licences)
    every = {seq for each in made.values() for attempts in each for seq in attempts}
    gone = reversals_of(cursor, every)
    found: dict[int, int] = {}
    for licence, each in made.items():
        for attempts in each:
            undone = [seq for seq in attempts if seq in gone]
            # The one made with it; else that made when what it names came to be on file.
            own = [seq for seq in undone if seq < licence] or undone
            if own and all(seq in gone or seq in taken for seq in attempts):
                found[gone[own[-1]]] = licence
    return found


def _attempts(cursor: Cursor, waiting: Iterable[_Named]) -> dict[_Named, list[int]]:
    """The attempts under each key that has any, by seq."""
    found: dict[_Named, list[int]] = {}
    attempt = 1
    while waiting:
        keys = {chain.key_digest(Kind.REPLACEMENT, *one, attempt): one for one in waiting}
        known = {keys[bytes(row[0])]: row[2] for row in cursor.find(t.movement_key, "key", keys)}
        for named, seq in known.items():
            found.setdefault(named, []).append(seq)
        waiting, attempt = list(known), attempt + 1
    return found


def makers_of(cursor: Cursor, movements: Iterable[Stored]) -> dict[int, list[Stored]]:
    """By seq of each replacement among movements the licences that stand and make it."""
    replacements = [m for m in movements if m["kind"] == Kind.REPLACEMENT]
    if not replacements:
        return {}
    documents = {m["document"] for m in replacements}
    lines = cursor.find(t.licence_line, "licence", documents)
    standing = [line[_LINE["seq"]] for line in lines if line[_LINE["live"]]]
    licences: dict[tuple[str, str, str | None], list[Stored]] = {}
    for one in stored(cursor, "seq", standing):
        named = (one["source"], one["document"], superseded(one["kind"], one["details"]))
        licences.setdefault(named, []).append(one)
    return {
        m["seq"]: licences.get((m["source"], m["document"], m["licence"]), []) for m in replacements
    }
