"""The authorizations that the rule made: from the day it took effect, 2025-01-13 (90 FR 4544)."""

from __future__ import annotations

import pytest

from tests.cases.table import play, stands

BARRED = "authorization_unavailable"


@pytest.mark.parametrize(("by", "to"), [("LPP", "Kenya"), ("AIA", "Germany"), ("ACM", "Malaysia")])
def test_an_exception_of_the_rule_has_a_first_day(opened, by, to):
    """Used before, it went without one; what is dated before the regime is outside it."""
    play(
        opened(),
        f"""
        act  | day        | to   | by   | says
        ship | 2024-12-31 | {to} | {by} | before_regime
        ship | 2025-01-01 | {to} | {by} | {BARRED}
        ship | 2025-01-12 | {to} | {by} | {BARRED}
        ship | 2025-01-13 | {to} | {by} |
        """,
    )


def test_validated_end_users_of_data_centres_too(opened):
    """NVEU and UVEU are of the rule; NAC, ACA, TMP, RPL and GOV are older."""
    play(
        opened(),
        f"""
        act             | day        | to      | by   | party | country | status | chip | says
        official_status | 2025-01-01 |         |      | C     | India   | NVEU   |      |
        official_status | 2025-01-01 |         |      | C     |         | UVEU   |      |
        ship            | 2025-01-12 | India   | NVEU |       |         |        |      | {BARRED}
        ship            | 2025-01-13 | India   | NVEU |       |         |        |      |
        ship            | 2025-01-12 | Germany | UVEU |       |         |        |      | {BARRED}
        ship            | 2025-01-13 | Germany | UVEU |       |         |        |      |
        ship            | 2025-01-12 | Germany | TMP  |       |         |        |      |
        ship            | 2025-01-12 | Poland  | ACA  |       |         |        | RTX 4090 |
        """,
    )


def test_what_went_so_counts_on_the_safe_side(opened):
    """As any other that its exception is barred to; the year it is received in counts it too."""
    ledger = opened()
    play(
        ledger,
        f"""
        act  | day        | to    | by  | says
        ship | 2025-01-05 | Kenya | LPP | {BARRED}
        """,
    )
    stands(
        ledger,
        """
        C 2025: held 15,832; remaining 26,884,168
        Kenya 2025-2027: safe 15,832; remaining 790,000,000
        """,
    )
