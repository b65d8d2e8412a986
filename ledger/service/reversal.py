"""Undo movements: the opposite of their entries, dated as they were, and never an edit."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from ledger.service.book import Book
from ledger.service.current import insist_current
from ledger.service.dependents import Standing, choose, in_parts, name_of
from ledger.service.garbage import few_collections
from ledger.service.known_rows import reversals_of
from ledger.service.line_rules import line_rules
from ledger.service.lines import LineBook
from ledger.service.outcome import Outcome
from ledger.service.posting import Desk
from ledger.service.seal import Header, Sealer
from ledger.service.undoing import Undoing
from ledger.storage.statements import Cursor
from ledger.storage.store import Store
from schemas import tables as t
from schemas.kinds import Kind
from schemas.problems import Problem, Unusable

__all__ = ["Standing", "of_submission", "reverse"]

_AT = {name: place for place, name in enumerate(t.movement.columns.keys())}
_OF_SUBMISSION = select(t.submission.c.first_seq, t.submission.c.count).where(
    t.submission.c.number == bindparam("number")
)


def of_submission(store: Store, number: int) -> list[int]:
    """The movements of a submission that still stand; a refusal stands for nothing.

    What it restored is meant by the restored movement itself. Raises Unusable for an unknown
    number, and where none stands.
    """
    with store.reading() as turn:
        cursor = Cursor(store.raw(turn.connection), store.dialect)
        found = cursor.read(_OF_SUBMISSION, number)
        if not found:
            raise Unusable(_problem("submission", str(number), "there is no such submission"))
        first, count = found[0]
        meant = _meant(cursor, range(first, first + count))
        gone = reversals_of(cursor, meant)
    left = [seq for seq in meant if seq not in gone]
    if not left:
        raise Unusable(_problem("submission", str(number), "nothing of it stands any more"))
    return left


def _meant(cursor: Cursor, seqs: Sequence[int]) -> list[int]:
    """The movements that are meant by those of a submission."""
    meant: list[int] = []
    for part in in_parts(seqs):
        movements = cursor.find(t.movement, "seq", part)
        pointed = [m[_AT["target_seq"]] for m in movements if m[_AT["kind"]] == Kind.REVERSAL]
        undone = {
            m[_AT["seq"]]: m[_AT["target_seq"]]
            for m in cursor.find(t.movement, "seq", set(pointed))
            if m[_AT["kind"]] == Kind.REVERSAL
        }
        meant += [
            undone.get(m[_AT["target_seq"]], m[_AT["seq"]])
            for m in sorted(movements)
            if m[_AT["kind"]] != Kind.REFUSAL
        ]
    return meant


def reverse(
    desk: Desk, seqs: list[int], header: Header, *, cascade: bool, dry_run: bool = False
) -> Outcome:
    """Reverse movements as one submission, the latest first; a reversal's reversal restores.

    `dry_run`: nothing is recorded; the outcome's `repeated` is empty and its warnings name what
    would be reversed. Raises Unusable and Standing as `choose` does.
    """
    if not seqs:
        raise Unusable(_problem("seq", "", "names no movement"))
    if dry_run:
        return _would(desk, seqs, cascade=cascade)
    with few_collections(), desk.store.writing() as turn:
        cursor = Cursor(desk.store.raw(turn.connection), desk.store.dialect)
        insist_current(desk.known, cursor, turn.head)
        book = Book(cursor, desk.known, turn.head.last_submission + 1)
        chosen = choose(cursor, seqs, cascade=cascade)
        outcome = Outcome(head=turn.head.digest)
        sealer = Sealer(desk.store, cursor, book, turn.head)
        lines = LineBook(cursor, book, line_rules(desk.rulebook))
        undoing = Undoing(desk.rulebook, lines, header.note or "", turn.head.last_seq)
        undoing.write(chosen, sealer, outcome)
        sealer.close(header, outcome)
        book.write()
    book.keep()
    return outcome


def _would(desk: Desk, seqs: Sequence[int], *, cascade: bool) -> Outcome:
    with desk.store.reading() as turn:
        cursor = Cursor(desk.store.raw(turn.connection), desk.store.dialect)
        chosen = choose(cursor, seqs, cascade=cascade)
        said = [
            f"{'restore' if undo.restored else 'reverse'} {name_of(undo.root)}"
            for undos in chosen.parts()
            for undo in undos
        ]
    return Outcome(count=len(chosen), warnings=said)


def _problem(column: str, value: str, reason: str) -> Problem:
    return Problem("", 0, 0, column, value, reason)
