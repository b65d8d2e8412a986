"""What batches take by budget and day, gathered: the same sums, in few parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.admission import Changes, together
from ledger.rules.weights import is_nothing
from ledger.service import gathered_days
from ledger.service.gathered_days import GatheredDays
from ledger.storage.staged import columns_of as columns_of_table

# Budget, day, taken.
change = st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(-5, 5))


def columns_of(rows: list[tuple[int, int, int]]) -> Changes:
    """Changes by budget and day; the limit moved by as much as was taken."""
    given = (np.array([row[at] for row in rows], np.int64) for at in (0, 1, 2))
    budget, day, taken = given
    return together(Changes(budget, day, taken, taken * 0, taken))


# The number of the budget at each place: not in the order of the places.
NUMBERS = np.array([7, 12, 3, 9], np.int64)
LONG = 8


@pytest.fixture(scope="module", autouse=True)
def short_parts() -> Iterator[None]:
    """Parts count as long where a test can reach it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathered_days, "_LONG", LONG)
        patch.setattr(gathered_days, "_TOLD", LONG)
        yield


@given(batches=st.lists(st.lists(change, max_size=12), max_size=20), in_files=st.booleans())
def test_batches_add_up_and_leave_few_parts(batches, in_files, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() if in_files else None
    days, sums = GatheredDays(folder), Counter[tuple[int, int]]()
    for batch in batches:
        days.add(columns_of(batch))
        for budget, day, taken in batch:
            sums[int(NUMBERS[budget]), day] += taken
        lengths = [len(part.day) for part in days.parts]
        assert all(one >= min(2 * other, LONG) for one, other in pairwise(lengths))
    told = list(days.by_number(NUMBERS))
    found = [row for part in told for row in zip(*(c.tolist() for c in part), strict=True)]
    expected = sorted((*key, taken, 0, taken) for key, taken in sums.items() if taken)
    assert found == expected


def test_they_are_told_some_at_a_time():
    days = GatheredDays()
    for budget in (3, 0, 2, 1):
        days.add(columns_of([(budget, day, 1) for day in range(LONG - 3)]))
    told = [sorted(set(part.budget.tolist())) for part in days.by_number(NUMBERS)]
    assert told == [[3], [7, 9], [12]]


def test_long_parts_wait_in_files_of_the_folder(tmp_path):
    days = GatheredDays(tmp_path)
    days.add(columns_of([(0, day, 5) for day in range(LONG)]))
    (part,) = days.parts
    assert not part.taken.flags.writeable  # mapped, to be read only
    assert list(tmp_path.iterdir()) == []  # the file has no name, and goes with the columns
    assert part.taken.tolist() == [5] * LONG
    assert is_nothing(part.pending)  # which takes no room, in memory or in the file
    with pytest.raises(FileNotFoundError):
        GatheredDays(tmp_path / "gone").add(part)


def test_rows_are_as_the_table_has_them():
    days = GatheredDays()
    days.add(columns_of([(0, 3, 5), (2, 1, -4)]))
    days.add(Changes(*(np.array([n], np.int64) for n in (1, 2, 70, 20, 3))))
    table = days.rows(NUMBERS).read_all()
    assert table.schema.names == list(columns_of_table("balance_day"))
    assert [tuple(map(str, row.values())) for row in table.to_pylist()] == [
        ("3", "1970-01-02", "0", "0", "-4"),
        ("7", "1970-01-04", "0", "0", "5"),
        ("12", "1970-01-03", "87", "20", "3"),
    ]
