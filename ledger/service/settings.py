"""What the intake asks of a ledger: its chips, countries and authorizations as functions."""

from __future__ import annotations

from functools import lru_cache

from ledger import countries
from ledger.intake.setting import ChipFact, Counts, Progress, Setting
from ledger.service.rulebook import Rulebook


def setting_for(rulebook: Rulebook, progress: Progress | None = None) -> Setting:
    """The look-ups of one rulebook."""
    regime, catalogue = rulebook.regime, rulebook.catalogue

    @lru_cache(maxsize=4096)
    def chip(name: str) -> ChipFact | None:
        row = catalogue.find(name)
        return None if row is None else ChipFact(row.key, rulebook.unit_mtpp(row.key))

    named = {
        word: holder
        for budget in rulebook.budgets.values()
        if budget.holder_kind == "named"
        for holder, name in budget.holders.names
        for word in (name, holder)
    }

    @lru_cache(maxsize=4096)
    def country(text: str) -> str | None:
        code = named.get(text) or countries.find(text)
        return None if code is None or nowhere(code) else code

    @lru_cache(maxsize=4096)
    def refused(text: str) -> str | None:
        code = countries.find(text)
        if code is None or not nowhere(code):
            return None
        name = countries.name(code)
        return f"{name} is a territory the rule names nowhere: whose list it follows is not settled"

    def nowhere(code: str) -> bool:
        return code not in named.values() and countries.treated_as(code) is None

    @lru_cache(maxsize=256)
    def authorization(text: str) -> str | None:
        return regime.authorization(text)

    counts: Counts = "amounts" if regime.counts == "amounts" else "chips"
    return Setting(
        chip=chip,
        nearest_chip=catalogue.nearest,
        country=country,
        nearest_country=countries.nearest,
        country_refused=refused,
        authorization=authorization,
        nearest_authorization=regime.nearest_authorization,
        counts=counts,
        progress=progress,
    )
