"""What holds of each budget of a book, as a column by place that grows with the book."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ledger.service.book import Book


class ByPlace:
    """Asked once a budget. `told` gets the book, so that nothing here points back at who asks."""

    def __init__(self, book: Book, kind: type, told: Callable[[Book, int], int]) -> None:
        self._book, self._told = book, told
        self._column: NDArray[Any] = np.zeros(0, kind)

    def column(self) -> NDArray[Any]:
        """The column of all budgets there are by now, of the kind it was made for."""
        known, count = len(self._column), len(self._book.numbers)
        if known < count:
            more = [self._told(self._book, place) for place in range(known, count)]
            self._column = np.append(self._column, np.array(more, self._column.dtype))
        return self._column
