"""A country the rule names, one it names nowhere, and a word that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.service.ledger import new_ledger
from schemas.problems import Unusable

SHIPMENT = {
    "document": "S-1",
    "exported_on": "2025-11-20",
    "exporter": "Acme Chips",
    "ultimate_consignee": "Savanna Data",
    "chip": "H100 SXM",
    "quantity": "8",
}


@pytest.mark.parametrize(
    ("destination", "reason", "nearest"),
    [
        ("Kenia", "no such country", ("Kenya",)),
        ("Cook Islands", "Cook Islands is a territory the rule names nowhere", ()),
        ("FK", "Falkland Islands (Malvinas) is a territory the rule names nowhere", ()),
    ],
)
def test_what_is_no_country_stops_the_row(
    tmp_path: Path, destination: str, reason: str, nearest: tuple[str, ...]
):
    with (
        new_ledger(str(tmp_path / "a.db")) as made,
        pytest.raises(Unusable) as raised,
    ):
        made.record("shipments", {**SHIPMENT, "destination": destination})
    (problem,) = raised.value.problems
    assert (problem.column, problem.value) == ("destination", destination)
    assert problem.reason.startswith(reason)
    assert problem.nearest[:1] == nearest


def test_a_territory_that_follows_another_is_a_destination(tmp_path: Path):
    with new_ledger(str(tmp_path / "a.db")) as made:
        outcome = made.record("shipments", {**SHIPMENT, "destination": "Liechtenstein"})
    assert outcome.count == 1
