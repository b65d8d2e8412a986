"""Option `reexport_country_effect` = a_credited: the country a reexport leaves gets back what it is
known to have, and what brought that is not taken back while the reexport stands.
"""

from __future__ import annotations

import pytest

from ledger.service.dependents import Standing
from tests.cases.table import play, stands
from tests.service.books import rows, write_csv

LICENSED = """
act     | no | day        | to     | units | says
licence | L1 | 2025-06-01 | India  | 100   |
licence | L2 | 2025-06-03 | Poland | 60    |
"""
LOT = {"exporter": "X", "ultimate_consignee": "C", "chip": "nvidia-h100-sxm", "line": 1}
LOT |= {"authorization": "licence"}
SENT = LOT | {"document": "S1", "kind": "export", "exported_on": "2025-06-02"}
SENT |= {"destination": "India", "licence": "L1", "quantity": 100, "from_country": ""}
ON = LOT | {"document": "R1", "kind": "reexport", "exported_on": "2025-06-04"}
ON |= {"destination": "Poland", "licence": "L2", "quantity": 60, "from_country": "India"}
CREDITED = """
India 2025-2027: posted 633,280; remaining 789,366,720
Poland 2025-2027: posted 949,920; remaining 789,050,080
"""


@pytest.fixture(params=["rows", "columns"])
def credited(request, kept, tmp_path, monkeypatch):
    """100 units went to India and 60 of them on to Poland, in one file; and their numbers."""
    as_columns = request.param == "columns"
    ledger = kept(reexport_country_effect="a_credited", return_or_loss_credit="return_and_loss")
    play(ledger, LICENSED)
    path = write_csv(tmp_path / "shipments.csv", [SENT, ON])
    with monkeypatch.context() as patch:
        if as_columns:
            patch.delattr("ledger.service.importing.post")
        how = {"columns_from": 1 if as_columns else 10**9}
        assert ledger.import_file(path, "shipments", **how).clean
    stands(ledger, CREDITED)
    return ledger, {m["document"]: m["seq"] for m in rows(ledger.url, "movement")}


def test_what_was_credited_stays_or_goes_along(credited):
    ledger, seq = credited
    with pytest.raises(Standing) as standing:
        ledger.reverse([seq["S1"]], "never left")
    assert standing.value.by == {seq["S1"]: [seq["R1"]]}
    stands(ledger, CREDITED)
    assert ledger.reverse([seq["S1"]], "never left", cascade=True).count == 2
    stands(
        ledger,
        """
        India 2025-2027: held 1,583,200; remaining 788,416,800
        Poland 2025-2027: held 949,920; remaining 789,050,080
        """,
    )


def test_a_file_of_corrections_names_what_depends_on_it(credited, tmp_path):
    ledger, seq = credited
    fewer = {"reason": "typed wrong", "class": "shipment", "source": "X", "document": "S1"}
    path = write_csv(tmp_path / "corrections.csv", [fewer | {"quantity": 40}])
    (problem,) = ledger.import_file(path, "corrections").problems
    named = f"seq {seq['R1']} (reexport R1 of 2025-06-04)"
    assert problem.reason == f"{named} depends on it: correct or reverse that in the same file"
    stands(ledger, CREDITED)
    both: list[dict[str, object]] = [
        fewer | {"quantity": 40},
        fewer | {"document": "R1", "quantity": 30},
    ]
    path = write_csv(tmp_path / "both.csv", both)
    assert ledger.import_file(path, "corrections").count == 4
    stands(
        ledger,
        """
        India 2025-2027: held 949,920, posted 158,320; remaining 788,891,760
        Poland 2025-2027: held 474,960, posted 474,960; remaining 789,050,080
        """,
    )


def test_what_comes_back_is_no_more_than_is_left(credited, tmp_path):
    """All 100 are said to have come back: 60 of them count for Poland by then."""
    ledger, _ = credited
    back = {"document": "B1", "returned_on": "2025-07-01", "exporter": "X", "shipment": "S1"}
    ledger.import_file(write_csv(tmp_path / "returns.csv", [back]), "returns", columns_from=1)
    stands(ledger, "Poland 2025-2027: posted 949,920; remaining 789,050,080")
