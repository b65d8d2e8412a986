"""Country allocations: limits that move, budgets marked, requests against what is left."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ledger.service.ledger import new_ledger
from schemas.problems import Unusable
from tests.walk.limits import COUNTRY
from tests.walk.machine import (
    BALANCES,
    DAYS,
    ISO,
    Step,
    Walk,
    columns,
    countries,
    days,
    walk,
    which,
)
from tests.walk.model import CYCLE, UNIT, Done

pytestmark = pytest.mark.slow

many = st.sampled_from((1, 900, 20_000, 49_898))
few = st.sampled_from((1, 30, 900))
LIMITS = ("uplift", "uplift", "amendment", "carry_over")
MARKS = ("block", "unblock", "suspend", "reinstate")


class Allocations(Walk):
    """Claims on two countries, one at a time and in files, while their limits are moved."""

    def lot(self, country: str, units: int) -> dict[str, str]:
        said = {"exporter": "X", "ultimate_consignee": "C", "destination": country}
        return said | {"chip": "nvidia-h100-sxm", "quantity": str(units)}

    # Limits and marks

    @rule(
        country=countries,
        percent=st.sampled_from((-10, 30, 60)),
        day=days,
        kind=st.sampled_from(LIMITS),
    )
    def change_limit(self, country: str, percent: int, day: date, kind: str) -> None:
        budget = (ISO[country], CYCLE)
        if kind == "uplift" and percent < 0:
            return
        amount = COUNTRY * percent // 100
        found = ["uplift_not_listed"] if kind == "uplift" else []
        if kind == "uplift" and self.model.total(budget, "adjustment") + amount > COUNTRY:
            found.append("uplift_over_maximum")
        said = {"document": self.name("J"), "effective_on": str(day), "holder": country}
        one = Done(kind, day, {(budget, "adjustment"): amount})
        said |= {"kind": kind, "percent": str(percent), "reference": "an assurance"}
        self.do("adjustments", said, lambda: [*found, *self.model.add(one)])

    @rule(
        country=countries,
        day=days,
        kind=st.sampled_from(MARKS),
        until=st.sampled_from((None, None, DAYS[3])),
    )
    def mark(self, country: str, day: date, kind: str, until: date | None) -> None:
        said = {"document": self.name("M"), "effective_on": str(day), "holder": country}
        one = Done(kind, day, {((ISO[country], CYCLE), "act"): 0})
        if until is not None and until >= day:
            said["until_on"] = one.says["until_on"] = str(until)
        self.do("adjustments", said | {"kind": kind}, lambda: self.model.add(one))

    # Requests

    def asked(self, country: str, units: int, day: date) -> Step:
        name = self.name("A")
        said = {"application": name, "applied_on": str(day), **self.lot(country, units)}
        return Step(said, [(day, lambda: self.weighed(ISO[country], units, day, name))])

    def weighed(self, code: str, units: int, day: date, name: str) -> list[str]:
        budget = (code, CYCLE)
        if self.model.acts_of(budget, "suspend", "reinstate", day):
            return [*self.model.add(Done("refusal", day)), "refused:holder_suspended"]
        if units * UNIT > self.model.room(budget, day, "pending"):
            return [*self.model.add(Done("refusal", day)), "refused:over_limit"]
        effects = {(budget, "pending"): units * UNIT}
        return self.model.add(Done("application", day, effects, units=units, name=name))

    @rule(country=countries, units=many, day=days)
    def apply(self, country: str, units: int, day: date) -> None:
        step = self.asked(country, units, day)
        before = [self.table(name) for name in BALANCES]
        self.do("applications", step.said, step.does[0][1])
        if self.model.done[self.model.seq].kind == "refusal":
            assert [self.table(name) for name in BALANCES] == before

    @rule(
        lots=st.lists(st.tuples(countries, many, days), min_size=2, max_size=6),
        columns_from=columns,
    )
    def apply_many(self, lots: list, columns_from: int) -> None:
        self.file("applications", [self.asked(*lot) for lot in lots], columns_from)

    # Facts

    def licensed(self, country: str, units: int, day: date) -> Step:
        budget, name = (ISO[country], CYCLE), self.name("L")
        one = Done("licence", day, {(budget, "held"): units * UNIT}, units=units, name=name)
        said = {"licence": name, "issued_on": str(day), **self.lot(country, units)}
        return Step(said, [(day, lambda: [*self.model.marks(budget, day), *self.model.add(one)])])

    @rule(country=countries, units=many, day=days)
    def issue(self, country: str, units: int, day: date) -> None:
        step = self.licensed(country, units, day)
        self.do("licences", step.said, step.does[0][1])

    @rule(
        lots=st.lists(st.tuples(countries, many, days), min_size=2, max_size=6),
        columns_from=columns,
    )
    def issue_many(self, lots: list, columns_from: int) -> None:
        self.file("licences", [self.licensed(*lot) for lot in lots], columns_from)

    def shipped(self, which: int, country: str, units: int, day: date, kind: str) -> Step:
        """Under a licence that stands, or (one in four) under none."""
        licences, name = self.model.live("licence"), self.name("S")
        said = {"document": name, "exported_on": str(day), "kind": kind, **self.lot(country, units)}
        one = Done("shipment", day, units=units, name=name)
        if not licences or which % 4 == 0:
            one.effects = {((ISO[country], CYCLE), "safe"): units * UNIT}
            said["authorization"] = "none"
            return Step(said, [(day, lambda: ["no_authorization", *self.model.add(one)])])
        one.line = licences[which % len(licences)]
        said["licence"] = self.model.done[one.line].name
        return Step(said, [(day, lambda: self.draw(one, ISO[country]))])

    def draw(self, one: Done, code: str) -> list[str]:
        """Use a licence; a transfer of goods that count already only gives up what it holds."""
        assert one.line is not None
        of, line = self.model.done[one.line], self.model.line(one.line)
        where = self.model.budget_of(one.line)
        found = ["licence_not_yet_issued"] * (one.day < of.day)
        found += ["licence_other_destination"] * (where[0] != code)
        if line.used + one.units > line.units:
            found += ["licence_quantity_overdrawn", "licence_tpp_overdrawn"]
        if one.linked is None:
            one.effects[where, "posted"] = one.units * UNIT
        return [*found, *self.model.draw(one)]

    kinds = st.sampled_from(("export", "export", "reexport", "export_from_abroad"))
    lots = st.tuples(which, countries, few, days, kinds)

    @rule(lot=lots)
    def ship(self, lot: tuple) -> None:
        step = self.shipped(*lot)
        self.do("shipments", step.said, step.does[0][1])

    @rule(lots=st.lists(lots, min_size=2, max_size=6), columns_from=columns)
    def ship_many(self, lots: list, columns_from: int) -> None:
        self.file("shipments", [self.shipped(*lot) for lot in lots], columns_from)

    @precondition(lambda self: self.model.live("shipment"))
    @rule(which=which, other=which, day=days)
    def move_on(self, which: int, other: int, day: date) -> None:
        """A transfer within the country of what a shipment brought: it is not debited again.

        Where it has a licence of its own, what that holds is given up.
        """
        shipment = self.one_of(which, "shipment")
        sent = self.model.done[shipment]
        if sent.kind != "shipment" or sent.says.get("moved"):
            return
        code = next(where[0] for where, _ in sent.effects)
        country = next(name for name, known in ISO.items() if known == code)
        name, licences = self.name("S"), self.model.live("licence")
        said = {"document": name, "exported_on": str(day), "kind": "in_country_transfer"}
        said |= {**self.lot(country, sent.units), "shipment": sent.name}
        one = Done("shipment", day, units=sent.units, name=name, says={"moved": "yes"})
        if not licences or other % 3 == 0:
            one.kind, one.target = "moved", shipment
            found = ["no_authorization"]
            self.do(
                "shipments",
                said | {"authorization": "none"},
                lambda: [*found, *self.model.add(one)],
            )
            return
        licence = licences[other % len(licences)]
        said["licence"] = self.model.done[licence].name
        if licence == sent.line:
            one.kind, one.target = "moved", shipment
            late = ["licence_not_yet_issued"] * (day < self.model.done[licence].day)
            late += ["licence_other_destination"] * (self.model.budget_of(licence)[0] != code)
            self.do("shipments", said, lambda: [*late, *self.model.add(one)])
            return
        one.line, one.linked = licence, shipment
        self.do("shipments", said, lambda: self.draw(one, code))

    @precondition(lambda self: self.model.seq > 1)
    @rule(which=which)
    def reverse_submission(self, which: int) -> None:
        """All that still stands of one submission of facts, with what hangs on it."""
        made = self.table("submission")[1:]
        of = made[which % len(made)]
        meant = range(of["first_seq"], of["first_seq"] + of["count"])
        kinds = {seq: self.model.done[seq].kind for seq in meant}
        if "reversal" in kinds.values():
            return
        left = {seq for seq in meant if kinds[seq] != "refusal" and not self.model.done[seq].undone}
        if not left:
            with pytest.raises(Unusable):
                self.ledger.reverse_submission(of["number"], "all of it", cascade=True)
            return
        outcome = self.ledger.reverse_submission(of["number"], "all of it", cascade=True)
        gone = sorted(self.model.all_pointing(left), reverse=True)
        self.agrees(outcome, [code for one in gone for code in self.model.undo(one)])


@pytest.fixture
def base(ledger_url: str) -> str:
    """A new ledger, closed, in each database."""
    new_ledger(ledger_url).close()
    return ledger_url


def test_allocations(base: str):
    walk(Allocations, base, examples=2)
