"""Two open ledgers write in turn: each is judged by what the other has recorded meanwhile."""

from __future__ import annotations

from datetime import date

from ledger.service.ledger import Ledger
from tests.service.books import rows

LOT = {
    "exported_on": "2025-11-10",
    "exporter": "Acme Chips",
    "ultimate_consignee": "Bharat Compute",
    "ultimate_parent": "Bharat Group",
    "consignee_hq": "India",
    "parent_hq": "India",
    "destination": "India",
    "chip": "nvidia-h100-sxm",
    "quantity": "1",
}
SMALL = {**LOT, "authorization": "LPP", "certificate_on": "2025-11-01"}
LICENSED = {**LOT, "licence": "D1"}
LICENCE = {
    "licence": "D1",
    "issued_on": "2025-03-01",
    "expires_on": "2026-02-28",
    **{name: value for name, value in LOT.items() if name != "exported_on"},
    "quantity": "9",
}
BY = {"authority": "BIS", "reference": "R1"}
ACTS = {
    "block": ("adjustments", {"kind": "block", "holder": "India", "effective_on": "2025-06-01"}),
    "suspend a licence": (
        "acts",
        {"kind": "licence_suspension", "licence": "D1", "effective_on": "2025-06-01"},
    ),
    "merge": (
        "declarations",
        {
            "kind": "party_merged",
            "effective_on": "2025-06-01",
            "party": "Bharat Group",
            "other_party": "Great Group",
        },
    ),
}


def flags(ledger: Ledger, document: str, lot: dict[str, str]) -> set[str]:
    """What a shipment is flagged with."""
    return {f.code for f in ledger.ship({**lot, "document": document}).findings}


def record(ledger: Ledger, name: str) -> int:
    """Record one of ACTS: its seq."""
    kind, values = ACTS[name]
    outcome = ledger.record(kind, {"document": f"X {name}", **BY, **values})
    assert outcome.count == 1, outcome.problems
    return outcome.first_seq


def test_acts_of_another_are_seen_and_their_reversal_too(two):
    one, other = two
    one.issue(LICENCE)
    assert flags(one, "S0", LICENSED) == set()
    suspended = record(other, "suspend a licence")
    assert flags(one, "S1", LICENSED) == {"licence_suspended"}
    assert flags(one, "S2", LICENSED) == {"licence_suspended"}
    other.reverse([suspended], "in error")
    assert flags(one, "S3", LICENSED) == set()


def test_a_blocked_budget(two):
    one, other = two
    assert one.issue(LICENCE).clean
    record(other, "block")
    blocked = one.issue({**LICENCE, "licence": "D3", "issued_on": "2025-07-01"})
    assert {f.code for f in blocked.findings} == {"holder_blocked"}


def test_a_merger_moves_the_allowance(two):
    one, other = two
    flags(one, "S1", SMALL)
    record(other, "merge")
    flags(one, "S2", SMALL)
    assert [b["holder"] for b in rows(one.url, "budget") if b["rule"] == "lpp"] == [
        "bharat group",
        "great group",
    ]


def test_a_closed_quarter(two):
    one, other = two
    flags(one, "S1", SMALL)
    with one.store.reading() as turn:
        known = turn.head.last_seq
    other.close_quarter("2025Q4", "0" * 64, known)
    assert "late_for_quarter" in flags(one, "S2", SMALL)


def test_numbers_are_given_once(two):
    """New parties, budgets and rulings of two writers in turn: no number twice, none left out."""
    one, other = two
    places = ["Kenya", "Ghana", "Fiji", "Oman", "Chile", "Peru"]
    for turn, place in enumerate(places):
        parties = {"ultimate_consignee": f"New {turn}", "ultimate_parent": f"Group {turn}"}
        lot = {**SMALL, **parties, "destination": place, "exporter": f"Exporter {turn}"}
        flags((one, other)[turn // 2 % 2], f"S{turn}", lot)
    for table, number in (("party", "party_no"), ("budget", "budget_no"), ("ruling", "ruling_no")):
        given = [row[number] for row in rows(one.url, table)]
        assert given == list(range(1, len(given) + 1)), table


def test_lapses_are_seen(two):
    one, other = two
    one.issue(LICENCE)
    flags(one, "S0", LICENSED)
    other.lapse_due(date(2026, 5, 1))
    assert "licence_expired" in flags(one, "S1", {**LICENSED, "exported_on": "2026-04-01"})
