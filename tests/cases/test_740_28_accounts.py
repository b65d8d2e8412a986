"""Accounts facility by facility: 15 CFR 740.28(e), 748.15(f)(1)(iii), and Supplement No. 10 to
part 748, paragraph 10.
"""

from __future__ import annotations

import pytest

import ledger as door
from tests.cases.table import headings, lines, play
from tests.cases.test_742_6_joining_group_d5 import said_of


@pytest.fixture
def accounts(ledger):
    """What the report says of the ledger, compared with a table of some of its columns."""

    def compare(text: str, **asked: object) -> None:
        with door.open(ledger.url) as books:
            frame = books.report("facilities", **asked)
        names = headings(text)
        found = [
            {n: str(v) for n, v in zip(names, row, strict=True) if v not in (0, "") and v == v}
            for row in frame[names].itertuples(index=False)
        ]
        assert found == lines(text), frame.T

    return compare


NATIONAL = """
act             | no | day        | party | country | status | says
official_status | S1 | 2025-01-15 | O     | India   | NVEU   |
official_status | S2 | 2025-01-15 | O     | Poland  | NVEU   |
"""


def test_what_came_in_and_went_out_of_a_data_centre(ledger, accounts):
    """Lost under way it never was on hand; what failed there was."""
    play(ledger, NATIONAL)
    play(
        ledger,
        """
act     | no | day        | owner | consignee | to    | by   | at     | units | of | reason  | says
ship    | A  | 2025-03-01 | O     | O         | India | NVEU | Hall A | 100   |    |         |
loss    | L1 | 2025-03-01 |       |           |       |      |        | 2     | A  | theft   |
receive | R1 | 2025-03-02 |       |           |       |      |        | 98    | A  |         |
install | I1 | 2025-03-05 |       |           |       |      |        | 90    | A  |         |
loss    | L2 | 2025-03-09 |       |           |       |      |        | 3     | A  | failure |
remove  | X1 | 2025-03-10 |       |           |       |      |        | 5     | A  |         |
return  | B1 | 2025-03-11 |       |           |       |      |        | 10    | A  |         |
        """,
    )
    play(
        ledger,
        """
        act  | no | day        | from  | to     | by   | units | arrives    | says
        move | M  | 2025-04-01 | India | Poland | NVEU | 40    | 2025-04-05 |
        """,
    )
    accounts(
        """
facility | country | shipped | received | installed | lost | removed | returned | on_hand | state
Hall A   | IN      | 100     | 98       | 90        | 5    | 5       | 10       | 40      | on hand
Hall B   | PL      |         |          |           |      |         |          | 40      | on hand
        """
    )
    accounts(
        """
        facility | transferred_in | transferred_out | came_under | first_received_on   | on_hand
        Hall A   |                | 40              | NVEU       | 2025-03-02 00:00:00 | 40
        """,
        as_of="2025-04-04",
    )
    accounts(
        "facility | opening | lost | removed | on_hand\nHall A | 98 | 3 | 5 | 80",
        from_on="2025-03-06",
        as_of="2025-03-31",
    )


def test_a_manufacturer_releases_from_stock_to_a_buyer(ledger, accounts):
    """ACM: the release is a shipment of its own, which names the facility that it leaves."""
    play(
        ledger,
        """
        act  | no | day        | consignee | to     | by  | at | units | says
        ship | A  | 2025-06-01 | Fab       | Taiwan | ACM | F1 | 50    |
        """,
    )
    play(
        ledger,
        """
act     | no | day        | consignee | to     | by      | under | from_facility | units | of | says
receive | R  | 2025-06-02 |           |        |         |       |               |       | A  |
licence | L1 | 2025-06-10 | Buyer     | Poland |         |       |               | 30    |    |
ship    | B  | 2025-06-20 | Buyer     | Poland | licence | L1    | f1            | 30    |    |
return  | C  | 2025-06-25 |           |        |         |       |               | 4     | B  |
        """,
    )
    accounts(
        """
        owner | facility | country | received | released | on_hand | compute_mtpp | came_under
        Fab   | F1       | TW      | 50       | 26       | 24      | 379968000    | ACM
        """
    )
    accounts("owner\nFab", authorization="licence")
    accounts("owner", authorization="AIA")


def test_more_out_than_in_is_shown_below_zero(ledger, accounts):
    """Nothing is refused for it: what is missing is a receipt, or the goods."""
    play(
        ledger,
        """
act     | no | day        | consignee | to     | by  | at | from_facility | units | of | says
ship    | A  | 2025-06-01 | Fab       | Taiwan | ACM | F1 |               | 50    |    |
receive | R  | 2025-06-02 |           |        |     |    |               |       | A  |
ship    | B  | 2025-06-20 | Fab 2     | Taiwan | ACM | F2 | F1            | 60    |    |
        """,
    )
    accounts(
        """
        owner | facility | shipped | released | on_hand | state
        Fab   | F1       | 50      | 60       | -10     | below zero
        Fab 2 | F2       | 60      |          |         | empty
        """
    )
    accounts("facility\nF1", state="below zero")


def test_what_names_no_facility_is_shown_where_an_account_is_asked_for(ledger, accounts):
    """A VEU's lot without a site is missed by nobody; a licensed one is in no account."""
    play(
        ledger,
        """
act     | no | day        | consignee | to     | by      | under | arrives    | units | says
licence | L1 | 2025-06-01 | Buyer     | Poland |         |       |            | 30    |
ship    | A  | 2025-06-02 | Buyer     | Poland | licence | L1    | 2025-06-03 | 30    |
ship    | B  | 2025-06-02 | Corp      | India  | UVEU    |  | 2025-06-03 | 20 | share_undeclared
        """,
    )
    accounts("owner | facility | country | on_hand\nCorp | | IN | 20")


def test_what_is_gone_went_from_where_the_lot_arrived(ledger, accounts):
    """A receipt may say where a lot came; what is lost or comes back of it says nothing of that."""
    play(ledger, NATIONAL)
    play(
        ledger,
        """
        act     | no | day        | owner | to    | by   | at     | units | of | reason  | says
        ship    | A  | 2025-03-01 | O     | India | NVEU |        | 10    |    |         |
        receive | R1 | 2025-03-02 |       |       |      | Hall B | 10    | A  |         |
        install | I1 | 2025-03-03 |       |       |      |        | 6     | A  |         |
        loss    | L1 | 2025-03-09 |       |       |      |        | 3     | A  | failure |
        ship    | B  | 2025-03-01 | O     | India | NLR  | Hall A | 10    |    |         |
        receive | R2 | 2025-03-02 |       |       |      | Hall C | 4     | B  |         |
        receive | R3 | 2025-03-02 |       |       |      | hall c | 6     | B  |         |
        return  | B2 | 2025-03-09 |       |       |      |        | 1     | B  |         |
        ship    | C  | 2025-03-01 | O     | India | NLR  |        | 7     |    |         |
        receive | R4 | 2025-03-02 |       |       |      | Hall D | 7     | C  |         |
        ship    | D  | 2025-03-01 | O     | India | NLR  | Hall E | 8     |    |         |
        receive | R5 | 2025-03-02 |       |       |      | Hall F | 4     | D  |         |
        receive | R6 | 2025-03-02 |       |       |      |        | 4     | D  |         |
        loss    | L2 | 2025-03-09 |       |       |      |        | 2     | D  | failure |
        """,
    )
    accounts(
        """
        facility | shipped | received | installed | lost | returned | on_hand
        Hall A   | 10      |          |           |      |          |
        Hall B   | 10      | 10       | 6         | 3    |          | 7
        Hall C   |         | 10       |           |      | 1        | 9
        Hall D   | 7       | 7        |           |      |          | 7
        Hall E   | 8       | 4        |           | 2    |          | 2
        Hall F   |         | 4        |           |      |          | 4
        """
    )
    accounts("facility | on_hand\nHall A, Hall B, Hall C, Hall D, Hall E, Hall F | 29", by="entity")


def test_installed_where_nobody_says_that_it_was_received(ledger, accounts):
    play(ledger, NATIONAL)
    play(
        ledger,
        """
        act     | no | day        | owner | consignee | to    | by   | at     | units | of | says
        ship    | A  | 2025-03-01 | O     | O         | India | NVEU | Hall A | 100   |    |
        install | I  | 2025-03-05 |       |           |       |      |        | 60    | A  |
        """,
    )
    accounts("facility | shipped | installed | on_hand\nHall A | 100 | 60 | 60")


def test_what_was_reversed_is_in_no_account(ledger, accounts):
    """As it is known, and as it was known before."""
    play(ledger, NATIONAL)
    play(
        ledger,
        """
        act  | no | day        | owner | to    | by   | at     | arrives    | units | says
        ship | A  | 2025-03-01 | O     | India | NVEU | Hall A | 2025-03-01 | 100   |
        """,
    )
    (move,) = play(
        ledger,
        """
        act  | no | day        | from  | to    | by | units | says
        move | M  | 2025-04-01 | India | India |    | 40    |
        """,
    )
    ledger.reverse([move.first_seq], "typed twice")
    accounts("facility | on_hand\nHall A | 100")
    known = f"seq:{move.first_seq + 1}"
    accounts("facility | on_hand\nHall A | 60\nHall B | 40", known_at=known)


def test_more_out_than_in_is_a_breach_of_the_day(ledger):
    """15 CFR 740.28(e): told since the day it is so, until what is missing is on record."""
    play(
        ledger,
        """
act     | no | day        | consignee | to     | by  | at | from_facility | units | of | says
ship    | A  | 2025-06-01 | Fab       | Taiwan | ACM | F1 |               | 50    |    |
receive | R  | 2025-06-02 |           |        |     |    |               |       | A  |
ship    | B  | 2025-06-20 | Fab 2     | Taiwan | ACM | F2 | f1            | 60    |    |
ship    | C  | 2025-06-21 | Fab 2     | Taiwan | ACM | F2 | F1            | 1     |    |
        """,
    )
    kinds = ("document", "code", "effective_on", "detail")

    def told(day, **asked):
        found = said_of(ledger, "breaches", as_of=day, **asked)
        return [tuple(str(row[name]) for name in kinds) for row in found]

    def more(document, since, gone):
        detail = f"Fab, F1: 50 units of nvidia-h100-sxm came, {gone} left"
        return document, "more_left_than_came", since, detail

    assert told("2025-06-19") == []
    assert told("2025-06-20") == [more("B", "2025-06-20", 60)]
    assert told("2025-06-30") == [more("B", "2025-06-20", 61)]
    assert told("2025-06-30", code="over_limit") == []
    assert told("2025-06-30", from_on="2025-06-21") == []
    play(
        ledger,
        """
act  | no | day        | consignee | to     | by  | at | arrives    | units | from_facility | says
ship | D  | 2025-06-24 | Fab       | Taiwan | ACM | F1 | 2025-06-25 | 20    |               |
ship | E  | 2025-06-28 | Fab 2     | Taiwan | ACM | F2 |            | 10    | F1            |
        """,
    )
    assert told("2025-06-24") == [more("B", "2025-06-20", 61)]
    assert told("2025-06-27") == []
    detail = "Fab, F1: 70 units of nvidia-h100-sxm came, 71 left"
    assert told("2025-06-30") == [("E", "more_left_than_came", "2025-06-28", detail)]


def test_where_no_account_is_asked_for_nothing_is_said(ledger):
    """A VEU's base of before is not known to the ledger; a licence names no account."""
    play(ledger, NATIONAL)
    play(
        ledger,
        """
        act  | no | day        | from  | to     | by   | units | arrives    | says
        move | M  | 2025-04-01 | India | Poland | NVEU | 40    | 2025-04-05 |
        """,
    )
    assert said_of(ledger, "breaches", as_of="2025-12-31") == []


def test_an_entity_is_one_however_it_is_spelled(ledger, accounts):
    """Two spellings of the parent's name add nothing up twice; it goes by the first."""
    play(
        ledger,
        """
        act  | no | day        | consignee | parent | to    | by  | at | units | arrives    | says
        ship | A  | 2025-03-01 | O         | Gro AG | India | ACM | F  | 10    | 2025-03-02 |
        ship | B  | 2025-03-01 | o         | GRO AG | India | ACM | F  | 5     | 2025-03-02 |
        """,
    )
    play(ledger, "act | day | party | other\nownership | 2025-02-01 | O | Gro AG")
    accounts("entity | owner | received | on_hand\nGro AG | O | 15 | 15", by="entity")
    accounts("entity | owner | received | on_hand\nGro AG | O | 15 | 15")


def test_an_entity_that_only_a_declaration_names_goes_by_that(ledger, accounts):
    play(
        ledger,
        """
        act  | no | day        | consignee | to    | by  | at | units | arrives    | says
        ship | A  | 2025-03-01 | O         | India | ACM | F  | 10    | 2025-03-02 |
        """,
    )
    play(ledger, "act | day | party | other\nownership | 2025-02-01 | O | Gro AG")
    accounts("entity | owner | on_hand\nGro AG | O | 10", by="entity")
    accounts("entity | owner | on_hand\nGro AG | O | 10", by="entity", entity="gro")


def test_an_entity_is_added_up_with_all_that_belong_to_it(ledger, accounts):
    """Supplement No. 10 to part 748, paragraph 10: the entity, its parents and its subsidiaries."""
    play(ledger, NATIONAL)
    play(
        ledger,
        """
        act       | no | day        | party | other | says
        ownership | W1 | 2025-02-01 | O     | Group |
        ownership | W2 | 2025-02-01 | P     | O     |
        ownership | W3 | 2025-04-01 | Q     | Group |
        """,
    )
    play(
        ledger,
        """
act  | no | day        | owner | consignee | to    | by  | at     | units | arrives    | says
ship | A  | 2025-03-01 | O     | O         | India | ACM | Hall A | 100   | 2025-03-02 |
ship | B  | 2025-03-01 | P     | P         | India | ACM | Hall B | 20    | 2025-03-02 |
ship | C  | 2025-03-01 | Group | Group     | Japan | ACM | Hall C | 3     | 2025-03-02 |
ship | D  | 2025-03-01 | Q     | Q         | Japan | ACM | Hall D | 7     | 2025-03-02 |
        """,
    )
    accounts(
        """
        entity | owner | facility | country | on_hand
        Group  | Group | Hall C   | JP      | 3
        Group  | O     | Hall A   | IN      | 100
        Group  | P     | Hall B   | IN      | 20
        Q      | Q     | Hall D   | JP      | 7
        """,
        as_of="2025-03-31",
    )
    accounts(
        """
        entity | owner    | facility       | country | shipped | on_hand
        Group  | Group, Q | Hall C, Hall D | JP      | 10      | 10
        Group  | O, P     | Hall A, Hall B | IN      | 120     | 120
        """,
        by="entity",
        as_of="2025-04-01",
    )
    accounts("owner | on_hand\nO, P | 120", by="entity", country="IN", entity="gro")
    accounts("owner | on_hand\nQ | 7", by="entity", entity="q", as_of="2025-03-31")
