"""A CSV file, read once from end to end: its records numbered, its structure judged.

Lines go by the block where each is a record; where one is not, the block is looked at line by line.
Nothing is kept but the block at hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ledger.intake.blocks import Block, block_of, odd_beyond_ascii
from ledger.intake.cells import BLANKS, LONGEST_CELL
from ledger.intake.records import LONGEST_RECORD, Open, Stray, clean, joined, split
from ledger.intake.sniff import BOM, unusable

_BLOCK = 1 << 20
_LONGEST_PENDING = 32 << 20
_DELIMITERS = (b",", b";", b"\t", b"|")
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_NBSP = "\u00a0".encode()
_EMPTY = BLANKS + "".join(mark.decode() for mark in _DELIMITERS)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A record whose cells cannot be told apart, or are not as many as the headings."""

    row: int
    line: int
    record: bytes
    reason: str


@dataclass(slots=True)
class Batch:
    """Records with their numbers: `rows` from 1, `lines` where each begins in the file."""

    rows: Sequence[int]
    lines: Sequence[int]
    records: list[bytes]
    troubles: list[Trouble] = field(default_factory=list)

    def numbered(self, mark: bytes) -> bytes:
        """The records, each behind its row and line."""
        form = b"%d" + mark.replace(b"%", b"%%") + b"%d" + mark.replace(b"%", b"%%") + b"%b\n"
        each = zip(self.rows, self.lines, self.records, strict=True)
        return b"".join([form % numbered for numbered in each])


def headings_of(path: Path, delimiter: str | None, score: Callable[[list[str]], int]) -> CsvFile:
    """Open a CSV file: its delimiter is the one whose headings score best, or as told.

    Raises Unusable where the first line holds no headings.
    """
    with path.open("rb") as file:
        head = file.read(_BLOCK).removeprefix(BOM)
    skipped = _skipped(head)
    text = head[skipped:]
    if not text:
        raise unusable(path, "holds no headings")
    if b"\r" in text.split(b"\n", 1)[0].rstrip(b"\r"):
        raise unusable(path, "its lines end in CR alone; save it with LF or CRLF line ends")
    told = (delimiter.encode(),) if delimiter else _DELIMITERS
    tried = [_header(path, text, d) for d in told]
    found = [f for f in tried if isinstance(f, CsvFile)]
    if not found:
        raise unusable(path, str(tried[0]), 1)
    best = max(found, key=lambda f: (score(f.headings), len(f.headings)))
    best.header_line = 1 + head[:skipped].count(b"\n")
    best.header_size += skipped
    return best


def _skipped(head: bytes) -> int:
    """How much of a file comes before its headings: lines of blanks and delimiters."""
    at = 0
    for line in head.splitlines(keepends=True):
        if line.decode(errors="replace").strip(_EMPTY):
            break
        at += len(line)
    return at


def _header(path: Path, text: bytes, delimiter: bytes) -> CsvFile | str:
    """The file with the headings this delimiter makes, or why it makes none."""
    end = -1
    while True:
        end = text.find(b"\n", end + 1)
        record = text if end < 0 else text[:end]
        try:
            cells = split(record.removesuffix(b"\r"), delimiter)
        except Open:
            if end >= 0:
                continue
            return "a quote opens in the headings and never closes"
        except Stray:
            return "text stands after a closing quote in the headings"
        break
    try:
        headings = [cell.decode() for cell in cells]
    except UnicodeDecodeError:
        raise _not_utf8(path, record, 0, 1) from None
    size = len(text) if end < 0 else end + 1
    return CsvFile(path, delimiter, headings, size, 1 + record.count(b"\n"))


@dataclass(slots=True)
class CsvFile:
    """A CSV file and, once `batches` has run to its end, what was seen on the way."""

    path: Path
    delimiter: bytes
    headings: list[str]
    header_size: int
    header_lines: int
    header_line: int = 1
    digest: str = ""
    rows: int = 0
    size: int = 0
    odd: bool = False
    odd_blanks: bool = False

    def batches(self) -> Iterator[Batch | Block]:
        """Every record after the headings, in order. Raises Unusable where rows end to be rows."""
        return _Scan(self).batches()

    def cells(self, record: bytes) -> list[str]:
        """The cells of a record; one cell with all of it, where they cannot be told apart."""
        try:
            return [cell.decode() for cell in split(record, self.delimiter)]
        except (Open, Stray):
            return [record.decode()]


class _Scan:
    def __init__(self, file: CsvFile) -> None:
        self.file = file
        self.row = 0
        self.line = file.header_line + file.header_lines - 1
        self.clean = clean(file.delimiter, len(file.headings))
        self.pending: list[bytes] = []
        self.pending_size = 0
        self.pending_line = 0

    def batches(self) -> Iterator[Batch | Block]:
        digest = hashlib.sha256()
        file = self.file
        with file.path.open("rb") as stream:
            start = stream.read(len(BOM))
            start = start if start == BOM else b""
            stream.seek(len(start))
            header = stream.read(file.header_size)
            digest.update(start + header)
            place = len(start + header)
            carry: list[bytes] = []
            while block := stream.read(_BLOCK):
                digest.update(block)
                end = block.rfind(b"\n") + 1
                carry.append(block[:end] if end else block)
                if not end:
                    self._guard(sum(map(len, carry)))
                    continue
                chunk = b"".join(carry)
                carry = [block[end:]]
                yield self._batch(chunk, place)
                place += len(chunk)
                file.size = place
            if chunk := b"".join(carry):
                yield self._batch(chunk, place)
        if self.pending:
            raise self._unterminated()
        file.digest, file.rows, file.size = digest.hexdigest(), self.row, place + len(chunk)

    def _guard(self, size: int) -> None:
        if size > _LONGEST_PENDING:
            reason = f"a line of more than {_LONGEST_PENDING >> 20} MB: not a table of rows"
            raise unusable(self.file.path, reason, self.line + 1)

    def _batch(self, chunk: bytes, place: int) -> Batch | Block:
        file = self.file
        if not chunk.isascii():
            self._check_utf8(chunk, place)
            file.odd_blanks = file.odd_blanks or _NBSP in chunk
            if not file.odd and odd_beyond_ascii(chunk):
                file.odd = file.odd_blanks = True
        if len(chunk.translate(None, _CONTROLS)) != len(chunk):
            file.odd = True
        # Where tabs part the cells, one may stand in quotes all the same.
        if b"\t" in chunk and (file.delimiter != b"\t" or b'"' in chunk):
            file.odd_blanks = True
        if self.pending:
            return self._by_line(_lines(chunk))
        text = chunk.replace(b"\r\n", b"\n") if b"\r" in chunk else chunk
        marks = len(file.headings) - 1
        block = block_of(text, file.delimiter, self.clean, marks, (self.row + 1, self.line + 1))
        if block is None:
            return self._by_line(_lines(chunk))
        self.row += len(block.rows)
        self.line += len(block.lines)
        return block

    def _check_utf8(self, chunk: bytes, place: int) -> None:
        try:
            chunk.decode()
        except UnicodeDecodeError:
            raise _not_utf8(self.file.path, chunk, place, self.line + 1) from None

    def _by_line(self, lines: list[bytes]) -> Batch:
        rows: list[int] = []
        numbers: list[int] = []
        batch = Batch(rows, numbers, [])
        mark, count = self.file.delimiter, len(self.file.headings) - 1
        for line in lines:
            self.line += 1
            # Most lines hold no quote even where some do: a count tells that they are clean.
            plain = b'"' not in line and b"\r" not in line
            plain = plain and line.count(mark) == count and 0 < len(line) <= LONGEST_RECORD
            if not self.pending and (plain or self._is_clean(line)):
                self.row += 1
                rows.append(self.row)
                numbers.append(self.line)
                batch.records.append(line if plain else line.removesuffix(b"\r"))
                continue
            record, begins = self._record(line)
            if record is None:
                continue
            self.row += 1
            judged = self._judged(record, begins)
            if isinstance(judged, Trouble):
                batch.troubles.append(judged)
            else:
                rows.append(self.row)
                numbers.append(begins)
                batch.records.append(judged)
        return batch

    def _is_clean(self, line: bytes) -> bool:
        record = line.removesuffix(b"\r")
        return 0 < len(record) <= LONGEST_RECORD and self.clean.fullmatch(record) is not None

    def _record(self, line: bytes) -> tuple[bytes | None, int]:
        """The record that ends with this line and where it begins; None where none ends here."""
        begins = self.line
        if self.pending:
            self.pending.append(line)
            self.pending_size += len(line)
            if self.pending_size > _LONGEST_PENDING:
                raise self._unterminated()
            # Inside a quoted cell only an odd number of quotes can lead out of it.
            if line.count(b'"') % 2 == 0:
                return None, 0
            line, begins = b"\n".join(self.pending), self.pending_line
        elif not line.rstrip(b"\r"):
            return None, 0
        record = line.removesuffix(b"\r")
        if b'"' in record:
            try:
                split(record, self.file.delimiter)
            except Open:
                if not self.pending:
                    self.pending, self.pending_line = [line], begins
                    self.pending_size = len(line)
                return None, 0
            except Stray as stray:
                if self.pending:
                    raise self._swallowed(record, stray) from None
        self.pending = []
        return record, begins

    def _judged(self, record: bytes, begins: int) -> bytes | Trouble:
        """The record as it can be staged, or what is wrong with its structure."""
        if b"\n" in record or b"\r" in record:
            self.file.odd_blanks = True
        if len(record) > LONGEST_RECORD:
            return Trouble(self.row, begins, record, self._long_reason(record))
        if self.clean.fullmatch(record):
            return record
        try:
            cells = split(record, self.file.delimiter)
        except Stray as stray:
            heading = self._heading(stray.cell)
            reason = f"text stands after the closing quote in {heading}; double quotes inside it"
            return Trouble(self.row, begins, record, reason)
        if len(cells) != len(self.file.headings):
            if not any(cell.decode().strip(BLANKS) for cell in cells):
                return self.file.delimiter * (len(self.file.headings) - 1)  # an empty row
            return Trouble(self.row, begins, record, self._count_reason(len(cells)))
        return joined(cells, self.file.delimiter)

    def _heading(self, cell: int) -> str:
        names = self.file.headings
        return names[cell] if cell < len(names) else f"cell {cell + 1}"

    def _count_reason(self, count: int) -> str:
        known = len(self.file.headings)
        few = "few" if count < known else "many"
        cells = "1 cell" if count == 1 else f"{count} cells"
        return f"too {few} columns: {cells} under {known} headings"

    def _long_reason(self, record: bytes) -> str:
        cells = self.file.cells(record)
        longest = max(range(len(cells)), key=lambda i: len(cells[i]))
        return (
            f"the row holds {len(record):,} bytes, {len(cells[longest]):,} characters of them in "
            f"{self._heading(longest)}; a cell may hold {LONGEST_CELL:,}"
        )

    def _unterminated(self) -> Exception:
        text = b"\n".join(self.pending)
        try:
            split(text, self.file.delimiter)
            opened = self.pending_line
        except Open as unclosed:
            opened = self.pending_line + text.count(b"\n", 0, unclosed.at)
        except Stray as stray:
            return self._swallowed(text, stray)
        return unusable(
            self.file.path,
            "the quote that opens in this line never closes, so the rows after it cannot be read",
            opened,
            self.pending[opened - self.pending_line].decode(errors="replace"),
        )

    def _swallowed(self, text: bytes, stray: Stray) -> Exception:
        opened = self.pending_line + text.count(b"\n", 0, stray.at)
        closed = self.pending_line + text.count(b"\n", 0, stray.end)
        return unusable(
            self.file.path,
            f"the quote that opens in this line runs on to line {closed} and text follows its "
            "closing quote, so rows cannot be told apart from there",
            opened,
            self.pending[opened - self.pending_line].decode(errors="replace"),
        )


def _lines(chunk: bytes) -> list[bytes]:
    lines = chunk.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _not_utf8(path: Path, chunk: bytes, place: int, line: int) -> Exception:
    try:
        chunk.decode()
    except UnicodeDecodeError as error:
        begin = chunk.rfind(b"\n", 0, error.start) + 1
        end = chunk.find(b"\n", error.start)
        text = chunk[begin : end if end >= 0 else None].decode("cp1252", errors="replace")
        byte = chunk[error.start]
        meant = bytes([byte]).decode("cp1252", errors="replace")
        return unusable(
            path,
            f"is not UTF-8: byte 0x{byte:02X} at position {place + error.start + 1} of the file "
            f'(in Windows-1252 it is "{meant}"); save it as UTF-8',
            line + chunk.count(b"\n", 0, error.start),
            text.strip(),
        )
    raise AssertionError("asked only of bytes that do not decode")
