"""The invariant of a copy: its files are those that were written, and say what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, func, select

from ledger.publish import check_rows, folders
from ledger.storage.check import Invariant
from ledger.storage.check_spoilt import is_spoilt, why
from ledger.storage.errors import StoreUnavailable
from ledger.storage.head import head_of
from ledger.storage.place import place_of
from ledger.storage.rows import summed
from ledger.storage.store import open_store
from schemas import tables as t
from schemas.columnar import AMOUNTS
from schemas.manifest import Manifest, scan

# What is counted and added up, by what.
_SUMS = ", ".join(f"sum({name})" for name in AMOUNTS)
_ENTRIES = "SELECT budget_no, official, count(*), {sums} FROM {files} GROUP BY ALL"
_ROLLED = (
    "SELECT budget_no, official, as_kind, effective_on, {sums} FROM {files} {where} GROUP BY ALL"
)
_MOVEMENTS = "SELECT kind, count(*), sum(seq), max(amount_mtpp) FROM {files} GROUP BY ALL"
_BUDGETS = 'SELECT budget_no, holder, "window", from_on, to_on, limit_mtpp FROM {files}'
Row = tuple[object, ...]


def check_copy(url: str) -> Invariant:
    """Whether the copy of the ledger at a URL, where one stands, is as it was written, and holds
    the rows of the ledger up to where it has followed; sums that differ are told first.

    Raises StoreError where there is no ledger.
    """
    said = "the copy for reports, where one stands, is as written and says what the ledger says"
    found = Invariant("copy", said)
    folder = folders.folder_of(place_of(url), head_of(url).ledger_id)
    manifest = folders.stored(folder)
    if manifest is None:
        return found
    for file in folders.damaged(folder, manifest):
        found.fail(f"{file} is not as it was written: remove {folder}, which is built anew")
    if found.holds:
        _compare(url, folder, manifest, found)
    return found


def _compare(url: str, folder: Path, manifest: Manifest, found: Invariant) -> None:
    import duckdb

    try:
        for what in _differing(url, folder, manifest):
            found.fail(f"{what} not the ledger's: remove {folder}, which is built anew")
    except Exception as error:
        # What cannot be streamed, or is no figure where one stands, was spoilt by hand.
        if not (is_spoilt(error) or isinstance(error, (duckdb.Error, StoreUnavailable))):
            raise
        found.fail(f"not to be compared with what is stored ({why(error)})")


def _differing(url: str, folder: Path, manifest: Manifest) -> Iterator[str]:
    """What of a copy's rows is not what the ledger has; nothing of a copy it has left behind."""
    with open_store(url) as store, store.reading(cache_mb=64) as turn:
        connection = turn.connection
        if not _follows(connection, manifest):
            return
        entries, movements, budgets = _of_ledger(connection, manifest)
    asked = _Files(folder, manifest)
    for budget_no in _unlike(entries, asked.rows("entry", _ENTRIES)):
        yield f"the entries of budget {budget_no} are"
    for budget_no in asked.rolled_unlike():
        yield f"the sums by day of budget {budget_no} are"
    for kind in _unlike(movements, asked.rows("movement", _MOVEMENTS)):
        yield f"the movements of kind {kind} are"
    for budget_no in _unlike(budgets, asked.rows("budget", _BUDGETS)):
        yield f"budget {budget_no} is"
    for table in check_rows.unlike(place_of(url), folder, manifest):
        yield f"the rows of {table} are"


def _follows(connection: Connection, manifest: Manifest) -> bool:
    """Whether the ledger still has the submission that a copy has followed to."""
    at = t.submission.c.number == manifest.last_submission
    return connection.scalar(select(t.submission.c.digest).where(at)) == manifest.digest


def _of_ledger(connection: Connection, manifest: Manifest) -> tuple[set[Row], set[Row], set[Row]]:
    """What the ledger has up to the copy's last seq: sums of entries and movements, budgets."""
    e, m, b = t.entry.c, t.movement.c, t.budget.c
    by_budget = (e.budget_no, e.official)
    entries = select(*by_budget, func.count(), *(summed(e[name]) for name in AMOUNTS))
    counted = func.count(), summed(m.seq), func.max(m.amount_mtpp)
    named = b.budget_no, b.holder, b.window, b.from_on, b.to_on, b.limit_mtpp
    asked = (
        entries.where(e.seq <= manifest.last_seq).group_by(*by_budget),
        select(m.kind, *counted).where(m.seq <= manifest.last_seq).group_by(m.kind),
        select(*named).where(b.submission <= manifest.last_submission),
    )
    found = [set(map(tuple, connection.execute(query))) for query in asked]
    return found[0], found[1], found[2]


class _Files:
    """The Parquet files of a copy, asked by DuckDB."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = folder, manifest

    def rows(self, table: str, query: str, where: str = "") -> set[Row]:
        """The rows a query gives of a table's files."""
        import duckdb

        files = [str(self.folder / s.file) for s in self.manifest.of(table) if s.rows]
        if not files:
            return set()
        with duckdb.connect(":memory:") as connection:
            asked = query.format(files=scan(files), where=where, sums=_SUMS)
            return set(connection.execute(asked).fetchall())

    def rolled_unlike(self) -> list[object]:
        """The budgets whose sums by day are not those of the entries they stand for."""
        ends = [s.last for s in self.manifest.of("entry_day") if s.rows]
        if not ends:
            return []
        entries = self.rows("entry", _ROLLED, f"WHERE seq <= {max(ends)}")
        return _unlike(entries, self.rows("entry_day", _ROLLED))


def _unlike(expected: set[Row], stored: set[Row]) -> list[object]:
    """What the rows are of that stand on one side alone, in order."""
    return sorted({row[0] for row in expected ^ stored}, key=str)
