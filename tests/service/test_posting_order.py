"""Movements in posting order: dealt out to parts by day, each part sorted by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.intake.store import MEMORY_MB, Workspace
from ledger.service import posting_order

_FIRST = date(2025, 1, 1)
# A movement and its receipt, as a file would have them.
_MOVEMENTS = """
    SELECT row, behind::INTEGER AS behind, details,
        ((CASE behind WHEN 0 THEN effective_on ELSE received_on END) - DATE '1970-01-01')::INTEGER
        AS day_no
    FROM given JOIN (SELECT unnest([0, 1]) AS behind) ON behind = 0 OR received_on IS NOT NULL
"""
# The day it went, days until it arrived (None: not yet), bytes that it says.
_Sent = tuple[int, int | None, int]


def _given(con: duckdb.DuckDBPyConnection, sent: Sequence[_Sent]) -> None:
    con.execute(
        "CREATE TABLE given (row BIGINT, effective_on DATE, received_on DATE, details VARCHAR)"
    )
    for row, (day, later, said) in enumerate(sent, 1):
        went = _FIRST + timedelta(day)
        arrived = None if later is None else went + timedelta(later)
        con.execute("INSERT INTO given VALUES (?, ?, ?, ?)", [row, went, arrived, "x" * said])


def _expected(sent: Sequence[_Sent]) -> list[tuple[int, int, int]]:
    first = (_FIRST - date(1970, 1, 1)).days
    own = [(first + day, row, 0) for row, (day, _, _) in enumerate(sent, 1)]
    behind = [
        (first + day + later, row, 1)
        for row, (day, later, _) in enumerate(sent, 1)
        if later is not None
    ]
    return sorted([*own, *behind])


def _found(batches: Iterator[Any]) -> tuple[list[tuple[int, int, int]], list[int]]:
    rows, sizes = [], []
    for batch in batches:
        columns = (batch.column(name).to_pylist() for name in ("day_no", "row", "behind"))
        rows += list(zip(*columns, strict=True))
        sizes.append(batch.num_rows)
    return rows, sizes


@contextmanager
def _of_at_most(rows: int, said: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as few:
        few.setattr(posting_order, "_READ", rows)
        few.setattr(posting_order, "_PART", rows)
        few.setattr(posting_order, "_SAID", said)
        yield


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sent=st.lists(
        st.tuples(
            st.integers(-5, 5), st.none() | st.integers(0, 9), st.sampled_from([0, 0, 3, 60])
        ),
        max_size=40,
    ),
    size=st.integers(1, 9),
    rows=st.integers(1, 12),
    said=st.sampled_from([50, 1_000]),
)
def test_parts_and_batches_change_nothing(
    tmp_path: Path, sent: list[_Sent], size: int, rows: int, said: int
):
    with duckdb.connect() as con, _of_at_most(rows, said):
        _given(con, sent)
        with posting_order.in_order(con, _MOVEMENTS, size, Workspace(tmp_path)) as found:
            ordered, sizes = _found(found)
    assert ordered == _expected(sent)
    assert all(one == size for one in sizes[:-1])
    assert all(one <= size for one in sizes)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("sent", "said", "parts"),
    [
        ([(n, None, 0) for n in range(30)], 1_000, 3),
        ([(0, None, 0)] * 30, 1_000, 3),
        ([(0, 1, 0)] * 15, 1_000, 4),
        ([(n, None, 100) for n in range(10)], 1_000, 1),
        ([(n, None, 500) for n in range(10)], 1_000, 5),
        ([(0, None, 500)] * 10, 1_000, 5),
        ([], 1_000, 1),
    ],
    ids=["by day", "one day", "receipts", "says little", "says much", "all on a day", "nothing"],
)
def test_no_part_is_more_than_is_kept_in_memory(sent: list[_Sent], said: int, parts: int):
    with duckdb.connect() as con, _of_at_most(10, said):
        _given(con, sent)
        days = con.execute(posting_order._DAYS).fetchall()
        assert len(posting_order._begins(days)) + 1 == parts


def test_fewer_are_read_at_a_time_where_a_day_says_much():
    days = [(20_089, 1_000, 1, 1_000, 0), (20_090, 2, 1_001, 1_002, 1 << 25)]
    assert posting_order._read_at_a_time(days[:1]) == posting_order._READ
    assert posting_order._read_at_a_time(days) == 4
    assert posting_order._read_at_a_time([]) == posting_order._READ


def test_of_very_many_rows_parts_are_larger():
    """Of each part a piece is written for each batch that is read: small ones cost too much."""
    many = 100 * posting_order._PART * posting_order._PARTS
    days = [(20_000 + n, many // 100, n, n + many, 0) for n in range(100)]
    assert posting_order._PARTS <= len(posting_order._begins(days)) + 1 < 2 * posting_order._PARTS


@pytest.mark.parametrize("times", [1, 2])
def test_most_memory_is_given_back_meanwhile(tmp_path: Path, times: int):
    """As much more as reading had is left, and all of it is there again afterwards."""

    def limit() -> float:
        found = con.cursor().execute("SELECT current_setting('memory_limit')").fetchall()
        return float(found[0][0].removesuffix(" MiB"))

    memory_mb = times * MEMORY_MB
    with duckdb.connect(config={"memory_limit": f"{memory_mb}MB"}) as con:
        before = limit()
        _given(con, [(n, None, 0) for n in range(9)])
        with posting_order.in_order(con, _MOVEMENTS, 2, Workspace(tmp_path, memory_mb)) as found:
            next(found)
            left = times * posting_order._LEFT_MB * 10**6 / 2**20
            assert limit() == pytest.approx(left, abs=0.1)
        assert limit() == before
