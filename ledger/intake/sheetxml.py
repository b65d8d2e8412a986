"""What a sheet's XML says of its cells that the library which reads them passes over.

The library reads as empty what is not: an error, a formula that was never computed. And it does
not say what is shown as a percentage. Cells are looked for as spreadsheets write them, by the
million; a sheet in another spelling is `odd`, and goes through `sheetwalk`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ledger.intake.marks import ERROR, UNCOMPUTED

_PLACE = re.compile(rb'<c [^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
_ERROR = re.compile(rb"<c ([^>]*\bt=\"e\"[^>]*)>(?:<f\b[^>]*>[^<]*</f>|<f\b[^>]*/>)?<v>([^<]*)</v>")
# A formula that came to an empty text has an empty value, and says that it is text.
_UNCOMPUTED = re.compile(
    rb"<c (?![^>]*\bt=\"str\"[^>]*>(?:<f\b[^>]*>[^<]*</f>|<f\b[^>]*/>)<v)([^>]*)>"
    rb"(?:<f\b[^>]*>[^<]*</f>|<f\b[^>]*/>)(?:<v ?/>|<v></v>)?</c>"
)
# How a cell may begin; blanks before a tag, those where nobody writes any; and what stands only in
# attributes that are spelt otherwise than all this has them.
_CELLS = (b"<c ", b"<c>", b"<c/", b"<c\n", b"<c\r", b"<c\t")
_BLANKS = (b" <", b"\n<", b"\r<", b"\t<")
_APART = re.compile(rb"\s<(?:[vf]\b|/c>)")
_ATTRIBUTES = (b"='", b' ="', b'= "')
_AT = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')

# Of the styles that Excel has from the start, two are percentages.
_PERCENTAGES = {"9", "10"}
# In a format, what is in quotes or behind a backslash is text beside the number.
_BESIDE = re.compile(r'"[^"]*"|\\.')

# Some programs write every name with a prefix: <x:worksheet>.
_ROOT = re.compile(rb"<([A-Za-z_][\w.-]*:)worksheet\b")


def prefix_of(head: bytes) -> bytes:
    """The prefix of the names in a sheet, with its colon; empty where there is none."""
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
    mark; and for each column, one byte a line, which are shown as percentages. `odd`: more may be
    wrong, in a spelling that was not looked for.
    """

    wrongs: dict[int, dict[int, tuple[str, str]]] = field(default_factory=dict)
    percentages: dict[int, bytearray] = field(default_factory=dict)
    rows: int = 0
    columns: int = 0
    odd: bool = False

    def look(self, text: bytes, percentage: re.Pattern[bytes] | None) -> None:
        """Note what is in a part of the sheet; `rows` and `columns` grow to its last cell."""
        places = _PLACE.findall(text)
        self.odd = self.odd or _is_odd(text, len(places))
        if places:
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
                self.as_percentage(int(at[2]), number_of(at[1]) - 1)

    def as_percentage(self, line: int, column: int) -> None:
        """Note that a cell is shown as a percentage."""
        lines = self.percentages.setdefault(column, bytearray())
        lines.extend(bytes(max(0, line + 1 - len(lines))))
        lines[line] = 1

    def wrong(self, line: int, column: int, shown: str, mark: str) -> None:
        """Note what a cell shows and what is wrong with it."""
        self.wrongs.setdefault(line, {})[column] = (shown, mark)

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
            self.wrong(int(at[2]), number_of(at[1]) - 1, shown, mark)


def _is_odd(text: bytes, places: int) -> bool:
    """Whether cells of a part of a sheet may be spelt otherwise; `places` say where they are."""
    # The quick looks come first: a sheet may have a hundred megabytes.
    if text.count(b"<c") != places and sum(map(text.count, _CELLS)) != places:
        return True
    if text.count(b"<v ") and text.count(b"<v ") != text.count(b"<v />"):
        return True
    if any(blank in text for blank in _BLANKS) and _APART.search(text):
        return True
    return any(odd in text for odd in _ATTRIBUTES)


def percentage_styles(styles: bytes) -> frozenset[str]:
    """The numbers of the styles that show a percentage, as a workbook's styles have them."""
    from xml.etree import ElementTree

    try:
        read = ElementTree.fromstring(styles) if styles else None
    except ElementTree.ParseError:
        read = None
    if read is None:
        return frozenset()
    formats = set(_PERCENTAGES)
    for one in read.iterfind(".//{*}numFmt"):
        if "%" in _BESIDE.sub("", one.get("formatCode") or ""):
            formats.add(one.get("numFmtId") or "")
    cells = read.find("{*}cellXfs")
    each = enumerate(() if cells is None else cells.iterfind("{*}xf"))
    return frozenset(str(place) for place, xf in each if xf.get("numFmtId") in formats)


def cells_of(styles: frozenset[str]) -> re.Pattern[bytes] | None:
    """What finds the cells of a sheet that have one of these styles; None where there is none."""
    if not styles:
        return None
    return re.compile(rb'<c ([^>]*\bs="(?:%s)"[^>]*)>' % "|".join(sorted(styles)).encode())


def number_of(letters: bytes) -> int:
    """The number of a column from its letters: A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
