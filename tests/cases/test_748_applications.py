"""Supplement No. 2 to 15 CFR part 748 and 750.6: how applications end."""

from __future__ import annotations

from ledger.publish import refresh
from ledger.service.about import about_rows
from reports import run
from tests.cases.table import play, stands


def test_what_is_denied_or_returned_is_free_again(kept):
    ledger = kept()
    answered = "application_answered"
    play(
        ledger,
        f"""
act                     | no | day        | to    | units | application | exporter | says
apply                   | A1 | 2025-05-20 | India | 49798 |             |          |
apply | A2 | 2025-05-20 | India | 101 | | | refused:over_limit
apply                   | A3 | 2025-05-20 | India | 100   |             |          |
denial                  | N1 | 2025-06-01 |       |       | A1          | X        |
returned_without_action | N2 | 2025-06-01 |       |       | A3          |          |
denial                  | N3 | 2025-06-02 |       |       | A3          |          | {answered}
licence                 | L1 | 2025-06-03 | India | 100   | A3          |          | {answered}
apply                   | A4 | 2025-06-04 | India | 49798 |             |          |
        """,
    )
    stands(
        ledger,
        "India 2025-2027: pending 788,401,936, held 1,583,200; remaining 788,416,800",
    )
    ledger.reverse([5], "it was another")
    play(ledger, "act|no|day|to|application|says\nlicence|L2|2025-06-05|India|A1|")


def test_a_licence_for_more_than_was_applied_for(kept):
    """Paragraph (c)(3): the quantity licensed is that of the purchase order."""
    (_, outcome) = play(
        kept(),
        """
        act     | no | day        | to    | units | application | says
        apply   | A1 | 2025-05-20 | India | 100   |             |
        licence | L1 | 2025-06-01 | India | 101   | A1          | more_than_applied
        """,
    )
    (found,) = outcome.findings
    assert (found.limit, found.asked, found.short) == (1_583_200_000, 1_599_032_000, 15_832_000)


def test_a_denial_of_what_is_not_on_file(kept):
    ledger = kept()
    play(ledger, "act | no | day | to\napply | A1 | 2025-05-20 | India")
    said = {"document": "N", "kind": "denial", "effective_on": "2025-06-01"}
    for values, column in (
        ({"application": "A2"}, "application"),
        ({"application": "A1", "exporter": "Y"}, "application"),
        ({"application": "A1", "application_line": "2"}, "application_line"),
    ):
        (problem,) = ledger.record("acts", said | values).problems
        assert problem.column == column


def test_the_report_says_what_became_of_each(kept):
    """Asked, granted, and how long it waited, as of a day and as known then."""
    ledger = kept()
    play(
        ledger,
        """
        act                     | no | day        | to    | units | application | says
        apply                   | A1 | 2025-05-20 | India | 100   |             |
        apply                   | A2 | 2025-05-20 | India | 200   |             |
        apply                   | A3 | 2025-05-21 | India | 49000 |             |
        apply                   | A4 | 2025-05-22 | India | 599   |             | refused:over_limit
        apply                   | A5 | 2025-05-23 | India | 10    |             |
        licence                 | L1 | 2025-06-01 | India | 100   | A1          |
        licence                 | L2 | 2025-06-02 | India | 150   | A2          |
        denial                  | N3 | 2025-06-03 |       |       | A3          |
        returned_without_action | N5 | 2025-06-04 |       |       | A5          |
        """,
    )
    now = [
        ("A1", "approved", 100, 100, 12, "L1"),
        ("A2", "in part", 200, 150, 13, "L2"),
        ("A3", "denied", 49_000, 0, 13, "N3"),
        ("A4", "refused", 599, 0, None, None),
        ("A5", "returned without action", 10, 0, 12, "N5"),
    ]
    assert told(ledger, as_of="2025-06-30") == now
    waiting = [("A3", "pending", 49_000, 0, 12, None), ("A5", "pending", 10, 0, 10, None)]
    assert told(ledger, as_of="2025-06-02", state="pending") == waiting
    assert told(ledger, as_of="2025-06-30", known_at="seq:7")[1] == (
        *("A2", "pending", 200, 0, 41, None),
    )
    ledger.reverse([9], "it was another")
    (again,) = told(ledger, as_of="2025-06-30", application="A3")
    assert again == ("A3", "pending", 49_000, 0, 40, None)
    folder = refresh(ledger.url, lambda: about_rows(ledger.url)).folder
    with run("applications", folder, {"state": "refused"}) as result:
        names = [column.name for column in result.columns]
        (refused,) = (dict(zip(names, row, strict=True)) for row in result.rows())
    # 49,898 units are the allocation; 49,300 are pending, so 598 are left.
    assert refused["short_mtpp"] == (49_300 + 599) * UNIT - 790_000_000_000
    assert refused["reason"] == "more than remains of the budget"


UNIT = 15_832_000


def told(ledger, **asked):
    """The report: number, state, units asked and granted, days it waited, and the answer."""
    folder = refresh(ledger.url, lambda: about_rows(ledger.url)).folder
    columns = ("application", "state", "asked_mtpp", "granted_mtpp", "days_pending", "answered_by")
    with run("applications", folder, asked) as result:
        names = [column.name for column in result.columns]
        rows = [[row[names.index(name)] for name in columns] for row in result.rows()]
    return [(n, state, a // UNIT, g // UNIT, *rest) for n, state, a, g, *rest in rows]
