"""Who is known to hold an authorization of its own, for columns of movements at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ledger.rules.admission import Ints
from ledger.rules.judge import Draw, Ruling
from ledger.service.batches import Frame
from ledger.service.bulk_findings import Gathered
from ledger.service.bulk_holders import NONE, BulkHolders
from ledger.service.claims import KIN, asked, claimed, not_on_file
from ledger.service.columns import place_column
from ledger.service.day_numbers import day_of
from ledger.service.draws import Drawer
from ledger.service.holders import AUTHORIZED, PARTIES
from ledger.service.known_rows import ByRows
from ledger.service.rows import Flag


class BulkStatuses:
    """Checks movements that are ruled, by place, as these rulings say."""

    def __init__(self, drawer: Drawer, rulings: Sequence[Ruling]) -> None:
        self.drawer = drawer
        claims = [claimed(drawer.rulebook, ruling) for ruling in rulings]
        self._claimed = [rule for rule in claims if rule is not None]
        places = [None if rule is None else self._claimed.index(rule) for rule in claims]
        self._claims = place_column(places)

    def coming(
        self, draw: Draw, holders: BulkHolders, frame: Frame, rows: Ints
    ) -> tuple[Ints, Ints, Ints] | None:
        """What arrives and counts: rows, holders and days; None where nothing can.

        Raises ByRows where what is counted gives room back elsewhere.
        """
        if draw.authorized and not self.drawer.statuses:
            return None
        if draw.authorized and self.drawer.rulebook.converts:
            raise ByRows
        day = frame.day[rows]
        holder = holders.of(draw.holder_from, frame, rows, day)
        if not draw.authorized:
            return rows, holder, day
        kept = self._held(draw, holders, holder, day)
        return rows[kept], holder[kept], day[kept]

    def _held(self, draw: Draw, holders: BulkHolders, holder: Ints, day: Ints) -> NDArray[np.bool_]:
        """Which holders of a draw hold its budget's authorization, each on its day."""
        known: dict[tuple[int, int], bool] = {}
        pairs = list(zip(holder.tolist(), day.tolist(), strict=True))
        for at, on in set(pairs):
            key = holders.keys[at] if at >= 0 else ""
            known[at, on] = at >= 0 and self.drawer.authorized(draw, key, day_of(on))
        return np.array([known[pair] for pair in pairs], bool)

    def flag(self, frame: Frame, holders: BulkHolders, flags: Gathered) -> None:
        """Flag owners and operators without the authorization that a movement claims."""
        claims = self._claims[frame.ints("ruling_at")]
        rows = np.flatnonzero((claims >= 0) & (frame.ints("behind") == 0))
        if not len(rows):
            return
        day = frame.day[rows]
        country = holders.of("destination", frame, rows, day)
        by_country = np.array([rule.authorized_by_country for rule in self._claimed], bool)
        of = claims[rows]
        where = np.where(by_country[of], country, NONE)
        roles = [holders.of(role, frame, rows, day) for role in AUTHORIZED]
        kin = [holders.of(one, frame, rows, day) for one in KIN]
        for role, party in zip(AUTHORIZED, roles, strict=True):
            at = np.flatnonzero((party >= 0) & ((role == AUTHORIZED[0]) | (party != roles[0])))
            found = self._lack(holders, np.stack([of, country, day, party, *kin], axis=1)[at])
            named = [frame.ints(column, NONE)[rows] for column in _named_by(frame, role)]
            told = np.stack([of, party, where, *named], axis=1)[at[found]]
            self._tell(frame, holders, role, (rows[at[found]], told), flags)

    def _lack(self, holders: BulkHolders, told: Ints) -> Ints:
        """Which of some (claim, country, day, party and its kin) lack the authorization claimed."""
        if not self.drawer.statuses:
            return np.arange(len(told))
        each, which = np.unique(told, axis=0, return_inverse=True)
        held = []
        for at, place, on, party, *kin in each.tolist():
            rule, code = self._claimed[at], holders.codes[place] if place >= 0 else None
            keys = asked(rule, holders.keys[party], [holders.keys[n] for n in kin if n >= 0])
            held.append(self.drawer.statuses.authorize(rule, keys, code, day_of(on)))
        return np.flatnonzero(~np.array(held, bool)[which.reshape(-1)])

    def _tell(
        self,
        frame: Frame,
        holders: BulkHolders,
        role: str,
        lacking: tuple[Ints, Ints],
        flags: Gathered,
    ) -> None:
        """Flag rows by what their flags are told of: claim, party, country and what names it."""
        rows, told = lacking
        _, alike = np.unique(told, axis=0, return_inverse=True)

        def flag(at: int) -> Flag:
            claim, party, place = told[at, :3].tolist()
            _, name = holders.named(role, frame, int(rows[at]), party)
            code = holders.codes[place] if place >= 0 else None
            return not_on_file(self.drawer.rulebook, self._claimed[claim], name, code)

        flags.by_value(rows, alike.reshape(-1), flag)


def _named_by(frame: Frame, role: str) -> list[str]:
    """The columns from which a party of this role has its name."""
    columns = (*(f"{field}_at" for field in PARTIES[role]), "parent_at", "consignee_at")
    return [column for column in columns if frame.has(column)]
