"""Which rows are on record already: same key and content, same key and other content, or new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ledger.service.outcome import Outcome, Repeated
from ledger.service.rows import Row, key_of
from ledger.storage.chain import CONTENT_FIELDS
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind
from schemas.problems import Problem

if TYPE_CHECKING:
    import duckdb

    from ledger.storage.bulk import Staging

_MOVEMENT = {name: place for place, name in enumerate(t.movement.columns.keys())}
# How a field of the content is called in a file.
_HEADING = {
    "effective_on": "day",
    "consignee": "ultimate_consignee",
    "parent": "ultimate_parent",
    "amount_mtpp": "tpp",
    "unit_value_cents": "unit_value_usd",
    "details": "other fields",
}


def sift(
    cursor: Cursor, rows: Sequence[Row], outcome: Outcome, *, retry: bool = False
) -> list[Row]:
    """The rows to record; what is known goes into the outcome.

    The key of a movement that was reversed is free again: the next attempt takes it. So does an
    application that was refused, where `retry` is set.
    """
    fresh: list[Row] = []
    waiting = list(rows)
    repeated = list(outcome.repeated)
    while waiting:
        found = _found(cursor, waiting)
        reversed_seqs = reversed_among(cursor, [seq for _, seq in found.values()])
        kinds = _kinds(cursor, [row for row in waiting if row.key in found], found)
        again: list[Row] = []
        for row in waiting:
            if row.key not in found:
                fresh.append(row)
                continue
            content, seq = found[row.key]
            refused = kinds.get(seq) == Kind.REFUSAL
            if seq in reversed_seqs or (retry and refused):
                row.attempt += 1
                row.key = key_of(row.given, row.attempt)
                again.append(row)
            elif content == row.content:
                repeated.append(Repeated(row.given.row, seq, refused))
                outcome.already += not refused
                outcome.already_refused += refused
            else:
                outcome.problems.append(_conflict(cursor, row, seq))
                outcome.rejected += 1
        waiting = again
    outcome.repeated = repeated
    return fresh


def _found(cursor: Cursor, rows: Sequence[Row]) -> dict[bytes, tuple[bytes, int]]:
    found = cursor.find(t.movement_key, "key", [row.key for row in rows])
    return {bytes(key): (bytes(content), seq) for key, content, seq in found}


def reversed_among(cursor: Cursor, seqs: Sequence[int]) -> set[int]:
    """Which of the movements are reversed. A reversal itself is never reversed."""
    return {
        row[_MOVEMENT["target_seq"]]
        for row in cursor.find(t.movement, "target_seq", set(seqs))
        if row[_MOVEMENT["kind"]] == Kind.REVERSAL
    }


class ByRows(Exception):
    """The file touches what was reversed, or shipments on record: it is posted row by row."""


def sift_staged(
    con: duckdb.DuckDBPyConnection, staging: Staging, last_seq: int, outcome: Outcome
) -> int:
    """Write the keys of the rows of `work` that are new, and mark the others; how many are new.

    Raises ByRows where a row's place in the ledger cannot be told from keys alone.
    """
    reader = con.cursor().sql(_KEYS.format(seq="rowid")).to_arrow_reader(1 << 16)
    staging.put("probe", reader, reader.schema)
    probe = staging.attach("probe")
    if not staging.any_known(probe):
        staging.insert_keys(probe, last_seq + 1)
        return _fresh(con)
    known = staging.query(
        f"SELECT p.seq, p.content = k.content, k.seq, EXISTS (SELECT 1 FROM movement r"  # noqa: S608
        f" WHERE r.target_seq = k.seq AND r.kind = 'reversal')"
        f" FROM {probe} p JOIN movement_key k ON k.key = p.key ORDER BY p.seq"
    )
    if any(undone for *_, undone in known):
        raise ByRows
    _mark(con, known, outcome)
    orphan = con.execute(
        "SELECT 1 FROM work r JOIN work s USING (row) WHERE r.behind = 1 AND r.fresh"
        " AND s.behind = 0 AND NOT s.fresh LIMIT 1"
    ).fetchall()
    if orphan or any(not same for _, same, _, _ in known):
        raise ByRows
    ranked = "(row_number() OVER (ORDER BY rowid) - 1)"
    reader = con.cursor().sql(_KEYS.format(seq=ranked)).to_arrow_reader(1 << 16)
    staging.put("fresh_keys", reader, reader.schema)
    staging.insert_keys(staging.attach("fresh_keys"), last_seq + 1)
    return _fresh(con)


_KEYS = "SELECT key, content, {seq}::BIGINT AS seq FROM work WHERE fresh ORDER BY key"


def _mark(
    con: duckdb.DuckDBPyConnection, known: Sequence[tuple[Any, ...]], outcome: Outcome
) -> None:
    import pyarrow as pa

    marked = pa.table({"place": [at for at, *_ in known]})
    con.register("marked", marked)
    con.execute("UPDATE work SET fresh = false WHERE rowid IN (SELECT place FROM marked)")
    con.unregister("marked")
    outcome.already += len(known)
    rows = con.execute("SELECT rowid, row FROM work WHERE NOT fresh ORDER BY rowid LIMIT 1000")
    row_of = dict(rows.fetchall())
    outcome.repeated = [Repeated(row_of[at], seq, False) for at, _, seq, _ in known if at in row_of]


def _fresh(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("SELECT count(*) FROM work WHERE fresh").fetchall()[0][0])


def _kinds(
    cursor: Cursor, rows: Sequence[Row], found: dict[bytes, tuple[bytes, int]]
) -> dict[int, str]:
    asked = [found[row.key][1] for row in rows if row.kind == Kind.APPLICATION]
    if not asked:
        return {}
    stored = cursor.find(t.movement, "seq", asked)
    return {row[0]: row[_MOVEMENT["kind"]] for row in stored}


def _conflict(cursor: Cursor, row: Row, seq: int) -> Problem:
    """A row whose key is on record with another content: which field differs, and how."""
    (stored,) = cursor.find(t.movement, "seq", [seq])
    numbers = {stored[_MOVEMENT[f"{role}_no"]] for role in ("exporter", "consignee", "parent")}
    names: dict[Any, str] = {p[0]: p[1] for p in cursor.find(t.party, "party_no", numbers - {None})}
    for name in CONTENT_FIELDS:
        given: Any = getattr(row.given, name)
        if name in ("exporter", "consignee", "parent"):
            before: Any = names.get(stored[_MOVEMENT[f"{name}_no"]])
        else:
            before = stored[_MOVEMENT[name]]
        if name == "kind" and before == Kind.REFUSAL:
            continue
        if _text(given) != _text(before):
            heading = _HEADING.get(name, name)
            return _problem(row, seq, heading, _text(given), _text(before))
    return _problem(row, seq, "", "", "")


def _problem(row: Row, seq: int, heading: str, value: str, before: str) -> Problem:
    key = f"{row.given.document} line {row.given.line} of {row.given.source}"
    says = f'; there it is "{before}"' if before else "; there it is empty"
    reason = f"{key} is on record as seq {seq} with other content{says if heading else ''}"
    return Problem("", row.given.file_line, row.given.row, heading, value, reason)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
