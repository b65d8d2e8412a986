"""What an acquired entity received counts on its new parent too, where the option has it so.

`lpp_after_acquisition` = follows: from the day an entity has a new parent, what it received
before in that window counts on the new parent's budget as well; the parent that received it keeps
it. The declaration that brings the new parent posts what is on record; what is recorded later of
days before posts on both at once (docs/decisions/0025-readings.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, literal_column, select

from ledger.policy.budgets import BudgetRule
from ledger.policy.windows import Window
from ledger.rules.admission import Effect
from ledger.service.book import Book
from ledger.service.holders import ATTRIBUTED_TO, stated
from ledger.service.on_record import RELATED, relation_of, relations_read
from ledger.service.relations import Relations
from ledger.service.rows import Drawn, Flag, Row, party_key
from ledger.service.rulebook import Rulebook
from ledger.service.stored import stored
from ledger.service.targets import given_of
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import RETURNS, SHIPMENTS, Kind
from schemas.records import Given

FOLLOWS, NOTED = "follows", "received_before_acquisition"
_ENTRY = t.entry.columns.keys().index("posted_mtpp")
_POSTED = (
    select(t.entry.c.seq, t.budget.c.holder, t.budget.c.window, t.entry.c.posted_mtpp)
    .join(t.budget, t.budget.c.budget_no == t.entry.c.budget_no)
    .where(
        t.budget.c.rule == bindparam("rule"),
        t.entry.c.official == literal_column("1"),
        t.entry.c.posted_mtpp != literal_column("0"),
    )
    .order_by(t.entry.c.seq)
)


@lru_cache(maxsize=8)
def following(rulebook: Rulebook) -> tuple[BudgetRule, ...]:
    """The budgets on which what an entity received follows it to a new parent."""
    return tuple(
        rule
        for key, rule in rulebook.budgets.items()
        if rulebook.of_budget(key).options.get(rule.acquired_option) == FOLLOWS
    )


def options_of(rulebook: Rulebook, kind: str) -> dict[str, str]:
    """The options by which a movement of a kind brings anything to a new parent."""
    rules = following(rulebook) if kind in RELATED else ()
    return {rule.acquired_option: FOLLOWS for rule in rules}


class Lot(NamedTuple):
    """What a movement of a day posted in one window, and on whose budgets."""

    given: Given
    day: date
    window: Window
    holders: frozenset[str]
    amount: int = 0


class Heirs(NamedTuple):
    """Tells on whose budgets a lot counts, by the declarations there are."""

    relations: Relations

    def of(self, lot: Lot) -> frozenset[str]:
        """Its parents on its day, and those its entity came to have later in the window."""
        return frozenset(self.relations.holders(*self._entity(lot), lot.day)) | self.later(lot)

    def later(self, lot: Lot) -> frozenset[str]:
        """The parents its entity came to have behind its day, within the window."""
        turns = (turn for key in self._entity(lot) if key for turn in self.relations.turns(key))
        return frozenset().union(
            *(parents for day, parents in turns if lot.day < day <= lot.window.to_on)
        )

    def _entity(self, lot: Lot) -> tuple[str | None, str | None]:
        """Consignee and parent; of what was counted for another entity, that one."""
        other = party_key(stated(lot.given, ATTRIBUTED_TO))
        if other is not None and lot.holders & {*self.relations.holders(other, None, lot.day)}:
            return other, None
        return party_key(lot.given.consignee), party_key(lot.given.parent)


class Acquired:
    """Draws what follows an entity, of movements and of declarations, in the order they come."""

    def __init__(self, rulebook: Rulebook, book: Book, relations: Callable[[], Relations]) -> None:
        self.rulebook, self.book, self._on_record = rulebook, book, relations
        self.rules = following(rulebook)
        self._now: Relations | None = None
        self._lots: dict[str, dict[str, list[Lot]]] = {}

    @property
    def relations(self) -> Relations:
        """The declarations on record, and those of this submission so far."""
        if self._now is None:
            self._now = self._on_record().copy()
        return self._now

    @property
    def any(self) -> bool:
        """Whether anything on record may follow anybody."""
        return bool(self.rules) and bool(self._on_record())

    def beside(self, row: Row, draws: Sequence[Drawn]) -> list[Drawn]:
        """What a movement draws beside, for those who came to own its consignee since."""
        if not draws or not self.rules or not self.relations:
            return []
        return [one for rule in self.rules for one in self._beside(row, rule, draws)]

    def _beside(self, row: Row, rule: BudgetRule, draws: Sequence[Drawn]) -> Iterable[Drawn]:
        alike: dict[tuple[str, Effect], list[Drawn]] = defaultdict(list)
        for one in draws:
            of, _, key = self.book.named(one.place)
            if of == rule.key and one.official and one.effect in (Effect.POST, Effect.CREDIT):
                alike[key, one.effect].append(one)
        for (key, effect), of_one in alike.items():
            window, amounts = _window(rule, key), [one.amount for one in of_one]
            on = frozenset(self.book.holder(one.place) for one in of_one)
            amount = sum(amounts) if effect == Effect.CREDIT else max(amounts)
            for holder in sorted(self._also(row, rule, window, on)):
                yield Drawn(self._place(rule, holder, window), 1, effect, amount)

    def _also(
        self, row: Row, rule: BudgetRule, window: Window, on: frozenset[str]
    ) -> frozenset[str]:
        """The further holders on whose budgets a movement counts that counts `on` some."""
        given = row.given if row.target is None else row.target.given
        if row.kind not in RETURNS or row.target is None:
            lot = Lot(given, row.given.effective_on, window, on)
            return Heirs(self.relations).of(lot) - on
        places = {share.place for share in (*row.target.posted, *row.target.arrived)}
        of = (rule.key, window.key)
        kept = {self.book.holder(p) for p in places if self.book.named(p)[::2] == of}
        return Heirs(self.relations).later(Lot(given, given.effective_on, window, on)) | kept - on

    def _place(self, rule: BudgetRule, holder: str, window: Window, name: str = "") -> int:
        called = name or self.relations.name(holder)
        opened = self.rulebook.account(rule.key, holder, called, window.from_on)
        assert opened is not None, (rule.key, holder, window)
        place = self.book.budget(opened[0])
        return self.book.open_budget(*opened) if place is None else place

    def declared(self, row: Row) -> list[Drawn]:
        """What a declaration brings to those who then come to be parents, posted on its day."""
        if not self.rules:
            return []
        said, before = row.details(), Heirs(self.relations.copy())
        relation = relation_of(row.kind, row.given.effective_on, said)
        self.relations.add(relation)
        found: list[Drawn] = []
        for rule in self.rules:
            moved = self._moved(rule, relation.subject, before)
            for (window, holder), amounts in sorted(moved.items()):
                name = said["other_party"] if relation.object == holder else ""
                place, amount = self._place(rule, holder, window, name), sum(amounts)
                if amount > 0:
                    found.append(Drawn(place, 1, Effect.POST, amount))
                    detail = f"{said['party']}, {window.key}"
                    row.flags.append(Flag(NOTED, place, asked=amount, detail=detail))
        return found

    def _moved(
        self, rule: BudgetRule, subject: str, before: Heirs
    ) -> dict[tuple[Window, str], list[int]]:
        """By window and holder: what counts on it since a declaration and did not before."""
        if rule.key not in self._lots:
            self._lots[rule.key] = _lots(self.book.cursor, rule)
        known, now = self._lots[rule.key], Heirs(self.relations)
        touched = {
            id(lot): lot
            for key in self.relations.below(subject) & known.keys()
            for lot in known[key]
        }
        found: dict[tuple[Window, str], list[int]] = defaultdict(list)
        for lot in touched.values():
            for holder in now.of(lot) - before.of(lot) - lot.holders:
                found[lot.window, holder].append(lot.amount)
        return found


def _window(rule: BudgetRule, key: str) -> Window:
    found = rule.windows.of_key(key)
    assert found is not None, (rule.key, key)
    return found


def _lots(cursor: Cursor, rule: BudgetRule) -> dict[str, list[Lot]]:
    """What is posted on a rule's budgets, by the keys of consignee, parent and named entity.

    A reversal is a lot as what it reverses, of the opposite amount.
    """
    posted: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    for seq, holder, window, amount in cursor.read(_POSTED, rule.key):
        posted[seq, window][holder] = amount
    origins = _origins(cursor, {seq for seq, _ in posted})
    found: dict[str, list[Lot]] = defaultdict(list)
    for (seq, window), on in posted.items():
        if seq in origins:
            given, day = origins[seq]
            amount = max(on.values(), key=abs)
            lot = Lot(given, day, _window(rule, window), frozenset(on), amount)
            names = (given.consignee, given.parent, stated(given, ATTRIBUTED_TO))
            for key in {party_key(name) for name in names} - {None}:
                found[key or ""].append(lot)
    return found


def _origins(cursor: Cursor, seqs: Iterable[int]) -> dict[int, tuple[Given, date]]:
    """The shipment behind each movement, and the day it counts for; declarations have none."""
    known: dict[int, dict[str, Any]] = {}
    wanted = set(seqs)
    while wanted:
        rows = stored(cursor, "seq", wanted)
        known |= {m["seq"]: m for m in rows}
        wanted = {m["target_seq"] for m in rows if m["kind"] not in SHIPMENTS} - {None, *known}
    found: dict[int, tuple[Given, date]] = {}
    for seq in seqs:
        at = known[seq]
        while at["kind"] == Kind.REVERSAL:
            at = known[at["target_seq"]]
        if at["kind"] in RELATED:
            continue
        sent = at if at["kind"] in SHIPMENTS else known.get(at["target_seq"], at)
        given = given_of(cursor, sent)
        of = sent if at["kind"] in RETURNS else at
        found[seq] = given, date.fromisoformat(str(of["effective_on"]))
    return found


def carried_by(cursor: Cursor, seqs: Sequence[int]) -> dict[int, int]:
    """Of movements: the live declaration that laid what they posted on a new parent too."""
    declared = [row for kind in RELATED for row in cursor.find(t.standing, "kind", [kind])]
    subjects = {row[0]: row[2] for row in declared if row[6]}
    laid = [entry for entry in cursor.find(t.entry, "seq", subjects) if entry[_ENTRY]]
    if not laid:
        return {}
    own = [entry for entry in cursor.find(t.entry, "seq", seqs) if entry[_ENTRY]]
    numbers = {entry[1] for entry in (*laid, *own)}
    of = {row[0]: (row[1], row[4]) for row in cursor.find(t.budget, "budget_no", numbers)}
    relations = relations_read(cursor)
    origins = _origins(cursor, {entry[0] for entry in own})
    found: dict[int, int] = {}
    for seq, number, *_ in own:
        if seq not in origins:
            continue
        given, _ = origins[seq]
        keys = {party_key(name) for name in (given.consignee, given.parent)} - {None}
        above = {name for key in keys for name in relations.above(key or "")}
        for by, at, *_ in sorted(laid):
            if by > seq and of[at] == of[number] and subjects[by] in above:
                found.setdefault(seq, by)
    return found
