"""Which budget a person means who names its holder in words, as an adjustment does."""

from __future__ import annotations

from ledger import countries
from ledger.policy.budgets import BudgetRule
from ledger.policy.types import folded
from ledger.service.rulebook import Rulebook
from schemas.names import name_key


def budget_of(
    rulebook: Rulebook, holder: str, rule: str | None
) -> tuple[BudgetRule, str, str] | None:
    """The kind of budget a holder has, with its key and name; None where that is not plain.

    `holder` is a country (name or code), a named holder or a party, as an adjustment says it.
    """
    for budget in rulebook.budgets.values():
        if rule is not None and budget.key != rule:
            continue
        if budget.holder_kind == "party":
            named = None if rule is None else _party_named(rulebook, budget, holder)
            if named is not None:
                return budget, *named
            continue
        code = _holder_named(budget, holder)
        if code is not None:
            return budget, code, budget.holders.name(code)
    return None


def _holder_named(budget: BudgetRule, holder: str) -> str | None:
    """The code of a country or named holder, by that code or by its name."""
    if budget.has_holder(holder):
        return holder
    said = folded(holder)
    named = (code for code, name in budget.holders.names if folded(name) == said)
    code = next(named, None) or countries.find(holder)
    return code if code is not None and budget.has_holder(code) else None


def _party_named(rulebook: Rulebook, budget: BudgetRule, holder: str) -> tuple[str, str] | None:
    """A party as an adjustment says it; a company in a country as "Acme Ltd, India"."""
    if "country" not in budget.holders.source:
        return name_key(holder), holder
    party, _, place = holder.replace("@", ",").rpartition(",")
    code = rulebook.followed(countries.find(place.strip()))
    if not party.strip() or code is None:
        return None
    name = f"{party.strip()}, {rulebook.country_name(code)}"
    return f"{name_key(party.strip())}@{code}", name
