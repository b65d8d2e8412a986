"""Small tables of text for people: labels with values, and rows under headings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

_WIDTH = 100


def labelled(pairs: Iterable[tuple[str, str]], indent: str = "") -> list[str]:
    """One line a pair, the values in one column; long values go on below. Empty ones are left."""
    filled = [(label, value) for label, value in pairs if value]
    width = max((len(label) for label, _ in filled), default=0)
    lines = []
    for label, value in filled:
        before = f"{indent}{label:<{width}}  "
        room = max(_WIDTH - len(before), 40)
        first, *rest = wrap(value, room, break_on_hyphens=False, break_long_words=False)
        lines += [before + first, *(" " * len(before) + line for line in rest)]
    return lines


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], figures: set[str]) -> list[str]:
    """Rows under headings, those named in `figures` flush right."""
    every = [headings, *rows]
    widths = [max(len(row[n]) for row in every) for n in range(len(headings))]
    return [
        "  ".join(
            f"{cell:>{width}}" if heading in figures else f"{cell:<{width}}"
            for heading, cell, width in zip(headings, row, widths, strict=True)
        ).rstrip()
        for row in every
    ]
