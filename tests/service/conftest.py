"""Ledgers whose ids and instants are told beforehand, so that two can be equal to the byte."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from ledger.service import bulk, known_rows
from ledger.service.ledger import Ledger, new_ledger, open_ledger
from ledger.service.outcome import Outcome

pytest.register_assert_rewrite("tests.service.books", "tests.service.both")

from tests.service.books import assert_sound  # noqa: E402

INSTANT = "2026-11-23T18:00:00.000000Z"


class _Clock(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        """Always the same instant."""
        return datetime(2026, 11, 23, 18, tzinfo=UTC)


@pytest.fixture
def frozen() -> Iterator[None]:
    """Everything is recorded at one instant, in ledgers of one id."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.service.seal.instant_after", lambda last: INSTANT)
        patch.setattr("ledger.storage.store.datetime", _Clock)
        patch.setattr("ledger.storage.store.uuid4", lambda: UUID(int=7))
        yield


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of few rows, so that a small file has several."""
    monkeypatch.setattr(bulk, "BATCH", 64)


@pytest.fixture
def columns_only(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes what falls back to rows, so that a test of columns cannot be one of rows."""
    fell: list[str] = []

    def counted(*arguments: Any, **named: Any) -> Outcome:
        try:
            return bulk.post_columns(*arguments, **named)
        except known_rows.ByRows:
            fell.append("by rows")
            raise

    monkeypatch.setattr("ledger.service.importing.post_columns", counted)
    return fell


@pytest.fixture
def two(ledger_url: str) -> Iterator[tuple[Ledger, Ledger]]:
    """One ledger opened twice, sound at the end."""
    with ExitStack() as stack:
        one = stack.enter_context(new_ledger(ledger_url))
        yield one, stack.enter_context(open_ledger(ledger_url))
        assert_sound(one)
