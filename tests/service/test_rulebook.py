"""A rulebook: what it remembers by periods is what it would say of each day, and which
destination a territory is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from ledger.catalogue.reader import read_catalogue
from ledger.policy.reader import read_regime
from ledger.policy.types import Attached
from ledger.rules import preconditions
from ledger.service.rulebook import Rulebook

REGIMES = ("ai_diffusion", "china_case_by_case")


@pytest.mark.parametrize("key", REGIMES)
def test_terms_hold_from_one_day_of_a_number_to_the_next(key: str) -> None:
    regime = read_regime(key)
    rulebook = Rulebook(regime, {}, read_catalogue())
    rules = [one for one in regime.judging.preconditions if not one.tally]
    needs = tuple(one.key for one in regime.judging.preconditions)
    turning = {value.from_on for one in regime.numbers.values() for value in one.values}
    days = {day + timedelta(n) for day in turning for n in (-1, 0, 1)} | {date.min, date.max}
    for day in sorted(days):
        each = (preconditions.terms(rule, rulebook.regime, day) for rule in rules)
        assert rulebook.papers(needs, day) == tuple(one for one in each if one is not None)


@pytest.mark.parametrize(
    ("code", "destination"),
    [
        ("MC", "FR"),  # as the regime has it
        ("LI", "DE"),  # the same, where 15 CFR 738.3(b) has another
        ("HK", "CN"),  # as 738.3(b) has it, of which the regime says nothing
        ("PL", "PL"),
        (None, None),
    ],
)
def test_a_territory_follows_as_the_regime_says(code: str | None, destination: str | None) -> None:
    own = read_regime("ai_diffusion")
    names = {key: name for key, name in own.country_names.items() if key not in ("MC", "LI", "HK")}
    told = own.attached["HK"].citation
    placed = {of: Attached(of, of, to, told) for of, to in (("MC", "FR"), ("LI", "DE"))}
    regime = replace(own, country_names=names, attached=placed)
    assert Rulebook(regime, {}, read_catalogue()).followed(code) == destination
