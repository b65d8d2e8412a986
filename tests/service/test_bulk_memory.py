"""A file posted as columns is never held whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ledger.intake import store
from ledger.service import bulk
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
