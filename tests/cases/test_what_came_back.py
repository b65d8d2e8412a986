"""Goods that came back hang on what brought them: nothing is counted twice, nothing below zero."""

from __future__ import annotations

import pytest

from ledger.service.reversal import Standing
from schemas.problems import Unusable
from tests.cases.table import licensed, play, standing, stands
from tests.service.books import write_csv

LOOSE = """
act     | no | day        | to    | units | by   | says
licence | L1 | 2025-06-01 | India | 100   |      |
ship    | S1 | 2025-06-10 | India | 30    | none | no_authorization
"""
RETURNED = "act | no | day | of | units\nreturn | R1 | 2025-06-20 | S1 | 10"
LAID = "act | no | day | under | shipment | exporter\nassignment | U1 | 2025-07-01 | L1 | S1 | X"


@pytest.fixture
def loose(kept):
    """India with a licence (seq 2) and an export without one (seq 3); what comes back counts."""
    ledger = kept(return_or_loss_credit="return_and_loss")
    play(ledger, LOOSE)
    return ledger


def test_what_came_back_before_the_assignment_stays_given_back(loose):
    """As if it had gone under the licence: 30 units of it are used, 20 are there."""
    play(loose, RETURNED)
    play(loose, LAID)
    licensed(loose, "\n licence | used | held\n L1 | 474,960 | 1,108,240")
    stands(loose, "India 2025-2027: held 1,108,240, posted 316,640; remaining 788,575,120")


def test_an_assignment_stands_on_what_came_back_before_it(loose):
    play(loose, RETURNED)
    play(loose, LAID)
    with pytest.raises(Standing, match=r"seq 4 \(by seq 5 \(assignment U1 of 2025-07-01\)\)"):
        loose.reverse([4], "never came back")
    loose.reverse([4], "never came back", cascade=True)
    stands(loose, "India 2025-2027: held 1,583,200, safe 474,960; remaining 788,416,800")


def test_what_came_back_after_the_assignment_stands_on_it(loose):
    """The return was taken of what the licence had used, which would else be below zero."""
    play(loose, LAID)
    play(loose, RETURNED)
    with pytest.raises(Standing, match=r"seq 4 \(by seq 5 \(return R1 of 2025-06-20\)\)"):
        loose.reverse([4], "another licence")
    loose.reverse([4], "another licence", cascade=True)
    stands(loose, "India 2025-2027: held 1,583,200, safe 474,960; remaining 788,416,800")


def test_an_assignment_is_not_restored_under_what_came_back_since(loose):
    play(loose, LAID)
    loose.reverse([4], "another licence")
    play(loose, RETURNED)
    with pytest.raises(Standing, match=r"since in place of seq 4: seq 6 \(return R1"):
        loose.reverse([5], "it was that licence")


def test_an_assignment_is_not_restored_without_its_shipment(loose):
    play(loose, LAID)
    loose.reverse([4], "another licence")
    loose.reverse([3], "never went")
    with pytest.raises(Unusable, match="points at seq 3, which is reversed by seq 6"):
        loose.reverse([5], "it was that licence")


def test_a_shipment_is_laid_once_whatever_is_restored(loose):
    play(loose, LAID)
    loose.reverse([4], "another licence")
    play(loose, "act|no|day|to|units\nlicence|L2|2025-06-01|India|50")
    play(loose, LAID.replace("L1", "L2").replace("U1", "U2"))
    with pytest.raises(Standing, match=r"since in place of seq 4: seq 7 \(assignment U2"):
        loose.reverse([5], "it was the first licence")


def test_the_part_that_ended_is_judged_by_the_day_it_went(kept):
    """As every other difference of an assignment: not by the day it was laid under the licence."""
    ledger, part, loose = kept(), "licence_part_ended", "no_authorization"
    before = "filed_after_ending"
    play(
        ledger,
        f"""
act        | no | day        | to    | units | by   | under | shipment | exporter | says
licence    | L1 | 2025-06-01 | India | 100   |      |       |          |          |
ship       | S1 | 2025-06-10 | India | 60    | none |       |          |          | {loose}
ship       | S2 | 2025-06-20 | India | 10    | none |       |          |          | {loose}
revocation | V1 | 2025-06-15 |       | 50    |      | L1    |          |          |
assignment | U1 | 2025-07-01 |       |       |      | L1    | S1       | X        | {before}
assignment | U2 | 2025-07-01 |       |       |      | L1    | S2       | X        | {part}
        """,
    )


def test_what_is_owned_stays_owned_when_it_is_laid_under_a_licence(kept):
    ledger = kept()
    play(
        ledger,
        """
act            | no | day        | to    | units | by   | party | tpp     | says
installed_base | I1 | 2025-06-01 |       |       |      | C     | 9000000 |
licence        | L1 | 2025-06-01 | India | 100   |      |       |         |
ship           | S1 | 2025-06-10 | India | 30    | none |       |         | no_authorization
        """,
    )
    owned = "C, India always: posted 474,960;"
    assert standing(ledger).startswith(owned)
    play(ledger, LAID)
    assert standing(ledger).startswith(owned)
    assert standing(ledger).endswith("held 1,108,240, posted 474,960; remaining 788,416,800")


def test_a_base_gives_back_no_more_than_arrived(kept):
    """A receipt does not go while what was lost of it stands; nor is the loss restored alone."""
    ledger = kept()
    play(
        ledger,
        """
act             | no | day        | to    | units | by   | owner | of | party | country | status
official_status | V1 | 2025-01-15 |       |       |      |       |    | O     | India   | NVEU
ship            | S1 | 2025-03-01 | India | 10    | NVEU | O     |    |       |         |
receive         | R1 | 2025-03-05 |       |       |      |       | S1 |       |         |
loss            | R2 | 2025-04-01 |       | 4     |      |       | S1 |       |         |
        """,
    )
    with pytest.raises(Standing, match=r"seq 4 \(by seq 5 \(attrition R2 of 2025-04-01\)\)"):
        ledger.reverse([4], "never came")
    ledger.reverse([4], "never came", cascade=True)
    stands(ledger, "")
    with pytest.raises(Unusable, match="what it gave back is not there any more"):
        ledger.reverse([6], "it was lost after all")
    ledger.reverse([6, 7], "it came, and was lost")
    stands(ledger, "O, India 2025-2027: posted 94,992; remaining 632,905,008")


def test_a_transfer_under_its_own_licence_rests_on_what_brought_the_goods(kept):
    """It debits nothing, as its goods count already: they must go on counting."""
    ledger = kept()
    play(
        ledger,
        """
        act      | no | day        | to    | units | under | shipment
        licence  | A  | 2025-06-01 | India | 10    |       |
        licence  | B  | 2025-06-01 | India | 3     |       |
        ship     | S  | 2025-06-02 | India | 3     | A     |
        transfer | T  | 2025-07-01 | India | 3     | B     | S
        """,
    )
    with pytest.raises(Standing, match=r"seq 4 \(by seq 5 \(in_country_transfer T"):
        ledger.reverse([4], "never went")
    ledger.reverse([4], "never went", cascade=True)
    stands(ledger, "India 2025-2027: held 205,816; remaining 789,794,184")
    with pytest.raises(Unusable, match="points at seq 4, which is reversed by seq 7"):
        ledger.reverse([6], "it moved")


def test_to_undo_a_close_is_not_late_for_its_quarter(kept):
    """It is an act on the books, as the close was."""
    ledger = kept()
    ledger.close_quarter("2025Q2", "0" * 64, 1)
    assert not ledger.reverse([2], "too early").counts
    assert not ledger.reverse([3], "it was right").counts


@pytest.mark.parametrize("named", ["S", "T"])
def test_a_transfer_moves_on_only_what_was_there_before_it(kept, tmp_path, named):
    """One that names itself, or a shipment of its file that leaves later, names none on file."""
    ledger = kept()
    lot = {"exporter": "X", "ultimate_consignee": "C", "destination": "India"}
    lot |= {"chip": "nvidia-h100-sxm", "quantity": "3"}
    brought = lot | {"document": "S", "exported_on": "2025-07-02", "authorization": "none"}
    on = {"document": "T", "exported_on": "2025-07-01", "shipment": named}
    on |= {"kind": "in_country_transfer", "authorization": "none"}
    path = write_csv(tmp_path / "shipments.csv", [brought, lot | on])
    outcome = ledger.import_file(path, "shipments")
    assert outcome.counts == {"no_authorization": 2, "shipment_not_on_file": 1}
    stands(ledger, "India 2025-2027: safe 94,992; remaining 790,000,000")


@pytest.mark.parametrize("named", ["S", "T"])
def test_nor_does_one_under_its_own_licence(kept, tmp_path, named):
    """It uses that licence as any other shipment would."""
    ledger = kept()
    play(ledger, "act | no | day | to | units\nlicence | B | 2025-06-01 | India | 3")
    lot = {"exporter": "X", "ultimate_consignee": "C", "destination": "India"}
    lot |= {"chip": "nvidia-h100-sxm", "quantity": "3"}
    brought = lot | {"document": "S", "exported_on": "2025-07-02", "authorization": "none"}
    on = {"document": "T", "exported_on": "2025-07-01", "shipment": named, "licence": "B"}
    on |= {"kind": "in_country_transfer", "authorization": "licence"}
    path = write_csv(tmp_path / "shipments.csv", [brought, lot | on])
    outcome = ledger.import_file(path, "shipments")
    assert outcome.counts == {"no_authorization": 1, "shipment_not_on_file": 1}
    stands(ledger, "India 2025-2027: posted 47,496, safe 47,496; remaining 789,952,504")
