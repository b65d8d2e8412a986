"""A ledger in a hundred lines: whole lists, summed anew each time, and no database."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

UNIT = 15_832_000  # milli-TPP of one NVIDIA H100
COUNTRY, PARENT = 790_000_000_000, 26_900_000_000

Budget = tuple[str, str]  # a country and "2025-2027", or a party and its year
TAKEN = ("held", "posted")


@dataclass
class Done:
    """One movement: its effects by budget and column, and what it was about."""

    kind: str
    day: date
    effects: dict[tuple[Budget, str], int] = field(default_factory=dict)
    target: int | None = None
    units: int = 0
    licence: int | None = None  # the seq of the licence a shipment draws on
    undone: bool = False
    by: int | None = None  # the reversal that stands


def limit_of(budget: Budget) -> int:
    """The base limit: that of a country, or of an ultimate parent."""
    return COUNTRY if budget[1] == "2025-2027" else PARENT


class Model:
    """What a ledger should hold after each act; every act tells the findings expected."""

    def __init__(self) -> None:
        self.done: dict[int, Done] = {}
        self.seq = 1  # the adoption

    # What stands

    def total(self, budget: Budget, *columns: str, until: date = date.max) -> int:
        """The sum of some columns of a budget, of movements dated until a day."""
        return sum(
            amount
            for one in self.done.values()
            if one.day <= until
            for (where, column), amount in one.effects.items()
            if where == budget and column in columns
        )

    def balances(self) -> dict[Budget, dict[str, int]]:
        """Every amount that is not nothing."""
        found: dict[Budget, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for one in self.done.values():
            for (budget, column), amount in one.effects.items():
                found[budget][column] += amount
        kept = {b: {c: n for c, n in columns.items() if n} for b, columns in found.items()}
        return {budget: columns for budget, columns in kept.items() if columns}

    def pointing(self, seq: int) -> list[int]:
        """The movements that point at one and still stand."""
        live = {s: d for s, d in self.done.items() if not d.undone and d.kind != "reversal"}
        return [s for s, d in live.items() if seq in (d.target, d.licence)]

    def line(self, seq: int) -> tuple[int, int]:
        """How many units of a licence are used, and how much it still holds."""
        used = sum(d.units for d in self.done.values() if d.licence == seq and not d.undone)
        licence = self.done[seq]
        held = 0 if licence.undone else max((licence.units - used) * UNIT, 0)
        return used, held

    def left(self, seq: int, column: str, *kinds: str) -> int:
        """What a shipment has in a column, less what later movements of some kinds took."""
        own = sum(n for (_, c), n in self.done[seq].effects.items() if c == column and n > 0)
        followers = (self.done[s] for s in self.pointing(seq) if self.done[s].kind in kinds)
        back = sum(n for d in followers for (_, c), n in d.effects.items() if c == column and n < 0)
        return own + back

    def room(self, country: str, day: date) -> int:
        """The least room on any day from one on, what is pending being taken."""
        budget = (country, "2025-2027")
        days = {day, *(d.day for d in self.done.values() if d.day > day)}
        return min(
            COUNTRY
            + self.total(budget, "adjustment", until=on)
            - self.total(budget, *TAKEN, "pending", until=on)
            for on in days
        )

    def suspended(
        self, country: str, day: date, acts_of: tuple[str, str] = ("suspend", "reinstate")
    ) -> bool:
        """Whether a country's budget is suspended on a day, by acts in order of their days."""
        acts = [
            (d.day, seq, d.kind)
            for seq, d in self.done.items()
            if d.kind in acts_of and not d.undone and d.day <= day
            if ((country, "2025-2027"), "act") in d.effects
        ]
        return bool(acts) and max(acts)[2] == acts_of[0]

    def marks(self, country: str, day: date) -> list[str]:
        """What a licence is flagged with while its country's budget is suspended or blocked."""
        pairs = {"holder_suspended": ("suspend", "reinstate"), "holder_blocked": ("block", "")}
        return [code for code, acts in pairs.items() if self.suspended(country, day, acts)]

    # What happens

    def add(self, one: Done) -> list[str]:
        """Record a movement; whether it takes more than there is on some day from its own on."""
        self.seq += 1
        self.done[self.seq] = one
        over = []
        for budget in dict.fromkeys(where for where, _ in one.effects):
            taken = sum(one.effects.get((budget, c), 0) for c in TAKEN)
            days = {one.day, *(d.day for d in self.done.values() if d.day > one.day)}
            left = (
                limit_of(budget)
                + self.total(budget, "adjustment", until=on)
                - self.total(budget, *TAKEN, until=on)
                for on in days
            )
            if taken > 0 and min(left) < 0:
                over.append("over_limit")
        return over

    def undo(self, seq: int) -> list[str]:
        """Reverse a movement: the opposite of its effects, but for what a licence holds again.

        Whether that takes more than there is: a return that is reversed takes room back.
        """
        one = self.done[seq]
        opposite = {key: -amount for key, amount in one.effects.items()}
        before = self.line(one.licence)[1] if one.licence else 0
        one.undone = True
        if one.licence:
            budget = next(where for (where, c) in one.effects if c == "posted")
            opposite[budget, "held"] = self.line(one.licence)[1] - before
        over = self.add(Done("reversal", one.day, opposite, target=seq))
        one.by = self.seq
        return over

    def may_stand_again(self, seq: int) -> bool:
        """Whether a reversed movement can be restored: nothing took its place since."""
        one = self.done[seq]
        assert one.by is not None
        targets = [t for t in (one.target, one.licence) if t]
        if any((self.done[t].by or 0) > seq for t in targets):
            return False
        beside = [s for t in targets for s in self.pointing(t) if s > one.by]
        return all(one.licence and self.done[s].licence for s in beside)

    def redo(self, seq: int) -> list[str]:
        """Restore a reversed movement: its effects again, but for what a licence holds now."""
        one = self.done[seq]
        again = dict(one.effects)
        before = self.line(one.licence)[1] if one.licence else 0
        target, one.by, one.undone = one.by, None, False
        if one.licence:
            budget = next(where for (where, c) in one.effects if c == "posted")
            again[budget, "held"] = self.line(one.licence)[1] - before
        if one.kind == "licence":
            budget = next(where for (where, c) in one.effects if c == "held")
            again[budget, "held"] = self.line(seq)[1]
        return self.add(Done("reversal", one.day, again, target=target))
