"""Quotas of named parties: vessel owners who overrun, and move quota among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.problems import Unusable
from tests.cases.table import play, stands
from tests.service.books import write_csv

CITED = """
source = "Fisheries act"
href = "https://example.org/act"
published = 2024-12-01
reviewed = 2026-01-01
"""
REGIME = """
key = "fish_quota"
title = "Catch quotas"
unit = "kg"
counts = "amounts"
first_day = 2025-01-01
authority = "Fisheries office"
section = "Article 1"
"""
COD = """
title = "Cod of a vessel owner"
basis = "landed"
limits = "cod.csv"
section = "Article 2"
[holders]
kind = "named"
from = "parent"
"""
CODES = """
unstated = "landing"
licensed = "landing"
[[authorization]]
code = "landing"
title = "Landing"
section = "Article 3"
[[authorization.draw]]
budget = "cod"
kinds = ["export"]
sentence = "what is landed counts"
section = "Article 3"
"""
OWNERS = {"AUR": ("FV Aurora", "40000"), "BRE": ("Brenda Fishing Ltd", "25000.5")}


def fish(folder: Path) -> Path:
    """The regime, with each owner's quota for 2025 and 2026."""
    rows = [
        {"holder": code, "name": name, "window": year, "from": f"{year}-01-01"}
        | {"to": f"{year}-12-31", "limit": limit, "section": "Annex", "source": "Fisheries act"}
        | {"href": "https://example.org/act", "published": "2024-12-01", "reviewed": "2026-01-01"}
        for code, (name, limit) in OWNERS.items()
        for year in (2025, 2026)
    ]
    top = folder / "fish"
    (top / "budgets").mkdir(parents=True)
    head, holders, more = COD.partition("[holders]")
    (top / "regime.toml").write_text(REGIME + CITED)
    (top / "authorizations.toml").write_text(CITED + CODES)
    (top / "budgets/cod.toml").write_text(head + CITED + holders + more)
    write_csv(top / "budgets/cod.csv", rows)
    return top


LANDED = [
    ("2025-03-01", "FV Aurora", "12000"),
    ("2025-04-01", "fv  AURORA", "30000"),
    ("2025-05-01", "brenda fishing LTD", "20000.25"),
    ("2025-06-01", "BRE", "0.25"),
    ("2025-07-01", "Dora", "500"),
]


@pytest.mark.parametrize("columns_from", [1, 10**9], ids=["columns", "rows"])
def test_catches_count_for_their_owners(opened, tmp_path, columns_from):
    """By any spelling of the name, or the code; who is not among them draws on nothing."""
    ledger = opened(fish(tmp_path))
    lines = [
        {"document": f"L{n}", "exported_on": day, "exporter": "Auction", "destination": "NO"}
        | {"ultimate_consignee": owner, "tpp": tpp}
        for n, (day, owner, tpp) in enumerate(LANDED)
    ]
    path = write_csv(tmp_path / "landings.csv", lines)
    outcome = ledger.import_file(path, "shipments", columns_from=columns_from)
    assert outcome.counts == {"over_limit": 1}
    stands(
        ledger,
        """
        FV Aurora 2025: posted 42,000; remaining -2,000
        Brenda Fishing Ltd 2025: posted 20,000.5; remaining 5,000
        """,
    )
    play(
        ledger,
        """
        act       | no | line | day        | holder             | window | tpp   | says
        amendment | T1 | 1    | 2025-08-01 | Brenda Fishing Ltd | 2025   | -1500 |
        amendment | T1 | 2    | 2025-08-01 | FV Aurora          | 2025   | 1500  |
        amendment | O1 | 1    | 2026-01-01 | AUR                | 2026   | -500  |
        """,
    )
    stands(
        ledger,
        """
        FV Aurora 2025: adjustment 1,500, posted 42,000; remaining -500
        FV Aurora 2026: adjustment -500; remaining 39,500
        Brenda Fishing Ltd 2025: adjustment -1,500, posted 20,000.5; remaining 3,500
        """,
    )


def test_an_owner_is_no_destination(opened, tmp_path):
    ledger = opened(fish(tmp_path))
    with pytest.raises(Unusable, match='destination "BRE"'):
        play(ledger, "act|no|day|to|for|tpp|says\nship|L1|2025-03-01|BRE|FV Aurora|5|")
