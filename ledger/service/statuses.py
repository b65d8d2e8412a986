"""Who is known to hold an authorization of its own: declared, dated, for a country or anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

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

    def holds(self, code: str, party: str, country: str | None, day: date) -> bool:
        """Whether a party (a name key, after mergers) holds an authorization on a day.

        One declared for no country holds in every country.
        """
        places = dict.fromkeys((status_object(code, None), status_object(code, country)))
        return any(
            one.holds(day) and party in (one.subject, self._relations.merged(one.subject, day))
            for place in places
            for one in self._of.get(place, ())
        )
