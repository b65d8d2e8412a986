"""Which budgets a row draws on: the ruling's draws, given holders, windows and places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from ledger.policy.budgets import PLACED, UNBOUND
from ledger.rules.admission import Effect
from ledger.rules.judge import Draw
from ledger.rules.rulings import ASKED, COUNTED, LEAVE, UNDER_LICENCE
from ledger.service import assignments, claims, holders, licence_acts, moves
from ledger.service.acquired import Acquired
from ledger.service.book import Book
from ledger.service.conditions import standing_of
from ledger.service.followers import BOTH_YEARS, LATER, TRANSIT, Followers
from ledger.service.holders import IN_COUNTRY, Holders
from ledger.service.installed import Installed, installed_object
from ledger.service.left_behind import LeftBehind
from ledger.service.lines import LineBook
from ledger.service.on_record import RELATED, OnRecord
from ledger.service.papers import DECLARED, declared_object
from ledger.service.parents import seated
from ledger.service.relations import Relations
from ledger.service.rows import Drawn, Flag, Row, is_shipment, party_key
from ledger.service.rulebook import Rulebook
from ledger.service.statuses import Statuses, granted, status_object
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import LIMIT_CHANGES, STATUS_CHANGES, TRANSFERS, Kind
from schemas.records import Given

RELEASE, IF_BEFORE, CREDIT_OTHER = UNDER_LICENCE
_, DECLARED_ONLY = COUNTED
_IF_DECLARED = (DECLARED_ONLY, ASKED[1])
# Draws that a shipment under no licence makes not at all, or later; and those that one under a
# licence makes by its line, by others, or later.
_NOT_RULED = frozenset((*UNDER_LICENCE, *LATER, *ASKED, LEAVE))
_BESIDE_THE_LINE = frozenset((*UNDER_LICENCE, *COUNTED, *LATER, LEAVE))
# Declarations about a party, and all that is kept where later movements look it up by its kind.
_ABOUT_PARTY: frozenset[str] = frozenset(
    (*RELATED, *DECLARED, Kind.INSTALLED_BASE, Kind.OFFICIAL_STATUS, Kind.DUTY_DONE)
)
_KEPT: frozenset[str] = _ABOUT_PARTY | {*STATUS_CHANGES, Kind.ADOPTION, Kind.QUARTER_CLOSE}
_EFFECT = {
    "hold": Effect.HOLD,
    "pend": Effect.PEND,
    "post": Effect.POST,
    TRANSIT: Effect.HOLD,
    BOTH_YEARS: Effect.POST,
    **dict.fromkeys(COUNTED, Effect.POST),
    **dict.fromkeys(LATER, Effect.POST),
}


def effect_of(draw: Draw) -> Effect:
    """What a ruling's draw does to its budget."""
    return _EFFECT[draw.effect]


class Drawer:
    """Finds the budgets of rows, opening those that a movement is the first to draw on."""

    def __init__(self, rulebook: Rulebook, book: Book) -> None:
        self.rulebook, self.book = rulebook, book
        # Nothing here points back at the drawer: its cursor must be gone with the transaction.
        self.on_record = OnRecord(book.cursor, rulebook)
        related = self.on_record.relations
        self._holders = {one.regime.key: Holders(one, related) for one in rulebook.every}
        self.followers = Followers(rulebook, book)
        self.acquired = Acquired(rulebook, book, related)
        self.left_behind = LeftBehind(rulebook, book, related)
        self._installed: Installed | None = None

    def draws(self, row: Row, lines: LineBook) -> list[Drawn]:
        """What the row does to which budget, in the order of the ruling; what follows it last."""
        if row.kind in RELATED:
            row.flags += self.left_behind.flags(row)
            return self.acquired.declared(row)
        row.flags += claims.lacking(self.rulebook, self.on_record.statuses, row, self._holders)
        found = self._draws(row, lines)
        return [*found, *self.acquired.beside(row, found)]

    def _draws(self, row: Row, lines: LineBook) -> list[Drawn]:
        if row.act_place >= 0:
            return []  # an act is given its draws when its turn comes
        if row.laid is not None:
            return assignments.draws(row, self.book, lines)
        if row.account is not None:
            return self._act(row)
        if row.linked_to is not None and not self._draws_again(row, lines):
            if row.kind in TRANSFERS:
                return self._counted(row) + self._leaves(row)
            return self._passed_on(row, row.linked_to.given) if is_shipment(row.kind) else []
        if row.line_place >= 0 and is_shipment(row.kind):
            return self._under_licence(row, lines) + self._leaves(row)
        if row.target is not None:
            return self.followers.draws(row, self._arriving)
        return self._ruled(row) + self._leaves(row)

    def _leaves(self, row: Row) -> list[Drawn]:
        """What a move comes off where it leaves: of an account without a limit all of it, of one
        with a limit what is known to be on it.
        """
        found: dict[Drawn, None] = {}
        if row.kind != Kind.TRANSFER_OUT or row.ruled is None:
            return []
        day = row.given.effective_on
        for draw in row.ruled.ruling.draws:
            if draw.effect == LEAVE and (place := self._left(row, draw, day)) is not None:
                unbound = self.book.kind(place) in UNBOUND
                effect = Effect.CREDIT if unbound else Effect.CREDIT_TO_NOTHING
                found[Drawn(place, 1, effect, row.amount)] = None
        return list(found)

    def _left(self, row: Row, draw: Draw, day: date) -> int | None:
        """The place of the account that a move leaves; None where it stays on it, or none is."""
        holder = self._holders_of(draw.rule).of(draw.holder_from, self._before(row), day)
        arriving = self._holders_of(draw.rule).of(draw.holder_from, row.given, day)
        if holder is None or (arriving is not None and holder[0] == arriving[0]):
            return None
        opened = self.rulebook.account(draw.rule, *holder, day)
        place = None if opened is None else self.book.budget(opened[0])
        unbound = self.rulebook.budgets[draw.rule].kind in UNBOUND
        if place is None and opened is not None and unbound and self.declares(holder[0]):
            return self.book.open_budget(*opened)
        return place

    def _before(self, row: Row) -> Given:
        """A move's goods as they stood before it."""
        word = row.ruled.ruling.case.move if row.ruled else moves.OTHER
        return moves.leaving(row.given, same_parent=word != moves.OTHER)

    def _stays(self, row: Row, draw: Draw, holder: str, day: date) -> bool:
        """Whether a move leaves the account that it comes to."""
        if row.kind not in TRANSFERS or draw.holder_from not in PLACED:
            return False
        before = self._holders_of(draw.rule).of(draw.holder_from, self._before(row), day)
        return before is not None and before[0] == holder

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

    def _passed_on(self, row: Row, before: Given) -> list[Drawn]:
        """What a transfer of units that count already adds to tallies: what its receiver was sent
        or owns, and nothing where the units stay with whom the shipment brought them to.
        """
        day, draws = row.given.effective_on, row.ruled.ruling.draws if row.ruled else ()
        counted = (d for d in draws if d.effect in COUNTED and not self._stay(d, row, before, day))
        places = (self._place(row, draw, row.given, day) for draw in counted)
        return [Drawn(place, 1, Effect.POST, row.amount) for place in places if place is not None]

    def _stay(self, draw: Draw, row: Row, before: Given, day: date) -> bool:
        """Whether units moved on within a country stay with who had them, as a draw sees it."""
        of = self._holders_of(draw.rule)
        given = row.given if row.target is None else row.target.given
        both = [of.of(draw.holder_from, one, day) for one in (given, before)]
        keys = [None if one is None else one[0] for one in both]
        if draw.holder_from == holders.BY_EXPORTER:
            keys = [None if key is None else holders.supplied(key)[0] for key in keys]
        return keys[0] == keys[1]

    def _arriving(self, row: Row, draw: Draw, given: Given, day: date) -> int | None:
        """The place of the budget that goods which arrive count on; None where they did before
        they were moved on within the country.
        """
        before = None if row.target is None else row.target.before
        if before is not None and (draw.effect not in LATER or self._stay(draw, row, before, day)):
            return None
        return self._place(row, draw, given, day)

    def _under_licence(self, row: Row, lines: LineBook) -> list[Drawn]:
        """A shipment under a licence on file: what its line holds on, and what the ruling adds."""
        draws = row.ruled.ruling.draws if row.ruled else ()
        # Units that count already debit nothing again, whatever the basis.
        released = row.linked_to is not None or any(d.effect == RELEASE for d in draws)
        effect = Effect.RELEASE if released else Effect.DRAW
        places = self.book.places(lines.budget_nos(row.line_place))
        found = [Drawn(place, 1, effect, row.amount) for place in places]
        if row.linked_to is not None:
            moved = row.kind in TRANSFERS
            return found + (
                self._counted(row) if moved else self._passed_on(row, row.linked_to.given)
            )
        day = row.given.effective_on
        if not places and lines.issued_on(row.line_place) < self.rulebook.regime.first_day:
            old = (self._place(row, d, row.given, day) for d in draws if d.effect == IF_BEFORE)
            found = [Drawn(at, 1, Effect.POST, row.amount) for at in old if at is not None]
        # Under an old licence it counts as it leaves, and is not held in transit beside.
        held = {self.book.named(one.place)[0] for one in found}
        found += self._elsewhere(row, [d for d in draws if d.official and d.rule not in held])
        left = [self._place(row, d, row.given, day) for d in draws if d.effect == CREDIT_OTHER]
        debited = {one.place for one in found} if effect == Effect.DRAW else set()
        credited = (at for at in left if at is not None and debited and at not in debited)
        found += [Drawn(at, 1, Effect.CREDIT_TO_NOTHING, row.amount) for at in credited]
        return found + self._counted(row)

    def _counted(self, row: Row) -> list[Drawn]:
        """What counts whatever the authorization, under a licence too."""
        day, draws = row.given.effective_on, row.ruled.ruling.draws if row.ruled else ()
        counted = (self._place(row, d, row.given, day) for d in draws if d.effect in COUNTED)
        return [Drawn(at, 1, Effect.POST, row.amount) for at in counted if at is not None]

    def _elsewhere(self, row: Row, draws: Sequence[Draw]) -> list[Drawn]:
        """What a shipment under a licence draws on budgets that its line does not hold on."""
        plain = [draw for draw in draws if draw.effect not in _BESIDE_THE_LINE]
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
            if draw.effect not in _NOT_RULED:
                place = self._place(row, draw, row.given, row.given.effective_on)
                if place is not None:
                    # Where two fields name one holder, it is drawn on once.
                    found[Drawn(place, int(draw.official), effect_of(draw), row.amount)] = None
        return [*found, *(Drawn(at, 1, Effect.UNPEND, amount) for at, amount in row.pending)]

    def _place(self, row: Row, draw: Draw, given: Given, day: date) -> int | None:
        """The place of the budget a draw falls on that day; None where there is none."""
        if_declared = draw.effect in _IF_DECLARED
        if if_declared and not self.installed.subjects:
            return None
        given = seated(given, row.ruled)
        holder = self._holders_of(draw.rule).of(draw.holder_from, given, day)
        if holder is None or (if_declared and not self.declares(holder[0])):
            return None
        if self._stays(row, draw, holder[0], day):
            return None
        if draw.authorized and not self.authorized(draw, holder[0], day):
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

    def asked_of(self, row: Row) -> list[int]:
        """The places of the tallies on which what an application asks for would count."""
        draws = row.ruled.ruling.draws if row.ruled else ()
        asking = [draw for draw in draws if draw.effect in ASKED]
        places = [self._place(row, draw, row.given, row.given.effective_on) for draw in asking]
        return [place for place in places if place is not None]

    def declares(self, holder: str) -> bool:
        """Whether the installed base of whoever has this account was declared."""
        return holder.rpartition("@")[0] in self.installed.subjects

    @property
    def installed(self) -> Installed:
        """The declarations of what stands where."""
        if self._installed is None:
            cursor = self.book.cursor
            self._installed = cursor.recall(Installed, lambda: Installed(cursor))
        return self._installed

    def authorized(self, draw: Draw, holder: str, day: date) -> bool:
        """Whether the holder of a draw's budget is known to hold the budget's authorization."""
        party, _, country = (
            holder.rpartition("@") if draw.holder_from in IN_COUNTRY else (holder, "", "")
        )
        rule = self.rulebook.budgets[draw.rule]
        return self.statuses.authorize(rule, (party,), country or None, day)

    def _holders_of(self, rule: str) -> Holders:
        return self._holders[self.rulebook.of_budget(rule).regime.key]

    @property
    def statuses(self) -> Statuses:
        """The official statuses on record."""
        return self.on_record.statuses()

    @property
    def relations(self) -> Relations:
        """The declarations of ownership and mergers on record."""
        return self.on_record.relations()

    def write_standing(self, cursor: Cursor, rows: Sequence[Row], lines: LineBook) -> bool:
        """Keep acts and declarations where later movements look them up; whether there are any."""
        standing = [s for row in rows if (s := self._stands(row, lines)) is not None]
        cursor.add(t.standing, standing)
        return bool(standing)

    def _stands(self, row: Row, lines: LineBook) -> tuple[Any, ...] | None:
        if row.act_place >= 0:
            found = licence_acts.stands(row, lines)
            if found is None:
                return None
            about, party, last = found
            return (row.seq, str(row.kind), about, party, row.day, last, 1)
        if row.laid is not None:
            return (row.seq, str(row.kind), *assignments.stands(row, row.laid), row.day, None, 1)
        if row.linked_to is not None and row.uses_line:
            moved = assignments.stands(row, row.linked_to)
            return (row.seq, str(row.kind), *moved, row.day, None, 1)
        if row.kind == Kind.CONDITION:
            until = row.details().get("until_on")
            return (row.seq, str(row.kind), *standing_of(row), row.day, until, 1)
        if row.kind not in _KEPT:
            return None
        about_party = row.kind in _ABOUT_PARTY
        details = row.details() if row.account or about_party else {}
        until = details.get("until_on")
        if row.kind in RELATED:
            subject = party_key(details["party"])
            other = party_key(details.get("other_party"))
        elif row.kind == Kind.INSTALLED_BASE:
            subject, other = party_key(details["party"]), installed_object(details)
        elif row.kind == Kind.DUTY_DONE:
            subject, other = details["status"], None
        elif row.kind in DECLARED:
            subject, other = party_key(details["party"]), declared_object(row)
        elif row.kind == Kind.OFFICIAL_STATUS:
            status = details.get("status", "")
            code = granted(self.rulebook.regimes, status)
            subject = party_key(details["party"])
            other = status_object(code or status, details.get("country"))
        elif row.kind in STATUS_CHANGES:
            subject, other = str(self.book.numbers[row.draws[0].place]), None
        elif row.kind == Kind.ADOPTION:
            subject, other = row.details()["regime_key"], None
        else:
            subject, other = row.given.document, None
        return (row.seq, str(row.kind), subject, other, row.day, until, 1)
