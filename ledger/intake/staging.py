"""From a file to a relation DuckDB can read: columns row, line, c0, c1, ..., every cell text.

A workbook's has the `marks` of the row's cells as well (`ledger.intake.marks`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Protocol

from ledger.intake.cells import Wrong
from ledger.intake.csvfile import CsvFile
from ledger.intake.records import joined
from ledger.intake.setting import Progress
from ledger.intake.sql import Seen, quote
from ledger.intake.store import Problems
from ledger.intake.xlsxfile import XlsxFile
from schemas.manifest import literal

STAGED = "staged-{}.csv"
# Rows that DuckDB takes in with one statement, while those behind are being looked at; of the first
# it has fewer, since it waits for them.
PIECE, _FIRST = 200_000, 50_000


class Source(Protocol):
    """A file that was opened: its headings, its relation, and its rows again for the rejects."""

    headings: list[str]
    line: int  # of the headings
    rows: int
    digest: str
    rejected: int
    seen: Seen
    delimiter: bytes  # of its rejects
    marks: str  # of the cells of each column, where one mark is that of all

    def stage(self, folder: Path, problems: Problems, /) -> Iterator[str]:
        """Make the relation in pieces of some PIECE rows, one after the other.

        `problems` are told of rows that have no place in it. What was `seen` goes as far as the
        pieces made; the other figures stand at the end.
        """

    def cells(self) -> Iterator[tuple[int, int, Sequence[str], str]]:
        """Every row again in order: number, line, cells as they were, their marks."""

    def ended(self) -> None:
        """The relation is read for the last time: drop what was made for it."""


class CsvSource:
    """A CSV file, staged as a clean copy whose records begin with their numbers."""

    marks = ""

    def __init__(self, file: CsvFile, progress: Progress | None) -> None:
        self._file = file
        self._progress = progress
        self._staged: list[Path] = []
        self.headings, self.line = file.headings, file.header_line
        self.delimiter = file.delimiter
        self.rows = self.rejected = 0
        self.digest = ""
        self.seen = Seen()

    def stage(self, folder: Path, problems: Problems, /) -> Iterator[str]:
        """Make the relation, telling `problems` of rows that have no place in it."""
        file = self._file
        total = file.path.stat().st_size
        with ExitStack() as open_files:
            out, held, most = open_files.enter_context(self._next(folder)), 0, min(_FIRST, PIECE)
            for batch in file.batches():
                out.write(batch.numbered(file.delimiter))
                for trouble in batch.troubles:
                    text = trouble.record[:2000].decode(errors="replace")
                    problems.add(trouble.line, trouble.row, "", text, Wrong(trouble.reason))
                self.rejected += len(batch.troubles)
                if self._progress:
                    self._progress("reading", file.size, total)
                held += len(batch.rows)
                if held >= most:
                    yield self._staged_as(out)
                    out, held, most = open_files.enter_context(self._next(folder)), 0, PIECE
            yield self._staged_as(out)
        self.rows, self.digest = file.rows, file.digest

    def _next(self, folder: Path) -> BinaryIO:
        self._staged.append(folder / STAGED.format(len(self._staged)))
        return self._staged[-1].open("wb")

    def _staged_as(self, out: BinaryIO) -> str:
        """The relation of what was written."""
        out.close()
        file = self._file
        self.seen = Seen(file.odd, file.odd_blanks)
        return csv_relation(self._staged[-1], len(file.headings), file.delimiter.decode())

    def cells(self) -> Iterator[tuple[int, int, Sequence[str], str]]:
        """Every row again in order: number, line, cells as they were, and no marks."""
        for batch in self._file.batches():
            numbered = zip(batch.rows, batch.lines, batch.records, strict=True)
            found = [(r, n, record) for r, n, record in numbered]
            found += [(t.row, t.line, t.record) for t in batch.troubles]
            for row, line, record in sorted(found) if batch.troubles else found:
                yield row, line, self._file.cells(record), self.marks

    def ended(self) -> None:
        """Drop the clean copy."""
        for path in self._staged:
            path.unlink(missing_ok=True)


def csv_relation(path: Path, columns: int, delimiter: str, *more: str) -> str:
    """The clean copy as DuckDB reads it: strictly, every cell text, and `more` after the cells."""
    types = {"row": "BIGINT", "line": "BIGINT"} | {f"c{i}": "VARCHAR" for i in range(columns)}
    types |= dict.fromkeys(more, "VARCHAR")
    listed = ", ".join(f"{quote(name)}: {quote(type_)}" for name, type_ in types.items())
    return (
        f"read_csv({quote(literal(str(path)))}, columns = {{{listed}}}, auto_detect = false, "
        f"header = false, delim = {quote(delimiter)}, quote = '\"', escape = '\"', "
        "new_line = '\\n', strict_mode = true, hive_partitioning = false)"
    )


class XlsxSource:
    """A sheet of an Excel workbook, staged as CSV."""

    delimiter = b","
    marks = ""
    rejected = 0

    def __init__(self, file: XlsxFile, progress: Progress | None) -> None:
        self._file = file
        self._progress = progress
        self._staged: Path | None = None
        self.headings, self.line = file.headings, file.header_line
        self.rows = 0
        self.digest = ""
        self.seen = Seen(marked=True)

    def stage(self, folder: Path, _problems: Problems, /) -> Iterator[str]:
        """Make the relation; every row has a place in it."""
        self._staged = folder / STAGED.format(0)
        with self._staged.open("wb") as out:
            for row, line, cells, marks in self._file.rows():
                self.rows = row
                texts = [str(row), str(line), *cells, marks]
                out.write(joined([text.encode() for text in texts], b",") + b"\n")
                if self._progress and row % 10_000 == 0:
                    self._progress("reading", row, self._file.height)
        with self._file.path.open("rb") as stream:
            self.digest = hashlib.file_digest(stream, "sha256").hexdigest()
        yield csv_relation(self._staged, len(self.headings), ",", "marks")

    def cells(self) -> Iterator[tuple[int, int, Sequence[str], str]]:
        """Every row again in order: number, line, cells as they were, their marks."""
        return self._file.rows()

    def ended(self) -> None:
        """Drop the staged copy."""
        if self._staged:
            self._staged.unlink(missing_ok=True)
