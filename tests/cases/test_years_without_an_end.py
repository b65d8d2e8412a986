"""Every calendar year and no last one: whose holders are known has each year's budget shown."""

from __future__ import annotations

import pytest

import ledger as door
from ledger.service.ledger import new_ledger, open_ledger
from tests.cases.own_regimes import with_one_cap, written
from tests.cases.table import act, stands
from tests.service.books import assert_sound, rows, write_csv

NAMES = 'names = { "Q1" = "Frozen berries", "Q2" = "Dried berries" }'


@pytest.fixture
def quota(on, ledger_url, tmp_path):
    """The URL of a ledger of 2025 that counts amounts, of two named holders, from 2024 on."""
    on("2025-03-01")
    texts = with_one_cap("Yearly cap", {"2024-01-01": 1000, "2026-01-01": 1200})
    for name in ("regime.toml", "state.toml", "numbers/critical_share.toml"):
        texts[name] = texts[name].replace("= 2026-01-01", "= 2024-01-01")
    years = "[calendar_years]\nfrom = 2024-01-01\n"
    texts["budgets/yearly_cap.toml"] += f"{NAMES}\n{years}"
    new_ledger(ledger_url, regime=written(texts, tmp_path / "yearly")).close()
    return ledger_url


def held(url: str) -> list[tuple[str, str, int]]:
    """Every open budget: its holder's name, its window, its limit."""
    found = rows(url, "budget")
    return [(b["holder_name"], b["window"], b["limit_mtpp"] // 1000) for b in found]


BOTH_YEARS = [
    *(("Dried berries", "2024", 1000), ("Frozen berries", "2024", 1000)),
    *(("Dried berries", "2025", 1000), ("Frozen berries", "2025", 1000)),
]
NEXT = [("Dried berries", "2026", 1200), ("Frozen berries", "2026", 1200)]
LOT = {"exporter": "X", "ultimate_consignee": "C", "destination": "Q1", "tpp": "5"}


def test_the_years_through_that_of_the_adoption_are_shown_from_the_start(quota):
    assert held(quota) == BOTH_YEARS
    with door.open(quota) as ledger:
        shown = ledger.report("remaining", as_of="2025-03-01")
    assert list(shown[["name", "window", "status"]].itertuples(index=False, name=None)) == [
        ("Dried berries", "2024", "closed"),
        ("Frozen berries", "2024", "closed"),
        ("Dried berries", "2025", "open"),
        ("Frozen berries", "2025", "open"),
    ]


@pytest.mark.parametrize("columns_from", [1, 10**9], ids=["columns", "rows"])
def test_a_years_budgets_are_opened_with_its_first_submission(quota, on, tmp_path, columns_from):
    lines = [LOT | {"document": f"S{n}", "exported_on": "2025-12-30"} for n in range(3)]
    lines += [LOT | {"document": f"S{n}", "exported_on": "2026-01-02"} for n in range(3, 5)]
    for line in lines:
        line |= {"licence": "L1"}
    path = write_csv(tmp_path / "shipments.csv", lines)
    on("2026-01-03")
    with open_ledger(quota) as ledger:
        ledger.import_file(path, "shipments", columns_from=columns_from)
        assert held(quota) == BOTH_YEARS + NEXT
        stands(
            ledger,
            "Frozen berries 2025: safe 15; remaining 1,000\nFrozen berries 2026: "
            "safe 10; remaining 1,200",
        )
        assert_sound(ledger)
        on("2026-02-01")
        act(ledger, 9, {"act": "licence", "day": "2026-02-01", "destination": "Q2", "tpp": "7"})
        assert held(quota) == BOTH_YEARS + NEXT
        assert_sound(ledger)


def test_a_budget_opened_before_its_year_has_its_holders_name(quota, on):
    with open_ledger(quota) as ledger:
        line = {"act": "amendment", "day": "2025-12-01", "holder": "Dried berries", "tpp": "30"}
        act(ledger, 1, line | {"window": "2026", "budget": "yearly_cap", "reference": "Notice 4"})
        assert held(quota) == BOTH_YEARS + NEXT[:1]
        on("2026-01-01")
        act(ledger, 2, {"act": "licence", "day": "2026-01-01", "destination": "Q1", "tpp": "7"})
        assert held(quota) == BOTH_YEARS + NEXT
        assert_sound(ledger)


def test_nothing_is_opened_where_nothing_is_recorded(quota, on):
    on("2026-01-03")
    with open_ledger(quota) as ledger:
        act(ledger, 1, {"act": "licence", "day": "2026-01-01", "destination": "Q1", "tpp": "7"})
        before = held(quota)
        on("2027-01-03")
        again = act(
            ledger, 1, {"act": "licence", "day": "2026-01-01", "destination": "Q1", "tpp": "7"}
        )
        assert (again.submission, held(quota)) == (None, before)
