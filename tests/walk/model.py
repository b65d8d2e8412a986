"""A ledger in a few hundred lines: whole lists, summed anew each time, and no database.

It knows movements by number, each with its effects by budget and column, and what a licence line
comes to is told by going through its movements once more. Nothing of the ledger is used here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from tests.walk.limits import ALWAYS, CEILINGS, CYCLE, Budget, limit_of
from tests.walk.line import Line

__all__ = ["ALWAYS", "CYCLE", "UNIT", "Budget", "Done", "Effects", "Model"]

UNIT = 15_832_000  # milli-TPP of one NVIDIA H100, and of one H200
Effects = dict[tuple[tuple[str, str], str], int]
TAKEN = ("held", "posted", "lapsed")
GIVE_BACK = ("return", "attrition", "removal")
ASIDE = ("refusal", "reversal")
ANSWERS = ("licence", "denial", "returned_without_action")
SENT = ("shipment", "moved")
ARRIVALS = ("receipt", "installation", "moved_in")
# The two legs of a move between facilities; the second points at the first.
LEGS = ("moved_out", "moved_in")


@dataclass
class Done:
    """One movement: its effects by budget and column, and what it was about.

    `target` is the movement it points at, `line` the licence whose line it draws on or changes
    (`says` tells how), `laid` the shipment that an assignment lays under it, `linked` the one whose
    goods a transfer under a licence of its own moves on.
    """

    kind: str
    day: date
    effects: Effects = field(default_factory=dict)
    target: int | None = None
    units: int = 0
    line: int | None = None
    laid: int | None = None
    linked: int | None = None
    maker: int | None = None  # the licence that takes the place of the one a replacement ends
    says: dict[str, str] = field(default_factory=dict)
    name: str = ""
    undone: bool = False
    by: int | None = None  # the reversal that stands

    def about(self) -> set[int]:
        """The movements it cannot stand without."""
        return {seq for seq in (self.target, self.line, self.laid, self.linked) if seq is not None}


class Model:
    """What a ledger should hold after each act; every act tells the findings expected."""

    # Whether what a licence did not use comes back, by how it ends; a replacement's always does.
    gives_back: frozenset[str] = frozenset({"replacement"})

    def __init__(self) -> None:
        self.done: dict[int, Done] = {}
        self.seq = 1  # the adoption

    # What stands

    def live(self, *kinds: str) -> list[int]:
        """The movements of some kinds that stand."""
        return [seq for seq, d in self.done.items() if d.kind in kinds and not d.undone]

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

    def room(self, budget: Budget, day: date, *columns: str) -> int:
        """The least room on any day from one on; `columns` are taken beside what is used."""
        days = {day, *(d.day for d in self.done.values() if d.day > day)}
        days |= {first for first, _ in CEILINGS if first > day}
        limits = {on: limit_of(budget, on) for on in days}
        return min(
            limit
            + self.total(budget, "adjustment", until=on)
            - self.total(budget, *TAKEN, *columns, until=on)
            for on, limit in limits.items()
            if limit is not None
        )

    def line(self, seq: int) -> Line:
        """A licence's line as its live movements make it, in the order they were recorded."""
        licence = self.done[seq]
        line = Line(licence.units, licence.says, licence.day, stands=not licence.undone)
        for one in self.done.values():
            if one.line == seq and not one.undone and one.kind not in ASIDE:
                line.take(one.kind, one.units, one.says, one.day, one.kind in self.gives_back)
        return line

    def acts_on(self, seq: int, *kinds: str) -> list[tuple[date, int, Done]]:
        """The acts of some kinds that stand on a licence's line, by their days."""
        return sorted(
            (self.done[s].day, s, self.done[s])
            for s in self.live(*kinds)
            if self.done[s].line == seq
        )

    def acts_of(self, budget: Budget, marking: str, ending: str, day: date) -> bool:
        """Whether a budget is marked on a day: of the acts of a pair the latest decides."""
        acts = [
            (d.day, seq, d.kind)
            for seq, d in self.done.items()
            if d.kind in (marking, ending) and not d.undone and (budget, "act") in d.effects
            if d.day <= day and str(day) <= d.says.get("until_on", "9999")
        ]
        return bool(acts) and max(acts)[2] == marking

    def marks(self, budget: Budget, day: date) -> list[str]:
        """What a claim is flagged with while a budget is suspended or blocked."""
        pairs = {
            "holder_suspended": ("suspend", "reinstate"),
            "holder_blocked": ("block", "unblock"),
        }
        return [code for code, pair in pairs.items() if self.acts_of(budget, *pair, day)]

    def late(self, one: Done) -> list[str]:
        """The mark of what is dated into a quarter that is closed."""
        if "quarter_close" in (one.kind, one.says.get("of")) or one.kind == "refusal":
            return []
        days = [one.day, *(self.done[s].day for s in self.live("quarter_close"))]
        of, *closed = [(d.year, (d.month - 1) // 3) for d in days]
        return ["late_for_quarter"] * (of in closed)

    def answers(self, application: int) -> list[int]:
        """What stands of the answers to an application."""
        return [s for s in self.live(*ANSWERS) if self.done[s].target == application]

    # What hangs together

    def pointing(self, seq: int) -> list[int]:
        """The live movements that cannot stand without one."""
        live = {s: d for s, d in self.done.items() if not d.undone and d.kind not in ASIDE}
        found = [s for s, d in live.items() if seq in d.about() or self.hangs_on(s, seq)]
        # A replacement goes with the licence that makes it.
        makers = [self.done[s].maker or s for s in (seq, *found)]
        return [s for s in makers if s != seq]

    def together(self, seq: int) -> set[int]:
        """A movement, and where it is a leg of a move the other one: neither goes alone.

        With a licence goes the replacement that it makes, but not the other way round.
        """
        made = {s for s, d in self.done.items() if d.maker == seq}
        if made:
            return {seq} | made
        out = self.done[seq].target if self.done[seq].kind == "moved_in" else seq
        pair = {s for s, d in self.done.items() if d.kind == "moved_in" and d.target == out}
        return {seq} | ({out} | pair if out is not None and self.done[out].kind in LEGS else set())

    def hangs_on(self, later: int, seq: int) -> bool:
        """What came back was taken of what an earlier movement about the same goods had posted."""
        one, other = self.done[seq], self.done[later]
        if later < seq or other.kind not in (*GIVE_BACK, "assignment") or one.kind in LEGS:
            return False  # what is behind a move points at it
        goods, of = one.laid or one.target, other.laid or other.target
        if goods is None or goods != of:
            return False
        if other.kind == "assignment":
            return one.kind in GIVE_BACK and any(one.effects.values())
        took = {
            where for (where, column), n in other.effects.items() if column == "posted" and n < 0
        }
        gave = {where for (where, column), n in one.effects.items() if column == "posted" and n > 0}
        return any(self.of_goods(goods, where, without=seq) < 0 for where in took & gave)

    def of_goods(self, shipment: int, budget: Budget, without: int) -> int:
        """What a shipment and all that followed it posted on a budget, less one of them."""
        family = [s for s in self.family(shipment) if s != without]
        return sum(self.done[s].effects.get((budget, "posted"), 0) for s in family)

    def family(self, shipment: int) -> list[int]:
        """A shipment and what stands of all that followed it."""
        return [
            s
            for s, d in self.done.items()
            if s == shipment
            or (not d.undone and d.kind not in ASIDE and shipment in (d.target, d.laid))
        ]

    def left(self, shipment: int, where: Budget, column: str) -> int:
        """What a shipment and all that followed it have in a column of a budget."""
        return sum(self.done[s].effects.get((where, column), 0) for s in self.family(shipment))

    def giving_back(self, shipment: int, units: int, may: Callable[[Budget], bool]) -> Effects:
        """What goods that come back give back: what they posted, then what arrived, then the hold.

        `may` says of a budget whether it gives anything back.
        """
        effects: Effects = {}
        family = [self.done[s] for s in self.family(shipment)]
        for one in family:
            for where, column in one.effects:
                stands = one.target is None and column in ("posted", "safe") and may(where)
                if stands and (where, column) not in effects:
                    took = min(units * UNIT, max(self.left(shipment, where, column), 0))
                    effects[where, column] = -took
        pots = [
            (where, "posted", n)
            for one in family
            if one.kind in ARRIVALS
            for (where, c), n in one.effects.items()
            if c == "posted" and n > 0
        ]
        gone = {
            where: sum(n for at, _, n in pots if at == where) - self.left(shipment, where, "posted")
            for where, _, _ in pots
        }
        held = [
            (where, "held", self.left(shipment, where, "held"))
            for where, column in self.done[shipment].effects
            if column == "held"
        ]
        rest = units * UNIT
        for where, column, amount in [*pots, *(held if self.done[shipment].line is None else [])]:
            before = min(gone.get(where, 0), amount) if column == "posted" else 0
            gone[where] = gone.get(where, 0) - before
            took = min(rest, amount - before) if may(where) else 0
            effects[where, column] = effects.get((where, column), 0) - took
            rest -= took
        return effects

    def all_pointing(self, seqs: Iterable[int]) -> set[int]:
        """Some movements, and all that cannot stand without them."""
        found = {s for seq in seqs for s in self.together(seq)}
        while (more := {s for seq in found for s in self.pointing(seq)} - found) or (
            more := set(self.went_on(found))
        ):
            found |= {s for seq in more for s in self.together(seq)}
        return found

    def short(self, seqs: Iterable[int], sign: int = -1) -> dict[Budget, int]:
        """What would be missing on accounts with a limit without some movements, or with them."""
        change: dict[Budget, int] = defaultdict(int)
        for seq in seqs:
            for (where, column), amount in self.done[seq].effects.items():
                change[where] += sign * amount * (column == "posted" and where[1] != ALWAYS)
        left = {w: self.total(w, "posted") + n for w, n in change.items() if n < 0}
        return {where: -amount for where, amount in left.items() if amount < 0}

    def went_on(self, gone: set[int]) -> list[int]:
        """What took goods on from accounts that would be short, the latest first, until it does."""
        found = []
        for where, missing in self.short(gone).items():
            for seq in sorted(set(self.live("moved_out")) - gone, reverse=True):
                took = -self.done[seq].effects.get((where, "posted"), 0)
                if missing > 0 and took > 0:
                    missing -= took
                    found.append(seq)
        return found

    def in_the_way(self, gone: set[int]) -> dict[int, list[int]]:
        """What stands in the way of taking some movements back, by the movement it is about."""
        found = {seq: set(self.pointing(seq)) - gone for seq in gone}
        for where in self.short(gone):
            for seq in gone:
                if self.done[seq].effects.get((where, "posted"), 0) > 0:
                    found[seq] |= {
                        s for s in self.went_on(gone) if (where, "posted") in self.done[s].effects
                    }
        return {seq: sorted(others) for seq, others in found.items() if others}

    # What happens

    def add(self, one: Done) -> list[str]:
        """Record a movement; whether it takes more than there is, and whether it is late."""
        self.seq += 1
        self.done[self.seq] = one
        over = []
        for budget in dict.fromkeys(where for where, _ in one.effects):
            taken = sum(one.effects.get((budget, c), 0) for c in TAKEN)
            if taken > 0 and budget[1] != ALWAYS and self.room(budget, one.day) < 0:
                over.append("over_limit")
        return over + self.late(one)

    def draw(self, one: Done) -> list[str]:
        """Record what draws on a licence line or ends it: the line and its budget move."""
        assert one.line is not None
        before = self.line(one.line)
        self.done[self.seq + 1] = one
        self._move(one, before)
        return self.add(one)

    def _move(self, one: Done, before: Line) -> None:
        """Give a movement what the line it is about came to hold and to count as lapsed."""
        assert one.line is not None
        where, after = self.budget_of(one.line), self.line(one.line)
        one.effects[where, "held"] = (after.held - before.held) * UNIT
        one.effects[where, "lapsed"] = (after.lapsed - before.lapsed) * UNIT

    def budget_of(self, licence: int) -> Budget:
        """The budget a licence holds on."""
        return next(where for (where, column) in self.done[licence].effects if column == "held")

    def undo(self, seq: int) -> list[str]:
        """Reverse a movement: the opposite of its effects, but for what a line holds again."""
        one = self.done[seq]
        reversal = Done("reversal", one.day, {k: -n for k, n in one.effects.items()}, target=seq)
        self._change(seq, reversal, stands=False)
        found = self.add(reversal)
        one.by = self.seq
        return found

    def redo(self, seq: int) -> list[str]:
        """Restore a reversed movement: its effects again, but for what a line holds now."""
        one = self.done[seq]
        reversal = Done("reversal", one.day, dict(one.effects), target=one.by)
        self._change(seq, reversal, stands=True)
        one.by = None
        return self.add(reversal)

    def _change(self, seq: int, reversal: Done, *, stands: bool) -> None:
        one = self.done[seq]
        reversal.says = {"of": one.kind}
        answered = one.target if one.kind in ANSWERS else None
        standing = bool(answered and self.answers(answered))
        of = seq if one.kind == "licence" else one.line
        before = self.line(of) if of is not None else None
        one.undone = not stands
        if of is not None and before is not None:
            reversal.line = of
            self._move(reversal, before)
        if answered is not None:  # what is asked for waits where no answer is left
            waits = standing - bool(self.answers(answered))
            for (where, column), amount in self.done[answered].effects.items():
                reversal.effects[where, column] = waits * amount

    def may_stand_again(self, seq: int, with_: Iterable[int]) -> bool:
        """Whether a reversed movement can be restored: nothing took its place since.

        `with_` are those that are restored together, it among them.
        """
        one = self.done[seq]
        assert one.by is not None
        pair = self.together(seq)
        if one.maker is not None and self.done[one.maker].undone and one.maker not in with_:
            return False
        if any((self.done[s].by or 0) > seq for s in one.about() - pair):
            return False
        if one.name and any(self.done[s].name == one.name for s in self.live(one.kind)):
            return False
        goods = {seq for seq in (one.target, one.laid) if seq is not None}
        if (
            one.kind in GIVE_BACK
            and one.target is not None
            and any(
                column == "posted" and amount + self.of_goods(one.target, where, without=seq) < 0
                for (where, column), amount in one.effects.items()
                if amount < 0
            )
        ):
            return False
        beside = {
            s
            for s in self.live(*{d.kind for d in self.done.values()} - set(ASIDE))
            if s > one.by and self._beside(one, self.done[s], goods)
        }
        return not beside

    def _beside(self, one: Done, other: Done, goods: set[int]) -> bool:
        """Whether another follows the same movement, and the two may not come in any order."""
        if one.kind in SENT and other.kind in SENT:
            return False
        same_goods = bool(goods & {other.target, other.laid})
        return same_goods or (one.line is not None and one.line == other.line)
