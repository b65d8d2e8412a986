"""The reversal of a reversal restores what it had reversed, as it was, where that still fits."""

from __future__ import annotations

import pytest

from ledger.service.dependents import Standing
from ledger.service.ledger import Ledger
from schemas.problems import Unusable
from tests.cases.table import play, standing, stands
from tests.service.books import rows

USED = """
act     | no | day        | to    | units | under | says
licence | L1 | 2025-06-01 | India | 100   |       |
ship    | S1 | 2025-06-10 | India | 60    | L1    |
"""
OVERDRAWN = """
act  | no | day        | to    | units | under | says
ship | S2 | 2025-06-11 | India | 60    | L1    | licence_quantity_overdrawn, licence_tpp_overdrawn
"""


def last(ledger: Ledger, *names: str) -> tuple[object, ...]:
    movement = rows(ledger.url, "movement")[-1]
    return tuple(movement[name] for name in names)


def test_a_shipment_stands_again(ledger):
    play(ledger, USED)
    before = standing(ledger)
    ledger.reverse([3], "never left")
    outcome = ledger.reverse([4], "it did leave")
    assert outcome.count == 1
    assert standing(ledger) == before
    assert last(ledger, "kind", "target_seq", "line") == ("reversal", 4, "1 of seq 3 of seq 4")
    (line,) = rows(ledger.url, "licence_line")
    assert (line["used_quantity"], line["held_mtpp"]) == (60, 633_280_000)


def test_its_key_is_taken_again(ledger):
    play(ledger, USED)
    ledger.reverse([3], "never left")
    ledger.reverse([4], "it did leave")
    again = play(ledger, "act|no|day|to|units|under\nship|S1|2025-06-10|India|60|L1")
    assert (again[0].already, again[0].repeated[0].seq) == (1, 3)


def test_once_more_there_and_back(ledger):
    play(ledger, USED)
    before = standing(ledger)
    for seq in (3, 4, 3, 6):
        ledger.reverse([seq], "to and fro")
    assert standing(ledger) == before
    with pytest.raises(Unusable, match="seq 3 stands again"):
        ledger.reverse([6], "again")
    assert [m["attempt"] for m in rows(ledger.url, "movement")[3:]] == [1, 1, 2, 1]


def test_what_was_restored_is_meant_by_its_restoration(ledger):
    """To reverse the restoration is to reverse the movement, with what points at it by now."""
    play(ledger, USED)
    ledger.reverse([3], "never left")
    ledger.reverse([4], "it did leave")
    ledger.reverse([5], "no, it did not")
    assert last(ledger, "target_seq") == (3,)
    stands(ledger, "India 2025-2027: held 1,583,200; remaining 788,416,800")
    with pytest.raises(Unusable, match="reversed already; to restore it, reverse seq 6"):
        ledger.reverse([5], "again")


def test_an_overdrawn_line_is_drawn_down_again(ledger):
    play(ledger, USED)
    play(ledger, OVERDRAWN)
    before = standing(ledger)
    ledger.reverse([3], "never left")
    stands(ledger, "India 2025-2027: held 633,280, posted 949,920; remaining 788,416,800")
    ledger.reverse([4], "nor did this")
    ledger.reverse([5], "it did leave")
    stands(ledger, "India 2025-2027: held 633,280, posted 949,920; remaining 788,416,800")
    ledger.reverse([6], "and so did this")
    assert standing(ledger) == before


def test_a_licence_comes_back_with_its_shipments(ledger):
    play(ledger, USED)
    before = standing(ledger)
    undone = ledger.reverse([2], "issued in error", cascade=True)
    stands(ledger, "")
    with pytest.raises(Unusable, match="points at seq 2, which is reversed by seq 5"):
        ledger.reverse([4], "it did leave")
    ledger.reverse_submission(undone.submission, "it was issued")
    assert standing(ledger) == before
    (line,) = rows(ledger.url, "licence_line")
    assert (line["live"], line["held_mtpp"]) == (1, 633_280_000)


def test_a_licence_comes_back_beside_what_was_shipped_meanwhile(ledger):
    """That had no licence: it is laid under it by an assignment, as under one that turned up."""
    play(ledger, "act | no | day | to | units\nlicence | L1 | 2025-06-01 | India | 100")
    ledger.reverse([2], "issued in error")
    play(
        ledger, "act|no|day|to|units|under|says\nship|S1|2025-06-10|India|60|L1|licence_not_on_file"
    )
    ledger.reverse([3], "it was issued")
    stands(ledger, "India 2025-2027: held 1,583,200, safe 949,920; remaining 788,416,800")
    play(ledger, "act|no|day|of|under|exporter\nassignment|U|2025-06-20|S1|L1|X")
    stands(ledger, "India 2025-2027: held 633,280, posted 949,920; remaining 788,416,800")


def test_what_was_recorded_anew_goes_first(ledger):
    play(ledger, USED)
    ledger.reverse([3], "60 is wrong")
    play(ledger, "act | no | day | to | units | under\nship | S1 | 2025-06-10 | India | 61 | L1")
    with pytest.raises(Standing) as error:
        ledger.reverse([4], "60 was right")
    assert error.value.since == {3: [5]}
    assert "seq 5 (export S1 of 2025-06-10)" in str(error.value)
    ledger.reverse([4], "60 was right", cascade=True)
    stands(ledger, "India 2025-2027: held 633,280, posted 949,920; remaining 788,416,800")


def test_another_answer_to_the_application_goes_first(ledger):
    play(
        ledger,
        """
        act     | no | day        | to    | application | says
        apply   | A1 | 2025-05-20 | India |             |
        licence | L1 | 2025-06-01 | India | A1          |
        """,
    )
    ledger.reverse([3], "issued in error")
    play(ledger, "act | no | day | to | application\nlicence | L2 | 2025-06-01 | India | A1")
    with pytest.raises(Standing) as error:
        ledger.reverse([4], "it was L1 after all")
    assert error.value.since == {3: [5]}
    ledger.reverse([4], "it was L1 after all", cascade=True)
    stands(ledger, "India 2025-2027: held 15,832; remaining 789,984,168")


def test_another_receipt_goes_first(ledger):
    play(
        ledger,
        """
        act     | no | day        | to    | by  | of | says
        ship    | S1 | 2025-12-30 | India | LPP |    |
        receive | R1 | 2026-01-02 |       |     | S1 |
        """,
    )
    ledger.reverse([3], "not yet")
    play(ledger, "act | no | day | of\nreceive | R2 | 2026-01-03 | S1")
    with pytest.raises(Standing) as error:
        ledger.reverse([4], "it had arrived")
    assert error.value.since == {3: [5]}


def test_a_licence_number_stands_once(ledger):
    play(ledger, "act | no | day | to\nlicence | L1 | 2025-06-01 | India")
    ledger.reverse([2], "of another filer")
    play(ledger, "act | no | day | to | exporter\nlicence | L1 | 2025-06-01 | India | Y")
    with pytest.raises(Standing) as error:
        ledger.reverse([3], "it was ours")
    assert error.value.since == {2: [4]}


def test_an_application_must_still_fit(ledger):
    asked = "act | no | day | to | units\napply | {} | 2025-06-01 | India | {}"
    play(ledger, asked.format("A1", 40000))
    ledger.reverse([2], "withdrawn")
    play(ledger, asked.format("A2", 40000))
    with pytest.raises(Unusable, match="no longer fits: it asks 633,280,000, 156,720,000 is left"):
        ledger.reverse([3], "not withdrawn")
    ledger.reverse([4], "withdrawn")
    ledger.reverse([3], "not withdrawn")
    stands(ledger, "India 2025-2027: pending 633,280,000; remaining 790,000,000")


def test_what_is_restored_over_the_limit_is_flagged(ledger):
    lot = "act | no | day | to | units | says\nlicence | {} | 2025-06-01 | India | 49000 | {}"
    play(ledger, lot.format("L1", ""))
    ledger.reverse([2], "issued in error")
    play(ledger, lot.format("L2", ""))
    outcome = ledger.reverse([3], "it was issued")
    assert outcome.counts == {"over_limit": 1}


def test_acts_and_declarations_stand_again(ledger):
    play(ledger, "act | no | day | holder\nsuspend | A1 | 2025-06-01 | India")
    ledger.reverse([2], "not suspended")
    ledger.reverse([3], "suspended after all")
    play(ledger, "act|day|to|says\napply|2025-06-02|India|refused:holder_suspended")


def test_a_dry_run_names_what_would_go(ledger):
    play(ledger, USED)
    head = rows(ledger.url, "head")
    outcome = ledger.reverse([2], "issued in error", cascade=True, dry_run=True)
    assert outcome.warnings == [
        "reverse seq 3 (export S1 of 2025-06-10)",
        "reverse seq 2 (licence L1 of 2025-06-01)",
    ]
    assert rows(ledger.url, "head") == head
