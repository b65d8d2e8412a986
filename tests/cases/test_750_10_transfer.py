"""15 CFR 750.10: a licence is transferred to another exporter, once."""

from __future__ import annotations

from tests.cases.table import licensed, play
from tests.service.books import rows


def test_who_ships_must_be_the_exporter_of_the_day(kept):
    ledger = kept()
    other = "licence_other_exporter"
    play(
        ledger,
        f"""
        act              | no | day        | to    | units | under | exporter | to_party | says
        licence          | L1 | 2025-06-01 | India | 100   |       | X        |          |
        ship             | 1  | 2025-06-10 | India | 1     | L1    | x        |          |
        ship             | 2  | 2025-06-10 | India | 1     | L1    | Y        |          | {other}
        licence_transfer | T1 | 2025-07-01 |       |       | L1    |          | Y        |
        ship             | 3  | 2025-07-01 | India | 1     | L1    | Y        |          |
        ship             | 4  | 2025-07-01 | India | 1     | L1    | X        |          | {other}
        ship             | 5  | 2025-06-30 | India | 1     | L1    | X        |          |
        reexport         | 6  | 2025-07-02 | India | 1     | L1    | Z        |          |
        """,
    )
    (line,) = rows(ledger.url, "licence_line")
    names = {p["party_no"]: p["name"] for p in rows(ledger.url, "party")}
    assert names[line["exporter_no"]] == "Y"


def test_a_second_transfer_is_recorded_and_flagged(kept):
    ledger = kept()
    play(
        ledger,
        """
        act              | no | day        | to    | under | to_party | says
        licence          | L1 | 2025-06-01 | India |       |          |
        licence_transfer | T1 | 2025-07-01 |       | L1    | Y        |
        licence_transfer | T2 | 2025-08-01 |       | L1    | Z        | licence_transferred_again
        """,
    )
    ledger.reverse([3], "not approved")
    play(
        ledger,
        """
        act              | no | day        | to    | under | exporter | says
        ship             | 1  | 2025-08-01 | India | L1    | Z        |
        """,
    )
    licensed(ledger, "\n licence | state\n L1 | open")
