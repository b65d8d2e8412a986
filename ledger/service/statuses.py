"""Who is known to hold an authorization of its own: declared, dated, for a country or anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from ledger.policy.budgets import BudgetRule
from ledger.policy.types import Regime
from ledger.service.relations import Relation, Relations

_US = "\x1f"


def status_object(status: str, country: str | None) -> str:
    """How a standing act keeps what status was announced, and for which country."""
    return f"{status}{_US}{country or ''}"


def granted(regimes: Iterable[Regime], status: str) -> str | None:
    """The code of the authorization that a status announces, as the first regime that knows it
    has it; None for what is none, and for that of licences or of what is not stated.
    """
    for regime in regimes:
        code = regime.authorization(status) if status else None
        if code not in (None, regime.unstated, regime.judging.licensed):
            return code
    return None


class Statuses:
    """The official statuses on record, by what they are and where they hold."""

    def __init__(self, standing: Iterable[tuple[Any, ...]], relations: Relations) -> None:
        self._relations = relations
        self._of: dict[str, list[Relation]] = {}
        for _, kind, subject, named, from_on, until_on, *_ in standing:
            until = None if until_on is None else date.fromisoformat(str(until_on))
            one = Relation(kind, subject, named or "", date.fromisoformat(str(from_on)), until)
            self._of.setdefault(one.object, []).append(one)

    def __bool__(self) -> bool:
        return bool(self._of)

    def authorize(
        self, rule: BudgetRule, parties: Iterable[str], country: str | None, day: date
    ) -> bool:
        """Whether any of some parties (name keys, after mergers) may draw on a budget on a day.

        An authorization declared for no country holds in every country; one of a group that a
        company of it holds is that of all.
        """
        known = frozenset(parties)
        above = self._above(known, day) if rule.of_groups else frozenset[str]()
        places = dict.fromkeys(status_object(rule.authorization, at) for at in (None, country))
        return any(
            not known.isdisjoint((one.subject, self._relations.merged(one.subject, day)))
            or not above.isdisjoint(self._above((one.subject,), day) if above else ())
            for place in places
            for one in self._of.get(place, ())
            if one.holds(day)
        )

    def _above(self, parties: Iterable[str], day: date) -> frozenset[str]:
        """The ultimate parents that are declared of some parties, else those parties."""
        each = (self._relations.holders(party, None, day) for party in parties)
        return frozenset().union(*each)
