"""Writes an answer in a format, to a stream or, atomically, to a file. Bytes are the contract."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from reports.columns import Kind, neutral, plain
from reports.runner import Result
from reports.table import table_lines

FORMATS = ("table", "csv", "json", "parquet")
_TEXT = (Kind.AMOUNT, Kind.PERCENT, Kind.DAY, Kind.TEXT)


def write(result: Result, form: str, out: BinaryIO, width: int | None = None) -> None:
    """Write an answer in one of FORMATS; `width` is that of the terminal, for a table."""
    if form == "table":
        with _text(out) as text:
            for line in table_lines(result, width):
                text.write(line + "\n")
    else:
        _WRITERS[form](result, out)


def save(result: Result, form: str, path: Path, width: int | None = None) -> None:
    """Write an answer to a file: all of it, or the file stays as it was.

    Beside a CSV file, which cannot say it itself, `FILE.about.json` says what the answer is about.
    """
    with replacing(path) as out:
        write(result, form, out, width)
    if form == "csv" and path.is_file():
        with replacing(path.with_name(f"{path.name}.about.json")) as out:
            out.write(_json(result.about).encode() + b"\n")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose bytes become the file once all are written; into a pipe or device at once.

    Raises OSError, of the file as it was named.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as out:
            yield out
        return
    under_way = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        with _opened(under_way, path) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.replace(under_way, path)
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        under_way.unlink(missing_ok=True)


def _opened(under_way: Path, path: Path) -> BinaryIO:
    try:
        return under_way.open("wb")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def _text(out: BinaryIO) -> Iterator[io.TextIOWrapper]:
    """UTF-8 and bare line feeds, whatever the surrounding says."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="\n", write_through=False)
    try:
        yield text
        text.flush()
    finally:
        text.detach()


def _csv(result: Result, out: BinaryIO) -> None:
    ask = ", ".join(neutral(c) for c in result.columns)
    found = result.connection.execute(f"SELECT {ask} FROM result")  # noqa: S608
    with _text(out) as text:
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow([c.written for c in result.columns])
        while rows := found.fetchmany(10_000):
            lines.writerows(rows)


def _json_rows(result: Result, out: BinaryIO) -> None:
    """`{"about": ..., "rows": [...]}`: amounts, percentages and days are text, so stay exact."""
    ask = ", ".join(plain(c) if c.kind in _TEXT else f'"{c.name}"' for c in result.columns)
    found = result.connection.execute(f"SELECT {ask} FROM result")  # noqa: S608
    names = [c.written for c in result.columns]
    with _text(out) as text:
        text.write('{"about": ' + _json(result.about) + ',\n"rows": [')
        between = "\n"
        while rows := found.fetchmany(10_000):
            for row in rows:
                one = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False)
                text.write(between + one)
                between = ",\n"
        text.write("\n]}\n")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _parquet(result: Result, out: BinaryIO) -> None:
    """Amounts are whole milli-TPP; what the answer is about stands in the file's metadata."""
    about = json.dumps(result.about, ensure_ascii=False).replace("'", "''")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.parquet"
        place = str(path).replace("'", "''")
        result.connection.execute(
            f"COPY result TO '{place}' (FORMAT parquet, KV_METADATA {{about: '{about}'}})"
        )
        with path.open("rb") as made:
            shutil.copyfileobj(made, out)


_WRITERS: dict[str, Callable[[Result, BinaryIO], None]] = {
    "csv": _csv,
    "json": _json_rows,
    "parquet": _parquet,
}
