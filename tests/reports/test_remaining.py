"""What remains, by day and by what was known."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import reports
from tests.examples import at_most
from tests.reports.copies import copy_of
from tests.reports.example import milli, table


def answer(folder: Path, **variables: object) -> dict[str, dict[str, Any]]:
    """The report's rows by holder."""
    with reports.run("remaining", folder, variables) as result:
        names = [column.name for column in result.columns]
        rows = [dict(zip(names, row, strict=True)) for row in result.rows()]
    return {row["holder"]: row for row in rows}


STATUS = """
as_of      holder status    remaining     safe         used   critical   exhausted
2024-12-31 PL     future    790000000     790000000    0.00   .          .
2025-01-31 PL     open      790000000     790000000    0.00   .          .
2025-02-28 PL     open      156720000     156720000    80.16  .          .
2025-03-31 PL     open      156720000     140888000    80.16  .          .
2025-07-31 PL     open      314720000     298888000    66.80  .          .
2028-01-01 PL     closed    314720000     298888000    66.80  .          .
2025-02-02 SA     open      790000000     790000000    0.00   .          .
2025-02-03 SA     over      -1600000      -1600000     100.20 2025-02-03 2025-02-03
2025-06-15 IN     critical  77560000      77560000     90.18  2025-06-15 .
2025-06-20 IN     over      -0.125        -0.125       100.00 2025-06-15 2025-06-20
2025-06-01 NA     blocked   790000000     790000000    0.00   .          .
2025-06-30 NA     blocked   790000000     790000000    0.00   .          .
2025-07-01 NA     open      790000000     790000000    0.00   .          .
2025-12-31 p3     over      -14400        -14400       100.05 2025-04-01 2025-04-01
2026-01-01 p3     closed    -14400        -14400       100.05 2025-04-01 2025-04-01
"""


@pytest.mark.parametrize("row", table(STATUS), ids=lambda r: f"{r['holder']} {r['as_of']}")
def test_a_holder_on_a_day(copy, row):
    found = answer(copy, as_of=row["as_of"])[row["holder"]]
    assert found["status"] == row["status"]
    assert found["remaining_mtpp"] == milli(row["remaining"])
    assert found["safe_remaining_mtpp"] == milli(row["safe"])
    assert str(found["used_percent"]) == row["used"]
    assert str(found["first_critical_on"] or ".") == row["critical"]
    assert str(found["first_exhausted_on"] or ".") == row["exhausted"]


def test_a_suspension_holds_until_its_reversal_is_known(copy):
    at = {"as_of": "2025-06-02"}
    assert answer(copy, **at, known_at="seq:12")["NA"]["status"] == "suspended"
    assert answer(copy, **at, known_at="seq:13")["NA"]["status"] == "blocked"


@pytest.mark.parametrize(
    ("known_at", "seq"),
    [
        ("seq:5", 5),
        ("2025-02-20T10:00:02.000000Z", 3),
        ("2025-02-20T10:00:01.999999Z", 1),
        ("2025-02-20T11:00:02+01:00", 3),
        ("2025-02-20T10:00:02", 3),
        ("2025-02-20", 3),  # the end of that day
        ("2025-02-19", 1),
        ("2024-01-01", 0),
        ("2030-01-01", 17),
    ],
)
def test_known_at_is_printed_as_the_seq_it_means(copy, known_at, seq):
    with reports.run("remaining", copy, {"known_at": known_at}) as result:
        assert result.about["known_seq"] == seq


def test_a_budget_that_was_not_known_is_no_row(copy):
    assert "p3" not in answer(copy, known_at="seq:5")
    assert "p3" in answer(copy, known_at="seq:6")


def test_every_budget_is_a_row_without_any_entry(copy):
    assert len(answer(copy, known_at="2025-01-20T10:00:01Z")) == 5


@pytest.mark.parametrize(
    ("variables", "holders"),
    [
        ({"holder": "pl"}, set()),
        ({"holder": "PL"}, {"PL"}),
        ({"holder": "saudi arabia"}, {"SA"}),
        ({"budget": "lpp"}, {"p3"}),
        ({"status": "over"}, {"IN", "SA", "p3"}),
        ({"window": "2025"}, {"p3"}),
    ],
)
def test_filters(copy, variables, holders):
    assert answer(copy, as_of="2025-07-31", **variables).keys() == holders


D0, D1 = date(2025, 1, 1), date(2025, 1, 2)
# The third budget's limit goes by steps.
STEPS = [(D0, "s1", 100), (date(2025, 1, 4), "s2", 60), (date(2025, 1, 7), "s3", 250)]
DAYS = st.integers(0, 9).map(lambda n: date(2025, 1, 1) + timedelta(days=n))
AMOUNT = st.integers(-40, 60)
ENTRY = st.tuples(DAYS, st.integers(1, 3), st.integers(0, 1), *[AMOUNT] * 4)


@settings(
    max_examples=at_most(10),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    entries=st.lists(ENTRY, min_size=1, max_size=12),
    ends=st.sets(st.integers(1, 12), min_size=1),
    known=st.integers(0, 12),
    as_of=DAYS,
)
@example(entries=[(D0, 1, 1, 0, 0, 95, 0)] * 3, ends={3}, known=2, as_of=D1)  # one is cut
@example(entries=[(D0, 1, 1, 0, 0, 95, 0)] * 3, ends={2}, known=3, as_of=D1)  # one is behind
def test_roll_ups_change_no_answer(tmp_path_factory, entries, ends, known, as_of):
    folder = tmp_path_factory.mktemp("rolled")
    rows, last = _walk(entries), len(entries)
    plain = copy_of(folder / "plain", rows)
    rolled = copy_of(folder / "rolled", rows, rolled=sorted(end for end in ends if end <= last))
    at = {"as_of": as_of, "known_at": f"seq:{min(known, last)}"}
    assert answer(rolled, **at) == answer(plain, **at)


def test_a_whole_roll_up_is_read_in_place_of_its_entries(tmp_path):
    rows = _walk([(D0, 1, 1, 0, 0, 5, 0), (D0, 1, 1, 0, 0, 7, 0), (D0, 1, 1, 0, 0, 9, 0)])
    folder = copy_of(tmp_path, rows, rolled=(2,))
    with duckdb.connect() as connection:  # were the entries read, they would say otherwise
        path = folder / "entry-0.parquet"
        doubled = f"SELECT * REPLACE (2 * posted_mtpp AS posted_mtpp) FROM '{path}'"
        connection.execute(f"CREATE TABLE doubled AS {doubled}")
        connection.execute(f"COPY doubled TO '{path}'")
    taken = [100 - answer(folder, known_at=f"seq:{n}")["H1"]["remaining_mtpp"] for n in (1, 2, 3)]
    assert taken == [10, 12, 12 + 18]


@settings(max_examples=at_most(10), suppress_health_check=list(HealthCheck))
@given(entries=st.lists(ENTRY, max_size=12), as_of=DAYS)
@example(entries=[(D0, 1, 1, 0, 0, 95, 0), (D1, 1, 1, 0, 0, -50, 0)], as_of=D1)  # given back
@example(entries=[(D0, 1, 1, -90, 0, 20, 0), (D1, 1, 1, 90, 0, 0, 0)], as_of=D1)  # cut, restored
@example(entries=[(D0, 1, 1, 0, 0, 0, 95), (D1, 1, 1, 0, 0, 0, -50)], as_of=D1)  # lapse undone
def test_it_agrees_with_adding_up_by_hand(tmp_path_factory, entries, as_of):
    folder = copy_of(tmp_path_factory.mktemp("walk"), _walk(entries))
    found = answer(folder, as_of=as_of)
    for number in (1, 2, 3):
        row = found[f"H{number}"]
        mine = [e for e in entries if e[1] == number and e[0] <= as_of]
        official = [e for e in mine if e[2] == 1]
        limit = _limit(number, as_of)
        room, taken = limit + sum(e[3] for e in official), sum(sum(e[4:]) for e in official)
        assert row["limit_mtpp"] == limit
        assert (
            row["window"] == ([s for on, s, _ in STEPS if on <= as_of] if number == 3 else "w")[-1]
        )
        assert row["remaining_mtpp"] == room - taken
        assert row["safe_remaining_mtpp"] == room - taken - sum(e[5] for e in mine if not e[2])
        assert row["first_exhausted_on"] == _first(official, 1_000_000, number, as_of)
        assert row["first_critical_on"] == _first(official, 900_000, number, as_of)
        assert row["last_movement_on"] == max((e[0] for e in mine), default=None)
        if room > 0 and taken >= 0:
            assert int(str(row["used_percent"]).replace(".", "")) == taken * 10_000 // room


def _limit(number: int, day: date) -> int:
    return [limit for on, _, limit in STEPS if on <= day][-1] if number == 3 else 100


def _first(entries: list[tuple[Any, ...]], ppm: int, number: int, as_of: date) -> date | None:
    turns = {on for on, _, _ in STEPS if on <= as_of} if number == 3 else set()
    for day in sorted({e[0] for e in entries} | turns):
        so_far = [e for e in entries if e[0] <= day]
        room = _limit(number, day) + sum(e[3] for e in so_far)
        if sum(sum(e[4:]) for e in so_far) * 1_000_000 >= room * ppm:
            return day
    return None


def _walk(entries: list[tuple[Any, ...]]) -> dict[str, list[dict[str, Any]]]:
    budget = {"rule": "r", "window": "w", "from_on": date(2025, 1, 1), "to_on": date(2027, 1, 1)}
    amounts = ("adjustment_mtpp", "held_mtpp", "posted_mtpp", "lapsed_mtpp")
    return {
        "budget": [
            {**budget, "budget_no": n, "holder": f"H{n}", "holder_name": f"Holder {n}",
             "limit_mtpp": 100, "basis": "licensed", "submission": 1}
            for n in (1, 2, 3)
        ],
        "budget_step": [
            {"budget_no": 3, "from_on": on, "step": step, "limit_mtpp": limit, "submission": 1}
            for on, step, limit in STEPS
        ],
        "entry": [
            {"seq": seq, "submission": 1, "budget_no": e[1], "official": e[2], "kind": "export",
             "as_kind": "export", "effective_on": e[0], "pending_mtpp": 0,
             **dict(zip(amounts, e[3:], strict=True))}
            for seq, e in enumerate(entries, start=1)
        ],
        "movement": [{"seq": max(1, len(entries)), "submission": 1}],
        "submission": [{"submission": 1, "first_seq": 1, "count": len(entries),
                        "recorded_at": "2025-01-01T00:00:00.000000Z", "digest": "d"}],
        "about": [{"submission": 1, "topic": "critical", "key": "", "value": "900000"}],
    }  # fmt: skip
