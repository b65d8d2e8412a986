"""15 CFR 750.7: how long a licence holds, and what may be changed of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ledger.policy.licensing import expiry_of
from ledger.service.explain import explain
from schemas.problems import Unusable
from tests.cases.table import licensed, owed, play, stands
from tests.service.books import rows, write_csv

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
ship              | 2  | 2025-12-30 |            | India | 10    | L1    | filed_after_ending
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


def test_one_that_names_no_last_day_holds_one_year(kept):
    """Items of 742.6(a)(6)(iii)(A): one year. An L40 is none, and its licence says nothing."""
    ledger = kept()
    play(
        ledger,
        """
act     | no | day        | expires_on | to     | chip       | units | under | says
licence | L1 | 2025-06-02 |            | India  |            | 100   |       |
licence | L2 | 2025-06-02 | 2025-12-31 | India  |            | 100   |       |
licence | L3 | 2025-06-02 |            | India  | nvidia-l40 | 100   |       |
licence | L4 | 2025-06-02 |            | Norway |            | 100   |       |
ship    | 1  | 2026-06-01 |            | India  |            | 1     | L1    |
ship    | 2  | 2026-06-02 |            | India  |            | 1     | L1    | licence_expired
ship    | 3  | 2026-06-01 |            | India  |            | 1     | L2    | licence_expired
ship    | 4  | 2030-01-01 |            | India  | nvidia-l40 | 1     | L3    |
ship    | 5  | 2026-06-02 |            | Norway |            | 1     | L4    | licence_expired
        """,
    )
    licensed(
        ledger,
        """
        licence | expires_on
        L1      | 2026-06-01
        L2      | 2025-12-31
        L3      |
        L4      | 2026-06-01
        """,
    )
    # What was not given is not on the movement, and is told apart from what was.
    assert [str(m["expires_on"]) for m in rows(ledger.url, "movement")[1:3]] == [
        "None",
        "2025-12-31",
    ]
    filled, given = (dict(explain(ledger, seq).given) for seq in (2, 3))
    assert (filled["expires_on_by_rule"], given["expires_on"]) == ("2026-06-01", "2025-12-31")
    assert "expires_on" not in filled
    assert "expires_on_by_rule" not in given
    (step,) = (one for one in explain(ledger, 2).why if "last day" in one.sentence)
    assert step.sentence == "holds one year where it names no last day"
    assert step.citation.startswith("15 CFR 750.7(g)")


def test_the_last_day_by_rule_moves_behind_a_holiday_too(kept):
    """Issued on 2 January 2026: its year ends on New Year's Day, a Friday; Monday is business."""
    ledger = kept()
    play(
        ledger,
        """
        act     | no | day        | to    | units | under | says
        licence | L1 | 2026-01-02 | India | 100   |       |
        ship    | 1  | 2027-01-04 | India | 1     | L1    |
        ship    | 2  | 2027-01-05 | India | 1     | L1    | licence_expired
        """,
    )
    assert ledger.lapses_due(date(2027, 1, 4)) == []
    assert ledger.lapses_due(date(2027, 1, 5)) == [("L1", "1", date(2027, 1, 5))]
    asked = {"duty": "licence_expiring"}
    owed(ledger, "2027-01-04", "state | due_on\ndue | 2027-01-04", **asked)
    asked = {"duty": "licence_lapse"}
    owed(ledger, "2027-01-05", "state | due_on\ndue | 2027-01-05", **asked)


def test_a_year_from_29_february_ends_on_28_february():
    assert expiry_of(date(2028, 2, 29), 1) == date(2029, 2, 28)
    assert expiry_of(date(2028, 2, 29), 4) == date(2032, 2, 28)
    assert expiry_of(date(2028, 3, 1), 1) == date(2029, 2, 28)


def test_an_amendment_of_a_last_day_by_rule(kept):
    ledger = kept()
    play(
        ledger,
        """
act               | no | day        | expires_on | to    | units | usd | under | says
licence           | L1 | 2025-06-02 |            | India | 100   | 10  |       |
licence_amendment | A1 | 2025-07-01 |            |       |       | 12  | L1    |
licence_amendment | A2 | 2026-05-01 | 2026-09-30 |       |       |     | L1    |
ship              | 1  | 2026-09-30 |            | India | 1     |     | L1    |
        """,
    )
    licensed(ledger, "\n licence | expires_on\n L1 | 2026-09-30")
    ledger.reverse([4], "not approved", cascade=True)
    licensed(ledger, "\n licence | expires_on\n L1 | 2026-06-01")


def test_a_file_goes_in_once_though_last_days_were_filled_in(kept, tmp_path):
    """What is told is what was given: the same file is known, by rows and as columns."""
    ledger = kept()
    line = {"line": 1, "exporter": "X", "ultimate_consignee": "C", "destination": "India"}
    line |= {"issued_on": "2025-06-02", "chip": "nvidia-h100-sxm", "quantity": 1}
    lots = [line | {"licence": f"L{n}", "expires_on": "" if n else "2026-06-01"} for n in range(3)]
    path = write_csv(tmp_path / "licences.csv", lots)
    assert ledger.import_file(path, "licences").count == 3
    for columns_from in (1, 10**9):
        again = ledger.import_file(path, "licences", columns_from=columns_from)
        assert (again.count, again.already) == (0, 3)
    other = write_csv(tmp_path / "other.csv", [lots[1] | {"expires_on": "2026-06-01"}])
    (problem,) = ledger.import_file(other, "licences", rejects=tmp_path / "r.csv").problems
    assert (problem.column, problem.value) == ("expires_on", "2026-06-01")
    assert problem.reason.endswith("there it is empty")


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
