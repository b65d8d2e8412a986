"""15 CFR 750.7: how long a licence holds, and what may be changed of it."""

from __future__ import annotations

import pytest

from schemas.problems import Unusable
from tests.cases.table import licensed, play, stands

ACT = {"document": "A1", "effective_on": "2025-07-01", "licence": "L1"}


def test_an_amendment_moves_the_last_day_and_the_value(kept):
    """750.7(c): quantity goes up only by a replacement licence."""
    ledger, value, quantity = kept(), "licence_value_overdrawn", "amendment_of_quantity"
    play(
        ledger,
        f"""
act               | no | day        | expires_on | to    | units | usd | under | says
licence           | L1 | 2025-06-01 | 2025-12-30 | India | 100   | 10  |       |
licence_amendment | A1 | 2025-07-01 | 2026-01-31 |       |       |     | L1    |
ship              | 1  | 2026-01-31 |            | India | 50    | 10  | L1    |
licence_amendment | A2 | 2025-07-02 |            |       |       | 5   | L1    |
ship              | 2  | 2026-01-31 |            | India | 1     | 51  | L1    | {value}
licence_amendment | A3 | 2025-07-02 |            |       | 200   |     | L1    | {quantity}
licence_amendment | A4 | 2025-07-02 |            |       | 100   |     | L1    |
        """,
    )
    licensed(
        ledger,
        """
        licence | used    | held    | state | expires_on
        L1      | 807,432 | 775,768 | open  | 2026-01-31
        """,
    )


def test_a_lapse_keeps_what_was_licensed_counted(kept):
    ledger = kept()
    play(
        ledger,
        """
act               | no | day        | expires_on | to    | units | under | says
licence           | L1 | 2025-06-01 | 2025-12-30 | India | 100   |       |
ship              | 1  | 2025-06-10 |            | India | 30    | L1    |
lapse             | E1 | 2025-12-31 |            |       |       | L1    |
ship              | 2  | 2025-12-30 |            | India | 10    | L1    |
ship              | 3  | 2025-12-31 |            | India | 10    | L1    | licence_expired
licence_amendment | A1 | 2026-01-05 | 2026-06-30 |       |       | L1    | licence_ended_already
        """,
    )
    licensed(
        ledger,
        """
        licence | used    | lapsed  | state  | gone_quantity | expires_on
        L1      | 791,600 | 791,600 | lapsed | 50            | 2025-12-30
        """,
    )
    stands(ledger, "India 2025-2027: posted 791,600, lapsed 791,600; remaining 788,416,800")


@pytest.mark.parametrize(
    ("expires_on", "last"),
    [
        ("2025-12-25", "2025-12-26"),  # Christmas Day, a Thursday
        ("2026-01-01", "2026-01-02"),
        ("2026-07-03", "2026-07-06"),  # the Friday on which Independence Day is kept
        ("2025-12-27", "2025-12-27"),  # a Saturday is no holiday
    ],
)
def test_a_last_day_on_a_holiday_moves_to_the_next_day_of_business(opened, expires_on, last):
    """750.7(g). The days between are days of use."""
    from datetime import date, timedelta

    after = date.fromisoformat(last) + timedelta(1)
    play(
        opened(),
        f"""
act     | no | day        | expires_on   | to    | units | under | says
licence | L1 | 2025-06-01 | {expires_on} | India | 100   |       |
ship    | 1  | {last}     |              | India | 1     | L1    |
ship    | 2  | {after}    |              | India | 1     | L1    | licence_expired
        """,
    )


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"kind": "licence_transfer"}, "to_party"),
        ({"kind": "licence_amendment"}, "expires_on"),
        ({"kind": "lapse", "quantity": "4"}, "quantity"),
        ({"kind": "surrender", "to_party": "Y"}, "to_party"),
        ({"kind": "revocation", "quantity": "4", "tpp": "4"}, "tpp"),
        ({"kind": "denial"}, "application"),
        ({"kind": "assignment"}, "shipment"),
        ({"kind": "replacement"}, "kind"),
    ],
)
def test_what_an_act_must_say_and_may_not(opened, values, column):
    with pytest.raises(Unusable) as error:
        opened().record("acts", ACT | values)
    assert column in {problem.column for problem in error.value.problems}
