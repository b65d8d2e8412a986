"""Copies for the tests, made without a ledger: from rows, or large ones at random."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from ledger.publish.folders import footer_of
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
    return Segment(table, path.name, low, high, found[0], path.stat().st_size, footer_of(path))


COUNTRIES, PARTIES = 157, 20_000

# Country c is asked for as often as its place in the list is low; a third of all rows are small
# orders. `use` is the share of each limit that is taken in the end: a few are critical or over.
_LARGE = f"""
CREATE TEMP VIEW budget AS SELECT
    i AS budget_no, if(i <= {COUNTRIES}, 'country', 'lpp') AS rule, 'H' || i AS holder,
    'Holder ' || i AS holder_name, if(i <= {COUNTRIES}, '2025-2027', '2026') AS "window",
    DATE '2025-01-01' AS from_on, DATE '2027-12-31' AS to_on,
    if(i <= {COUNTRIES}, 790000000000, 26900000000) AS limit_mtpp, 'licensed' AS basis,
    1::BIGINT AS submission
FROM range(1, {COUNTRIES + PARTIES + 1}) t(i);
CREATE TEMP VIEW drawn AS SELECT
    i AS seq, i // 1000 + 1 AS submission, i % 3 = 0 AS small, i % 5 = 0 AS issues,
    if(i % 3 = 0, {COUNTRIES + 1} + (hash(i) % {PARTIES})::BIGINT,
        1 + (pow((hash(i) % 1000003) / 1000003.0, 2.5) * {COUNTRIES})::BIGINT % {COUNTRIES})
        AS budget_no,
    DATE '2025-01-01' + (i * 690 // $rows)::INTEGER AS effective_on,
    1 + (hash(i + 1) % 63)::BIGINT AS quantity,
    CASE WHEN i % 50 = 1 THEN 0 ELSE 1 END::SMALLINT AS official
FROM range(1, $rows + 1) t(i);
CREATE TEMP TABLE use AS SELECT
    budget_no, any_value(limit_mtpp) * (hash(budget_no) % 99)::BIGINT // count(*) // 3200 AS one
FROM drawn JOIN budget USING (budget_no) GROUP BY budget_no;
CREATE TEMP VIEW sized AS SELECT * FROM drawn JOIN use USING (budget_no);
CREATE TEMP TABLE entry AS SELECT
    seq, submission, budget_no, official,
    if(issues, 'licence', 'export') AS kind, kind AS as_kind, effective_on,
    0::BIGINT AS adjustment_mtpp, 0::BIGINT AS pending_mtpp,
    if(issues, one::BIGINT * quantity, if(seq % 5 = 1, -(one::BIGINT) , 0)) AS held_mtpp,
    if(issues, 0, one::BIGINT * quantity) AS posted_mtpp, 0::BIGINT AS lapsed_mtpp
FROM sized ORDER BY seq;
CREATE TEMP VIEW movement AS SELECT
    seq, submission, kind, effective_on, NULL::DATE AS expires_on,
    'Exporter ' || seq % 200 AS source, 'D' || seq AS document, '1' AS line, 0 AS attempt,
    seq % 200 AS exporter_no, budget_no + 200 AS consignee_no, budget_no + 200 AS parent_no,
    NULL::VARCHAR AS consignee_hq, NULL::VARCHAR AS parent_hq, 'DK' AS destination,
    'licence' AS "authorization", NULL::VARCHAR AS licence, NULL::VARCHAR AS licence_line,
    'nvidia-h100-sxm' AS chip, 1::BIGINT AS quantity, 15832000::BIGINT AS unit_mtpp,
    15832000::BIGINT AS amount_mtpp, NULL::BIGINT AS unit_value_cents, 1::BIGINT AS ruling_no,
    NULL::BIGINT AS target_seq, NULL::VARCHAR AS details
FROM entry;
CREATE TEMP VIEW submission AS SELECT
    i AS submission, (i - 1) * 1000 + 1 AS first_seq, 1000::BIGINT AS count,
    '2026-01-01T00:00:00.000000Z' AS recorded_at, 'somebody' AS actor, 'import' AS verb,
    NULL::VARCHAR AS file_name, NULL::VARCHAR AS note, printf('%064x', i) AS digest
FROM range(1, $rows // 1000 + 2) t(i);
CREATE TEMP VIEW party AS SELECT
    i AS party_no, 'Party ' || i AS name, 'party ' || i AS name_key, 1::BIGINT AS submission
FROM range(1, {PARTIES + 400}) t(i);
CREATE TEMP VIEW budget_step AS SELECT
    1::BIGINT AS budget_no, DATE '2025-01-01' AS from_on, '' AS step, 1::BIGINT AS limit_mtpp,
    1::BIGINT AS submission
WHERE false;
CREATE TEMP VIEW finding AS SELECT
    seq, submission, 1::SMALLINT AS ordinal, 'over_limit' AS code, budget_no,
    1::BIGINT AS limit_mtpp, 1::BIGINT AS taken_mtpp, 1::BIGINT AS asked_mtpp,
    1::BIGINT AS short_mtpp, NULL::VARCHAR AS detail
FROM entry WHERE seq % 10000 = 0;
CREATE TEMP VIEW about AS SELECT
    1::BIGINT AS submission, topic, key, NULL::DATE AS from_on, value, NULL::VARCHAR AS sentence
FROM (VALUES ('critical', '', '900000'), ('h100', '', '15832000')) t(topic, key, value)
"""


def large_copy(folder: Path, rows: int) -> Path:
    """A copy of so many entries: 157 skewed countries, 20,000 parties with small orders."""
    with duckdb.connect() as connection:
        for statement in _LARGE.replace("$rows", str(rows)).split(";"):
            connection.execute(statement)
        _write(folder, connection, {table: f"SELECT * FROM {table}" for table in TABLES})
    return folder


if __name__ == "__main__":
    large_copy(Path(sys.argv[1]), int(sys.argv[2]))
