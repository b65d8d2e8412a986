"""Supplement No. 2 to 15 CFR part 748 and 750.6: how applications end."""

from __future__ import annotations

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
