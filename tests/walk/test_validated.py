"""National VEUs: a base that rises by quarters, whose company it is, what arrives and what goes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ledger.service.ledger import new_ledger
from tests.walk.machine import DAYS, ISO, Step, Walk, columns, countries, days, walk, which
from tests.walk.model import CYCLE, UNIT, Budget, Done

pytestmark = pytest.mark.slow

many = st.sampled_from((1, 900, 20_000, 39_982))
companies = st.sampled_from(("O", "R"))
KINDS = ("receipt", "receipt", "installation", "removal")
LOST = ("return", "loss", "resale", "destruction")


class Validated(Walk):
    """Authorizations of companies, shipments to them, and what becomes of the goods."""

    @rule(company=companies, country=countries, day=days, until=st.sampled_from((None, DAYS[3])))
    def authorize(self, company: str, country: str, day: date, until: date | None) -> None:
        said = {"document": self.name("V"), "kind": "official_status", "effective_on": str(day)}
        said |= {"party": company, "country": country, "status": "NVEU"}
        one = Done("official_status", day, says={"of": f"{company.lower()}@{ISO[country]}"})
        if until is not None and until >= day:
            said["until_on"] = one.says["until_on"] = str(until)
        self.do("declarations", said, lambda: self.model.add(one))

    def holds(self, company: str, country: str, day: date) -> bool:
        of = f"{company.lower()}@{country}"
        known = [self.model.done[s] for s in self.model.live("official_status")]
        return any(
            d.says["of"] == of and d.day <= day and str(day) <= d.says.get("until_on", "9999")
            for d in known
        )

    def base_of(self, sent: Done) -> Budget:
        return f"{sent.says['owner'].lower()}@{sent.says['country']}", CYCLE

    def shipped(
        self,
        country: str,
        units: int,
        day: date,
        parties: tuple[str, str | None],
        by: str,
        arrives: date | None,
    ) -> Step:
        """One shipment to a company's data centre; under NVEU, or under nothing."""
        owner, operator = parties
        said = {"document": self.name("S"), "exported_on": str(day), "authorization": by}
        said |= {"exporter": "X", "ultimate_consignee": "C", "destination": country}
        said |= {"chip": "nvidia-h100-sxm", "quantity": str(units), "owner": owner}
        said |= {"operator": operator} if operator else {}
        one = Done("shipment", day, units=units, name=said["document"])
        one.says = {
            "owner": owner,
            "operator": operator or owner,
            "by": by,
            "country": ISO[country],
        }
        if by == "none":
            one.effects = {((ISO[country], CYCLE), "safe"): units * UNIT}
        does = [(day, lambda: [*self.sent(one), *self.model.add(one)])]
        if arrives is not None and arrives >= day:
            said["received_on"] = str(arrives)
            does.append((arrives, lambda: self.arrived(one, units, arrives, "receipt")))
        return Step(said, does)

    def sent(self, one: Done) -> list[str]:
        if one.says["by"] == "none":
            return ["no_authorization"]
        needed = dict.fromkeys((one.says["owner"], one.says["operator"]))
        missing = [who for who in needed if not self.holds(who, one.says["country"], one.day)]
        return ["veu_not_on_file"] * len(missing)

    def arrived(self, sent: Done, units: int, day: date, kind: str) -> list[str]:
        """What comes enters the base; under another authorization, only of who holds one."""
        seq = next(s for s, d in self.model.done.items() if d is sent)
        counts = sent.says["by"] == "NVEU"
        counts |= self.holds(sent.says["owner"], sent.says["country"], day)
        one = Done(kind, day, target=seq, units=units)
        if kind == "receipt" and counts:
            one.effects = {(self.base_of(sent), "posted"): units * UNIT}
        elif kind == "removal":
            one.effects = self.model.giving_back(seq, units, lambda where: "@" in where[0])
        before = [
            self.model.done[s].units
            for s in self.model.live("receipt")
            if self.model.done[s].target == seq
        ]
        over = ["more_than_shipped"] * (kind == "receipt" and sum(before) + units > sent.units)
        return [*over, *self.model.add(one)]

    lots = st.tuples(
        countries,
        many,
        days,
        st.tuples(companies, st.sampled_from((None, None, "O", "R"))),
        st.sampled_from(("NVEU", "NVEU", "none")),
        st.sampled_from((None, *DAYS)),
    )

    @rule(lot=lots)
    def ship(self, lot: tuple) -> None:
        step = self.shipped(*lot)
        found = lambda: [code for _, does in step.does for code in does()]  # noqa: E731
        self.do("shipments", step.said, found)

    @rule(lots=st.lists(lots, min_size=2, max_size=6), columns_from=columns)
    def ship_many(self, lots: list, columns_from: int) -> None:
        self.file("shipments", [self.shipped(*lot) for lot in lots], columns_from)

    # What follows a shipment

    def received(self, which: int, units: int, day: date, kind: str) -> Step:
        sent = self.model.done[self.one_of(which, "shipment")]
        said = {"document": self.name("R"), "received_on": str(day), "exporter": "X", "kind": kind}
        said |= {"shipment": sent.name, "quantity": str(units)}
        return Step(said, [(day, lambda: self.arrived(sent, units, day, kind))])

    def lost(self, which: int, units: int, day: date, why: str) -> Step:
        """What comes back or is lost leaves the base, whatever a country gets back."""
        seq = self.one_of(which, "shipment")
        kind = "return" if why == "return" else "attrition"
        said = {"document": self.name("R"), "returned_on": str(day), "exporter": "X", "kind": kind}
        said |= {"shipment": self.model.done[seq].name, "quantity": str(units)}
        said |= {"reason": why} if kind == "attrition" else {}
        return Step(said, [(day, lambda: self.gone(seq, units, day, kind))])

    def gone(self, seq: int, units: int, day: date, kind: str) -> list[str]:
        sent = self.model.done[seq]
        before = [
            self.model.done[s].units
            for s in self.model.live("return", "attrition")
            if self.model.done[s].target == seq
        ]
        over = ["more_than_shipped"] * (sum(before) + units > sent.units)
        effects = self.model.giving_back(seq, units, lambda where: "@" in where[0])
        return [*over, *self.model.add(Done(kind, day, effects, seq, units))]

    receipts = st.tuples(which, many, days, st.sampled_from(KINDS))
    losses = st.tuples(which, many, days, st.sampled_from(LOST))

    @precondition(lambda self: self.model.live("shipment"))
    @rule(lot=receipts)
    def receive(self, lot: tuple) -> None:
        step = self.received(*lot)
        self.do("receipts", step.said, step.does[0][1])

    @precondition(lambda self: self.model.live("shipment"))
    @rule(lots=st.lists(receipts, min_size=2, max_size=6), columns_from=columns)
    def receive_many(self, lots: list, columns_from: int) -> None:
        self.file("receipts", [self.received(*lot) for lot in lots], columns_from)

    @precondition(lambda self: self.model.live("shipment"))
    @rule(lot=losses)
    def lose(self, lot: tuple) -> None:
        step = self.lost(*lot)
        self.do("returns", step.said, step.does[0][1])

    @precondition(lambda self: self.model.live("shipment"))
    @rule(lots=st.lists(losses, min_size=2, max_size=6), columns_from=columns)
    def lose_many(self, lots: list, columns_from: int) -> None:
        self.file("returns", [self.lost(*lot) for lot in lots], columns_from)

    @rule(
        company=companies,
        country=countries,
        day=days,
        tpp=st.sampled_from((-300_000_000, 50_000_000)),
    )
    def amend_base(self, company: str, country: str, day: date, tpp: int) -> None:
        """The authority moves the ceiling of one company in one country, on every step."""
        where = (f"{company.lower()}@{ISO[country]}", CYCLE)
        said = {"document": self.name("J"), "kind": "amendment", "effective_on": str(day)}
        said |= {"holder": f"{company}, {country}", "budget": "nveu", "tpp": str(tpp)}
        one = Done("amendment", day, {(where, "adjustment"): tpp * 1000})
        self.do("adjustments", said, lambda: self.model.add(one))


@pytest.fixture
def base(ledger_url: str) -> str:
    """A new ledger, closed, in each database."""
    new_ledger(ledger_url).close()
    return ledger_url


def test_validated(base: str):
    walk(Validated, base, examples=2)
