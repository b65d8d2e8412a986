"""A sheet whose XML is not spelt as spreadsheets spell it, read element by element.

XML may say one thing in several ways: with single quotes, with blanks and line ends in and between
the tags, and a cell need not say where it is. What `sheetxml` does by the million cells is done
here, as slowly as it takes, for sheets that have any of it.
"""

from __future__ import annotations

import re
from typing import IO
from xml.parsers import expat

from ledger.intake.marks import ERROR, UNCOMPUTED
from ledger.intake.sheetxml import SheetMarks, number_of

_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_CHUNK = 1 << 20


def walked(stream: IO[bytes], percentages: frozenset[str]) -> SheetMarks:
    """What is to be said of a sheet's cells; `percentages` are the styles of such.

    Raises expat.ExpatError for what is no XML.
    """
    walk = _Walk(percentages)
    parser = expat.ParserCreate()
    parser.StartElementHandler = walk.begin
    parser.EndElementHandler = walk.end
    parser.CharacterDataHandler = walk.text
    while chunk := stream.read(_CHUNK):
        parser.Parse(chunk)
    parser.Parse(b"", True)
    return walk.marks


class _Walk:
    """Where one is in a sheet, and what was found so far. Lines count from 1, columns from 0."""

    def __init__(self, percentages: frozenset[str]) -> None:
        self.marks = SheetMarks()
        self._percentages = percentages
        self._line, self._column = 0, -1
        self._cell: dict[str, str] = {}
        self._computed = False
        # The text of the cell's value so far, None before there is one.
        self._value: str | None = None
        self._within = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins; of its name the prefix is nothing to us."""
        match name.rpartition(":")[2]:
            case "row":
                said = attributes.get("r", "")
                self._line = int(said) if said.isdecimal() else self._line + 1
                self._column = -1
            case "c":
                self._cell, self._computed, self._value = attributes, False, None
                if at := _PLACE.fullmatch(attributes.get("r", "")):
                    self._column, self._line = number_of(at[1].encode()) - 1, int(at[2])
                else:
                    self._column += 1
            case "f":
                self._computed = True
            case "v":
                self._value, self._within = "", True

    def text(self, text: str) -> None:
        """Some text of an element."""
        if self._within:
            self._value = (self._value or "") + text

    def end(self, name: str) -> None:
        """An element ends."""
        match name.rpartition(":")[2]:
            case "v":
                self._within = False
            case "c":
                self._judge(self._cell.get("t", ""))

    def _judge(self, type_: str) -> None:
        marks, value = self.marks, self._value
        marks.rows = max(marks.rows, self._line)
        marks.columns = max(marks.columns, self._column + 1)
        if type_ == "e" and value is not None:
            marks.wrong(self._line, self._column, value, ERROR)
        elif self._computed and not value and (type_ != "str" or value is None):
            # A formula that came to an empty text says that it is text.
            marks.wrong(self._line, self._column, "", UNCOMPUTED)
        if self._cell.get("s") in self._percentages:
            marks.as_percentage(self._line, self._column)
