"""Findings gathered as columns stand in the order that flags on rows are stored in."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.admission import Excess
from ledger.service.bulk_findings import Gathered
from ledger.service.rows import Flag, ordered
from ledger.service.rulebook import as_note

NUMBERS = [30, 10, 20]
CODES = ("over_limit", "no_authorization", "licence_expired", "licence_other_chip")

places = st.none() | st.integers(0, 2)
figures = st.none() | st.integers(-(2**62), 2**62)
texts = st.none() | st.sampled_from(["one", "two"])
flags = st.builds(Flag, st.sampled_from(CODES), places, *[figures] * 4, texts)
weighed = st.builds(
    Flag, st.just("over_limit"), st.integers(0, 2), *[st.integers(0, 9)] * 4, st.none()
)


def at_once(gathered: Gathered, kind: str, found: list[tuple[int, Flag]]) -> None:
    """Tell what was found of some rows, in one of the ways there are."""
    rows = np.array([row for row, _ in found], np.int64)
    said = [flag for _, flag in found]
    if kind == "one by one":
        for row, flag in found:
            gathered.add(row, flag)
    elif kind == "of each":
        gathered.of_each(rows, np.arange(len(rows)), said)
    elif kind == "by value":
        gathered.by_value(rows, np.arange(len(rows)), lambda at: said[at])
    elif found:
        columns = [np.array(c, np.int64) for c in zip(*(f[1:6] for f in said), strict=True)]
        gathered.excess(Excess(rows, [f.code for f in said], *columns))


ways = st.sampled_from(["one by one", "of each", "by value"])
steps = st.tuples(ways, st.lists(st.tuples(st.integers(0, 4), flags), max_size=4))
excesses = st.tuples(st.just("weighed"), st.lists(st.tuples(st.integers(0, 4), weighed)))


@given(st.lists(steps | excesses, max_size=6))
def test_columns_stand_as_rows_do(steps: list[tuple[str, list[tuple[int, Flag]]]]):
    gathered, by_row = Gathered(), dict[int, list[Flag]]()
    for kind, found in steps:
        at_once(gathered, kind, found)
        for row, flag in found:
            by_row.setdefault(row, []).append(flag)
    findings = gathered.in_order(100, np.array(NUMBERS, np.int64))
    expected = [
        (100 + row, ordinal, f.code, None if f.place is None else NUMBERS[f.place], *f[2:])
        for row in sorted(by_row)
        for ordinal, f in enumerate(ordered(by_row[row], NUMBERS), start=1)
    ]
    assert [tuple(one.values()) for one in findings.table.to_pylist()] == expected
    assert findings.counts() == Counter(row[2] for row in expected)
    assert len(findings) == len(expected)


def test_a_batch_without_findings_is_an_empty_table():
    findings = Gathered().in_order(1, np.zeros(0, np.int64))
    assert findings.table.num_rows == 0
    assert findings.counts() == {}


def test_what_is_changed_keeps_its_row_and_figures():
    gathered = Gathered()
    gathered.add(0, Flag("certificate_missing", detail="none on record"))
    gathered.add(1, Flag("certificate_missing", detail="none on record"))
    gathered.add(1, Flag("over_limit", 0, 5, 4, 3, 2))
    gathered.change(np.array([False, True]), as_note)
    findings = gathered.in_order(1, np.array([7], np.int64))
    assert [tuple(one.values()) for one in findings.table.to_pylist()] == [
        (1, 1, "certificate_missing", None, None, None, None, None, "none on record"),
        (2, 1, "over_limit_not_enforced", 7, 5, 4, 3, 2, None),
        (2, 2, "not_enforced", None, None, None, None, None, "certificate_missing: none on record"),
    ]
