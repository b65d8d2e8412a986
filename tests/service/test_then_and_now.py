"""Every report answers as of a day and as known at an instant: a correction rewrites neither."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import ledger as tpp
from tests.cases.table import play

TODAY = "2026-12-31"


@pytest.fixture
def books(ledger_url: str) -> Iterator[tpp.Ledger]:
    """A licence, a shipment under it, its reversal (seq 4) and its restoration (seq 5)."""
    with tpp.create(ledger_url) as made:
        play(
            made.service,
            """
            act     | no | day        | to    | units | under | says
            licence | L1 | 2025-06-01 | India | 100   |       |
            ship    | S1 | 2025-06-10 | India | 60    | L1    |
            """,
        )
        made.reverse(3, "never left")
        made.reverse(4, "it did leave")
        yield made


def told(books: tpp.Ledger, name: str, *columns: str, **asked: Any) -> list[tuple[Any, ...]]:
    frame = books.report(name, **{"as_of": TODAY, **asked})
    return [
        tuple(None if pd.isna(value) else value for value in row)
        for row in frame[list(columns)].astype(object).itertuples(index=False)
    ]


@pytest.mark.parametrize(
    ("known", "reversed_by", "shipments", "drawn", "held"),
    [(3, None, 1, 60, 40), (4, 4, 0, 0, 100), (5, None, 1, 60, 40)],
)
def test_a_reversal_and_its_own(books, known, reversed_by, shipments, drawn, held):
    at = {"known_at": f"seq:{known}"}
    moved = told(books, "movements", "seq", "reversed_by_seq", document="S1", **at)
    assert moved[0] == (3, reversed_by)
    assert len(told(books, "authorizations", "shipments", **at)) == shipments
    found = told(books, "licences", "drawn_quantity", "held_mtpp", **at)
    assert found == [(drawn, held * 15_832_000)]
    (left,) = told(books, "remaining", "held_mtpp", "shipped_mtpp", holder="IN", **at)
    assert left == (held * 15_832_000, drawn * 15_832_000)
    assert told(books, "statement", "remaining_mtpp", holder="IN", **at)[-1] == (
        790_000_000_000 - 100 * 15_832_000,
    )


def test_a_movement_says_what_reversed_it_and_what_stands_again(books):
    assert books.explain(3).reversed_by is None
    assert books.explain(4).reversed_by == 5
    said = [cited.sentence for cited in books.explain(5).why]
    assert said == [
        "the opposite of every entry of seq 4, dated as that was: seq 3 (export) stands again"
    ]
    assert Path(books.refresh()).is_dir()
