"""Draws of a batch of receipts or returns: the same as followers.py, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ledger.rules.admission import Batch, Effect, Excess, Ints
from ledger.rules.bounds import absolute_sum
from ledger.rules.judge import Draw
from ledger.service.batches import Frame
from ledger.service.bulk_draws import BulkDrawer
from ledger.service.bulk_findings import Gathered
from ledger.service.bulk_lines import BulkLines
from ledger.service.bulk_shares import HELD, Asked
from ledger.service.bulk_targets import MOST, NONE, Targets
from ledger.service.bulk_wanted import Wanted
from ledger.service.columns import Prepared
from ledger.service.day_numbers import day_of, day_text, days_number
from ledger.service.draws import Drawer
from ledger.service.follower_columns import WAITING, Followed, products
from ledger.service.followers import ON_INSTALLATION, ON_RECEIPT, TRANSIT
from ledger.service.known_rows import ByRows
from ledger.service.moves import may_leave
from ledger.service.rows import Flag
from schemas.kinds import RETURNS, Kind

# What gives back, or takes what a receipt brought out of transit.
_BACK = (Kind.REMOVAL, *RETURNS)
_TAKING = (Kind.RECEIPT, *_BACK)
# What accounts for units of the shipment, and is counted together with what.
_COUNTED = {Kind.RECEIPT: (Kind.RECEIPT,), **dict.fromkeys(RETURNS, RETURNS)}
# Draws ready to be weighed: rows, places, tally, effect, amount.
_Drawn = tuple[Ints, Ints, Ints, Ints, Ints]


class BulkFollowers(BulkDrawer):
    """Draws what points at shipments on the budgets these were ruled to draw on."""

    def __init__(self, drawer: Drawer, prepared: Prepared, lines: BulkLines) -> None:
        super().__init__(drawer, prepared, lines)
        assert isinstance(prepared, Followed)
        assert prepared.targets is not None
        self.targets: Targets = prepared.targets
        self._asked = Asked(self.targets.count + 1)
        self._before: dict[str, Ints] = {}
        self._most = 0
        self._looks_back = np.array([ruled.looks_back for ruled in prepared.ruled], bool)
        in_transit = [
            {draw.rule for draw in draws if draw.effect == TRANSIT} for draws, _ in self._alike
        ]
        self._in_transit = in_transit
        self._may_leave = may_leave(self.rulebook)

    def flags(self, frame: Frame) -> Gathered:
        """What is to be said of each before it is weighed: its shipment is not on file, it is more
        than was shipped, dated before it, or not what its units come to.
        """
        found = Gathered()
        no, amount = frame.ints("target_no"), frame.ints("amount_mtpp")
        frame.target = frame.ints("target_seq")
        self._count(frame, no, amount)
        off_file = np.flatnonzero(frame.target == 0)

        def not_on_file(at: int) -> Flag:
            row = int(off_file[at])
            document, line = (frame.value(f"target_{name}", row) for name in ("document", "line"))
            return Flag("shipment_not_on_file", detail=f"{document} line {line}")

        found.by_value(off_file, no[off_file], not_on_file)
        for kind, together in _COUNTED.items():
            rows = np.flatnonzero(self._are(frame, kind) & (frame.target > 0))
            known = self.targets.received if kind == Kind.RECEIPT else self.targets.gone
            before = known[no[rows]] + sum(self._before[one][rows] for one in together)
            self._flag_excess(found, rows, amount[rows], before, no[rows])
        self._flag_differences(found, frame, no)
        return found

    def _count(self, frame: Frame, no: Ints, amount: Ints) -> None:
        """See what rows before each asked of its shipment. Raises ByRows near to 64 bits."""
        self._most += absolute_sum(amount)
        if self._most > MOST:
            raise ByRows
        for kind in _TAKING:
            asked = np.where(self._are(frame, kind), amount, 0)
            self._before[kind] = self._asked.before(kind, no, asked)

    @staticmethod
    def _are(frame: Frame, kind: str) -> NDArray[np.bool_]:
        import pyarrow.compute as pc

        found: NDArray[np.bool_] = pc.equal(frame.table.column("kind"), kind).to_numpy()
        return found

    def _flag_excess(
        self, found: Gathered, rows: Ints, amount: Ints, before: Ints, no: Ints
    ) -> None:
        shipped = np.maximum(self.targets.whole["amount_mtpp"][no], 0)
        short = before + amount - shipped
        over = np.flatnonzero(short > 0)
        if len(over):
            code, none = ["more_than_shipped"] * len(over), np.full(len(over), NONE, np.int64)
            figures = (shipped[over], before[over], amount[over], short[over])
            found.excess(Excess(rows[over], code, none, *figures))

    def _flag_differences(self, found: Gathered, frame: Frame, no: Ints) -> None:
        """Flag days before the shipment's, and amounts that are not those of the units."""
        sent = self.targets.day[no]
        early = np.flatnonzero((frame.day < sent) & (frame.target > 0))
        found.by_value(
            early, sent[early], lambda at: Flag("before_shipment", detail=day_text(sent[early[at]]))
        )
        own, said = frame.ints("own_quantity", NONE), frame.ints("own_amount", NONE)
        unit, whole = (self.targets.whole[name][no] for name in ("unit_mtpp", "amount_mtpp"))
        judged = (said >= 0) & (unit > 0) & ((own >= 0) | (said != whole))
        units = np.where(own >= 0, own, said // np.maximum(unit, 1))
        come_to = products(units, unit, judged)
        other = np.flatnonzero(judged & (come_to != said))
        apart = zip(come_to[other].tolist(), said[other].tolist(), strict=True)
        for row, (limit, asked) in zip(other.tolist(), apart, strict=True):
            found.add(row, Flag("amount_differs", None, limit, None, asked, abs(asked - limit)))

    def batch(self, frame: Frame, flags: Gathered) -> Batch:
        """The batch ready to be weighed."""
        amount = frame.ints("amount_mtpp")
        wanted = list(self._arrivals(frame))
        self._open(wanted, frame, flags)
        drawn = [*self._posted(frame, wanted, amount), *self._taken(frame, amount)]
        none = np.zeros(0, np.int64)
        each = zip(*drawn, strict=True) if drawn else [()] * 5
        rows, places, official, effect, much = (np.concatenate([none, *parts]) for parts in each)
        order = np.argsort(rows, kind="stable")
        zero = np.zeros(frame.count, np.int64)
        return Batch(
            amount=amount,
            quantity=frame.ints("quantity"),
            value=zero,
            line=zero - 1,
            draw_row=rows[order],
            draw_budget=places[order],
            draw_official=official[order],
            draw_effect=effect[order],
            draw_amount=much[order],
        )

    # What arrives

    def _arrivals(self, frame: Frame) -> Iterator[Wanted]:
        """What receipts and installations post, by ruling, draw and the period they fall in."""
        ruling = frame.ints("ruling_at", NONE)
        # What names no shipment on file has no ruling, and a file of such alone none at all.
        alike, ruled = np.full(frame.count, NONE, np.int64), ruling >= 0
        alike[ruled] = self._draws_as[ruling[ruled]]
        received, installed = (self._are(frame, kind) for kind in (Kind.RECEIPT, Kind.INSTALLATION))
        for at in np.unique(alike[alike >= 0]).tolist():
            draws, _ = self._alike[at]
            for slot, draw in enumerate(draws):
                if draw.effect not in WAITING:
                    continue
                come = installed if draw.effect == ON_INSTALLATION else received
                rows = np.flatnonzero(come & (alike == at))
                if len(rows):
                    yield from self._arrival(draw, slot, frame, rows)

    def _arrival(self, draw: Draw, slot: int, frame: Frame, rows: Ints) -> Iterator[Wanted]:
        found = self.statuses.coming(draw, self._holders_for(draw), frame, rows)
        if found is None:
            return
        rows, holder, day = found
        regime = self.rulebook.of_budget(draw.rule).regime
        first = days_number(regime.first_day)
        back = self._looks_back[frame.ints("ruling_at", NONE)[rows]]
        day = np.where(back, np.maximum(day, first), day)
        each, which = np.unique(day, return_inverse=True)
        periods = [regime.period_of(day_of(one)) for one in each.tolist()]
        for period in dict.fromkeys(periods):
            of = np.array([one == period for one in periods], bool)[which]
            post = int(Effect.POST)
            yield Wanted(draw, period, rows[of], holder[of], day[of], post, slot)

    def _posted(self, frame: Frame, wanted: Sequence[Wanted], amount: Ints) -> list[_Drawn]:
        """The draws of what arrives; what a shipment posted itself is not posted again, and where
        two fields name one holder it is drawn on once.
        """
        no = frame.ints("target_no")
        parts = []
        for want in wanted:
            at = self._place(want)
            kept = at >= 0
            if want.draw.effect not in (ON_RECEIPT, ON_INSTALLATION):
                kept &= ~self.targets.owned.has_posted(no[want.rows], at)
            official = np.full(int(kept.sum()), int(want.draw.official), np.int64)
            parts.append(np.stack([want.rows[kept], at[kept], official]))
        if not parts:
            return []
        rows, places, official = np.unique(np.concatenate(parts, axis=1), axis=1)
        return [(rows, places, official, np.full(len(rows), int(Effect.POST)), amount[rows])]

    # What leaves transit, and what is given back

    def _taken(self, frame: Frame, amount: Ints) -> Iterator[_Drawn]:
        """What rows take of the shares of their shipments."""
        owned, no = self.targets.owned, frame.ints("target_no")
        ruling = frame.ints("ruling_at", NONE)
        for kind in _TAKING:
            rows = np.flatnonzero(self._are(frame, kind) & (frame.target > 0))
            at, share = owned.of(no[rows])
            rows = rows[at]
            alike = self._draws_as[ruling[rows]] if len(rows) else rows
            takes, before = self._terms(kind, rows, share, alike)
            rows, share, before = rows[takes], share[takes], before[takes]
            taken = owned.taken(share, amount[rows], before)
            place, official = owned.place[share], owned.official[share]
            effect = np.where(owned.how[share] == HELD, int(Effect.UNHOLD), int(Effect.CREDIT))
            effect[self._went_on(effect, place, official)] = int(Effect.CREDIT_TO_NOTHING)
            some = taken > 0
            yield rows[some], place[some], official[some], effect[some], taken[some]

    def _went_on(self, effect: Ints, place: Ints, official: Ints) -> NDArray[np.bool_]:
        """What comes off an account whose goods may have gone on: no more than stands there."""
        each, which = np.unique(place, return_inverse=True)
        left = np.array([self.book.named(at)[0] in self._may_leave for at in each.tolist()], bool)
        found: NDArray[np.bool_] = left[which] & (official == 1) & (effect == int(Effect.CREDIT))
        return found

    def _terms(
        self, kind: str, rows: Ints, share: Ints, alike: Ints
    ) -> tuple[NDArray[np.bool_], Ints]:
        """Which shares rows of a kind take from, and what was asked of each before them."""
        owned = self.targets.owned
        held = owned.how[share] == HELD
        each, which = np.unique(owned.place[share], return_inverse=True)
        rules = [self.book.named(place)[0] for place in each.tolist()]
        takes, before = np.zeros(len(share), bool), np.zeros(len(share), np.int64)
        for rule in dict.fromkeys(rules):
            of_rule = np.array([one == rule for one in rules], bool)[which]
            if kind == Kind.RECEIPT:  # from each share held in transit, whatever has arrived
                transit = [at for at, named in enumerate(self._in_transit) if rule in named]
                takes |= of_rule & held & np.isin(alike, transit)
                before = self._before[kind][rows] + owned.low[share]
            elif self.rulebook.gives_back(rule, kind):
                giving = [one for one in _BACK if self.rulebook.gives_back(rule, one)]
                asked = sum((self._before[one][rows] for one in giving), before * 0)
                takes, before = takes | of_rule, np.where(of_rule, asked, before)
        return takes, before
