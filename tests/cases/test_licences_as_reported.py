"""15 CFR 750.7 and 750.11: what a licence was used by is what drew on it, not all that names it."""

from __future__ import annotations

from tests.cases.table import play
from tests.cases.test_742_6_joining_group_d5 import said_of
from tests.service.books import rows


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
