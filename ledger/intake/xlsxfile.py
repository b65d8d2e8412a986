"""A sheet of an Excel workbook as rows of text.

A numeric cell is read at 15 significant digits, as many as the sheet shows: 15854.400000000001 is
15854.4. What the library reads as empty though it is not (an error, a formula that was never
computed) is looked for in the sheet's own XML.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
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

Wrongs = dict[tuple[int, int], tuple[str, str]]


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
        self.headings = headings

    def _guard(self) -> None:
        """Refuse what would unpack to gigabytes; note the cells the library would pass over."""
        self._marked: dict[str, Wrongs] = {}
        try:
            with zipfile.ZipFile(self.path) as packed:
                size = sum(part.file_size for part in packed.infolist())
                if size > LARGEST_UNPACKED:
                    limit = f"{LARGEST_UNPACKED >> 20:,} MB"
                    reason = f"unpacks to {size >> 20:,} MB, more than {limit}; save it as CSV"
                    raise unusable(self.path, reason)
                for part in packed.infolist():
                    marks = self._read_part(packed, part)
                    if _SHEETS.fullmatch(part.filename):
                        self._marked[part.filename] = marks
        except (zipfile.BadZipFile, EOFError, OSError, zlib.error) as error:
            raise unusable(self.path, f"is damaged: {error}") from None
        except (RuntimeError, NotImplementedError) as error:
            raise unusable(self.path, f"cannot be unpacked: {error}") from None

    def _read_part(self, packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> Wrongs:
        """Read a part to its end, so that its true size is its stated one."""
        is_sheet = _SHEETS.fullmatch(part.filename)
        marks: Wrongs = {}
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

    def _look(self, text: bytes, corner: list[int], marks: Wrongs) -> None:
        places = _PLACE.findall(text)
        if places:
            corner[0] = max(corner[0], *(int(row) for _, row in places))
            corner[1] = max(corner[1], *(_number(letters) for letters in {c for c, _ in places}))
        if corner[0] * corner[1] > LARGEST_AREA:
            reason = f"a sheet spans {corner[0]:,} rows by {corner[1]:,} columns; save it as CSV"
            raise unusable(self.path, reason)
        if b't="e"' in text:
            for attributes, value in _ERROR.findall(text):
                self._mark(marks, attributes, value.decode(), "the cell shows an error")
        if b"<f" in text:
            for (attributes,) in (m.groups()[:1] for m in _UNCOMPUTED.finditer(text)):
                reason = "a formula whose result is not in the file; open it, compute, save again"
                self._mark(marks, attributes, "", reason)

    def _mark(self, marks: Wrongs, attributes: bytes, value: str, reason: str) -> None:
        if at := _AT.search(attributes):
            marks[int(at[2]), _number(at[1]) - 1] = (value, reason)

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
            self._wrongs = self._marks_of(chosen, names)
            return book.get_sheet_by_name(chosen)
        except CalamineError as error:
            raise unusable(self.path, f"cannot be read as a workbook: {error}") from None

    def _marks_of(self, name: str, names: Sequence[str]) -> Wrongs:
        parts = _parts_of(self.path)
        if name in parts:
            return self._marked.get(parts[name], {})
        return self._marked.get(f"xl/worksheets/sheet{list(names).index(name) + 1}.xml", {})

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that hold anything, with their number in the sheet."""
        for line, values in enumerate(self._sheet.iter_rows(), start=1):
            cells = [text_of(value) for value in values]
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
