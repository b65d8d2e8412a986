"""Small orders (LPP): a parent's year over all its entities, and parties that change hands."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ledger.service.ledger import new_ledger
from tests.cases.table import papers
from tests.walk.machine import DAYS, Step, Walk, columns, days, walk, which
from tests.walk.model import UNIT, Budget, Done

pytestmark = pytest.mark.slow

OPTIONS = {"return_or_loss_credit": "on_proven_return", "lpp_year": "received"}
few = st.sampled_from((1, 30, 900, 1_699))
# Papers are asked for from this day on, the notice from so many units (3,200,000 TPP) on.
COMPLIANCE, LARGE = date(2025, 5, 15), 203
names = st.sampled_from(("C", "D", "Parent", "Holding"))


class Parents(Walk):
    """Shipments to entities whose parents are declared, stated, merged, and sold again."""

    @rule(
        party=names,
        other=names,
        day=days,
        kind=st.sampled_from(("ownership", "party_merged")),
        until=st.sampled_from((None, None, DAYS[3])),
        percent=st.sampled_from((None, None, 40)),
    )
    def relate(
        self, party: str, other: str, day: date, kind: str, until: date | None, percent: int | None
    ) -> None:
        if party == other:
            return
        one = Done(kind, day, says={"party": party.lower(), "other": other.lower()})
        said = {"document": self.name("D"), "kind": kind, "effective_on": str(day)}
        said |= {"party": party, "other_party": other}
        if kind == "ownership" and until is not None and until >= day:
            said["until_on"] = one.says["until_on"] = str(until)
        if kind == "ownership" and percent is not None:
            said["percent"] = one.says["percent"] = str(percent)
        self.do("declarations", said, lambda: self.model.add(one))

    def declared(self, kind: str, party: str, day: date) -> str | None:
        """To whom a party belongs, or into whom it was merged: what was last declared for a day."""
        held = [
            (d.day, seq, d.says["other"])
            for seq, d in self.model.done.items()
            if d.kind == kind
            and not d.undone
            and d.says["party"] == party
            and d.day <= day
            and str(day) <= d.says.get("until_on", "9999")
            and d.says.get("percent") is None
        ]
        return max(held)[2] if held else None

    def merged(self, party: str, day: date) -> str:
        seen = {party}
        while (into := self.declared("party_merged", party, day)) and into not in seen:
            seen.add(into)
            party = into
        return party

    def holder(self, sent: Done, day: date) -> str:
        """The ultimate parent on a day: the stated one, else up the line of the declared ones."""
        if "parent" in sent.says:
            return self.merged(sent.says["parent"].lower(), day)
        return self.topmost(sent.says["consignee"].lower(), day)

    def topmost(self, party: str, day: date) -> str:
        """Up the line of the declared parents of a party."""
        party = self.merged(party, day)
        seen = [party]
        while owner := self.declared("ownership", party, day):
            owner = self.merged(owner, day)
            if owner in seen:
                break
            seen.append(owner)
            party = owner
        return party

    def budget(self, sent: Done, day: date) -> Budget:
        """Of the parent; of the entity named that will operate the items, where one may be."""
        if "operates" in sent.says:
            operator = Done("", day, says={"consignee": sent.says["operates"]})
            return self.holder(operator, day), str(day.year)
        return self.holder(sent, day), str(day.year)

    # Papers: on the row, or declared before

    @rule(
        party=names,
        day=days,
        kind=st.sampled_from(("certificate", "notice")),
        to=st.sampled_from((None, "X", "Y")),
        until=st.sampled_from((None, None, DAYS[3])),
        shipment=st.sampled_from((None, None, "S1", "S3")),
    )
    def declare_paper(
        self,
        party: str,
        day: date,
        kind: str,
        to: str | None,
        until: date | None,
        shipment: str | None,
    ) -> None:
        said = {"document": self.name("P"), "kind": kind, "effective_on": str(day)}
        said |= {"party": party, "authorization": "LPP"}
        one = Done(kind, day, says={"party": party.lower()})
        more = {"other_party": to, "shipment": shipment}
        more["until_on"] = str(until) if until is not None and until >= day else None
        one.says |= {name: cell for name, cell in more.items() if cell is not None}
        self.do("declarations", said | one.says | {"party": party}, lambda: self.model.add(one))

    def lacks(self, sent: Done) -> list[str]:
        """The papers that neither the row names nor anybody declared for it."""
        day, found = sent.day, []
        if day < COMPLIANCE or sent.says["papers"] == "yes":
            return []
        parties = {sent.says["consignee"].lower(), sent.says.get("parent", "").lower()}
        parties.add(self.holder(sent, day))
        for kind, from_units, ahead in (("certificate", 0, 0), ("notice", LARGE, 1)):
            known = [self.model.done[s] for s in self.model.live(kind)]
            covered = any(
                d.says["party"] in parties
                and d.says.get("other_party", "X") == "X"
                and d.says.get("shipment", sent.name) == sent.name
                and d.day <= day - timedelta(ahead)
                and str(day) <= d.says.get("until_on", "9999")
                for d in known
            )
            found += [f"{kind}_missing"] * (sent.units >= from_units and not covered)
        return found

    def shipped(
        self,
        consignee: str,
        parent: str | None,
        units: int,
        day: date,
        arrives: date | None,
        more: tuple[bool, str | None, str],
    ) -> Step:
        name, (with_papers, operates, headquarters) = self.name("S"), more
        said = {"document": name, "exported_on": str(day), "authorization": "LPP"}
        said |= {"exporter": "X", "ultimate_consignee": consignee, "destination": "Poland"}
        said |= {"chip": "nvidia-h100-sxm", "quantity": str(units)}
        said |= papers(str(day)) if with_papers else {}
        one = Done("shipment", day, units=units, name=name, says={"consignee": consignee})
        one.says["papers"] = "yes" if with_papers else "no"
        if parent is not None:
            said["ultimate_parent"] = one.says["parent"] = parent
        if operates is not None:
            said |= {"attributed_to": operates, "consignee_hq": headquarters}
            one.says["operates" if headquarters == "Germany" else "not"] = operates
        does = [(day, lambda: self.sent(one))]
        if arrives is not None and arrives >= day:
            said["received_on"] = str(arrives)
            does.append((arrives, lambda: self.arrived(one, units, arrives)))
        return Step(said, does)

    def sent(self, one: Done) -> list[str]:
        one.effects = {(self.budget(one, one.day), "held"): one.units * UNIT}
        found = ["attribution_unavailable"] * ("not" in one.says)
        return [*found, *self.differs(one), *self.lacks(one), *self.model.add(one)]

    def differs(self, one: Done) -> list[str]:
        """A row that names a parent which the declared one is not says so."""
        consignee, parent = one.says["consignee"].lower(), one.says.get("parent")
        declared = self.topmost(consignee, one.day)
        if parent is None or declared in (consignee, self.topmost(parent.lower(), one.day)):
            return []
        return ["parent_differs"]

    def arrived(self, sent: Done, units: int, day: date) -> list[str]:
        """It takes from the hold of the year it left, and posts in its own."""
        seq = next(s for s, d in self.model.done.items() if d is sent)
        ((where, _),) = sent.effects
        before = [
            self.model.done[s].units
            for s in self.model.live("receipt")
            if self.model.done[s].target == seq
        ]
        took = min(units * UNIT, self.model.left(seq, where, "held"))
        effects = {(where, "held"): -took, (self.budget(sent, day), "posted"): units * UNIT}
        over = ["more_than_shipped"] * (sum(before) + units > sent.units)
        over += ["before_shipment"] * (day < sent.day)
        one = Done("receipt", day, effects, seq, units)
        return [*over, *self.model.add(one)]

    lots = st.tuples(
        names,
        st.sampled_from((None, None, "Parent")),
        few,
        days,
        st.sampled_from((None, *DAYS)),
        st.tuples(
            st.sampled_from((True, False)),
            st.sampled_from((None, None, "D", "Holding")),
            st.sampled_from(("Germany", "Germany", "Poland")),
        ),
    )

    @rule(lot=lots)
    def ship(self, lot: tuple) -> None:
        step = self.shipped(*lot)
        self.do("shipments", step.said, lambda: [c for _, does in step.does for c in does()])

    @rule(lots=st.lists(lots, min_size=2, max_size=6), columns_from=columns)
    def ship_many(self, lots: list, columns_from: int) -> None:
        self.file("shipments", [self.shipped(*lot) for lot in lots], columns_from)

    @precondition(lambda self: self.model.live("shipment"))
    @rule(which=which, units=few, day=days)
    def receive(self, which: int, units: int, day: date) -> None:
        sent = self.model.done[self.one_of(which, "shipment")]
        said = {"document": self.name("R"), "received_on": str(day), "exporter": "X"}
        said |= {"shipment": sent.name, "quantity": str(units)}
        self.do("receipts", said, lambda: self.arrived(sent, units, day))

    @precondition(lambda self: self.model.live("shipment"))
    @rule(which=which, units=few, day=days, kind=st.sampled_from(("return", "attrition")))
    def give_back(self, which: int, units: int, day: date, kind: str) -> None:
        """Only what is proven to have come back gives room back, as the option says."""
        seq = self.one_of(which, "shipment")
        sent = self.model.done[seq]
        before = sum(
            self.model.done[s].units
            for s in self.model.live("return", "attrition")
            if self.model.done[s].target == seq
        )
        effects = self.model.giving_back(seq, units, lambda _: kind == "return")
        one = Done(kind, day, effects, seq, units)
        said = {"document": self.name("R"), "returned_on": str(day), "exporter": "X", "kind": kind}
        said |= {"shipment": sent.name, "quantity": str(units)}
        said |= {"reason": "theft"} if kind == "attrition" else {}
        over = ["more_than_shipped"] * (before + units > sent.units)
        over += ["before_shipment"] * (day < sent.day)
        self.do("returns", said, lambda: [*over, *self.model.add(one)])

    @precondition(lambda self: self.model.live("shipment"))
    @rule(which=which, units=few)
    def correct(self, which: int, units: int) -> None:
        """A file of one correction: the shipment goes, and comes back with other units."""
        seq = self.one_of(which, "shipment")
        one = self.model.done[seq]
        said = {"seq": str(seq), "reason": "miscounted", "quantity": str(units)}
        if units == one.units:
            outcome = self.ledger.record("corrections", said)
            assert (outcome.count, outcome.already, outcome.problems) == (0, 1, [])
            return
        if self.model.pointing(seq):
            outcome = self.ledger.record("corrections", said)
            assert (outcome.count, outcome.rejected) == (0, 1)
            return
        anew = Done("shipment", one.day, units=units, name=one.name, says=one.says)
        self.do("corrections", said, lambda: [*self.model.undo(seq), *self.sent(anew)])


@pytest.fixture
def base(ledger_url: str) -> str:
    """A new ledger, closed, in each database."""
    new_ledger(ledger_url, options=OPTIONS).close()
    return ledger_url


def test_parents(base: str):
    walk(Parents, base, examples=2)
