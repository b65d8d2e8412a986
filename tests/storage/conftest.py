"""An empty ledger for the tests of the store, once in each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.storage.store import Store, create


@pytest.fixture
def led(ledger_url: str) -> Iterator[Store]:
    """A new ledger, closed afterwards."""
    with create(ledger_url) as store:
        yield store
