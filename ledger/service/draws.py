"""Which budgets a row draws on: the ruling's draws, given holders, windows and places."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy import bindparam, select, text

from ledger.rules.admission import Effect
from ledger.rules.judge import Draw
from ledger.rules.rulings import COUNTED, UNDER_LICENCE
from ledger.service import assignments, holders, licence_acts
from ledger.service.book import Book
from ledger.service.conditions import standing_of
from ledger.service.holders import Holders
from ledger.service.installed import Installed, installed_object
from ledger.service.lines import LineBook
from ledger.service.papers import DECLARED, declared_object
from ledger.service.relations import DECLARED as DECLARED_ALONE
from ledger.service.relations import Relation, Relations
from ledger.service.rows import Drawn, Flag, Row, is_shipment, party_key
from ledger.service.rulebook import Rulebook
from ledger.service.targets import Share, Target
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import LIMIT_CHANGES, RETURNS, STATUS_CHANGES, Kind
from schemas.records import Given

TRANSIT = "hold_until_received"
BOTH_YEARS = "post_both_years"
RELEASE, IF_BEFORE, CREDIT_OTHER = UNDER_LICENCE
_, DECLARED_ONLY = COUNTED
_EFFECT = {
    "hold": Effect.HOLD,
    "pend": Effect.PEND,
    "post": Effect.POST,
    TRANSIT: Effect.HOLD,
    BOTH_YEARS: Effect.POST,
    **dict.fromkeys(COUNTED, Effect.POST),
    "credit": Effect.CREDIT,
}
_STANDING = (
    select(t.standing, t.movement.c.details)
    .join(t.movement, t.movement.c.seq == t.standing.c.seq)
    .where(t.standing.c.kind == bindparam("kind"), t.standing.c.live == text("1"))
    .order_by(t.standing.c.seq)
)
_RELATED = (Kind.OWNERSHIP, Kind.PARTY_MERGED)


def effect_of(draw: Draw) -> Effect:
    """What a ruling's draw does to its budget."""
    return _EFFECT[draw.effect]


class Drawer:
    """Finds the budgets of rows, opening those that a movement is the first to draw on."""

    def __init__(self, rulebook: Rulebook, book: Book) -> None:
        self.rulebook, self.book = rulebook, book
        self._relations: Relations | None = None
        self._holders = {
            one.regime.key: Holders(one, lambda: self.relations) for one in rulebook.every
        }

    def draws(self, row: Row, lines: LineBook) -> list[Drawn]:
        """What the row does to which budget, in the order of the ruling."""
        if row.act_place >= 0:
            return []  # an act is given its draws when its turn comes
        if row.laid is not None:
            return assignments.draws(row, self.book, lines)
        if row.account is not None:
            return self._act(row)
        if row.linked_to is not None and not self._draws_again(row, lines):
            return []
        if row.line_place >= 0 and is_shipment(row.kind):
            return self._under_licence(row, lines)
        if row.target is not None:
            return self._follows(row)
        return self._ruled(row)

    def _draws_again(self, row: Row, lines: LineBook) -> bool:
        """Whether a transfer of units that a shipment brought touches its own licence.

        It does where that is another one than the shipment's: what it holds is then given up.
        Otherwise nothing is drawn down, and the transfer points at the shipment.
        """
        assert row.linked_to is not None
        if row.line_place >= 0 and lines.seq(row.line_place) != row.linked_to.licence_seq:
            return True
        row.uses_line, row.target_seq = False, row.linked_to.seq
        return False

    def _under_licence(self, row: Row, lines: LineBook) -> list[Drawn]:
        """A shipment under a licence on file: what its line holds on, and what the ruling adds."""
        draws = row.ruled.ruling.draws if row.ruled else ()
        released = row.linked_to is not None or any(d.effect == RELEASE for d in draws)
        effect = Effect.RELEASE if released else Effect.DRAW
        places = self.book.places(lines.budget_nos(row.line_place))
        found = [Drawn(place, 1, effect, row.amount) for place in places]
        day = row.given.effective_on
        if not places and lines.issued_on(row.line_place) < self.rulebook.regime.first_day:
            old = (self._place(row, d, row.given, day) for d in draws if d.effect == IF_BEFORE)
            found = [Drawn(at, 1, Effect.POST, row.amount) for at in old if at is not None]
        held = {self.book.named(place)[0] for place in places}
        found += self._elsewhere(row, [d for d in draws if d.official and d.rule not in held])
        left = [self._place(row, d, row.given, day) for d in draws if d.effect == CREDIT_OTHER]
        debited = {one.place for one in found} if effect == Effect.DRAW else set()
        credited = (at for at in left if at is not None and debited and at not in debited)
        found += [Drawn(at, 1, Effect.CREDIT_TO_NOTHING, row.amount) for at in credited]
        counted = (self._place(row, d, row.given, day) for d in draws if d.effect in COUNTED)
        return found + [Drawn(at, 1, Effect.POST, row.amount) for at in counted if at is not None]

    def _elsewhere(self, row: Row, draws: Sequence[Draw]) -> list[Drawn]:
        """What a shipment under a licence draws on budgets that its line does not hold on."""
        beside = (*UNDER_LICENCE, *COUNTED)
        plain = [draw for draw in draws if draw.effect not in beside]
        at = [(self._place(row, d, row.given, row.given.effective_on), d) for d in plain]
        found = [Drawn(n, 1, effect_of(d), row.amount) for n, d in at if n is not None]
        return list(dict.fromkeys(found))

    def _act(self, row: Row) -> list[Drawn]:
        """An adjustment: the limit moves, or the budget is marked."""
        assert row.account is not None
        key, terms = row.account
        place = self.book.budget(key)
        if place is None:
            place = self.book.open_budget(key, terms)
        effect = Effect.ADJUST if row.kind in LIMIT_CHANGES else Effect.MARK
        if row.kind == Kind.UPLIFT:
            self._check_uplift(row, place)
        return [Drawn(place, 1, effect, row.amount)]

    def _check_uplift(self, row: Row, place: int) -> None:
        assert row.account is not None
        key, _ = row.account
        rule = self.rulebook.budgets[key.rule]
        if not rule.uplift_listed(key.holder, row.given.effective_on):
            row.flags.append(Flag("uplift_not_listed", place, detail=key.holder))
        if rule.largest_uplift_ppm is not None:
            limit = int(self.book.balances.limit[place]) * rule.largest_uplift_ppm // 10**6
            taken = int(self.book.balances.adjustment[place])
            over = taken + row.amount - limit
            if over > 0:
                figures = (limit, taken, row.amount, over)
                row.flags.append(Flag("uplift_over_maximum", place, *figures))

    def _ruled(self, row: Row) -> list[Drawn]:
        found: dict[Drawn, None] = {}
        if row.ruled and self.rulebook.not_attributable(row.ruled.ruling):
            entity = holders.stated(row.given, holders.ATTRIBUTED_TO)
            row.flags += [] if entity is None else [Flag("attribution_unavailable", detail=entity)]
        for draw in row.ruled.ruling.draws if row.ruled else ():
            if draw.effect not in UNDER_LICENCE:
                place = self._place(row, draw, row.given, row.given.effective_on)
                if place is not None:
                    # Where two fields name one holder, it is drawn on once.
                    found[Drawn(place, int(draw.official), effect_of(draw), row.amount)] = None
        return [*found, *(Drawn(at, 1, Effect.UNPEND, amount) for at, amount in row.pending)]

    def _follows(self, row: Row) -> list[Drawn]:
        """A receipt or a return: what its shipment was ruled to do then.

        Neither gives back more than the shipment still has, however often goods are said to have
        arrived or come back.
        """
        assert row.target is not None
        target = row.target.drawn()
        if row.kind == Kind.RECEIPT:
            return [d for draw in target.draws for d in self._received(row, target, draw)]
        if row.kind in RETURNS:
            back = [one for one in target.posted if self._gives_back(one, row.kind)]
            return _taken(Effect.CREDIT, back, row.amount)
        return []

    def _gives_back(self, share: Share, kind: str) -> bool:
        """Whether a return makes room on a budget: as the budget says, else as the option does."""
        rule = self.book.named(share.place)[0]
        said = self.rulebook.budgets[rule].gives_back if rule in self.rulebook.budgets else ""
        return said == "always" or (not said and self.rulebook.of_budget(rule).gives_back(kind))

    def _received(self, row: Row, target: Target, draw: Draw) -> list[Drawn]:
        if draw.effect not in (TRANSIT, BOTH_YEARS):
            return []
        arrived = self._place(row, draw, target.given, row.given.effective_on)
        official = 1 if draw.official else 0
        found: list[Drawn] = []
        if draw.effect == TRANSIT:
            named = self.book.named
            held = [one for one in target.held if named(one.place)[0] == draw.rule]
            found = _taken(Effect.UNHOLD, held, row.amount)
        posted = any(one.place == arrived for one in target.posted)
        if arrived is not None and not posted:
            found.append(Drawn(arrived, official, Effect.POST, row.amount))
        return found

    def _place(self, row: Row, draw: Draw, given: Given, day: date) -> int | None:
        """The place of the budget a draw falls on that day; None where there is none."""
        holders = self._holders[self.rulebook.of_budget(draw.rule).regime.key]
        if draw.effect == DECLARED_ONLY and not self.installed.subjects:
            return None
        holder = holders.of(draw.holder_from, given, day)
        if holder is None or (draw.effect == DECLARED_ONLY and not self.declares(holder[0])):
            return None
        if row.ruled is not None and row.ruled.looks_back:
            day = self.rulebook.of_budget(draw.rule).counts_from(day)
        opened = self.rulebook.account(draw.rule, *holder, day)
        if opened is None:
            if self.rulebook.budgets[draw.rule].window_on(day) is None:
                row.flags.append(Flag("after_windows", detail=f"{draw.rule} on {day}"))
            return None
        key, terms = opened
        place = self.book.budget(key)
        return self.book.open_budget(key, terms) if place is None else place

    def declares(self, holder: str) -> bool:
        """Whether the installed base of whoever has this account was declared."""
        return holder.rpartition("@")[0] in self.installed.subjects

    @cached_property
    def installed(self) -> Installed:
        """The declarations of what stands where."""
        return Installed(self.book.cursor)

    @property
    def relations(self) -> Relations:
        """The declarations of ownership and mergers on record."""
        if self._relations is None:
            self._relations = relations_on_record(self.book.cursor, self.rulebook)
        return self._relations

    def write_standing(self, cursor: Cursor, rows: Sequence[Row], lines: LineBook) -> None:
        """Keep acts and declarations where later movements look them up."""
        cursor.add(t.standing, [s for row in rows if (s := self._stands(row, lines)) is not None])

    def _stands(self, row: Row, lines: LineBook) -> tuple[Any, ...] | None:
        if row.act_place >= 0:
            found = licence_acts.stands(row, lines)
            if found is None:
                return None
            about, party, last = found
            return (row.seq, str(row.kind), about, party, row.day, last, 1)
        if row.laid is not None:
            return (row.seq, str(row.kind), *assignments.stands(row, row.laid), row.day, None, 1)
        if row.kind == Kind.CONDITION:
            until = row.details().get("until_on")
            return (row.seq, str(row.kind), *standing_of(row), row.day, until, 1)
        about_party = row.kind in (*_RELATED, *DECLARED, Kind.INSTALLED_BASE)
        details = row.details() if row.account or about_party else {}
        until = details.get("until_on")
        if row.kind in _RELATED:
            subject = party_key(details["party"])
            other = party_key(details.get("other_party"))
        elif row.kind == Kind.INSTALLED_BASE:
            subject, other = party_key(details["party"]), installed_object(details)
        elif row.kind in DECLARED:
            subject, other = party_key(details["party"]), declared_object(row)
        elif row.kind in STATUS_CHANGES:
            subject, other = str(self.book.numbers[row.draws[0].place]), None
        elif row.kind == Kind.ADOPTION:
            subject, other = row.details()["regime_key"], None
        elif row.kind == Kind.QUARTER_CLOSE:
            subject, other = row.given.document, None
        else:
            return None
        return (row.seq, str(row.kind), subject, other, row.day, until, 1)


def _taken(effect: Effect, shares: Sequence[Share], amount: int) -> list[Drawn]:
    """Take an amount back from each share, as far as it goes."""
    return [
        Drawn(share.place, share.official, effect, taken)
        for share in shares
        if (taken := share.take(amount))
    ]


def relations_on_record(cursor: Cursor, rulebook: Rulebook) -> Relations:
    """The declarations of ownership and mergers that stand, as the regime's option reads them."""
    rows = [r for kind in _RELATED for r in cursor.read(_STANDING, str(kind))]
    rule = rulebook.options.get("parent_rule", DECLARED_ALONE)
    return Relations((_relation(row) for row in rows), rule)


def _relation(row: tuple[Any, ...]) -> Relation:
    _, kind, subject, other, from_on, until_on, _, details = row
    until = None if until_on is None else date.fromisoformat(str(until_on))
    percent = json.loads(details).get("percent") if details else None
    share = None if percent is None else Decimal(percent)
    return Relation(kind, subject, other, date.fromisoformat(str(from_on)), until, share)
