"""What is wrong with an adjustment is told all at once."""

from __future__ import annotations

import pytest

from schemas.problems import Unusable

AN_UPLIFT = {
    "document": "U1",
    "kind": "uplift",
    "effective_on": "2025-06-01",
    "holder": "India",
    "percent": "100",
}
NO_BUDGET = ("budget", "the regime has no such budget")
NO_REFERENCE = ("reference", "an uplift names the authority's reference")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            {"holder": "Kenia", "budget": "nope", "window": "1999"},
            [NO_REFERENCE, NO_BUDGET, ("window", "no budget has such a window")],
        ),
        (
            {"holder": "Kenia", "window": "1999"},
            [
                NO_REFERENCE,
                ("holder", "holds no such budget"),
                ("window", "no budget has such a window"),
            ],
        ),
        (
            {"budget": "country_allocation", "window": "1999"},
            [NO_REFERENCE, ("window", "country_allocation has no such window")],
        ),
        ({"budget": "nope", "window": "2025-2027"}, [NO_REFERENCE, NO_BUDGET]),
    ],
)
def test_all_that_is_wrong_with_an_adjustment_is_told(ledger, said, told):
    with pytest.raises(Unusable) as refused:
        ledger.record("adjustments", AN_UPLIFT | said)
    assert [(p.column, p.reason) for p in refused.value.problems] == told
