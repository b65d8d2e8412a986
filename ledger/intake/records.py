"""The records of a CSV text: where each begins and ends, and whether its cells can be told apart.

RFC 4180 with the delimiter told: a cell that begins with a quote ends at its closing quote, quotes
inside it are doubled. A quote inside an unquoted cell is itself.
"""

from __future__ import annotations

import re

LONGEST_RECORD = 1 << 20  # bytes


class Open(Exception):
    """The text ends inside a quoted cell; `at` is the place of its opening quote."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class Stray(Exception):
    """Text stands after a closing quote; `cell` counts from 0, the quotes are `at` and `end`."""

    def __init__(self, cell: int, at: int, end: int) -> None:
        super().__init__(cell)
        self.cell = cell
        self.at = at
        self.end = end


def clean(delimiter: bytes, count: int) -> re.Pattern[bytes]:
    """Matches a record of exactly `count` cells that needs no second look."""
    d = re.escape(delimiter)
    cell = rb'(?:"[^"]*+(?:""[^"]*+)*+"|[^"' + d + rb"\r\n]*+)"
    return re.compile(rb"(?:" + cell + d + rb"){%d}" % (count - 1) + cell)


_closing = re.compile(rb'[^"]*+(?:""[^"]*+)*+')


def split(text: bytes, delimiter: bytes) -> list[bytes]:
    """The cells of one record. Raises Open where it goes on in the next line, Stray."""
    cells: list[bytes] = []
    at = 0
    while True:
        if text.startswith(b'"', at):
            found = _closing.match(text, at + 1)
            assert found
            end = found.end()
            if end >= len(text):
                raise Open(at)
            cells.append(text[at + 1 : end].replace(b'""', b'"'))
            end += 1
            if end < len(text) and not text.startswith(delimiter, end):
                raise Stray(len(cells) - 1, at, end - 1)
        else:
            end = text.find(delimiter, at)
            end = len(text) if end < 0 else end
            cells.append(text[at:end])
        if end >= len(text):
            return cells
        at = end + 1


def joined(cells: list[bytes], delimiter: bytes) -> bytes:
    """The record of these cells, quoted where that is needed."""
    return delimiter.join(quoted(cell, delimiter) for cell in cells)


def quoted(cell: bytes, delimiter: bytes) -> bytes:
    """The cell, in quotes where it holds a quote, a line break or the delimiter."""
    if any(special in cell for special in (b'"', b"\n", b"\r", delimiter)):
        return b'"' + cell.replace(b'"', b'""') + b'"'
    return cell
