"""Two spellings of a name that fold to one are one party in every report, whatever folds them."""

from __future__ import annotations

import pytest

import ledger as door

# As declarations spell it, and as shipments and licences do.
NAMES = [
    ("Großrechner AG", "GROSSRECHNER AG"),
    ("Όμιλος Αθήνας", "ΌΜΙΛΟΣ ΑΘΉΝΑΣ"),
    ("計算ＡＩ株式会社", "計算AI株式会社"),
    ("Acme\u00a0Cloud", "Acme Cloud"),
]
LOT = {"exporter": "X", "destination": "India", "chip": "nvidia-h100-sxm", "quantity": "1"}
spelled = pytest.mark.parametrize(("name", "other"), NAMES)


@spelled
def test_what_was_declared_of_it_is_its_base(ledger, name, other):
    base = {"document": "B1", "kind": "installed_base", "effective_on": "2025-02-01"}
    ledger.record("declarations", base | {"party": name, "tpp": "1000000"})
    sent = {"document": "S1", "exported_on": "2025-06-01", "authorization": "UVEU"}
    ledger.ship(LOT | sent | {"ultimate_consignee": other, "consignee_hq": "Germany"})
    with door.open(ledger.url) as told:
        shares = told.report("shares", as_of="2025-12-31")
        assert set(shares["state"]) == {"within"}
        assert set(shares["base_mtpp"]) == {1_015_832_000}
        assert len(told.report("statement", as_of="2025-12-31", holder=name)) == 3


@spelled
def test_who_owns_it_is_told_of_its_licences(ledger, name, other):
    lot = LOT | {"ultimate_consignee": other}
    ledger.issue(lot | {"licence": "L1", "issued_on": "2025-01-20"})
    owned = {"document": "O1", "kind": "ownership", "effective_on": "2025-02-01", "party": name}
    ledger.record("declarations", owned | {"other_party": f"{name} P", "country": "China"})
    with door.open(ledger.url) as told:
        (licence,) = told.report("licences", as_of="2025-12-31")["parent_in_doubt_on"]
        assert str(licence)[:10] == "2025-02-01"


@spelled
def test_its_certificate_is_on_record(ledger, name, other):
    paper = {"document": "C1", "kind": "certificate", "effective_on": "2025-05-01"}
    paper |= {"party": name, "other_party": name, "authorization": "AIA"}
    ledger.record("declarations", paper)
    lot = LOT | {"destination": "Germany", "exporter": other, "ultimate_consignee": other}
    lot |= {"eccn": "3A090.a", "notice_on": "2025-05-01", "quantity": "20000"}
    ledger.ship(lot | {"document": "S1", "exported_on": "2025-06-01", "authorization": "AIA"})
    with door.open(ledger.url) as told:
        (certificate,) = told.report("totals", as_of="2025-12-31")["certificate"]
        assert certificate == "on record"
        states = told.report("due", as_of="2025-12-31").query("duty == 'aia_certificate'")["state"]
        assert list(states) == ["done"]


BLANKS = [("Rio Nuvem", "RIO  NUVEM"), ("RIO  NUVEM", "Rio Nuvem")]


@pytest.mark.parametrize(("one", "other"), BLANKS)
def test_budgets_opened_under_two_spellings_are_one_holders(ledger, one, other):
    """Each year's is called as the first movement in it spells its holder."""
    lot = LOT | {"destination": "Brazil", "authorization": "LPP", "certificate_on": "2025-05-01"}
    for name, day in ((one, "2025-06-01"), (other, "2026-06-01")):
        ledger.ship(lot | {"document": day, "exported_on": day, "ultimate_consignee": name})
    with door.open(ledger.url) as told:
        for asked in (one, other, "rio nuvem"):
            left = told.report("remaining", as_of="2026-12-31", holder=asked, budget="lpp")
            assert list(left["window"]) == ["2025", "2026"]


@pytest.mark.parametrize(("one", "other"), BLANKS)
def test_two_spellings_owe_one_half_years_report(ledger, one, other):
    lot = LOT | {"authorization": "NVEU", "received_on": "2025-06-02"}
    for name in (one, other):
        sent = {"document": name, "exported_on": "2025-06-01", "ultimate_consignee": name}
        ledger.ship(lot | sent)
    with door.open(ledger.url) as told:
        owed = told.report("due", as_of="2025-12-31").query("duty == 'veu_half_year'")
        assert list(owed["amount_mtpp"]) == [31_664_000]
