"""Before anything is weighed: do the sums fit into 64 bits?"""

from __future__ import annotations

import numpy as np

from ledger.rules.weights import Batch, Budgets, Ints, Lines, Overflow
from schemas.whole import LARGEST_WHOLE


def guard(batch: Batch, budgets: Budgets, lines: Lines) -> None:
    """See that nothing passes 64 bits: no partial sum exceeds that of all absolute amounts and
    of the balances they touch. Raises Overflow.
    """
    drawn, under = np.unique(batch.draw_budget), np.unique(batch.line[batch.line >= 0])
    pairs = (
        (batch.draw_amount, drawn, tuple(getattr(budgets, name) for name in budgets.__slots__)),
        (batch.quantity, under, (lines.used_quantity,)),
        (batch.value, under, (lines.used_value, lines.value, lines.value)),  # with its tolerance
        (batch.amount, under, (lines.used,)),
    )
    for column, at, balances in pairs:
        most = absolute_sum(column) + sum(largest(balance[at]) for balance in balances)
        if most > LARGEST_WHOLE:
            raise Overflow(Overflow.__doc__)


# Below this many a plain sum is quicker than a look at the extremes.
_FEW = 64


def absolute_sum(column: Ints) -> int:
    """At least the sum of a column's absolute values."""
    if len(column) < _FEW:
        return sum(map(abs, column.tolist()))
    most = max(abs(int(column.max())), abs(int(column.min())))
    if most * len(column) <= LARGEST_WHOLE:
        return most * len(column)
    return sum(abs(value) for value in column.tolist())


def largest(column: Ints) -> int:
    """The largest absolute value of a column; 0 where it is empty."""
    if len(column) < _FEW:
        return max(map(abs, column.tolist()), default=0)
    return int(np.abs(column).max())
