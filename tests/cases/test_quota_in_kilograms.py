"""Any office's books: a made-up tariff quota in kilograms, from its files to what remains.

The draws are those of order 09.9701: 42,512,750 - 46,754 - 21,504 - 5 - 15,444 - 21,504 leaves
42,407,539.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.problems import Unusable
from tests.cases.table import stands
from tests.service.books import whole, write_csv

QUOTA = Path(__file__).parents[2] / "docs/examples/tariff_quota"
BOOKS = QUOTA / "books"


@pytest.fixture
def quota(opened):
    """The quota's ledger with its limit amended and its draws made."""
    ledger = opened(QUOTA)
    ledger.import_file(BOOKS / "adjustments.csv", "adjustments", source="office")
    ledger.import_file(BOOKS / "draws.csv", "shipments")
    return ledger


def test_the_books_of_the_example(quota):
    stands(
        quota,
        "Frozen berries 2026: adjustment 512,750, posted 117,211; remaining 42,395,539",
    )
    outcome = quota.import_file(BOOKS / "returns.csv", "returns")
    assert (outcome.count, outcome.clean) == (1, True)
    stands(
        quota,
        "Frozen berries 2026: adjustment 512,750, posted 105,211; remaining 42,407,539",
    )


@pytest.mark.parametrize("columns_from", [1, 10**9], ids=["columns", "rows"])
def test_its_draws_need_no_licence(opened, columns_from):
    """All that is drawn goes by one authorization: it says of none that it is under a licence."""
    ledger = opened(QUOTA)
    ledger.import_file(BOOKS / "adjustments.csv", "adjustments", source="office")
    outcome = ledger.import_file(BOOKS / "draws.csv", "shipments", columns_from=columns_from)
    assert (outcome.count, outcome.counts, outcome.clean) == (6, {}, True)


def test_the_books_are_kept_once(quota):
    before = whole(quota.url)
    for name, kind, source in (
        ("adjustments", "adjustments", "office"),
        ("draws", "shipments", None),
    ):
        outcome = quota.import_file(BOOKS / f"{name}.csv", kind, source=source)
        assert outcome.submission is None
        assert outcome.already > 0
    assert whole(quota.url) == before


def draw(ledger, document, tpp, **more):
    """One draw by hand."""
    lot = {"exporter": "Northern Berries", "ultimate_consignee": "Market Hall", "tpp": tpp}
    said = {"document": document, "exported_on": "2026-03-01", "destination": "09.9701"}
    return ledger.ship(said | lot | more)


def test_a_draw_beyond_the_volume_is_recorded_and_flagged(quota):
    outcome = draw(quota, "D-7", "42395539.001")
    assert outcome.counts == {"over_limit": 1}
    assert outcome.findings[0].short == 1


def test_it_comes_back_once_however_often_it_is_returned(quota):
    quota.import_file(BOOKS / "returns.csv", "returns")
    back = {"returned_on": "2026-01-21", "exporter": "Northern Berries", "shipment": "D-6"}
    outcome = quota.record("returns", back | {"document": "R-2"})
    assert outcome.counts == {"more_than_shipped": 1}
    stands(
        quota,
        "Frozen berries 2026: adjustment 512,750, posted 105,211; remaining 42,407,539",
    )


def test_parts_come_back(quota, tmp_path):
    back = {"exporter": "Northern Berries", "shipment": "D-6", "returned_on": "2026-01-21"}
    lines = [back | {"document": f"R-{n}", "tpp": tpp} for n, tpp in enumerate((5000, 4000, 4000))]
    outcome = quota.import_file(write_csv(tmp_path / "parts.csv", lines), "returns")
    assert outcome.counts == {"more_than_shipped": 1}
    stands(
        quota,
        "Frozen berries 2026: adjustment 512,750, posted 105,211; remaining 42,407,539",
    )


def test_a_reversed_return_is_drawn_again(quota):
    outcome = quota.import_file(BOOKS / "returns.csv", "returns")
    quota.reverse([outcome.first_seq], "not proven")
    stands(
        quota,
        "Frozen berries 2026: adjustment 512,750, posted 117,211; remaining 42,395,539",
    )
    again = quota.import_file(BOOKS / "returns.csv", "returns")
    assert (again.count, again.counts) == (1, {})
    stands(
        quota,
        "Frozen berries 2026: adjustment 512,750, posted 105,211; remaining 42,407,539",
    )


@pytest.mark.parametrize("columns_from", [1, 10**9], ids=["columns", "rows"])
def test_amounts_beyond_what_can_be_kept_are_a_problem(quota, tmp_path, columns_from):
    lot = {"exporter": "X", "ultimate_consignee": "C", "destination": "09.9701"}
    lot |= {"exported_on": "2026-03-01", "tpp": "999999999999999"}
    lines = [lot | {"document": n} for n in range(12)]
    path = write_csv(tmp_path / "large.csv", lines)
    before = whole(quota.url)
    with pytest.raises(Unusable, match="more than the ledger can hold"):
        quota.import_file(path, "shipments", columns_from=columns_from)
    assert whole(quota.url) == before


def test_order_numbers_and_periods_that_are_not_open(quota):
    """A known order number whose period is over is recorded and flagged; an unknown one is not."""
    outcome = draw(quota, "D-8", "1", exported_on="2028-01-01")
    assert outcome.counts == {"after_windows": 1}
    with pytest.raises(Unusable, match=r"09\.9799"):
        draw(quota, "D-9", "1", destination="09.9799")
