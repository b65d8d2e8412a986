"""Weigh movements against balances: what each posts, holds or releases, and what it exceeds.

Pure: whole-number columns in, whole-number columns out. All amounts are 64-bit milli-TPP;
`Overflow` is raised before a sum could pass what 64 bits hold. Few movements are weighed in plain
numbers, by the same rules, in by_hand.py; one test holds for both.

The effects are those of DESIGN section 5: a licence holds, a shipment under it posts what it
uses and gives up that much of the hold, a fact without a licence posts on the safe side. How a
licence ends is in ledger/rules/endings.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ledger.rules.bounds import absolute_sum, guard, largest
from ledger.rules.timeline import Calendar, Timeline, over_by_day
from ledger.rules.weights import (
    SIGNS,
    Batch,
    Budgets,
    Changes,
    Effect,
    Entries,
    Excess,
    Ints,
    Lines,
    Overflow,
    Weighed,
    is_nothing,
    nothing,
)
from schemas.whole import LARGEST_WHOLE

__all__ = [
    "Batch",
    "Budgets",
    "Calendar",
    "Changes",
    "Effect",
    "Entries",
    "Excess",
    "Ints",
    "Lines",
    "Overflow",
    "Weighed",
    "by_day",
    "move",
    "together",
    "weigh",
    "weigh_given",
]


def weigh(
    batch: Batch,
    budgets: Budgets,
    lines: Lines,
    tolerance_ppm: int,
    calendar: Calendar | None = None,
) -> Weighed:
    """Weigh a batch of facts and move the balances and licence lines by it.

    `tolerance_ppm` is how far the value of a licence may run over (15 CFR 750.11), in millionths.
    Without a calendar the totals alone decide. Raises Overflow, with nothing moved, where a sum
    would not fit.
    """
    guard(batch, budgets, lines)
    released = _release(batch, lines)
    excesses = _overdrawn(batch, lines, tolerance_ppm)
    _draw_down(batch, lines, released)
    entries = _entries(_floored(batch, budgets), released)
    late = released[1] + released[2]
    excesses = _exceeded(entries, budgets, calendar) + excesses
    move(entries, budgets)
    return Weighed(entries, excesses, late)


def weigh_given(entries: Entries, budgets: Budgets, calendar: Calendar) -> Weighed:
    """Move the balances by entries that are known, a reversal's; what they exceed is found.

    Raises Overflow, with nothing moved, where a sum would not fit.
    """
    for name in _MOVED:
        column = getattr(entries, name)
        if absolute_sum(column) + largest(getattr(budgets, name)) > LARGEST_WHOLE:
            raise Overflow(Overflow.__doc__)
    excesses = _exceeded(entries, budgets, calendar)
    move(entries, budgets)
    return Weighed(entries, excesses)


_MOVED = ("adjustment", "pending", "held", "posted", "lapsed")


def move(entries: Entries, budgets: Budgets) -> None:
    """Move the balances by entries that were weighed."""
    official = entries.official == 1
    at = entries.budget[official]
    for name in _MOVED:
        np.add.at(getattr(budgets, name), at, getattr(entries, name)[official])
    np.add.at(budgets.safe, entries.budget[~official], entries.taken[~official])


def by_day(entries: Entries, day: Ints) -> Changes:
    """The official tally's changes, one for each budget and day, in that order.

    `day` gives each movement's day as a whole number. Days on which nothing changes are left out.
    """
    official = entries.official == 1
    return together(
        Changes(
            entries.budget[official],
            day[entries.row[official]],
            entries.taken[official],
            entries.pending[official],
            entries.adjustment[official],
        )
    )


def together(*parts: Changes) -> Changes:
    """Changes of one budget and day added up, in order of budget and day."""
    # One number for both, and column by column: of millions, a copy of all takes much memory.
    key = np.concatenate([(part.budget << _DAY_BITS) + (part.day + _EARLIEST) for part in parts])
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = _starts(key)
    if not len(starts):
        return Changes(_NONE, _NONE, _NONE, _NONE, _NONE)
    key = key[starts]
    sums = [_added_up(columns, order, starts) for columns in list(zip(*parts, strict=True))[2:]]
    kept = np.any([column != 0 for column in sums], axis=0)
    day = (key[kept] & ((1 << _DAY_BITS) - 1)) - _EARLIEST
    return Changes(key[kept] >> _DAY_BITS, day, *(_kept(column, kept) for column in sums))


# Days as numbers above nothing, in so many bits.
_DAY_BITS = 32
_EARLIEST = 1 << 31


def _added_up(columns: Sequence[Ints], order: Ints, starts: Ints) -> Ints:
    """The sums of a column's groups."""
    if not any(column.any() for column in columns):
        return nothing(len(starts))
    sums: Ints = np.add.reduceat(np.concatenate(columns)[order], starts)
    return sums


def _kept(column: Ints, kept: NDArray[np.bool_]) -> Ints:
    if is_nothing(column):
        return nothing(int(kept.sum()))
    return column[kept]


_NONE = np.zeros(0, np.int64)


def _grouped_sums(group: Ints, *columns: Ints) -> tuple[Ints, list[Ints]]:
    """Running sums within each group, in row order: the sorting order, and a sum a column."""
    order = np.argsort(group, kind="stable")
    starts = _starts(group[order])
    lengths = np.diff(np.append(starts, len(order)))
    sums = []
    for column in columns:
        running = np.cumsum(column[order])
        before = np.repeat(running[starts] - column[order][starts], lengths)
        sums.append(running - before)
    return order, sums


def _starts(*keys: Ints) -> Ints:
    """Where a new group begins in sorted keys."""
    if not len(keys[0]):
        return _NONE
    changed = np.zeros(len(keys[0]), bool)
    changed[0] = True
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(changed)


def _release(batch: Batch, lines: Lines) -> tuple[Ints, Ints, Ints]:
    """What each movement takes of its licence's rest, in turn: held, then lapsed, then given back.

    What came late finds the licence ended: it takes what the end had put aside.
    """
    held, lapsed, back = released = np.zeros((3, len(batch.amount)), np.int64)
    under = np.flatnonzero(batch.line >= 0)
    if len(under):
        line, amount = batch.line[under], batch.amount[under]
        order, (running,) = _grouped_sums(line, amount)
        places, before = line[order], running - amount[order]
        bound = np.zeros(len(under), np.int64)
        for taken, rests in zip(released, (lines.held, lines.lapsed, lines.back), strict=True):
            low, bound = bound, bound + rests[places]
            taken[under[order]] = np.clip(running, low, bound) - np.clip(before, low, bound)
    return held, lapsed, back


def _overdrawn(batch: Batch, lines: Lines, tolerance_ppm: int) -> list[Excess]:
    """Draws beyond what the licence names: quantity and TPP never, value up to the tolerance."""
    under = np.flatnonzero(batch.line >= 0)
    if not len(under):
        return []
    line = batch.line[under]
    columns = (batch.quantity[under], batch.amount[under], batch.value[under])
    order, running = _grouped_sums(line, *columns)
    places = line[order]
    value = lines.value[places]
    largest_value = value + _share(value, tolerance_ppm)
    limits = (lines.quantity[places], lines.amount[places], largest_value)
    used = (lines.used_quantity, lines.used, lines.used_value)
    codes = ("licence_quantity_overdrawn", "licence_tpp_overdrawn", "licence_value_overdrawn")
    found = []
    for code, column, sums, limit, before in zip(
        codes, columns, running, limits, used, strict=True
    ):
        after = before[places] + sums
        over = (limit > 0) & (after > limit) & (column[order] > 0)
        if not over.any():
            continue
        rows = under[order][over]
        back = np.argsort(rows, kind="stable")
        asked = column[order][over]
        found.append(
            Excess(
                row=rows[back],
                code=[code] * len(rows),
                budget=np.full(len(rows), -1, np.int64),
                limit=limit[over][back],
                taken=(after[over] - asked)[back],
                asked=asked[back],
                short=(after[over] - limit[over])[back],
            )
        )
    return found


def _share(value: Ints, ppm: int) -> Ints:
    """value x ppm / 1,000,000 rounded down, without leaving 64 bits."""
    whole, rest = np.divmod(value, 1_000_000)
    shared: Ints = whole * ppm + rest * ppm // 1_000_000
    return shared


def _draw_down(batch: Batch, lines: Lines, released: tuple[Ints, Ints, Ints]) -> None:
    under = np.flatnonzero(batch.line >= 0)
    if not len(under):
        return
    at = batch.line[under]
    np.add.at(lines.used_quantity, at, batch.quantity[under])
    np.add.at(lines.used, at, batch.amount[under])
    np.add.at(lines.used_value, at, batch.value[under])
    for rests, taken in zip((lines.held, lines.lapsed, lines.back), released, strict=True):
        np.subtract.at(rests, at, taken[under])
    lines.gone[at] = np.clip(lines.quantity[at] - lines.used_quantity[at], 0, lines.gone[at])


_SIGNS = np.array(SIGNS, np.int64)
# Plain numbers: numpy looks long at an enumeration's member.
_DRAW, _MARK, _RELEASE = int(Effect.DRAW), int(Effect.MARK), int(Effect.RELEASE)
_TO_NOTHING = int(Effect.CREDIT_TO_NOTHING)


def _floored(batch: Batch, budgets: Budgets) -> Batch:
    """The batch with credits that stop at nothing cut to what is posted there, in turn."""
    floored = (batch.draw_effect == _TO_NOTHING) & (batch.draw_official == 1)
    if not floored.any():
        return batch
    asked = np.unique(batch.draw_budget[floored])
    draws = np.flatnonzero(np.isin(batch.draw_budget, asked) & (batch.draw_official == 1))
    draws = draws[np.argsort(batch.draw_row[draws], kind="stable")]
    posted = {at: int(budgets.posted[at]) for at in asked.tolist()}
    amounts = batch.draw_amount.copy()
    signs = _SIGNS[batch.draw_effect[draws], 3].tolist()
    places = batch.draw_budget[draws].tolist()
    for draw, place, sign in zip(draws.tolist(), places, signs, strict=True):
        if floored[draw]:
            amounts[draw] = min(amounts[draw], max(posted[place], 0))
        posted[place] += sign * int(amounts[draw])
    return replace(batch, draw_amount=amounts)


def _entries(batch: Batch, released: tuple[Ints, Ints, Ints]) -> Entries:
    """One entry for each movement, budget and tally, its draws added up."""
    order = np.lexsort((batch.draw_official, batch.draw_budget, batch.draw_row))
    row, budget = batch.draw_row[order], batch.draw_budget[order]
    official, effect = batch.draw_official[order], batch.draw_effect[order]
    amounts = _SIGNS[effect] * batch.draw_amount[order][:, None]
    gives_up = (effect == _DRAW) | (effect == _RELEASE)
    amounts[:, 2] -= np.where(gives_up, released[0][row], 0)
    amounts[:, 4] -= np.where(gives_up, released[1][row], 0)
    starts = _starts(row, budget, official)
    sums = np.add.reduceat(amounts, starts, axis=0)
    marks = np.add.reduceat((effect == _MARK).astype(np.int64), starts)
    kept = sums.any(axis=1) | (marks > 0)
    first = starts[kept]
    sums = sums[kept]
    return Entries(
        row=row[first],
        budget=budget[first],
        official=official[first],
        adjustment=sums[:, 0],
        pending=sums[:, 1],
        held=sums[:, 2],
        posted=sums[:, 3],
        lapsed=sums[:, 4],
    )


def _exceeded(entries: Entries, budgets: Budgets, calendar: Calendar | None) -> list[Excess]:
    """What entries exceed, by the totals or, where it is known, by the days."""
    timelines = calendar.timelines if calendar is not None else {}
    over = _over_limit(entries, budgets, timelines)
    found = [] if over is None else [over]
    if calendar is not None:
        found += over_by_day(entries, calendar.day, timelines)
    return found


def _over_limit(
    entries: Entries, budgets: Budgets, timelines: Mapping[int, Timeline]
) -> Excess | None:
    """Official entries that take room where, with them, more is taken than the limit allows, on
    the budgets whose totals decide.
    """
    by_totals = entries.official == 1
    if budgets.unbound.any():
        by_totals &= budgets.unbound[entries.budget] == 0
    if timelines:
        by_totals &= ~np.isin(entries.budget, np.array(sorted(timelines), np.int64))
    official = np.flatnonzero(by_totals)
    if not len(official):
        return None
    budget, taken = entries.budget[official], entries.taken[official]
    order, (running, adjusted) = _grouped_sums(budget, taken, entries.adjustment[official])
    places = budget[order]
    before = budgets.held[places] + budgets.posted[places] + budgets.lapsed[places]
    after = before + running
    limit = budgets.limit[places] + budgets.adjustment[places] + adjusted
    over = (taken[order] > 0) & (after > limit)
    if not over.any():
        return None
    rows = entries.row[official][order][over]
    back = np.argsort(rows, kind="stable")
    asked = taken[order][over]
    return Excess(
        row=rows[back],
        code=["over_limit"] * len(rows),
        budget=places[over][back],
        limit=limit[over][back],
        taken=(after[over] - asked)[back],
        asked=asked[back],
        short=(after[over] - limit[over])[back],
    )
