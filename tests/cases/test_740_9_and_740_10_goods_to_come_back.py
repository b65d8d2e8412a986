"""15 CFR 740.9(a) and 740.10: what left for a time is back by its day, replaced parts one for one.

A breach as of a day, told by the report and recorded nowhere: nothing is posted by reading.
"""

from __future__ import annotations

from tests.cases.table import owed, play
from tests.cases.test_742_6_joining_group_d5 import said_of

OVERDUE, NOT_BACK = "temporary_export_overdue", "replaced_part_not_back"


def breaches(ledger, day, **asked):
    """The breaches of a day as (document, code, since, detail)."""
    found = said_of(ledger, "breaches", as_of=day, **asked)
    names = ("document", "code", "effective_on", "detail")
    return [tuple(str(row[name]) for name in names) for row in found]


def test_a_temporary_export_that_is_not_back(ledger):
    play(
        ledger,
        """
        act    | no | day        | to     | by  | units | due_back_on | of | says
        ship   | A  | 2025-06-10 | Poland | TMP | 3     | 2025-09-01  |    |
        ship   | B  | 2025-06-10 | Poland | TMP | 3     | 2025-09-01  |    |
        ship   | C  | 2025-06-10 | Poland | TMP | 3     |             |    |
        return | R1 | 2025-08-20 |        |     | 2     |             | A  |
        return | R2 | 2025-09-20 |        |     | 1     |             | A  |
        return | R3 | 2025-08-30 |        |     |       |             | B  |
        """,
    )
    assert breaches(ledger, "2025-09-01") == []
    detail = "due back 2025-09-01, 2 of 3 units back"
    assert breaches(ledger, "2025-09-02") == [("A", OVERDUE, "2025-09-02", detail)]
    assert breaches(ledger, "2025-09-20") == []
    assert breaches(ledger, "2025-09-19", code="over_limit") == []
    assert breaches(ledger, "2025-09-19", from_on="2025-09-03") == []


def test_a_return_that_was_reversed_brought_nothing_back(ledger):
    *_, back = play(
        ledger,
        """
        act    | no | day        | to     | by  | due_back_on | of | says
        ship   | A  | 2025-06-10 | Poland | TMP | 2025-09-01  |    |
        return | R1 | 2025-08-20 |        |     |             | A  |
        """,
    )
    ledger.reverse([back.first_seq], "another's")
    (row,) = said_of(ledger, "breaches", as_of="2025-09-02")
    assert (row["code"], row["kind"], row["family"]) == (OVERDUE, "export", "breach")
    assert said_of(ledger, "breaches", as_of="2025-09-02", known_at=f"seq:{back.first_seq}") == []


def test_parts_are_replaced_one_for_one(ledger):
    """The earliest replacements are covered first by what is returned or destroyed."""
    play(
        ledger,
        """
        act  | no | day        | to     | by  | units | of | reason      | says
        ship | S  | 2025-06-01 | France | AIA | 10    |    |             |
        ship | P1 | 2025-07-01 | France | RPL | 2     | S  |             |
        ship | P2 | 2025-07-05 | France | RPL | 1     | S  |             |
        ship | P3 | 2025-07-05 | France | RPL | 1     |    |             |
        ship | P4 | 2025-07-05 | France | RPL | 1     | X  |             |
        loss | D1 | 2025-07-03 |        |     | 1     | S  | destruction |
        """,
    )
    none = ("P3", NOT_BACK, "2025-07-06", "names no shipment whose parts it replaces")
    unknown = ("P4", NOT_BACK, "2025-07-06", "X line 1 is not on file")

    def replaced(no, since, units, back):
        said = f"{units} units of S line 1 replaced, {back} returned or destroyed"
        return no, NOT_BACK, since, said

    assert breaches(ledger, "2025-07-01") == []
    assert breaches(ledger, "2025-07-02") == [replaced("P1", "2025-07-02", 2, 0)]
    assert breaches(ledger, "2025-07-06") == [
        replaced("P1", "2025-07-02", 2, 1),
        replaced("P2", "2025-07-06", 3, 1),
        none,
        unknown,
    ]
    play(ledger, "act | no | day | of | units | says\nreturn | R1 | 2025-07-08 | S | 1 |")
    assert breaches(ledger, "2025-07-08") == [replaced("P2", "2025-07-06", 3, 2), none, unknown]


def test_replaced_parts_are_due_until_as_many_are_back(ledger):
    """Due with the shipment and late from the day after, as the breaches have it."""
    play(
        ledger,
        """
        act  | no | day        | to     | by  | units | of | reason      | says
        ship | S  | 2025-06-01 | France | AIA | 10    |    |             |
        ship | P1 | 2025-07-01 | France | RPL | 2     | S  |             |
        ship | P2 | 2025-07-05 | France | RPL | 1     | S  |             |
        ship | P3 | 2025-07-05 | France | RPL | 1     |    |             |
        loss | D1 | 2025-07-03 |        |     | 1     | S  | destruction |
        """,
    )
    asked = {"duty": "rpl_replaced"}
    owed(ledger, "2025-07-01", "state | due_on\ndue | 2025-07-01", **asked)
    (first, *_) = owed(
        ledger,
        "2025-07-06",
        """
        state   | due_on     | party | done_on | reference
        overdue | 2025-07-01 | X     |         |
        overdue | 2025-07-05 | X     |         |
        overdue | 2025-07-05 | X     |         |
        """,
        **asked,
    )
    assert first["why"] == (
        "shipment P1 of 2025-07-01 to C, 31,664 TPP under RPL: what it replaces is to be returned"
        " or destroyed"
    )
    assert first["citation"] == "15 CFR 740.10"
    *_, back = play(
        ledger, "act | no | day | of | units | says\nreturn | R1 | 2025-07-08 | S | 1 |"
    )
    covered = """
        state   | due_on     | done_on    | reference
        overdue | 2025-07-05 |            |
        overdue | 2025-07-05 |            |
        done    | 2025-07-01 | 2025-07-08 | R1
        """
    owed(ledger, "2025-07-08", covered, **asked)
    # Told as done by hand, or taken back: as with every other duty.
    ledger.reverse([back.first_seq], "another's")
    owed(ledger, "2025-07-08", "state\noverdue\noverdue\noverdue", **asked)
    done = {"kind": "duty_done", "status": first["id"], "document": "D", "reference": "EAR 9"}
    ledger.record("declarations", done | {"party": "X", "effective_on": "2025-07-09"})
    owed(ledger, "2025-07-09", "state | reference\ndone | EAR 9", id=first["id"], **asked)
