"""A file of corrections is one submission: reversed, or reversed and recorded anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ledger.service.ledger import Ledger, new_ledger
from ledger.service.outcome import Outcome
from tests.cases.table import play, standing, stands
from tests.service.books import assert_sound, rows, whole, write_csv

USED = """
act     | no | day        | to    | units | under | says
licence | L1 | 2025-06-01 | India | 100   |       |
ship    | S1 | 2025-06-10 | India | 60    | L1    |
"""


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """A licence (seq 2) and a shipment under it (seq 3), in each database; sound at the end."""
    with new_ledger(ledger_url) as made:
        play(made, USED)
        yield made
        assert_sound(made)


def corrected(ledger: Ledger, folder: Path, *lines: Mapping[str, object], **how: Any) -> Outcome:
    said = [{"reason": "typed wrong", **line} for line in lines]
    path = write_csv(folder / "corrections.csv", said)
    rejects = folder / "rejects.csv"
    return ledger.import_file(path, "corrections", rejects=rejects, **how)


SHIPMENT = {"class": "shipment", "source": "X", "document": "S1"}


def test_other_units_are_recorded_anew(ledger, tmp_path):
    outcome = corrected(ledger, tmp_path, SHIPMENT | {"quantity": "40"})
    assert (outcome.count, outcome.rejected, outcome.submission) == (2, 0, 4)
    undone, anew = rows(ledger.url, "movement")[-2:]
    assert (undone["kind"], undone["target_seq"]) == ("reversal", 3)
    assert undone["details"] == '{"reason":"typed wrong","reverses":"export"}'
    assert (anew["kind"], anew["quantity"], anew["attempt"], anew["target_seq"]) == (
        "export",
        40,
        2,
        2,
    )
    stands(ledger, "India 2025-2027: held 949,920, posted 633,280; remaining 788,416,800")


def test_the_same_file_again_corrects_nothing(ledger, tmp_path):
    lines = [SHIPMENT | {"quantity": "40"}, {"class": "licences", "document": "L1", "source": "X"}]
    corrected(ledger, tmp_path, lines[0])
    before = whole(ledger.url)
    again = corrected(ledger, tmp_path, lines[0])
    assert (again.submission, again.already, again.repeated[0].seq) == (None, 1, 5)
    by_number = corrected(ledger, tmp_path, {"seq": "3", "quantity": "40"})
    assert (by_number.submission, by_number.already) == (None, 1)
    assert whole(ledger.url) == before


def test_a_row_without_values_only_reverses(ledger, tmp_path):
    outcome = corrected(ledger, tmp_path, {"seq": "3"})
    assert outcome.count == 1
    stands(ledger, "India 2025-2027: held 1,583,200; remaining 788,416,800")
    assert corrected(ledger, tmp_path, {"seq": "3"}).already == 1
    assert corrected(ledger, tmp_path, SHIPMENT).already == 1


def test_what_depends_has_to_stand_in_the_file(ledger, tmp_path):
    licence = {"class": "licence", "source": "X", "document": "L1", "quantity": "90"}
    before = whole(ledger.url)
    outcome = corrected(ledger, tmp_path, licence)
    assert (outcome.submission, outcome.rejected) == (None, 1)
    (problem,) = outcome.problems
    assert "seq 3 (export S1 of 2025-06-10) depends on it" in problem.reason
    assert whole(ledger.url) == before
    # A row that changes nothing has the shipment recorded anew as it was.
    along = SHIPMENT | {"quantity": "60"}
    outcome = corrected(ledger, tmp_path, licence, along)
    assert (outcome.count, outcome.rejected, outcome.already) == (4, 0, 0)
    kinds = [(m["kind"], m["target_seq"]) for m in rows(ledger.url, "movement")[-4:]]
    assert kinds == [("reversal", 3), ("reversal", 2), ("licence", None), ("export", 6)]
    stands(ledger, "India 2025-2027: held 474,960, posted 949,920; remaining 788,575,120")


def test_a_row_that_changes_nothing_is_recorded_already(ledger, tmp_path):
    outcome = corrected(ledger, tmp_path, SHIPMENT | {"quantity": "60"})
    assert (outcome.submission, outcome.already, outcome.repeated[0].seq) == (None, 1, 3)


def test_another_document_and_a_value_taken_away(ledger, tmp_path):
    new = {"new_document": "S-1", "certificate_on": "(empty)", "unit_value_usd": "25000.50"}
    outcome = corrected(ledger, tmp_path, SHIPMENT | new)
    assert (outcome.count, outcome.problems) == (2, [])
    anew = rows(ledger.url, "movement")[-1]
    assert (anew["document"], anew["attempt"], anew["unit_value_cents"]) == ("S-1", 1, 2_500_050)
    assert '"certificate_on"' not in anew["details"]


def test_good_rows_go_in_and_the_others_are_rejected(ledger, tmp_path):
    before = standing(ledger)
    outcome = corrected(
        ledger,
        tmp_path,
        SHIPMENT | {"quantity": "no"},
        {"seq": "99"},
        {"class": "shipmnt", "document": "S1"},
        {"class": "shipment", "document": "S1"},
        {"class": "shipment", "document": "S9", "source": "X"},
        {"seq": "1", "chip": "H100"},
        {"reason": "", "seq": "3"},
        SHIPMENT | {"quantty": "5"},
        dry_run=True,
    )
    told = {p.row: (p.column, p.reason) for p in outcome.problems}
    assert told[1][0] == "quantity"
    assert told[2] == ("seq", "there is no such movement")
    assert told[3] == ("class", "is no class of movements")
    assert told[4] == ("source", "is empty, and so are seq and exporter")
    assert told[5] == ("document", "shipment S9 line 1 of X is not on record")
    assert told[6][1].startswith("is of kind adoption: ")
    assert told[7] == ("reason", "is empty")
    assert told[8] == ("quantty", "shipments have no such heading")
    assert (outcome.submission, standing(ledger)) == (None, before)
    mixed = corrected(ledger, tmp_path, {"seq": "99"}, SHIPMENT | {"quantity": "10"})
    assert (mixed.rejected, mixed.count) == (1, 2)
    assert Path(str(mixed.rejects_file)).exists()


def test_all_that_is_wrong_with_the_new_values_is_told(ledger, tmp_path):
    new = {"quantty": "5", "desination": "India", "quantity": "0", "chip": "H1O0"}
    outcome = corrected(ledger, tmp_path, SHIPMENT | new)
    assert sorted((p.column, p.reason) for p in outcome.problems) == [
        ("chip", "no such chip in the catalogue"),
        ("desination", "shipments have no such heading"),
        ("quantity", "is 0; a count starts at 1"),
        ("quantty", "shipments have no such heading"),
    ]
    assert outcome.rejected == 1


def test_a_seq_and_a_key_that_name_two_movements(ledger, tmp_path):
    before = whole(ledger.url)
    outcome = corrected(
        ledger,
        tmp_path,
        {"seq": "3", "class": "licence", "document": "D-9", "quantity": "7"},
        {"seq": "3", "source": "Y", "line": "2"},
        {"seq": "2", "document": "S1", "quantity": "7"},
    )
    shipment = "seq 3 (export S1 of 2025-06-10)"
    assert [(p.row, p.column, p.value, p.reason) for p in outcome.problems] == [
        (1, "class", "licence", f"{shipment} has class shipment"),
        (1, "document", "D-9", f"{shipment} has document S1"),
        (2, "source", "Y", f"{shipment} has source X"),
        (2, "line", "2", f"{shipment} has line 1"),
        (3, "document", "S1", "seq 2 (licence L1 of 2025-06-01) has document L1"),
    ]
    assert (outcome.rejected, whole(ledger.url)) == (3, before)


@pytest.mark.parametrize("word", ["Shipment", "shipments", "export"])
def test_a_seq_and_the_key_it_has(ledger, tmp_path, word):
    said = SHIPMENT | {"seq": "3", "class": word, "line": "1", "quantity": "40"}
    assert corrected(ledger, tmp_path, said).count == 2


def test_what_cannot_be_recorded_anew_is_not_reversed(ledger, tmp_path):
    play(ledger, "act | no | day | to | units\nlicence | L2 | 2025-06-01 | India | 5")
    before = whole(ledger.url)
    twice = {"class": "licence", "source": "X", "document": "L2", "new_document": "L1"}
    outcome = corrected(ledger, tmp_path, twice)
    assert (outcome.submission, outcome.rejected) == (None, 1)
    assert whole(ledger.url) == before


def test_a_dry_run_records_nothing(ledger, tmp_path):
    before = whole(ledger.url)
    outcome = corrected(ledger, tmp_path, SHIPMENT | {"quantity": "40"}, dry_run=True)
    assert (outcome.submission, outcome.count) == (None, 2)
    assert whole(ledger.url) == before


def test_declarations_and_acts_are_corrected_alike(ledger, tmp_path):
    play(
        ledger,
        """
        act       | no | day        | holder | party | other_party | percent | says
        amendment | A1 | 2025-06-01 | India  |       |             | 10      |
        ownership | O1 | 2025-01-01 |        | C     | Holding     |         |
        """,
    )
    by_number = {"seq": "4", "percent": "20"}
    assert corrected(ledger, tmp_path, by_number, {"seq": "5", "other_party": "Group"}).count == 4
    anew = rows(ledger.url, "movement")[-2:]
    assert {m["kind"] for m in anew} == {"amendment", "ownership"}
    assert {m["amount_mtpp"] for m in anew} == {158_000_000_000, None}
    (owned,) = [s for s in rows(ledger.url, "standing") if s["kind"] == "ownership" and s["live"]]
    assert owned["object"] == "group"


def test_by_hand_as_from_a_file(ledger):
    said = SHIPMENT | {"reason": "typed wrong", "quantity": "40"}
    assert ledger.record("corrections", said).count == 2
    outcome = ledger.record("corrections", {"reason": "gone", "seq": "99"})
    assert [p.reason for p in outcome.problems] == ["there is no such movement"]


def test_a_whole_file_of_corrections_is_undone_in_one(ledger, tmp_path):
    before = standing(ledger)
    outcome = corrected(ledger, tmp_path, SHIPMENT | {"quantity": "40"})
    ledger.reverse_submission(outcome.submission, "they were right")
    assert standing(ledger) == before
