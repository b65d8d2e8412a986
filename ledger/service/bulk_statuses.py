"""Who is known to hold an authorization of its own, for columns of movements at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ledger.rules.admission import Ints
from ledger.rules.judge import Draw
from ledger.service.batches import Frame
from ledger.service.bulk_findings import Gathered
from ledger.service.bulk_holders import BulkHolders
from ledger.service.columns import place_column
from ledger.service.day_numbers import day_of
from ledger.service.draws import Drawer, claimed, not_on_file
from ledger.service.holders import AUTHORIZED


class BulkStatuses:
    """Checks movements whose rulings, by place, draw on these budgets."""

    def __init__(self, drawer: Drawer, rulings: Sequence[tuple[Draw, ...]]) -> None:
        self.drawer = drawer
        claims = [claimed(drawer.rulebook, draws) for draws in rulings]
        self._claimed = [rule for rule in claims if rule is not None]
        places = [None if rule is None else self._claimed.index(rule) for rule in claims]
        self._claims = place_column(places)

    def held(self, draw: Draw, holders: BulkHolders, holder: Ints, day: Ints) -> NDArray[np.bool_]:
        """Which holders of a draw hold its budget's authorization, each on its day."""
        known: dict[tuple[int, int], bool] = {}
        pairs = list(zip(holder.tolist(), day.tolist(), strict=True))
        for at, on in set(pairs):
            key = holders.keys[at] if at >= 0 else ""
            known[at, on] = at >= 0 and self.drawer.authorized(draw, key, day_of(on))
        return np.array([known[pair] for pair in pairs], bool)

    def flag(self, frame: Frame, ruling: Ints, holders: BulkHolders, flags: Gathered) -> None:
        """Flag owners and operators without the authorization that a movement claims."""
        claims = self._claims[ruling]
        rows = np.flatnonzero((claims >= 0) & (frame.ints("behind") == 0))
        if not len(rows):
            return
        day = frame.day[rows]
        country = holders.of("destination", frame, rows, day)
        roles = [holders.of(role, frame, rows, day) for role in AUTHORIZED]
        known: dict[tuple[int, ...], bool] = {}
        columns = (rows, claims[rows], country, day, *roles)
        for row, at, place, on, *parties in zip(*(c.tolist() for c in columns), strict=True):
            rule = self._claimed[at]
            by_country = rule.authorized_by_country and place >= 0
            code = holders.codes[place] if by_country else None
            for role, party in zip(AUTHORIZED, parties, strict=True):
                if party < 0 or (role != AUTHORIZED[0] and party == parties[0]):
                    continue
                asked = (at, party, place, on)
                if asked not in known:
                    key = holders.keys[party]
                    held = self.drawer.statuses.holds(rule.authorization, key, code, day_of(on))
                    known[asked] = held
                if not known[asked]:
                    _, name = holders.named(role, frame, row, party)
                    flag = not_on_file(self.drawer.rulebook, rule, name, code)
                    flags.add(row, flag)
