"""15 CFR 750.7(d): the conditions on a licence, each open, met with evidence, or breached."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date

import pytest

from ledger.service.checklist import Asked, checklist
from ledger.service.explain import explain
from ledger.service.ledger import Ledger
from schemas.problems import Unusable
from tests.cases.table import lines, owed, play
from tests.cases.test_742_6_joining_group_d5 import said_of
from tests.service.books import rows

BROKEN = "condition_breached"
LICENSED = """
act     | no | day        | to    | units | says
licence | L1 | 2025-06-01 | Kenya | 100   |
licence | L2 | 2025-06-01 | Kenya | 100   |
"""
# What X declares of the conditions on L1.
CONDITIONS = """
day        | condition | status   | wording         | due_on     | reference | until_on
2025-06-01 | 4         | open     | delivery report | 2025-09-30 |           |
2025-06-01 | 7         | open     | no resale       |            |           |
2025-07-01 | 7         | breached |                 |            |           | 2025-07-31
2025-09-15 | 4         | met      |                 |            | letter 9  |
"""


def declare(ledger: Ledger, text: str = CONDITIONS) -> None:
    """Declare what a table says of the conditions on licence L1."""
    for number, line in enumerate(lines(text)):
        said = {"document": f"C{number}", "kind": "condition", "party": "X", "licence": "L1"}
        said["effective_on"] = line.pop("day")
        assert ledger.record("declarations", said | line).clean


def states(ledger: Ledger, day: str, **asked: str) -> str:
    """The conditions on licences on a day, as the checklist has them."""
    wanted = Asked(asked.get("party"), None, None, date.fromisoformat(day), asked.get("licence"))
    found = [one for one in checklist(ledger, wanted) if one.licence]
    return ", ".join(f"{one.licence} {one.condition} {one.state}" for one in found)


def test_what_is_shipped_under_a_licence_with_a_broken_condition_is_flagged(ledger):
    """From the day to the last day of the breach, under that licence alone, whatever the kind."""
    play(ledger, LICENSED)
    declare(ledger)
    play(
        ledger,
        f"""
        act     | no | day        | to    | by      | under | says
        ship    | S1 | 2025-06-30 | Kenya | licence | L1    |
        ship    | S2 | 2025-07-01 | Kenya | licence | L1    | {BROKEN}
        reexport| S3 | 2025-07-31 | Kenya | licence | L1    | {BROKEN}
        ship    | S4 | 2025-07-15 | Kenya | licence | L2    |
        ship    | S5 | 2025-08-01 | Kenya | licence | L1    |
        """,
    )
    found = [f["detail"] for f in rows(ledger.url, "finding") if f["code"] == BROKEN]
    assert found == ["licence L1, condition 7 (seq 6)"] * 2


def test_the_checklist_of_a_day(ledger):
    declare(ledger)
    assert states(ledger, "2025-05-31") == ""
    assert states(ledger, "2025-06-01") == "L1 4 open, L1 7 open"
    assert states(ledger, "2025-07-31") == "L1 4 open, L1 7 breached"
    assert states(ledger, "2025-09-15") == "L1 4 met, L1 7 open"
    assert states(ledger, "2025-09-15", licence="L1") == "L1 4 met, L1 7 open"
    assert states(ledger, "2025-09-15", licence="L2") == ""
    assert states(ledger, "2025-09-15", party="Y") == ""
    first, _ = checklist(ledger, Asked("X", None, None, date(2025, 9, 15), "L1"))
    said = {name: value for name, value in asdict(first).items() if value not in ("", None)}
    assert said == {
        "party": "X",
        "condition": "4",
        "state": "met",
        "since": "2025-09-15",
        "evidence": "letter 9",
        "seq": 5,
        "title": "delivery report",
        "binds_from": "2025-06-01",
        "licence": "L1",
        "due_on": "2025-09-30",
    }


def test_explain_shows_them_for_the_licence_and_what_goes_under_it(ledger):
    play(ledger, LICENSED)
    declare(ledger, CONDITIONS.replace("2025-07-01", "2025-06-01"))
    play(
        ledger,
        f"""
        act  | no | day        | to    | by      | under | says
        ship | S1 | 2025-06-30 | Kenya | licence | L1    | {BROKEN}
        """,
    )
    expected = [("4", "delivery report", "open"), ("7", "no resale", "breached")]
    for name in ("L1", "S1"):
        found = explain(ledger, name).conditions
        assert [(one.key, one.title, one.state) for one in found] == expected
    assert explain(ledger, "L2").conditions == ()


def test_the_report_of_licences_names_them_as_of_the_day_and_as_known(ledger):
    play(ledger, LICENSED)
    declare(ledger)

    def told(as_of: str, **asked: str) -> list[object]:
        return [line["conditions"] for line in said_of(ledger, "licences", as_of=as_of, **asked)]

    assert told("2025-07-01") == ["7 breached, 4 open", None]
    assert told("2025-09-15") == ["4 met, 7 open", None]
    assert told("2025-09-15", known_seq="5") == ["4 open, 7 open", None]
    ledger.reverse([6], "it was sold to nobody")
    assert told("2025-07-01") == ["4 open, 7 open", None]


def test_what_is_to_be_met_by_a_day_is_due(ledger):
    play(ledger, LICENSED)
    declare(ledger)
    asked = {"duty": "licence_condition"}
    for day, state in (("2025-08-30", "open"), ("2025-09-01", "due")):
        (row,) = owed(ledger, day, f"state | due_on | party\n{state} | 2025-09-30 | X", **asked)
        assert row["why"] == (
            "licence L1, condition 4: delivery report; on record as open since 2025-06-01"
        )
    done = "state | due_on | done_on | reference\ndone | 2025-09-30 | 2025-09-15 | letter 9"
    owed(ledger, "2025-12-31", done, **asked)
    ledger.reverse([7], "no letter came")
    owed(ledger, "2025-12-31", "state | due_on\noverdue | 2025-09-30", **asked)


WRONG = [
    ({"status": "open"}, "condition: a condition names its paragraph"),
    ({"condition": "4", "status": "done"}, 'status "done": must be open, met or breached'),
    ({"condition": "4", "status": "met"}, "reference: a condition that is met names its evidence"),
    (
        {"condition": "4", "status": "open", "facility": "Hall"},
        'facility "Hall": a condition on a licence is of the licence, not of a facility',
    ),
    (
        {"condition": "4", "status": "open", "due_on": "2025-05-31"},
        'due_on "2025-05-31": before the first day of the condition, 2025-06-01',
    ),
    (
        {"condition": "16", "status": "open", "due_on": "2025-12-31", "licence": ""},
        'due_on "2025-12-31": a day by which it is to be met is of a condition on a licence',
    ),
    (
        {"condition": "4x", "status": "open", "licence": ""},
        'condition "4x": the regime has no such condition (nearest: 4',
    ),
]


@pytest.mark.parametrize(("given", "reason"), WRONG, ids=range(len(WRONG)))
def test_what_a_declaration_must_say(opened, given, reason):
    said = {"document": "C1", "kind": "condition", "effective_on": "2025-06-01", "party": "X"}
    with pytest.raises(Unusable, match=re.escape(reason)):
        opened().record("declarations", said | {"licence": "L1"} | given)
