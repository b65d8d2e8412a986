"""91 FR 1684: at most half of what US customers received of a product may go to China and Macau."""

from __future__ import annotations

import pytest

from tests.cases.table import play

CHINA = "china_case_by_case"
OVER, UNKNOWN = "share_over", "share_undeclared"
# 2,368 TPP a unit: 100 units declared for US customers.
DECLARED = """
act            | no | day        | party      | country       | tpp    | says
installed_base | N1 | 2026-01-31 | nvidia-h20 | United States | 236800 |
"""
H20 = "nvidia-h20"


@pytest.fixture
def beside(opened):
    """The rule, and this regime beside it on the same movements."""
    ledger = opened(beside=[CHINA])
    play(ledger, DECLARED)
    return ledger


@pytest.mark.parametrize(("units", "says"), [("50", ""), ("51", OVER)])
def test_half_of_what_us_customers_received(beside, units, says):
    play(
        beside,
        f"""
        act     | no | day        | to    | chip  | units   | by      | under | says
        licence | L  | 2026-02-01 | China | {H20} | 500     |         |       |
        ship    | S  | 2026-02-02 | China | {H20} | {units} | licence | L     | {says}
        """,
    )


def test_it_runs_on_the_movements_of_the_rule(beside):
    """A shipment at home is no export under the one and the base under the other."""
    hong_kong = f"licence_other_destination, {OVER}"
    play(
        beside,
        f"""
        act     | no | day        | to            | chip  | units | by      | under | says
        licence | L  | 2026-02-01 | China         | {H20} | 500   |         |       |
        licence | M  | 2026-02-01 | Macau         | {H20} | 500   |         |       |
        ship    | U  | 2026-02-02 | United States | {H20} | 10    |         |       |
        ship    | S1 | 2026-02-03 | China         | {H20} | 30    | licence | L     |
        ship    | S2 | 2026-02-03 | Macau         | {H20} | 25    | licence | M     |
        ship    | S3 | 2026-02-03 | Hong Kong     | {H20} | 1     | licence | L     | {hong_kong}
        """,
    )


def test_each_product_is_measured_by_itself(beside):
    play(
        beside,
        f"""
        act     | no | day        | to    | chip            | units | by      | under | says
        licence | L  | 2026-02-01 | China | {H20}           | 500   |         |       |
        licence | M  | 2026-02-01 | China | nvidia-h100-sxm | 500   |         |       |
        ship    | S1 | 2026-02-03 | China | {H20}           | 50    | licence | L     |
        ship    | S2 | 2026-02-03 | China | nvidia-h100-sxm | 1     | licence | M     | {UNKNOWN}
        """,
    )


def test_exports_from_the_united_states_under_licences_alone(beside):
    """A reexport is no part of the share, nor what goes without a licence."""
    play(
        beside,
        f"""
        act      | no | day        | to    | chip  | units | by      | under | says
        licence  | L  | 2026-02-01 | China | {H20} | 500   |         |       |
        reexport | S1 | 2026-02-03 | China | {H20} | 60    | licence | L     |
        ship     | S2 | 2026-02-03 | China | {H20} | 60    | none    |       | no_authorization
        ship     | S3 | 2026-02-03 | China | {H20} | 50    | licence | L     |
        """,
    )


def test_what_comes_back_makes_room(beside):
    play(
        beside,
        f"""
        act     | no | day        | to    | chip  | units | by      | under | of | says
        licence | L  | 2026-02-01 | China | {H20} | 500   |         |       |    |
        ship    | S1 | 2026-02-03 | China | {H20} | 50    | licence | L     |    |
        return  | R1 | 2026-02-04 |       |       | 5     |         |       | S1 |
        ship    | S2 | 2026-02-05 | China | {H20} | 5     | licence | L     |    |
        ship    | S3 | 2026-02-06 | China | {H20} | 1     | licence | L     |    | {OVER}
        """,
    )


@pytest.mark.parametrize(("units", "says"), [("50", ""), ("51", f"refused:{OVER}")])
def test_an_application_is_measured_as_an_export(beside, units, says):
    """Pending applications reserve nothing: what was shipped is the share."""
    play(
        beside,
        f"""
        act   | no | day        | to    | chip  | units   | says
        apply | A1 | 2026-02-02 | China | {H20} | 50      |
        apply | A2 | 2026-02-02 | Macau | {H20} | {units} | {says}
        """,
    )
