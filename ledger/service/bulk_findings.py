"""Findings of a batch as columns: gathered as they are found, put in the order they are stored.

The same order as `rows.ordered`, for a whole batch at once; no finding is an object of its own
but the few that an outcome carries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ledger.refusals import REFUSALS
from ledger.rules.admission import Excess, Ints
from ledger.service.rows import Flag
from ledger.storage.staged import columns_of

if TYPE_CHECKING:
    import pyarrow as pa

NONE = -1
_CODES = tuple(REFUSALS)
_RANK = {code: rank for rank, code in enumerate(_CODES)}
_FIGURES = ("limit", "taken", "asked", "short")
_NO_FIGURES = (None, None, None, None)


@dataclass(frozen=True, slots=True)
class _Part:
    """Findings as they were found: by row, then code's rank, budget's place, figures, detail.

    `known` says which figures there are; `detail` is a place among the batch's texts.
    """

    row: Ints
    code: Ints
    place: Ints
    figures: Ints
    known: NDArray[np.bool_]
    detail: Ints


@dataclass(slots=True)
class Findings:
    """A batch's findings in the order they are stored; `budget` is a number, -1 for none."""

    row: Ints
    ordinal: Ints
    place: Ints
    table: pa.Table

    def __len__(self) -> int:
        return len(self.row)

    def counts(self) -> dict[str, int]:
        """How many there are by code, in order of first appearance."""
        counted = self.table.column("code").value_counts().to_pylist()
        return {one["values"]: one["counts"] for one in counted}


@dataclass(slots=True)
class Gathered:
    """What is found of a batch's movements, by their places in the batch."""

    _parts: list[_Part] = field(default_factory=list)
    _texts: dict[str, int] = field(default_factory=dict)
    _rows: list[int] = field(default_factory=list)
    _single: list[Flag] = field(default_factory=list)

    def add(self, row: int, *flags: Flag) -> None:
        """What was found of one movement."""
        self._rows += [row] * len(flags)
        self._single += flags

    def of_each(self, rows: Ints, which: Ints, flags: Sequence[Flag]) -> None:
        """What was found of many, each row's one of a few flags (`which`)."""
        self._settle()
        if len(rows):
            self._parts.append(self._part(rows, which, flags))

    def of_all(self, rows: Ints, flag: Flag) -> None:
        """The same was found of all these."""
        self.of_each(rows, np.zeros(len(rows), np.int64), [flag])

    def by_value(self, rows: Ints, value: Ints, flag: Callable[[int], Flag]) -> None:
        """What was found of many, which follows from a value of each; `flag` gets a first place.

        The place is one among `rows` that has the value.
        """
        if not len(rows):
            return
        _, first, which = np.unique(value, return_index=True, return_inverse=True)
        self.of_each(rows, which, [flag(at) for at in first.tolist()])

    def excess(self, excess: Excess) -> None:
        """What weighing found."""
        self._settle()
        rank = np.array([_RANK[code] for code in excess.code], np.int64)
        figures = np.stack([getattr(excess, name) for name in _FIGURES], axis=1)
        known, none = np.ones(figures.shape, bool), np.full(len(rank), NONE, np.int64)
        self._parts.append(_Part(excess.row, rank, excess.budget, figures, known, none))

    def change(self, where: NDArray[np.bool_], told: Callable[[Flag], Flag]) -> None:
        """Tell the findings of some of the batch's rows by another code or detail."""
        self._settle()
        texts, changed = [*self._texts, None], []
        for part in self._parts:
            both, which = np.unique(
                np.stack([part.code, part.detail], axis=1), axis=0, return_inverse=True
            )
            flags = [told(Flag(_CODES[c], detail=texts[d])) for c, d in both.tolist()]
            new = self._part(part.row, which.reshape(-1), flags)
            at = where[part.row]
            code = np.where(at, new.code, part.code)
            detail = np.where(at, new.detail, part.detail)
            changed.append(replace(part, code=code, detail=detail))
        self._parts = changed

    def in_order(self, first_seq: int, numbers: Ints) -> Findings:
        """All of them as they are stored: by row, weight of the code, number of the budget.

        `numbers` are the budgets' by place. Those alike in all three stay as they were found.
        """
        self._settle()
        if not self._parts:
            none = np.zeros(0, np.int64)
            self._parts.append(self._part(none, none, [Flag(_CODES[0])]))
        each = [[getattr(part, name) for part in self._parts] for name in _Part.__slots__]
        row, code, place, figures, known, detail = (np.concatenate(parts) for parts in each)
        number = np.where(place >= 0, numbers[place], NONE) if len(numbers) else place
        order = np.lexsort((np.maximum(number, 0), code, row))
        row, place = row[order], place[order]
        ordinal = _ordinals(row)
        made = {"seq": first_seq + row, "ordinal": ordinal}
        values = [*made.values(), *self._columns(code[order], number[order], detail[order])]
        values[4:4] = _masked(figures[order], known[order])
        return Findings(row, ordinal, place, _table(values))

    def _columns(self, code: Ints, number: Ints, detail: Ints) -> list[Any]:
        import pyarrow as pa

        texts = pa.array(list(self._texts), pa.string())
        return [
            pa.array(_CODES).take(pa.array(code)),
            pa.array(number, mask=number < 0),
            texts.take(pa.array(detail, mask=detail < 0)),
        ]

    def _settle(self) -> None:
        """Make a part of what was found one by one, so that all stays in order."""
        if self._rows:
            rows, flags = np.array(self._rows, np.int64), self._single
            self._rows, self._single = [], []
            self._parts.append(self._part(rows, np.arange(len(rows)), flags))

    def _part(self, rows: Ints, which: Ints, flags: Sequence[Flag]) -> _Part:
        code = np.array([_RANK[flag.code] for flag in flags], np.int64)
        place = np.array([NONE if flag.place is None else flag.place for flag in flags], np.int64)
        figures, known = _figures(flags)
        detail = np.array([self._text(flag.detail) for flag in flags], np.int64)
        return _Part(rows, code[which], place[which], figures[which], known[which], detail[which])

    def _text(self, text: str | None) -> int:
        return NONE if text is None else self._texts.setdefault(text, len(self._texts))


def _figures(flags: Sequence[Flag]) -> tuple[Ints, NDArray[np.bool_]]:
    """The figures of each flag, 0 for those it does not have, and which it has."""
    given = list(map(attrgetter(*_FIGURES), flags))
    shape = len(given), len(_FIGURES)
    if given.count(_NO_FIGURES) == len(given):  # so it is of most, and they are many
        return np.zeros(shape, np.int64), np.zeros(shape, bool)
    figures = np.array([[figure or 0 for figure in one] for one in given], np.int64)
    return figures, np.array([[figure is not None for figure in one] for one in given], bool)


def _ordinals(row: Ints) -> Ints:
    """The turn of each finding among those of its row, from 1; rows are in order."""
    starts = np.flatnonzero(np.append(True, row[1:] != row[:-1])[: len(row)])
    lengths = np.diff(np.append(starts, len(row)))
    turns: Ints = np.arange(1, len(row) + 1) - np.repeat(starts, lengths)
    return turns


def _masked(figures: Ints, known: NDArray[np.bool_]) -> list[Any]:
    import pyarrow as pa

    return [pa.array(figures[:, n], mask=~known[:, n]) for n in range(len(_FIGURES))]


def _table(values: Sequence[Any]) -> pa.Table:
    import pyarrow as pa

    return pa.table(dict(zip(columns_of("finding"), values, strict=True)))
