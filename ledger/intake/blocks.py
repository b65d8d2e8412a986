"""Lines of a CSV file by the block: thousands at once are looked at, and numbered, as an array.

A line is taken as it stands where it is one record of as many cells as there are headings. That is
told by counting its delimiters; only lines with a quote are looked at one by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ledger.intake.records import LONGEST_RECORD

Ints = npt.NDArray[np.int64]

_QUOTE, _NEWLINE, _ZERO = b'"'[0], b"\n"[0], b"0"[0]
# By the first byte of their UTF-8: what is in `cells.ODD` or `cells.BLANKS`, but for U+00A0.
_ODD_SPANS = {
    0xC2: ((0x80, 0x9F), (0xAD, 0xAD)),
    0xE1: ((0x1680, 0x1680),),
    0xE2: ((0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x2064), (0x2066, 0x2069)),
    0xE3: ((0x3000, 0x3000),),
    0xEF: ((0xFEFF, 0xFEFF),),
}


class Block:
    """Lines that are a record each: their numbers, `rows` from 1, and `lines` in the file."""

    troubles: Sequence[Any] = ()

    def __init__(self, text: bytes, ends: Ints, row: int, line: int) -> None:
        self._text, self._ends = text, ends
        self.rows = range(row, row + len(ends))
        self.lines = range(line, line + len(ends))

    @property
    def records(self) -> list[bytes]:
        """The lines, without their ends."""
        return self._text.split(b"\n")[:-1]

    def numbered(self, mark: bytes) -> bytes:
        """The records, each behind its row and line; these have leading zeros."""
        width = len(str(self.lines[-1]))
        before = np.full((len(self._ends), 2 * (width + 1)), mark[0], np.uint8)
        for place, numbers in ((0, self.rows), (width + 1, self.lines)):
            rest = np.arange(numbers.start, numbers.stop)
            for at in reversed(range(place, place + width)):
                rest, digit = np.divmod(rest, 10)
                before[:, at] = digit + _ZERO
        added = before.shape[1]
        begins = _begins(self._ends) + added * np.arange(len(self._ends))
        made = np.empty(len(self._text) + before.size, np.uint8)
        theirs = np.ones(len(made), np.bool_)
        places = begins[:, None] + np.arange(added)
        made[places], theirs[places] = before, False
        made[theirs] = np.frombuffer(self._text, np.uint8)
        return made.tobytes()


def block_of(
    text: bytes, mark: bytes, clean: re.Pattern[bytes], marks: int, at: tuple[int, int]
) -> Block | None:
    """The lines of a text as a block whose first row and line are `at`.

    None where one of them may be no record of so many delimiters, that matches `clean` if it has
    a quote.
    """
    if b"\r" in text:
        return None
    text = text if text.endswith(b"\n") else text + b"\n"
    each = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(each == _NEWLINE)
    lengths = ends - _begins(ends)
    if lengths.min() == 0 or lengths.max() > LONGEST_RECORD:
        return None
    odd = np.diff(np.searchsorted(np.flatnonzero(each == mark[0]), ends), prepend=0) != marks
    if b'"' in text:
        quoted = np.unique(np.searchsorted(ends, np.flatnonzero(each == _QUOTE)))
        odd[quoted] = False
        begins, stops = _begins(ends)[quoted].tolist(), ends[quoted].tolist()
        if not all(map(clean.fullmatch, [text] * len(begins), begins, stops)):
            return None
    return None if odd.any() else Block(text, ends, *at)


def odd_beyond_ascii(text: bytes) -> bool:
    """Whether a UTF-8 text has any character of `_ODD_SPANS`."""
    each = np.frombuffer(text, np.uint8)
    for first, spans in _ODD_SPANS.items():
        at = np.flatnonzero(each == first)
        code = each[at + 1] & 0x3F | np.int64(first & 0x1F) << 6
        if first >= 0xE0:
            code = code << 6 & 0xFFFF | each[at + 2] & 0x3F
        if any(np.any((code >= low) & (code <= high)) for low, high in spans):
            return True
    return False


def _begins(ends: Ints) -> Ints:
    """Where each line begins, by where each ends."""
    return np.append(0, ends[:-1] + 1)
