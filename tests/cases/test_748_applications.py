"""Supplement No. 2 to 15 CFR part 748 and 750.6: how applications end."""

from __future__ import annotations

import pytest

from ledger.publish import refresh
from ledger.service.about import about_rows
from reports import run
from tests.cases.table import play, stands
from tests.service.books import rows
from tests.storage.test_check import failing_after


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
        found = [[row[names.index(name)] for name in columns] for row in result.rows()]
    return [(n, state, a // UNIT, g // UNIT, *rest) for n, state, a, g, *rest in found]


def pending(ledger):
    """What is pending of all budgets, in units."""
    return sum(b["pending_mtpp"] for b in rows(ledger.url, "balance")) // UNIT


ASKED = """
act   | no | line | day        | to    | units | exporter | says
apply | A1 |      | 2025-06-01 | India | 100   | X        |
apply | A2 | 1    | 2025-06-01 | India | 10    | X        |
apply | A2 | 7    | 2025-06-01 | India | 20    | X        |
apply | A3 |      | 2025-06-01 | India | 30    | X        |
apply | A3 |      | 2025-06-01 | India | 40    | Y        |
apply | A4 |      | 2025-06-01 | India | 50    | Y        |
"""
NONE = "application_not_on_file"


@pytest.mark.parametrize(
    ("licence", "answered"),
    [
        # number and line of the application, and of which exporter; or what is said of none
        ("A1 | 1 |   | X", ("A1", "1", "X")),
        ("A1 | 2 |   | X", ("A1", "1", "X")),  # its only line
        ("A1 | 2 | 2 | X", "A1 line 2"),
        ("A2 | 7 |   | X", ("A2", "7", "X")),  # the licence's own
        ("A2 | 7 | 1 | X", ("A2", "1", "X")),
        ("A2 | 2 |   | X", "A2 line 2"),
        ("A3 | 1 |   | X", ("A3", "1", "X")),  # filed by the licence's own exporter
        ("A3 | 1 |   | Y", ("A3", "1", "Y")),
        ("A3 | 1 |   | y", ("A3", "1", "Y")),
        ("A3 | 1 |   | Z", "A3: filed by X, Y"),
        ("A4 | 1 |   | X", ("A4", "1", "Y")),  # the only one
        ("A5 | 1 |   | X", "A5"),
    ],
)
def test_which_application_a_licence_answers(kept, licence, answered):
    ledger = kept()
    play(ledger, ASKED)
    number, line, wanted, exporter = (cell.strip() for cell in licence.split("|"))
    said = {"licence": "L1", "line": line, "issued_on": "2025-06-02", "exporter": exporter}
    said |= {"ultimate_consignee": "C", "chip": "nvidia-h100-sxm", "quantity": "1"}
    said |= {"destination": "India", "application": number, "application_line": wanted}
    outcome = ledger.issue(said)
    movements = {m["seq"]: m for m in rows(ledger.url, "movement")}
    of = movements.get(movements[outcome.first_seq]["target_seq"])
    if of is None:
        assert [(f.code, f.detail) for f in outcome.findings] == [(NONE, answered)]
        assert pending(ledger) == 250
    else:
        assert not outcome.findings
        assert (of["document"], of["line"], of["source"]) == answered
        assert pending(ledger) == 250 - of["quantity"]


def test_one_application_is_answered_by_the_lines_of_one_licence(kept):
    """Granted is what the licence is for; more than was applied for is so line upon line."""
    ledger = kept()
    play(
        ledger,
        """
        act     | no | line | day        | to    | units | ordered | application | says
        apply   | A1 |      | 2025-06-01 | India | 100   | 105     |             |
        licence | L1 | 1    | 2025-06-02 | India | 60    |         | A1          |
        licence | L1 | 2    | 2025-06-02 | India | 40    |         | A1          |
        """,
    )
    assert pending(ledger) == 0
    assert told(ledger, as_of="2025-12-31") == [("A1", "approved", 100, 100, 1, "L1")]
    line = "licence | L1 | 3 | 2025-06-03 | India | 6 | A1 | more_than_applied, more_than_ordered"
    (third,) = play(ledger, f"act|no|line|day|to|units|application|says\n{line}")
    more = third.findings[0]
    figures = (more.limit, more.taken, more.asked, more.short)
    assert figures == (100 * UNIT, 100 * UNIT, 6 * UNIT, 6 * UNIT)
    # A line may go; what is pending stays free while another stands, and comes back with the last.
    for seq, waits in ((3, 0), (5, 0), (4, 100)):
        ledger.reverse([seq], "in error")
        assert pending(ledger) == waits
    assert told(ledger, as_of="2025-12-31") == [("A1", "pending", 100, 0, 213, None)]


def test_the_second_answer_takes_the_place_of_the_first(kept):
    """Where the first is reversed: the room is not taken twice."""
    ledger = kept()
    play(
        ledger,
        """
        act     | no | day        | to    | units | application | says
        apply   | A1 | 2025-06-01 | India | 100   |             |
        licence | L1 | 2025-06-11 | India | 60    | A1          |
        licence | L2 | 2025-06-12 | India | 40    | A1          | application_answered
        denial  | N1 | 2025-06-13 |       |       | A1          | application_answered
        """,
    )
    first = [("A1", "in part", 100, 60, 10, "L1")]
    second = [("A1", "in part", 100, 40, 11, "L2")]
    assert told(ledger, as_of="2025-12-31") == first
    ledger.reverse([3], "never issued")
    assert (pending(ledger), told(ledger, as_of="2025-12-31")) == (0, second)
    ledger.reverse([6], "it was")
    assert (pending(ledger), told(ledger, as_of="2025-12-31")) == (0, first)
    ledger.reverse([3, 4], "neither was")
    denied = [("A1", "denied", 100, 0, 12, "N1")]
    assert (pending(ledger), told(ledger, as_of="2025-12-31")) == (0, denied)
    ledger.reverse([5], "nor denied")
    assert pending(ledger) == 100
    ledger.reverse([8], "L2 was, after all")
    assert (pending(ledger), told(ledger, as_of="2025-12-31")) == (0, second)
    # What is pending is taken back with the application itself, and once.
    ledger.reverse([2], "all of it", cascade=True)
    assert pending(ledger) == 0


def test_a_licence_dated_before_its_application(kept):
    """It answers it, and is flagged; nothing waited for less than no day."""
    ledger = kept()
    play(
        ledger,
        """
        act     | no | day        | to    | units | application | says
        apply   | A1 | 2025-06-10 | India | 100   |             |
        licence | L1 | 2025-06-01 | India | 100   | A1          | before_application
        apply   | A2 | 2025-06-10 | India | 100   |             |
        denial  | N1 | 2025-06-09 |       |       | A2          | before_application
        """,
    )
    found = [row for row in rows(ledger.url, "finding") if row["code"] == "before_application"]
    assert [row["detail"] for row in found] == ["2025-06-10", "2025-06-10"]
    assert [row[4] for row in told(ledger, as_of="2025-12-31")] == [0, 0]


def test_check_holds_what_is_pending_against_the_answers(kept):
    """Whoever changes an entry in the file is found out, whatever the sums come to."""
    ledger = kept()
    play(
        ledger,
        """
        act     | no | day        | to    | units | application | says
        apply   | A1 | 2025-06-01 | India | 100   |             |
        licence | L1 | 2025-06-02 | India | 60    | A1          |
        """,
    )
    found = failing_after(ledger.store, "UPDATE entry SET pending_mtpp = -5 WHERE seq = 3")
    assert "is pending for application 2, should be 0" in found["applications"]
