"""Few draws, as those of one movement typed by hand, in plain numbers: quicker than in columns.

The same as what admission.py does with columns, which says when; one test holds for both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ledger.rules.weights import Batch, Budgets, Effect, Entries, Ints

# So many draws or entries at most.
FEW = 4
_DRAWN = ("draw_row", "draw_budget", "draw_official", "draw_effect", "draw_amount")
_MOVED = ("adjustment", "pending", "held", "posted", "lapsed")
_NOTHING = (0, 0, 0, 0, 0)
_GIVES_UP = (int(Effect.DRAW), int(Effect.RELEASE))
_MARK = int(Effect.MARK)


def entries_of(batch: Batch, released: tuple[Ints, Ints, Ints], signs: list[list[int]]) -> Entries:
    """One entry for each movement, budget and tally, its draws added up.

    `signs` is, per effect, how an amount enters adjustment, pending, held, posted and lapsed.
    """
    held, lapsed = released[0].tolist(), released[1].tolist()
    sums: dict[tuple[int, int, int], list[int]] = {}
    marked = set()
    for row, budget, official, effect, amount in zip(*_lists(batch, _DRAWN), strict=True):
        key = row, budget, official
        before = sums.get(key, _NOTHING)
        sums[key] = [n + sign * amount for n, sign in zip(before, signs[effect], strict=True)]
        if effect in _GIVES_UP:
            sums[key][2] -= held[row]
            sums[key][4] -= lapsed[row]
        elif effect == _MARK:
            marked.add(key)
    entries = [(*key, *sums[key]) for key in sorted(sums) if any(sums[key]) or key in marked]
    return Entries(*np.array(entries, np.int64).reshape(-1, 8).T)


def move(entries: Entries, budgets: Budgets) -> None:
    """Move the balances by entries that were weighed."""
    columns = _lists(entries, ("budget", "official", *_MOVED))
    for at, official, *amounts in zip(*columns, strict=True):
        if not official:
            budgets.safe[at] += sum(amounts[2:])
            continue
        for name, amount in zip(_MOVED, amounts, strict=True):
            getattr(budgets, name)[at] += amount


def _lists(columns: Batch | Entries, names: Sequence[str]) -> Iterator[list[int]]:
    return (getattr(columns, name).tolist() for name in names)
