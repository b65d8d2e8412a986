"""What the intake asks of a ledger: its chips, countries and authorizations as functions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ledger import countries
from ledger.intake.setting import ChipFact, Counts, Progress, Setting
from ledger.intake.words import near
from ledger.service.rulebook import Rulebook

_NO_COUNTRY = "no such country"
_NO_PLACE = "no such country, and no such holder in this regime"


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
        if budget.holder_kind == "named" and budget.holders.in_country_columns
        for holder, name in budget.holders.names
        for word in (name, holder)
    }

    @lru_cache(maxsize=4096)
    def country(text: str) -> str | None:
        code = named.get(text) or countries.find(text)
        return None if code is None or nowhere(code) else code

    def nearest_place(text: str) -> Sequence[str]:
        return near(text, list(named)) or countries.nearest(text)

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
        nearest_country=nearest_place,
        country_refused=refused,
        authorization=authorization,
        nearest_authorization=regime.nearest_authorization,
        counts=counts,
        progress=progress,
        licensed=regime.judging.licensed,
        no_place=_NO_PLACE if named else _NO_COUNTRY,
    )
