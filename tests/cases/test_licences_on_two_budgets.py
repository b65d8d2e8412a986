"""Permits that hold on a substance's estimate and on the importer's year, on both in full."""

from __future__ import annotations

import pytest

from tests.cases.own_regimes import written
from tests.cases.table import licensed, play, stands
from tests.service.books import write_csv

CITED = """
source = "Precursor law"
href = "https://example.org/law"
published = 2024-12-01
reviewed = 2026-01-01
"""
TEXTS = {
    "regime.toml": """
key = "precursors"
title = "Precursor imports"
unit = "g"
counts = "amounts"
first_day = 2026-01-01
authority = "Medicines office"
section = "Article 1"
""",
    "numbers/importer_cap.toml": """
title = "Most an importer may be licensed for in a year"
unit = "g"
[[value]]
from = 2026-01-01
amount = 5000
section = "Article 4"
""",
    "numbers/estimate_of_year.toml": """
title = "Annual estimate"
unit = "g"
[[value]]
from = 2026-01-01
amount = 8000
section = "Article 2"
""",
    "budgets/estimate.toml": """
title = "Annual estimate of a substance"
basis = "licensed"
limit = "estimate_of_year"
section = "Article 2"
[holders]
kind = "named"
from = "destination"
names = { EPH = "Ephedrine", PSE = "Pseudoephedrine" }
[calendar_years]
from = 2026-01-01
""",
    "budgets/importer.toml": """
title = "Importer's year"
basis = "licensed"
limit = "importer_cap"
section = "Article 4"
[holders]
kind = "party"
from = "parent"
[calendar_years]
from = 2026-01-01
""",
    "options.toml": """
[[option]]
number = 1
key = "return_or_loss_credit"
title = "What comes back of goods returned or lost"
default = "return_and_loss"
obeyed = ["none", "return_and_loss"]
reason = "Article 7"
section = "Article 7"
[option.values]
none = "nothing"
return_and_loss = "what has come back or was lost"
[[option]]
number = 2
key = "unused_licence_lapse"
title = "What a lapsed permit gives back"
default = "credit"
obeyed = ["none", "credit"]
reason = "Article 7"
section = "Article 7"
[option.values]
none = "nothing"
credit = "its rest"
""",
    "authorizations.toml": """
unstated = "unstated"
licensed = "permit"
[[authorization]]
code = "permit"
title = "Import permit"
section = "Article 3"
[[authorization.draw]]
budget = "estimate"
kinds = ["application", "licence"]
sentence = "counted when it is licensed"
section = "Article 3"
[[authorization.draw]]
budget = "importer"
kinds = ["application", "licence"]
sentence = "counted on the importer when it is licensed"
section = "Article 4"
[[authorization]]
code = "unstated"
title = "Not stated"
section = "Article 3"
""",
}


@pytest.fixture
def permits(opened, tmp_path):
    """The ledger of the precursors, with two permits on file."""
    cut = {name: text.partition("[") for name, text in TEXTS.items()}
    texts = {name: f"{head}{CITED}{bracket}{rest}" for name, (head, bracket, rest) in cut.items()}
    ledger = opened(written(texts, tmp_path / "precursors"))
    play(
        ledger,
        """
        act     | no | day        | to        | for  | tpp    | expires_on | says
        licence | P1 | 2026-01-10 | Ephedrine | One  | 3000.5 | 2026-06-30 |
        licence | P2 | 2026-02-01 | EPH       | Two  | 2000   | 2026-12-31 |
        """,
    )
    return ledger


@pytest.mark.parametrize("columns_from", [1, 10**9], ids=["columns", "rows"])
def test_what_is_used_overdrawn_and_comes_back_counts_on_both(permits, tmp_path, columns_from):
    lot = {"exporter": "X", "destination": "EPH", "exported_on": "2026-03-01"}
    sent = [
        lot | {"document": "S1", "ultimate_consignee": "One", "licence": "P1", "tpp": "1000.5"},
        lot | {"document": "S2", "ultimate_consignee": "One", "licence": "P1", "tpp": "500"},
        lot | {"document": "S3", "ultimate_consignee": "Two", "licence": "P2", "tpp": "2100"},
    ]
    path = write_csv(tmp_path / "sent.csv", sent)
    outcome = permits.import_file(path, "shipments", columns_from=columns_from)
    assert outcome.counts == {"licence_tpp_overdrawn": 1}
    stands(
        permits,
        """
        Ephedrine 2026: held 1,500, posted 3,600.5; remaining 2,899.5
        One 2026: held 1,500, posted 1,500.5; remaining 1,999.5
        Two 2026: posted 2,100; remaining 2,900
        """,
    )
    back = [
        {"document": "R1", "returned_on": "2026-04-01", "exporter": "X", "shipment": "S1"}
        | {"kind": "return", "tpp": "200.25", "reason": ""},
        {"document": "R2", "returned_on": "2026-04-02", "exporter": "X", "shipment": "S2"}
        | {"kind": "attrition", "tpp": "50", "reason": "destroyed"},
    ]
    path = write_csv(tmp_path / "back.csv", back)
    permits.import_file(path, "returns", columns_from=columns_from)
    play(permits, "act|no|day|under|says\nlapse|L1|2026-07-01|P1|")
    stands(
        permits,
        """
        Ephedrine 2026: posted 3,350.25; remaining 4,649.75
        One 2026: posted 1,250.25; remaining 3,749.75
        Two 2026: posted 2,100; remaining 2,900
        """,
    )
    licensed(
        permits,
        """
        under | used    | held | back
        P1    | 1,500.5 |      | 1,500
        P2    | 2,100   |      |
        """,
    )
