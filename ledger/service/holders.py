"""Who holds the budget a draw falls on, by the field of the movement that names it.

Where no operator is stated the owner operates; where no owner is stated the items are the
ultimate parent's, else the consignee's. What is stated is kept as given; to find the holder,
parties go through the mergers on record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from ledger.policy.budgets import ATTRIBUTED, COUNTRIES, PARENTS
from ledger.service.relations import Relations
from ledger.service.rows import party_key
from ledger.service.rulebook import Rulebook
from schemas.records import Given

# Names the entity whose budget a shipment is counted on, where the budget lets it.
ATTRIBUTED_TO = "attributed_to"
# What one exporter sent to whom the items are: the owner stated, else the ultimate consignee
# itself, whoever owns that.
BY_EXPORTER = "consignee_exporter"
# Between the two parties of such an account. Name keys hold no capital letter.
_FROM = " FROM "
# The parties a source asks for in turn, before the ultimate parent and the consignee.
PARTIES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(PARENTS, ()),
    **dict.fromkeys(ATTRIBUTED, (ATTRIBUTED_TO,)),
    "owner": ("owner",),
    "operator": ("operator", "owner"),
    "company_country": ("owner",),
    "operator_country": ("operator", "owner"),
    "other_operator_country": ("operator", "owner"),
    "parent_country": (),
    BY_EXPORTER: ("owner",),
}
# Companies that hold by themselves, whoever owns them.
ALONE = ("exporter", "consignee")
# A company's account in one country; the last only where the operator is not the owner.
IN_COUNTRY = ("company_country", "operator_country", "other_operator_country", "parent_country")
# A chip's account in one country.
CHIP_IN_COUNTRY = "chip_country"
OTHER = "other_operator_country"
# Who needs an authorization of its own, where a budget's holders do.
AUTHORIZED = ("owner", "operator")
# The one country that has no column of its own.
LEFT = "from_country"
# Sites, named by a text of their own.
SITES = ("facility", "from_facility")


def asked_of(sources: Iterable[str]) -> tuple[str, ...]:
    """The fields without a column of their own that some sources look at."""
    found = {field for source in sources for field in PARTIES.get(source, ())}
    if found & {ATTRIBUTED_TO} or set(sources) & set(PARENTS):
        found.add(ATTRIBUTED_TO)
    return tuple(sorted(found | set(sources) & {*SITES, LEFT}))


def stated(given: Given, name: str) -> str | None:
    """A field of a movement that has no column of its own; None where it is not stated."""
    if given.details is None or f'"{name}":' not in given.details:
        return None
    found = json.loads(given.details).get(name)
    return None if found is None else str(found)


def nth_of(holders: Sequence[str], source: str) -> str | None:
    """The holder a source means of several: the second parent of a joint venture, and so on."""
    turn = turn_of(source)
    return holders[turn] if turn < len(holders) else None


def turn_of(source: str) -> int:
    """Which of several parents a source means, from 0."""
    for names in (PARENTS, ATTRIBUTED):
        if source in names:
            return names.index(source)
    return 0


def account_key(party: str, country: str) -> str:
    """The holder key of a company's account in a country."""
    return f"{party}@{country}"


def supplied_key(receiver: str, exporter: str) -> str:
    """The holder key of what an exporter sent to a receiver."""
    return f"{receiver}{_FROM}{exporter}"


def supplied(holder: str) -> tuple[str, str]:
    """The receiver and the exporter of such a holder key."""
    receiver, _, exporter = holder.partition(_FROM)
    return receiver, exporter


def supplied_name(receiver: str, exporter: str) -> str:
    """What such an account is called."""
    return f"{receiver} from {exporter}"


class Holders:
    """Answers who holds what a draw falls on, as (key, name)."""

    def __init__(self, rulebook: Rulebook, relations: Callable[[], Relations]) -> None:
        self.rulebook, self._relations = rulebook, relations

    def of(self, source: str, given: Given, day: date) -> tuple[str, str] | None:
        """The holder a source names on a day; None where nobody is named."""
        if source in COUNTRIES:
            code = self.country(given, source)
            return None if code is None else (code, self.rulebook.country_name(code))
        if source == "chip":
            return None if given.chip is None else (given.chip, given.chip)
        if source == CHIP_IN_COUNTRY:
            code = self.country(given)
            if given.chip is None or code is None:
                return None
            name = f"{given.chip}, {self.rulebook.country_name(code)}"
            return account_key(given.chip, code), name
        if source in SITES:
            site = stated(given, source)
            return None if site is None else (party_key(site) or "", site)
        if source in ALONE:
            return self._alone(getattr(given, source), day)
        if source == BY_EXPORTER:
            return self._supplied(given, day)
        party = self.party(source, given, day)
        if party is None or source not in IN_COUNTRY:
            return party
        if source == OTHER and party[0] == self._key("owner", given, day):
            return None
        code = self.country(given)
        if code is None:
            return None
        name = f"{party[1]}, {self.rulebook.country_name(code)}"
        return account_key(party[0], code), name

    def _alone(self, named: str | None, day: date) -> tuple[str, str] | None:
        key = party_key(named)
        if named is None or key is None:
            return None
        merged = self._relations().merged(key, day)
        return merged, named if merged == key else self._relations().name(merged)

    def _supplied(self, given: Given, day: date) -> tuple[str, str] | None:
        receiver = stated(given, "owner") or given.consignee
        if receiver is None:
            return None
        named = (receiver, given.exporter or "")
        relations = self._relations()
        keys = [relations.merged(party_key(name) or "", day) for name in named]
        both = zip(named, keys, strict=True)
        said = (name if party_key(name) == key else relations.name(key) for name, key in both)
        return supplied_key(keys[0], keys[1]), supplied_name(*said)

    def country(self, given: Given, source: str = "destination") -> str | None:
        """One of a movement's countries, or the one it follows; None where none is stated."""
        country = stated(given, LEFT) if source == LEFT else getattr(given, source)
        return self.rulebook.followed(country) or country

    def party(self, source: str, given: Given, day: date) -> tuple[str, str] | None:
        """The party a source names: key and name, as the movement has it or a declaration."""
        key = self._key(source, given, day)
        if key is None:
            return None
        fields = [stated(given, name) for name in PARTIES[source]]
        for name in (*fields, given.parent, given.consignee):
            if name and party_key(name) == key:
                return key, name
        return key, self._relations().name(key)

    def _key(self, source: str, given: Given, day: date) -> str | None:
        relations = self._relations()
        for name in PARTIES[source]:
            key = party_key(stated(given, name))
            if key is not None and source in ATTRIBUTED:
                return nth_of(relations.holders(key, None, day), source)
            if key is not None:
                return relations.merged(key, day)
        holders = relations.holders(party_key(given.consignee), party_key(given.parent), day)
        return nth_of(holders, source)
