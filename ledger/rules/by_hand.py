"""Few movements, as those typed by hand, weighed in plain numbers: quicker than in columns.

The same as what admission.py does with columns, where totals decide; one test holds for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ledger.rules.weights import (
    SIGNS,
    Budgets,
    Effect,
    Entry,
    Ints,
    Lines,
    Listed,
    Lot,
    Over,
    Overflow,
    Plain,
    PlainLines,
)
from schemas.whole import LARGEST_WHOLE

# So many movements, and as many draws, at most.
FEW = 4
_MOVED = ("adjustment", "pending", "held", "posted", "lapsed")
_NOTHING = (0, 0, 0, 0, 0)
_GIVES_UP = (Effect.DRAW, Effect.RELEASE)
# Per limit of a licence line: what says that it is passed, the limit, and what is used of it.
_LIMITS = (
    ("licence_quantity_overdrawn", "quantity", "used_quantity"),
    ("licence_tpp_overdrawn", "amount", "used"),
    ("licence_value_overdrawn", "value", "used_value"),
)
# A budget, a day, and what changes there: taken, pending, adjustment.
Change = tuple[int, int, int, int, int]


def is_few(lots: Sequence[Lot]) -> bool:
    """Whether weigh() is the quicker way, and can do it."""
    if len(lots) > FEW:
        return False
    effects = [draw[2] for lot in lots for draw in lot.draws]
    return len(effects) <= FEW and Effect.CREDIT_TO_NOTHING not in effects


def weigh(
    lots: Sequence[Lot], budgets: Budgets | Plain, lines: Lines | PlainLines, tolerance_ppm: int
) -> Listed:
    """Weigh movements in turn and move the balances and licence lines by them.

    As admission.weigh() without a calendar; credits that stop at nothing are not for here. Raises
    Overflow, with nothing moved, where a sum would not fit.
    """
    _guard(lots, budgets, lines)
    found = Listed()
    for at, lot in enumerate(lots):
        released = (0, 0, 0)
        if lot.line >= 0:
            found.overs += _overdrawn(at, lot, lines, tolerance_ppm)
            released = _draw_down(lot, lines)
        found.late.append(released[1] + released[2])
        for entry in _entries(at, lot.draws, released):
            found.entries.append(entry)
            over = _move(entry, budgets)
            if over is not None:
                found.overs.append(over)
    return found


def by_day(entries: Iterable[Entry], days: Sequence[int]) -> list[Change]:
    """The official tally's changes, one for each budget and day, in that order.

    `days` gives each movement's day as a whole number. Days on which nothing changes are left out.
    """
    sums: dict[tuple[int, int], tuple[int, int, int]] = {}
    for entry in entries:
        if entry.official:
            key = entry.budget, days[entry.row]
            taken, pending, adjustment = sums.get(key, (0, 0, 0))
            taken += entry.taken
            sums[key] = taken, pending + entry.pending, adjustment + entry.adjustment
    return [(*key, *sums[key]) for key in sorted(sums) if any(sums[key])]


def _guard(lots: Sequence[Lot], budgets: Budgets | Plain, lines: Lines | PlainLines) -> None:
    """See that nothing passes 64 bits, as bounds.guard() does, on what is touched."""
    draws = [draw for lot in lots for draw in lot.draws]
    places = {draw[0] for draw in draws}
    under = {lot.line for lot in lots if lot.line >= 0}
    drawn = sum([abs(draw[3]) for draw in draws])
    balances = [getattr(budgets, name) for name in budgets.__slots__]
    sold = [(lot.quantity, lot.value, abs(lot.amount)) for lot in lots]
    used = (lines.used_quantity, lines.used_value, lines.used)
    value = (lines.value, lines.value)  # a line's, with its tolerance
    # Mostly all of it together is far from the bound, and no sum by itself need be looked at.
    touched = _absolutes(balances, places) + _absolutes((*used, *value), under)
    if drawn + sum(map(sum, sold)) + sum(touched) <= LARGEST_WHOLE:
        return
    quantity, worth, amount = (sum(column) for column in zip(*sold, strict=True))
    most = (
        drawn + _largest(balances, places),
        quantity + _largest(used[:1], under),
        worth + _largest((used[1], *value), under),
        amount + _largest(used[2:], under),
    )
    if max(most) > LARGEST_WHOLE:
        raise Overflow(Overflow.__doc__)


def _absolutes(columns: Sequence[Ints | list[int]], places: Iterable[int]) -> list[int]:
    return [abs(int(column[at])) for at in places for column in columns]


def _largest(columns: Sequence[Ints | list[int]], places: Iterable[int]) -> int:
    """The largest absolute value of each column at some places, added up."""
    return sum(max(_absolutes([column], places), default=0) for column in columns)


def _overdrawn(at: int, lot: Lot, lines: Lines | PlainLines, tolerance_ppm: int) -> Iterator[Over]:
    """What a lot draws beyond its licence line: quantity and TPP never, value to the tolerance."""
    for (code, limit, used), asked in zip(
        _LIMITS, (lot.quantity, lot.amount, lot.value), strict=True
    ):
        most, before = int(getattr(lines, limit)[lot.line]), int(getattr(lines, used)[lot.line])
        if limit == "value":
            most += most * tolerance_ppm // 1_000_000
        short = before + asked - most
        if short > 0 and most > 0 and asked > 0:
            yield Over(at, code, -1, most, before, asked, short)


def _draw_down(lot: Lot, lines: Lines | PlainLines) -> tuple[int, int, int]:
    """Take a lot from its licence line: of what is held, then lapsed, then given back."""
    at, rest, released = lot.line, lot.amount, []
    for column in (lines.held, lines.lapsed, lines.back):
        taken = min(rest, int(column[at]))
        released.append(taken)
        if taken:
            column[at] -= taken
            rest -= taken
    lines.used_quantity[at] += lot.quantity
    lines.used[at] += lot.amount
    lines.used_value[at] += lot.value
    if gone := int(lines.gone[at]):
        left = int(lines.quantity[at]) - int(lines.used_quantity[at])
        lines.gone[at] = min(max(left, 0), gone)
    held, lapsed, back = released
    return held, lapsed, back


def _entries(
    at: int, draws: Sequence[tuple[int, int, Effect, int]], released: tuple[int, int, int]
) -> list[Entry]:
    """One entry for each budget and tally, the draws of a movement added up."""
    sums: dict[tuple[int, int], list[int]] = {}
    marked = set()
    for budget, official, effect, amount in draws:
        key = budget, official
        before = sums.get(key, _NOTHING)
        sums[key] = [n + sign * amount for n, sign in zip(before, SIGNS[effect], strict=True)]
        if effect in _GIVES_UP:
            sums[key][2] -= released[0]
            sums[key][4] -= released[1]
        elif effect == Effect.MARK:
            marked.add(key)
    return [Entry(at, *key, *sums[key]) for key in sorted(sums) if any(sums[key]) or key in marked]


def _move(entry: Entry, budgets: Budgets | Plain) -> Over | None:
    """Move the balances by an entry; where more is taken than the limit allows, say so."""
    at, taken = entry.budget, entry.taken
    if not entry.official:
        budgets.safe[at] += taken
        return None
    for name, amount in zip(_MOVED, entry[3:], strict=True):
        if amount:
            getattr(budgets, name)[at] += amount
    if taken <= 0 or budgets.unbound[at]:
        return None
    after = int(budgets.held[at]) + int(budgets.posted[at]) + int(budgets.lapsed[at])
    limit = int(budgets.limit[at]) + int(budgets.adjustment[at])
    if after <= limit:
        return None
    return Over(entry.row, "over_limit", at, limit, after - taken, taken, after - limit)
