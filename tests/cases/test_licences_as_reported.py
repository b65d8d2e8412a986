"""15 CFR 750.7 and 750.11: what a licence was used by is what drew on it, not all that names it."""

from __future__ import annotations

from tests.cases.table import play
from tests.cases.test_742_6_joining_group_d5 import said_of
from tests.service.books import rows

UNIT = 15_832_000


def used(ledger, day="2025-12-31"):
    """Units drawn of each licence, as reported; they are those of the ledger's own lines."""
    found = said_of(ledger, "licences", as_of=day)
    drawn = {row["licence"]: row["drawn_quantity"] for row in found}
    kept = {line["licence"]: line["used_quantity"] for line in rows(ledger.url, "licence_line")}
    assert drawn == kept
    for row in found:
        drawn_held_lapsed = [int(str(row[f"{n}_mtpp"])) for n in ("drawn", "held", "lapsed")]
        assert sum(drawn_held_lapsed) == row["issued_mtpp"]
    return drawn


def test_units_that_are_passed_on_under_the_same_licence_are_used_once(ledger):
    """Linked, they are not debited again; under a licence of their own they use that."""
    play(
        ledger,
        """
        act      | no | day        | to     | by      | under | units | of | consignee | says
        licence  | L1 | 2025-06-01 | Poland |         |       | 100   |    | C         |
        licence  | L2 | 2025-06-01 | Poland |         |       | 60    |    | D         |
        ship     | S1 | 2025-06-02 | Poland | licence | L1    | 50    |    | C         |
        transfer | T1 | 2025-06-03 | Poland | licence | L1    | 20    | S1 | C         |
        transfer | T2 | 2025-06-03 | Poland | licence | L2    | 15    | S1 | D         |
        transfer | T3 | 2025-06-03 | Poland | licence | L1    | 7     |    | C         |
        """,
    )
    assert used(ledger) == {"L1": 57, "L2": 15}


def test_what_went_before_its_licence_was_on_file_uses_it_once_it_is_laid_under(ledger):
    play(
        ledger,
        """
        act        | no | day        | to     | by      | under | units | of | says
        ship       | S0 | 2025-06-02 | Poland | licence | L1    | 50    |    | licence_not_on_file
        licence    | L1 | 2025-06-01 | Poland |         |       | 100   |    |
        ship       | S1 | 2025-06-02 | Poland | licence | L1    | 10    |    |
        """,
    )
    assert used(ledger) == {"L1": 10}
    play(
        ledger,
        """
        act        | no | day        | exporter | of | under | says
        assignment | A  | 2025-06-10 | X        | S0 | L1    |
        """,
    )
    assert used(ledger) == {"L1": 60}


def test_what_came_back_of_a_shipment_that_was_laid_under_it(ledger):
    """Before the assignment and after it: both point at the shipment."""
    play(
        ledger,
        """
        act        | no | day        | to     | by       | units | of | under | exporter | says
        ship       | S1 | 2025-06-10 | Poland | unstated | 100   |    |       |  | {unstated}
        licence    | L1 | 2025-06-01 | Poland |          | 100   |    |       |          |
        return     | X1 | 2025-07-01 |        |          | 10    | S1 |       |          |
        assignment | A1 | 2025-08-05 |        |          |       | S1 | L1    | X        |
        return     | X2 | 2025-09-01 |        |          | 20    | S1 |       |          |
        """.replace("{unstated}", "authorization_unstated"),
    )
    for day, units in (("2025-07-31", 0), ("2025-08-31", 10), ("2025-12-31", 30)):
        assert said_of(ledger, "licences", as_of=day)[0]["returned_mtpp"] == units * UNIT
    ledger.reverse([4], "it stayed")
    assert said_of(ledger, "licences", as_of="2025-12-31")[0]["returned_mtpp"] == 20 * UNIT


def test_of_a_licence_whose_rest_was_revoked_nothing_is_left(ledger):
    """Used up, and never overdue, since there is nothing to lapse."""
    play(
        ledger,
        """
        act        | no | day        | to     | by      | under | units | expires_on | says
        licence    | L1 | 2025-06-01 | Poland |         |       | 100   | 2026-05-31 |
        licence    | L2 | 2025-06-01 | Poland |         |       | 100   | 2026-05-31 |
        ship       | S1 | 2025-06-02 | Poland | licence | L1    | 60    |            |
        ship       | S2 | 2025-06-02 | Poland | licence | L2    | 60    |            |
        revocation | R1 | 2025-07-01 |        |         | L1    | 40    |            |
        surrender  | R2 | 2025-07-01 |        |         | L2    | 39    |            |
        """,
    )
    for day, l2 in (("2025-12-31", "open"), ("2026-12-31", "overdue")):
        states = [row["state"] for row in said_of(ledger, "licences", as_of=day)]
        assert states == ["used up", l2], day
    assert said_of(ledger, "licences", as_of="2025-06-30")[0]["state"] == "open"
    assert [one.state for one in ledger.licence("L1")] == ["used up"]


def test_the_exporter_is_the_one_it_was_handed_on_to(ledger):
    play(
        ledger,
        """
        act              | no | day        | to     | under | to_party | says
        licence          | L1 | 2025-06-01 | Poland |       |          |
        licence_transfer | T1 | 2025-07-01 |        | L1    | Y        |
        """,
    )
    told = {
        day: said_of(ledger, "licences", as_of=day)[0]["exporter"]
        for day in ("2025-06-30", "2025-07-01")
    }
    assert told == {"2025-06-30": "X", "2025-07-01": "Y"}
