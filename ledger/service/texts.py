"""Columns of few distinct texts, as codes."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ledger.rules.admission import Ints
from ledger.service.columns import place_column


class Texts:
    """A column of few distinct texts: the code of each, and the texts by code; -1 for none."""

    def __init__(self, count: int) -> None:
        self.codes = np.full(count, -1, np.int32)
        self._code: dict[str, int] = {}
        # The same by values as they were read, days among them.
        self._known: dict[Any, int] = {None: -1}
        self._days: Ints = place_column([])

    def put(self, at: Ints, values: Sequence[Any]) -> None:
        """Keep the values of some places."""
        code, known = self._code, self._known
        for value in dict.fromkeys(values):
            if value not in known:
                known[value] = code.setdefault(str(value), len(code))
        self.codes[at] = [known[value] for value in values]

    def at(self, place: int) -> str | None:
        """The text of a place."""
        code = int(self.codes[place])
        return None if code < 0 else self.texts[code]

    @property
    def texts(self) -> list[str]:
        """The texts, in the order of their codes."""
        return list(self._code)

    def codes_of(self, values: Sequence[str]) -> Ints:
        """The codes of other texts, -2 for those that are none of ours; one more, for none."""
        return place_column([*(self._code.get(value, -2) for value in values), -2])

    def among(self, values: Container[str]) -> NDArray[np.bool_]:
        """Which texts are among others, by their codes; the last, for none, is not."""
        return np.array([*(text in values for text in self._code), False], bool)

    def places(self, values: Sequence[str]) -> Ints:
        """The place of each text among others that hold all of them, -1 for none."""
        place = {value: n for n, value in enumerate(values)}
        found: Ints = place_column([*(place[text] for text in self._code), None])[self.codes]
        return found

    def days(self, places: Ints, none: int) -> Ints:
        """The texts of some places, which are days, as whole numbers."""
        if len(self._days) <= len(self._code):
            self._days = np.array([*self._code, "1970-01-01"], "datetime64[D]").astype(np.int64)
        codes = self.codes[places]
        days: Ints = np.where(codes < 0, none, self._days[codes])
        return days
