"""Licence lines: drawn down by quantity, amount and value (15 CFR 750.7 and 750.11)."""

from __future__ import annotations

import pytest

from tests.cases.table import play, stands
from tests.service.books import rows, write_csv


def test_a_licence_is_used_up_and_no_unit_more(opened):
    ledger = opened()
    overdrawn = "licence_quantity_overdrawn, licence_tpp_overdrawn"
    play(
        ledger,
        f"""
        act     | no | day        | to    | units | under | says
        licence | L1 | 2025-06-01 | India | 100   |       |
        ship    | 1  | 2025-06-10 | India | 60    | L1    |
        ship    | 2  | 2025-06-11 | India | 40    | L1    |
        ship    | 3  | 2025-06-12 | India | 1     | L1    | {overdrawn}
        """,
    )
    stands(ledger, "India 2025-2027: posted 1,599,032; remaining 788,400,968")
    (line,) = rows(ledger.url, "licence_line")
    assert (line["used_quantity"], line["held_mtpp"]) == (101, 0)


def test_the_value_may_run_over_by_a_tenth(opened):
    """15 CFR 750.11(b): ten percent of the value, while quantity remains."""
    outcomes = play(
        opened(),
        """
act     | no | day        | to    | units | usd     | under | says
licence | L1 | 2025-06-01 | India | 100   | 100.00  |       |
ship    | 1  | 2025-06-10 | India | 50    | 120.00  | L1    |
ship    | 2  | 2025-06-11 | India | 1     | 5000.00 | L1    |
ship    | 3  | 2025-06-12 | India | 1     | 0.01    | L1    | licence_value_overdrawn
ship    | 4  | 2025-06-12 | India | 1     |         | L1    |
        """,
    )
    (found,) = outcomes[3].findings
    assert (found.limit, found.taken, found.asked, found.short) == (1_100_000, 1_100_000, 1, 1)


def test_what_a_shipment_and_its_licence_disagree_on(opened):
    ledger = opened()
    play(
        ledger,
        """
        act     | no | day        | expires_on | to    | units | says
        licence | L1 | 2025-06-01 | 2026-05-31 | India | 100   |
        """,
    )
    play(
        ledger,
        """
act  | no | day        | to     | chip        | consignee | under | says
ship | 1  | 2025-05-31 | India  |             |           | L1    | licence_not_yet_issued
ship | 2  | 2026-06-01 | India  |             |           | L1    | licence_expired
ship | 3  | 2026-05-31 | India  | nvidia-a100 |           | L1    | licence_other_chip
ship | 4  | 2026-05-31 | Poland |             |           | L1    | licence_other_destination
ship | 5  | 2026-05-31 | India  |             | D         | L1    | licence_other_consignee
ship | 6  | 2026-05-31 | India  |             |           | L2    | licence_not_on_file
ship | 7  | 2026-05-31 | India  |             |           | L1    |
        """,
    )


def test_a_shipment_draws_the_line_it_names(opened):
    ledger = opened()
    play(
        ledger,
        """
act     | no | line | day        | to    | units | under | licence_line | says
licence | L1 | 1    | 2025-06-01 | India | 10    |       |              |
licence | L1 | 2    | 2025-06-01 | India | 20    |       |              |
ship    | 1  | 1    | 2025-06-10 | India | 10    | L1    |              |
ship    | 1  | 2    | 2025-06-10 | India | 15    | L1    | 2            |
ship    | 1  | 3    | 2025-06-10 | India | 1     | L1    | 3            | licence_not_on_file
        """,
    )
    assert [line["used_quantity"] for line in rows(ledger.url, "licence_line")] == [10, 15]


@pytest.mark.parametrize("columns_from", [1, 10**9])
def test_a_shipment_under_a_licence_that_was_reversed(opened, tmp_path, columns_from):
    """No licence is on file: it is on the safe side until it is laid under one that turns up."""
    ledger = opened()
    play(ledger, "act | no | day | to | units\nlicence | L1 | 2025-06-01 | India | 10")
    ledger.reverse([2], "issued in error")
    sent = {"document": "S1", "exported_on": "2025-06-10", "exporter": "X"}
    sent |= {"ultimate_consignee": "C", "destination": "India", "chip": "H100 SXM"}
    sent |= {"quantity": "4", "authorization": "licence", "licence": "L1"}
    path = write_csv(tmp_path / "shipments.csv", [sent])
    outcome = ledger.import_file(path, "shipments", columns_from=columns_from)
    assert list(outcome.counts) == ["licence_not_on_file"]
    stands(ledger, "India 2025-2027: safe 63,328; remaining 790,000,000")
    play(
        ledger,
        """
        act        | no | day        | to    | units | of | under | exporter
        licence    | L1 | 2025-06-01 | India | 10    |    |       | X
        assignment | U  | 2025-06-20 |       |       | S1 | L1    | X
        """,
    )
    stands(ledger, "India 2025-2027: held 94,992, posted 63,328; remaining 789,841,680")


def test_a_licence_answers_its_application(opened):
    """What was pending is held now; a second licence for it takes nothing away, and is flagged."""
    ledger = opened()
    play(
        ledger,
        """
        act     | no | day        | to    | units | application | says
        apply   | A1 | 2025-05-20 | India | 100   |             |
        apply   | A2 | 2025-05-20 | India | 49798 |             |
        apply   | A3 | 2025-05-20 | India | 1     |             | refused:over_limit
        licence | L1 | 2025-06-01 | India | 90    | A1          |
        licence | L2 | 2025-06-01 | India | 10    | A1          | application_answered
        apply   | A4 | 2025-06-02 | India | 1     |             | refused:over_limit
        """,
    )
    stands(
        ledger,
        "India 2025-2027: pending 788,401,936, held 1,583,200; remaining 788,416,800",
    )


def test_a_licence_answers_an_application_that_was_refused_at_first(opened):
    ledger = opened()
    play(
        ledger,
        """
        act     | no | day        | to    | units | says
        licence | L0 | 2025-05-20 | India | 49898 |
        apply   | A1 | 2025-06-01 | India | 100   | refused:over_limit
        """,
    )
    ledger.reverse([2], "issued in error")
    lot = {"exporter": "X", "ultimate_consignee": "C", "chip": "nvidia-h100-sxm", "quantity": "100"}
    asked = lot | {"application": "A1", "applied_on": "2025-06-01", "destination": "India"}
    assert ledger.apply(asked).already_refused == 1
    retried = ledger.apply(asked, retry=True)
    assert (retried.count, retried.refused) == (1, 0)
    again = ledger.apply(asked)
    assert (again.already, again.already_refused, again.repeated[0].seq) == (1, 0, 5)
    stands(ledger, "India 2025-2027: pending 1,583,200; remaining 790,000,000")
    play(
        ledger,
        """
        act     | no | day        | to    | units | application | says
        licence | L1 | 2025-06-02 | India | 100   | A1          |
        """,
    )
    stands(ledger, "India 2025-2027: held 1,583,200; remaining 788,416,800")


def test_the_tally_does_not_fall_when_goods_come_back(opened):
    """The rule has no credit; the option gives it, and never more than was drawn."""
    text = """
act     | no | day        | to    | units | under | of | reason | says
licence | L1 | 2025-06-01 | India | 100   |       |    |        |
ship    | S  | 2025-06-10 | India | 60    | L1    |    |        |
return  | R1 | 2025-07-01 |       | 20    |       | S  |        |
loss    | R2 | 2025-07-02 |       | 30    |       | S  | theft  |
return  | R3 | 2025-07-03 |       | 20    |       | S  |        | more_than_shipped
    """
    for reading, posted, remaining in (
        ("none", "949,920", "788,416,800"),
        ("on_proven_return", "316,640", "789,050,080"),
        ("return_and_loss", "", "789,366,720"),
    ):
        ledger = opened(return_or_loss_credit=reading)
        play(ledger, text)
        taken = f"held 633,280{', posted ' + posted if posted else ''}"
        stands(ledger, f"India 2025-2027: {taken}; remaining {remaining}")


@pytest.mark.parametrize(("chip", "to"), [("nvidia-t4", "India"), ("nvidia-h100-sxm", "Japan")])
def test_an_answer_that_holds_nothing_draws_on_nothing(opened, chip, to):
    """What its application had pending is let go of; that is no hold of the licence's own."""
    ledger = opened()
    play(
        ledger,
        f"""
act     | no | day        | to    | units | chip   | application | supersedes | under | says
apply   | A1 | 2025-05-20 | India | 100   |        |             |            |       |
licence | L0 | 2025-06-01 | India | 200   |        |             |            |       |
licence | L1 | 2025-06-02 | {to}  | 100   | {chip} | A1          |            |       |
ship    | S1 | 2025-06-03 | {to}  | 60    | {chip} |             |            | L1    |
licence | L2 | 2025-06-04 | {to}  | 10    | {chip} |             | L1         |       |
        """,
    )
    stands(ledger, "India 2025-2027: held 3,166,400; remaining 786,833,600")
    assert [line["budget_no"] is None for line in rows(ledger.url, "licence_line")] == [
        False,
        True,
        True,
    ]
