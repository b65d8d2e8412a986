"""A sheet of an Excel workbook as rows of text.

A numeric cell is read at 15 significant digits, as many as the sheet shows: 15854.400000000001 is
15854.4. What the library reads as empty though it is not (an error, a formula that was never
computed) is looked for in the sheet's own XML, and so is what is shown as a percentage: 0.05 that
shows 5% is read as 5%, as the CSV of that sheet would have it.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

from ledger.intake.sniff import unusable

LARGEST_UNPACKED = 1 << 30  # bytes of XML
LARGEST_AREA = 40_000_000  # cells between the first and the last filled one
_CHUNK = 1 << 20
_SHEETS = re.compile(r"xl/worksheets/[^/]+\.xml")
_PLACE = re.compile(rb'<c [^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
_ERROR = re.compile(rb"<c ([^>]*\bt=\"e\"[^>]*)>(?:<f\b[^>]*>[^<]*</f>|<f\b[^>]*/>)?<v>([^<]*)</v>")
_UNCOMPUTED = re.compile(rb"<c ([^>]*)>(?:<f\b[^>]*>[^<]*</f>|<f\b[^>]*/>)(?:<v ?/>|<v></v>)?</c>")
_AT = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')

# What says how cells are shown; of the styles that Excel has from the start, two are percentages.
_STYLES = "xl/styles.xml"
_PERCENTAGES = {"9", "10"}
_LARGEST_STYLES = 1 << 25  # bytes
_FORMAT = re.compile(r"<numFmt\b([^>]*)>")
_CELL_STYLES = re.compile(r"<cellXfs\b.*?</cellXfs>", re.DOTALL)
_STYLE = re.compile(r"<xf\b([^>]*)>")
_FORMAT_ID = re.compile(r'\bnumFmtId="([0-9]+)"')
_FORMAT_CODE = re.compile(r'\bformatCode="([^"]*)"')
# In a format, what is in quotes or behind a backslash is text beside the number.
_BESIDE = re.compile(r'"[^"]*"|\\.')

Wrongs = dict[tuple[int, int], tuple[str, str]]


@dataclass(slots=True)
class _Marks:
    """What a sheet's XML says of its cells: what is wrong with some, by line and column from 0;
    and for each column, one byte a line, which are shown as percentages.
    """

    wrongs: Wrongs = field(default_factory=dict)
    percentages: dict[int, bytearray] = field(default_factory=dict)

    def wrong(self, attributes: bytes, value: str, reason: str) -> None:
        """Note a cell that the library would pass over."""
        if at := _AT.search(attributes):
            self.wrongs[int(at[2]), _number(at[1]) - 1] = (value, reason)

    def percentage(self, attributes: bytes) -> None:
        """Note a cell that is shown as a percentage."""
        if at := _AT.search(attributes):
            lines = self.percentages.setdefault(_number(at[1]) - 1, bytearray())
            lines.extend(bytes(max(0, int(at[2]) + 1 - len(lines))))
            lines[int(at[2])] = 1


class XlsxFile:
    """A workbook's sheet: `headings` from its first filled row, then `rows`.

    Raises Unusable for a workbook that is damaged, protected, without that sheet or too large.
    """

    def __init__(self, path: Path, sheet: str | None = None) -> None:
        self.path = path
        self._guard()
        self._sheet = self._open(sheet)
        self.height = self._sheet.total_height
        rows = self._numbered()
        self._header_line, headings = next(rows, (0, []))
        if not headings:
            raise unusable(path, f'sheet "{self._sheet.name}" is empty')
        self.headings = [heading.rstrip("\0") for heading in headings]

    def _guard(self) -> None:
        """Refuse what would unpack to gigabytes; note the cells the library would pass over."""
        self._marked: dict[str, _Marks] = {}
        try:
            with zipfile.ZipFile(self.path) as packed:
                size = sum(part.file_size for part in packed.infolist())
                if size > LARGEST_UNPACKED:
                    limit = f"{LARGEST_UNPACKED >> 20:,} MB"
                    reason = f"unpacks to {size >> 20:,} MB, more than {limit}; save it as CSV"
                    raise unusable(self.path, reason)
                self._percentage = _percentage_cells(self._styles(packed))
                for part in packed.infolist():
                    marks = self._read_part(packed, part)
                    if _SHEETS.fullmatch(part.filename):
                        self._marked[part.filename] = marks
        except (zipfile.BadZipFile, EOFError, OSError, zlib.error) as error:
            raise unusable(self.path, f"is damaged: {error}") from None
        except (RuntimeError, NotImplementedError) as error:
            raise unusable(self.path, f"cannot be unpacked: {error}") from None

    def _styles(self, packed: zipfile.ZipFile) -> str:
        if _STYLES not in packed.namelist():
            return ""
        with packed.open(_STYLES) as stream:
            styles = stream.read(_LARGEST_STYLES + 1)
        if len(styles) > _LARGEST_STYLES:
            limit = f"{_LARGEST_STYLES >> 20} MB"
            raise unusable(self.path, f"its styles take more than {limit}; save it as CSV")
        return styles.decode(errors="replace")

    def _read_part(self, packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> _Marks:
        """Read a part to its end, so that its true size is its stated one."""
        is_sheet = _SHEETS.fullmatch(part.filename)
        marks = _Marks()
        corner = [0, 0]
        tail = b""
        with packed.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                if is_sheet:
                    text = tail + chunk
                    cut = text.rfind(b"<c ") if len(text) > 1 else -1
                    cut = len(text) if cut < 0 else cut
                    self._look(text[:cut], corner, marks)
                    tail = text[cut:][-_CHUNK:]
        self._look(tail, corner, marks)
        return marks

    def _look(self, text: bytes, corner: list[int], marks: _Marks) -> None:
        places = _PLACE.findall(text)
        if places:
            corner[0] = max(corner[0], *(int(row) for _, row in places))
            corner[1] = max(corner[1], *(_number(letters) for letters in {c for c, _ in places}))
        if corner[0] * corner[1] > LARGEST_AREA:
            reason = f"a sheet spans {corner[0]:,} rows by {corner[1]:,} columns; save it as CSV"
            raise unusable(self.path, reason)
        if b't="e"' in text:
            for attributes, value in _ERROR.findall(text):
                marks.wrong(attributes, value.decode(), "the cell shows an error")
        if b"<f" in text:
            for (attributes,) in (m.groups()[:1] for m in _UNCOMPUTED.finditer(text)):
                reason = "a formula whose result is not in the file; open it, compute, save again"
                marks.wrong(attributes, "", reason)
        for attributes in self._percentage.findall(text) if self._percentage else ():
            marks.percentage(attributes)

    def _open(self, name: str | None) -> Any:
        from python_calamine import CalamineError, load_workbook

        try:
            book = load_workbook(str(self.path))
            names = book.sheet_names
            if name is not None and name not in names:
                from ledger.intake.words import near

                closest = ", ".join(near(name, names) or names[:3])
                raise unusable(self.path, f'has no sheet "{name}" (nearest: {closest})')
            chosen = names[0] if name is None else name
            marks = self._marks_of(chosen, names)
            self._wrongs, self._percentages = marks.wrongs, marks.percentages
            return book.get_sheet_by_name(chosen)
        except CalamineError as error:
            raise unusable(self.path, f"cannot be read as a workbook: {error}") from None

    def _marks_of(self, name: str, names: Sequence[str]) -> _Marks:
        parts = _parts_of(self.path)
        if name in parts:
            return self._marked.get(parts[name], _Marks())
        part = f"xl/worksheets/sheet{list(names).index(name) + 1}.xml"
        return self._marked.get(part, _Marks())

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that hold anything, with their number in the sheet."""
        for line, values in enumerate(self._sheet.iter_rows(), start=1):
            cells = [text_of(value) for value in values]
            for i, lines in self._percentages.items():
                if line < len(lines) and lines[line] and i < len(cells):
                    cells[i] = _shown_as_percentage(values[i], cells[i])
            if any(cells) or any((line, i) in self._wrongs for i in range(len(cells))):
                yield line, cells

    def rows(self) -> Iterator[tuple[int, int, list[str]]]:
        """The rows after the headings: number, line of the sheet, cells."""
        row = 0
        for line, cells in self._numbered():
            if line > self._header_line:
                row += 1
                yield row, line, cells

    def wrong_cells(self, line: int, cells: Sequence[str]) -> list[tuple[int, str, str]]:
        """What is wrong with cells of that line before they are read: column, value, reason."""
        if not self._wrongs and not any(cell in _BOOLEANS for cell in cells):
            return []
        return [
            (i, *self._wrongs[line, i]) for i in range(len(cells)) if (line, i) in self._wrongs
        ] + [
            (i, cell.rstrip("\0"), "a true-or-false cell; write it as text")
            for i, cell in enumerate(cells)
            if cell in _BOOLEANS
        ]


# No text cell of a sheet can hold a NUL, so these are booleans and nothing else.
_BOOLEANS = {False: "FALSE\0", True: "TRUE\0"}.values()


def text_of(value: Any) -> str:
    """A cell's value as text: numbers at 15 significant digits, days as YYYY-MM-DD."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE\0" if value else "FALSE\0"
    if isinstance(value, int | float):
        return format(Decimal(format(value, ".15g")), "f")
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else ""


def _shown_as_percentage(value: Any, text: str) -> str:
    """A number as the sheet shows it, at all its digits; any other cell as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return text
    return f"{format((100 * Decimal(text)).normalize(), 'f')}%"


def _percentage_cells(styles: str) -> re.Pattern[bytes] | None:
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


def _number(letters: bytes) -> int:
    """The number of a column from its letters: A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _parts_of(path: Path) -> dict[str, str]:
    """The part of the package that holds each sheet."""
    from xml.etree import ElementTree

    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    link = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    with zipfile.ZipFile(path) as packed:
        try:
            book = ElementTree.fromstring(packed.read("xl/workbook.xml"))
            links = ElementTree.fromstring(packed.read("xl/_rels/workbook.xml.rels"))
        except (KeyError, ElementTree.ParseError):
            return {}
    targets = {r.get("Id"): (r.get("Target") or "").lstrip("/") for r in links}
    found = {s.get("name") or "": targets.get(s.get(link)) or "" for s in book.iter(f"{main}sheet")}
    return {n: t if t.startswith("xl/") else f"xl/{t}" for n, t in found.items()}
