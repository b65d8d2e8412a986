"""What a sheet's XML says of its cells that the library which reads them passes over.

The library reads as empty what is not: an error, a formula that was never computed. And it does
not say what is shown as a percentage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from ledger.intake.marks import ERROR, UNCOMPUTED

_PLACE = re.compile(rb'<c [^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
_ERROR = re.compile(rb"<c ([^>]*\bt=\"e\"[^>]*)>(?:<f\b[^>]*>[^<]*</f>|<f\b[^>]*/>)?<v>([^<]*)</v>")
# A formula that came to an empty text has an empty value, and says that it is text.
_UNCOMPUTED = re.compile(
    rb"<c (?![^>]*\bt=\"str\"[^>]*>(?:<f\b[^>]*>[^<]*</f>|<f\b[^>]*/>)<v)([^>]*)>"
    rb"(?:<f\b[^>]*>[^<]*</f>|<f\b[^>]*/>)(?:<v ?/>|<v></v>)?</c>"
)
_AT = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')

# What says how cells are shown; of the styles that Excel has from the start, two are percentages.
_PERCENTAGES = {"9", "10"}
_FORMAT = re.compile(r"<numFmt\b([^>]*)>")
_CELL_STYLES = re.compile(r"<cellXfs\b.*?</cellXfs>", re.DOTALL)
_STYLE = re.compile(r"<xf\b([^>]*)>")
_FORMAT_ID = re.compile(r'\bnumFmtId="([0-9]+)"')
_FORMAT_CODE = re.compile(r'\bformatCode="([^"]*)"')
# In a format, what is in quotes or behind a backslash is text beside the number.
_BESIDE = re.compile(r'"[^"]*"|\\.')

# Some programs write every name with a prefix: <x:worksheet>.
_ROOT = re.compile(rb"<([A-Za-z_][\w.-]*:)(?:worksheet|styleSheet)\b")


def prefix_of(head: bytes) -> bytes:
    """The prefix of the names in a sheet or styles, with its colon; empty where there is none."""
    found = _ROOT.search(head)
    return found[1] if found else b""


def without(prefix: bytes, xml: bytes) -> bytes:
    """The same XML with names that have not that prefix."""
    if not prefix:
        return xml
    return xml.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")


@dataclass(slots=True)
class SheetMarks:
    """What is wrong with some cells, by line and then by column from 0: the text they show and a
    mark; and for each column, one byte a line, which are shown as percentages.
    """

    wrongs: dict[int, dict[int, tuple[str, str]]] = field(default_factory=dict)
    percentages: dict[int, bytearray] = field(default_factory=dict)
    rows: int = 0
    columns: int = 0

    def look(self, text: bytes, percentage: re.Pattern[bytes] | None) -> None:
        """Note what is in a part of the sheet; `rows` and `columns` grow to its last cell."""
        if places := _PLACE.findall(text):
            self.rows = max(self.rows, *(int(row) for _, row in places))
            self.columns = max(self.columns, *map(number_of, {letters for letters, _ in places}))
        if b't="e"' in text:
            for attributes, value in _ERROR.findall(text):
                self._wrong(attributes, value.decode(), ERROR)
        if b"<f" in text:
            for attributes in _UNCOMPUTED.findall(text):
                self._wrong(attributes, "", UNCOMPUTED)
        for attributes in percentage.findall(text) if percentage else ():
            if at := _AT.search(attributes):
                lines = self.percentages.setdefault(number_of(at[1]) - 1, bytearray())
                lines.extend(bytes(max(0, int(at[2]) + 1 - len(lines))))
                lines[int(at[2])] = 1

    def begin_at(self, column: int) -> None:
        """Count the columns from that one: it is where the library begins its rows."""
        self.wrongs = {
            line: {i - column: wrong for i, wrong in wrongs.items() if i >= column}
            for line, wrongs in self.wrongs.items()
        }
        self.percentages = {
            i - column: lines for i, lines in self.percentages.items() if i >= column
        }

    def _wrong(self, attributes: bytes, shown: str, mark: str) -> None:
        if at := _AT.search(attributes):
            self.wrongs.setdefault(int(at[2]), {})[number_of(at[1]) - 1] = (shown, mark)


def percentage_cells(styles: str) -> re.Pattern[bytes] | None:
    """What finds the cells of a sheet that are shown as percentages; None where no style is one."""
    formats = set(_PERCENTAGES)
    for attributes in _FORMAT.findall(styles):
        number, code = _FORMAT_ID.search(attributes), _FORMAT_CODE.search(attributes)
        if number and code and "%" in _BESIDE.sub("", unescape(code[1])):
            formats.add(number[1])
    cells = _CELL_STYLES.search(styles)
    found = [
        str(place)
        for place, attributes in enumerate(_STYLE.findall(cells[0]) if cells else ())
        if (number := _FORMAT_ID.search(attributes)) and number[1] in formats
    ]
    if not found:
        return None
    return re.compile(rb'<c ([^>]*\bs="(?:%s)"[^>]*)>' % "|".join(found).encode())


def number_of(letters: bytes) -> int:
    """The number of a column from its letters: A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
