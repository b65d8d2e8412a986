"""A blocked budget takes claims and settles none, a suspended one takes none; and how both show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import ledger as tpp
from schemas.problems import Unusable
from tests.cases.table import in_amounts, play, stands
from tests.service.books import rows, write_csv
from tests.service.test_then_and_now import told

LEVELS = {"over": "791000000", "exhausted": "790000000", "critical": "711000000", "open": "1"}
MARKS = {"": (), "blocked": ("block",), "suspended": ("suspend",), "both": ("suspend", "block")}
PLACES = [
    "India",
    "Namibia",
    "Poland",
    "Brazil",
    "Vietnam",
    "Qatar",
    "Kenya",
    "Peru",
    "Chile",
    "Israel",
    "Mexico",
    "Egypt",
    "Ghana",
    "Nepal",
    "Oman",
    "Fiji",
]


def test_a_blocked_budget_takes_claims_and_settles_none(ledger):
    play(
        ledger,
        """
        act     | no | day        | to    | holder | units | under | application | says
        licence | L0 | 2025-06-01 | India |        | 10    |       |             |
        block   | B1 | 2025-07-01 |       | India  |       |       |             |
        apply   | A1 | 2025-07-02 | India |        | 5     |       |             |
        licence | L1 | 2025-07-03 | India |        | 5     |       | A1          | holder_blocked
        ship    | S0 | 2025-07-04 | India |        | 2     | L0    |             |
        licence | L2 | 2025-06-30 | India |        | 5     |       |             |
        unblock | B2 | 2025-08-01 |       | India  |       |       |             |
        licence | L3 | 2025-08-01 | India |        | 5     |       |             |
        licence | L4 | 2025-07-31 | India |        | 5     |       |             | holder_blocked
        """,
    )
    stands(ledger, "India 2025-2027: held 443,296, posted 31,664; remaining 789,525,040")


def test_a_suspended_budget_takes_no_claims(ledger):
    play(
        ledger,
        """
        act       | no | day        | to    | holder | units | under | says
        suspend   | B1 | 2025-07-01 |       | India  |       |       |
        apply     | A1 | 2025-07-02 | India |        | 5     |       | refused:holder_suspended
        licence   | L1 | 2025-07-03 | India |        | 5     |       | holder_suspended
        ship      | S1 | 2025-07-04 | India |        | 5     | L1    |
        block     | B2 | 2025-07-05 |       | India  |       |       |
        licence   | L2 | 2025-07-05 | India |        | 5     |       | {both}
        reinstate | B3 | 2025-07-06 |       | India  |       |       |
        licence   | L3 | 2025-07-06 | India |        | 5     |       | holder_blocked
        """.format(both="holder_suspended, holder_blocked"),
    )


def test_who_decided_why_and_until_when(ledger):
    act = {"document": "B1", "kind": "suspend", "effective_on": "2025-07-01", "holder": "India"}
    act |= {"authority": "BIS", "reason": "review of end use", "until_on": "2025-07-31"}
    ledger.record("adjustments", act)
    line = "act | no | day | to | says\napply | {} | {} | India | {}"
    (refused,) = play(ledger, line.format("A1", "2025-07-31", "refused:holder_suspended"))
    assert refused.findings[0].detail == (
        "by act seq 2 of BIS, from 2025-07-01 until 2025-07-31: review of end use"
    )
    play(ledger, line.format("A2", "2025-08-01", ""))
    # An act that has run out gives way to the one before it that has not.
    play(ledger, "act | no | day | holder\nsuspend | B0 | 2025-06-01 | India")
    play(ledger, line.format("A3", "2025-08-01", "refused:holder_suspended"))


def test_by_rows_as_by_columns(ledger, tmp_path):
    play(
        ledger,
        """
        act     | no | day        | holder | until_on
        suspend | B1 | 2025-07-01 | India  | 2025-07-31
        block   | B2 | 2025-07-15 | Poland |
        """,
    )
    lot = {"exporter": "X", "ultimate_consignee": "C", "chip": "nvidia-h100-sxm", "quantity": 1}
    for columns_from in (1, 10**9):
        lines = [
            lot | {"licence": f"L{n} {columns_from}", "issued_on": f"2025-07-{n % 31 + 1:02d}"}
            | {"destination": ("India", "Poland", "Brazil")[n % 3]}
            for n in range(62)
        ]  # fmt: skip
        path = write_csv(tmp_path / "l.csv", lines)
        outcome = ledger.import_file(path, "licences", columns_from=columns_from)
        assert outcome.count == 62
        assert outcome.counts["holder_suspended"] == 21
        assert outcome.counts["holder_blocked"] == 11
    details = {f["detail"] for f in rows(ledger.url, "finding")}
    assert details == {
        "by act seq 2, from 2025-07-01 until 2025-07-31",
        "by act seq 3, from 2025-07-15",
    }


@pytest.fixture
def marked(ledger_url: str, tmp_path: Path) -> Iterator[tpp.Ledger]:
    """A country for every level of use with every mark, and a party's year that is to come."""
    with tpp.create(ledger_url, regime=in_amounts(tmp_path)) as made:
        for place, (level, marks) in zip(PLACES, every(), strict=True):
            lot = {"exporter": "X", "ultimate_consignee": "C", "destination": place}
            made.issue(lot | {"licence": place, "issued_on": "2025-06-01", "tpp": LEVELS[level]})
            for kind in MARKS[marks]:
                act = {"kind": kind, "effective_on": "2026-01-01", "holder": place}
                made.record("adjustments", act | {"document": f"{kind} {place}"})
        for kind in ("suspend", "block"):
            act = {"kind": kind, "effective_on": "2025-02-01", "holder": "P", "budget": "lpp"}
            made.record("adjustments", act | {"document": kind, "window": "2027"})
        yield made


def every() -> list[tuple[str, str]]:
    return [(level, marks) for level in LEVELS for marks in MARKS]


def test_one_status_of_every_pair(marked):
    def statuses(day: str, **more: str) -> dict[str, str]:
        found = told(marked, "remaining", "name", "status", as_of=day, **more)
        return {str(name): str(status) for name, status in found}

    now, later, before = (statuses(day) for day in ("2026-06-01", "2028-01-01", "2025-12-31"))
    for place, (level, marks) in zip(PLACES, every(), strict=True):
        marked_as = {"": level, "both": "suspended"}.get(marks, marks)
        assert (place, now[place]) == (place, marked_as)
        assert (place, later[place]) == (place, "closed")
        assert (place, before[place]) == (place, level)
    assert (now["P"], statuses("2027-01-01")["P"], later["P"]) == ("future", "suspended", "closed")
    assert set(statuses("2026-06-01", known_at="seq:1").values()) == {"open"}


def test_a_status_is_as_of_its_day_and_as_known_then(ledger_url):
    with tpp.create(ledger_url) as books:
        play(
            books.service,
            """
            act       | no | day        | holder | until_on   | says
            suspend   | B1 | 2026-03-01 | India  | 2026-04-30 |
            block     | B2 | 2026-04-15 | India  |            |
            unblock   | B3 | 2026-06-01 | India  |            |
            suspend   | B4 | 2026-02-15 | India  | 2026-02-20 |
            """,
        )
        books.reverse(3, "not blocked")
        books.reverse(6, "blocked after all")

        def status(day: str, known: int) -> str:
            asked = {"as_of": day, "known_at": f"seq:{known}", "holder": "IN"}
            return str(told(books, "remaining", "status", **asked)[0][0])

        for known, day, expected in (
            (1, "2026-03-01", "open"),
            (2, "2026-02-28", "open"),
            (2, "2026-03-01", "suspended"),
            (2, "2026-04-30", "suspended"),
            (2, "2026-05-01", "open"),
            (3, "2026-04-30", "suspended"),
            (3, "2026-05-01", "blocked"),
            (4, "2026-05-31", "blocked"),
            (4, "2026-06-01", "open"),
            (5, "2026-02-20", "suspended"),
            (5, "2026-02-21", "open"),
            (6, "2026-05-01", "open"),
            (7, "2026-05-01", "blocked"),
        ):
            assert (known, day, status(day, known)) == (known, day, expected)


def test_a_window_that_is_not_there_is_a_problem(ledger):
    act = {"kind": "block", "effective_on": "2025-02-01", "holder": "P", "budget": "lpp"}
    for window in ("2O27", "2024", "20277"):
        with pytest.raises(Unusable, match="lpp has no such window"):
            ledger.record("adjustments", act | {"document": "B1", "window": window})
    assert ledger.record("adjustments", act | {"document": "B1", "window": "2027"}).count == 1
