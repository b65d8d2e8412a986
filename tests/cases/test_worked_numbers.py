"""Figures that quota offices and the rule's readers work with, done again in the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.service.explain import explain
from tests.cases.table import play, stands
from tests.service.books import rows, write_csv

QUOTA = Path(__file__).parents[2] / "docs/examples/tariff_quota"
DRIED = {"exporter": "X", "ultimate_consignee": "C", "destination": "09.9702"}
DRIED |= {"exported_on": "2026-03-01"}


@pytest.fixture
def quota(opened):
    """A tariff quota in kilograms: 264,000 of dried berries in 2026, critical from 90 % on."""
    return opened(QUOTA)


def amend(ledger, document, tpp, holder="09.9702"):
    """Move a volume."""
    said = {"document": document, "kind": "amendment", "effective_on": "2026-01-01"}
    return ledger.record("adjustments", said | {"holder": holder, "tpp": tpp})


def test_an_opening_balance_and_one_claim(quota):
    """UK order 05.0096: 264,000 - 15,195 = 248,805."""
    quota.ship(DRIED | {"document": "D1", "tpp": "15195"})
    stands(quota, "Dried berries 2026: posted 15,195; remaining 248,805")


def test_critical_at_ninety_percent_of_use(quota, tmp_path):
    """UK lamb 05.2016: of 22,000 there are 1,727.2 left, 92.149 % used: critical."""
    amend(quota, "A1", "-242000")
    quota.ship(DRIED | {"document": "D1", "tpp": "20272.8"})
    stands(
        quota,
        "Dried berries 2026: adjustment -242,000, posted 20,272.8; remaining 1,727.2",
    )
    (line,) = remaining(quota, "09.9702", "used_percent", "status")
    assert tuple(map(str, line)) == ("92.14", "critical")


def test_grants_cuts_and_the_boundary(quota):
    """10,000 + 2,000 - 1,500 - 3,000 = 7,500: all of it fits, a thousandth more does not."""
    amend(quota, "A0", "-254000")
    amend(quota, "A1", "2000")
    amend(quota, "A2", "-1500")
    assert quota.ship(DRIED | {"document": "D1", "tpp": "3000"}).clean
    assert quota.ship(DRIED | {"document": "D2", "tpp": "7500"}).clean
    over = quota.ship(DRIED | {"document": "D3", "tpp": "0.001"})
    assert (over.counts, over.findings[0].short) == ({"over_limit": 1}, 1)


def test_volume_handed_from_one_account_to_another(quota, tmp_path):
    """8,000 and 5,000: 2,000 handed over make 6,000 and 7,000, in one submission."""
    amend(quota, "A1", "-256000")
    amend(quota, "A2", "-41995000", "09.9701")
    said = {"kind": "amendment", "effective_on": "2026-02-01", "authority": "office"}
    moved = [
        said | {"document": "T1", "line": 1, "holder": "09.9702", "tpp": "-2000"},
        said | {"document": "T1", "line": 2, "holder": "09.9701", "tpp": "2000"},
    ]
    outcome = quota.import_file(write_csv(tmp_path / "moved.csv", moved), "adjustments")
    assert (outcome.count, outcome.clean) == (2, True)
    stands(
        quota,
        """
        Dried berries 2026: adjustment -258,000; remaining 6,000
        Frozen berries 2026: adjustment -41,993,000; remaining 7,000
        """,
    )


def test_quantity_is_used_up_with_value_left(opened):
    """Five items for 50 dollars in all: five at 7 dollars are 35, and no sixth may go."""
    overdrawn = "licence_quantity_overdrawn, licence_tpp_overdrawn"
    ledger = opened()
    play(
        ledger,
        f"""
        act     | no | day        | to    | units | usd | under | says
        licence | L1 | 2025-06-01 | India | 5     | 10  |       |
        ship    | S1 | 2025-06-02 | India | 5     | 7   | L1    |
        ship    | S2 | 2025-06-03 | India | 1     | 7   | L1    | {overdrawn}
        """,
    )
    (line,) = rows(ledger.url, "licence_line")
    assert (line["value_cents"], line["used_value_cents"]) == (5_000, 4_200)


# Of India 100 TPP are left, of Poland 150; what goes to India for Polish hands counts on both.
ROOMS = """
act       | no | day        | holder | budget             | tpp        | says
amendment | M1 | 2025-06-01 | India  | country_allocation | -789999900 |
amendment | M2 | 2025-06-01 | Poland | country_allocation | -789999850 |
"""
ASKED = [
    {"application": "A", "destination": "India", "consignee_hq": "Poland", "tpp": "120"},
    {"application": "B", "destination": "Poland", "consignee_hq": "Poland", "tpp": "90"},
]


def ask(ledger, tmp_path, **more):
    """Both requests, of one day, in one file."""
    usual = {"exporter": "X", "ultimate_consignee": "C", "applied_on": "2025-07-01"}
    asked = [usual | one | more for one in ASKED]
    return ledger.import_file(write_csv(tmp_path / "asked.csv", asked), "applications")


def test_two_limits_at_once_shared_pro_rata(amounts, tmp_path):
    """At one rate, 150/210, until a limit binds: it is Poland's, and India's is not reached."""
    ledger = amounts(tally_country="both", queue="pro_rata")
    play(ledger, ROOMS)
    outcome = ask(ledger, tmp_path)
    assert outcome.counts == {"granted_pro_rata": 2}
    stands(
        ledger,
        """
        India 2025-2027: adjustment -789,999,900, pending 85.714; remaining 100
        Poland 2025-2027: adjustment -789,999,850, pending 150; remaining 150
        """,
    )
    (first,), (second,) = (explain(ledger, outcome.first_seq + n).findings for n in (0, 1))
    assert (first.budget, second.budget) == ("Poland 2025-2027", "Poland 2025-2027")
    assert "85714 units: factor 5/7, shared by 2 requests, rounded down" in first.sentence
    assert "64286 units: factor 5/7" in second.sentence
    assert second.sentence.endswith("a left-over unit among them")


def test_two_limits_at_once_in_order(amounts, tmp_path):
    """The first is cut by India's limit, the second by what is left of Poland's."""
    ledger = amounts(tally_country="both", straddle="grant_remaining")
    play(ledger, ROOMS)
    outcome = ask(ledger, tmp_path)
    assert outcome.counts == {"granted_in_part": 2}
    stands(
        ledger,
        """
        India 2025-2027: adjustment -789,999,900, pending 100; remaining 100
        Poland 2025-2027: adjustment -789,999,850, pending 150; remaining 150
        """,
    )
    (first,), (second,) = (explain(ledger, outcome.first_seq + n).findings for n in (0, 1))
    assert first.budget == "India 2025-2027"
    assert "asked 120 TPP, cut by 20 TPP" in first.sentence
    assert second.budget == "Poland 2025-2027"
    assert "asked 90 TPP, cut by 40 TPP" in second.sentence


def test_every_limit_that_binds_is_named_in_a_refusal(amounts, tmp_path):
    ledger = amounts(tally_country="both")
    play(ledger, ROOMS)
    outcome = ask(ledger, tmp_path, tpp="151")
    assert outcome.counts == {"refused:over_limit": 3}
    found = explain(ledger, outcome.first_seq).findings
    assert [one.budget for one in found] == ["India 2025-2027", "Poland 2025-2027"]
    assert ["short by 51 TPP" in found[0].sentence, "short by 1 TPP" in found[1].sentence] == [
        True,
        True,
    ]
    stands(
        ledger,
        """
        India 2025-2027: adjustment -789,999,900; remaining 100
        Poland 2025-2027: adjustment -789,999,850; remaining 150
        """,
    )


def remaining(ledger, holder, *names):
    """Some columns of what remains in 2026."""
    from ledger.publish import refresh
    from ledger.service.about import about_rows
    from reports import run

    folder = refresh(ledger.url, lambda: about_rows(ledger.url)).folder
    with run("remaining", folder, {"holder": holder, "as_of": "2026-12-31"}) as result:
        columns = [column.name for column in result.columns]
        found = [dict(zip(columns, row, strict=True)) for row in result.rows()]
    return [tuple(row[name] for name in names) for row in found if row["window"] == "2026"]
