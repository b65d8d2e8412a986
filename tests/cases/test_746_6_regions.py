"""Crimea, Donetsk and Luhansk, 15 CFR 746.6: destinations of their own, which this rule has not."""

from __future__ import annotations

import pytest

from ledger.service.explain import explain
from tests.cases.table import play, stands

NOTED = "embargoed_destination"


@pytest.mark.parametrize("region", ["Crimea", "Donetsk", "Luhansk"])
def test_what_goes_there_is_noted_and_draws_on_no_allocation(opened, region):
    ledger = opened()
    play(
        ledger,
        f"""
        act     | day        | to       | by      | says
        ship    | 2025-06-01 | {region} | licence | licence_not_named, {NOTED}
        licence | 2025-06-01 | {region} |         | {NOTED}
        apply   | 2025-06-01 | {region} |         | {NOTED}
        ship    | 2025-06-01 | Ukraine  | TMP     |
        """,
    )
    stands(ledger, "")
    (found,) = explain(ledger, 3).findings
    assert found.sentence.endswith(
        "a region under embargo: what may go there is said in part 746, not in this regime"
        " (15 CFR 746.6)"
    )
