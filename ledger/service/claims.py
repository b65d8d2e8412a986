"""Who needs an authorization of its own for what a movement claims, and lacks it on record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from ledger.policy.budgets import BudgetRule
from ledger.rules.judge import Ruling, is_outside
from ledger.rules.rulings import ASKED, COUNTED, LEAVE
from ledger.service.holders import AUTHORIZED, Holders
from ledger.service.rows import Flag, Row, is_shipment
from ledger.service.rulebook import Rulebook
from ledger.service.statuses import Statuses

# Whom a group-wide authorization is asked of beside the party itself, where a movement says that
# the party is one of them: who receives, and who owns that in the end.
KIN = ("consignee", "parent")
# Draws that are made whatever the authorization is, or without anything going there.
_UNCLAIMED = frozenset((*COUNTED[1:], *ASKED, LEAVE))


def claimed(rulebook: Rulebook, ruling: Ruling) -> BudgetRule | None:
    """The budget drawn on whose holders need an authorization of their own, if there is one."""
    own = (d for d in ruling.draws if not d.authorized and d.effect not in _UNCLAIMED)
    rules = (rulebook.budgets[draw.rule] for draw in own)
    rule = next((rule for rule in rules if rule.authorization), None)
    return None if rule is None or _needs_none(rulebook, rule, ruling) else rule


@lru_cache(maxsize=8)
def _known(_rulebook: Rulebook) -> dict[str, BudgetRule | None]:
    """What is claimed under the rulings of a ledger, by their digests, as far as it was asked."""
    return {}


def _needs_none(rulebook: Rulebook, rule: BudgetRule, ruling: Ruling) -> bool:
    """Whether the regime of a budget does not weigh the case at all, and only tallies count it."""
    book = rulebook.of_budget(rule.key)
    cases = (one.case for one in (ruling, *ruling.beside) if one.regime == book.regime.key)
    return any(is_outside(case, book.regime, book.options) for case in cases)


def lacking(
    rulebook: Rulebook,
    statuses: Callable[[], Statuses],
    row: Row,
    holders_of: Mapping[str, Holders],
) -> list[Flag]:
    """The flags of owner and operator without the authorization that a shipment claims."""
    if not row.ruled or not is_shipment(row.kind):
        return []
    known, ruled = _known(rulebook), row.ruled
    if ruled.digest not in known:
        known[ruled.digest] = claimed(rulebook, ruled.ruling)
    rule = known[ruled.digest]
    if rule is None:
        return []
    day, holders = row.given.effective_on, holders_of[rulebook.of_budget(rule.key).regime.key]
    country = holders.country(row.given, "destination")
    parties: dict[str, str] = {}
    for role in AUTHORIZED:
        if (party := holders.party(role, row.given, day)) is not None:
            parties.setdefault(*party)
    kin = [found[0] for one in KIN if (found := holders.of(one, row.given, day)) is not None]
    return [
        not_on_file(rulebook, rule, name, country)
        for key, name in parties.items()
        if not statuses().authorize(rule, asked(rule, key, kin), country, day)
    ]


def asked(rule: BudgetRule, party: str, kin: Iterable[str]) -> frozenset[str]:
    """Of which parties any one may hold the authorization that a party claims."""
    every = frozenset((party, *kin))
    return every if rule.of_groups and party in kin else frozenset((party,))


def not_on_file(rulebook: Rulebook, rule: BudgetRule, party: str, country: str | None) -> Flag:
    """The flag of a party that is not known to hold an authorization it needs."""
    apart = country is not None and rule.authorized_by_country
    where = f" for {rulebook.country_name(country or '')}" if apart else ""
    return Flag("veu_not_on_file", detail=f"{party}: no {rule.authorization}{where} on record")
