"""What comes behind a move between facilities, and taking a move back: both legs or none."""

from __future__ import annotations

import pytest

from ledger.service.dependents import Standing
from ledger.service.explain import explain
from ledger.storage import check_moves
from schemas.problems import Unusable
from tests.cases.table import owed, play, standing, stands
from tests.cases.test_748_15_d_transfers import BROUGHT, FULL, HELD, legs
from tests.service.books import rows, write_csv


@pytest.fixture
def national(kept):
    """A ledger in which O, a National VEU for India and Poland, has 100 units in India."""
    ledger = kept()
    play(ledger, HELD)
    play(ledger, BROUGHT)
    return ledger


def test_what_is_lost_after_a_move_is_lost_where_it_came_to(national):
    """A loss names the move, and the room it gives back is the second country's."""
    ledger = national
    play(
        ledger,
        """
        act  | no | day        | exporter | from  | to     | by   | units | of | reason | says
        move | M1 | 2025-04-01 |          | India | Poland | NVEU | 40    |    |        |
        loss | V1 | 2025-04-09 | O        |       |        |      | 10    | M1 | theft  |
        """,
    )
    stands(
        ledger,
        """
        O, India 2025-2027: posted 949,920; remaining 632,050,080
        O, Poland 2025-2027: posted 474,960; remaining 632,525,040
        """,
    )
    (told,) = owed(ledger, "2025-04-10", "due_on | party\n2025-05-09 | O", duty="veu_incident")
    assert told["why"].startswith("theft on 2025-04-09")


MOVED = """
act  | no | day        | from  | to     | by   | units | arrives    | says
move | M1 | 2025-04-01 | India | Poland | NVEU | 40    | 2025-04-05 |
"""


@pytest.mark.parametrize("leg", [0, 1])
def test_the_legs_are_reversed_together_and_restored_together(national, leg):
    """Whichever is named."""
    ledger = national
    play(ledger, MOVED)
    before = standing(ledger)
    seqs = [one[0] for one in legs(ledger)]
    undone = ledger.reverse([seqs[leg]], "typed twice")
    assert undone.count == 2
    stands(ledger, FULL)
    again = ledger.reverse([undone.first_seq + leg], "it was right")
    assert again.count == 2
    assert standing(ledger) == before
    assert ledger.reverse(seqs, "both named").count == 2
    play(ledger, MOVED)
    assert standing(ledger) == before


def test_what_stands_on_a_move_stands_in_the_way_of_its_reversal(national):
    ledger = national
    play(ledger, MOVED)
    line = "act | no | day | exporter | of | units | reason\nloss|V1|2025-04-09|O|M1|10|theft"
    play(ledger, line)
    (left, _) = (one[0] for one in legs(ledger))
    with pytest.raises(Standing, match=r"attrition V1"):
        ledger.reverse([left], "typed twice")
    assert ledger.reverse([left], "typed twice", cascade=True).count == 3
    stands(ledger, FULL)


@pytest.mark.parametrize("named", [0, 1])
def test_a_correction_is_of_the_whole_move(national, named):
    """Another quantity and day of arrival: both legs anew, in one submission."""
    ledger = national
    play(ledger, MOVED)
    seq = legs(ledger)[named][0]
    values = {"seq": str(seq), "quantity": "30", "received_on": "2025-04-07", "reason": "recount"}
    outcome = ledger.record("corrections", values)
    assert (outcome.count, outcome.problems) == (4, [])
    out, arrived = legs(ledger)[-2:]
    assert out[1:] == ("transfer_out", "2025-04-01", 30, None)
    assert arrived[1:] == ("transfer_in", "2025-04-07", 30, out[0])
    stands(
        ledger,
        """
        O, India 2025-2027: posted 1,108,240; remaining 631,891,760
        O, Poland 2025-2027: posted 474,960; remaining 632,525,040
        """,
    )


def test_a_move_recorded_again_is_known_and_a_contradiction_names_the_field(national):
    ledger = national
    play(ledger, MOVED)
    (again,) = play(ledger, MOVED)
    assert (again.submission, again.already) == (None, 2)
    (other,) = play(ledger, MOVED.replace("Poland | NVEU | 40 ", "Brazil | NVEU | 40 "))
    (problem,) = other.problems
    assert (problem.column, problem.value, other.rejected) == ("to_country", "BR", 1)
    assert 'there it is "PL"' in problem.reason


def test_a_move_is_explained_by_what_it_is_in_law(national):
    ledger = national
    play(ledger, MOVED)
    told = explain(ledger, "M1")
    assert told.kind == "transfer_out"
    assert told.why[0].sentence.endswith("ruled as what it is in law: reexport")
    left = [one for one in told.why if "comes off where it leaves" in one.sentence]
    assert "15 CFR 748.15(a)(2)(iii)(B)" in left[0].citation
    assert told.draws[0].holder == "O, India"
    arrived = explain(ledger, legs(ledger)[1][0])
    assert "its ruling holds" in arrived.why[0].sentence
    assert arrived.draws[0].holder == "O, Poland"


def test_a_pair_broken_by_hand_is_found(national):
    """Every leg that leaves has its one that arrives, of the same goods."""
    ledger = national
    play(ledger, MOVED)
    with ledger.store.reading() as turn:
        found = []
        check_moves.check(turn.connection, set(), lambda *told: found.append(told))
        assert not found
        left = legs(ledger)[0][0]
        check_moves.check(turn.connection, {left}, lambda *told: found.append(told))
    assert found == [
        ("moves", f"of movements {left} and {left + 1}, one move, only one is reversed")
    ]


# What went on is not there any more: no account with a limit is left with less than nothing.

IN_POLAND = "O, Poland 2025-2027: posted 1,266,560; remaining 631,733,440"
AWAY = """
act  | no | day        | from  | to     | by   | units | says
move | M1 | 2025-04-01 | India | Poland | NVEU | 80    |
"""


@pytest.mark.parametrize("columns_from", [1, 10**9], ids=["columns", "rows"])
@pytest.mark.parametrize("kind", ["return", "attrition"])
def test_what_is_lost_of_a_shipment_comes_off_as_far_as_it_is_there(
    national, tmp_path, columns_from, kind
):
    """It names the shipment, most of which moved on: the rest would be room nobody granted."""
    ledger = national
    play(ledger, AWAY)
    said = {"kind": kind, "exporter": "X", "shipment": "S1", "returned_on": "2025-04-09"}
    said |= {"reason": "theft"} if kind == "attrition" else {}
    rows_of = [said | {"document": f"V{n}", "quantity": "15"} for n in (1, 2)]
    path = write_csv(tmp_path / "returns.csv", rows_of)
    assert ledger.import_file(path, "returns", columns_from=columns_from).clean
    stands(ledger, IN_POLAND)


def test_what_was_removed_comes_off_as_far_as_it_is_there(national):
    ledger = national
    play(ledger, AWAY)
    play(ledger, "act | no | day | of | units\nremove | V1 | 2025-04-09 | S1 | 30")
    stands(ledger, IN_POLAND)


def test_a_receipt_stays_while_a_move_took_what_it_brought(national):
    """The latest move is named, and goes along where told so; one receipt of two may go."""
    ledger = national
    more = "act | no | day | owner | to | by | units | arrives\n"
    play(ledger, f"{more}ship | S2 | 2025-03-20 | O | India | NVEU | 30 | 2025-03-21")
    play(ledger, AWAY)
    (left, _) = (one[0] for one in legs(ledger))
    received = [m["seq"] for m in rows(ledger.url, "movement") if m["kind"] == "receipt"]
    with pytest.raises(Standing) as standing_in:
        ledger.reverse([received[0]], "never came")
    assert standing_in.value.by == {received[0]: [left]}
    assert ledger.reverse([received[1]], "never came").count == 1
    assert ledger.reverse([received[0]], "never came", cascade=True).count == 3
    stands(ledger, "")


def test_a_move_is_not_restored_where_what_it_took_is_gone(national):
    """Restored together with what had brought it, it is."""
    ledger = national
    play(ledger, AWAY)
    (left, _) = (one[0] for one in legs(ledger))
    undone = ledger.reverse([left], "typed twice")
    (received,) = (m["seq"] for m in rows(ledger.url, "movement") if m["kind"] == "receipt")
    gone = ledger.reverse([received], "never came")
    with pytest.raises(Unusable, match="what it took is not there any more"):
        ledger.reverse([undone.first_seq], "it was right")
    assert ledger.reverse([gone.first_seq, undone.first_seq], "all right").count == 3
    stands(
        ledger,
        f"""
        O, India 2025-2027: posted 316,640; remaining 632,683,360
        {IN_POLAND}
        """,
    )


def test_a_licence_stays_while_a_reexport_was_credited_what_it_brought(kept):
    """Under `reexport_country_effect` = a_credited: the same for the country it leaves."""
    ledger = kept(reexport_country_effect="a_credited")
    play(
        ledger,
        """
act      | no | day        | to     | from  | units | by      | under | says
licence  | L1 | 2025-06-01 | India  |       | 100   |         |       |
ship     | S1 | 2025-06-02 | India  |       | 100   | licence | L1    |
licence  | L2 | 2025-06-03 | Poland |       | 60    |         |       |
reexport | R1 | 2025-06-04 | Poland | India | 60    | licence | L2    |
        """,
    )
    by_name = {m["document"]: m["seq"] for m in rows(ledger.url, "movement")}
    with pytest.raises(Standing) as standing_in:
        ledger.reverse([by_name["S1"]], "never left")
    assert standing_in.value.by == {by_name["S1"]: [by_name["R1"]]}
