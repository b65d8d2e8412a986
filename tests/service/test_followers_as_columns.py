"""Receipts, returns and losses in files of their own: the same row by row and as columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ledger.service.ledger import Ledger, open_ledger
from schemas.kinds import SHIPMENTS
from tests.service import nasty
from tests.service.books import assert_sound, rows, write_csv
from tests.service.both import (
    BESIDE,
    assert_same,
    both_ways,
    declared,
    filled,
    in_databases,
    shipped,
    twins,
)

pytestmark = [pytest.mark.usefixtures("frozen", "small_batches"), pytest.mark.slow]

FOLLOW = [
    {"lpp_year": "received", "return_or_loss_credit": "return_and_loss"},
    {"lpp_year": "both", "return_or_loss_credit": "on_proven_return"},
    {"cap_basis": "received", "return_or_loss_credit": "return_and_loss"},
    {"cap_basis": "received", "tally_country": "both"},
    {"cap_basis": "received", "tally_country": "ultimate_parent", BESIDE: "china_case_by_case"},
    {"parent_rule": "each_joint_venturer", "lpp_year": "received"},
    {
        "enforcement_view": "as_enforced",
        "cap_basis": "received",
        "group_change_entering": "from_entry",
    },
]
PACKED = [
    {
        "lpp_year": "received",
        "return_or_loss_credit": "return_and_loss",
        "tally_country": "both",
        "parent_rule": "each_joint_venturer",
    },
    {
        "lpp_year": "both",
        "return_or_loss_credit": "on_proven_return",
    },
    {"cap_basis": "received", "tally_country": "ultimate_parent", BESIDE: "china_case_by_case"},
    {
        "enforcement_view": "as_enforced",
        "cap_basis": "received",
        "group_change_entering": "from_entry",
    },
]


@in_databases(FOLLOW, PACKED)
def test_what_follows_shipments_posts_alike(
    ledger_url: str, tmp_path: Path, options: dict[str, str], columns_only: list[str]
):
    """Receipts in parts and once more, removals, returns and losses; of what is on file or not."""
    random = Random(str(options))
    licences = nasty.licences(random, 40)
    shipments = nasty.shipments(random, 150, licences)
    files = [("licences", licences), ("shipments", shipments)]
    files += [("receipts", nasty.receipts(random, 200, shipments))]
    files += [("returns", nasty.returns(random, 90, shipments))]
    files += [("receipts", nasty.removals(random, 60, shipments))]
    base = declared(ledger_url, **options)
    told: set[str] = set()
    with twins(base, tmp_path) as ledgers:
        for number, (kind, lines) in enumerate(files):
            path = write_csv(tmp_path / f"{number}-{kind}.csv", lines)
            by_rows, as_columns = both_ways(ledgers, path, kind)
            assert by_rows == as_columns, number
            told |= set(by_rows.counts)
            assert (by_rows.count >= len(lines), by_rows.rejected) == (True, 0)
            assert_same(ledgers)
        assert_sound(ledgers[1])
    assert told >= {"more_than_shipped", "before_shipment", "amount_differs"}
    assert columns_only == []


@contextmanager
def followed(url: str, folder: Path) -> Iterator[tuple[Ledger, Ledger, list[nasty.Line]]]:
    """Two ledgers with shipments on record, and receipts of them."""
    with filled(url, folder) as (one, other, shipments):
        on_the_way = [line | {"received_on": ""} for line in shipments]
        both_ways((one, other), shipped(folder, on_the_way), "shipments")
        yield one, other, nasty.receipts(Random(3), 90, shipments)


def test_receipts_of_which_some_are_known_go_on(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    with followed(ledger_url, tmp_path) as (one, other, lines):
        for part in (lines[:40], lines, lines):
            path = write_csv(tmp_path / "receipts.csv", part)
            by_rows, as_columns = both_ways((one, other), path, "receipts")
            assert replace(by_rows, repeated=()) == replace(as_columns, repeated=())
            assert_same((one, other))
        assert (as_columns.count, as_columns.already) == (0, len(lines))
    assert columns_only == []


def test_receipts_before_any_of_their_shipments(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    """Files that come in the wrong order are recorded, and flagged."""
    base = declared(ledger_url)
    for kind, day in (("receipts", "received_on"), ("returns", "returned_on")):
        lines = [
            {"document": f"{kind}-{n}", day: "2025-06-09", "exporter": "X", "shipment": f"S{n}"}
            for n in range(5)
        ]
        with twins(base, tmp_path) as ledgers:
            path = write_csv(tmp_path / f"{kind}.csv", lines)
            by_rows, as_columns = both_ways(ledgers, path, kind)
            assert by_rows == as_columns
            assert as_columns.counts == {"shipment_not_on_file": 5}
            assert_same(ledgers)
    assert columns_only == []


def test_a_known_receipt_of_another_part_is_a_problem(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    with followed(ledger_url, tmp_path) as (one, other, lines):
        both_ways((one, other), write_csv(tmp_path / "receipts.csv", lines), "receipts")
        lines[4] |= {"quantity": 4321}
        path = write_csv(tmp_path / "receipts.csv", lines)
        by_rows, as_columns = both_ways((one, other), path, "receipts")
        assert replace(by_rows, repeated=()) == replace(as_columns, repeated=())
        assert [p.column for p in as_columns.problems] == ["quantity"]
    assert columns_only == ["by rows"]


def test_receipts_of_an_assigned_shipment_go_by_rows(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    """It draws under a licence that its row does not name."""
    with followed(ledger_url, tmp_path) as (one, other, lines):
        shipment = next(m for m in _sent(one, lines) if m["authorization"] in ("none", "unstated"))
        for ledger in (one, other):
            said = {"document": "AS", "kind": "assignment", "licence": "D3"}
            said |= {"effective_on": "2027-01-01", "exporter": shipment["source"]}
            said |= {"shipment": shipment["document"], "shipment_line": shipment["line"]}
            assert ledger.record("acts", said).count == 1
        path = write_csv(tmp_path / "receipts.csv", lines)
        by_rows, as_columns = both_ways((one, other), path, "receipts")
        assert by_rows == as_columns
        assert as_columns.count == len(lines)
        assert_same((one, other))
    assert columns_only == ["by rows"]


@pytest.mark.parametrize("after", ["reversed", "restored", "recorded anew", "reversed again"])
@pytest.mark.parametrize("what", ["shipments", "receipts"])
def test_receipts_after_a_reversal(
    ledger_url: str, tmp_path: Path, columns_only: list[str], what: str, after: str
):
    """What was reversed has left its key free, and counts for nothing unless it was restored."""
    with followed(ledger_url, tmp_path) as (one, other, lines):
        path = write_csv(tmp_path / "receipts.csv", lines)
        both_ways((one, other), write_csv(tmp_path / "some.csv", lines[:50]), "receipts")
        movements = rows(one.url, "movement")
        gone = [m["seq"] for m in movements if m["kind"] == "receipt"][::2]
        if what == "shipments":
            gone = [m["seq"] for m in _sent(one, lines)][::2]
        for ledger in (one, other):
            ledger.reverse(gone, "in error", cascade=True)
            if after == "restored":
                last = rows(ledger.url, "movement")[-len(gone) :]
                ledger.reverse([m["seq"] for m in last], "right after all")
        if after in ("recorded anew", "reversed again"):
            anew = tmp_path / "shipments.csv" if what == "shipments" else path
            both_ways((one, other), anew, what)
        if after == "reversed again":
            again = [m["seq"] for m in rows(one.url, "movement") if m["attempt"] == 2]
            for ledger in (one, other):
                ledger.reverse(again[::2], "wrong again", cascade=True)
        by_rows, as_columns = both_ways((one, other), path, "receipts")
        assert by_rows == as_columns
        assert as_columns.count + as_columns.already == len(lines)
        assert_same((one, other))
        assert_sound(other)
    assert columns_only == []


def _sent(ledger: Ledger, lines: Sequence[nasty.Line]) -> list[dict[str, Any]]:
    """The shipments that receipts are of."""
    named = {(line["shipment"], line["shipment_line"] or "1") for line in lines}
    return [
        m
        for m in rows(ledger.url, "movement")
        if m["kind"] in SHIPMENTS and (m["document"], m["line"]) in named
    ]


def test_goods_that_arrive_and_are_removed_in_one_file(ledger_url: str, tmp_path: Path):
    """One after the other takes what the one before it left: such a file goes row by row."""
    with followed(ledger_url, tmp_path) as (one, other, lines):
        gone = [line | {"kind": "removal", "document": f"M{n}"} for n, line in enumerate(lines)]
        path = write_csv(tmp_path / "receipts.csv", [*lines, *gone])
        by_rows, as_columns = both_ways((one, other), path, "receipts")
        assert by_rows == as_columns
        assert as_columns.count == 2 * len(lines)
        assert_same((one, other))


def test_a_loss_that_names_a_move_goes_by_rows(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    """A move has a key of another class: what comes behind it is looked up row by row."""
    with followed(ledger_url, tmp_path) as (one, other, lines):
        for ledger in (one, other):
            owner = str(lines[0]["exporter"])
            said = {"document": "MV", "transferred_on": "2025-06-01", "owner": owner}
            said |= {"from_facility": "A", "from_country": "India", "authorization": "UVEU"}
            said |= {"to_facility": "B", "to_country": "Poland", "quantity": "5"}
            assert ledger.record("transfers", said | {"chip": "nvidia-h100-sxm"}).count == 2
        lost = {"document": "V", "kind": "attrition", "returned_on": "2025-07-01"}
        lost |= {"exporter": owner, "shipment": "MV", "quantity": "2"}
        path = write_csv(tmp_path / "lost.csv", [lost | {"reason": "theft"}])
        by_rows, as_columns = both_ways((one, other), path, "returns")
        assert by_rows == as_columns
        assert not as_columns.counts
        assert_same((one, other))
    assert columns_only == ["by rows"]


def test_what_comes_back_of_goods_that_went_on_posts_alike(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    """Of an account that a move emptied nothing comes off; of one it left as it was, all."""
    base = declared(ledger_url)
    with open_ledger(base) as ledger:
        for owner in ("O", "R"):
            said = {"document": f"H{owner}", "kind": "official_status", "party": owner}
            said |= {"country": "India", "effective_on": "2025-01-15", "status": "NVEU"}
            ledger.record("declarations", said)
            sent = {"document": f"S{owner}", "exported_on": "2025-06-01", "exporter": "X"}
            sent |= {"ultimate_consignee": owner, "owner": owner, "destination": "India"}
            sent |= {"authorization": "NVEU", "chip": "nvidia-h100-sxm", "quantity": "50"}
            ledger.ship(sent | {"received_on": "2025-06-02"})
        said = {"document": "MV", "transferred_on": "2025-06-03", "owner": "O"}
        said |= {"from_facility": "A", "from_country": "India", "authorization": "NLR"}
        said |= {"to_facility": "B", "to_country": "United States", "quantity": "40"}
        assert ledger.record("transfers", said | {"chip": "nvidia-h100-sxm"}).count == 2
    back = [
        {"document": f"V{n}", "kind": "attrition", "returned_on": "2025-07-01", "exporter": "X"}
        | {"shipment": f"S{owner}", "quantity": "8", "reason": "theft"}
        for n, owner in enumerate("ORORO")
    ]
    with twins(base, tmp_path) as ledgers:
        ways = both_ways(ledgers, write_csv(tmp_path / "lost.csv", back), "returns")
        assert ways[0] == ways[1]
        assert_same(ledgers)
        posted = {
            b["holder_name"]: a["posted_mtpp"] // 15_832_000
            for b in rows(ledgers[1].url, "budget")
            for a in rows(ledgers[1].url, "balance")
            if (a["budget_no"], b["rule"]) == (b["budget_no"], "nveu")
        }
        assert posted == {"O, India": 0, "R, India": 34}
    assert columns_only == []
