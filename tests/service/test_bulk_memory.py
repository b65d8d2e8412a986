"""A file posted as columns is never held whole."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ledger.intake import store
from ledger.service import batches, bulk, importing
from ledger.storage.bulk import Staging
from ledger.storage.errors import StoreUnavailable
from tests.service.both import AS_COLUMNS, filled, shipped

pytestmark = [pytest.mark.usefixtures("frozen"), pytest.mark.slow]


def test_memory_does_not_hold_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Rows are staged a batch at a time, as they come."""
    monkeypatch.setattr(bulk, "BATCH", 64)
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
            with pytest.raises(StoreUnavailable, match=r"needs more memory.*nothing was recorded"):
                other.import_file(file, "shipments", columns_from=AS_COLUMNS)
        assert not list(tmp_path.glob("tpp-import-*"))
        outcome = other.import_file(file, "shipments", columns_from=AS_COLUMNS)
        assert (outcome.already, outcome.rejected) == (0, 0)
        assert outcome.count >= len(lines)


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
    sized = batches._sized

    def noted(cursor: Any, *asked: Any) -> Any:
        def limit() -> str:
            found = cursor.cursor().execute("SELECT current_setting('memory_limit')").fetchall()
            return str(found[0][0])

        limits.append(limit())
        yield from sized(cursor, *asked)
        limits.append(limit())

    monkeypatch.setattr(batches, "_sized", noted)
    with filled(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path) as (_, other, lines):
        other.import_file(shipped(tmp_path, lines[:40]), "shipments", columns_from=AS_COLUMNS)
        monkeypatch.setattr(bulk, "any_known", lambda *_: False)
        other.import_file(shipped(tmp_path, lines), "shipments", columns_from=AS_COLUMNS)
    assert len(limits) == 6
    assert len(set(limits[::2])) == 1
    assert set(limits[::2]).isdisjoint(limits[1::2])
