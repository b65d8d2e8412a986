"""What comes behind a move between facilities, and taking a move back: both legs or none."""

from __future__ import annotations

import pytest

from ledger.service.dependents import Standing
from ledger.service.explain import explain
from ledger.storage import check_moves
from tests.cases.table import owed, play, standing, stands
from tests.cases.test_748_15_d_transfers import BROUGHT, FULL, HELD, legs


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
