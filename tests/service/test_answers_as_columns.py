"""Licences that answer applications: the same row by row and as columns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from ledger.service import bulk
from ledger.service.ledger import Ledger
from tests.service import nasty
from tests.service.books import assert_sound, rows, write_csv
from tests.service.both import assert_same, both_ways, declared, twins

pytestmark = [pytest.mark.usefixtures("frozen", "small_batches"), pytest.mark.slow]


@contextmanager
def applied(url: str, folder: Path) -> Iterator[tuple[Ledger, Ledger, list[nasty.Line]]]:
    """Two ledgers with applications on record, pending all, and licences that answer them."""
    random, orders = Random(21), Random(22)
    small: nasty.Line = {"destination": "Brazil", "consignee_hq": "", "parent_hq": "SG"}
    asked = [line | small | _order(orders, line) for line in nasty.applications(random, 140)]
    licences = [_granted(random, number, line) for number, line in enumerate(asked)]
    with twins(declared(url), folder) as (one, other):
        for ledger in (one, other):
            path = write_csv(folder / "applications.csv", asked)
            outcome = ledger.import_file(path, "applications")
            assert (outcome.count, outcome.refused) == (len(asked), 0)
        yield one, other, licences


def _order(random: Random, asked: nasty.Line) -> nasty.Line:
    """A purchase order of what is asked for, of fewer units, or of a smaller value; or none."""
    return {
        "order_quantity": random.choice(("", "", asked["quantity"], "1")),
        "order_value_usd": random.choice(("", "0.01", "1000000000.5")),
    }


def _granted(random: Random, number: int, asked: nasty.Line) -> nasty.Line:
    """A licence of what was asked, of another amount, of another line or of nothing on file."""
    not_kept = ("application", "applied_on", "order_quantity", "order_value_usd")
    kept = {n: v for n, v in asked.items() if n not in not_kept}
    application = random.choice((asked["application"], asked["application"], "", "not on file"))
    quantity = random.choice((asked["quantity"], asked["quantity"], 41, 1))
    issued = {"licence": f"D{number // 2}", "issued_on": "2025-06-01", "application": application}
    elsewhere = random.choice(({}, {}, {}, {"destination": "Japan"}, {"chip": "nvidia-t4"}))
    return kept | issued | {"quantity": quantity} | elsewhere


def test_licences_take_what_was_pending(ledger_url: str, tmp_path: Path, columns_only: list[str]):
    with applied(ledger_url, tmp_path) as (one, other, licences):
        waiting = {m["seq"] for m in rows(other.url, "movement") if m["kind"] == "application"}
        path = write_csv(tmp_path / "licences.csv", licences)
        by_rows, as_columns = both_ways((one, other), path, "licences")
        assert by_rows == as_columns
        assert (as_columns.count, as_columns.rejected) == (len(licences), 0)
        assert as_columns.counts["more_than_applied"] > 3
        assert as_columns.counts["more_than_ordered"] > 3
        assert as_columns.counts["application_not_on_file"] > 3
        answered = {m["target_seq"] for m in rows(other.url, "movement")} & waiting
        assert 20 < len(answered) < len(waiting)
        assert any(e["pending_mtpp"] < 0 for e in rows(other.url, "entry"))
        assert_same((one, other))
        assert_sound(other)
    assert columns_only == []


def test_an_application_is_found_by_its_number(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    """By the line named, another line, another filer; dated before it, or not found at all."""
    with twins(declared(ledger_url), tmp_path) as ledgers:
        lot: nasty.Line = {"ultimate_consignee": "C", "chip": "nvidia-h100-sxm", "quantity": "3"}
        lot |= {"destination": "Brazil", "exporter": "X"}
        lot |= {"application": "", "line": "1", "application_line": ""}
        asked = [
            lot | {"application": f"A{n}", "line": line, "exporter": by, "applied_on": "2025-06-02"}
            for n in range(40)
            for line, by in [("1", "X"), ("7", "X"), ("1", "Y")][: 1 + n % 3]
        ]
        path = write_csv(tmp_path / "applications.csv", asked)
        for one in ledgers:
            outcome = one.import_file(path, "applications")
            assert (outcome.count, outcome.refused) == (len(asked), 0)
        ways: list[nasty.Line] = [
            {},
            {"line": "7"},
            {"application_line": "1"},
            {"line": "7", "application_line": "1"},
            {"line": "2", "application_line": "7"},
            {"line": "2"},
            {"exporter": "Y"},
            {"exporter": "x"},
            {"exporter": "Z"},
            {"issued_on": "2025-06-01"},
            {"application": "none"},
        ]
        licences = [
            lot | {"licence": f"D{n}", "application": f"A{n}", "issued_on": "2025-06-03"} | way
            for n, way in ((n, ways[n % len(ways)]) for n in range(40))
        ]
        path = write_csv(tmp_path / "licences.csv", licences)
        by_rows, as_columns = both_ways(ledgers, path, "licences")
        assert by_rows == as_columns
        told = as_columns.counts
        assert (told["application_not_on_file"], told["before_application"]) == (8, 3)
        assert_same(ledgers)
        assert_sound(ledgers[1])
        again = [one.import_file(path, "licences").already for one in ledgers]
        assert again == [len(licences)] * 2
    assert columns_only == []


@pytest.mark.parametrize(
    "story", ["answered before", "answered twice", "reversed", "refused", "two lines"]
)
def test_applications_with_a_longer_story_go_by_rows(
    ledger_url: str, tmp_path: Path, columns_only: list[str], story: str
):
    with applied(ledger_url, tmp_path) as (one, other, licences):
        named = next(line for line in licences if line["application"] == "A3")
        for ledger in (one, other):
            if story == "answered before":
                ledger.issue({n: str(v) for n, v in named.items()} | {"licence": "D-1"})
            elif story == "reversed":
                found = rows(ledger.url, "movement")
                about = ("application", "A3", str(named["line"]))
                told = ((m["seq"], (m["kind"], m["document"], m["line"])) for m in found)
                seq = next(seq for seq, one in told if one == about)
                ledger.reverse([seq], "in error")
            elif story == "refused":
                much = {"application": "A-1", "line": "1", "applied_on": "2025-06-01"}
                much |= {n: str(v) for n, v in named.items() if n not in ("licence", "issued_on")}
                much |= {"application": "A-1", "quantity": "900000"}
                assert ledger.apply(much).refused == 1
        if story == "answered twice":
            licences += [named | {"licence": "D-1"}]
        elif story == "refused":
            licences += [named | {"licence": "D-1", "application": "A-1"}]
        elif story == "two lines":
            licences += [named | {"line": "L", "application_line": named["line"]}]
        path = write_csv(tmp_path / "licences.csv", licences)
        by_rows, as_columns = both_ways((one, other), path, "licences")
        assert by_rows == as_columns
        assert as_columns.counts["application_answered"] == story.startswith("answered")
        assert_same((one, other))
    assert columns_only == ["by rows"]


def test_what_a_large_file_looks_up_leaves_room_for_its_pieces(
    ledger_url: str, tmp_path: Path, columns_only: list[str], monkeypatch: pytest.MonkeyPatch
):
    """Keys, numbers, countries and answers are looked up, and rows go in by four pieces: SQLite
    attaches ten files at most.
    """
    monkeypatch.setattr(bulk, "BATCH", 8)
    with applied(ledger_url, tmp_path) as (one, other, licences):
        both_ways((one, other), write_csv(tmp_path / "some.csv", licences[:30]), "licences")
        path = write_csv(tmp_path / "licences.csv", licences)
        by_rows, as_columns = both_ways((one, other), path, "licences")
        assert by_rows == as_columns
        assert (as_columns.already, as_columns.count) == (30, len(licences) - 30)
        assert_same((one, other))
    assert columns_only == []
