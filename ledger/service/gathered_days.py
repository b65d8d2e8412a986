"""What batches take by budget and day, gathered until it is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import numpy as np

from ledger.rules.admission import Changes, Ints, together
from ledger.rules.weights import is_nothing
from ledger.storage.staged import columns_of

if TYPE_CHECKING:
    import pyarrow as pa

# Of parts longer than that none is joined any more, and so many changes are told at a time: a join
# takes several times the room of what it joins.
_LONG, _TOLD = 1 << 18, 1 << 16


class GatheredDays:
    """The official tally's changes by budget and day, gathered over batches.

    The parts are sorted, each but long ones at least twice as long as the one behind it: so there
    are few to look into, and a change is sorted only some times however many batches there are.
    Long ones wait in scratch files of a `folder`, if there is one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.parts: list[Changes] = []
        self._folder = folder

    def add(self, part: Changes) -> None:
        """Gather one batch's changes, in order of budget and day."""
        self.parts.append(part)
        while len(self.parts) > 1 and self._is_short(len(self.parts[-2].day)):
            self.parts[-2:] = [together(*self.parts[-2:])]
        if self._folder is not None and len(self.parts[-1].day) >= _LONG:
            self.parts[-1] = _laid_down(self.parts[-1], self._folder)

    def _is_short(self, length: int) -> bool:
        return length < min(2 * len(self.parts[-1].day), _LONG)

    def by_number(self, numbers: Ints) -> Iterator[Changes]:
        """All changes, one a budget and day, some at a time.

        `numbers` are those of the budgets by place: they stand for the places, and tell the order.
        """
        counts = np.zeros(len(numbers), np.int64)
        for part in self.parts:
            counts += np.bincount(part.budget, minlength=len(numbers))
        order = np.argsort(numbers)
        turns = np.zeros(len(numbers), np.int64)
        turns[order] = np.cumsum(counts[order]) // _TOLD
        for turn in np.unique(turns[counts > 0]).tolist():
            asked = turns == turn
            yield together(*(_of(part, asked, numbers) for part in self.parts))

    def rows(self, numbers: Ints) -> pa.RecordBatchReader:
        """What is to be added to the days of budgets, in the order of their table."""
        import pyarrow as pa

        types = (pa.int64(), pa.date32(), *[pa.int64()] * 3)
        schema = pa.schema(zip(columns_of("balance_day"), types, strict=True))
        batches = (
            pa.record_batch(_columns(changes), schema=schema) for changes in self.by_number(numbers)
        )
        return pa.RecordBatchReader.from_batches(schema, batches)


def _laid_down(part: Changes, folder: Path) -> Changes:
    """The same in a scratch file, of which only what is looked at is in memory."""
    with TemporaryFile(dir=folder) as file:
        return Changes(*(_mapped(column, file) for column in part))


def _mapped(column: Ints, file: IO[bytes]) -> Ints:
    if is_nothing(column):
        return column
    begin = file.seek(0, 2)
    file.write(column.data)
    file.flush()
    return np.asarray(np.memmap(file, np.int64, "r", begin, len(column)))


def _of(part: Changes, asked: Ints, numbers: Ints) -> Changes:
    """The changes of some budgets, by their numbers."""
    kept = asked[part.budget]
    budget, *columns = (column[kept] for column in part)
    return Changes(numbers[budget], *columns)


def _columns(changes: Changes) -> list[pa.Array]:
    import pyarrow as pa

    # On record pending amounts are among those taken, and adjustments are set off.
    taken = changes.taken + changes.pending - changes.adjustment
    day = pa.array(changes.day.astype(np.int32)).cast(pa.date32())
    return [pa.array(changes.budget), day, *map(pa.array, (taken, *changes[3:]))]
