"""The two appenders say the same, to the byte: row by row, and as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.service import bulk, bulk_known
from ledger.service.ledger import new_ledger, open_ledger
from schemas.kinds import SHIPMENTS
from tests.examples import at_most
from tests.service import nasty
from tests.service.books import assert_sound, rows, whole, write_csv
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

QUOTA = Path(__file__).parents[2] / "docs/examples/tariff_quota"
OPTIONS = [
    {"lpp_year": "received"},
    {"lpp_year": "exported", "licences_before_compliance": "not_counted"},
    {"lpp_year": "both"},
    {"notice_3_2m": "exactly"},
    {"lpp_d1_d4": "allowed", "exceptions_count_lpp": "yes", "exceptions_count_aia": "yes"},
    {
        "tally_country": "both",
        "reexport_country_effect": "a_credited",
        "licences_before_2025": "undrawn_rest",
        "exceptions_count_lpp": "yes",
    },
    {"tally_country": "ultimate_parent", "licences_before_2025": "as_shipped"},
    {"tally_country": "both", "licences_before_2025": "as_shipped"},
    {"cap_basis": "shipped"},
    {"cap_basis": "received"},
    {"lpp_year": "exported", BESIDE: "china_case_by_case"},
    {"parent_rule": "each_joint_venturer", "lpp_5a002z": "not_eligible", "lpp_year": "both"},
    {"parent_rule": "each_joint_venturer", "lpp_year": "received"},
    {"parent_rule": "majority", "lpp_year": "exported", "parent_stated": "declared"},
    {"parent_stated": "row", BESIDE: "china_case_by_case"},
    {"tally_country": "ultimate_parent", "cap_basis": "received"},
    {"uveu_measure_day": "reporting_dates", "uveu_numerator": "flow"},
    {
        "enforcement_view": "as_enforced",
        "d5_source": "state",
        "group_change_entering": "from_entry",
    },
]

PACKED = [
    {
        "lpp_year": "received",
        "tally_country": "both",
        "reexport_country_effect": "a_credited",
        "licences_before_2025": "undrawn_rest",
        "exceptions_count_lpp": "yes",
        "parent_rule": "each_joint_venturer",
    },
    {
        "lpp_year": "exported",
        "licences_before_compliance": "not_counted",
        "cap_basis": "received",
        "tally_country": "ultimate_parent",
        "parent_rule": "majority",
        "parent_stated": "declared",
        BESIDE: "china_case_by_case",
    },
    {
        "lpp_year": "both",
        "notice_3_2m": "exactly",
        "lpp_d1_d4": "allowed",
        "exceptions_count_aia": "yes",
        "cap_basis": "shipped",
        "licences_before_2025": "as_shipped",
        "lpp_5a002z": "not_eligible",
        "uveu_measure_day": "reporting_dates",
        "uveu_numerator": "flow",
        "parent_stated": "row",
    },
    {
        "enforcement_view": "as_enforced",
        "d5_source": "state",
        "group_change_entering": "from_entry",
    },
]

pytestmark = [pytest.mark.usefixtures("frozen", "small_batches"), pytest.mark.slow]


@in_databases(OPTIONS, PACKED)
def test_nasty_files_post_alike(
    ledger_url: str, tmp_path: Path, options: dict[str, str], columns_only: list[str]
):
    random = Random(str(options))
    licences = nasty.licences(random, 70)
    shipments = nasty.shipments(random, 260, licences)
    base = declared(ledger_url, **options)
    with twins(base, tmp_path) as ledgers:
        for kind, lines in (("licences", licences), ("shipments", shipments)):
            path = write_csv(tmp_path / f"{kind}.csv", lines)
            by_rows, as_columns = both_ways(ledgers, path, kind)
            assert by_rows == as_columns
            assert (by_rows.count >= len(lines), by_rows.rejected) == (True, 0)
            if kind == "licences":
                for ledger in ledgers:
                    nasty.act_on(ledger)
            assert_same(ledgers)
        assert_sound(ledgers[1])
    assert columns_only == []


def test_what_counts_as_it_leaves_beside_what_waits_goes_by_rows(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    """Under an old licence: its receipts would have to know what licence their shipment was of."""
    random = Random(5)
    licences = nasty.licences(random, 40)
    options = {"licences_before_2025": "as_shipped", "cap_basis": "received"}
    with twins(declared(ledger_url, **options), tmp_path) as ledgers:
        shipments = nasty.shipments(random, 120, licences)
        for kind, lines in (("licences", licences), ("shipments", shipments)):
            by_rows, as_columns = both_ways(
                ledgers, write_csv(tmp_path / f"{kind}.csv", lines), kind
            )
            assert by_rows == as_columns
        assert_same(ledgers)
        assert_sound(ledgers[1])
    assert columns_only == ["by rows"]


few = settings(max_examples=at_most(4), suppress_health_check=list(HealthCheck))


@few
@given(seed=st.integers(0, 2**32), counts=st.tuples(st.integers(1, 6), st.integers(1, 9)))
def test_small_files_post_alike(
    tmp_path_factory: pytest.TempPathFactory, seed: int, counts: tuple[int, int]
):
    """In SQLite alone: the databases differ in how they are written to, not in what is."""
    folder = tmp_path_factory.mktemp("few")
    random = Random(seed)
    base = declared(f"sqlite:///{folder / 'base.db'}", **random.choice(OPTIONS))
    licences = nasty.licences(random, counts[0])
    shipments = nasty.shipments(random, counts[1], licences)
    with pytest.MonkeyPatch.context() as patch, twins(base, folder) as ledgers:
        patch.setattr(bulk, "BATCH", 4)
        for kind, lines in (("licences", licences), ("shipments", shipments)):
            path = write_csv(folder / f"{kind}.csv", lines)
            by_rows, as_columns = both_ways(ledgers, path, kind)
            assert by_rows == as_columns
        assert_same(ledgers)


def test_a_regime_in_amounts_posts_alike(ledger_url: str, tmp_path: Path):
    """Named holders, an amount instead of a chip, two windows and a day behind both."""
    new_ledger(ledger_url, regime=QUOTA).close()
    random = Random(5)
    holders = ("09.9701", "09.9702", "Frozen berries")
    lines: list[nasty.Line] = [
        {
            "document": f"D{n}",
            "exported_on": random.choice(("2026-01-01", "2026-12-31", "2027-03-03", "2028-01-01")),
            "received_on": random.choice(("", "2028-01-02")),
            "exporter": "X",
            "ultimate_consignee": random.choice(nasty.PARTIES),
            "destination": random.choice(holders),
            "tpp": random.choice(("0.001", "264000", "41999999.999", "7")),
        }
        for n in range(150)
    ]
    with twins(ledger_url, tmp_path) as ledgers:
        by_rows, as_columns = both_ways(ledgers, shipped(tmp_path, lines), "shipments")
        assert set(by_rows.counts) == {"over_limit", "after_windows"}
        assert by_rows == as_columns
        assert_same(ledgers)


# Files of which something is on record


def test_the_same_file_again_records_nothing(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    with filled(ledger_url, tmp_path) as (one, other, lines):
        path = shipped(tmp_path, lines)
        first, _ = both_ways((one, other), path, "shipments")
        before = whole(one.url)
        for again in both_ways((one, other), path, "shipments"):
            assert (again.submission, again.count, again.already) == (None, 0, first.count)
            assert again.head == first.head
        assert whole(one.url) == before
        assert_same((one, other))
    assert columns_only == []


@pytest.mark.parametrize("sample", [bulk_known.SAMPLE, 1], ids=["seen at once", "seen at the end"])
def test_a_file_cut_off_and_completed_goes_on(
    ledger_url: str,
    tmp_path: Path,
    columns_only: list[str],
    monkeypatch: pytest.MonkeyPatch,
    sample: int,
):
    """Also where the sample of keys that are looked up first holds none that is known."""
    monkeypatch.setattr(bulk_known, "SAMPLE", sample)
    with filled(ledger_url, tmp_path) as (one, other, lines):
        half, completed = lines[:50], lines
        for part in (half, completed):
            by_rows, as_columns = both_ways((one, other), shipped(tmp_path, part), "shipments")
            assert replace(by_rows, repeated=()) == replace(as_columns, repeated=())
            assert_same((one, other))
        assert as_columns.already >= 50
        assert {r.row for r in as_columns.repeated} == set(range(1, 51))
        assert_sound(other)
    assert columns_only == []


def test_a_receipt_that_is_new_for_a_known_shipment(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    with filled(ledger_url, tmp_path) as (one, other, lines):
        on_the_way = [line | {"received_on": ""} for line in lines]
        both_ways((one, other), shipped(tmp_path, on_the_way), "shipments")
        by_rows, as_columns = both_ways((one, other), shipped(tmp_path, lines), "shipments")
        assert by_rows == as_columns
        assert (as_columns.already, as_columns.rejected) == (len(lines), 0)
        assert as_columns.count == sum(1 for line in lines if line["received_on"])
        assert_same((one, other))
        assert_sound(other)
    assert columns_only == ["by rows"]


def test_a_receipt_on_record_of_a_part_of_its_shipment(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    """The file says all of it arrived: the same key with other content."""
    with filled(ledger_url, tmp_path) as (one, other, lines):
        on_the_way = [line | {"received_on": ""} for line in lines]
        both_ways((one, other), shipped(tmp_path, on_the_way), "shipments")
        line = next(n for n in lines if n["received_on"] and int(str(n["quantity"])) > 1)
        said = {name: str(line[name]) for name in ("document", "line", "received_on", "exporter")}
        said |= {"shipment": said["document"], "shipment_line": said["line"] or "1"}
        for ledger in (one, other):
            assert ledger.record("receipts", said | {"quantity": "1"}).count == 1
        by_rows, as_columns = both_ways((one, other), shipped(tmp_path, [line]), "shipments")
        assert by_rows == as_columns
        assert (as_columns.already, as_columns.count) == (1, 0)
        assert [p.column for p in as_columns.problems] == ["quantity"]
        assert_same((one, other))
    assert columns_only == ["by rows"]


def test_what_is_late_for_a_closed_quarter_is_marked_alike(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    with filled(ledger_url, tmp_path) as (one, other, lines):
        for ledger in (one, other):
            last = rows(ledger.url, "head")[0]["last_seq"]
            assert ledger.close_quarter("2025Q1", "0" * 64, last).count == 1
            assert ledger.close_quarter("2025Q4", "1" * 64, last + 1).count == 1
        by_rows, as_columns = both_ways((one, other), shipped(tmp_path, lines), "shipments")
        assert by_rows == as_columns
        assert by_rows.counts["late_for_quarter"] > 10
        assert_same((one, other))
    assert columns_only == []


def test_a_file_whose_submission_was_reversed_goes_in_again(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    with filled(ledger_url, tmp_path) as (one, other, lines):
        path = shipped(tmp_path, lines)
        balances = rows(one.url, "balance")
        first, _ = both_ways((one, other), path, "shipments")
        for ledger in (one, other):
            assert first.submission is not None
            ledger.reverse_submission(first.submission, "wrong file")
        assert _amounts(rows(one.url, "balance")) == _amounts(balances)
        by_rows, as_columns = both_ways((one, other), path, "shipments")
        assert by_rows == as_columns
        assert (as_columns.count, as_columns.already) == (first.count, 0)
        assert as_columns.counts == first.counts
        assert_same((one, other))
        assert {m["attempt"] for m in rows(one.url, "movement")[-first.count :]} == {2}
        assert_sound(other)
    assert columns_only == []


def test_a_file_some_of_whose_movements_were_reversed_goes_in_again(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    """Once, twice, restored, recorded anew with another content, or never on record."""
    with filled(ledger_url, tmp_path) as (one, other, lines):
        both_ways((one, other), shipped(tmp_path, lines[:90]), "shipments")
        for ledger in (one, other):
            ledger.reverse(_sent(ledger.url, lines[:60]), "wrong", cascade=True)
            ledger.reverse(_reversals(ledger.url, lines[50:60]), "right after all")
        both_ways((one, other), shipped(tmp_path, lines[:40]), "shipments")
        for ledger in (one, other):
            anew = (m for m in rows(ledger.url, "movement") if m["attempt"] == 2)
            again = next(m["seq"] for m in anew if m["kind"] in SHIPMENTS)
            ledger.reverse([again], "wrong again", cascade=True)
        # What is still reversed was of other units.
        other_units = [n | {"quantity": int(str(n["quantity"])) + 1} for n in lines[42:45]]
        path = shipped(tmp_path, [*lines[:42], *other_units, *lines[45:]])
        by_rows, as_columns = both_ways((one, other), path, "shipments")
        assert replace(by_rows, repeated=()) == replace(as_columns, repeated=())
        assert min(as_columns.already, as_columns.count) > 40
        assert {m["attempt"] for m in rows(other.url, "movement")} == {1, 2, 3}
        assert_same((one, other))
        assert_sound(other)
    assert columns_only == []


def _sent(url: str, lines: Sequence[nasty.Line]) -> list[int]:
    """The shipments of some lines."""
    named = {(line["document"], line["line"] or "1") for line in lines}
    movements = (m for m in rows(url, "movement") if m["kind"] in SHIPMENTS)
    return [m["seq"] for m in movements if (m["document"], m["line"]) in named]


def _reversals(url: str, lines: Sequence[nasty.Line]) -> list[int]:
    """The reversals of some lines' shipments, and of what points at these."""
    movements, sent = rows(url, "movement"), _sent(url, lines)
    gone = {*sent, *(m["seq"] for m in movements if m["target_seq"] in sent)}
    return [m["seq"] for m in movements if m["kind"] == "reversal" and m["target_seq"] in gone]


def _amounts(balances: list[dict[str, Any]]) -> dict[int, tuple[int, ...]]:
    """Balances that are not nothing, by budget."""
    found = {
        b["budget_no"]: tuple(v for n, v in b.items() if n.endswith("_mtpp")) for b in balances
    }
    return {number: values for number, values in found.items() if any(values)}


def test_a_licence_number_that_another_filer_has_on_record(ledger_url: str, tmp_path: Path):
    """Two licences of one number cannot be told apart by who ships under them."""
    line: nasty.Line = {"licence": "D1", "issued_on": "2025-06-01", "exporter": "X"}
    line |= {"destination": "India"}
    line |= {"ultimate_consignee": "C", "chip": "nvidia-h100-sxm", "quantity": 5}
    with twins(declared(ledger_url), tmp_path) as ledgers:
        for ledger in ledgers:
            ledger.issue({name: str(value) for name, value in line.items()})
        second = [line | {"exporter": "Y"}, line | {"exporter": "Y", "licence": "D2"}]
        path = write_csv(tmp_path / "licences.csv", second)
        by_rows, as_columns = both_ways(ledgers, path, "licences")
        assert (by_rows.rejected, by_rows.count) == (1, 1)
        assert "is on record" in by_rows.problems[0].reason
        assert by_rows == as_columns
        assert_same(ledgers)


def test_findings_on_two_budgets_stand_in_one_order(ledger_url: str, tmp_path: Path):
    """Whichever of the two was looked up first: the licence's country, or the parent's year."""
    base = declared(ledger_url, lpp_year="exported", exceptions_count_lpp="yes")
    lot = {"exporter": "X", "ultimate_consignee": "C", "destination": "India"}
    lot |= {"chip": "nvidia-h100-sxm", "quantity": "60000"}
    with open_ledger(base) as ledger:
        ledger.issue(lot | {"licence": "D1", "issued_on": "2025-06-01"})
    small: nasty.Line = {"exported_on": "2025-07-01", **lot, "quantity": "1"}
    much: nasty.Line = {"exported_on": "2025-07-03", **lot, "authorization": "LPP"}
    lines: list[nasty.Line] = [
        small | {"document": "S1", "authorization": "LPP", "ultimate_consignee": "Another"},
        small | {"document": "S2", "licence": "D1", "authorization": "licence"},
        much | {"document": "S3"},
        much | {"document": "S4", "ultimate_consignee": "Another"},
    ]
    with twins(base, tmp_path) as ledgers:
        by_rows, as_columns = both_ways(ledgers, shipped(tmp_path, lines), "shipments")
        assert by_rows.counts["over_limit"] == 5
        assert by_rows == as_columns
        assert_same(ledgers)
