"""What receipts and returns say of themselves, against the shipment they point at."""

from __future__ import annotations

from tests.cases.table import play
from tests.service.books import rows

UNITS_AND_TPP = """
act     | no | day        | to     | by  | units | tpp      | of | says
ship    | S  | 2025-06-01 | Poland | LPP | 100   |          |    |
receive | R1 | 2025-06-05 |        |     | 10    | 158320   | S  |
receive | R2 | 2025-06-06 |        |     | 10    | 158321   | S  | amount_differs
receive | R3 | 2025-06-07 |        |     |       | 47496    | S  |
receive | R4 | 2025-06-08 |        |     |       | 47496.5  | S  | amount_differs
return  | B1 | 2025-06-09 |        |     | 1     | 1583200  | S  | amount_differs
return  | B2 | 2025-06-09 |        |     |       | 1583200  | S  | more_than_shipped
"""


def test_an_amount_that_is_not_that_of_its_units_is_flagged(opened):
    """It is recorded as it was given: what came back is a fact."""
    ledger = opened()
    outcomes = play(ledger, UNITS_AND_TPP)
    found = {o.findings[0].code: o.findings[0] for o in reversed(outcomes) if o.findings}
    differs = found["amount_differs"]
    assert (differs.limit, differs.taken, differs.asked) == (158_320_000, None, 158_321_000)
    assert differs.short == 1_000


def test_units_that_are_not_given_follow_from_the_amount(opened):
    """And are not known where the amount is not one of whole units."""
    ledger = opened()
    play(ledger, UNITS_AND_TPP)
    recorded = {
        m["document"]: m["quantity"] for m in rows(ledger.url, "movement") if m["target_seq"]
    }
    assert recorded == {"R1": 10, "R2": 10, "R3": 3, "R4": None, "B1": 1, "B2": 100}


def test_what_is_dated_before_its_shipment_is_flagged(opened):
    play(
        opened(),
        """
act     | no | day        | to     | by  | units | of | reason | says
ship    | S  | 2025-06-10 | Poland | LPP | 100   |    |        |
receive | R1 | 2025-06-10 |        |     | 1     | S  |        |
receive | R2 | 2025-06-09 |        |     | 1     | S  |        | before_shipment
install | I1 | 2025-06-09 |        |     | 1     | S  |        | before_shipment
remove  | M1 | 2025-06-09 |        |     | 1     | S  |        | before_shipment
return  | B1 | 2025-06-09 |        |     | 1     | S  |        | before_shipment
loss    | B2 | 2024-06-09 |        |     | 1     | S  | theft  | before_shipment
        """,
    )
