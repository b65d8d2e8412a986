"""Certificates and notices of a batch: the same as papers.py, column by column."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from ledger.rules.admission import Ints
from ledger.rules.preconditions import Terms
from ledger.service.batches import Frame
from ledger.service.bulk_findings import Gathered
from ledger.service.columns import Prepared, place_column
from ledger.service.day_numbers import day_of
from ledger.service.draws import Drawer
from ledger.service.papers import Declarations, Sent
from ledger.service.rows import Flag

NONE = -1
# Below every day there is: a paper that is not on the row.
UNDATED = -(2**30)
_COLUMNS = {
    "certificate": "certificate_no",
    "notice": "notice_no",
    "test": "test_no",
    "eccn": "eccn_no",
}


class FramePapers:
    """The papers of a batch, by place: what running totals ask for (running.py)."""

    def __init__(self, clerk: BulkClerk, frame: Frame) -> None:
        self._clerk, self._frame = clerk, frame

    def needs(self, at: int) -> tuple[str, ...]:
        """What the movement's ruling asks for before it leaves."""
        return self._clerk.needs(self._frame, at)

    def dated(self, at: int, terms: Terms) -> date | None:
        """The day of the paper that its row names; None where it names none."""
        if terms.rule.asks == "eccn":
            return None
        given = int(self._frame.ints(_COLUMNS[terms.rule.asks], UNDATED)[at])
        return None if given == UNDATED else day_of(given)

    def declared(self, at: int, terms: Terms, day: date, receiver: str) -> bool:
        """Whether a paper that was declared covers a shipment of a day."""
        if not self._clerk.declared:
            return False
        own = day_of(int(self._frame.day[at]))
        sent = self._clerk.sent(self._frame, at, own).to(receiver, terms)
        return self._clerk.declared.cover(terms, sent, day)


class BulkClerk:
    """Looks for the papers of shipments, batch by batch."""

    def __init__(self, drawer: Drawer, prepared: Prepared) -> None:
        self.drawer, self.rulebook, self.prepared = drawer, drawer.rulebook, prepared
        alike = list(dict.fromkeys(ruled.ruling.needs for ruled in prepared.ruled))
        self._needs = alike
        place = {needs: n for n, needs in enumerate(alike)}
        self._needs_of = place_column([place[r.ruling.needs] for r in prepared.ruled])
        self._declared: Declarations | None = None

    def flag(self, frame: Frame, found: Gathered) -> None:
        """Flag each shipment for the papers that are neither on its row nor declared."""
        if not any(self._needs):
            return
        of, behind = self._needs_of[frame.ints("ruling_at")], frame.ints("behind")
        for at in np.unique(of).tolist():
            if self._needs[at]:
                rows = np.flatnonzero((of == at) & (behind == 0))
                for day in np.unique(frame.day[rows]).tolist():
                    self._flag_day(frame, found, rows[frame.day[rows] == day], at)

    def _flag_day(self, frame: Frame, found: Gathered, rows: Ints, needs: int) -> None:
        """The shipments of one day whose rulings ask for the same."""
        number = int(frame.day[rows[0]])
        total = frame.ints("shipment_mtpp")[rows]
        for terms in self.rulebook.papers(self._needs[needs], day_of(number)):
            given = frame.ints(_COLUMNS[terms.rule.asks], UNDATED)[rows]
            shown = given != UNDATED
            if terms.rule.asks != "eccn":
                shown &= given <= number - terms.days_ahead
            lacking = ~shown & _asked(terms, total)
            if self.declared:
                lacking &= ~self._covered(frame, rows, lacking, terms)
            if not lacking.any():
                continue
            dated = given if terms.rule.asks != "eccn" else np.full(len(rows), UNDATED)
            self._say(found, rows[lacking], (dated[lacking], total[lacking]), (terms, number))

    def _say(
        self, found: Gathered, rows: Ints, each: tuple[Ints, Ints], lacks: tuple[Terms, int]
    ) -> None:
        """Flag rows that lack one paper on one day, by the paper's day and the amount of each."""
        (dated, total), (terms, number) = each, lacks
        _, alike = np.unique(np.stack([dated, total], axis=1), axis=0, return_inverse=True)

        def flag(place: int) -> Flag:
            on = None if dated[place] == UNDATED else day_of(int(dated[place]))
            return self.rulebook.paper_flag(terms, day_of(number), on, int(total[place]))

        found.by_value(rows, alike.reshape(-1), flag)

    def _covered(
        self, frame: Frame, rows: Ints, lacking: NDArray[np.bool_], terms: Terms
    ) -> NDArray[np.bool_]:
        """Which of the rows that lack a paper have it declared."""
        covered, day = np.zeros(len(rows), bool), day_of(int(frame.day[rows[0]]))
        for place in np.flatnonzero(lacking).tolist():
            sent = self.sent(frame, int(rows[place]), day)
            covered[place] = self.declared.cover(terms, sent, day)
        return covered

    @property
    def declared(self) -> Declarations:
        """The certificates and notices on record."""
        if self._declared is None:
            self._declared = Declarations.every(self.drawer.book.cursor)
        return self._declared

    def needs(self, frame: Frame, at: int) -> tuple[str, ...]:
        """What one movement's ruling asks for before it leaves; nothing for what comes behind."""
        behind = frame.ints("behind")[at] != 0
        return () if behind else self._needs[self._needs_of[frame.ints("ruling_at")[at]]]

    def sent(self, frame: Frame, at: int, day: date) -> Sent:
        """What of a movement a declared paper is compared with, on its day."""
        exporter, consignee, parent = (
            self._key(frame, column, at) for column in ("exporter_at", "consignee_at", "parent_at")
        )
        holder = self.drawer.relations.holder(consignee, parent, day)
        parties = frozenset(key for key in (consignee, parent, holder) if key)
        authorization, document = (
            frame.table.column(name)[at].as_py() for name in ("authorization", "document")
        )
        return Sent(authorization or "", parties, exporter or "", document)

    def _key(self, frame: Frame, column: str, at: int) -> str | None:
        place = int(frame.ints(column, NONE)[at])
        return None if place == NONE else self.prepared.party_keys[place]


def _asked(terms: Terms, total: Ints) -> NDArray[np.bool_]:
    """Which shipments are of an amount that asks for it."""
    if terms.amount is None:
        return np.ones(len(total), bool)
    if terms.rule.compared == "exactly":
        return np.equal(total, terms.amount)
    reached: NDArray[np.bool_] = total >= terms.amount
    return reached
