"""15 CFR 750.7(c): a licence and the one that takes its place, in one file of licences."""

from __future__ import annotations

import itertools

import pytest

from tests.cases.table import licensed, stands
from tests.service.books import rows, write_csv

OLD = {"licence": "L1", "issued_on": "2025-06-01", "quantity": "100"}
NEW = {"licence": "L2", "issued_on": "2025-07-01", "quantity": "150", "supersedes": "L1"}
LAST = {"licence": "L3", "issued_on": "2025-08-01", "quantity": "70", "supersedes": "L2"}


def filed(ledger, folder, *lines, **how):
    said = {"exporter": "X", "ultimate_consignee": "C", "destination": "India", "chip": "H100 SXM"}
    path = write_csv(folder / "licences.csv", [said | line for line in lines])
    return ledger.import_file(path, "licences", **how)


def alike(ledger):
    """What stands after L1, replaced by L2, and L2 by L3."""
    licensed(
        ledger,
        """
        licence | held      | back      | state    | closed_on
        L1      |           | 1,583,200 | replaced | 2025-07-01
        L2      |           | 2,374,800 | replaced | 2025-08-01
        L3      | 1,108,240 |           | open     |
        """,
    )
    stands(ledger, "India 2025-2027: held 1,108,240; remaining 788,891,760")


@pytest.mark.parametrize("columns_from", [1, 10**9])
def test_in_whatever_order_they_stand(opened, tmp_path, columns_from):
    for order in itertools.permutations((OLD, NEW, LAST)):
        ledger = opened()
        outcome = filed(ledger, tmp_path, *order, columns_from=columns_from)
        assert (outcome.clean, outcome.count, outcome.submission) == (True, 5, 2)
        alike(ledger)
        assert filed(ledger, tmp_path, *order).already == 3


def test_of_one_day_in_whatever_order_they_stand(opened, tmp_path):
    for order in itertools.permutations((OLD, NEW | {"issued_on": "2025-06-01"})):
        ledger = opened()
        assert filed(ledger, tmp_path, *order).clean
        stands(ledger, "India 2025-2027: held 2,374,800; remaining 787,625,200")


def test_one_that_is_dated_before_what_it_replaces(opened, tmp_path):
    """As it is where the two come in files of their own, the other first."""
    ledger = opened()
    assert filed(ledger, tmp_path, NEW | {"issued_on": "2025-05-01"}, OLD).clean
    stands(ledger, "India 2025-2027: held 2,374,800; remaining 787,625,200")


def test_the_room_of_the_one_is_there_for_the_other(opened, tmp_path):
    """The allocation is full, and no licence of the file exceeds it."""
    ledger = opened()
    full = [
        OLD | {"quantity": "49000"},
        NEW | {"quantity": "100"},
        {"licence": "L4", "issued_on": "2025-07-02", "quantity": "49000"},
        LAST | {"quantity": "898"},
    ]
    assert filed(ledger, tmp_path, *full).clean
    stands(ledger, "India 2025-2027: held 789,985,136; remaining 14,864")


def test_each_line_is_replaced_once(opened, tmp_path):
    ledger = opened()
    two = ({"line": "1"}, {"line": "2", "quantity": "10"})
    lines = [one | line for line in two for one in (NEW, OLD)]
    assert filed(ledger, tmp_path, *lines).clean
    assert [m["kind"] for m in rows(ledger.url, "movement")[1:]] == [
        *["licence"] * 2,
        *["replacement"] * 2,
        *["licence"] * 2,
    ]
    stands(ledger, "India 2025-2027: held 2,533,120; remaining 787,466,880")


def test_two_that_name_each_other(opened, tmp_path):
    """One of them comes first, and names what is not on file yet."""
    ledger = opened()
    outcome = filed(ledger, tmp_path, OLD | {"supersedes": "L2"}, NEW)
    assert outcome.counts == {"superseded_not_on_file": 1}
    stands(ledger, "India 2025-2027: held 2,374,800; remaining 787,625,200")


def test_a_dry_run_says_the_same_and_records_nothing(opened, tmp_path):
    ledger = opened()
    outcome = filed(ledger, tmp_path, NEW, OLD, dry_run=True)
    assert (outcome.clean, outcome.count, outcome.submission) == (True, 3, None)
    assert len(rows(ledger.url, "movement")) == 1


def test_one_whose_number_is_another_filings_does_not_stop_the_rest(opened, tmp_path):
    ledger = opened()
    filed(ledger, tmp_path, OLD, source="another")
    outcome = filed(ledger, tmp_path, OLD, NEW, source="BIS")
    assert (outcome.rejected, outcome.count, dict(outcome.counts)) == (1, 2, {})
    stands(ledger, "India 2025-2027: held 2,374,800; remaining 787,625,200")
