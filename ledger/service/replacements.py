"""A licence that supersedes others: their rest moves to it in one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger.service.known_rows import reversals_of, reversed_among
from ledger.service.lines import LineBook
from ledger.service.outcome import Outcome
from ledger.service.rows import Flag, Row, key_of, row_of
from ledger.service.superseding import SUPERSEDES, line_of
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.canonical import canonical
from schemas.kinds import Kind
from schemas.records import Given

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
    known: dict[str, list[tuple[Any, ...]]] = {}
    undone: dict[str, int] = {}
    for (number, _), line in lines.on_file({n for _, n in superseding}).items():
        if line[_AT["live"]]:
            known.setdefault(number, []).append(line)
        else:
            undone[number] = line[_AT["seq"]]
    made: list[Row] = []
    done: set[tuple[str, str, str]] = set()
    for row, number in superseding:
        named = (row.given.source, row.given.document, number)
        if number not in known:
            row.flags.append(_not_on_file(cursor, number, undone.get(number)))
        elif named not in done:
            done.add(named)
            each = (_replacement(cursor, lines, row, line) for line in sorted(known[number]))
            made += [one for one in each if one is not None]
    return sorted([*kept, *made], key=lambda row: row.order)


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
    detail = number if by is None else f"{number}, reversed by seq {by}"
    return Flag("superseded_not_on_file", detail=detail)


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
