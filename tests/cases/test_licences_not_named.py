"""A shipment that goes by its own word under a licence, and names none: it draws none down."""

from __future__ import annotations

import pytest

from tests.cases.table import licensed, play, stands
from tests.service.books import write_csv


def test_it_is_a_breach_and_its_licence_stays_as_it_was(opened):
    ledger = opened()
    play(
        ledger,
        """
act      | no | day        | to     | from  | by      | under | arrives    | units | says
licence  | L1 | 2025-06-01 | India  |       |         |       |            | 100   |
ship     | S1 | 2025-06-10 | India  |       | licence |       | 2025-06-12 | 30    | {unnamed}
ship     | S2 | 2025-06-11 | India  |       | licence | L1    |            | 10    |
ship     | S3 | 2024-06-11 | India  |       | licence |       |            | 10    | before_regime
reexport | S4 | 2025-06-12 | Poland | India | licence |       |            | 5     | {unnamed}
        """.replace("{unnamed}", "licence_not_named"),
    )
    licensed(ledger, "\n licence | used | held | state\n L1 | 158,320 | 1,424,880 | open")
    stands(
        ledger,
        """
        India 2025-2027: held 1,424,880, posted 158,320, safe 474,960; remaining 788,416,800
        Poland 2025-2027: safe 79,160; remaining 790,000,000
        """,
    )


def test_one_of_an_assignment_was_flagged_for_it(opened):
    """The licence that it did not name is found, and it is laid under it."""
    ledger = opened()
    play(
        ledger,
        """
act        | no | day        | to    | by      | under | shipment | exporter | units | says
licence    | L1 | 2025-06-01 | India |         |       |          |          | 100   |
ship       | S1 | 2025-06-10 | India | licence |       |          |          | 30    | {unnamed}
assignment | A1 | 2025-07-01 |       |         | L1    | S1       | X        |       |
        """.replace("{unnamed}", "licence_not_named"),
    )
    stands(ledger, "India 2025-2027: held 1,108,240, posted 474,960; remaining 788,416,800")


def test_units_that_a_shipment_brought_are_passed_on_under_its_licence(opened):
    play(
        opened(),
        """
act      | no | day        | to    | by      | under | shipment | units | says
licence  | L1 | 2025-06-01 | India |         |       |          | 100   |
ship     | S1 | 2025-06-10 | India | licence | L1    |          | 30    |
transfer | T1 | 2025-07-01 | India | licence |       | S1       | 20    |
transfer | T2 | 2025-07-02 | India | licence |       |          | 20    | licence_not_named
        """,
    )


@pytest.mark.parametrize("columns_from", [1, 10**9], ids=["columns", "rows"])
def test_files_of_them(opened, tmp_path, columns_from):
    ledger = opened()
    lot = {"exporter": "X", "ultimate_consignee": "C", "chip": "H100 SXM", "quantity": "1"}
    sent = [
        {"document": f"S{n}", "exported_on": day, "received_on": "2025-07-01"}
        | {"destination": to, "authorization": by, "licence": under}
        | lot
        for n, (day, to, by, under) in enumerate(
            (day, to, by, under)
            for day in ("2024-12-31", "2025-06-01")
            for to in ("India", "Canada")
            for by in ("licence", "C30", "none", "")
            for under in ("", "L9")
        )
    ]
    path = write_csv(tmp_path / "shipments.csv", sent)
    counts = ledger.import_file(path, "shipments", columns_from=columns_from).counts
    assert (counts["licence_not_named"], counts["licence_not_on_file"]) == (4, 6)
    back = [{"document": f"R{n}", "exporter": "X", "shipment": f"S{n}"} for n in range(16)]
    path = write_csv(tmp_path / "back.csv", [{"returned_on": "2025-08-01"} | b for b in back])
    assert ledger.import_file(path, "returns", columns_from=columns_from).count == 16
