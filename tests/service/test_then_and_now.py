"""Every report answers as of a day and as known at an instant: a correction rewrites neither."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import ledger as tpp
import reports
from tests.cases.table import play
from tests.service.books import rows

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


def test_every_report_takes_a_day_and_an_instant():
    for one in reports.reports():
        assert {"as_of", "known_seq"} <= {v.name for v in one.variables}, one.name


def test_who_owned_whom_is_as_of_the_day_and_as_it_was_known(books):
    """A later declaration for earlier days moves what is recorded from then on, and no past."""
    ship = "act | no | day | to | by\nship | {} | {} | Japan | LPP"
    play(books.service, ship.format("S8", "2026-02-01"))
    said = {"document": "O1", "kind": "ownership", "party": "C", "other_party": "Group"}
    books.record("declarations", said | {"effective_on": "2026-01-01", "until_on": "2026-06-30"})
    play(books.service, ship.format("S9", "2026-02-02"))
    play(books.service, ship.format("S10", "2026-07-01"))

    def held(known: int, day: str) -> dict[str, int]:
        asked = {"as_of": day, "known_at": f"seq:{known}", "budget": "lpp", "window": "2026"}
        found = told(books, "remaining", "name", "held_mtpp", **asked)
        return {str(name): int(amount) for name, amount in found}

    unit = 15_832_000
    first = next(m for m in rows(books.url, "movement") if m["document"] == "S8")["seq"]
    assert held(first - 1, TODAY) == {}
    assert held(first, TODAY) == {"C": unit}
    assert held(first + 2, TODAY) == {"C": unit, "Group": unit}
    assert held(first + 3, "2026-06-30") == {"C": unit, "Group": unit}
    assert held(first + 3, TODAY) == {"C": 2 * unit, "Group": unit}


def test_a_quarter_restated_tells_no_budget_that_was_opened_later(books):
    """Also where all are asked for: a holder nobody knew then is in no report of that state."""
    before = told(books, "restatement", "holder", as_of="2025-12-31", every="yes")
    play(
        books.service,
        "act  | no | day        | to     | by  | parent\nship | P1 | 2025-10-10 | Poland | LPP | P",
    )
    now = told(books, "restatement", "holder", as_of="2025-12-31", every="yes")
    then = told(books, "restatement", "holder", as_of="2025-12-31", every="yes", known_at="seq:5")
    assert ("p",) in now
    assert then == before
