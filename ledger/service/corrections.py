"""A file of corrections: movements reversed, or reversed and recorded anew, as one submission.

A row names a movement by its seq or its key and says why. Whatever other heading it fills is a
new value; a row without one only reverses. What depends on a corrected movement has to stand in
the file as well: a row that changes nothing has it recorded anew as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, groupby
from typing import TYPE_CHECKING

from ledger.intake import typed
from ledger.service import known_rows, recorded
from ledger.service.book import Book
from ledger.service.current import insist_current
from ledger.service.dependents import Chosen, Standing, choose, name_of
from ledger.service.known_rows import reversals_of
from ledger.service.line_rules import line_rules
from ledger.service.lines import LineBook
from ledger.service.outcome import Outcome, Repeated
from ledger.service.posting import Desk, Posting
from ledger.service.rows import Row
from ledger.service.seal import Header, Sealer
from ledger.service.settings import setting_for
from ledger.service.stored import Stored, stored
from ledger.service.superseding import apart
from ledger.service.undoing import Undoing
from ledger.storage.statements import Cursor
from schemas.kinds import FILE_MOVEMENTS, KEY_CLASS, TRANSFERS, Kind, key_class
from schemas.problems import Problem, Unusable
from schemas.records import Given

if TYPE_CHECKING:
    from ledger.storage.store import Turn

# The word for a cell that takes a value away: an empty one leaves it as it is.
TAKEN_AWAY = "(empty)"
_NAMING = ("seq", "class", "source", "document", "line", "reason")
# What a row may write for each class of keys: the class, a kind of it, or the file that has it.
_CLASSES: dict[str, str] = {
    **{file.value: key_class(kinds[0]) for file, kinds in FILE_MOVEMENTS.items()},
    **{kind.value: named for kind, named in KEY_CLASS.items()},
    **{named: named for named in KEY_CLASS.values()},
}


@dataclass(slots=True)
class Correction:
    """One row: the movement it corrects, why, and what is recorded in its place (None: nothing).

    `idle`: it changes nothing, and matters only where what the movement points at is corrected.
    """

    given: Given
    movement: Stored
    reason: str
    anew: Given | None = None
    idle: bool = False

    @property
    def seq(self) -> int:
        """The movement's number."""
        return int(self.movement["seq"])

    def problem(self, column: str, value: str, reason: str) -> Problem:
        """A problem of this row."""
        return Problem("", self.given.file_line, self.given.row, column, value, reason)


def correct(
    desk: Desk, given: Sequence[Given], header: Header, *, dry_run: bool = False
) -> Outcome:
    """Carry out corrections as one submission; rows that cannot be are problems of the outcome."""
    outcome = Outcome()
    found = _understood(desk, given, outcome)
    while True:
        with suppress(_Again, _Undone):
            _attempt(desk, found, header, outcome, dry_run=dry_run)
            return outcome
        if outcome.count:  # a dry run, undone
            outcome.submission = None
            return outcome
        rejected = {problem.row for problem in outcome.problems}
        found = [one for one in found if one.given.row not in rejected]


class _Again(Exception):
    """Some rows cannot be carried out: without them once more."""


class _Undone(Exception):
    """Ends a transaction that was only to see."""


def _attempt(
    desk: Desk, found: list[Correction], header: Header, outcome: Outcome, *, dry_run: bool
) -> None:
    with desk.store.writing() as turn:
        cursor = Cursor(desk.store.raw(turn.connection), desk.store.dialect)
        insist_current(desk.known, cursor, turn.head)
        outcome.head = turn.head.digest
        chosen, active = _settled(cursor, found, outcome)
        idle = [one for one in found if one.idle and one.seq not in active]
        if chosen is None:
            _known(idle, outcome)
            return
        recorded_now = _carry_out(desk, cursor, turn, (chosen, active), header, outcome)
        if dry_run:
            raise _Undone
    _known(idle, outcome)
    recorded_now.keep()


def _known(idle: Sequence[Correction], outcome: Outcome) -> None:
    outcome.already += len(idle)
    outcome.repeated = [
        *outcome.repeated,
        *(Repeated(one.given.row, one.seq, False) for one in idle),
    ]


def _carry_out(
    desk: Desk,
    cursor: Cursor,
    turn: Turn,
    settled: tuple[Chosen, dict[int, Correction]],
    header: Header,
    outcome: Outcome,
) -> Book:
    """Write the reversals, then what is recorded anew, and link both as one submission."""
    chosen, active = settled
    book = Book(cursor, desk.known, turn.head.last_submission + 1)
    lines = LineBook(cursor, book, line_rules(desk.rulebook))
    undoing = Undoing(desk.rulebook, lines, _reasons(chosen, active), turn.head.last_seq)
    told = Outcome(head=outcome.head)
    sealer = Sealer(desk.store, cursor, book, turn.head)
    undoing.write(chosen, sealer, told)
    book.write()
    last = turn.head.last_seq + len(chosen)
    for group in _groups(active):
        rows, problems = _rows(desk, group)
        fresh = known_rows.sift(cursor, rows, told)
        posting = Posting(desk, cursor, book, last)
        posting.rule(rows)
        fresh = posting.prepare(fresh, told)
        problems += told.problems
        if problems:
            outcome.problems += problems
            outcome.rejected += len({problem.row for problem in problems})
            raise _Again
        last += posting.write(fresh, sealer, told)
    sealer.close(header, told)
    for name in ("submission", "first_seq", "count", "head", "refused", "findings", "counts"):
        setattr(outcome, name, getattr(told, name))
    return book


def _reasons(chosen: Chosen, active: Mapping[int, Correction]) -> dict[int, str]:
    """Why each movement is reversed; the leg of a move that arrives goes with the other, and a
    replacement with its licence.
    """
    undos, along = chain.from_iterable(chosen.parts()), chosen.along
    behind = {u.seq: along.get(u.seq) or int(u.movement["target_seq"] or 0) for u in undos}
    return {seq: active[seq if seq in active else of].reason for seq, of in behind.items()}


def _groups(active: Mapping[int, Correction]) -> list[list[Given]]:
    """What is recorded anew in the order it was recorded, a group for each run of one file kind.

    Each is posted on its own: what draws on a licence has to find it on record, and so has a
    licence that takes its place.
    """
    ordered = [(active[seq].movement, one) for seq in sorted(active) if (one := active[seq].anew)]
    groups: list[list[Given]] = []
    for _, run in groupby(ordered, key=lambda pair: recorded.file_kind(pair[0])):
        groups += apart((given for _, given in run), lambda given: given)
    return groups


def _rows(desk: Desk, given: Sequence[Given]) -> tuple[list[Row], list[Problem]]:
    from ledger.service.importing import rows_of

    return rows_of(desk, iter(given))


def _settled(
    cursor: Cursor, found: Sequence[Correction], outcome: Outcome
) -> tuple[Chosen | None, dict[int, Correction]]:
    """What is to be reversed, if anything, and the corrections by seq; idle rows are drawn in as
    needed.
    """
    by_seq = {one.seq: one for one in found}
    active = {seq: one for seq, one in by_seq.items() if not one.idle}
    while active:
        try:
            return choose(cursor, active, cascade=False), active
        except Standing as standing:
            for seq, depending in (standing.by | standing.since).items():
                if all(other in by_seq for other in depending):
                    active |= {other: by_seq[other] for other in depending}
                elif seq in active:
                    one = active.pop(seq)
                    missing = [standing.named[o] for o in depending if o not in by_seq]
                    said = ", ".join(missing[:5]) + (", ..." if missing[5:] else "")
                    reason = f"{said} depends on it: correct or reverse that in the same file"
                    outcome.problems.append(one.problem("seq", str(seq), reason))
                    outcome.rejected += 1
                    by_seq.pop(seq)
        except Unusable as unusable:
            for problem in unusable.problems:
                one = active.pop(int(problem.value))
                outcome.problems.append(one.problem("seq", problem.value, problem.reason))
                outcome.rejected += 1
    return None, active


def _understood(desk: Desk, given: Sequence[Given], outcome: Outcome) -> list[Correction]:
    """The corrections that can be understood, one a movement; the others are problems."""
    found: dict[int, Correction] = {}
    with desk.store.reading() as turn:
        cursor = Cursor(desk.store.raw(turn.connection), desk.store.dialect)
        for row in given:
            try:
                one = _one(desk, cursor, row)
            except Unusable as unusable:
                outcome.problems += [
                    replace(p, file="", line=row.file_line, row=row.row) for p in unusable.problems
                ]
                outcome.rejected += 1
                continue
            if isinstance(one, Repeated):
                outcome.already += 1
                outcome.repeated = [*outcome.repeated, one]
            elif one.seq in found:
                reason = f"{name_of(one.movement)} is corrected in another row of the file"
                outcome.problems.append(one.problem("seq", str(one.seq), reason))
                outcome.rejected += 1
            else:
                found[one.seq] = one
    return list(found.values())


def _one(desk: Desk, cursor: Cursor, row: Given) -> Correction | Repeated:
    """What one row is to do; Repeated where it was done before."""
    cells: dict[str, str] = json.loads(row.details or "{}")
    naming = {name: cells.pop(name, "") for name in _NAMING}
    said = dict(naming)
    if naming["source"] == "" and row.source != "ledger":
        naming["source"] = row.source
    movement = recorded.named(cursor, naming, cells.get("exporter", ""))
    _check_named(movement, said)
    if movement["kind"] == Kind.TRANSFER_IN:  # a move is corrected by the leg that leaves
        (movement,) = stored(cursor, "seq", [movement["target_seq"]])
    if movement["kind"] in (Kind.REVERSAL, Kind.REPLACEMENT, Kind.ADOPTION, Kind.REFUSAL):
        reason = f"is of kind {movement['kind']}: a correction is of what was recorded from a row"
        raise Unusable(Problem("", 0, 0, "seq", str(movement["seq"]), reason))
    gone = reversals_of(cursor, [movement["seq"]]).get(movement["seq"])
    live = movement
    if gone is not None:
        found = recorded.standing_attempt(cursor, movement)
        if found is None and not cells:
            return Repeated(row.row, gone, False)
        if found is None:
            by = f"is reversed already, by seq {gone}: record it anew"
            raise Unusable(Problem("", 0, 0, "seq", str(movement["seq"]), by))
        live = found
    if not cells and gone is not None:
        return Repeated(row.row, gone, False)
    one = Correction(row, live, naming["reason"])
    if cells:
        one.anew = _anew(desk, cursor, live, cells, row)
        one.idle = recorded.says_the_same(cursor, live, one.anew)
        if gone is not None and not one.idle:
            by = f"is reversed already, by seq {gone}; seq {live['seq']} stands in its place"
            raise Unusable(Problem("", 0, 0, "seq", str(movement["seq"]), by))
    return one


def _check_named(movement: Stored, said: Mapping[str, str]) -> None:
    """Where a row says a seq and of the key too, both have to name the same movement.

    One of the two is mistyped, and nobody can tell which: the wrong movement would be corrected.
    Raises Unusable with every part of the key that is another one.
    """
    if not said["seq"]:
        return
    # A move is told by either of its legs: the other parts of their keys are the same.
    legs = TRANSFERS if movement["kind"] in TRANSFERS else (movement["kind"],)
    classes = {key_class(kind) for kind in legs}
    words = {word for word, of in _CLASSES.items() if of in classes}
    wrong = {}
    if said["class"] and said["class"].strip().lower() not in words:
        wrong["class"] = key_class(movement["kind"])
    for part in ("source", "document", "line"):
        if said[part] and said[part] != movement[part]:
            wrong[part] = movement[part]
    if wrong:
        raise Unusable(
            *(
                Problem("", 0, 0, part, said[part], f"{name_of(movement)} has {part} {its}")
                for part, its in wrong.items()
            )
        )


def _anew(
    desk: Desk, cursor: Cursor, movement: Stored, cells: Mapping[str, str], row: Given
) -> Given:
    """The movement with the row's new values, read as a row of its own file would be."""
    kind = recorded.file_kind(movement)
    values = recorded.values(cursor, kind, movement)
    shape = recorded.shape_of(kind)
    new = dict(cells)
    for name, heading in (("new_document", shape.document), ("new_line", shape.line)):
        if name in new:
            new[heading] = new.pop(name)
    problems = recorded.unknown_headings(kind, new, values)
    unknown = {problem.column for problem in problems}
    if {"chip", "quantity"} & new.keys() and "tpp" not in new:
        values.pop("tpp", None)
    values |= {name: value for name, value in new.items() if value != TAKEN_AWAY}
    for name in (name for name, value in new.items() if value == TAKEN_AWAY):
        values.pop(name, None)
    known = {name: value for name, value in values.items() if name not in unknown}
    try:
        given = typed(kind, known, setting_for(desk.rulebook))
    except Unusable as unusable:
        problems += unusable.problems
    if problems:
        raise Unusable(*problems)
    # The source is the movement's, as it was recorded: it is part of the key.
    return replace(given, source=movement["source"], row=row.row, file_line=row.file_line)
