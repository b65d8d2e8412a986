"""An export on record without a licence, laid under a licence that turned up: counted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ledger.rules.admission import Effect
from ledger.service import targets
from ledger.service.book import Book
from ledger.service.licence_acts import unknown_line
from ledger.service.line_flags import Under, subject_of
from ledger.service.lines import LineBook
from ledger.service.outcome import Outcome
from ledger.service.rows import Drawn, Row, party_key
from ledger.service.targets import Target
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind
from schemas.problems import Problem

_LINE = {name: place for place, name in enumerate(t.licence_line.columns.keys())}


def laid_under(
    cursor: Cursor, book: Book, lines: LineBook, rows: Sequence[Row], outcome: Outcome
) -> list[Row]:
    """The rows, each assignment with its shipment and its licence line.

    One that names no shipment, or one that is under a licence already, is a problem.
    """
    assigned = [row for row in rows if row.kind == Kind.ASSIGNMENT]
    if not assigned:
        return list(rows)
    known = lines.on_file({row.given.licence for row in assigned})
    kept: list[Row] = []
    done: dict[int, int] = {}
    for row in rows:
        if row.kind != Kind.ASSIGNMENT:
            kept.append(row)
            continue
        line = known.get((row.given.licence or "", row.given.licence_line or "1"))
        live = line is not None and bool(line[_LINE["live"]])
        of_licence = [name for number, name in known if number == row.given.licence]
        problem = None if live else unknown_line(cursor, row, of_licence)
        target = targets.shipment_of(cursor, book, row.given) if problem is None else None
        problem = problem or _in_the_way(lines, row, target, done)
        if problem is not None:
            outcome.problems.append(problem)
            outcome.rejected += 1
            continue
        assert target is not None
        assert line is not None
        done[target.seq] = row.given.row
        _lay(row, target, lines, lines.place(line))
        kept.append(row)
    lines.load_acts({row.line_place for row in kept if row.kind == Kind.ASSIGNMENT})
    for row in kept:
        if row.kind == Kind.ASSIGNMENT and row.laid is not None:
            row.flags += lines.differences(row.line_place, _under(row.laid))
    return kept


def _in_the_way(
    lines: LineBook, row: Row, target: Target | None, done: dict[int, int]
) -> Problem | None:
    named = f"{row.given.target_document} line {row.given.target_line}"
    if target is None:
        return row.problem("shipment", named, "no such shipment of that exporter is on file")
    if target.licence_seq is not None:
        return row.problem(
            "shipment", named, f"is drawn under licence {target.given.licence} already"
        )
    if target.given.authorization not in lines.rules.without:
        reason = f"went under {target.given.authorization}, and so not without a licence"
        return row.problem("shipment", named, reason)
    earlier = targets.assignment_of(lines.cursor, target.seq)
    if earlier is not None or target.seq in done:
        where = f"by seq {earlier}" if earlier else f"by row {done[target.seq]} of this file"
        return row.problem("shipment", named, f"is assigned already, {where}")
    return None


def _lay(row: Row, target: Target, lines: LineBook, place: int) -> None:
    sent = target.given
    row.laid = target
    lines.draw_on(row, place)
    row.given = replace(
        row.given,
        licence_line=row.given.licence_line or "1",
        exporter=sent.exporter,
        consignee=sent.consignee,
        parent=sent.parent,
        destination=sent.destination,
        authorization=lines.rules.licensed,
        chip=sent.chip,
        quantity=sent.quantity,
        unit_mtpp=sent.unit_mtpp,
        amount_mtpp=sent.amount_mtpp,
        unit_value_cents=sent.unit_value_cents,
    )


def draws(row: Row, book: Book, lines: LineBook) -> list[Drawn]:
    """What an assignment does: the shipment comes off the safe side, and the licence is used.

    What came back of it before was given back where it stood; it is given back where it stands
    now. Tallies of what is owned are left as they are: the goods stay where they are.
    """
    assert row.laid is not None
    safe = [share for share in row.laid.posted if not share.official]
    off = [Drawn(share.place, 0, Effect.CREDIT, share.amount) for share in safe if share.amount]
    places = book.places(lines.budget_nos(row.line_place))
    came_back = max((share.gone for share in safe), default=0)
    back = [Drawn(place, 1, Effect.CREDIT, came_back) for place in places if came_back]
    return off + [Drawn(place, 1, Effect.DRAW, row.amount) for place in places] + back


def _under(target: Target) -> Under:
    sent = target.given
    return Under(
        sent.kind,
        sent.effective_on.isoformat(),
        sent.chip,
        sent.destination,
        party_key(sent.consignee),
        party_key(sent.exporter),
    )


def stands(row: Row, laid: Target) -> tuple[str, str]:
    """What is looked up later of an assignment, or of a transfer under a licence of its own of
    what a shipment brought: the shipment, and the licence line.
    """
    given = row.given
    return str(laid.seq), subject_of(given.licence or "", given.licence_line or "1")
