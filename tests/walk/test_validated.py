"""National VEUs: a base that rises by quarters, whose company it is, what arrives and what goes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ledger.service.ledger import new_ledger
from tests.walk.machine import DAYS, ISO, Step, Walk, columns, countries, days, walk, which
from tests.walk.model import CYCLE, UNIT, Budget, Done, Effects

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
        """The account of whoever has it in its country."""
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
            one.effects = self.off_the_base(seq, units)
        before = [
            self.model.done[s].units
            for s in self.model.live("receipt")
            if self.model.done[s].target == seq
        ]
        over = ["more_than_shipped"] * (kind == "receipt" and sum(before) + units > sent.units)
        over += ["before_shipment"] * (day < sent.day)
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

    def off_the_base(self, seq: int, units: int) -> Effects:
        """What came off; of an account from which goods went on, no more than stands there."""
        found = self.model.giving_back(seq, units, lambda where: "@" in where[0])
        for (where, column), amount in found.items():
            if column == "posted":
                found[where, column] = -min(-amount, max(self.model.total(where, "posted"), 0))
        return found

    def received(self, which: int, units: int, day: date, kind: str) -> Step:
        sent = self.model.done[self.one_of(which, "shipment")]
        said = {"document": self.name("R"), "received_on": str(day), "exporter": "X", "kind": kind}
        said |= {"shipment": sent.name, "quantity": str(units)}
        return Step(said, [(day, lambda: self.arrived(sent, units, day, kind))])

    def lost(self, which: int, units: int, day: date, why: str, of: str = "shipment") -> Step:
        """What comes back or is lost leaves the base, whatever a country gets back."""
        seq = self.one_of(which, of)
        kind = "return" if why == "return" else "attrition"
        said = {"document": self.name("R"), "returned_on": str(day), "kind": kind}
        said["exporter"] = self.model.done[seq].says.get("exporter", "X")
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
        over += ["before_shipment"] * (day < sent.day)
        effects = self.off_the_base(seq, units)
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

    # Moves between data centres: what leaves one account is on the other when it arrives

    def moved(
        self,
        ways: tuple[str, str],
        units: int,
        day: date,
        arrives: date | None,
        by: str,
        owners: tuple[str, str | None],
    ) -> Step:
        """A row of a file of moves. The legs are two movements, of the days they left and came."""
        (left, came), (owner, buyer) = ways, owners
        document = self.name("M")
        said = {"document": document, "transferred_on": str(day), "owner": owner}
        said |= {"from_country": left, "to_country": came, "authorization": by}
        said |= {"from_facility": "Hall A", "to_facility": "Hall B"}
        said |= {"chip": "nvidia-h100-sxm", "quantity": str(units)}
        said |= {"to_owner": buyer} if buyer else {}
        came_on = max(day, arrives or day)
        said |= {"received_on": str(came_on)} if arrives else {}
        says = {"owner": buyer or owner, "operator": buyer or owner, "by": by, "country": ISO[came]}
        out = Done("moved_out", day, units=units, name=document, says=says)
        out.says["from"] = f"{owner.lower()}@{ISO[left]}"
        out.says["exporter"] = owner
        does = [(day, lambda: self.leave(out)), (came_on, lambda: self.come(out, came_on))]
        return Step(said, does)

    def leave(self, out: Done) -> list[str]:
        """What comes off where it leaves is what is known to be there; the rest is noted."""
        before, after = (out.says["from"], CYCLE), self.base_of(out)
        if before == after:
            return self.model.add(out)  # it is no transfer in law, and needs no authorization
        found = self.sent(out)
        other = before[0].split("@")[0] != after[0].split("@")[0]
        found += ["veu_other_owner"] * (other and out.says["by"] == "NVEU")
        if found[-1:] == ["veu_other_owner"] or out.says["by"] == "none":
            out.effects[(out.says["country"], CYCLE), "safe"] = out.units * UNIT
        if any(before == where for d in self.model.done.values() for where, _ in d.effects):
            posted = max(self.model.total(before, "posted"), 0)
            out.effects[before, "posted"] = -min(posted, out.units * UNIT)
            found += ["moved_more_than_known"] * (posted < out.units * UNIT)
        return [*found, *self.model.add(out)]

    def come(self, out: Done, day: date) -> list[str]:
        seq = next(s for s, d in self.model.done.items() if d is out)
        one = Done("moved_in", day, target=seq, units=out.units)
        counts = out.says["by"] == "NVEU" or self.holds(out.says["owner"], out.says["country"], day)
        if counts and out.says["from"] != self.base_of(out)[0]:
            one.effects = {(self.base_of(out), "posted"): out.units * UNIT}
        return self.model.add(one)

    moves = st.tuples(
        st.tuples(countries, countries),
        many,
        days,
        st.sampled_from((None, *DAYS)),
        st.sampled_from(("NVEU", "NVEU", "none")),
        st.tuples(companies, st.sampled_from((None, None, "O", "R"))),
    )

    @rule(lot=moves)
    def move(self, lot: tuple) -> None:
        step = self.moved(*lot)
        self.do("transfers", step.said, lambda: [c for _, does in step.does for c in does()])

    @rule(lots=st.lists(moves, min_size=2, max_size=6), columns_from=columns)
    def move_many(self, lots: list, columns_from: int) -> None:
        self.file("transfers", [self.moved(*lot) for lot in lots], columns_from)

    @precondition(lambda self: self.model.live("moved_out"))
    @rule(which=which, units=many, day=days, why=st.sampled_from(LOST))
    def lose_behind(self, which: int, units: int, day: date, why: str) -> None:
        """What comes behind a move comes off where it went."""
        step = self.lost(which, units, day, why, "moved_out")
        self.do("returns", step.said, step.does[0][1])

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
