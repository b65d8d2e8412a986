"""15 CFR 750.7(c): a licence and the replacement it makes of another stand and fall together."""

from __future__ import annotations

import pytest

from ledger.service import dependents
from ledger.service.dependents import Standing
from ledger.service.ledger import Ledger, new_ledger
from ledger.storage.check import check
from schemas.problems import Unusable
from tests.cases.table import licensed, play, standing, stands
from tests.service.books import assert_sound, rows, write_csv

# Seq 2, then 3 (the replacement of L1) and 4.
REPLACED = """
act     | no | day        | to    | units | supersedes
licence | L1 | 2025-06-01 | India | 100   |
licence | L2 | 2025-07-01 | India | 60    | L1
"""
FIRST = "India 2025-2027: held 1,583,200; remaining 788,416,800"
SECOND = "India 2025-2027: held 949,920; remaining 789,050,080"


def states(ledger: Ledger) -> dict[str, str]:
    """How the licences stand that were not reversed."""
    lines = [line for line in rows(ledger.url, "licence_line") if line["live"]]
    return {f"{line['licence']}/{line['line']}": line["state"] for line in lines}


def corrected(ledger: Ledger, folder, *lines):
    path = write_csv(
        folder / "corrections.csv", [{"reason": "typed wrong", **one} for one in lines]
    )
    return ledger.import_file(path, "corrections", rejects=folder / "rejects.csv")


def test_the_licence_that_was_replaced_stands_again(kept):
    ledger = kept()
    play(ledger, REPLACED)
    outcome = ledger.reverse([4], "never issued")
    assert outcome.count == 2
    stands(ledger, FIRST)
    licensed(ledger, "\nlicence | held | state\nL1 | 1,583,200 | open\nL2 | | open")


def test_restored_it_replaces_once_more(kept):
    ledger = kept()
    play(ledger, REPLACED)
    before = standing(ledger)
    ledger.reverse([4], "never issued")
    with pytest.raises(Unusable, match="licence L2, which makes it, is reversed"):
        ledger.reverse([6], "it was")
    assert ledger.reverse([5], "it was").count == 2
    assert standing(ledger) == before
    assert states(ledger) == {"L1/1": "replaced", "L2/1": "open"}


def test_it_does_not_come_back_alone_where_both_were_recorded_anew(kept):
    """The licence that makes it now goes along, and does not count as standing."""
    ledger = kept()
    play(ledger, REPLACED)
    ledger.reverse([4], "60 is wrong")
    play(ledger, "act|no|day|to|units|supersedes\nlicence|L2|2025-07-01|India|70|L1")
    with pytest.raises(Unusable, match="licence L2, which makes it, is reversed"):
        ledger.reverse([6], "it was right", cascade=True)
    assert ledger.reverse([5], "it was right", cascade=True).count == 4
    stands(ledger, SECOND)
    assert states(ledger) == {"L1/1": "replaced", "L2/1": "open"}


def test_the_replacement_does_not_go_without_its_licence(kept):
    ledger = kept()
    play(ledger, REPLACED)
    with pytest.raises(Standing) as error:
        ledger.reverse([3], "wrong")
    assert error.value.by == {3: [4]}
    assert ledger.reverse([3], "wrong", cascade=True).count == 2
    stands(ledger, FIRST)


def test_what_replaces_a_licence_is_in_its_way(kept):
    ledger = kept()
    play(ledger, REPLACED)
    with pytest.raises(Standing) as error:
        ledger.reverse([2], "never issued")
    assert error.value.by == {2: [4]}
    assert "seq 4 (licence L2 of 2025-07-01)" in str(error.value)
    assert ledger.reverse([2], "never issued", cascade=True).count == 3
    stands(ledger, "")


def test_two_lines_make_one_replacement(kept):
    """It stands as long as one of them does."""
    ledger = kept()
    play(
        ledger,
        """
        act     | no | line | day        | to    | units | supersedes
        licence | L1 | 1    | 2025-06-01 | India | 100   |
        licence | L2 | 1    | 2025-07-01 | India | 60    | L1
        licence | L2 | 2    | 2025-07-01 | India | 30    | L1
        """,
    )
    assert ledger.reverse([4], "wrong").count == 1
    assert states(ledger) == {"L1/1": "replaced", "L2/2": "open"}
    assert ledger.reverse([5], "wrong").count == 2
    assert states(ledger) == {"L1/1": "open"}
    assert ledger.reverse([6], "right").count == 2
    assert states(ledger) == {"L1/1": "replaced", "L2/1": "open"}


def test_it_does_not_come_back_over_what_was_shipped_meanwhile(kept):
    ledger = kept()
    play(ledger, REPLACED)
    ledger.reverse([4], "never issued")
    play(ledger, "act|no|day|to|units|under\nship|S1|2025-07-02|India|10|L1")
    with pytest.raises(Standing) as error:
        ledger.reverse([5], "it was")
    assert error.value.since == {3: [7]}


@pytest.mark.parametrize("reverse", ["submission", "licence"])
def test_it_is_recorded_again(kept, reverse):
    """The replacement that was taken back leaves its key to the next attempt."""
    ledger = kept()
    play(ledger, REPLACED)
    if reverse == "licence":
        ledger.reverse([4], "60 is wrong")
    else:
        ledger.reverse_submission(rows(ledger.url, "movement")[-1]["submission"], "60 is wrong")
    play(ledger, "act|no|day|to|units|supersedes\nlicence|L2|2025-07-01|India|70|L1")
    made = [m for m in rows(ledger.url, "movement") if m["kind"] == "replacement"]
    assert [m["attempt"] for m in made] == [1, 2]
    assert states(ledger) == {"L1/1": "replaced", "L2/1": "open"}


def test_another_is_meant(kept, tmp_path):
    """What was replaced by mistake stands again; what was meant is replaced."""
    ledger = kept()
    play(ledger, "act|no|day|to|units\nlicence|L7|2025-06-01|India|50")
    play(ledger, REPLACED)
    outcome = corrected(ledger, tmp_path, {"seq": "5", "supersedes": "L7"})
    assert (outcome.count, outcome.rejected) == (4, 0)
    stands(ledger, "India 2025-2027: held 2,533,120; remaining 787,466,880")
    assert states(ledger) == {"L7/1": "replaced", "L1/1": "open", "L2/1": "open"}
    outcome = corrected(ledger, tmp_path, {"seq": "9", "supersedes": "(empty)"})
    assert (outcome.count, outcome.rejected) == (3, 0)
    assert states(ledger) == {"L7/1": "open", "L1/1": "open", "L2/1": "open"}


def test_a_correction_only_reverses(kept, tmp_path):
    ledger = kept()
    play(ledger, REPLACED)
    assert corrected(ledger, tmp_path, {"seq": "4"}).count == 2
    stands(ledger, FIRST)


def test_a_licence_is_corrected_with_the_one_that_replaces_it(kept, tmp_path):
    """The one is on record anew before the other takes its place."""
    ledger = kept()
    play(ledger, REPLACED)
    outcome = corrected(ledger, tmp_path, {"seq": "2", "quantity": "90"})
    assert "seq 4 (licence L2 of 2025-07-01) depends on it" in outcome.problems[0].reason
    outcome = corrected(
        ledger, tmp_path, {"seq": "2", "quantity": "90"}, {"seq": "4", "quantity": "60"}
    )
    assert (outcome.count, outcome.rejected, dict(outcome.counts)) == (6, 0, {})
    stands(ledger, SECOND)
    assert states(ledger) == {"L1/1": "replaced", "L2/1": "open"}
    outcome = corrected(ledger, tmp_path, {"seq": "9", "to": "x"})
    assert "correction is of what was recorded from a row" in outcome.problems[0].reason


def test_what_has_ended_already_is_replaced_once(kept):
    """Each that takes its place says so; the first that stands is the one it was replaced by."""
    ledger = kept()
    play(ledger, REPLACED)
    play(
        ledger,
        """
        act     | no | line | day        | to    | units | supersedes | says
        licence | L2 | 2    | 2025-07-02 | India | 1     | L1         |
        licence | L3 | 1    | 2025-08-01 | India | 10    | L1         | licence_ended_already
        """,
    )
    ledger.reverse([4, 5], "never issued")
    assert states(ledger) == {"L1/1": "replaced", "L3/1": "open"}
    licensed(
        ledger,
        """
        licence | line | back      | held    | closed_on
        L1      | 1    | 1,583,200 |         | 2025-08-01
        L2      | 1    |           |         |
        L2      | 2    |           |         |
        L3      | 1    |           | 158,320 |
        """,
    )


@pytest.mark.parametrize("line", ["1", "2"])
def test_no_licence_takes_its_own_place(ledger, line):
    play(ledger, "act|no|line|day|to|units\nlicence|L1|3|2025-06-01|India|100")
    said = {"licence": "L1", "line": line, "issued_on": "2025-07-01", "supersedes": "L1"}
    said |= {"exporter": "X", "ultimate_consignee": "C", "destination": "India"}
    outcome = ledger.record("licences", said | {"chip": "nvidia-h100-sxm", "quantity": "1"})
    (problem,) = outcome.problems
    assert (outcome.count, problem.column, problem.value) == (0, "supersedes", "L1")


def test_what_is_said_of_a_reversed_licence(ledger):
    play(
        ledger,
        """
        act     | no | line | day        | to    | units
        licence | L1 | 1    | 2025-06-01 | India | 100
        licence | L1 | 2    | 2025-06-01 | India | 100
        licence | L2 | 1    | 2025-06-01 | India | 100
        """,
    )
    ledger.reverse([3, 4], "never issued")
    said = {"document": "A1", "kind": "surrender", "effective_on": "2025-07-01"}
    (problem,) = ledger.record("acts", said | {"licence": "L2"}).problems
    assert problem.reason == "licence L2 is reversed; to restore it, reverse seq 5"
    assert problem.nearest == ()
    (problem,) = ledger.record("acts", said | {"licence": "L1", "licence_line": "2"}).problems
    assert problem.reason == "line 2 of licence L1 is reversed; to restore it, reverse seq 6"
    assert ledger.record("acts", said | {"licence": "L1"}).count == 1
    new = {"licence": "L9", "issued_on": "2025-07-01", "supersedes": "L2", "exporter": "X"}
    new |= {"ultimate_consignee": "C", "destination": "India", "chip": "nvidia-h100-sxm"}
    outcome = ledger.record("licences", new | {"quantity": "1"})
    (found,) = outcome.findings
    assert (found.code, found.detail) == ("superseded_not_on_file", "L2, reversed by seq 5")


def test_a_replacement_left_behind_is_found(ledger_url):
    """As earlier builds left it: its licence reversed, and the rest of the other still gone."""
    with new_ledger(ledger_url) as ledger:
        play(ledger, REPLACED)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dependents, "replacements_of", lambda *_: {})
            assert ledger.reverse([4], "never issued").count == 1
        (found,) = (one for one in check(ledger.store) if not one.holds)
        assert found.failures == [
            "movement 3 replaces a licence, and licence L2, which takes its place, is reversed"
        ]
        ledger.reverse([3], "left behind")
        stands(ledger, FIRST)
        assert_sound(ledger)
