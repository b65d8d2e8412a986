"""What a file is, by its first bytes; and what is said of one that is no table."""

from __future__ import annotations

import re
import stat
from enum import StrEnum
from pathlib import Path

from schemas.problems import Problem, Unusable

BOM = b"\xef\xbb\xbf"
_HEAD = 4096


class Format(StrEnum):
    """The forms a table may come in."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


_NOT_A_TABLE: tuple[tuple[bytes, str], ...] = (
    (rb"\xff\xfe|\xfe\xff", "is UTF-16; save it as UTF-8 (in a spreadsheet: CSV UTF-8)"),
    (rb"\x1f\x8b", "is compressed with gzip; unpack it first"),
    (rb"BZh|\xfd7zXZ|\x28\xb5\x2f\xfd", "is compressed; unpack it first"),
    (rb"\xd0\xcf\x11\xe0", "is an old Excel workbook (.xls); save it as .xlsx or CSV"),
    (rb"%PDF-", "is a PDF, not a table"),
    (rb"SQLite format 3\x00", "is a database, not a table"),
    (rb"\s*<(?i:!doctype html|html)", "is a web page (HTML), not a table"),
    (rb"\s*<", "is XML, not a table"),
    (rb"\s*(?:\{|\[\s*[\{\[\"])", "is JSON, not a table; save it as CSV"),
)


# What files of these forms are called, by the end of their names.
PARQUET_NAMES, WORKBOOK_NAMES = (".parquet", ".pq"), (".xlsx", ".xlsm")


def format_of(path: Path) -> Format:
    """The form of a file. Raises Unusable for one that is empty, no table, misnamed, or no file."""
    # A pipe is read once, and a file here more often; nor would its rejects have a place. One that
    # nobody writes into is not even opened: that would wait.
    if not stat.S_ISREG(path.stat().st_mode):
        raise unusable(path, "is a pipe or a device; save what it holds to a file first")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    suffix = path.suffix.lower()
    if not head.removeprefix(BOM).strip():
        raise unusable(path, "is empty")
    if suffix == ".parquet" or head.startswith(b"PAR1"):
        _must_be(path, head, b"PAR1", PARQUET_NAMES, "a Parquet file")
        return Format.PARQUET
    if suffix in WORKBOOK_NAMES or head.startswith(b"PK\x03\x04"):
        _must_be(path, head, b"PK\x03\x04", WORKBOOK_NAMES, "an Excel workbook")
        return Format.XLSX
    text = head.removeprefix(BOM)
    for pattern, reason in _NOT_A_TABLE:
        if re.match(pattern, text):
            raise unusable(path, reason)
    if head[1::2].count(0) > len(head) // 4 or head[::2].count(0) > len(head) // 4:
        raise unusable(path, "is UTF-16; save it as UTF-8 (in a spreadsheet: CSV UTF-8)")
    return Format.CSV


def unusable(path: Path, reason: str, line: int = 0, value: str = "") -> Unusable:
    """The refusal of a whole file, for one reason."""
    return Unusable(Problem(path.name, line, 0, "", value, reason))


def _must_be(path: Path, head: bytes, magic: bytes, suffixes: tuple[str, ...], what: str) -> None:
    suffix = path.suffix.lower()
    if not head.startswith(magic):
        raise unusable(path, f"is named {suffix} but is not {what}")
    if suffix not in suffixes:
        if magic == b"PK\x03\x04" and not _holds_workbook(path):
            raise unusable(path, "is compressed with zip; unpack it first")
        raise unusable(path, f"is {what}, not text; name it {suffixes[0]} to import it")


def _holds_workbook(path: Path) -> bool:
    import zipfile

    try:
        with zipfile.ZipFile(path) as packed:
            return "xl/workbook.xml" in packed.namelist()
    except zipfile.BadZipFile:
        return False
