"""15 CFR 750.7(c): a replacement licence; and an export laid under a licence that turned up."""

from __future__ import annotations

import pytest

from ledger.service.reversal import Standing
from tests.cases.table import licensed, play, stands


def test_the_hold_moves_in_one_step(kept):
    """The allocation is full, and a replacement of what is licensed goes over nothing."""
    ledger = kept()
    play(
        ledger,
        """
        act     | no | day        | to    | units | under | supersedes | says
        licence | L1 | 2025-06-01 | India | 49898 |       |            |
        ship    | 1  | 2025-06-10 | India | 100   | L1    |            |
        licence | L2 | 2025-07-01 | India | 49798 |       | L1         |
        ship    | 2  | 2025-07-01 | India | 1     | L1    |            | over_limit, licence_closed
        """,
    )
    licensed(
        ledger,
        """
        licence | used      | held        | back        | state    | closed_on
        L1      | 1,599,032 |             | 788,386,104 | replaced | 2025-07-01
        L2      |           | 788,401,936 |             | open     |
        """,
    )
    stands(ledger, "India 2025-2027: held 788,401,936, posted 1,599,032; remaining -968")


def test_each_line_is_replaced_once(kept):
    ledger = kept()
    play(
        ledger,
        """
        act     | no | line | day        | to     | units | supersedes | says
        licence | L1 | 1    | 2025-06-01 | India  | 10    |            |
        licence | L1 | 2    | 2025-06-01 | India  | 20    |            |
        licence | L2 | 1    | 2025-07-01 | India  | 15    | L1         |
        licence | L2 | 2    | 2025-07-01 | India  | 25    | L1         |
        licence | L3 | 1    | 2025-07-01 | India  | 1     | L9         | superseded_not_on_file
        """,
    )
    licensed(
        ledger,
        """
        licence | line | held    | back    | state
        L1      | 1    |         | 158,320 | replaced
        L1      | 2    |         | 316,640 | replaced
        L2      | 1    | 237,480 |         | open
        L2      | 2    | 395,800 |         | open
        L3      | 1    | 15,832  |         | open
        """,
    )


def test_an_export_is_laid_under_the_licence_that_turned_up(kept):
    ledger = kept()
    play(
        ledger,
        """
act        | no | day        | to    | units | by   | under | shipment | exporter | says
ship       | 1  | 2025-06-10 | India | 30    | none |       |          |          | no_authorization
ship | 2 | 2025-06-11 | India | 10 | | L1 | | | licence_not_on_file
licence    | L1 | 2025-06-01 | India | 100   |      |       |          |          |
assignment | S1 | 2025-07-01 |       |       |      | L1    | 1        | X        |
assignment | S2 | 2025-07-01 |       |       |      | L1    | 2        | X        |
        """,
    )
    licensed(ledger, "\n licence | used | held | state\n L1 | 633,280 | 949,920 | open")
    stands(ledger, "India 2025-2027: held 949,920, posted 633,280; remaining 788,416,800")
    with pytest.raises(Standing):
        ledger.reverse([2], "never went")
    ledger.reverse([5], "another licence")
    stands(
        ledger,
        "India 2025-2027: held 1,424,880, posted 158,320, safe 474,960; remaining 788,416,800",
    )


def test_an_assignment_is_judged_as_the_shipment_was(kept):
    play(
        kept(),
        """
act        | no | day        | to     | units | by   | under | shipment | exporter | says
ship | 1 | 2025-05-10 | Poland | 30 | none | | | | no_authorization
licence    | L1 | 2025-06-01 | India  | 20    |      |       |          |          |
assignment | S1 | 2025-07-01 |        |       |      | L1    | 1        | X        | {found}
        """.replace(
            "{found}",
            "licence_not_yet_issued, licence_other_destination, licence_quantity_overdrawn, "
            "licence_tpp_overdrawn",
        ),
    )


@pytest.mark.parametrize("shipment", ["9", "2", "3", "1"])
def test_what_cannot_be_assigned(opened, shipment):
    """Not on file; under an exception; under a licence; assigned already."""
    ledger = opened()
    play(
        ledger,
        """
act        | no | day        | to     | units | by   | under | shipment | exporter | says
ship | 1 | 2025-06-10 | Poland | 30 | none | | | | no_authorization
ship       | 2  | 2025-06-10 | Poland | 30    | AIA  |       |          |          | {aia}
licence    | L1 | 2025-06-01 | Poland | 100   |      |       |          |          |
ship       | 3  | 2025-06-10 | Poland | 30    |      | L1    |          |          |
assignment | S1 | 2025-07-01 |        |       |      | L1    | 1        | X        |
        """.replace("{aia}", "authorization_unavailable"),
    )
    said = {"document": "S2", "kind": "assignment", "effective_on": "2025-07-01"}
    outcome = ledger.record("acts", said | {"licence": "L1", "shipment": shipment, "exporter": "X"})
    (problem,) = outcome.problems
    assert problem.column == "shipment"
