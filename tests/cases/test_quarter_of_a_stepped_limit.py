"""Reports of a limit that rises by quarter: Table 1 to 15 CFR 748.15(a)(2)(iii)(B)."""

from __future__ import annotations

import pytest

from ledger.publish import refresh
from ledger.service.about import about_rows
from ledger.service.quarters import named as quarter_named
from reports import run
from tests.cases.table import play

HELD = """
act             | day        | party | country | status | says
official_status | 2025-01-15 | O     | India   | NVEU   |
official_status | 2025-01-15 | O     | Poland  | NVEU   |
official_status | 2025-01-15 | R     | India   | NVEU   |
"""


def test_a_quarters_report_has_the_ceiling_of_its_last_day(amounts):
    """Table 1, and an amendment from August on: 633, 1,266 and 5,064 million are the ceilings."""
    ledger = amounts()
    play(ledger, HELD)
    play(
        ledger,
        """
        act       | day        | owner | to    | by   | tpp       | arrives    | holder   | budget
        ship      | 2025-02-01 | O     | India | NVEU | 600000000 | 2025-02-01 |          |
        ship      | 2025-08-01 | O     | India | NVEU | 500000000 | 2025-08-01 |          |
        amendment | 2025-08-15 |       |       |      | -66000000 |            | O, India | nveu
        """,
    )
    reported = [quarter_of_nveu(ledger, name) for name in ("2025Q1", "2025Q3", "2027Q2")]
    assert reported == [
        # window, limit, adjustments, remaining (millions of TPP), used %
        ("2025Q1", 633, 0, 33, "94.78"),
        ("2025Q3", 1_266, -66, 100, "91.66"),
        ("2027", 5_064, -66, 3_898, "22.00"),
    ]
    # Steps and amendments as remaining has them, and as the restatement does.
    left = ("window", "limit_mtpp", "remaining_mtpp")
    (one,) = asked(ledger, "remaining", left, as_of="2025-09-30", budget="nveu")
    assert one == ("2025Q3", 1_266 * 10**9, 100 * 10**9)
    figures = ("window", "reported_remaining_mtpp", "restated_remaining_mtpp")
    again = asked(
        ledger, "restatement", figures, as_of="2025-09-30", from_on="2025-07-01", reported_seq="8"
    )
    assert again == [("2025Q3", 166 * 10**9, 100 * 10**9)]


ACCOUNT = """
act       | day        | owner | to    | by   | tpp       | arrives    | holder   | budget
ship      | 2025-02-01 | O     | India | NVEU | 600000000 | 2025-02-01 |          |
ship      | 2025-07-01 | O     | India | NVEU | 500000000 | 2025-07-01 |          |
amendment | 2025-08-15 |       |       |      | -66000000 |            | O, India | nveu
"""


def statement(ledger, as_of, **asked_of):
    """The statement of the National VEU in India, in millions of TPP."""
    names = ("effective_on", "kind", "window", "limit_mtpp", "remaining_mtpp")
    found = asked(ledger, "statement", names, holder="O, India", as_of=as_of, **asked_of)
    return [
        f"{day} {kind} {step} {limit // 10**9:,} {left // 10**9:,}"
        for day, kind, step, limit, left in found
    ]


def test_a_statement_steps_with_the_limit(amounts):
    """Each line stands against the ceiling of its day; a step is a line, first of its day."""
    ledger = amounts()
    play(ledger, HELD)
    play(ledger, ACCOUNT)
    assert statement(ledger, "2025-10-01") == [
        # day, kind, step, limit, remaining
        "2025-01-01 opening 2025Q1 633 633",
        "2025-02-01 receipt 2025Q1 633 33",
        "2025-04-01 step 2025Q2 949 349",
        "2025-07-01 step 2025Q3 1,266 666",
        "2025-07-01 receipt 2025Q3 1,266 166",
        "2025-08-15 amendment 2025Q3 1,266 100",
        "2025-10-01 step 2025Q4 1,582 416",
        "2025-10-01 closing 2025Q4 1,582 416",
    ]
    # From a day on, and as of one: the limit of that day, not the first one.
    assert statement(ledger, "2025-08-14", from_on="2025-07-01") == [
        "2025-07-01 opening 2025Q3 1,266 666",
        "2025-07-01 receipt 2025Q3 1,266 166",
        "2025-08-14 closing 2025Q3 1,266 166",
    ]
    # A step by its name is the window of its days.
    assert statement(ledger, "2027-12-31", window="2025Q3")[-1] == (
        "2025-09-30 closing 2025Q3 1,266 100"
    )
    assert statement(ledger, "2025-08-14", window="2025Q3") == statement(
        ledger, "2025-08-14", from_on="2025-07-01"
    )
    assert statement(ledger, "2025-08-14", window="2026Q1") == []


@pytest.mark.parametrize("day", ["2025-02-01", "2025-06-30", "2025-09-30", "2027-05-05"])
def test_a_statement_closes_with_what_remains_on_the_day(amounts, day):
    ledger = amounts()
    play(ledger, HELD)
    play(ledger, ACCOUNT)
    names = ("window", "limit_mtpp", "remaining_mtpp")
    remaining = asked(ledger, "remaining", names, as_of=day, holder="O, India")
    closing = asked(ledger, "statement", names, as_of=day, holder="O, India")[-1:]
    assert closing == remaining


def quarter_of_nveu(ledger, name):
    """One quarter's line of the only NVEU drawn on, in millions of TPP."""
    span = quarter_named(name)
    figures = ("window", "limit_mtpp", "adjustments_mtpp", "remaining_mtpp", "used_percent")
    found = asked(ledger, "quarter", (*figures, "budget"), as_of=span.last, from_on=span.first)
    (line,) = (row for row in found if row[-1] == "nveu")
    window, *amounts, used, _ = line
    return (window, *(amount // 10**9 for amount in amounts), str(used))


def asked(ledger, report, names, **variables):
    """Some columns of a report."""
    folder = refresh(ledger.url, lambda: about_rows(ledger.url)).folder
    with run(report, folder, variables) as result:
        columns = [column.name for column in result.columns]
        return [tuple(row[columns.index(name)] for name in names) for row in result.rows()]
