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
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from ledger.intake.cells import BLANKS
from ledger.intake.marks import (
    DAY,
    ERROR,
    LONG,
    MERGED,
    NUMBER,
    TEXT,
    TRUTH,
    UNCOMPUTED,
    UNKNOWN,
    WRONG,
)
from ledger.intake.sheetwalk import walked
from ledger.intake.sheetxml import SheetMarks, cells_of, percentage_styles, prefix_of, without
from ledger.intake.sniff import unusable

LARGEST_UNPACKED = 1 << 30  # bytes of XML
LARGEST_AREA = 40_000_000  # cells between the first and the last filled one
_CHUNK = 1 << 20
_SHEETS = re.compile(r"xl/worksheets/[^/]+\.xml")
_STYLES = "xl/styles.xml"
_LARGEST_STYLES = 1 << 25  # bytes
# Whole numbers from here on have more digits than are read. What is larger by far is no number of
# a document but a measure, such as the operations of a training.
_LONG_FROM, _MEASURES_FROM = 1e15, 1e22
_LARGEST_MERGED = 1_000_000  # cells that are merged with others


class XlsxFile:
    """A workbook's sheet: `headings` from its first filled row, then `rows`.

    Raises Unusable for a workbook that is damaged, protected, without that sheet or too large.
    """

    def __init__(self, path: Path, sheet: str | None = None) -> None:
        self.path = path
        self._guard()
        self._sheet = self._open(sheet)
        self.sheet = str(self._sheet.name)
        self.height = self._sheet.total_height
        self._merged = self._merged_cells()
        filled = (row for row in self._numbered() if any(cell.strip(BLANKS) for cell in row[1]))
        self.header_line, self.headings, marks = next(filled, (0, [], ""))
        if not self.headings:
            raise unusable(path, f'sheet "{self._sheet.name}" is empty')
        for at, mark in enumerate(marks):
            if mark in (ERROR, UNCOMPUTED):
                reason = f"the heading of column {at + 1}: {WRONG[mark]}"
                raise unusable(path, reason, self.header_line, self.headings[at])

    def _guard(self) -> None:
        """Refuse what would unpack to gigabytes; note the cells the library would pass over."""
        self._marked: dict[str, SheetMarks] = {}
        try:
            with zipfile.ZipFile(self.path) as packed:
                size = sum(part.file_size for part in packed.infolist())
                if size > LARGEST_UNPACKED:
                    limit = f"{LARGEST_UNPACKED >> 20:,} MB"
                    reason = f"unpacks to {size >> 20:,} MB, more than {limit}; save it as CSV"
                    raise unusable(self.path, reason)
                self._parts = _parts_of(packed)
                styles = percentage_styles(self._styles(packed))
                self._percentage = cells_of(styles)
                for part in packed.infolist():
                    marks = self._read_part(packed, part)
                    if marks.odd:
                        with packed.open(part) as stream:
                            marks = walked(stream, styles)
                        self._insist_room(marks)
                    if self._is_sheet(part):
                        self._marked[part.filename] = marks
        except (ExpatError, zipfile.BadZipFile, EOFError, OSError, zlib.error) as error:
            raise unusable(self.path, f"is damaged: {error}") from None
        except (RuntimeError, NotImplementedError) as error:
            raise unusable(self.path, f"cannot be unpacked: {error}") from None

    def _styles(self, packed: zipfile.ZipFile) -> bytes:
        if _STYLES not in packed.namelist():
            return b""
        with packed.open(_STYLES) as stream:
            styles = stream.read(_LARGEST_STYLES + 1)
        if len(styles) > _LARGEST_STYLES:
            limit = f"{_LARGEST_STYLES >> 20} MB"
            raise unusable(self.path, f"its styles take more than {limit}; save it as CSV")
        return styles

    def _read_part(self, packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> SheetMarks:
        """Read a part to its end, so that its true size is its stated one."""
        is_sheet = self._is_sheet(part)
        marks = SheetMarks()
        tail, prefix = b"", None
        with packed.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                if is_sheet:
                    prefix = prefix_of(chunk) if prefix is None else prefix
                    text = tail + chunk
                    cut = text.rfind(b"<" + prefix + b"c ") if len(text) > 1 else -1
                    cut = len(text) if cut < 0 else cut
                    self._look(without(prefix, text[:cut]), marks)
                    tail = text[cut:][-_CHUNK:]
        self._look(without(prefix or b"", tail), marks)
        return marks

    def _is_sheet(self, part: zipfile.ZipInfo) -> bool:
        named = part.filename in self._parts.values()
        return named or _SHEETS.fullmatch(part.filename) is not None

    def _look(self, text: bytes, marks: SheetMarks) -> None:
        marks.look(text, self._percentage)
        self._insist_room(marks)

    def _insist_room(self, marks: SheetMarks) -> None:
        if marks.rows * marks.columns > LARGEST_AREA:
            reason = f"a sheet spans {marks.rows:,} rows by {marks.columns:,} columns"
            raise unusable(self.path, f"{reason}; save it as CSV")

    def _open(self, name: str | None) -> Any:
        from python_calamine import CalamineError, load_workbook

        try:
            book = load_workbook(str(self.path))
            names = book.sheet_names
            if name is not None and name not in names:
                from ledger.intake.words import near

                closest = ", ".join(near(name, names) or names[:3])
                raise unusable(self.path, f'has no sheet "{name}" (nearest: {closest})')
            self._book = book
            chosen = (_shown(book) or names)[0] if name is None else name
            marks = self._marks_of(chosen, names)
            sheet = book.get_sheet_by_name(chosen)
            marks.begin_at((sheet.start or (0, 0))[1])
            self._wrongs, self._percentages = marks.wrongs, marks.percentages
            return sheet
        except CalamineError as error:
            raise unusable(self.path, f"cannot be read as a workbook: {error}") from None

    def _merged_cells(self) -> dict[int, dict[int, tuple[int, int]]]:
        """By line and column, the place of the one cell that says what merged cells say."""
        ranges = self._sheet.merged_cell_ranges or ()
        last_line, last_column = self._sheet.end or (0, 0)
        _, begin = self._sheet.start or (0, 0)
        clipped = [
            (range(top, min(bottom, last_line) + 1), range(left, min(right, last_column) + 1))
            for (top, left), (bottom, right) in ranges
        ]
        if sum(len(lines) * len(columns) for lines, columns in clipped) > _LARGEST_MERGED:
            raise unusable(self.path, f"more than {_LARGEST_MERGED:,} of its cells are merged")
        merged: dict[int, dict[int, tuple[int, int]]] = {}
        for lines, columns in clipped:
            for line in lines:
                first = lines[0] + 1, columns[0] - begin
                row = merged.setdefault(line + 1, {})
                row |= {column - begin: first for column in columns if column >= begin}
        return merged

    def _marks_of(self, name: str, names: Sequence[str]) -> SheetMarks:
        if name in self._parts:
            return self._marked.get(self._parts[name], SheetMarks())
        part = f"xl/worksheets/sheet{list(names).index(name) + 1}.xml"
        return self._marked.get(part, SheetMarks())

    def _numbered(self) -> Iterator[tuple[int, list[str], str]]:
        """Rows that hold anything, with their number in the sheet and the marks of their cells."""
        values: list[Any] = []
        line, filled = 0, set[tuple[int, int]]()
        for line, values in enumerate(self._sheet.iter_rows(), start=1):
            cells = [text_of(value) for value in values]
            marks = [_MARKS.get(type(value), TEXT) for value in values]
            for i, value in enumerate(values):
                if marks[i] == NUMBER and _is_long(value, cells[i]):
                    marks[i] = LONG
            for i, lines in self._percentages.items():
                if line < len(lines) and lines[line] and i < len(cells):
                    cells[i] = _shown_as_percentage(values[i], cells[i])
            if self._note_wrongs(line, cells, marks) or any(cells):
                for i, first in self._merged.get(line, {}).items():
                    if first == (line, i) and (cells[i] or marks[i] in UNKNOWN):
                        filled.add(first)
                    elif first in filled and not cells[i]:
                        marks[i] = MERGED
                yield line, cells, "".join(marks)
        # The library ends with the last row it sees something in.
        for beyond in sorted(at for at in self._wrongs if at > line):
            cells, marks = [""] * len(values), [TEXT] * len(values)
            if self._note_wrongs(beyond, cells, marks):
                yield beyond, cells, "".join(marks)

    def _note_wrongs(self, line: int, cells: list[str], marks: list[str]) -> bool:
        """Put in the cells of that line which the library passed over; whether there are any."""
        wrongs = {i: wrong for i, wrong in self._wrongs.get(line, {}).items() if i < len(cells)}
        for i, (shown, mark) in wrongs.items():
            cells[i], marks[i] = shown, mark
        return bool(wrongs)

    def others(self, ours: Callable[[list[str]], bool]) -> list[str]:
        """The other sheets a reader sees that hold rows under headings that are `ours`."""
        from python_calamine import CalamineError

        found = []
        for name in _shown(self._book):
            if name == self.sheet:
                continue
            with suppress(CalamineError):
                each = self._book.get_sheet_by_name(name).iter_rows()
                texts = ([text_of(value) for value in values] for values in each)
                filled = (row for row in texts if any(cell.strip(BLANKS) for cell in row))
                headings = next(filled, [])
                if ours(headings) and next(filled, None):
                    found.append(name)
        return found

    def rows(self) -> Iterator[tuple[int, int, list[str], str]]:
        """The rows after the headings: number, line of the sheet, cells, marks."""
        row = 0
        for line, cells, marks in self._numbered():
            if line > self.header_line:
                row += 1
                yield row, line, cells, marks


# What a cell is beside its text, by how the library has it.
_MARKS = {bool: TRUTH, int: NUMBER, float: NUMBER, datetime: DAY, date: DAY}


def _is_long(value: float, text: str) -> bool:
    """Whether a number may be that of one thing among many, and has lost some of its digits."""
    return _LONG_FROM <= abs(value) < _MEASURES_FROM and float(text) != value


def text_of(value: Any) -> str:
    """A cell's value as text: numbers at 15 significant digits, days as YYYY-MM-DD."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
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


def _shown(book: Any) -> list[str]:
    """The sheets of cells that a reader of the workbook sees."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    return [
        str(sheet.name)
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]


def _parts_of(packed: zipfile.ZipFile) -> dict[str, str]:
    """The part of the package that holds each sheet, in whichever of the two namespaces."""
    from xml.etree import ElementTree

    try:
        book = ElementTree.fromstring(packed.read("xl/workbook.xml"))
        links = ElementTree.fromstring(packed.read("xl/_rels/workbook.xml.rels"))
    except (KeyError, ElementTree.ParseError):
        return {}
    targets = {r.get("Id"): (r.get("Target") or "").lstrip("/") for r in links}
    found = {
        sheet.get("name") or "": targets.get(value) or ""
        for sheet in book.iterfind(".//{*}sheet")
        for key, value in sheet.items()
        if key.endswith("}id")
    }
    return {n: t if t.startswith("xl/") else f"xl/{t}" for n, t in found.items()}
