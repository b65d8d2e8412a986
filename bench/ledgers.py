"""Ledgers to measure on: with the licences on file, and with all shipments besides."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from time import perf_counter, process_time

from bench import data
from bench.processes import Run, child


def url_of(path: Path) -> str:
    """The URL of a ledger file."""
    return f"sqlite:///{path}"


def licensed(work: Path, rows: int) -> Path:
    """A ledger file with the licences that so many shipments draw on; made once, then copied."""
    path = work / f"licensed-{rows}.db"
    if not path.exists():
        draft = path.with_suffix(".part")
        remove(draft)
        files = data.files(work, rows)
        child("bench.ledgers:make", url=url_of(draft), licences=str(files.licences))
        draft.rename(path)
    return path


def empty(url: str) -> None:
    """A new ledger."""
    from ledger.service.ledger import new_ledger

    new_ledger(url).close()


def make(url: str, licences: str) -> None:
    """A new ledger with a licences file imported."""
    from ledger.service.ledger import new_ledger
    from schemas.kinds import FileKind

    with new_ledger(url) as ledger:
        outcome = ledger.import_file(Path(licences), FileKind.LICENCES)
        _insist_all_recorded(outcome)


def load(url: str, shipments: str, kind: str = "shipments") -> dict[str, float]:
    """Import a file, of shipments or another kind, into a ledger that is there: seconds to its
    durable commit, on the clock and of processors.
    """
    began, cpu = perf_counter(), process_time()
    from ledger.service.ledger import open_ledger
    from schemas.kinds import FileKind

    with open_ledger(url) as ledger:
        outcome = ledger.import_file(Path(shipments), FileKind(kind))
        seconds, cpu = perf_counter() - began, process_time() - cpu
    _insist_all_recorded(outcome)
    return {"seconds": seconds, "cpu": cpu, "movements": outcome.count}


def _insist_all_recorded(outcome: object) -> None:
    problems = getattr(outcome, "problems", ())
    if problems or getattr(outcome, "already", 0):
        raise SystemExit(f"not every row was recorded: {list(problems)[:3]}")


def loaded(work: Path, rows: int, *, anew: bool = False) -> tuple[Path, Run | None]:
    """A ledger file with so many shipments, and the run that imported them if it was just made."""
    path = work / f"loaded-{rows}.db"
    if path.exists() and not anew:
        return path, None
    draft = copied(licensed(work, rows), path.with_suffix(".part"))
    files = data.files(work, rows)
    run = child("bench.ledgers:load", url=url_of(draft), shipments=str(files.shipments))
    remove(path)
    draft.rename(path)
    return path, run


def copied(ledger: Path, copy: Path) -> Path:
    """A copy of a ledger file that nobody has open."""
    remove(copy)
    shutil.copyfile(ledger, copy)
    return copy


def remove(ledger: Path) -> None:
    """Remove a ledger file with its log and its columnar copy."""
    for end in ("", "-wal", "-shm"):
        Path(f"{ledger}{end}").unlink(missing_ok=True)
    shutil.rmtree(f"{ledger}.copy", ignore_errors=True)


def count(ledger: Path, table: str) -> int:
    """How many rows a table of a ledger file has."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return found
