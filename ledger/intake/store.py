"""The temporary database a file is read into, and its problems.

It is kept in memory as far as it may take some, and goes to a scratch folder beyond: rows on disk
would be compressed as they come, which takes as long as reading them.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.intake.cells import Wrong
from ledger.storage.interrupts import held_back
from schemas.problems import Problem

if TYPE_CHECKING:
    import duckdb

# For reading, and again for the sort of what is posted as columns; with more threads, each would
# sort with memory of its own. Rows that say much need more: see memory_steps().
MEMORY_MB = 400
THREADS = 2
BATCH = 2_000

# A problem keeps the beginning of a cell; the rejects file has all of it.
_LONGEST_VALUE = 500
_PROBLEM_COLUMNS = (
    "line BIGINT",
    "row BIGINT",
    '"column" VARCHAR',
    "value VARCHAR",
    "reason VARCHAR",
    "nearest VARCHAR[]",
)


def memory_steps() -> Iterator[int]:
    """How much memory DuckDB may take, in MB: what does for most files, and then four times as much
    each time, up to what it takes of the machine by itself.
    """
    step = MEMORY_MB
    yield step
    most = _most_mb()
    while step < most:
        step = min(4 * step, most)
        yield step


def _most_mb() -> int:
    """What DuckDB would take: most of the machine's memory, or of its container's."""
    import duckdb

    with duckdb.connect() as con:
        said = con.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]
    figure, unit = said.split()
    return int(float(figure) * _MEGABYTES.get(unit, 0))


_MEGABYTES = {"MiB": 1.048, "GiB": 1_073, "TiB": 1_099_511}


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a file is read: a folder for scratch files, and how much memory DuckDB may take."""

    folder: Path
    memory_mb: int = MEMORY_MB


def open_store(workspace: Workspace) -> tuple[duckdb.DuckDBPyConnection, Path]:
    """A new database, and a folder of its own inside that of `workspace`."""
    with held_back():  # interrupted while it is loaded, the library ends the whole process
        import duckdb

    folder = Path(tempfile.mkdtemp(prefix="intake-", dir=workspace.folder))
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{workspace.memory_mb}MB",
        "threads": str(THREADS),
        "temp_directory": str(folder / "spill"),
        # Rows carry their numbers, so they need not be kept in order: twice as fast.
        "preserve_insertion_order": "false",
        "autoinstall_known_extensions": "false",
    }
    con = _quiet(duckdb.connect(":memory:", config=settings))
    con.execute(f"CREATE TABLE problem ({', '.join(_PROBLEM_COLUMNS)})")
    return con, folder


def second(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another connection to the same database, to read while the first one writes."""
    return _quiet(con.cursor())


def _quiet(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    # DuckDB's own progress bar goes to stdout; it is set connection by connection.
    con.execute("SET enable_progress_bar = false")
    return con


@contextmanager
def plainly() -> Iterator[None]:
    """DuckDB's own errors as Python's: Ctrl-C as KeyboardInterrupt, a full disk and too little
    memory as OSError.
    """
    import duckdb

    try:
        yield
    except (RuntimeError, duckdb.InterruptException) as error:
        if "interrupted" in str(error).lower():
            raise KeyboardInterrupt from None
        raise
    except duckdb.IOException as error:
        raise OSError(errno.EIO, str(error)) from error
    except duckdb.OutOfMemoryException as error:
        raise OSError(number_of(str(error)), str(error)) from error


def number_of(said: str) -> int:
    """The errno for DuckDB's "Out of Memory Error": it spills to nine tenths of what the disk has,
    and beyond says the same of that.
    """
    return errno.ENOSPC if "temp_directory" in said else errno.ENOMEM


class Problems:
    """Collects problems and writes them to the table `problem`, some thousand at a time."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._waiting: list[tuple[int, int, str, str, str, list[str]]] = []

    def add(self, line: int, row: int, column: str, value: str, wrong: Wrong) -> None:
        """Note one problem of a row."""
        value = value[:_LONGEST_VALUE]
        self._waiting.append((line, row, column, value, wrong.reason, list(wrong.nearest)))
        if len(self._waiting) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            insert(
                self._con,
                "problem",
                ["BIGINT", "BIGINT", *["VARCHAR"] * 3, "VARCHAR[]"],
                self._waiting,
            )
            self._waiting = []


def insert(
    con: duckdb.DuckDBPyConnection, table: str, types: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Append rows to a table, a column at a time."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    values = ", ".join(f"unnest(CAST(? AS {type_}[]))" for type_ in types)
    with plainly():
        con.execute(f"INSERT INTO {table} SELECT {values}", columns)


def problem_of(file: str, row: Sequence[Any]) -> Problem:
    """A row of the table `problem` as a Problem of that file."""
    line, number, column, value, reason, nearest = row
    return Problem(file, line, number, column, value, reason, tuple(nearest or ()))
