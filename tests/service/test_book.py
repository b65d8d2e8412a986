"""The balances of one transaction, in plain numbers until somebody asks for columns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.service.book import Book, BudgetKey, BudgetTerms, Known
from ledger.storage.statements import Cursor
from ledger.storage.store import create
from schemas import tables as t

TERMS = BudgetTerms("Acme", "2025-01-01", "2025-12-31", 1000, "posted")


@pytest.fixture
def book(ledger_url: str) -> Iterator[Book]:
    """A book on an empty ledger."""
    with create(ledger_url) as store, store.posting() as (driver, _):
        yield Book(Cursor(driver, store.dialect), Known(), 1)


def opened(book: Book, *holders: str) -> None:
    """Open a budget for each holder and post on it what its place is, from 1."""
    for holder in holders:
        place = book.open_budget(BudgetKey("lpp", holder, "2025"), TERMS)
        book.figures.posted[place] += place + 1


@pytest.mark.parametrize("asked", [1, 3, 8, 12])
def test_what_columns_are_given_is_written(book: Book, asked: int) -> None:
    names = [f"h{n:02}" for n in range(12)]
    opened(book, *names[:asked])
    assert book.balances.posted.tolist() == list(range(1, asked + 1))
    book.balances.held[:asked] = 7
    opened(book, *names[asked:])
    balances = book.unwritten()[0][t.balance]
    held = [7] * asked + [0] * (12 - asked)
    assert [row[:5] for row in balances] == [(n, 0, 0, held[n - 1], n) for n in range(1, 13)]


def test_plain_numbers_are_written_alike(book: Book) -> None:
    opened(book, "a", "b")
    (first, second) = book.unwritten()[0][t.balance]
    assert first == (1, 0, 0, 0, 1, 0, 0, None)
    assert second == (2, 0, 0, 0, 2, 0, 0, None)
    assert book.balances.limit.tolist() == [1000, 1000]
