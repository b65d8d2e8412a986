"""What comes behind a shipment: its goods arrive, are installed, come back or are lost.

Nothing gives back more than the shipment still has, however often goods are said to have come
back. Goods that come back are taken from what has arrived, then from what is still under way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from ledger.rules.admission import Effect
from ledger.rules.judge import Draw
from ledger.service import moves
from ledger.service.book import Book
from ledger.service.parents import seated
from ledger.service.rows import Drawn, Row
from ledger.service.rulebook import Rulebook
from ledger.service.targets import Share, Target
from schemas.kinds import RETURNS, Kind
from schemas.records import Given

TRANSIT = "hold_until_received"
BOTH_YEARS = "post_both_years"
ON_RECEIPT = "post_on_receipt"
ON_INSTALLATION = "post_on_installation"
# Draws of a shipment that wait for what comes behind it.
LATER = (ON_RECEIPT, ON_INSTALLATION)
# What each of them waits for; a move puts in place at once what it brings.
_WAITS_FOR = {
    ON_RECEIPT: (Kind.RECEIPT, Kind.TRANSFER_IN),
    ON_INSTALLATION: (Kind.INSTALLATION, Kind.TRANSFER_IN),
}
_ARRIVING = (Kind.RECEIPT, Kind.INSTALLATION, Kind.TRANSFER_IN)
# Finds the place of the budget that a draw of the movement `given` falls on, on a day.
Placer = Callable[[Row, Draw, Given, date], int | None]


class Followers:
    """Draws what points at a shipment on the budgets the shipment was ruled to draw on."""

    def __init__(self, rulebook: Rulebook, book: Book) -> None:
        self.rulebook, self.book = rulebook, book
        self._may_leave = moves.may_leave(rulebook)

    def draws(self, row: Row, place: Placer) -> list[Drawn]:
        """What a receipt, installation, removal, return or loss does to which budget."""
        assert row.target is not None
        target = row.target.drawn()
        if row.kind == Kind.INSTALLATION and target.given.kind == Kind.TRANSFER_OUT:
            return []  # what a move brings counted when it arrived
        if row.kind in _ARRIVING:
            found = [d for draw in target.draws for d in self._arrives(row, target, draw, place)]
            found = list(
                dict.fromkeys(found)
            )  # where two fields name one holder, it is drawn on once
            posted = (one for one in found if one.effect == Effect.POST)
            target.arrived += [Share(one.place, one.official, one.amount) for one in posted]
            return found
        if row.kind in RETURNS or row.kind == Kind.REMOVAL:
            return self._gives_back(row, target)
        return []

    def _arrives(self, row: Row, target: Target, draw: Draw, find: Placer) -> list[Drawn]:
        if row.kind in _WAITS_FOR.get(draw.effect, ()):
            place = find(row, draw, seated(target.given, target.ruled), row.given.effective_on)
            if place is None:
                return []
            posted = Drawn(place, int(draw.official), Effect.POST, row.amount)
            return [posted, *self._converted(row, target, draw)]
        if row.kind != Kind.INSTALLATION and draw.effect in (TRANSIT, BOTH_YEARS):
            return self._received(row, target, draw, find)
        return []

    def _received(self, row: Row, target: Target, draw: Draw, find: Placer) -> list[Drawn]:
        arrived = find(row, draw, seated(target.given, target.ruled), row.given.effective_on)
        official = 1 if draw.official else 0
        found: list[Drawn] = []
        in_transit = (one for one in target.draws if one.effect == TRANSIT)
        # Of several holders each has its share held: all are let go of once, at the rule's first.
        if draw == next((one for one in in_transit if one.rule == draw.rule), None):
            held = [one for one in target.held if self.book.named(one.place)[0] == draw.rule]
            found = _each(Effect.UNHOLD, held, row.amount)
        posted = any(one.place == arrived for one in target.posted)
        if arrived is not None and not posted:
            found.append(Drawn(arrived, official, Effect.POST, row.amount))
        return found

    def _converted(self, row: Row, target: Target, draw: Draw) -> list[Drawn]:
        """What a licence drew on its country, where the regime gives it back as the chips enter
        another budget.
        """
        if not draw.authorized or not self.rulebook.converts:
            return []
        rules = self.rulebook.budgets
        drawn = [
            one
            for one in target.posted
            if one.official and rules[self.book.named(one.place)[0]].holder_kind == "country"
        ]
        return _each(Effect.CREDIT, drawn, row.amount)

    def _gives_back(self, row: Row, target: Target) -> list[Drawn]:
        found: list[Drawn] = []
        for share in target.posted:
            if self._credits(row, share):
                found += _each(self._credit(share), [share], row.amount)
        shares = [(self._credit(one), one) for one in target.arrived]
        shares += [(Effect.UNHOLD, one) for one in target.held]
        rest: dict[tuple[str, int], int] = {}
        for effect, share in shares:
            if not self._credits(row, share):
                continue
            of = (self.book.named(share.place)[0], share.official)
            taken = share.take(rest.get(of, row.amount))
            rest[of] = rest.get(of, row.amount) - taken
            found += [Drawn(share.place, share.official, effect, taken)] if taken else []
        return found

    def _credit(self, share: Share) -> Effect:
        """Goods that went on since are not where they counted: no more comes off than is there."""
        went_on = share.official and self.book.named(share.place)[0] in self._may_leave
        return Effect.CREDIT_TO_NOTHING if went_on else Effect.CREDIT

    def _credits(self, row: Row, share: Share) -> bool:
        return self.rulebook.gives_back(self.book.named(share.place)[0], row.kind)


def _each(effect: Effect, shares: list[Share], amount: int) -> list[Drawn]:
    """Take an amount back from each share, as far as it goes."""
    return [
        Drawn(share.place, share.official, effect, taken)
        for share in shares
        if (taken := share.take(amount))
    ]
