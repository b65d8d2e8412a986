"""A ledger that stays open while others adopt, or put an earlier state in its place."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from ledger.service.explain import explain
from ledger.service.ledger import Ledger, new_ledger, open_ledger
from ledger.storage.backup import backup, restore
from ledger.storage.errors import StoreError
from ledger.storage.place import place_of
from tests.cases.test_regimes_beside import caps
from tests.service.books import rows, write_csv

LOT = {
    "exported_on": "2026-02-20",
    "exporter": "Acme Chips",
    "ultimate_consignee": "Shenzhen Cloud",
    "destination": "China",
    "chip": "nvidia-h20",
    "authorization": "licence",
    "licence": "D1",
    "quantity": "5",
}
BESIDE = "china_case_by_case"


def flags(ledger: Ledger, document: str, **other: str) -> set[str]:
    """What a shipment is flagged with."""
    return {f.code for f in ledger.ship({**LOT, **other, "document": document}).findings}


def shipments(path: Path, count: int) -> Path:
    """A file of shipments of that lot."""
    return write_csv(path, [{**LOT, "document": f"F{n}"} for n in range(count)])


def test_a_regime_that_another_adds_judges_from_then_on(two) -> None:
    one, other = two
    before = flags(one, "S0")
    other.add_regime(BESIDE)
    judged = flags(other, "S1")
    assert judged > before
    assert flags(one, "S2") == judged


@pytest.mark.parametrize("columns_from", [1, 4000])
def test_it_judges_a_file_too(two, tmp_path: Path, columns_from: int) -> None:
    one, other = two
    before = flags(one, "S0")
    other.add_regime(BESIDE)
    file = shipments(tmp_path / "shipments.csv", 3)
    outcome = one.import_file(file, "shipments", columns_from=columns_from)
    assert {f.code for f in outcome.findings} > before
    assert outcome.count == 3


def test_two_who_add_a_regime_each_leave_both(two, tmp_path: Path) -> None:
    one, other = two
    other.add_regime(BESIDE)
    one.add_regime(caps(tmp_path))
    keys = [book.regime.key for book in one.rulebook.every]
    with open_ledger(one.url) as anew:
        assert [book.regime.key for book in anew.rulebook.every] == keys
    assert keys[:2] == ["ai_diffusion", BESIDE]
    assert len(keys) == 3


def test_words_that_others_adopt_are_understood(two, tmp_path: Path) -> None:
    """Of a regime of another version: what its texts name was unknown when this one was opened."""
    one, other = two
    uplift = {
        "document": "U1",
        "kind": "uplift",
        "holder": "Malaysia",
        "budget": "yearly_cap",
        "window": "2026",
        "effective_on": "2026-02-01",
        "tpp": "1",
        "authority": "Us",
        "reference": "R1",
    }
    file = write_csv(tmp_path / "uplifts.csv", [{**uplift, "document": "U2"}])
    with open_ledger(one.url) as third:
        other.add_regime(caps(tmp_path))
        assert one.record("adjustments", uplift).count == 1
        outcome = third.import_file(file, "adjustments")
    assert (outcome.count, outcome.problems) == (1, [])


def test_options_that_another_adopts_hold_from_then_on(two) -> None:
    one, other = two
    one.adopt("adopted", {"straddle": "grant_remaining"})
    other.adopt("adopted", {"cap_basis": "shipped"})
    with open_ledger(one.url) as anew:
        options = anew.rulebook.options
    assert (options["straddle"], options["cap_basis"]) == ("grant_remaining", "shipped")


def test_what_another_recorded_is_explained_by_the_rules_it_went_by(two) -> None:
    one, other = two
    other.add_regime(BESIDE)
    seq = other.ship({**LOT, "document": "S1"}).first_seq
    assert explain(one, seq) == explain(other, seq)


def put_back(ledger: Ledger, file: Path) -> None:
    """Put a backup in the ledger's place, as a failover or an operator does, it staying open."""
    place = place_of(ledger.url)
    if place.path is not None:
        for name in (place.path, Path(f"{place.path}-wal"), Path(f"{place.path}-shm")):
            name.unlink(missing_ok=True)
    else:
        with psycopg.connect(place.conninfo, autocommit=True) as admin:
            admin.execute("DROP SCHEMA public CASCADE")
            admin.execute("CREATE SCHEMA public")
    restore(file, ledger.url)


def test_what_was_known_of_books_that_went_back_is_forgotten(two, tmp_path: Path) -> None:
    """The numbers of parties may be another's by then."""
    one, _ = two
    backup(one.store, tmp_path / "kept")
    one.ship({**LOT, "document": "S1", "exporter": "Alpha", "ultimate_consignee": "Alpha China"})
    put_back(one, tmp_path / "kept")
    with open_ledger(one.url) as other:
        other.ship({**LOT, "document": "S2", "exporter": "Omega", "ultimate_consignee": "Omega Co"})
    one.ship({**LOT, "document": "S3", "exporter": "Alpha", "ultimate_consignee": "Alpha China"})
    named = {row["party_no"]: row["name"] for row in rows(one.url, "party")}
    sent = [(row["document"], named.get(row["exporter_no"])) for row in rows(one.url, "movement")]
    assert sent[1:] == [("S2", "Omega"), ("S3", "Alpha")]


def test_another_ledger_in_the_place_of_one_that_is_open_is_refused(tmp_path: Path) -> None:
    """What is recorded into a file that lost its name is lost."""
    path = tmp_path / "books.db"
    with new_ledger(str(path)) as one:
        one.ship({**LOT, "document": "S1"})
        for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            name.unlink(missing_ok=True)
        new_ledger(str(path)).close()
        with pytest.raises(StoreError, match="another ledger"):
            one.ship({**LOT, "document": "S2"})
    assert len(rows(str(path), "movement")) == 1
