"""The figures of the rule, paragraph by paragraph."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from ledger.policy.reader import read_regime
from schemas.tpp import Tpp

RULE = read_regime("ai_diffusion")
DAY = date(2025, 6, 1)

BY_PARAGRAPH = """
country_cap                   790000000   TPP      15 CFR 742.6(b)(10)(iii)(B)(1)
country_uplift                100         percent  15 CFR 742.6(b)(10)(iii)(C)
lpp_annual                    26900000    TPP      15 CFR 740.29(d)
lpp_notice                    3200000     TPP      15 CFR 740.29(g)(3)
lpp_certificate_days          30          day      15 CFR 740.29(g)(1)
aia_certificate_threshold     253000000   TPP      15 CFR 740.27(c)
nac_notice_days               25          day      15 CFR 740.8(c)(1)
acm_accounting_months         6           month    15 CFR 740.28(e)
uveu_outside_share            25          percent  Supplement No. 10 to 15 CFR part 748, paragraph 6
uveu_country_share            7           percent  Supplement No. 10 to 15 CFR part 748, paragraph 6
uveu_us_outside_share         50          percent  Supplement No. 10 to 15 CFR part 748, paragraph 6
uveu_transfer_notice_days     60          day      Supplement No. 10 to 15 CFR part 748, paragraph 5
uveu_new_site_notice_days     180         day      15 CFR 748.15(a)(2)(ii)(A)
veu_incident_days             30         day      Supplement No. 10 to 15 CFR part 748, paragraph 16
veu_fine_tuning_share         25          percent  Supplement No. 10 to 15 CFR part 748, paragraph 7
licence_validity              1           year     15 CFR 750.7(g)
licence_value_tolerance       10          percent  15 CFR 750.11
licence_quantity_tolerance    0           percent  15 CFR 750.11
record_retention              5           year     15 CFR 762.6
critical_share                90          percent  Article 53(1)
"""


@pytest.mark.parametrize("row", BY_PARAGRAPH.strip().splitlines())
def test_number(row):
    key, amount, unit, section = row.split(maxsplit=3)
    number = RULE.number(key)
    value = number.on(DAY)
    assert value is not None
    assert (str(value.amount), number.unit, value.citation.section) == (amount, unit, section)


def test_training_operations_are_exact():
    value = RULE.number("weights_threshold").on(DAY)
    assert value is not None
    assert value.amount == 10**26


CEILINGS = """
2025-01-01 633000000
2025-03-31 633000000
2025-04-01 949500000
2025-07-01 1266000000
2025-10-01 1582500000
2026-01-01 1899000000
2026-04-01 2690250000
2026-07-01 3481500000
2026-10-01 4272750000
2027-01-01 5064000000
2027-12-31 5064000000
"""


@pytest.mark.parametrize("row", CEILINGS.strip().splitlines())
def test_nveu_ceiling_of_a_day(row):
    day, amount = row.split()
    value = RULE.number("nveu_ceiling").on(date.fromisoformat(day))
    assert value is not None
    assert str(value.amount) == amount


def test_nveu_steps():
    amounts = [v.amount for v in RULE.number("nveu_ceiling").values if v.amount is not None]
    assert [b - a for a, b in pairwise(amounts)] == [316_500_000] * 4 + [791_250_000] * 4


def test_numbers_that_end_are_not_carried_on():
    assert RULE.number("country_cap").on(date(2027, 12, 31)) is not None
    assert RULE.number("country_cap").on(date(2028, 1, 1)) is None
    assert RULE.number("nveu_ceiling").on(date(2028, 1, 1)) is None
    assert RULE.number("country_cap").on(date(2024, 12, 31)) is None


def test_a_limit_is_whole_thousandths():
    budget = RULE.budgets["country_allocation"]
    window = budget.window_on(DAY)
    assert window is not None
    limit = budget.limit("SG", window)
    assert limit is not None
    assert limit.milli == Tpp.of("790000000").milli


DEADLINES = """
veu_half_year        07-15 01-15
veu_chip_accounting  02-01 08-01
veu_yearly           02-15
"""


@pytest.mark.parametrize("row", DEADLINES.strip().splitlines())
def test_deadline(row):
    key, *days = row.split()
    assert [f"{d.month:02d}-{d.day:02d}" for d in RULE.deadlines[key].dues] == days


STATES = """
2025-01-12 -
2025-01-13 filed; compliance from 2025-05-15
2025-05-12 filed; compliance from 2025-05-15
2025-05-13 codified; not enforced since 2025-05-13
2026-05-30 codified; not enforced since 2025-05-13
"""


@pytest.mark.parametrize("row", STATES.strip().splitlines())
def test_state(row):
    day, said = row.split(maxsplit=1)
    state = RULE.state_on(date.fromisoformat(day))
    assert (state.sentence if state else "-") == said


def test_it_is_never_said_to_be_repealed():
    said = " ".join(state.sentence for state in RULE.states)
    assert "repeal" not in said
    assert "not enforced" in RULE.states[-1].sentence


@pytest.mark.parametrize("key", ["ai_diffusion", "china_case_by_case"])
def test_every_figure_is_cited_in_full(key):
    regime = read_regime(key)
    cited = [v.citation for n in regime.numbers.values() for v in n.values]
    cited += [c.citation for one in regime.lists.values() for c in one.changes]
    cited += [o.citation for o in regime.options.values()]
    cited += [a.citation for a in regime.authorizations.values()]
    for one in cited:
        assert one.section
        assert one.source
        assert one.href.startswith("https://")
        assert one.published <= one.reviewed


def test_china_and_macau():
    regime = read_regime("china_case_by_case")
    day = regime.first_day
    found = {key: number.on(day) for key, number in regime.numbers.items()}
    assert {key: str(value.amount) for key, value in found.items() if value} == {
        "tpp_below": "21000",
        "dram_bandwidth_below": "6500",
        "product_share": "50",
    }
    assert [(b.key, b.kind) for b in regime.budgets.values()] == [("product_stock", "tally")]
    assert [(s.tally, s.ppm) for s in regime.shares] == [("product_stock", 500_000)]
