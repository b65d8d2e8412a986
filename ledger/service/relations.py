"""Who belongs to whom on a day: declared ownership and mergers of parties.

A party is known by its name key. A merger makes one party of two from its day on; ownership names
the ultimate parent. Both are declared and dated, never inferred from names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from schemas.kinds import Kind


@dataclass(frozen=True, slots=True)
class Relation:
    """One declaration in force from a day, through `until_on` where it ends."""

    kind: str
    subject: str
    object: str
    from_on: date
    until_on: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.from_on <= day and (self.until_on is None or day <= self.until_on)


class Relations:
    """Declarations by subject, the newest first; the latest recorded of a day wins."""

    def __init__(self, relations: Iterable[Relation] = ()) -> None:
        self._of: dict[tuple[str, str], list[Relation]] = {}
        for relation in relations:
            self.add(relation)

    def add(self, relation: Relation) -> None:
        """Take one more declaration, recorded after those before."""
        known = self._of.setdefault((relation.kind, relation.subject), [])
        known.append(relation)
        known.sort(key=lambda r: r.from_on)

    def __bool__(self) -> bool:
        return bool(self._of)

    def touches(self, key: str) -> bool:
        """Whether anything was declared of the party."""
        return (Kind.OWNERSHIP, key) in self._of or (Kind.PARTY_MERGED, key) in self._of

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
        """The key of the party whose allowance a consignee draws on: its ultimate parent.

        The parent stated, else the one declared, else the consignee itself (15 CFR 740.29(a)).
        """
        if parent is not None:
            return self.merged(parent, day)
        if consignee is None:
            return None
        own = self.merged(consignee, day)
        owner = self._latest(Kind.OWNERSHIP, own, day)
        return self.merged(owner, day) if owner is not None else own

    def _latest(self, kind: Kind, key: str, day: date) -> str | None:
        held = [r for r in self._of.get((kind, key), ()) if r.holds(day)]
        return held[-1].object if held else None
