"""Readings that hang on countries, owners and chips: by rows and as columns the same."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from ledger.service import bulk
from ledger.service.ledger import new_ledger
from tests.cases.test_742_6_joining_group_d5 import AT_ONCE, JOINS, LEAVES, kenya_joins
from tests.service import nasty
from tests.service.books import assert_sound, write_csv
from tests.service.both import assert_same, both_ways, declared, twins

pytestmark = [pytest.mark.usefixtures("frozen"), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH", 64)


@pytest.mark.parametrize("tally", ["destination", "both"])
def test_licences_of_a_country_that_joins_group_d5(ledger_url: str, tmp_path: Path, tally: str):
    """Those of five are suspended for some months, and claims on their budgets flagged."""
    random = Random(tally)
    change = (JOINS + LEAVES).replace('"KE"', '"IN", "NA", "SG", "AE", "IL"')
    law = kenya_joins(tmp_path, change.replace("2026-09-01", "2027-10-01"))
    options = {"group_change_joining_d5": AT_ONCE, "tally_country": tally}
    new_ledger(ledger_url, regime=law, options=options).close()
    licences = nasty.licences(random, 70)
    shipments = nasty.shipments(random, 260, licences)
    said: set[str] = set()
    with twins(ledger_url, tmp_path) as ledgers:
        for kind, lines in (("licences", licences), ("shipments", shipments)):
            path = write_csv(tmp_path / f"{kind}.csv", lines)
            by_rows, as_columns = both_ways(ledgers, path, kind)
            assert by_rows == as_columns
            assert_same(ledgers)
            said |= set(by_rows.counts)
        assert_sound(ledgers[1])
    assert said >= {"budget_closed", "licence_suspended"}


@pytest.mark.parametrize("year", ["received", "exported", "both"])
def test_what_an_acquired_entity_received(ledger_url: str, tmp_path: Path, year: str):
    """Where owners are declared a file goes row by row, whatever its size; else as columns."""
    random = Random(year)
    options = {"lpp_after_acquisition": "follows", "lpp_year": year}
    licences = nasty.licences(random, 20)
    shipments = nasty.shipments(random, 150, licences)
    base = declared(ledger_url, **options)
    with twins(base, tmp_path) as ledgers:
        path = write_csv(tmp_path / "shipments.csv", shipments)
        by_rows, as_columns = both_ways(ledgers, path, "shipments")
        assert by_rows == as_columns
        assert_same(ledgers)
        late = {"document": "late", "kind": "ownership", "effective_on": "2025-02-01"}
        late |= {"party": "Acme Ltd", "other_party": "Late Holding"}
        for ledger in ledgers:
            assert "received_before_acquisition" in ledger.record("declarations", late).counts
        assert_same(ledgers)
        assert_sound(ledgers[1])


def test_the_figures_of_chips_for_china_and_macau(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The regime beside tells chips apart that the first one does not."""
    chips = ("nvidia-h200-sxm", "nvidia-b200", "nvidia-hgx-b200-8", "huawei-ascend-910b")
    monkeypatch.setattr(nasty, "CHIPS", (*chips, "nvidia-h20"))
    monkeypatch.setattr(nasty, "PLACES", ("China", "Macau", "HK", "SG", "US"))
    monkeypatch.setattr(nasty, "FIRST", date(2025, 12, 1))
    random = Random(16)
    licences = nasty.licences(random, 60)
    shipments = nasty.shipments(random, 200, licences)
    applications = nasty.applications(random, 60)
    for line in applications:
        line["applied_on"] = date(2026, 1, 1) + timedelta(random.randrange(60))
    files = {"applications": applications, "licences": licences, "shipments": shipments}
    base = declared(ledger_url, beside="china_case_by_case")
    said: set[str] = set()
    with twins(base, tmp_path) as ledgers:
        for kind, lines in files.items():
            path = write_csv(tmp_path / f"{kind}.csv", lines)
            by_rows, as_columns = both_ways(ledgers, path, kind)
            assert by_rows == as_columns
            assert_same(ledgers)
            said |= set(by_rows.counts)
        assert_sound(ledgers[1])
    assert said >= {"presumption_of_denial", "chip_figure_unknown", "review_denial"}


@pytest.mark.parametrize("event", ["received", "installed"])
def test_what_a_company_with_an_authorization_receives(
    ledger_url: str, tmp_path: Path, event: str, columns_only: list[str]
):
    """It counts from that day on in the installed base, from the authorization's own day on."""
    with new_ledger(ledger_url, options={"nveu_base_event": event}) as ledger:
        said = {"document": "H", "kind": "official_status", "party": "Acme Ltd", "status": "NVEU"}
        ledger.record("declarations", said | {"country": "India", "effective_on": "2025-06-01"})
    lot = {"line": 1, "exporter": "X", "destination": "India", "authorization": "LPP"}
    lot |= {"chip": "nvidia-a100", "quantity": 4}
    to = {n: ("Acme Ltd", "Beta AG")[n % 3 == 2] for n in range(12)}
    sent = [
        {"document": f"S{n}", "exported_on": "2025-05-01", "ultimate_consignee": to[n]}
        | ({"received_on": f"2025-0{5 + n % 2}-10"} if n < 6 else {})
        | lot
        for n in range(12)
    ]
    kind = "installation" if event == "installed" else "receipt"
    come = [
        {"document": f"R{n}", "line": 1, "kind": kind, "received_on": f"2025-0{5 + n % 2}-20"}
        | {"exporter": "X", "shipment": f"S{n}", "shipment_line": 1}
        for n in range(6 if event == "received" else 0, 12)
    ]
    with twins(ledger_url, tmp_path) as ledgers:
        for name, lines in (("shipments", sent), ("receipts", come)):
            by_rows, as_columns = both_ways(
                ledgers, write_csv(tmp_path / f"{name}.csv", lines), name
            )
            assert by_rows == as_columns
            assert_same(ledgers)
        with ledgers[1].store.reading() as turn:
            found = turn.connection.exec_driver_sql(_COUNTED).fetchall()
        assert_sound(ledgers[1])
    held = [n for n in to if to[n] == "Acme Ltd" and n % 2]
    assert [tuple(row) for row in found] == [("Acme Ltd, India", len(held) * 4 * 4_992_000)]


_COUNTED = """
    SELECT holder_name, sum(posted_mtpp) FROM balance b JOIN budget USING (budget_no)
    WHERE rule = 'nveu' GROUP BY holder_name HAVING sum(posted_mtpp) <> 0
"""


def test_who_holds_the_authorization_that_is_claimed(
    ledger_url: str, tmp_path: Path, columns_only: list[str]
):
    """A national VEU for its country, a universal one with its group; owner and operator each."""
    with new_ledger(ledger_url) as ledger:
        said = {"kind": "official_status", "effective_on": "2025-05-15"}
        ledger.record("declarations", said | {"document": "U", "party": "P", "status": "UVEU"})
        said |= {"document": "N", "party": "A", "status": "NVEU", "country": "India"}
        ledger.record("declarations", said)
        said |= {"document": "K", "party": "B", "status": "UVEU", "country": "Kenya"}
        ledger.record("declarations", said)
        said = {"document": "O", "kind": "ownership", "effective_on": "2025-02-01", "party": "A"}
        ledger.record("declarations", said | {"other_party": "P"})
        said |= {"document": "M", "kind": "party_merged", "party": "Old P"}
        ledger.record("declarations", said | {"other_party": "P"})
    random = Random(7)
    lots = [
        {"document": f"S{n}", "exported_on": f"2025-{random.randint(5, 6):02}-10", "exporter": "X"}
        | {"ultimate_consignee": random.choice("ABP"), "chip": "nvidia-a100", "quantity": 1}
        | {"ultimate_parent": random.choice(("", "", "P", "Old P", "B"))}
        | {
            "owner": random.choice(("", "", "A", "B")),
            "operator": random.choice(("", "", "A", "B")),
        }
        | {"destination": random.choice(("India", "Kenya", "Germany", "United States"))}
        | {"authorization": random.choice(("UVEU", "UVEU", "NVEU", "AIA"))}
        for n in range(300)
    ]
    with twins(ledger_url, tmp_path) as ledgers:
        ways = both_ways(ledgers, write_csv(tmp_path / "lots.csv", lots), "shipments")
        assert ways[0] == ways[1]
        assert 50 < ways[0].counts["veu_not_on_file"] < 250
        assert_same(ledgers)
        assert_sound(ledgers[1])


def test_what_is_dated_before_a_country_comes_under_the_allocation(
    ledger_url: str, tmp_path: Path
) -> None:
    lines = [
        {"licence": f"L{n}", "issued_on": on, "exporter": "X", "ultimate_consignee": "C"}
        | {"destination": to, "chip": "nvidia-gb200", "quantity": 19_800}
        for n, (on, to) in enumerate(
            [
                ("2025-06-01", "Cambodia"),
                ("2026-02-02", "Cambodia"),
                ("2026-02-03", "Cambodia"),
                ("2025-06-01", "India"),
            ]
        )
    ]
    new_ledger(ledger_url).close()
    with twins(ledger_url, tmp_path) as ledgers:
        for outcome in both_ways(ledgers, write_csv(tmp_path / "licences.csv", lines), "licences"):
            assert outcome.counts == {"over_limit": 2, "lists_differ": 1}
        assert_same(ledgers)
