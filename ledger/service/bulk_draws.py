"""Draws of a batch: each ruling's draws given holders, windows and places, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ledger.rules.admission import Batch, Effect, Ints
from ledger.rules.judge import Draw, Ruling
from ledger.rules.rulings import COUNTED, UNDER_LICENCE
from ledger.service.batches import Frame
from ledger.service.book import BudgetKey, BudgetTerms
from ledger.service.bulk_findings import Gathered
from ledger.service.bulk_holders import NONE, BulkHolders
from ledger.service.bulk_lines import BulkLines
from ledger.service.bulk_papers import BulkClerk
from ledger.service.bulk_statuses import BulkStatuses
from ledger.service.bulk_wanted import Table, Wanted, by_party, same_but_holder, table_key
from ledger.service.columns import Prepared, place_column
from ledger.service.day_numbers import day_of, days_number
from ledger.service.draws import DECLARED_ONLY, IF_BEFORE, RELEASE, Drawer, effect_of
from ledger.service.followers import BOTH_YEARS, LATER, ON_RECEIPT, TRANSIT
from ledger.service.holders import ATTRIBUTED_TO
from ledger.service.rows import Flag

_UNKNOWN = -2
# Draws ready to be weighed: rows, places, tally, effect.
_Drawn = tuple[Ints, Ints, Ints, Ints]


class BulkDrawer:
    """Draws batches on their budgets, opening those that are first drawn on."""

    def __init__(self, drawer: Drawer, prepared: Prepared, lines: BulkLines) -> None:
        self.drawer, self.book, self.rulebook = drawer, drawer.book, drawer.rulebook
        self.prepared, self.lines = prepared, lines
        self.clerk = BulkClerk(drawer, prepared)
        self._holders = [BulkHolders(drawer, book, prepared) for book in self.rulebook.every]
        rulings = [ruled.ruling for ruled in prepared.ruled]
        found = [(n, finding) for n, ruling in enumerate(rulings) for finding in ruling.findings]
        self._said = [Flag(code, detail=detail) for _, (code, detail) in found]
        # How many findings each ruling has, and where they begin in `_said`.
        self._many = place_column([len(ruling.findings) for ruling in rulings])
        self._begin = np.cumsum(self._many) - self._many
        # Rulings that draw alike in the same periods are drawn together.
        self._alike = list(dict.fromkeys((ruling.draws, _periods(ruling)) for ruling in rulings))
        place_of = {alike: n for n, alike in enumerate(self._alike)}
        looks = [any(draw.effect == RELEASE for draw in ruling.draws) for ruling in rulings]
        self._releases = np.array(looks, bool)
        closed = [self.rulebook.not_attributable(ruling) for ruling in rulings]
        self._not_attributable = np.array(closed, bool)
        self._draws_as = place_column([place_of[r.draws, _periods(r)] for r in rulings])
        self.statuses = BulkStatuses(drawer, rulings)
        self._places: dict[Table, Ints] = {}
        self._on: dict[str, NDArray[np.bool_]] = {}
        self._windows_of: dict[str, list[str]] = {}
        self._window_of: dict[tuple[str, int], int] = {}

    def flags(self, frame: Frame) -> Gathered:
        """What rules, licences and papers say of each movement, by its place in the batch."""
        found = Gathered()
        ruling = frame.ints("ruling_at")
        many = np.where(frame.ints("behind") == 0, self._many[ruling], 0)
        rows = np.repeat(np.arange(len(many)), many)
        turn = np.arange(len(rows)) - np.repeat(np.cumsum(many) - many, many)
        said, which = np.unique(self._begin[ruling[rows]] + turn, return_inverse=True)
        found.of_each(rows, which, [self._said[n] for n in said.tolist()])
        self._flag_attributed(frame, found)
        self.lines.flag(frame, found)
        self.statuses.flag(frame, self._holders[0], found)
        self.clerk.flag(frame, found)
        return found

    def _flag_attributed(self, frame: Frame, flags: Gathered) -> None:
        """Flag movements that name another entity to be counted on where they may not."""
        column = f"{ATTRIBUTED_TO}_at"
        if not frame.has(column):
            return
        named = frame.ints(column, NONE)
        own = (named >= 0) & (frame.ints("behind") == 0)
        rows = np.flatnonzero(own & self._not_attributable[frame.ints("ruling_at")])

        def unavailable(place: int) -> Flag:
            entity = self.prepared.named[int(named[rows[place]])]
            return Flag("attribution_unavailable", detail=entity)

        flags.by_value(rows, named[rows], unavailable)

    def batch(self, frame: Frame, flags: Gathered) -> Batch:
        """The batch ready to be weighed."""
        amount, quantity = frame.ints("amount_mtpp"), frame.ints("quantity")
        line = self.lines.places(frame)
        drawn = self._under_licence(frame, line)
        wanted = self._wanted(frame, line)
        self._open(wanted, frame, flags)
        drawn += self._placed(wanted, drawn)
        rows, places, official, effect = (np.concatenate(c) for c in zip(*drawn, strict=True))
        return Batch(
            amount=amount,
            quantity=quantity,
            value=frame.ints("unit_value_cents") * quantity,
            line=line,
            draw_row=rows,
            draw_budget=places,
            draw_official=official,
            draw_effect=effect,
            draw_amount=amount[rows],
        )

    def _under_licence(self, frame: Frame, line: Ints) -> list[_Drawn]:
        """What the movements under a licence on file draw on the budgets it holds on."""
        under = np.flatnonzero(line >= 0)
        released = self._releases[frame.ints("ruling_at")]
        found: list[_Drawn] = []
        for column in self.lines.budget_places:
            budgets = column[line[under]] if len(under) else under
            rows = under[budgets >= 0]
            effect = np.where(released[rows], int(Effect.RELEASE), int(Effect.DRAW))
            found.append((rows, budgets[budgets >= 0], np.ones(len(rows), np.int64), effect))
        return found

    def _placed(self, wanted: Sequence[Wanted], under: Sequence[_Drawn]) -> list[_Drawn]:
        """The draws of rulings; where two fields name one holder, it is drawn on once."""
        found: list[_Drawn] = []
        debits = [*under]  # what counts on a tally is no debit that another could be credited for
        for turn, want in enumerate(wanted):
            at = self._place(want)
            kept = at >= 0
            alike = [n for n in range(turn) if same_but_holder(wanted[n], want)]
            for other in alike:
                kept &= at != self._place(wanted[other])
            if want.effect == Effect.CREDIT_TO_NOTHING:
                kept &= self._debits_another(want, at, debits)
            official = np.full(int(kept.sum()), int(want.draw.official), np.int64)
            effect = np.full(int(kept.sum()), want.effect, np.int64)
            found.append((want.rows[kept], at[kept], official, effect))
            if want.draw.effect not in COUNTED:
                debits.append(found[-1])
        return found

    @staticmethod
    def _debits_another(want: Wanted, at: Ints, drawn: Sequence[_Drawn]) -> NDArray[np.bool_]:
        """Which movements are debited, and not on the budget they would be credited on."""
        debited, same = np.zeros(len(at), bool), np.zeros(len(at), bool)
        place_of = np.full(int(want.rows.max(initial=-1)) + 1, NONE, np.int64)
        for rows, places, official, _ in drawn:
            mine = (rows < len(place_of)) & (official == 1)
            place_of[:] = NONE
            place_of[rows[mine]] = places[mine]
            debited |= place_of[want.rows] >= 0
            same |= place_of[want.rows] == at
        return debited & ~same

    def _wanted(self, frame: Frame, line: Ints) -> list[Wanted]:
        alike, behind = self._draws_as[frame.ints("ruling_at")], frame.ints("behind")
        sent = frame.ints("sent_no")
        found: list[Wanted] = []
        for at in np.unique(alike).tolist():
            draws, periods = self._alike[at]
            own = (alike == at) & (behind == 0)
            counted = np.flatnonzero(own)
            drawn = np.flatnonzero(own & (line >= 0))
            receipts = np.flatnonzero((alike == at) & (behind == 1))
            for slot, draw in enumerate(draws):
                period = periods[self._regime_of(draw)]
                day = self._counted(draw, period, frame.day)
                if draw.effect in COUNTED:
                    if draw.effect != DECLARED_ONLY or self.drawer.installed.subjects:
                        found.append(self._counting(draw, period, frame, counted, slot))
                elif draw.effect in UNDER_LICENCE:
                    found += self._beside_licence(draw, period, frame, drawn, line, slot)
                elif draw.effect not in LATER and len(
                    facts := np.flatnonzero(own & ~self._held_by(draw, draws, line))
                ):
                    holders = self._holders_for(draw)
                    holder = holders.of(draw.holder_from, frame, facts, day[facts])
                    effect = int(effect_of(draw))
                    found.append(Wanted(draw, period, facts, holder, day[facts], effect, slot))
                if len(receipts) and draw.effect in (TRANSIT, BOTH_YEARS):
                    beside = [d for d in draws if (d.rule, d.effect) == (draw.rule, draw.effect)]
                    asked = (draw, period, slot, beside)
                    found += self._received(asked, frame, receipts, (sent, day))
                elif len(receipts) and draw.effect == ON_RECEIPT:
                    found += self._arrived(draw, period, frame, receipts, slot)
        return found

    def _counting(self, draw: Draw, period: date, frame: Frame, rows: Ints, slot: int) -> Wanted:
        """What counts on a tally, whether drawn under a licence or not."""
        day = frame.day[rows]
        holders = self._holders_for(draw)
        holder = holders.of(draw.holder_from, frame, rows, day)
        if draw.effect == DECLARED_ONLY:
            for one in np.unique(holder[holder >= 0]).tolist():
                if not self.drawer.declares(holders.keys[one]):
                    holder = np.where(holder == one, NONE, holder)
        return Wanted(draw, period, rows, holder, day, int(effect_of(draw)), slot)

    def _held_by(self, draw: Draw, draws: Sequence[Draw], line: Ints) -> NDArray[np.bool_]:
        """Which movements draw on their licence in place of what a ruling says.

        A line on file stands for what is not official, for the rule it holds a budget of, and an
        old one for what counts as it leaves.
        """
        held: NDArray[np.bool_] = line >= 0
        if draw.official and held.any():
            old = any(d.effect == IF_BEFORE and d.rule == draw.rule for d in draws)
            held &= self._lines_on(draw.rule)[line] | (old & self._is_old(line))
        return held

    def _is_old(self, line: Ints) -> NDArray[np.bool_]:
        """Which licence lines are of before the regime, and hold on nothing."""
        first = days_number(self.rulebook.regime.first_day)
        found: NDArray[np.bool_] = self.lines.issued_no(line) < first
        return found & (self.lines.budget_places[0][line] < 0)

    def _lines_on(self, rule: str) -> NDArray[np.bool_]:
        """Which licence lines hold on a budget of a rule, by their place."""
        if rule not in self._on:
            known = range(len(self.book.numbers))
            of_rule = np.array([self.book.named(p)[0] == rule for p in known] + [False], bool)
            holds = [of_rule[places] for places in self.lines.budget_places]
            self._on[rule] = np.any(holds, axis=0)
        return self._on[rule]

    def _beside_licence(
        self, draw: Draw, period: date, frame: Frame, rows: Ints, line: Ints, slot: int
    ) -> list[Wanted]:
        """What movements under a licence on file draw beside what it holds on."""
        if draw.effect == IF_BEFORE:
            rows = rows[self._is_old(line[rows])] if len(rows) else rows
        if not len(rows) or draw.effect == RELEASE:
            return []
        holders = self._holders_for(draw)
        holder = holders.of(draw.holder_from, frame, rows, frame.day[rows])
        effect = Effect.POST if draw.effect == IF_BEFORE else Effect.CREDIT_TO_NOTHING
        return [Wanted(draw, period, rows, holder, frame.day[rows], int(effect), slot)]

    def _arrived(
        self, draw: Draw, period: date, frame: Frame, rows: Ints, slot: int
    ) -> list[Wanted]:
        """What is counted from its receipt on; some only where the holder is authorized."""
        found = self.statuses.coming(draw, self._holders_for(draw), frame, rows)
        if found is None:
            return []
        return [Wanted(draw, period, *found, int(Effect.POST), slot)]

    def _received(
        self,
        asked_for: tuple[Draw, date, int, list[Draw]],
        frame: Frame,
        rows: Ints,
        days: tuple[Ints, Ints],
    ) -> list[Wanted]:
        (draw, period, slot, beside), (sent, day) = asked_for, days
        holders = self._holders_for(draw)
        before = holders.of(draw.holder_from, frame, rows, sent[rows])
        after = holders.of(draw.holder_from, frame, rows, day[rows])
        post = int(Effect.POST)
        if draw.effect == TRANSIT:
            gone = Wanted(draw, period, rows, before, sent[rows], int(Effect.UNHOLD), slot)
            come = Wanted(draw, period, rows, after, day[rows], post, slot)
            return [gone, come]
        asked = (
            Wanted(draw, period, rows, before, sent[rows], post, slot),
            Wanted(draw, period, rows, after, day[rows], post, slot),
        )
        sent_in, come_in = map(self._window, asked)
        same = [holders.of(d.holder_from, frame, rows, sent[rows]) for d in beside]
        other = sent_in != come_in
        other |= ~np.any([one == after for one in same], axis=0)
        return [Wanted(draw, period, rows[other], after[other], day[rows][other], post, slot)]

    def _counted(self, draw: Draw, period: date, day: Ints) -> Ints:
        """The days a draw counts for: of before its regime, in the window of the first day."""
        first = self.rulebook.of_budget(draw.rule).regime.first_day
        earliest = days_number(first)
        return np.maximum(day, earliest) if period < first else day

    def _regime_of(self, draw: Draw) -> int:
        """The place of the draw's regime among those of the ledger."""
        return self.rulebook.every.index(self.rulebook.of_budget(draw.rule))

    def _holders_for(self, draw: Draw) -> BulkHolders:
        return self._holders[self._regime_of(draw)]

    # Budgets

    def _open(self, wanted: Sequence[Wanted], frame: Frame, flags: Gathered) -> None:
        """Find the budgets drawn on, opening new ones in the order movements come to them."""
        for want in wanted:
            self._flag_windowless(want, self._window(want), flags)
        new = self._new(wanted)
        accounts = [self._account(want, frame, at) for want, at, _, _ in new]
        places = self.book.budgets(account[0] for account in accounts if account is not None)
        for (want, _, holder, window), account in zip(new, accounts, strict=True):
            found = NONE
            if account is not None:
                known = places.get(account[0])
                if known is None:
                    known = places[account[0]] = self.book.open_budget(*account)
                found = known
            self._table(want)[holder, window] = found

    def _new(self, wanted: Sequence[Wanted]) -> list[tuple[Wanted, int, int, int]]:
        """The first draw on each budget not looked up yet, in the order movements come to them:
        its place among those wanted alike, the holder and the window.
        """
        firsts: list[tuple[Ints, ...]] = []
        tables: dict[Table, int] = {}
        for turn, want in enumerate(wanted):
            window = self._window(want)
            known = self._table(want)[want.holder, window]
            at = np.flatnonzero((want.holder >= 0) & (window >= 0) & (known == _UNKNOWN))
            number = tables.setdefault(table_key(want), len(tables))
            same = [np.full(len(at), n, np.int64) for n in (want.slot, turn, number)]
            firsts.append((want.rows[at], *same, at, want.holder[at], window[at]))
        if not firsts:
            return []
        columns = [np.concatenate(column) for column in zip(*firsts, strict=True)]
        order = np.lexsort(columns[2::-1])
        row, _, turns, table, at, holder, window = (column[order] for column in columns)
        if not len(row):
            return []
        key = (table * (window.max() + 1) + window) * (holder.max() + 1) + holder
        kept = np.sort(np.unique(key, return_index=True)[1])
        wants = [wanted[n] for n in turns[kept].tolist()]
        told = (column[kept].tolist() for column in (at, holder, window))
        return list(zip(wants, *told, strict=True))

    def _place(self, want: Wanted) -> Ints:
        """The place of each movement's budget, -1 where it has none."""
        window = self._window(want)
        found = self._table(want)[want.holder, window]
        places: Ints = np.where((want.holder >= 0) & (window >= 0), found, NONE)
        assert not (places == _UNKNOWN).any(), "a draw whose budget was not looked up"
        return places

    def _table(self, want: Wanted) -> Ints:
        """The places of a rule's budgets by holder and window, as far as they are known."""
        key = table_key(want)
        # One row and column more than there are, for the -1 of those that have none.
        holders = self._holders_for(want.draw)
        size = (
            len(holders.keys if by_party(want) else holders.codes) + 1,
            len(self._windows_of.get(want.draw.rule, ())) + 1,
        )
        table = self._places.get(key)
        if table is None or table.shape != size:
            grown = np.full(size, _UNKNOWN, np.int64)
            if table is not None:
                grown[: table.shape[0] - 1, : table.shape[1] - 1] = table[:-1, :-1]
            self._places[key] = table = grown
        return table

    @staticmethod
    def _flag_windowless(want: Wanted, window: Ints, flags: Gathered) -> None:
        at = np.flatnonzero((window < 0) & (want.holder >= 0))
        day = want.day[at]

        def after(place: int) -> Flag:
            detail = f"{want.draw.rule} on {day_of(int(day[place]))}"
            return Flag("after_windows", detail=detail)

        flags.by_value(want.rows[at], day, after)

    def _window(self, want: Wanted) -> Ints:
        """The number of the window each day falls in, -1 for none."""
        if want.window is None:
            days, inverse = np.unique(want.day, return_inverse=True)
            numbers = [self._window_no(want.draw.rule, one) for one in days.tolist()]
            want.window = place_column(numbers)[inverse]
        return want.window

    def _window_no(self, rule: str, day: int) -> int:
        known = self._window_of.get((rule, day))
        if known is None:
            window = self.rulebook.budgets[rule].window_on(day_of(day))
            keys = self._windows_of.setdefault(rule, [])
            if window is not None and window.key not in keys:
                keys.append(window.key)
            known = NONE if window is None else keys.index(window.key)
            self._window_of[rule, day] = known
        return known

    def _account(self, want: Wanted, frame: Frame, at: int) -> tuple[BudgetKey, BudgetTerms] | None:
        """The budget of a draw, with the terms to open it; None where there is none."""
        row, holder = int(want.rows[at]), int(want.holder[at])
        holders = self._holders_for(want.draw)
        named = holders.named(want.draw.holder_from, frame, row, holder)
        return self.rulebook.account(want.draw.rule, *named, day_of(int(want.day[at])))


def _periods(ruling: Ruling) -> tuple[date, ...]:
    """The period the movement falls in, in each regime of the ledger."""
    return tuple(one.case.period for one in (ruling, *ruling.beside))
