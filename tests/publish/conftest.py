"""A ledger with one submission, to be copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.publish.ledgers import Ledger


@pytest.fixture
def ledger(ledger_url: str) -> Ledger:
    """A ledger with one submission, once in each database."""
    return Ledger.made(ledger_url)


@pytest.fixture
def sqlite(tmp_path: Path) -> Ledger:
    """The same in SQLite, where the database does not matter."""
    return Ledger.made(f"sqlite:///{tmp_path / 'ledger.db'}")
