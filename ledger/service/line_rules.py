"""What licence lines are read by: holidays, and the countries whose budgets closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ledger import countries
from ledger.service.rulebook import Rulebook

# The option that says what becomes of licences where a country's budget closes.
JOINING, AT_ONCE = "group_change_joining_d5", "closed_at_once"
# What a shipment goes under that has no authorization, and one of which none is known.
_WITHOUT = ("none", "unstated")
# By destination, the days on which its budget is closed, first and last, as ISO text.
Closures = Mapping[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class LineRules:
    """What licence lines are read by.

    `several`: a licence may hold on more than one budget in full. `holidays`: the calendar on
    whose holidays no licence ends. `closures`: where and when the licences of before are
    suspended, since their country's budget closed. `licensed`: the authorization that licences
    are of; `drawn_under`: how shipments that draw them down may have named it; `claimed`: how
    those may that say they go under one, nothing where that is also how a shipment goes that says
    nothing; `without`: how those may that went under nothing, or under a licence that was not on
    file.
    """

    licensed: str
    drawn_under: frozenset[str]
    claimed: frozenset[str]
    without: frozenset[str]
    several: bool = False
    holidays: str = ""
    closures: Closures = field(default_factory=dict)


@lru_cache(maxsize=16)
def line_rules(rulebook: Rulebook) -> LineRules:
    """What licence lines are read by under a rulebook."""
    regime = rulebook.regime
    licensed = regime.authorizations[regime.judging.licensed]
    words = frozenset((licensed.code, *licensed.aliases))
    return LineRules(
        licensed.code,
        words,
        words if regime.unstated not in words else frozenset(),
        words | {*_WITHOUT, regime.unstated},
        rulebook.holds_on_several,
        regime.licensing.holidays,
        _closures(rulebook),
    )


def _closures(rulebook: Rulebook) -> Closures:
    """When a destination's licences are suspended because its budget closed.

    Empty where the option leaves that to an act.
    """
    if rulebook.options.get(JOINING) != AT_ONCE:
        return {}
    closed = {
        code: tuple((begun.isoformat(), end.isoformat()) for begun, end in spans)
        for budget in rulebook.regime.budgets.values()
        for code, spans in budget.closings.items()
    }
    alike = ((code, rulebook.followed(code)) for code in (countries.names() if closed else ()))
    return closed | {code: closed[at] for code, at in alike if at in closed}


def closed_since(closures: Closures, line: Mapping[str, Any], issued_on: str, day: str) -> str:
    """Since when a line is suspended with its country's budget on a day; empty where it is not.

    A licence issued after the budget closed was issued in spite of that.
    """
    spans = closures.get(line["destination"] or "", ()) if closures else ()
    return next((begun for begun, end in spans if issued_on < begun <= day <= end), "")
