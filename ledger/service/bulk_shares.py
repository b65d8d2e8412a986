"""What shipments still have of budgets, as columns: the shares of targets.py, of many at once.

A share is what a shipment drew itself (posted, or held in transit) or what its receipts and
installations posted, less what was given back. Nothing is carried from row to row: what earlier
rows asked for is told as a sum, and a row takes what its own stretch of the share is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.rules.admission import Ints
from ledger.service.book import Book

# How a shipment has a share, in the order in which goods that come back are taken from them.
POSTED, ARRIVED, HELD = range(3)
# The columns of entries that `owned` is given, with the place of the shipment first.
ENTRY = ("seq", "budget_no", "official", "held_mtpp", "posted_mtpp")


@dataclass(slots=True)
class Owned:
    """Shares in order of their shipments; those of the shipment at a place begin at `begin`.

    `place` is the budget's. `low` is what stands before a share among those that goods which come
    back are taken from in turn: the arrived and then the held ones of one rule and tally.
    """

    begin: Ints
    how: Ints
    place: Ints
    official: Ints
    left: Ints
    low: Ints

    def of(self, targets: Ints) -> tuple[Ints, Ints]:
        """The shares of each target: which of `targets`, and the share, pair by pair."""
        many = self.begin[targets + 1] - self.begin[targets]
        at = np.repeat(np.arange(len(targets)), many)
        turn = np.arange(len(at)) - np.repeat(np.cumsum(many) - many, many)
        return at, self.begin[targets[at]] + turn

    def has_posted(self, targets: Ints, places: Ints) -> NDArray[np.bool_]:
        """Which targets posted on a budget themselves, each on its own of `places`."""
        at, share = self.of(targets)
        found = np.zeros(len(targets), bool)
        alike = (self.how[share] == POSTED) & (self.place[share] == places[at])
        found[at[alike]] = True
        return found

    def taken(self, share: Ints, asked: Ints, before: Ints) -> Ints:
        """What rows take of shares: each asks an amount, after `before` was asked."""
        low, left = self.low[share], self.left[share]
        taken: Ints = np.clip(before + asked - low, 0, left) - np.clip(before - low, 0, left)
        return taken


def owned(book: Book, seq: Ints, entries: Sequence[tuple[Ints, ...]]) -> Owned:
    """The shares that entries make; `seq` is each shipment's own by place, 0 for none.

    `entries` are parts of columns: the shipment's place, then those of ENTRY.
    """
    columns = zip(*entries, strict=True) if entries else [()] * (1 + len(ENTRY))
    none = np.zeros(0, np.int64)
    no, by, budget, official, held, posted = (np.concatenate([none, *c]) for c in columns)
    order = np.lexsort((official, budget, by, no))
    no, by, budget, official = (column[order] for column in (no, by, budget, official))
    own = by == seq[no]
    posts, holds = (
        _shares((no, budget, official), posted[order], np.ones(len(no), bool)),
        _shares((no, budget, official), held[order], own),
    )
    how = np.concatenate([np.where(own, POSTED, ARRIVED), np.full(len(no), HELD)])
    drawn, left = (np.concatenate(both) for both in zip(posts, holds, strict=True))
    no, budget, official = (np.concatenate([c, c]) for c in (no, budget, official))
    kept = np.flatnonzero(drawn)
    kept = kept[np.lexsort((how[kept], no[kept]))]
    no, how, official, left = no[kept], how[kept], official[kept], left[kept]
    numbers, which = np.unique(budget[kept], return_inverse=True)
    place = np.array(book.places(numbers.tolist()), np.int64)[which]
    begin = np.searchsorted(no, np.arange(len(seq) + 1))
    low = _low(book, (no, place, official), np.where(how == POSTED, 0, left))
    return Owned(begin, how, place, official, left, np.where(how == POSTED, 0, low))


def _shares(
    of: tuple[Ints, Ints, Ints], amount: Ints, counts: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], Ints]:
    """Which entries made a share of one column, and what is left of it.

    What went back of a budget and tally is taken from the shares on them in their order.
    """
    order = np.lexsort(of[::-1])
    starts, lengths = _groups([column[order] for column in of])
    drawn = np.where(counts, np.maximum(amount, 0), 0)[order]
    back = np.maximum(-amount, 0)[order]
    if not len(order):
        return counts, amount
    whole = np.repeat(np.add.reduceat(back, starts), lengths)
    left = np.zeros(len(amount), np.int64)
    left[order] = drawn - np.clip(whole - _before(drawn, starts, lengths), 0, drawn)
    made = np.zeros(len(amount), bool)
    made[order] = drawn > 0
    return made, left


def _low(book: Book, of: tuple[Ints, Ints, Ints], left: Ints) -> Ints:
    """What stands before each share among those of its target, rule and tally."""
    no, place, official = of
    rules = [book.named(n)[0] for n in range(len(book.numbers))]
    known = {rule: n for n, rule in enumerate(dict.fromkeys(rules))}
    rule = np.array([known[name] for name in rules] or [0], np.int64)[place]
    order = np.lexsort((official, rule, no))
    starts, lengths = _groups([no[order], rule[order], official[order]])
    low = np.zeros(len(no), np.int64)
    low[order] = _before(left[order], starts, lengths)
    return low


def _groups(keys: Sequence[Ints]) -> tuple[Ints, Ints]:
    """Where groups of sorted keys begin, and how long they are."""
    changed = np.ones(len(keys[0]), bool)
    changed[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    starts = np.flatnonzero(changed)
    return starts, np.diff(np.append(starts, len(changed)))


def _before(values: Ints, starts: Ints, lengths: Ints) -> Ints:
    """The sum of what stands before each value in its group."""
    running = np.cumsum(values) - values
    before: Ints = running - np.repeat(running[starts], lengths)
    return before


class Asked:
    """What rows have asked for of each target so far, kind by kind, in milli-TPP."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._sums: dict[str, Ints] = {}

    def before(self, kind: str, targets: Ints, asked: Ints) -> Ints:
        """What was asked of each row's target before it, by rows of a kind; these ask `asked`.

        Rows come in their order; of other kinds they ask nothing. Batch follows batch.
        """
        sums = self._sums.setdefault(kind, np.zeros(self._count, np.int64))
        order = np.argsort(targets, kind="stable")
        if not len(order):
            return asked
        starts, lengths = _groups([targets[order]])
        before = sums[targets]
        before[order] += _before(asked[order], starts, lengths)
        np.add.at(sums, targets, asked)
        return before
