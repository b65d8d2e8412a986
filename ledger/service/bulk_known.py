"""Which movements of a large file are on record, by their keys: sift() of known_rows.py as columns.

The key of a movement that was reversed is free again: the next attempt takes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.rules.admission import Ints
from ledger.service.batches import Frame
from ledger.service.columns import CONTENTS, FOLLOWER_CONTENTS, keys
from ledger.service.given_tables import staged
from ledger.service.known_rows import ByRows
from ledger.service.outcome import Outcome, Repeated
from ledger.service.replacements import numbers_awaited
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind

if TYPE_CHECKING:
    import duckdb

    from ledger.storage.bulk import Staging

# Keys looked up first of a large file, so many at each of so many places in it: where none is
# known, none is likely to be, and the keys' own uniqueness tells in the end.
SAMPLE, PLACES = 100, 10
# Movements read at a time: as rows they take ten times the room.
_READ = 20_000
# Known rows that an outcome names.
_NAMED = 1000


def undone(seq: str) -> str:
    """SQL: whether a movement is reversed, and not restored (its reversal reversed in turn)."""
    return f"EXISTS ({_REVERSAL.format(of=seq, as_='r')} AND NOT EXISTS ({_RESTORED}))"


_REVERSAL = (
    "SELECT 1 FROM movement {as_}"  # noqa: S608
    f" WHERE {{as_}}.target_seq = {{of}} AND {{as_}}.kind = '{Kind.REVERSAL}'"
)
_RESTORED = _REVERSAL.format(of="r.seq", as_="u")


class Attempts:
    """Which attempt each movement of a file is: the first, but where those before are reversed."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        """Nothing is known yet: the tables `known` and `freed` are made anew."""
        con.execute(_KNOWN)
        con.execute(_FREED)
        self._of: Ints | None = None

    def read(self, con: duckdb.DuckDBPyConnection) -> None:
        """Take over what `freed` came to hold."""
        ((last,),) = con.execute("SELECT max(row) FROM freed").fetchall()
        if last is None:
            return
        freed = con.execute("SELECT row, behind, attempt FROM freed ORDER BY attempt").fetchnumpy()
        self._of = np.ones((2, last + 1), np.int64)
        self._of[freed["behind"], freed["row"]] = freed["attempt"]

    def told(self, frames: Iterator[Frame], *, follows: bool) -> Iterator[Frame]:
        """The batches, their movements knowing which attempt they are.

        Movements that follow others are behind them in a batch, but not in their file.
        """
        for frame in frames:
            if self._of is not None:
                row, behind = frame.ints("row"), frame.ints("behind") * (not follows)
                known = row < self._of.shape[1]
                frame.attempt = np.where(known, self._of[behind, np.where(known, row, 0)], 1)
            yield frame


def any_known(con: duckdb.DuckDBPyConnection, cursor: Cursor, good: int) -> bool:
    """Whether some of a sample of the file's keys are on record; the file has `good` rows."""
    sample: list[bytes] = []
    for first in range(1, good + 1, max(good // PLACES, SAMPLE)):
        # Rows of a range are found without a look at all the others.
        within = f"row BETWEEN {first} AND {first + SAMPLE - 1}"
        found = con.execute(f"SELECT key FROM ({keys()}) WHERE {within}").fetchall()  # noqa: S608
        sample += [bytes(key) for (key,) in found]
    return bool(cursor.find(t.movement_key, "key", sample))


def mark_known(
    con: duckdb.DuckDBPyConnection,
    staging: Staging,
    outcome: Outcome,
    attempts: Attempts,
    *,
    follows: bool = False,
) -> None:
    """Put the movements that are on record into the table `known`, and count them; tell `attempts`
    which of the others were reversed, and how often.

    `follows`: they are receipts or returns. Raises ByRows where a row's place in the ledger cannot
    be told from keys alone.
    """
    attempt = 1
    while _look_up(con, staging, attempt):
        attempt += 1
    attempts.read(con)
    ((count,),) = con.execute("SELECT count(*) FROM known").fetchall()
    if not count:
        return
    said = FOLLOWER_CONTENTS if follows else CONTENTS
    differs = con.execute(_DIFFER.format(contents=said)).fetchall()
    if differs or con.execute(_ORPHANS).fetchall():
        raise ByRows
    if follows and _other_parts(con, staging):
        raise ByRows
    outcome.already += count
    named = con.execute(_REPEATED).fetchall()
    outcome.repeated = [Repeated(row, seq, False) for row, seq in named]


def _look_up(con: duckdb.DuckDBPyConnection, staging: Staging, attempt: int) -> bool:
    """Look up the keys of one attempt, after the first of those that were freed; whether any are
    free once more.
    """
    probe = staged(con, staging, f"probe_{attempt}", _probe(attempt))
    found = f"{probe} p JOIN movement_key k ON k.key = p.key"
    behind = freed = False
    columns = f"p.row, p.behind, k.content, k.seq, {undone('k.seq')}"
    for rows in staging.rows(f"SELECT {columns} FROM {found}", _READ):  # noqa: S608
        _keep(con, rows, attempt)
        behind = behind or any(row[1] for row in rows)
        freed = freed or any(row[4] for row in rows)
    if behind and staging.query(f"SELECT 1 FROM {found} {_PARTLY}"):  # noqa: S608
        raise ByRows  # a receipt on record that the file repeats is of a part of its shipment
    return freed


def _probe(attempt: int) -> str:
    asked = keys(attempt, f" JOIN freed USING (row, behind) WHERE attempt = {attempt}")
    of = keys() if attempt == 1 else asked
    whole = "row::BIGINT AS row, behind::BIGINT AS behind"
    return f"SELECT {whole}, key FROM ({of}) ORDER BY key"  # noqa: S608


def _keep(con: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]], attempt: int) -> None:
    import pyarrow as pa

    named = ("row", "behind", "content", "seq", "undone")
    columns = dict(zip(named, zip(*rows, strict=True), strict=True))
    columns["undone"] = tuple(map(bool, columns["undone"]))
    con.register("found", pa.table({name: pa.array(values) for name, values in columns.items()}))
    con.execute("INSERT INTO known SELECT * EXCLUDE (undone) FROM found WHERE NOT undone")
    con.execute("INSERT INTO freed SELECT row, behind, ? FROM found WHERE undone", [attempt + 1])
    con.unregister("found")


_KNOWN = "CREATE OR REPLACE TABLE known (row BIGINT, behind BIGINT, content BLOB, seq BIGINT)"
_FREED = "CREATE OR REPLACE TABLE freed (row BIGINT, behind BIGINT, attempt BIGINT)"
_REPEATED = f"SELECT row, seq FROM known WHERE behind = 0 ORDER BY row LIMIT {_NAMED}"  # noqa: S608
_PARTLY = f"""
    JOIN movement m ON m.seq = k.seq LEFT JOIN movement s ON s.seq = m.target_seq
    WHERE p.behind = 1 AND (coalesce(m.quantity, -1) <> coalesce(s.quantity, -1)
        OR coalesce(m.amount_mtpp, -1) <> coalesce(s.amount_mtpp, -1))
    AND NOT {undone("k.seq")} LIMIT 1
"""
_DIFFER = """
    SELECT 1 FROM ({contents}) c JOIN known n USING (row, behind)
    WHERE c.content <> n.content LIMIT 1
"""


def _other_parts(con: duckdb.DuckDBPyConnection, staging: Staging) -> bool:
    """Whether a follower on record that the file repeats is of another part: see known_rows."""
    parts = staged(con, staging, "parts", _PARTS)
    return bool(staging.query(f"SELECT 1 FROM {parts} p {_MEANT_OTHER}"))  # noqa: S608


_PARTS = """
    SELECT n.seq, g.quantity, g.amount_mtpp FROM known n JOIN given g USING (row) ORDER BY n.seq
"""
# A product beyond 64 bits is no amount on record either.
_MEANT_OTHER = """
    JOIN movement m ON m.seq = p.seq LEFT JOIN movement s ON s.seq = m.target_seq
    WHERE (p.quantity IS NOT NULL OR p.amount_mtpp IS NULL)
        AND coalesce(p.quantity, s.quantity, -1) <> coalesce(m.quantity, -1)
    OR coalesce(p.amount_mtpp, CASE WHEN p.quantity IS NULL OR s.unit_mtpp IS NULL
        THEN s.amount_mtpp ELSE CAST(p.quantity AS NUMERIC) * s.unit_mtpp END, -1)
        <> coalesce(m.amount_mtpp, -1) LIMIT 1
"""
# A receipt that is new while its shipment is on record.
_ORPHANS = """
    SELECT 1 FROM given g JOIN known s ON s.row = g.row AND s.behind = 0
    WHERE g.received_on IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM known r WHERE r.row = g.row AND r.behind = 1) LIMIT 1
"""


def licensed_already(con: duckdb.DuckDBPyConnection, staging: Staging) -> bool:
    """Whether a new licence of the file bears the number and line of one on record."""
    if not staging.query("SELECT 1 FROM licence_line LIMIT 1"):
        return False
    joined = f"{staged(con, staging, 'numbered', _NEW_LICENCES)} n JOIN licence_line l"
    return bool(
        staging.query(
            f"SELECT 1 FROM {joined} ON l.licence = n.licence AND l.line = n.line"  # noqa: S608
            " WHERE l.live = 1 LIMIT 1"
        )
    )


def replaced_before(con: duckdb.DuckDBPyConnection, cursor: Cursor) -> bool:
    """Whether a licence of the file may have its place taken by one on record already."""
    if not con.execute("SELECT 1 FROM given WHERE kind = 'licence' LIMIT 1").fetchall():
        return False
    asked = "SELECT 1 FROM given WHERE kind = 'licence' AND document IN (SELECT unnest(?)) LIMIT 1"
    numbers = sorted(numbers_awaited(cursor))
    return bool(numbers and con.execute(asked, [numbers]).fetchall())


_NEW_LICENCES = """
    SELECT g.document AS licence, g.line FROM given g WHERE g.kind = 'licence'
    AND NOT EXISTS (SELECT 1 FROM known n WHERE n.row = g.row AND n.behind = 0)
    ORDER BY g.document, g.line
"""
