"""How applications end: a licence, a denial, or a return without action; each once."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ledger.intake.cells import Wrong, cents_of, count_of
from ledger.service.book import Book
from ledger.service.known_rows import reversed_among
from ledger.service.licence_acts import with_line
from ledger.service.outcome import Outcome
from ledger.service.rows import Flag, Row
from ledger.service.stored import stored
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import OUTCOMES, Kind
from schemas.names import name_key
from schemas.problems import Problem

_ENTRY = {name: place for place, name in enumerate(t.entry.columns.keys())}
ANSWERS = (Kind.LICENCE, *OUTCOMES)


@dataclass(slots=True)
class Answer:
    """One answer to an application; `seq` 0 where it is recorded in the same submission."""

    kind: str
    source: str
    document: str
    seq: int = 0
    quantity: int = 0
    amount: int = 0
    cents: int = 0

    @property
    def named(self) -> str:
        """It in words."""
        return f"{self.kind} {self.document}" + (f", seq {self.seq}" if self.seq else "")

    def is_of(self, other: Answer) -> bool:
        """Whether both are lines of one licence."""
        mine, theirs = ((one.kind, one.source, one.document) for one in (self, other))
        return self.kind == Kind.LICENCE and mine == theirs


# The answers to each application by its seq, in order of record.
Answered = dict[int, list[Answer]]


def ended(cursor: Cursor, book: Book, rows: Sequence[Row], outcome: Outcome) -> list[Row]:
    """The rows, each denial or return with its application; one that names no line is every line's.

    One that is about no application on file is a problem.
    """
    ending = [row for row in rows if row.kind in OUTCOMES]
    if not ending:
        return list(rows)
    known = on_file(cursor, {row.details()["application"] for row in ending})
    taken = {row.key for row in rows}
    answered: Answered = {}
    kept: list[Row] = []
    for row in rows:
        if row.kind not in OUTCOMES:
            kept.append(row)
            continue
        found, problem = _meant(row, known)
        if problem is not None:
            outcome.problems.append(problem)
            outcome.rejected += 1
            continue
        for number, application in enumerate(found):
            one = with_line(cursor, row, str(application["line"]), taken) if number else row
            _point(cursor, one, application)
            answer(cursor, book, one, application, answered)
            kept.append(one)
    return kept


def on_file(cursor: Cursor, numbers: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The applications of some numbers that were not reversed, in order of record."""
    named = stored(cursor, "document", numbers)
    asked = [movement for movement in named if movement["kind"] == Kind.APPLICATION]
    gone = reversed_among(cursor, [m["seq"] for m in asked])
    known: dict[str, list[dict[str, Any]]] = {}
    for movement in asked:
        if movement["seq"] not in gone:
            known.setdefault(movement["document"], []).append(movement)
    return known


def _meant(
    row: Row, known: dict[str, list[dict[str, Any]]]
) -> tuple[list[dict[str, Any]], Problem | None]:
    details = row.details()
    number, line = details["application"], details.get("application_line")
    found = known.get(number, [])
    exporter = details.get("exporter")
    if exporter is not None:
        found = [m for m in found if name_key(m["source"]) == name_key(exporter)]
    if not found:
        return [], row.problem("application", number, "no such application is on file")
    sources = tuple(dict.fromkeys(str(m["source"]) for m in found))
    if len(sources) > 1:
        reason = f"several have filed application {number}: name the one who applied"
        return [], row.problem("exporter", "", reason, sources[:3])
    lines = [m for m in found if line is None or m["line"] == line]
    if not lines:
        near = tuple(str(m["line"]) for m in found[:3])
        reason = f"application {number} has no such line on file"
        return [], row.problem("application_line", line or "", reason, near)
    return lines, None


def _point(cursor: Cursor, row: Row, application: dict[str, Any]) -> None:
    """Take over what the application said."""
    numbers = {application[f"{role}_no"] for role in ("exporter", "consignee")} - {None}
    names = {p[0]: p[1] for p in cursor.find(t.party, "party_no", numbers)}
    row.given = replace(
        row.given,
        exporter=names.get(application["exporter_no"]),
        consignee=names.get(application["consignee_no"]),
        destination=application["destination"],
        authorization=application["authorization"],
        chip=application["chip"],
        quantity=application["quantity"],
        unit_mtpp=application["unit_mtpp"],
        amount_mtpp=application["amount_mtpp"],
    )


def answer(
    cursor: Cursor,
    book: Book,
    row: Row,
    application: dict[str, Any],
    answered: Answered,
) -> None:
    """Have a row answer an application: what was pending is free again, once.

    The lines of one licence are one answer. A second answer is recorded and flagged, and takes
    nothing away; `answered` are those that rows of the same submission answer.
    """
    seq = application["seq"]
    if seq not in answered:
        answered[seq] = _answers_to(cursor, seq)
    before, given = answered[seq], row.given
    units, cents = given.quantity or 0, given.unit_value_cents or 0
    one = Answer(row.kind, given.source, given.document, 0, units, row.amount, units * cents)
    answered[seq] = [*before, one]
    row.target_seq = seq
    filed_on = str(application["effective_on"])
    if row.day < filed_on:
        row.flags.append(Flag("before_application", detail=filed_on))
    if before and not one.is_of(before[0]):
        row.flags.append(Flag("application_answered", detail=before[0].named))
        return
    if row.kind == Kind.LICENCE:
        lines = [other for other in before if other.is_of(one)]
        _flag_more(row, application["amount_mtpp"] or 0, sum(other.amount for other in lines))
        ordered = json.loads(application["details"] or "{}")
        lines.append(one)
        units, cents = (sum(getattr(o, name) for o in lines) for name in ("quantity", "cents"))
        row.flags += order_flags(units, cents, ordered)
    if not before:
        entries = [e for e in cursor.find(t.entry, "seq", [seq]) if e[_ENTRY["pending_mtpp"]] > 0]
        places = book.places([e[_ENTRY["budget_no"]] for e in entries])
        row.pending = [
            (place, e[_ENTRY["pending_mtpp"]]) for place, e in zip(places, entries, strict=True)
        ]


def _answers_to(cursor: Cursor, seq: int) -> list[Answer]:
    """The answers on record to an application that stand."""
    answers = [m for m in stored(cursor, "target_seq", [seq]) if m["kind"] in ANSWERS]
    gone = reversed_among(cursor, [m["seq"] for m in answers])
    return [_answer_of(m) for m in answers if m["seq"] not in gone]


def _answer_of(movement: dict[str, Any]) -> Answer:
    units, cents = movement["quantity"] or 0, movement["unit_value_cents"] or 0
    kind, source, document, seq = (movement[n] for n in ("kind", "source", "document", "seq"))
    return Answer(kind, source, document, seq, units, movement["amount_mtpp"] or 0, units * cents)


def flag_orders(rows: Sequence[Row]) -> None:
    """Flag applications for more than the purchase order that they say they go with."""
    for row in rows:
        if row.kind == Kind.APPLICATION and row.given.details is not None:
            units, cents = row.given.quantity or 0, row.given.unit_value_cents or 0
            row.flags += order_flags(units, units * cents, row.details())


def order_flags(units: int, cents: int, said: dict[str, Any]) -> list[Flag]:
    """What lots are more than an application's purchase order by; `said` are its other fields."""
    # Rows of before these headings were known may hold anything in them.
    most, worth = _read(count_of, said, "order_quantity"), _read(cents_of, said, "order_value_usd")
    found: list[Flag] = []
    if most and units > most:
        detail = f"ordered {most:,} units, asked {units:,}, over by {units - most:,}"
        found.append(Flag("more_than_ordered", detail=detail))
    if worth and cents > worth:
        figures = [f"{c // 100:,}.{c % 100:02d} USD" for c in (worth, cents, cents - worth)]
        detail = "ordered {}, asked {}, over by {}".format(*figures)
        found.append(Flag("more_than_ordered", detail=detail))
    return found


def _read(reader: Callable[[str], int], said: dict[str, Any], heading: str) -> int:
    """A number of an application's other fields; 0 where there is none."""
    with suppress(Wrong):
        return reader(str(said.get(heading, "")))
    return 0


def _flag_more(row: Row, asked: int, before: int) -> None:
    over = before + row.amount - asked
    if asked and over > 0:
        row.flags.append(Flag("more_than_applied", None, asked, before, row.amount, over))
