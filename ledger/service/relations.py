"""Who belongs to whom on a day: declared ownership and mergers of parties.

A party is known by its name key. A merger makes one party of two from its day on; ownership names
who owns it, whole or by a share. Both are declared and dated, never inferred from names. Who of
the owners is the ultimate parent is the option `parent_rule`: an owner's own owners are asked in
turn until there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from schemas.kinds import Kind


@dataclass(frozen=True, slots=True)
class Relation:
    """One declaration in force from a day, through `until_on` where it ends.

    `percent` is the share owned; None where none was stated: all of it. `said` are the names of
    both as they were written.
    """

    kind: str
    subject: str
    object: str
    from_on: date
    until_on: date | None = None
    percent: Decimal | None = None
    said: tuple[str, str] | None = None

    @property
    def share(self) -> Decimal:
        """The share owned, in percent."""
        return _ALL if self.percent is None else self.percent

    def holds(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.from_on <= day and (self.until_on is None or day <= self.until_on)


_ALL, _HALF = Decimal(100), Decimal(50)
_DAY = timedelta(1)
DECLARED, MAJORITY, JOINT = "declared", "majority", "each_joint_venturer"


class Relations:
    """Declarations by subject, the newest first; the latest recorded of a day wins.

    `rule` is the option `parent_rule`: who is declared to own all, the owner of more than half,
    or each owner of a joint venture in full.
    """

    def __init__(self, relations: Iterable[Relation] = (), rule: str = DECLARED) -> None:
        self.rule = rule
        self._of: dict[tuple[str, str], list[Relation]] = {}
        self._turns: dict[str, list[tuple[date, frozenset[str]]]] = {}
        self._names: dict[str, str] = {}
        for relation in relations:
            self.add(relation)

    def under(self, options: Mapping[str, str]) -> Relations:
        """The same declarations as other options read them."""
        rule = options.get("parent_rule", DECLARED)
        if rule == self.rule:
            return self
        other = Relations((), rule)
        other._of, other._names = self._of, self._names
        return other

    def add(self, relation: Relation) -> None:
        """Take one more declaration, recorded after those before."""
        known = self._of.setdefault((relation.kind, relation.subject), [])
        known.append(relation)
        known.sort(key=lambda r: r.from_on)
        self._turns.clear()
        keys = (relation.subject, relation.object)
        for key, name in zip(keys, relation.said or keys, strict=True):
            self._names.setdefault(key, name)

    def copy(self) -> Relations:
        """The same declarations, to which others may be added."""
        other = Relations((), self.rule)
        other._of = {name: list(known) for name, known in self._of.items()}
        other._names = dict(self._names)
        return other

    def __bool__(self) -> bool:
        return bool(self._of)

    def touches(self, key: str) -> bool:
        """Whether anything was declared of the party."""
        return (Kind.OWNERSHIP, key) in self._of or (Kind.PARTY_MERGED, key) in self._of

    def name(self, key: str) -> str:
        """A party as the first declaration that names it does, else its key."""
        return self._names.get(key, key)

    def merged(self, key: str, day: date) -> str:
        """The party a name key stands for on a day."""
        seen = {key}
        while True:
            into = self._latest(Kind.PARTY_MERGED, key, day)
            if into is None or into in seen:
                return key
            seen.add(into)
            key = into

    def holder(self, consignee: str | None, parent: str | None, day: date) -> str | None:
        """The first of `holders`; None where nobody is named."""
        return next(iter(self.holders(consignee, parent, day)), None)

    def holders(self, consignee: str | None, parent: str | None, day: date) -> tuple[str, ...]:
        """The keys of the parties whose allowances a consignee draws on: its ultimate parents.

        The parent stated, else those declared, else the consignee itself (15 CFR 740.29(a)).
        """
        if parent is not None:
            return (self.merged(parent, day),)
        return () if consignee is None else tuple(sorted(self._ultimate(consignee, day, ())))

    def turns(self, key: str) -> list[tuple[date, frozenset[str]]]:
        """The days on which a party comes to have other ultimate parents, and which, in order."""
        if key not in self._turns:
            above = [r for name in self.above(key) for r in self._said_of(name)]
            ends = [r.until_on + _DAY for r in above if r.until_on not in (None, date.max)]
            days = sorted({*(r.from_on for r in above), *ends})
            each = [(day, self.holders(key, None, day)) for day in days]
            before = [self.holders(key, None, day - _DAY) for day in days]
            new = [(d, frozenset(now) - {*was}) for (d, now), was in zip(each, before, strict=True)]
            self._turns[key] = [(day, parents) for day, parents in new if parents]
        return self._turns[key]

    def above(self, key: str) -> set[str]:
        """A party, and all it was ever declared to belong to, on whatever day."""
        found, waiting = {key}, [key]
        while waiting:
            more = {r.object for r in self._said_of(waiting.pop())} - found
            found |= more
            waiting += more
        return found

    def below(self, key: str) -> set[str]:
        """A party, and all that were ever declared to belong to it, on whatever day."""
        owned: dict[str, set[str]] = {}
        for (_, subject), known in self._of.items():
            for relation in known:
                owned.setdefault(relation.object, set()).add(subject)
        found, waiting = {key}, [key]
        while waiting:
            more = owned.get(waiting.pop(), set()) - found
            found |= more
            waiting += more
        return found

    def _said_of(self, key: str) -> list[Relation]:
        kinds = (Kind.OWNERSHIP, Kind.PARTY_MERGED)
        return [r for kind in kinds for r in self._of.get((kind, key), ())]

    def _ultimate(self, key: str, day: date, seen: tuple[str, ...]) -> frozenset[str]:
        own = self.merged(key, day)
        if own in seen:
            return frozenset()
        owners = self._owners(own, day)
        found = (self._ultimate(owner, day, (*seen, own)) for owner in owners)
        return frozenset().union(*found) or frozenset((own,))

    def _owners(self, key: str, day: date) -> list[str]:
        """Who owns a party on a day, as the rule reads the declarations."""
        held = [r for r in self._of.get((Kind.OWNERSHIP, key), ()) if r.holds(day)]
        latest = {self.merged(r.object, day): r for r in held}
        if self.rule == DECLARED:
            whole = [r for r in held if r.share >= _ALL]
            return [whole[-1].object] if whole else []
        if self.rule == MAJORITY:
            most = [r for r in latest.values() if r.share > _HALF]
            return [max(most, key=lambda r: r.from_on).object] if most else []
        return [owner for owner, r in latest.items() if r.share > 0]

    def _latest(self, kind: Kind, key: str, day: date) -> str | None:
        held = [r for r in self._of.get((kind, key), ()) if r.holds(day)]
        return held[-1].object if held else None
