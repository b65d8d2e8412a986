"""15 CFR 750.7(c): a licence that comes in a later file than the one that takes its place."""

from __future__ import annotations

import pytest

from ledger.service.dependents import Standing
from tests.cases.table import licensed, standing, stands
from tests.service.books import rows, write_csv

OLD = {"licence": "L1", "issued_on": "2025-06-01", "quantity": "100"}
NEW = {"licence": "L2", "issued_on": "2025-07-01", "quantity": "150", "supersedes": "L1"}
LAST = {"licence": "L3", "issued_on": "2025-08-01", "quantity": "70", "supersedes": "L2"}
ALONE = "India 2025-2027: held 2,374,800; remaining 787,625,200"
EACH_WAY = pytest.mark.parametrize("columns_from", [1, 10**9])


def filed(ledger, folder, *lines, **how):
    said = {"exporter": "X", "ultimate_consignee": "C", "destination": "India", "chip": "H100 SXM"}
    path = write_csv(folder / "licences.csv", [said | line for line in lines])
    return ledger.import_file(path, "licences", **how)


@EACH_WAY
def test_it_is_replaced_as_it_arrives(opened, tmp_path, columns_from):
    ledger = opened()
    assert list(filed(ledger, tmp_path, NEW).counts) == ["superseded_not_on_file"]
    other = OLD | {"licence": "L9", "quantity": "1"}
    outcome = filed(ledger, tmp_path, OLD, other, columns_from=columns_from)
    assert (outcome.clean, outcome.count, outcome.submission) == (True, 3, 3)
    licensed(
        ledger,
        """
        licence | held      | back      | state    | closed_on
        L2      | 2,374,800 |           | open     |
        L1      |           | 1,583,200 | replaced | 2025-07-01
        L9      | 15,832    |           | open     |
        """,
    )
    assert filed(ledger, tmp_path, OLD, other, columns_from=columns_from).already == 2


@EACH_WAY
def test_the_last_of_three_comes_first(opened, tmp_path, columns_from):
    for order in ((LAST, NEW, OLD), (NEW, LAST, OLD), (LAST, OLD, NEW)):
        ledger = opened()
        for one in order:
            filed(ledger, tmp_path, one, columns_from=columns_from)
        stands(ledger, "India 2025-2027: held 1,108,240; remaining 788,891,760")


@EACH_WAY
def test_a_further_line_of_a_licence_that_was_replaced(opened, tmp_path, columns_from):
    ledger = opened()
    filed(ledger, tmp_path, OLD, NEW)
    assert filed(ledger, tmp_path, OLD | {"line": "2"}, columns_from=columns_from).count == 2
    stands(ledger, ALONE)


def test_it_takes_the_place_once_however_many_lines_wait(opened, tmp_path):
    ledger = opened()
    filed(ledger, tmp_path, NEW, NEW | {"line": "2", "quantity": "0"}, NEW | {"line": "3"})
    filed(ledger, tmp_path, OLD)
    assert [m["kind"] for m in rows(ledger.url, "movement")[-2:]] == ["licence", "replacement"]


def test_of_two_that_name_each_other_one_stands(opened, tmp_path):
    ledger = opened()
    filed(ledger, tmp_path, NEW)
    filed(ledger, tmp_path, OLD | {"supersedes": "L2"})
    stands(ledger, "India 2025-2027: held 1,583,200; remaining 788,416,800")


def test_both_stand_and_fall_together(opened, tmp_path):
    """Reversed and restored, the licence takes the place again of what came after it."""
    ledger = opened()
    filed(ledger, tmp_path, NEW)
    filed(ledger, tmp_path, OLD)
    before = standing(ledger)
    with pytest.raises(Standing) as error:
        ledger.reverse([3], "never issued")
    assert error.value.by == {3: [2]}
    assert ledger.reverse([2], "never issued").count == 2
    stands(ledger, "India 2025-2027: held 1,583,200; remaining 788,416,800")
    undone = next(m["seq"] for m in rows(ledger.url, "movement") if m["target_seq"] == 2)
    assert ledger.reverse([undone], "it was").count == 2
    assert standing(ledger) == before


def test_recorded_anew_it_is_replaced_anew(opened, tmp_path):
    """What was reversed before its place was taken, and comes again."""
    ledger = opened()
    filed(ledger, tmp_path, OLD | {"quantity": "90"})
    ledger.reverse([2], "90 is wrong")
    assert list(filed(ledger, tmp_path, NEW).counts) == ["superseded_not_on_file"]
    assert filed(ledger, tmp_path, OLD).count == 2
    stands(ledger, ALONE)
