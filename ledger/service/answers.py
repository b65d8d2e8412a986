"""What is pending for applications, where answers to them are taken back or restored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ledger.service.applications import ANSWERS
from ledger.service.known_rows import reversed_among
from ledger.service.stored import Stored
from ledger.storage.statements import Cursor
from schemas import tables as t

_AT = {name: place for place, name in enumerate(t.movement.columns.keys())}
_ENTRY = {name: place for place, name in enumerate(t.entry.columns.keys())}


class Answers:
    """The answers to applications that stand, one taken back or restored after another.

    What an application asks for is free while any answer to it stands: taken back, an answer has
    it pending again only where no other is left, and restored it frees it only where none stands.
    """

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        # By the application's seq: its answers that stand, and what it asks of budgets by number.
        self._standing: dict[int, set[int]] = {}
        self._asked: dict[int, dict[int, int]] = {}

    def load(self, movements: Iterable[Stored]) -> None:
        """Look up at once the applications that some movements answer."""
        new = {int(m["target_seq"]) for m in movements if _answers(m)} - self._standing.keys()
        if not new:
            return
        pointing = self._cursor.find(t.movement, "target_seq", new)
        found = [row for row in pointing if row[_AT["kind"]] in ANSWERS]
        gone = reversed_among(self._cursor, [row[_AT["seq"]] for row in found])
        standing: dict[int, set[int]] = defaultdict(set)
        for row in found:
            if row[_AT["seq"]] not in gone:
                standing[row[_AT["target_seq"]]].add(row[_AT["seq"]])
        asked: dict[int, dict[int, int]] = defaultdict(dict)
        for entry in self._cursor.find(t.entry, "seq", new):
            if entry[_ENTRY["official"]] and entry[_ENTRY["pending_mtpp"]] > 0:
                asked[entry[0]][entry[_ENTRY["budget_no"]]] = entry[_ENTRY["pending_mtpp"]]
        for seq in new:
            self._standing[seq], self._asked[seq] = standing[seq], asked[seq]

    def set_live(self, movement: Stored, live: bool) -> dict[int, int] | None:
        """Have a movement that was loaded stand, or not, from now on: what is pending more by it
        (milli-TPP), by the budget's number. None where it answers no application.
        """
        if not _answers(movement):
            return None
        application = int(movement["target_seq"])
        standing = self._standing[application]
        before = bool(standing)
        if live:
            standing.add(int(movement["seq"]))
        else:
            standing.discard(int(movement["seq"]))
        change = int(before) - int(bool(standing))
        asked = self._asked[application].items() if change else ()
        return {number: change * amount for number, amount in asked}


def _answers(movement: Stored) -> bool:
    return movement["kind"] in ANSWERS and movement["target_seq"] is not None
