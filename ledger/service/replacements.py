"""A licence that supersedes others: their rest moves to it in one step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import select

from ledger.rules.endings import STATES
from ledger.service.known_rows import reversals_of, reversed_among
from ledger.service.lines import LineBook
from ledger.service.outcome import Outcome
from ledger.service.rows import Flag, Row, key_of, row_of
from ledger.service.stored import Stored, stored
from ledger.service.superseding import SUPERSEDES, line_of, makers_of, superseded
from ledger.service.targets import given_by, names_of
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.canonical import canonical
from schemas.kinds import Kind
from schemas.records import Given

# Lines on file by the number of their licence.
_Lines = dict[str, list[tuple[Any, ...]]]
_NOT_FOUND, _REVERSED = "superseded_not_on_file", ", reversed by seq "
_WAITING = select(t.finding.c.seq, t.finding.c.detail).where(t.SUPERSEDED_NOT_ON_FILE)
_ENDED = STATES[Kind.REPLACEMENT]
_AT = {name: place for place, name in enumerate(t.licence_line.columns.keys())}


def replaced(cursor: Cursor, lines: LineBook, rows: Sequence[Row], outcome: Outcome) -> list[Row]:
    """The rows with a movement for each line that a licence of theirs takes the place of.

    It stands before its licence, so that the rest is given back before the new hold is weighed. The
    lines of one licence replace another licence once, together. A licence that names itself is a
    problem.
    """
    kept, superseding = _sorted_out(rows, outcome)
    if not superseding:
        return kept
    known, undone = _on_file(lines, {n for _, n in superseding})
    for row, number in superseding:
        if number not in known:
            row.flags.append(_not_on_file(cursor, number, undone.get(number)))
    made = _made(cursor, lines, superseding, known)
    return sorted([*kept, *made], key=lambda row: row.order)


def _on_file(lines: LineBook, numbers: Iterable[str]) -> tuple[_Lines, dict[str, int]]:
    """The lines of some licences that stand, and by number what was reversed, by seq."""
    known: _Lines = {}
    undone: dict[str, int] = {}
    for (number, _), line in lines.on_file(numbers).items():
        if line[_AT["live"]]:
            known.setdefault(number, []).append(line)
        else:
            undone[number] = line[_AT["seq"]]
    return known, undone


def _made(
    cursor: Cursor, lines: LineBook, superseding: Sequence[tuple[Row, str]], known: _Lines
) -> list[Row]:
    """A movement for each known line whose place is taken; several lines of a licence make one."""
    first: dict[tuple[str, str, str], Row] = {}
    for row, number in superseding:
        first.setdefault((row.given.source, row.given.document, number), row)
    each = (
        _replacement(cursor, lines, row, line)
        for (_, _, number), row in first.items()
        for line in sorted(known.get(number, ()))
    )
    return [one for one in each if one is not None]


def awaited(cursor: Cursor, rows: Sequence[Row]) -> list[Row]:
    """The licences on record whose place-taking waited for licences among the rows, by seq.

    They named what was not on file, or had replaced other lines of it. One that a row itself takes
    the place of waits for nothing.
    """
    new = {row.given.document: row for row in rows if row.kind == Kind.LICENCE}
    if not new:
        return []
    lines = cursor.find(t.licence_line, "licence", new)
    ended = [line[_AT["seq"]] for line in lines if line[_AT["state"]] == _ENDED]
    made = makers_of(cursor, stored(cursor, "target_seq", ended))
    flagged = {seq for seq, number in _waiting(cursor) if number in new}
    seqs = flagged | {maker["seq"] for makers in made.values() for maker in makers}
    live = [line for line in cursor.find(t.licence_line, "seq", seqs) if line[_AT["live"]]]
    each = stored(cursor, "seq", {line[_AT["seq"]] for line in live})
    waited = [m for m in each if _waits_for(new.get(superseded(m["kind"], m["details"]) or ""), m)]
    names = names_of(cursor, waited)
    return [row_of(given_by(movement, names), None) for movement in waited]


def numbers_awaited(cursor: Cursor) -> set[str]:
    """The numbers of licences that, if they came now, might have their place taken already."""
    ended = cursor.find(t.licence_line, "state", [_ENDED])
    return {number for _, number in _waiting(cursor)} | {line[_AT["licence"]] for line in ended}


def _waiting(cursor: Cursor) -> Iterator[tuple[int, str]]:
    """The licences that took the place of one not on file, by seq, and the number each named."""
    for seq, detail in cursor.read(_WAITING):
        yield seq, detail.partition(_REVERSED)[0]


def _waits_for(row: Row | None, licence: Stored) -> bool:
    """Whether a row is what a licence on record takes the place of, and not the other way round."""
    return row is not None and superseded(row.kind, row.given.details) != licence["document"]


def come_since(cursor: Cursor, lines: LineBook, licences: Sequence[Row]) -> list[Row]:
    """A movement for each line on file that licences on record take the place of, and had not."""
    known = _on_file(lines, {row.details()[SUPERSEDES] for row in licences})[0]
    return _made(cursor, lines, [(row, row.details()[SUPERSEDES]) for row in licences], known)


def _sorted_out(rows: Sequence[Row], outcome: Outcome) -> tuple[list[Row], list[tuple[Row, str]]]:
    """The rows but for licences that would replace themselves, and those that replace others."""
    kept: list[Row] = []
    superseding: list[tuple[Row, str]] = []
    for row in rows:
        number = row.details().get(SUPERSEDES) if _may(row) else None
        if number is not None and number == row.given.document:
            reason = "a licence does not take its own place"
            outcome.problems.append(row.problem(SUPERSEDES, number, reason))
            outcome.rejected += 1
            continue
        kept.append(row)
        if number is not None:
            superseding.append((row, number))
    return kept, superseding


def _not_on_file(cursor: Cursor, number: str, seq: int | None) -> Flag:
    """The flag of a licence whose place is taken and that is not on file, or `seq` was reversed."""
    by = None if seq is None else reversals_of(cursor, [seq]).get(seq)
    detail = number if by is None else f"{number}{_REVERSED}{by}"
    return Flag(_NOT_FOUND, detail=detail)


def _may(row: Row) -> bool:
    return row.kind == Kind.LICENCE and row.given.details is not None


def _replacement(cursor: Cursor, lines: LineBook, row: Row, line: tuple[Any, ...]) -> Row | None:
    """The movement that replaces a line; None where the licence has replaced it before."""
    number, old_line = line[_AT["licence"]], line[_AT["line"]]
    given = Given(
        row=row.given.row,
        file_line=row.given.file_line,
        kind=Kind.REPLACEMENT,
        effective_on=row.given.effective_on,
        source=row.given.source,
        document=row.given.document,
        line=line_of(number, old_line),
        exporter=_name(cursor, line[_AT["exporter_no"]]),
        consignee=_name(cursor, line[_AT["consignee_no"]]),
        destination=line[_AT["destination"]],
        authorization=lines.rules.licensed,
        licence=number,
        licence_line=old_line,
        chip=line[_AT["chip"]],
        details=canonical({"replaced_by": row.given.document}),
    )
    made = row_of(given, None)
    while found := cursor.find(t.movement_key, "key", [made.key]):
        if not reversed_among(cursor, [found[0][2]]):
            return None
        made.attempt += 1
        made.key = key_of(given, made.attempt)
    made.act_place = lines.place(line)
    made.target_seq = line[_AT["seq"]]
    return made


def _name(cursor: Cursor, number: int | None) -> str | None:
    if number is None:
        return None
    name: str = cursor.find(t.party, "party_no", [number])[0][1]
    return name
