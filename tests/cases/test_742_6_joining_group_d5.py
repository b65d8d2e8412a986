"""Option 23 (group_change_joining_d5): a country of the allocation joins Group D:5.

No country has, so the law here is made up: Kenya joins Group D:5 on 2026-03-01 and leaves it on
2026-09-01, 15 CFR 742.6(b)(10)(iii)(A)(1).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.publish import refresh
from ledger.service.about import about_rows
from ledger.service.ledger import Ledger, new_ledger
from reports import run
from tests.cases.table import LAW, play, stands
from tests.service.books import assert_sound

JOINS = """
[[change]]
from = 2026-03-01
add = ["KE"]
section = "made up"
"""
LEAVES = """
[[change]]
from = 2026-09-01
remove = ["KE"]
section = "made up"
"""
BY_ACT, AT_ONCE = "closed_by_act", "closed_at_once"


def kenya_joins(folder: Path, change: str = JOINS + LEAVES) -> Path:
    """The rule with Kenya on, and off, the lists of Group D:5."""
    copy = folder / "kenya_joins"
    shutil.copytree(LAW, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("d5", "d5_state"):
        file = copy / f"lists/{name}.toml"
        file.write_text(file.read_text(encoding="utf-8") + change, encoding="utf-8")
    return copy


@pytest.fixture
def joined(ledger_url: str, tmp_path: Path) -> Iterator[Callable[..., Ledger]]:
    """Makes a ledger under that law and a reading, in each database; checked at the end."""
    made: list[Ledger] = []

    def make(reading: str, change: str = JOINS + LEAVES, **options: str) -> Ledger:
        options["group_change_joining_d5"] = reading
        law = kenya_joins(tmp_path, change)
        made.append(new_ledger(ledger_url, regime=law, options=options))
        return made[-1]

    yield make
    for ledger in made:
        assert_sound(ledger)
        ledger.close()


def said_of(ledger: Ledger, report: str, **asked: str) -> list[dict[str, object]]:
    """The rows of a report."""
    folder = refresh(ledger.url, lambda: about_rows(ledger.url)).folder
    with run(report, folder, asked) as result:
        names = [column.name for column in result.columns]
        return [dict(zip(names, row, strict=True)) for row in result.rows()]


HELD = """
act     | no | day        | to    | units | says
licence | L  | 2026-02-28 | Kenya | 100   |
"""
LATER = """
act     | no | day        | to    | units | by      | under | says
ship    | S1 | 2026-02-28 | Kenya | 10    | licence | L     |
ship    | S2 | 2026-03-01 | Kenya | 10    | licence | L     | {ship}
ship    | S3 | 2026-08-31 | Kenya | 10    | licence | L     | {ship}
ship    | S4 | 2026-09-01 | Kenya | 10    | licence | L     |
"""


@pytest.mark.parametrize(("reading", "ship"), [(BY_ACT, ""), (AT_ONCE, "licence_suspended")])
def test_licences_in_hand(joined, reading, ship):
    """What is shipped meanwhile is a fact: it is drawn and flagged; what is held stays held."""
    ledger = joined(reading)
    play(ledger, HELD)
    play(ledger, LATER.format(ship=ship))
    stands(ledger, "Kenya 2025-2027: held 949,920, posted 633,280; remaining 788,416,800")


CLAIMS = """
act     | no | day        | to    | says
apply   | A1 | 2026-02-28 | Kenya |
apply   | A2 | 2026-03-01 | Kenya | {apply}
licence | M1 | 2026-03-01 | Kenya | {licence}
apply   | A3 | 2026-03-01 | Iran  | review_denial
"""
REFUSED = "refused:budget_closed, refused:review_denial"


@pytest.mark.parametrize(
    ("reading", "apply", "licence"),
    [(BY_ACT, "review_denial", ""), (AT_ONCE, REFUSED, "budget_closed")],
)
def test_claims_on_a_budget_that_is_closed(joined, reading, apply, licence):
    """An application is refused, a licence on record all the same is flagged; neither draws."""
    ledger = joined(reading, JOINS)
    play(ledger, CLAIMS.format(apply=apply, licence=licence))
    stands(ledger, "Kenya 2025-2027: pending 15,832; remaining 790,000,000")


@pytest.mark.parametrize("entering", ["full_limit", "from_entry"])
def test_what_was_licensed_meanwhile_counts_after_it_as_for_any_that_enters(joined, entering):
    """As option 23 (group_change_entering) says of a country that comes under the allocation."""
    ledger = joined(AT_ONCE, group_change_entering=entering)
    play(
        ledger,
        """
        act     | no | day        | to    | says
        licence | M1 | 2026-03-01 | Kenya | budget_closed
        licence | M2 | 2026-09-01 | Kenya |
        """,
    )
    held = {"full_limit": "held 31,664; remaining 789,968,336"}
    said = held.get(entering, "held 15,832; remaining 789,984,168")
    stands(ledger, f"Kenya 2025-2027: {said}")


@pytest.mark.parametrize(
    ("tally", "counted"),
    [("hq", "consignee_hq"), ("both", "consignee_hq"), ("ultimate_parent", "parent_hq")],
)
def test_the_country_the_tally_goes_by_is_the_one_that_is_closed(joined, tally, counted):
    play(
        joined(AT_ONCE, tally_country=tally),
        f"""
        act   | no | day        | to    | {counted} | says
        apply | A1 | 2026-03-01 | Ghana | Kenya     | {REFUSED}
        apply | A2 | 2026-03-01 | Ghana | Ghana     |
        """,
    )


def test_reinstated_by_an_act_while_the_budget_is_closed(joined):
    ledger = joined(AT_ONCE)
    play(ledger, HELD)
    play(
        ledger,
        """
        act                   | no | day        | under | says
        licence_reinstatement | R  | 2026-04-01 | L     |
        """,
    )
    play(
        ledger,
        """
        act  | no | day        | to    | by      | under | says
        ship | S1 | 2026-03-31 | Kenya | licence | L     | licence_suspended
        ship | S2 | 2026-04-01 | Kenya | licence | L     |
        """,
    )


def test_a_licence_issued_in_spite_of_it_is_not_suspended(joined):
    ledger = joined(AT_ONCE)
    play(
        ledger,
        """
        act     | no | day        | to    | by      | under | says
        licence | M  | 2026-03-02 | Kenya |         |       | budget_closed
        ship    | S  | 2026-03-03 | Kenya | licence | M     |
        """,
    )


@pytest.mark.parametrize("reading", [BY_ACT, AT_ONCE])
def test_what_reports_say_of_it(joined, reading):
    ledger = joined(reading)
    play(ledger, HELD)
    status, state = [], []
    for day in ("2026-02-28", "2026-03-01", "2026-08-31", "2026-09-01"):
        (row,) = said_of(ledger, "remaining", holder="Kenya", as_of=day)
        status.append(row["status"])
        assert row["held_mtpp"] == 100 * 15_832_000
        (row,) = said_of(ledger, "licences", licence="L", as_of=day)
        state.append(row["state"])
    assert status == ["open", "closed", "closed", "open"]
    held = "suspended" if reading == AT_ONCE else "open"
    assert state == ["open", held, held, "open"]


def test_one_that_was_on_the_list_from_the_start_had_nothing_to_lose(joined):
    ledger = joined(AT_ONCE)
    play(ledger, "act | day | to | says\napply | 2026-03-01 | Iran | review_denial")
    assert said_of(ledger, "remaining", holder="Iran") == []
