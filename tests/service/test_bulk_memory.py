"""A file posted as columns is never held whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from ledger.intake import reading, store
from ledger.service import bulk, importing, posting_order
from ledger.storage.bulk import Staging
from ledger.storage.errors import StoreUnavailable
from tests.service.both import AS_COLUMNS, BY_ROWS, filled, shipped

pytestmark = [pytest.mark.usefixtures("frozen"), pytest.mark.slow]


@pytest.mark.parametrize("how", ["BATCH", "_at_a_time"])
def test_memory_does_not_hold_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str):
    """Rows are staged a batch at a time, as they come; a batch has fewer where they say much."""
    monkeypatch.setattr(bulk, how, 64 if how == "BATCH" else lambda con, count: 64)
    sizes: list[int] = []
    append = Staging.append

    def noted(self: Staging, batches: Mapping[str, Any]) -> None:
        sizes.extend(batch.num_rows for batch in batches.values())
        append(self, batches)

    monkeypatch.setattr(Staging, "append", noted)
    with filled(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path) as (_, other, lines):
        other.import_file(shipped(tmp_path, lines), "shipments", columns_from=AS_COLUMNS)
    assert max(sizes) <= 64 * 3


def test_too_little_memory_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is not taken for a full disk, and leaves nothing behind."""
    with filled(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path) as (_, other, lines):
        file = shipped(tmp_path, lines)
        with monkeypatch.context() as short:
            short.setattr(store, "MEMORY_MB", 8)
            short.setattr(store, "_most_mb", lambda: 9)
            with pytest.raises(StoreUnavailable, match=r"needs more memory.*nothing was recorded"):
                other.import_file(file, "shipments", columns_from=AS_COLUMNS)
        assert not list(tmp_path.glob("tpp-import-*"))
        outcome = other.import_file(file, "shipments", columns_from=AS_COLUMNS)
        assert (outcome.already, outcome.rejected) == (0, 0)
        assert outcome.count >= len(lines)


@pytest.mark.parametrize("columns_from", [AS_COLUMNS, BY_ROWS])
def test_a_file_that_needs_more_memory_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns_from: int
):
    """All is done once more with more of it, as far as the machine has some."""
    limits: list[int] = []
    opened = store.open_store

    def noted(workspace: store.Workspace) -> Any:
        limits.append(workspace.memory_mb)
        return opened(workspace)

    monkeypatch.setattr(store, "MEMORY_MB", 8)
    monkeypatch.setattr(reading, "open_store", noted)
    with filled(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path) as (_, other, lines):
        limits.clear()
        file = shipped(tmp_path, lines)
        outcome = other.import_file(file, "shipments", columns_from=columns_from)
    assert (outcome.already, outcome.rejected) == (0, 0)
    assert outcome.count >= len(lines)
    assert limits == [8, 32, 128][: len(limits)]
    assert len(limits) > 1
    assert not list(tmp_path.glob("tpp-import-*"))


def test_the_steps_end_with_what_the_machine_has(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store, "_most_mb", lambda: 10_000)
    assert list(store.memory_steps()) == [400, 1_600, 6_400, 10_000]
    monkeypatch.setattr(store, "_most_mb", lambda: 300)
    assert list(store.memory_steps()) == [400]


def test_what_the_machine_has_is_what_duckdb_takes():
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 10**6
    assert 0 < store._most_mb() <= physical


def test_rows_that_say_much_are_weighed_fewer_at_a_time():
    with duckdb.connect() as con:
        con.execute("CREATE TABLE given (details VARCHAR)")
        con.execute("INSERT INTO given SELECT repeat('x', 2000) FROM range(10)")
        assert bulk._at_a_time(con, 10) == 1 << 12
        con.execute("INSERT INTO given SELECT repeat('x', 1000000) FROM range(10)")
        assert bulk._at_a_time(con, 20) == 1 << 8
        con.execute("CREATE OR REPLACE TABLE given AS SELECT NULL::VARCHAR AS details")
        assert bulk._at_a_time(con, 1) == bulk.BATCH
        assert bulk._at_a_time(con, 10_000_000) == bulk.BATCH // 2


def test_arrow_takes_the_system_s_memory_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pools: list[str] = []
    append = Staging.append

    def noted(self: Staging, batches: Mapping[str, Any]) -> None:
        pools.append(pa.default_memory_pool().backend_name)
        append(self, batches)

    monkeypatch.setattr(Staging, "append", noted)
    before = pa.default_memory_pool().backend_name
    with filled(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path) as (_, other, lines):
        other.import_file(shipped(tmp_path, lines), "shipments", columns_from=AS_COLUMNS)
    assert set(pools) == {"system"} != {before}
    assert pa.default_memory_pool().backend_name == before


_OFFLOADED = (
    "Out of Memory Error: failed to offload data block; 'max_temp_directory_size', temp_directory"
)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (duckdb.OutOfMemoryException(_OFFLOADED), "the disk"),
        (duckdb.OutOfMemoryException("Out of Memory Error: failed to pin block"), "more memory"),
        (duckdb.IOException("IO Error: No space left on device"), "the disk"),
        (OSError(_OFFLOADED), "the disk"),
        (OSError("Out of Memory Error: failed to pin block"), "more memory"),
        (OSError("IO Error: No space left on device"), "the disk"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk"),
        (OSError(errno.EACCES, "Permission denied"), None),
        (ValueError("No space left on device"), None),
    ],
)
def test_what_there_is_too_little_of(error: Exception, said: str | None):
    """DuckDB's words reach us as its own errors and, by Arrow, as an OSError without a number."""
    found = importing._short_of(error, Path("scratch"))
    assert found is None if said is None else said in str(found)


def test_memory_that_is_given_back_is_there_for_another_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The sample misses what is on record: rows are sorted once more, with as much as before."""
    limits: list[str] = []
    parts = posting_order._parts

    def noted(cursor: Any, *asked: Any) -> Any:
        def limit() -> str:
            found = cursor.cursor().execute("SELECT current_setting('memory_limit')").fetchall()
            return str(found[0][0])

        limits.append(limit())
        yield from parts(cursor, *asked)
        limits.append(limit())

    monkeypatch.setattr(posting_order, "_parts", noted)
    with filled(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path) as (_, other, lines):
        other.import_file(shipped(tmp_path, lines[:40]), "shipments", columns_from=AS_COLUMNS)
        monkeypatch.setattr(bulk, "any_known", lambda *_: False)
        other.import_file(shipped(tmp_path, lines), "shipments", columns_from=AS_COLUMNS)
    assert len(limits) == 6
    assert len(set(limits[::2])) == 1
    assert set(limits[::2]).isdisjoint(limits[1::2])
