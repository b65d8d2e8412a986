"""Running totals that a certificate hangs on, by rows and as columns: the same to the byte."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import md5
from pathlib import Path
from random import Random

import pytest

from ledger.service import bulk
from ledger.service.duties import duty_done
from ledger.service.ledger import Ledger, new_ledger, open_ledger
from tests.service import nasty
from tests.service.books import assert_sound, rows, write_csv
from tests.service.both import assert_same, both_ways, declared, twins

pytestmark = [pytest.mark.usefixtures("frozen"), pytest.mark.slow]

READINGS = [
    {"aia_certificate": when, "aia_certificate_scope": whose}
    for when in ("at_threshold", "always")
    for whose in ("all_suppliers", "own")
]
# kind, party, exporter, shipment, from, until: who certified what before.
CERTIFIED = [
    ("certificate", "Acme Ltd", "Y Corp", "", "2025-07-01", "2025-08-31"),
    ("certificate", "Over There GmbH", "", "A-14", "2025-05-01", ""),
]
RECEIVERS = ("Acme Ltd", "ACME  Ltd", "12", "Over There GmbH", "Merged Away Ltd", "Tab\tCo")
DONE = "over there gmbh"
LAST = date(2026, 3, 31)


def shipments(random: Random, count: int, prefix: str = "A") -> list[nasty.Line]:
    """Shipments under AIA of up to 253 million TPP each to few receivers, before and after."""
    made: list[nasty.Line] = []
    for number in range(count):
        sent = LAST - timedelta(random.randrange(420))
        made.append(
            {
                "document": f"{prefix}-{number // 2}",
                "line": number % 2 + 1,
                "kind": random.choice(nasty.KINDS),
                "exported_on": sent,
                "received_on": random.choice(("", sent + timedelta(3))),
                "exporter": random.choice(("X Corp", "x corp", "Y Corp", "ACME Limited")),
                "ultimate_consignee": random.choice(RECEIVERS),
                "ultimate_parent": random.choice(("", "", "Owner of Owners")),
                "consignee_hq": random.choice(("", "Germany")),
                "destination": random.choice((*["Japan", "France"] * 4, "US", "India")),
                "authorization": random.choice((*["AIA"] * 9, "LPP")),
                "chip": random.choice(nasty.CHIPS),
                "quantity": random.choice((1, 300, 2_000)),
                "certificate_on": random.choice(("", "", "", sent, sent + timedelta(1))),
                "notice_on": random.choice(("", sent)),
                "eccn": random.choice(("", "3A090.a")),
                "owner": random.choice(("", "", "", *RECEIVERS)),
            }
        )
    return made


def near(prefix: str) -> nasty.Line:
    """A lot close to the amount in one file, and in the other one dated back before it."""
    sent, quantity = {"A": ("2025-07-01", 1_895), "B": ("2025-06-01", 158)}[prefix]
    line: nasty.Line = {"document": f"N-{prefix}", "line": 1, "exported_on": sent}
    line |= {"exporter": "X Corp", "ultimate_consignee": "Near SA", "destination": "France"}
    return line | {"authorization": "AIA", "chip": "nvidia-dgx-h100", "quantity": quantity}


def certify(ledger: Ledger) -> None:
    """Declare some certificates, and tell of one that it was filed."""
    for number, (kind, party, other, shipment, on, until) in enumerate(CERTIFIED):
        said = {"document": f"AIA{number}", "kind": kind, "effective_on": on, "party": party}
        said |= {"other_party": other, "authorization": "AIA", "shipment": shipment}
        assert ledger.record("declarations", said | {"until_on": until}).count == 1


@pytest.mark.parametrize("options", READINGS, ids=lambda o: "-".join(o.values()))
def test_certificates_are_missed_alike(
    ledger_url: str,
    tmp_path: Path,
    options: dict[str, str],
    columns_only: list[str],
    monkeypatch: pytest.MonkeyPatch,
):
    """Two files: the second is dated among what the first left on record."""
    monkeypatch.setattr(bulk, "BATCH", 32)
    random = Random(str(options))
    base = declared(ledger_url, **options)
    with open_ledger(base) as ledger:
        certify(ledger)
    with twins(base, tmp_path) as ledgers:
        whose = DONE + (" FROM x corp" if options["aia_certificate_scope"] == "own" else "")
        duty = "aia_certificate-" + md5(whose.encode()).hexdigest()[:12]
        for prefix in "AB":
            lines = [*shipments(random, 160, prefix), near(prefix)]
            path = write_csv(tmp_path / f"{prefix}.csv", lines)
            by_rows, as_columns = both_ways(ledgers, path, "shipments")
            assert by_rows == as_columns
            assert by_rows.counts["certificate_missing"] > 5
            assert_same(ledgers)
            for one in ledgers:
                duty_done(one, duty, "EAR-1", on="2025-06-01")
            if options["aia_certificate"] == "at_threshold":
                assert by_rows.counts["paper_near" if prefix == "A" else "paper_later"]
        assert_sound(ledgers[1])
    assert columns_only == []


def test_only_what_is_due_from_a_total_keeps_accounts(ledger_url: str):
    """What is barred, within the United States or under another exception adds nothing."""
    with new_ledger(ledger_url) as ledger:
        for number, (to, by) in enumerate(
            [("Japan", "AIA"), ("India", "AIA"), ("US", "AIA"), ("Japan", "LPP")]
        ):
            said = {"document": f"A{number}", "exported_on": "2025-06-01", "exporter": "X"}
            said |= {"ultimate_consignee": "C", "destination": to, "authorization": by}
            ledger.record("shipments", said | {"chip": "nvidia-h100-sxm", "quantity": "1"})
        kept = [b for b in rows(ledger.url, "budget") if b["rule"] == "aia_shipped"]
        (balance,) = [
            b["posted_mtpp"]
            for b in rows(ledger.url, "balance")
            if b["budget_no"] == kept[0]["budget_no"]
        ]
        assert [(one["holder"], one["holder_name"]) for one in kept] == [("c FROM x", "C from X")]
        assert balance == 15_832_000
