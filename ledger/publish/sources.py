"""A ledger as a source of rows in bulk, the same for SQLite and PostgreSQL.

Rows are asked for by number, never beyond the head that was read first. What lies below a head
never changes, so two questions asked one after the other still answer for one moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ledger.storage.head import Head
from ledger.storage.place import Place
from schemas.columnar import SEGMENTS

# A reversal's kind is that of what it reverses, through any number of reversals.
_ORIGIN = """
WITH RECURSIVE origin(seq, target, kind) AS (
    SELECT seq, target_seq, kind FROM movement
    WHERE seq > {low:d} AND seq <= {high:d} AND kind = 'reversal'
    UNION ALL
    SELECT o.seq, m.target_seq, m.kind FROM origin o JOIN movement m ON m.seq = o.target
    WHERE o.kind = 'reversal'
)
"""

_ENTRY = """
SELECT e.seq, m.submission, e.budget_no, e.official, m.kind, coalesce(o.kind, m.kind),
    m.effective_on, e.adjustment_mtpp, e.pending_mtpp, e.held_mtpp, e.posted_mtpp, e.lapsed_mtpp
FROM entry e CROSS JOIN movement m LEFT JOIN origin o ON o.seq = e.seq AND o.kind <> 'reversal'
WHERE e.seq > {low:d} AND e.seq <= {high:d} AND m.seq = e.seq
ORDER BY e.seq, e.budget_no, e.official
"""

# Each table's rows above `low` and up to `high`, in the order and with the columns of SEGMENTS.
# Bounds are seq for the first four; for `submission` its number. Parties and budgets are above
# their own number `low` and up to the submission `high`.
QUERIES: dict[str, str] = {
    "movement": "SELECT {columns} FROM movement WHERE seq > {low:d} AND seq <= {high:d}"
    " ORDER BY seq",
    "entry": _ORIGIN + _ENTRY,
    "finding": "SELECT f.seq, m.submission, f.ordinal, f.code, f.budget_no, f.limit_mtpp,"
    " f.taken_mtpp, f.asked_mtpp, f.short_mtpp, f.detail"
    " FROM finding f CROSS JOIN movement m"
    " WHERE f.seq > {low:d} AND f.seq <= {high:d} AND m.seq = f.seq ORDER BY f.seq, f.ordinal",
    "about_party": "SELECT {columns} FROM standing WHERE seq > {low:d} AND seq <= {high:d} AND kind"
    " IN ('ownership', 'party_merged', 'installed_base', 'certificate', 'notice') ORDER BY seq",
    "party": "SELECT {columns} FROM party WHERE party_no > {low:d} AND submission <= {high:d}"
    " ORDER BY party_no",
    "budget": "SELECT {columns} FROM budget WHERE budget_no > {low:d} AND submission <= {high:d}"
    " ORDER BY budget_no",
    "ruling": "SELECT {columns} FROM ruling WHERE ruling_no > {low:d} AND submission <= {high:d}"
    " ORDER BY ruling_no",
    "budget_step": "SELECT {columns} FROM budget_step WHERE budget_no > {low:d}"
    " AND submission <= {high:d} ORDER BY budget_no, from_on",
    "submission": "SELECT number, first_seq, count, recorded_at, actor, verb, file_name, note,"
    " digest FROM submission WHERE number > {low:d} AND number <= {high:d} ORDER BY number",
}
BY_SEQ = ("movement", "entry", "finding", "about_party")


@dataclass(frozen=True, slots=True)
class Part:
    """Rows to be copied together: of each table those above `low` and up to `high`."""

    bounds: dict[str, tuple[int, int]]

    def query(self, table: str) -> str:
        """The SQL that gives the table's rows, in both databases."""
        low, high = self.bounds[table]
        columns = ", ".join(f'"{name}"' for name in SEGMENTS[table])
        return QUERIES[table].format(columns=columns, low=low, high=high)


class Rows(Protocol):
    """A part that can be read: each table as an Arrow stream, from its beginning each time."""

    def stream(self, table: str) -> Any:
        """A context that gives an object with `__arrow_c_stream__`, types as they come."""


class Source(Protocol):
    """An open ledger, for reading."""

    def head(self) -> Head:
        """The head as last committed."""

    def digest_of(self, submission: int) -> str | None:
        """The chain's digest after a submission (64 zeros after none); None: no such one."""

    def parts(self, wanted: list[Part]) -> Iterator[Rows]:
        """Each wanted part, in turn, to be read before the next is asked for."""


@contextmanager
def source(place: Place, scratch: Path) -> Iterator[Source]:
    """Open a ledger as a source; `scratch` is a folder for files that are soon gone again."""
    if place.dialect == "sqlite":
        from ledger.publish.from_sqlite import SqliteSource

        with SqliteSource.opened(place, scratch) as sqlite:
            yield sqlite
    else:
        from ledger.publish.from_postgresql import PostgresqlSource

        with PostgresqlSource.opened(place) as postgresql:
            yield postgresql
