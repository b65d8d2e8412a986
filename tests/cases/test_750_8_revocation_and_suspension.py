"""15 CFR 750.8: the authority revises, suspends or revokes a licence, and a holder returns it."""

from __future__ import annotations

import pytest

from tests.cases.table import licensed, play, stands


def test_a_revocation_takes_the_whole_rest(kept):
    """The tally is of what was licensed: the rest stays counted, and nothing more may go."""
    ledger = kept()
    play(
        ledger,
        """
        act        | no | day        | to    | units | under | says
        licence    | L1 | 2025-06-01 | India | 100   |       |
        ship       | 1  | 2025-06-10 | India | 30    | L1    |
        revocation | R1 | 2025-07-01 |       |       | L1    |
        ship       | 2  | 2025-06-30 | India | 10    | L1    | filed_after_ending
        ship       | 3  | 2025-07-01 | India | 10    | L1    | licence_closed
        """,
    )
    licensed(
        ledger,
        """
        licence | used    | lapsed  | state   | gone_quantity | closed_on
        L1      | 791,600 | 791,600 | revoked | 50            | 2025-07-01
        """,
    )
    stands(ledger, "India 2025-2027: posted 791,600, lapsed 791,600; remaining 788,416,800")


def test_where_the_reading_gives_back_nothing_lapses(kept):
    """Option unused_licence_revocation = credit; what came late takes its room back."""
    ledger = kept(unused_licence_revocation="credit")
    play(
        ledger,
        """
        act        | no | day        | to    | units | under | says
        licence    | L1 | 2025-06-01 | India | 100   |       |
        revocation | R1 | 2025-07-01 |       |       | L1    |
        """,
    )
    stands(ledger, "")
    play(ledger, "act|no|day|to|units|under|says\nship|1|2025-06-30|India|10|L1|filed_after_ending")
    licensed(
        ledger,
        """
        licence | used    | back      | state   | gone_quantity
        L1      | 158,320 | 1,424,880 | revoked | 90
        """,
    )
    stands(ledger, "India 2025-2027: posted 158,320; remaining 789,841,680")


def test_a_part_is_revoked_by_quantity(kept):
    ledger = kept()
    part, over = "licence_part_ended", "licence_quantity_overdrawn, licence_tpp_overdrawn"
    play(
        ledger,
        f"""
        act        | no | day        | to    | units | under | says
        licence    | L1 | 2025-06-01 | India | 100   |       |
        ship       | 1  | 2025-06-10 | India | 30    | L1    |
        revocation | R1 | 2025-07-01 |       | 40    | L1    |
        ship       | 2  | 2025-07-02 | India | 30    | L1    |
        ship       | 3  | 2025-07-03 | India | 10    | L1    | {part}
        ship       | 4  | 2025-06-30 | India | 10    | L1    | filed_after_ending
        ship       | 5  | 2025-07-03 | India | 21    | L1    | {part}, {over}
        """,
    )
    licensed(ledger, "\n licence | used | state\n L1 | 1,599,032 | open")


def test_more_than_is_left_cannot_be_revoked(kept):
    ledger = kept()
    (_, _, outcome, _) = play(
        ledger,
        """
        act        | no | day        | to    | units | under | says
        licence    | L1 | 2025-06-01 | India | 100   |       |
        ship       | 1  | 2025-06-10 | India | 80    | L1    |
        revocation | R1 | 2025-07-01 |       | 40    | L1    | more_than_held
        surrender  | R2 | 2025-07-02 |       |       | L1    |
        """,
    )
    (found,) = outcome.findings
    assert (found.limit, found.asked, found.short) == (316_640_000, 633_280_000, 316_640_000)
    licensed(
        ledger,
        """
        licence | used      | lapsed  | state       | gone_quantity
        L1      | 1,266,560 | 316,640 | surrendered | 20
        """,
    )


def test_one_row_without_a_line_is_every_line(kept):
    ledger = kept()
    play(
        ledger,
        """
act        | no | line | day        | to     | units | under | licence_line | says
licence    | L1 | 1    | 2025-06-01 | India  | 10    |       |              |
licence    | L1 | 2    | 2025-06-01 | India  | 20    |       |              |
licence    | L1 | 3    | 2025-06-01 | India  | 30    |       |              |
revocation | R1 | 1    | 2025-07-01 |        |       | L1    | 3            |
revocation | R2 | 1    | 2025-07-01 |        |       | L1    |              | licence_ended_already
        """,
    )
    licensed(
        ledger,
        """
        licence | line | lapsed  | state
        L1      | 1    | 158,320 | revoked
        L1      | 2    | 316,640 | revoked
        L1      | 3    | 474,960 | revoked
        """,
    )
    again = ledger.record(
        "acts",
        {
            "document": "R2",
            "kind": "revocation",
            "effective_on": "2025-07-01",
            "licence": "L1",
        },
    )
    assert (again.already, again.count) == (1, 0)


def test_what_is_dated_while_suspended_is_flagged(kept):
    play(
        kept(),
        """
act                   | no | day        | to    | units | under | until_on   | says
licence               | L1 | 2025-06-01 | India | 100   |       |            |
licence_suspension    | A1 | 2025-07-01 |       |       | L1    |            |
ship                  | 1  | 2025-06-30 | India | 1     | L1    |            |
ship                  | 2  | 2025-07-01 | India | 1     | L1    |            | licence_suspended
licence_reinstatement | A2 | 2025-08-01 |       |       | L1    |            |
ship                  | 3  | 2025-07-31 | India | 1     | L1    |            | licence_suspended
ship                  | 4  | 2025-08-01 | India | 1     | L1    |            |
licence_suspension    | A3 | 2025-09-01 |       |       | L1    | 2025-09-30 |
ship                  | 5  | 2025-09-30 | India | 1     | L1    |            | licence_suspended
ship                  | 6  | 2025-10-01 | India | 1     | L1    |            |
        """,
    )


def test_an_act_on_a_licence_that_is_not_on_file_is_a_problem(kept):
    ledger = kept()
    play(ledger, "act | no | day | to\nlicence | D1042 | 2025-06-01 | India")
    said = {"document": "R", "kind": "surrender", "effective_on": "2025-07-01"}
    (problem,) = ledger.record("acts", said | {"licence": "D1024"}).problems
    assert (problem.column, problem.value, problem.nearest) == ("licence", "D1024", ("D1042",))
    outcome = ledger.record("acts", said | {"licence": "D1042", "licence_line": "2"})
    (problem,) = outcome.problems
    assert (problem.column, problem.value, problem.nearest) == ("licence_line", "2", ("1",))
    assert outcome.count == 0


@pytest.mark.parametrize("kind", ["lapse", "surrender", "revocation", "licence_close"])
def test_each_reading_of_an_unused_rest(opened, kind):
    """Option 6 has a setting for each way a licence ends; closing follows surrender."""
    option = "unused_licence_surrender" if kind == "licence_close" else f"unused_licence_{kind}"
    for reading, stand in (
        ("none", "India 2025-2027: lapsed 1,583,200; remaining 788,416,800"),
        ("credit", ""),
    ):
        ledger = opened(**{option: reading})
        play(
            ledger,
            f"""
            act     | no | day        | to    | units | under
            licence | L1 | 2025-06-01 | India | 100   |
            {kind}  | E1 | 2026-06-01 |       |       | L1
            """,
        )
        stands(ledger, stand)


def test_a_reversal_leaves_the_line_as_if_the_act_had_never_been(kept):
    ledger = kept()
    play(
        ledger,
        """
        act        | no | day        | to    | units | under | says
        licence    | L1 | 2025-06-01 | India | 100   |       |
        ship       | 1  | 2025-06-10 | India | 30    | L1    |
        revocation | R1 | 2025-07-01 |       |       | L1    |
        ship       | 2  | 2025-06-30 | India | 10    | L1    | filed_after_ending
        """,
    )
    ledger.reverse([3], "another licence")
    licensed(
        ledger,
        """
        licence | used    | lapsed    | state   | closed_on
        L1      | 158,320 | 1,424,880 | revoked | 2025-07-01
        """,
    )
    ledger.reverse([4], "another licence")
    licensed(
        ledger,
        """
        licence | used    | held      | state | closed_on
        L1      | 158,320 | 1,424,880 | open  |
        """,
    )
    stands(ledger, "India 2025-2027: held 1,424,880, posted 158,320; remaining 788,416,800")
