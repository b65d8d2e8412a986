"""Copies for the tests, made from rows without a ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from ledger.publish.folders import digest_of, footer_of
from schemas.manifest import MANIFEST, TABLES, VIEWS, Manifest, Segment, views_text

LEDGER = "0123456789abcdef0123456789abcdef"


def copy_of(
    folder: Path,
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    rolled: Sequence[int] = (),
) -> Path:
    """A copy of these rows; columns that a row does not name are NULL.

    `rolled`: the seq at which each roll-up of the entries ends, rising; none behind the last.
    """
    with duckdb.connect() as connection:
        for table, columns in TABLES.items():
            declared = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
            connection.execute(f"CREATE TABLE {table} ({declared})")
            for row in rows.get(table, ()):
                assert row.keys() <= columns.keys(), row
                marks = ", ".join("?" * len(columns))
                values = [row.get(name) for name in columns]
                connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)
        _write(folder, connection, {table: f"FROM {table}" for table in TABLES}, rolled)
    return folder


_ROLL_UP = """
SELECT {high}::BIGINT AS last_seq, budget_no, official, as_kind, effective_on,
    sum(adjustment_mtpp)::BIGINT AS adjustment_mtpp, sum(pending_mtpp)::BIGINT AS pending_mtpp,
    sum(held_mtpp)::BIGINT AS held_mtpp, sum(posted_mtpp)::BIGINT AS posted_mtpp,
    sum(lapsed_mtpp)::BIGINT AS lapsed_mtpp
FROM entry WHERE seq > {low} AND seq <= {high} GROUP BY ALL
"""


def _write(
    folder: Path,
    connection: duckdb.DuckDBPyConnection,
    queries: dict[str, str],
    rolled: Sequence[int] = (),
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    segments = [_segment(folder, connection, *query) for query in queries.items()]
    for low, high in pairwise((0, *rolled)):
        query = _ROLL_UP.format(low=low, high=high)
        segments.append(_segment(folder, connection, "entry_day", query, low, high))
    last = "SELECT coalesce(max(seq), 0), coalesce(max(submission), 0) FROM movement"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE last AS {last}")
    seq, submission = connection.execute("FROM last").fetchall()[0]
    manifest = Manifest(LEDGER, seq, submission, f"{submission:064x}", tuple(segments))
    (folder / MANIFEST).write_text(manifest.text())
    (folder / VIEWS).write_text(views_text(manifest))


def _segment(
    folder: Path,
    connection: duckdb.DuckDBPyConnection,
    table: str,
    query: str,
    low: int = 0,
    high: int = 0,
) -> Segment:
    path = folder / f"{table}-{high}.parquet"
    found = connection.execute(f"COPY ({query}) TO '{path}' (COMPRESSION zstd)").fetchone()
    assert found is not None
    told = path.stat().st_size, footer_of(path), digest_of(path)
    return Segment(table, path.name, low, high, found[0], *told)
