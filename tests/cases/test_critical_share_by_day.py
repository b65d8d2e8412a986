"""A critical share that changes: a budget's status is told by the share of the report's day."""

from __future__ import annotations

import pytest

import ledger as door
from tests.cases.own_regimes import in_amounts, written
from tests.cases.table import play
from tests.service.books import rows

CHANGED = """
[[value]]
from = 2026-07-01
amount = 80
section = "Section 5"
"""


@pytest.fixture
def quota(opened, tmp_path):
    """The regime `tpp policy new` gives, critical at 80 % from July on; 82,000,000 licensed."""
    texts = in_amounts()
    texts["numbers/critical_share.toml"] += CHANGED
    ledger = opened(written(texts, tmp_path / "own"))
    play(
        ledger,
        """
        act     | no | day        | to       | tpp      | says
        licence | L1 | 2026-02-01 | Malaysia | 82000000 |
        licence | L2 | 2026-08-01 | Malaysia | 8000000  |
        """,
    )
    return ledger


@pytest.mark.parametrize(
    ("as_of", "status", "since"),
    [
        ("2026-06-30", "open", None),
        ("2026-07-01", "critical", "2026-02-01"),
        ("2026-08-01", "critical", "2026-02-01"),
    ],
)
def test_status_by_the_share_of_the_day(quota, as_of, status, since):
    with door.open(quota.url) as ledger:
        (told,) = ledger.report("remaining", as_of=as_of, holder="Malaysia").to_dict("records")
    assert told["status"] == status
    assert (str(told["first_critical_on"])[:10] if since else None) == since
    assert [r["limit_mtpp"] for r in rows(quota.url, "budget")] == [
        100_000_000_000,
        150_000_000_500,
    ]
