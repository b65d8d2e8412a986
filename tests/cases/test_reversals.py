"""A reversal undoes what it points at, dated as its original, and is never an edit."""

from __future__ import annotations

import pytest

from ledger.service.dependents import Standing
from schemas.problems import Unusable
from tests.cases.table import play, standing, stands
from tests.service.books import rows, write_csv

USED = """
act     | no | day        | to    | units | under | says
licence | L1 | 2025-06-01 | India | 100   |       |
ship    | S1 | 2025-06-10 | India | 60    | L1    |
"""
MORE = "act | no | day | to | units | under | says\nship | S2 | 2025-06-11 | India | 60 | L1 | {}"
OVERDRAWN = "licence_quantity_overdrawn, licence_tpp_overdrawn"


def test_a_shipment_comes_off_its_licence(opened):
    ledger = opened()
    play(ledger, USED)
    ledger.reverse([3], "never left")
    stands(ledger, "India 2025-2027: held 1,583,200; remaining 788,416,800")
    undone = rows(ledger.url, "movement")[-1]
    assert (undone["kind"], undone["target_seq"], str(undone["effective_on"])) == (
        "reversal",
        3,
        "2025-06-10",
    )


@pytest.mark.parametrize(("first", "left"), [(3, "S2"), (4, "S1")])
def test_an_overdrawn_line_holds_no_phantom_room(opened, first, left):
    """100 licensed, 60 + 60 shipped: with either one gone, 40 are held, not 60."""
    ledger = opened()
    play(ledger, USED)
    play(ledger, MORE.format(OVERDRAWN))
    stands(ledger, "India 2025-2027: posted 1,899,840; remaining 788,100,160")
    ledger.reverse([first], "never left")
    stands(ledger, "India 2025-2027: held 633,280, posted 949,920; remaining 788,416,800")
    (line,) = rows(ledger.url, "licence_line")
    assert (line["used_quantity"], line["held_mtpp"]) == (60, 633_280_000)
    ledger.reverse([3 if first == 4 else 4], "nor did this")
    stands(ledger, "India 2025-2027: held 1,583,200; remaining 788,416,800")


def test_what_others_point_at_stays_unless_they_go_along(opened):
    ledger = opened()
    play(ledger, USED)
    before = standing(ledger)
    with pytest.raises(Standing) as error:
        ledger.reverse([2], "issued in error")
    assert error.value.by == {2: [3]}
    assert standing(ledger) == before
    outcome = ledger.reverse([2], "issued in error", cascade=True)
    assert outcome.count == 2
    assert [m["target_seq"] for m in rows(ledger.url, "movement")[-2:]] == [3, 2]
    stands(ledger, "")


def test_a_receipt_goes_with_its_shipment(opened):
    ledger = opened()
    play(
        ledger,
        """
        act     | no | day        | to    | by  | of | says
        ship    | S1 | 2025-12-30 | India | LPP |    |
        receive | R1 | 2026-01-02 |       |     | S1 |
        """,
    )
    with pytest.raises(Standing):
        ledger.reverse([2], "never left")
    ledger.reverse([3], "not yet")
    stands(ledger, "C 2025: held 15,832; remaining 26,884,168")
    play(ledger, "act | no | day | of\nreceive | R1 | 2026-01-02 | S1")
    ledger.reverse([2], "never left", cascade=True)
    stands(ledger, "")


def test_an_answered_application_is_pending_again(opened):
    ledger = opened()
    play(
        ledger,
        """
        act     | no | day        | to    | application | says
        apply   | A1 | 2025-05-20 | India |             |
        licence | L1 | 2025-06-01 | India | A1          |
        """,
    )
    ledger.reverse([3], "issued in error")
    stands(ledger, "India 2025-2027: pending 15,832; remaining 790,000,000")
    play(ledger, "act | no | day | to | application\nlicence | L1 | 2025-06-01 | India | A1")
    stands(ledger, "India 2025-2027: held 15,832; remaining 789,984,168")


def test_acts_and_declarations_stand_no_longer(opened):
    ledger = opened(lpp_year="exported")
    play(
        ledger,
        """
        act       | no | day        | holder | party | other_party | tpp       | says
        suspend   | A1 | 2025-06-01 | India  |       |             |           |
        ownership | A2 | 2025-01-01 |        | C     | Holding     |           |
        amendment | A3 | 2025-06-01 | Poland |       |             | 100000000 |
        """,
    )
    ledger.reverse([2, 3, 4], "all wrong")
    play(
        ledger,
        """
        act   | day        | to     | by  | units | says
        apply | 2025-06-02 | India  |     | 1     |
        ship  | 2025-06-02 | India  | LPP | 1     |
        apply | 2025-06-02 | Poland |     | 49899 | refused:over_limit
        """,
    )
    stands(
        ledger,
        """
        India 2025-2027: pending 15,832; remaining 790,000,000
        C 2025: posted 15,832; remaining 26,884,168
        """,
    )


def test_what_is_reversed_is_reversed_once_and_recorded_anew(opened):
    ledger = opened()
    play(ledger, USED)
    ledger.reverse([3], "never left")
    with pytest.raises(Unusable, match="reversed already"):
        ledger.reverse([3], "again")
    with pytest.raises(Unusable, match="no such movement"):
        ledger.reverse([99], "nothing")
    play(ledger, "act | no | day | to | units | under\nship | S1 | 2025-06-10 | India | 60 | L1")
    assert rows(ledger.url, "movement")[-1]["attempt"] == 2
    stands(ledger, "India 2025-2027: held 633,280, posted 949,920; remaining 788,416,800")


def test_a_submission_goes_back_without_its_refusals(opened, tmp_path):
    ledger = opened()
    lot = {"exporter": "X", "ultimate_consignee": "C", "destination": "India"}
    lot |= {"chip": "nvidia-h100-sxm", "applied_on": "2025-06-01"}
    units = (40000, 40000, 9898)
    lines = [lot | {"application": f"A{n}", "quantity": many} for n, many in enumerate(units)]
    outcome = ledger.import_file(write_csv(tmp_path / "a.csv", lines), "applications")
    assert (outcome.count, outcome.refused, outcome.submission) == (3, 1, 2)
    assert ledger.reverse_submission(2, "wrong file").count == 2
    stands(ledger, "")
    with pytest.raises(Unusable, match="nothing of it stands"):
        ledger.reverse_submission(2, "again")
    with pytest.raises(Unusable, match="no such submission"):
        ledger.reverse_submission(9, "never")


def test_nothing_is_no_submission(opened):
    with pytest.raises(Unusable, match="names no movement"):
        opened().reverse([], "nothing")


def test_the_first_adoption_stays(opened):
    with pytest.raises(Unusable, match="cannot be reversed"):
        opened().reverse([1], "no rules at all")
