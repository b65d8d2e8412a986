"""A licence that supersedes others: their rest moves to it in one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger.rules.endings import OPEN
from ledger.service.lines import LineBook
from ledger.service.rows import Flag, Row, row_of
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.canonical import canonical
from schemas.kinds import Kind
from schemas.records import Given

_AT = {name: place for place, name in enumerate(t.licence_line.columns.keys())}
SUPERSEDES = "supersedes"


def replaced(cursor: Cursor, lines: LineBook, rows: Sequence[Row]) -> list[Row]:
    """The rows with a movement for each line that a licence of theirs takes the place of.

    It stands before its licence, so that the rest is given back before the new hold is weighed. A
    licence replaced by several lines is replaced by the first.
    """
    new = [(row, row.details().get(SUPERSEDES)) for row in rows if _may(row)]
    superseding = [(row, number) for row, number in new if number]
    if not superseding:
        return list(rows)
    known: dict[str, list[tuple[Any, ...]]] = {}
    for (number, _), line in lines.on_file({n for _, n in superseding}).items():
        if line[_AT["live"]]:
            known.setdefault(number, []).append(line)
    made: list[Row] = []
    done: set[str] = set()
    for row, number in superseding:
        if number not in known:
            row.flags.append(Flag("superseded_not_on_file", detail=number))
        elif number not in done:
            done.add(number)
            open_lines = [one for one in sorted(known[number]) if one[_AT["state"]] == OPEN]
            made += [_replacement(cursor, lines, row, line) for line in open_lines]
    return sorted([*rows, *made], key=lambda row: row.order)


def _may(row: Row) -> bool:
    return row.kind == Kind.LICENCE and row.given.details is not None


def _replacement(cursor: Cursor, lines: LineBook, row: Row, line: tuple[Any, ...]) -> Row:
    number, old_line = line[_AT["licence"]], line[_AT["line"]]
    given = Given(
        row=row.given.row,
        file_line=row.given.file_line,
        kind=Kind.REPLACEMENT,
        effective_on=row.given.effective_on,
        source=row.given.source,
        document=row.given.document,
        line=f"{number}/{old_line}",
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
    made.attempt = row.attempt
    made.act_place = lines.place(line)
    made.target_seq = line[_AT["seq"]]
    return made


def _name(cursor: Cursor, number: int | None) -> str | None:
    if number is None:
        return None
    name: str = cursor.find(t.party, "party_no", [number])[0][1]
    return name
