"""Texts that were adopted by earlier versions of this package still read."""

from __future__ import annotations

from pathlib import Path

from ledger.policy.reader import BUILT_IN, regime_from_text

OLD_DEADLINE = """
title = "Report of items received"
source = "A rule"
href = "https://example.org/rule"
published = 2025-01-15
reviewed = 2026-11-23

[[due]]
month = 7
day = 15
covers = "January to June"
section = "748.15(f)"
"""
OLD_BUDGET = """
title = "National VEU: installed base of a company in a country"
kind = "stock"
basis = "received"
limit = "nveu_ceiling"
critical = "critical_share"
section = "15 CFR 748.15(a)(2)(iii)(B)"
source = "A rule"
href = "https://example.org/rule"
published = 2025-01-15
reviewed = 2026-11-23

[holders]
kind = "party"
from = "parent"

[calendar_years]
from = 2025-01-01
to = 2027-12-31
"""


def texts() -> dict[str, str]:
    folder = Path(BUILT_IN) / "ai_diffusion"
    files = [path for path in folder.rglob("*") if path.suffix in (".toml", ".csv")]
    return {f.relative_to(folder).as_posix(): f.read_text(encoding="utf-8") for f in files}


def test_a_yearly_report_of_before_there_were_other_duties():
    regime = regime_from_text(texts() | {"deadlines/veu_half_year.toml": OLD_DEADLINE})
    found = regime.deadlines["veu_half_year"]
    assert (found.how, found.dues[0].last_month, found.dues[0].months) == ("yearly", 6, 12)


def test_a_budget_that_was_declared_and_not_weighed():
    regime = regime_from_text(texts() | {"budgets/company.toml": OLD_BUDGET})
    assert list(regime.unweighed) == ["company"]
