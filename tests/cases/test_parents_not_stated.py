"""Conditions on the ultimate parent where none is stated: the consignee is its own, as for LPP."""

from __future__ import annotations

from tests.cases.table import play
from tests.cases.test_742_6_joining_group_d5 import AT_ONCE, JOINS, kenya_joins

BARRED, UNKNOWN = "authorization_unavailable", "share_undeclared"


def test_nac_goes_by_the_consignee(kept):
    """740.8(a). Where no headquarters are stated at all, it is judged as far as they are known."""
    play(
        kept(),
        f"""
        act  | day        | to     | by  | chip     | hq     | parent_hq | says
        ship | 2025-07-01 | Kenya  | NAC | RTX 4090 | Kenya  | Kenya     | {BARRED}
        ship | 2025-07-01 | Kenya  | NAC | RTX 4090 | Kenya  |           | {BARRED}
        ship | 2025-07-01 | Kenya  | NAC | RTX 4090 | Kenya  | China     |
        ship | 2025-07-01 | Kenya  | NAC | RTX 4090 | China  |           |
        ship | 2025-07-01 | Kenya  | NAC | RTX 4090 |        |           |
        """,
    )


def test_a_universal_veu_goes_by_the_consignee(opened):
    """748.15(a)(2)(ii)."""
    play(
        opened(),
        f"""
        act  | day        | to    | by   | hq      | parent_hq | says
        ship | 2025-07-01 | Kenya | UVEU | India   |           | {BARRED}, {UNKNOWN}
        ship | 2025-07-01 | Kenya | UVEU | India   | Germany   | {UNKNOWN}
        ship | 2025-07-01 | Kenya | UVEU | Germany |           | {UNKNOWN}
        ship | 2025-07-01 | Kenya | UVEU |         |           | {UNKNOWN}
        """,
    )


def test_a_budget_that_is_closed_is_that_of_the_consignee(opened, tmp_path):
    """The tally by the parent goes by the consignee there, and so does what is closed."""
    law = kenya_joins(tmp_path, JOINS)
    ledger = opened(law, group_change_joining_d5=AT_ONCE, tally_country="ultimate_parent")
    play(
        ledger,
        """
        act     | day        | to    | hq    | parent_hq | says
        licence | 2026-03-01 | Ghana | Kenya | Kenya     | budget_closed
        licence | 2026-03-01 | Ghana | Kenya |           | budget_closed, holder_not_stated
        """,
    )
