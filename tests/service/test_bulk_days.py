"""What batches take by budget and day, gathered: the same sums, in few parts."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.admission import Changes, together
from ledger.service.bulk import _Days

# Budget, day, taken.
change = st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(-5, 5))


def columns_of(rows: list[tuple[int, int, int]]) -> Changes:
    """Changes by budget and day; the limit moved by as much as was taken."""
    given = (np.array([row[at] for row in rows], np.int64) for at in (0, 1, 2))
    budget, day, taken = given
    return together(Changes(budget, day, taken, taken * 0, taken))


@given(batches=st.lists(st.lists(change, max_size=12), max_size=20))
def test_batches_add_up_and_leave_few_parts(batches):
    days, sums = _Days(), Counter[tuple[int, int]]()
    for batch in batches:
        days.add(columns_of(batch))
        for budget, day, taken in batch:
            sums[budget, day] += taken
        lengths = [len(part.day) for part in days.parts]
        assert all(one >= 2 * other for one, other in pairwise(lengths))
    merged = days.merged()
    found = zip(*(column.tolist() for column in merged), strict=True)
    expected = sorted((*key, taken, 0, taken) for key, taken in sums.items() if taken)
    assert list(found) == expected
