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
        self._book, self._kind, self._told = book, kind, told
        self._column: NDArray[Any] | None = None  # a movement typed by hand asks for none

    def column(self) -> NDArray[Any]:
        """The column of all budgets there are by now, of the kind it was made for."""
        if self._column is None:
            self._column = np.zeros(0, self._kind)
        known, count = len(self._column), len(self._book.numbers)
        if known < count:
            more = [self._told(self._book, place) for place in range(known, count)]
            self._column = np.append(self._column, np.array(more, self._kind))
        return self._column
