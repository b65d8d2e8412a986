"""The same line twice: recorded once, or a problem that names what differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.problems import Unusable
from tests.service.books import rows, whole, write_csv

QUOTA = Path(__file__).parents[2] / "docs/examples/tariff_quota"
LOT = {"exporter": "X", "ultimate_consignee": "C", "destination": "India"}
LOT |= {"chip": "nvidia-h100-sxm", "quantity": "10"}
SHIPMENT = {"document": "S1", "exported_on": "2025-06-01", **LOT, "authorization": "LPP"}


def test_the_same_again_is_already_recorded(opened):
    ledger = opened()
    first = ledger.ship(SHIPMENT)
    again = ledger.ship(SHIPMENT)
    assert (again.submission, again.already, again.head) == (None, 1, first.head)
    assert again.repeated[0].seq == first.first_seq


@pytest.mark.parametrize(
    ("changed", "column", "before"),
    [
        ({"exported_on": "2025-06-02"}, "day", "2025-06-01"),
        ({"ultimate_consignee": "c"}, "ultimate_consignee", "C"),
        ({"ultimate_parent": "P"}, "ultimate_parent", ""),
        ({"consignee_hq": "India"}, "consignee_hq", ""),
        ({"destination": "Poland"}, "destination", "IN"),
        ({"authorization": "AIA"}, "authorization", "LPP"),
        ({"chip": "nvidia-h200-sxm"}, "chip", "nvidia-h100-sxm"),
        ({"quantity": "11"}, "quantity", "10"),
        ({"unit_value_usd": "0.01"}, "unit_value_usd", ""),
        ({"due_back_on": "2026-06-01"}, "due_back_on", ""),
        ({"colour": "green"}, "colour", ""),
        ({"kind": "reexport"}, "kind", "export"),
    ],
)
def test_the_same_key_with_other_content_names_the_field(opened, changed, column, before):
    ledger = opened()
    ledger.ship(SHIPMENT)
    standing = whole(ledger.url)
    outcome = ledger.ship(SHIPMENT | changed)
    (problem,) = outcome.problems
    assert (outcome.submission, outcome.rejected, problem.column) == (None, 1, column)
    said = f'there it is "{before}"' if before else "there it is empty"
    assert problem.reason == f"S1 line 1 of X is on record as seq 2 with other content; {said}"
    assert whole(ledger.url) == standing


def test_a_tpp_that_the_catalogue_makes_is_no_difference(opened):
    ledger = opened()
    ledger.ship(SHIPMENT)
    assert ledger.ship(SHIPMENT | {"tpp": "158320"}).already == 1


def test_a_rejected_shipment_takes_its_receipt_along(opened, tmp_path):
    """A row is recorded or rejected, never half."""
    ledger = opened()
    ledger.ship(SHIPMENT)
    other = SHIPMENT | {"exported_on": "2025-06-02", "received_on": "2025-06-09"}
    new = SHIPMENT | {"document": "S2", "received_on": "2025-06-09"}
    path = write_csv(tmp_path / "shipments.csv", [other, new])
    for columns_from in (1, 10**9):
        outcome = ledger.import_file(path, "shipments", columns_from=columns_from)
        assert outcome.rejected == 1
    assert [m["document"] for m in rows(ledger.url, "movement")[1:]] == ["S1", "S2", "S2"]


def test_a_receipt_of_another_shipment_names_what_differs(opened):
    ledger = opened()
    for name in ("S1", "S2"):
        ledger.ship(SHIPMENT | {"document": name})
    receipt = {"document": "R1", "received_on": "2025-06-09", "exporter": "X", "shipment": "S1"}
    ledger.record("receipts", receipt)
    assert ledger.record("receipts", receipt).already == 1
    (problem,) = ledger.record("receipts", receipt | {"shipment": "S2"}).problems
    assert (problem.column, problem.value) == ("shipment", "S2")
    assert problem.reason.endswith('there it is "S1"')


@pytest.mark.parametrize("columns_from", [1, 10**9], ids=["columns", "rows"])
def test_figures_that_differ_are_told_in_their_own_units(opened, tmp_path, columns_from):
    ledger = opened(QUOTA)
    draw = {"document": "D1", "exported_on": "2026-06-01", "exporter": "X"}
    draw |= {"ultimate_consignee": "C", "destination": "09.9701", "authorization": "draw"}
    ledger.ship(draw | {"tpp": "46754.5", "unit_value_usd": "3.10", "note": "a", "truck": "1"})
    for changed, said in (
        ({"tpp": "46754"}, ("tpp", "46754", "46754.5")),
        ({"unit_value_usd": "3"}, ("unit_value_usd", "3.00", "3.10")),
        ({"truck": "2"}, ("truck", "2", "1")),
        ({"truck": ""}, ("truck", "", "1")),
    ):
        row = draw | {"tpp": "46754.5", "unit_value_usd": "3.1", "note": "a", "truck": "1"}
        row |= changed
        path = write_csv(tmp_path / "draws.csv", [row])
        (problem,) = ledger.import_file(path, "shipments", columns_from=columns_from).problems
        assert (problem.column, problem.value) == said[:2]
        assert problem.reason.endswith(f'there it is "{said[2]}"')


PART = {"document": "R1", "received_on": "2025-06-09", "exporter": "X", "shipment": "S1"}


@pytest.mark.parametrize(("first", "then"), [("4", "6"), ("4", ""), ("", "4"), ("4", "4")])
@pytest.mark.parametrize("kind", ["receipts", "returns"])
def test_another_part_of_a_shipment_is_other_content(opened, kind, first, then):
    """The units that a receipt or a return leaves empty are the shipment's."""
    ledger = opened()
    ledger.ship(SHIPMENT)
    said = {"document": "R1", "exporter": "X", "shipment": "S1"}
    said |= {"received_on" if kind == "receipts" else "returned_on": "2025-06-09"}
    ledger.record(kind, said | {"quantity": first})
    outcome = ledger.record(kind, said | {"quantity": then})
    if first == then:
        assert outcome.already == 1
        return
    (problem,) = outcome.problems
    assert (problem.column, problem.value, outcome.rejected) == ("quantity", then or "10", 1)
    assert f'seq 3 with other content; there it is "{first or "10"}"' in problem.reason


@pytest.mark.parametrize("columns_from", [1, 10**9], ids=["columns", "rows"])
@pytest.mark.parametrize("kind", ["receipts", "returns"])
def test_another_part_in_a_file_is_other_content(ledger, tmp_path, kind, columns_from):
    """And so it is for the other rows of a file, which go in all the same."""
    ledger.ship(SHIPMENT)
    day = "received_on" if kind == "receipts" else "returned_on"
    part = {"exporter": "X", "shipment": "S1", day: "2025-06-09"}
    first = [part | {"document": f"R{n}", "quantity": "2"} for n in range(3)]
    then = [*first[:1], first[1] | {"quantity": "3"}, part | {"document": "R4", "quantity": "1"}]
    for number, lines in enumerate((first, then)):
        path = write_csv(tmp_path / f"{number}.csv", lines)
        outcome = ledger.import_file(path, kind, columns_from=columns_from)
    (problem,) = outcome.problems
    assert (outcome.count, outcome.already, outcome.rejected) == (1, 1, 1)
    assert (problem.line, problem.column, problem.value) == (3, "quantity", "3")
    assert 'seq 4 with other content; there it is "2"' in problem.reason


def test_another_amount_of_a_shipment_is_other_content(amounts):
    ledger = amounts()
    lot = {n: v for n, v in SHIPMENT.items() if n not in ("chip", "quantity")}
    ledger.ship(lot | {"tpp": "1000"})
    ledger.record("receipts", PART | {"tpp": "400.5"})
    (problem,) = ledger.record("receipts", PART | {"tpp": "400"}).problems
    assert (problem.column, problem.value) == ("tpp", "400")
    assert 'there it is "400.5"' in problem.reason


def test_document_numbers_belong_to_their_source(opened):
    ledger = opened()
    for source in (None, "AES", "office"):
        assert ledger.record("shipments", SHIPMENT, source=source).count == 1
    assert ledger.ship(SHIPMENT | {"exporter": "x"}).count == 1
    assert ledger.record("shipments", SHIPMENT, source="AES").already == 1


def test_an_application_a_licence_and_a_shipment_may_bear_one_number(opened):
    ledger = opened()
    ledger.apply({"application": "N1", "applied_on": "2025-06-01", **LOT})
    ledger.issue({"licence": "N1", "issued_on": "2025-06-02", **LOT})
    ledger.ship(SHIPMENT | {"document": "N1", "authorization": "licence", "licence": "N1"})
    assert len(rows(ledger.url, "movement")) == 4


REFUSED = {"application": "A1", "applied_on": "2025-06-01", **LOT, "quantity": "49898"}


def test_a_refusal_is_a_record_that_moves_nothing(opened):
    ledger = opened()
    ledger.issue({"licence": "L1", "issued_on": "2025-06-01", **LOT})
    before = {n: rows(ledger.url, n) for n in ("balance", "balance_day", "licence_line", "entry")}
    outcome = ledger.apply(REFUSED)
    assert (outcome.count, outcome.refused, outcome.counts) == (1, 1, {"refused:over_limit": 1})
    assert {name: rows(ledger.url, name) for name in before} == before
    (kept,) = [m for m in rows(ledger.url, "movement") if m["kind"] == "refusal"]
    assert (kept["quantity"], kept["amount_mtpp"]) == (49_898, 789_985_136_000)


def test_a_refused_key_says_so_until_it_is_tried_again(opened, tmp_path):
    ledger = opened()
    ledger.issue({"licence": "L1", "issued_on": "2025-06-01", **LOT})
    path = write_csv(tmp_path / "applications.csv", [REFUSED])
    assert ledger.import_file(path, "applications").refused == 1
    again = ledger.import_file(path, "applications")
    assert (again.submission, again.already_refused, again.refused) == (None, 1, 0)
    assert (again.repeated[0].seq, again.repeated[0].refused) == (3, True)
    # Tried again it is weighed anew, and refused again as the next attempt.
    retried = ledger.import_file(path, "applications", retry=True)
    assert (retried.refused, retried.first_seq) == (1, 4)
    assert ledger.import_file(path, "applications").repeated[0].seq == 4
    ledger.reverse([2], "issued in error")
    granted = ledger.import_file(path, "applications", retry=True)
    assert (granted.refused, granted.count) == (0, 1)
    attempts = [m["attempt"] for m in rows(ledger.url, "movement") if m["document"] == "A1"]
    assert attempts == [1, 2, 3]
    for retry in (False, True):
        after = ledger.import_file(path, "applications", retry=retry)
        assert (after.already, after.already_refused) == (1, 0)


def test_a_refused_application_with_other_content_is_another_matter(opened):
    ledger = opened()
    ledger.issue({"licence": "L1", "issued_on": "2025-06-01", **LOT})
    ledger.apply(REFUSED)
    (problem,) = ledger.apply(REFUSED | {"quantity": "5"}, retry=False).problems
    assert problem.column == "quantity"


def test_a_dry_run_says_all_and_records_nothing(opened, tmp_path):
    ledger = opened()
    before = whole(ledger.url)
    lines = [REFUSED, REFUSED | {"application": "A2", "quantity": "1"}]
    path = write_csv(tmp_path / "applications.csv", lines)
    outcome = ledger.import_file(path, "applications", dry_run=True)
    assert (outcome.submission, outcome.count, outcome.refused) == (None, 2, 1)
    assert whole(ledger.url) == before
    assert ledger.import_file(path, "applications").count == 2


def test_rejects_that_cannot_be_written_do_not_hide_what_was_recorded(opened, tmp_path):
    ledger = opened()
    path = write_csv(tmp_path / "shipments.csv", [SHIPMENT, SHIPMENT | {"quantity": "x"}])
    gone = tmp_path / "gone" / "rejects.csv"
    outcome = ledger.import_file(path, "shipments", rejects=gone)
    assert (outcome.count, outcome.rejected, outcome.rejects_file) == (1, 1, None)
    assert str(gone) in outcome.warnings[-1]
    again = ledger.import_file(path, "shipments")
    assert (again.already, again.rejects_file) == (1, str(tmp_path / "shipments.rejects.csv"))


def test_a_licence_line_stands_once(opened, tmp_path):
    ledger = opened()
    line = {"licence": "L1", "issued_on": "2025-06-01", **LOT}
    path = write_csv(tmp_path / "licences.csv", [line, line | {"exporter": "Y"}])
    outcome = ledger.import_file(path, "licences")
    assert [p.reason for p in outcome.problems] == [
        "licence L1 line 1 is in this file, from another source"
    ]
    assert ledger.issue(line | {"exporter": "Z"}).problems[0].reason == (
        "licence L1 line 1 is on record as seq 2, from another source"
    )
    ledger.reverse([2], "issued in error")
    assert ledger.issue(line | {"exporter": "Z"}).count == 1


def test_what_cannot_be_understood_records_nothing(opened):
    ledger = opened()
    before = whole(ledger.url)
    with pytest.raises(Unusable) as error:
        ledger.ship(SHIPMENT | {"quantity": "8.5", "destination": "Atlantis"})
    assert {p.column for p in error.value.problems} == {"quantity", "destination"}
    assert whole(ledger.url) == before
