"""Universal VEUs: 25 % outside the listed destinations and 7 % in any one country, day by day."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ledger.service.ledger import new_ledger
from tests.cases.table import papers
from tests.walk.machine import DAYS, Step, Walk, columns, days, walk, which
from tests.walk.model import ALWAYS, CYCLE, UNIT, Done

pytestmark = pytest.mark.slow

ISO = {"Germany": "DE", "India": "IN", "Chile": "CL", "Poland": "PL"}
LISTED = ("DE",)
OUTSIDE, EACH = Fraction(25, 100), Fraction(7, 100)
places = st.sampled_from(("Germany", "India", "Chile", "Poland"))
few = st.sampled_from((1, 50, 700, 930))
ways = st.sampled_from(("UVEU", "UVEU", "AIA", "none"))
# So few go under AIA at a time that no walk comes near the amount its certificate hangs on.
UNDER_AIA = 50


def owned(where: tuple[str, str]) -> bool:
    """Whether an account is of what somebody owns in a country, and not of what went under AIA."""
    return where[1] == ALWAYS and "@" in where[0]


class Shares(Walk):
    """Declared bases, what goes to the entity under any authorization, and what is lost of it."""

    # What stands where, summed anew each time

    def declared(self, country: str | None, day: date) -> tuple[date, int] | None:
        """What was last declared for a day, and on which: in a country, or of all together."""
        known = [
            (d.day, seq, int(d.says["units"]))
            for seq, d in self.model.done.items()
            if d.kind == "installed_base"
            and not d.undone
            and d.day <= day
            and d.says.get("country") == country
        ]
        return (max(known)[0], max(known)[2]) if known else None

    def moved(self, country: str | None, day: date, after: date | None) -> int:
        """What moved through a day, after another one, in units."""
        return sum(
            amount // UNIT
            for d in self.model.done.values()
            if d.day <= day and (after is None or d.day > after)
            for (where, _), amount in d.effects.items()
            if owned(where) and country in (None, where[0][2:])
        )

    def stands(self, country: str | None, day: date) -> int:
        known = self.declared(country, day)
        return self.moved(country, day, known[0] if known else None) + (known[1] if known else 0)

    def known_countries(self) -> list[str]:
        declared = {
            d.says["country"]
            for d in self.model.done.values()
            if d.kind == "installed_base" and not d.undone and "country" in d.says
        }
        moved = {
            where[0][2:] for d in self.model.done.values() for where, _ in d.effects if owned(where)
        }
        return sorted(declared | moved)

    def measured(self, country: str, day: date, units: int) -> list[str]:
        """What a movement into a country (out of it, below zero) does to each share."""
        days = {day, *(d.day for d in self.model.done.values() if d.day > day)}
        found = []
        for limit, each in ((OUTSIDE, False), (EACH, True)):
            said = (self.on(limit, country, on, units, each=each) for on in sorted(days))
            found.append(next((code for code in said if code), None))
        codes = [code for code in found if code == "share_over"]
        return codes + [code for code in found if code == "share_undeclared"][:1]

    def on(self, limit: Fraction, country: str, day: date, units: int, *, each: bool) -> str | None:
        outside = [c for c in self.known_countries() if c not in LISTED]
        parts = (
            [[c] for c in {country, *outside} if c not in LISTED]
            if each
            else [sorted({*outside, country} - set(LISTED))]
        )
        codes = []
        for part in parts:
            asked = units if country in part else 0
            if asked <= limit * units:
                continue  # it makes no share larger
            if self.declared(None, day) is None:
                codes.append("share_undeclared")
            elif sum(self.stands(c, day) for c in part) + asked > limit * (
                self.stands(None, day) + units
            ):
                codes.append("share_over")
        return codes[0] if codes else None

    # Acts

    @rule(
        day=days,
        country=st.sampled_from((None, None, None, "India", "Germany")),
        units=st.sampled_from((1_000, 9_300, 10_000)),
    )
    def declare(self, day: date, country: str | None, units: int) -> None:
        said = {"document": self.name("I"), "kind": "installed_base", "effective_on": str(day)}
        said |= {"party": "C", "tpp": str(units * UNIT // 1000)}
        one = Done("installed_base", day, says={"units": str(units)})
        if country is not None:
            said["country"], one.says["country"] = country, ISO[country]
        self.do("declarations", said, lambda: self.model.add(one))

    @rule(day=days, until=st.sampled_from((None, DAYS[3])))
    def authorize(self, day: date, until: date | None) -> None:
        said = {"document": self.name("V"), "kind": "official_status", "effective_on": str(day)}
        one = Done("official_status", day)
        if until is not None and until >= day:
            said["until_on"] = one.says["until_on"] = str(until)
        said |= {"party": "C", "status": "UVEU"}
        self.do("declarations", said, lambda: self.model.add(one))

    def authorized(self, day: date) -> bool:
        known = [self.model.done[s] for s in self.model.live("official_status")]
        return any(d.day <= day and str(day) <= d.says.get("until_on", "9999") for d in known)

    def shipped(self, country: str, units: int, day: date, by: str) -> Step:
        units = min(units, UNDER_AIA) if by == "AIA" else units
        said = {"document": self.name("S"), "exported_on": str(day), "authorization": by}
        said |= {"exporter": "X", "ultimate_consignee": "C", "destination": country}
        said |= {"chip": "nvidia-h100-sxm", "quantity": str(units), **papers(str(day))}
        one = Done("shipment", day, units=units, name=said["document"])
        one.says = {"by": by, "country": ISO[country]}
        return Step(said, [(day, lambda: self.sent(one))])

    def sent(self, one: Done) -> list[str]:
        code, by = one.says["country"], one.says["by"]
        found = ["no_authorization"] * (by == "none")
        refused = by == "AIA" and code not in LISTED
        found += ["authorization_unavailable"] * refused
        if code not in LISTED and (by == "none" or refused):
            one.effects[(code, CYCLE), "safe"] = one.units * UNIT
        if by == "AIA" and not refused:
            one.effects[("c FROM x", ALWAYS), "posted"] = one.units * UNIT
        found += ["veu_not_on_file"] * (by == "UVEU" and not self.authorized(one.day))
        if by == "UVEU" or self.model.live("installed_base"):
            found += self.measured(code, one.day, one.units)
            one.effects[(f"c@{code}", ALWAYS), "posted"] = one.units * UNIT
        return [*found, *self.model.add(one)]

    lots = st.tuples(places, few, days, ways)

    @rule(lot=lots)
    def ship(self, lot: tuple) -> None:
        step = self.shipped(*lot)
        self.do("shipments", step.said, step.does[0][1])

    @rule(lots=st.lists(lots, min_size=2, max_size=6), columns_from=columns)
    def ship_many(self, lots: list, columns_from: int) -> None:
        self.file("shipments", [self.shipped(*lot) for lot in lots], columns_from)

    @precondition(lambda self: self.model.live("shipment"))
    @rule(which=which, units=few, day=days, kind=st.sampled_from(("return", "attrition")))
    def lose(self, which: int, units: int, day: date, kind: str) -> None:
        """What is gone stands there no longer; gone where it was listed, it makes shares larger."""
        seq = self.one_of(which, "shipment")
        sent = self.model.done[seq]
        before = sum(
            self.model.done[s].units
            for s in self.model.live("return", "attrition")
            if self.model.done[s].target == seq
        )
        effects = self.model.giving_back(seq, units, owned)
        one = Done(kind, day, effects, seq, units)
        said = {"document": self.name("R"), "returned_on": str(day), "exporter": "X", "kind": kind}
        said |= {"shipment": sent.name, "quantity": str(units)}
        said |= {"reason": "loss"} if kind == "attrition" else {}
        over = ["more_than_shipped"] * (before + units > sent.units)
        over += ["before_shipment"] * (day < sent.day)
        gone = sum(n // UNIT for (where, _), n in effects.items() if owned(where))
        found = self.measured(sent.says["country"], day, gone) if gone else []
        self.do("returns", said, lambda: [*over, *found, *self.model.add(one)])

    @precondition(lambda self: self.model.live("shipment"))
    @rule(which=which, units=few)
    def correct(self, which: int, units: int) -> None:
        """A file of one correction: measured anew, as if it had just been recorded."""
        seq = self.one_of(which, "shipment")
        one = self.model.done[seq]
        units = min(units, UNDER_AIA) if one.says["by"] == "AIA" else units
        if units == one.units or self.model.pointing(seq):
            return
        anew = Done("shipment", one.day, units=units, name=one.name, says=one.says)
        said = {"seq": str(seq), "reason": "miscounted", "quantity": str(units)}
        self.do("corrections", said, lambda: [*self.model.undo(seq), *self.sent(anew)])


@pytest.fixture
def base(ledger_url: str) -> str:
    """A new ledger, closed, in each database."""
    new_ledger(ledger_url).close()
    return ledger_url


def test_shares(base: str):
    walk(Shares, base, examples=2)
