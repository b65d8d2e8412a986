"""The whole life of licences: asked for, answered, used, changed, and ended in every way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ledger.service.ledger import new_ledger
from tests.walk.line import IN_PART
from tests.walk.machine import DAYS, ISO, Step, Walk, columns, countries, days, walk, which
from tests.walk.model import CYCLE, UNIT, Budget, Done

pytestmark = pytest.mark.slow

OPTIONS = {"return_or_loss_credit": "return_and_loss", "unused_licence_surrender": "credit"}
EXPIRY = (None, date(2025, 9, 30), date(2026, 3, 31))

many = st.sampled_from((1, 900, 20_000, 49_898))
few = st.sampled_from((1, 30, 900))
values = st.sampled_from((None, 10, 12))
exporters = st.sampled_from(("X", "X", "Y"))
ENDINGS = ("lapse", "surrender", "revocation", "licence_close")


class Licences(Walk):
    """Every act on a licence, and what draws on it."""

    gives_back = frozenset({"replacement", "surrender", "licence_close"})

    def lot(self, country: str, units: int, value: int | None = None) -> dict[str, str]:
        said = {"exporter": "X", "ultimate_consignee": "C", "destination": country}
        said |= {"chip": "nvidia-h100-sxm", "quantity": str(units)}
        return said if value is None else said | {"unit_value_usd": str(value)}

    def budget(self, country: str) -> Budget:
        return ISO[country], CYCLE

    # Applications

    @rule(country=countries, units=many, day=days)
    def apply(self, country: str, units: int, day: date) -> None:
        budget, name = self.budget(country), self.name("A")
        room = self.model.room(budget, day, "pending")
        said = {"application": name, "applied_on": str(day)}
        if units * UNIT > room:
            self.do("applications", said | self.lot(country, units), lambda: self.refused(day))
            return
        one = Done("application", day, {(budget, "pending"): units * UNIT}, units=units, name=name)
        self.do("applications", said | self.lot(country, units), lambda: self.model.add(one))

    def refused(self, day: date) -> list[str]:
        return [*self.model.add(Done("refusal", day)), "refused:over_limit"]

    def answer(self, one: Done, application: int) -> list[str]:
        """What answering does: what was pending is free, once."""
        asked = self.model.done[application]
        found = ["before_application"] * (one.day < asked.day)
        one.target = application
        if self.model.answers(application):
            return [*found, "application_answered"]
        (((where, _), amount),) = asked.effects.items()
        one.effects[where, "pending"] = -amount
        more = one.kind == "licence" and one.units * UNIT > amount
        return [*found, *["more_than_applied"] * more]

    @precondition(lambda self: self.model.live("application"))
    @rule(which=which, day=days, kind=st.sampled_from(("denial", "returned_without_action")))
    def end_application(self, which: int, day: date, kind: str) -> None:
        seq = self.one_of(which, "application")
        one = Done(kind, day)
        said = {"document": self.name("N"), "kind": kind, "effective_on": str(day)}
        said |= {"application": self.model.done[seq].name}
        self.do("acts", said, lambda: [*self.answer(one, seq), *self.model.add(one)])

    # Licences

    @rule(
        country=countries,
        units=many,
        day=days,
        value=values,
        ends=st.sampled_from(EXPIRY),
        old=st.tuples(which, st.sampled_from((None, None, "answers", "replaces"))),
    )
    def issue(
        self,
        country: str,
        units: int,
        day: date,
        value: int | None,
        ends: date | None,
        old: tuple[int, str | None],
    ) -> None:
        """A licence of its own; or one that answers an application or replaces a licence."""
        step = self.licensed(country, units, day, value, ends, old)
        self.do("licences", step.said, step.does[0][1])

    @rule(
        lots=st.lists(
            st.tuples(
                countries,
                many,
                days,
                values,
                st.sampled_from(EXPIRY),
                st.tuples(which, st.sampled_from((None, "answers"))),
            ),
            min_size=2,
            max_size=6,
        ),
        columns_from=columns,
    )
    def issue_many(self, lots: list, columns_from: int) -> None:
        """Several in a file, some of which answer applications: each once, the first of them."""
        self.file("licences", [self.licensed(*lot) for lot in lots], columns_from)

    def licensed(
        self,
        country: str,
        units: int,
        day: date,
        value: int | None,
        ends: date | None,
        old: tuple[int, str | None],
    ) -> Step:
        name, (turn, relation) = self.name("L"), old
        terms = {"expires_on": str(ends)} if ends and ends >= day else {}
        terms |= {} if value is None else {"unit_value_usd": str(value)}
        effects = {(self.budget(country), "held"): units * UNIT}
        one = Done("licence", day, effects, units=units, says=terms, name=name)
        said = {"licence": name, "issued_on": str(day), **self.lot(country, units), **terms}
        first: Callable[[], list[str]] = list
        if relation == "answers" and self.model.live("application"):
            seq = self.one_of(turn, "application")
            said["application"] = self.model.done[seq].name
            first = lambda: self.answer(one, seq)  # noqa: E731
        elif relation == "replaces" and self.licences():
            older = self.licences()[turn % len(self.licences())]
            said["supersedes"] = self.model.done[older].name
            first = lambda: self.replace(older, day)  # noqa: E731
        return Step(said, [(day, lambda: [*first(), *self.model.add(one)])])

    def licences(self) -> list[int]:
        return [seq for seq, d in self.model.done.items() if d.kind == "licence"]

    def replace(self, seq: int, day: date) -> list[str]:
        """The rest of an older licence comes back before the new one holds."""
        if self.model.done[seq].undone:
            return ["superseded_not_on_file"]
        ended = ["licence_ended_already"] * (self.model.line(seq).state != "open")
        one = Done("replacement", day, line=seq, maker=self.model.seq + 2)
        return [*ended, *self.model.draw(one)]

    @precondition(lambda self: self.model.live("licence"))
    @rule(
        which=which,
        day=days,
        kind=st.sampled_from(ENDINGS),
        part=st.sampled_from((None, None, 30, 900)),
    )
    def end(self, which: int, day: date, kind: str, part: int | None) -> None:
        said = {"quantity": str(part)} if part and kind in IN_PART else {}
        seq = self.one_of(which, "licence")
        line = self.model.line(seq)
        found = []
        if line.state != "open":
            found = ["licence_ended_already"]
        elif said and part is not None and part > line.held:
            found = ["more_than_held"]
        one = Done(kind, day, line=seq, says=said)
        self.act(one, lambda: [*found, *self.model.draw(one)])

    @precondition(lambda self: self.model.live("licence"))
    @rule(
        which=which,
        day=days,
        value=values,
        ends=st.sampled_from(EXPIRY),
        units=st.sampled_from((None, None, 900)),
    )
    def amend(
        self, which: int, day: date, value: int | None, ends: date | None, units: int | None
    ) -> None:
        seq = self.one_of(which, "licence")
        terms = {"expires_on": str(ends)} if ends and ends >= day else {}
        terms |= {} if value is None else {"unit_value_usd": str(value)}
        if not terms:
            return
        found = ["licence_ended_already"] * (self.model.line(seq).state != "open")
        if units is not None:
            found += ["amendment_of_quantity"] * (units != self.model.done[seq].units)
        one = Done("licence_amendment", day, line=seq, says=terms)
        more = {} if units is None else {"quantity": str(units)}
        self.act(one, lambda: [*found, *self.model.add(one)], **more)

    @precondition(lambda self: self.model.live("licence"))
    @rule(
        which=which,
        day=days,
        kind=st.sampled_from(("licence_suspension", "licence_reinstatement", "licence_transfer")),
        until=st.sampled_from((None, DAYS[2])),
    )
    def mark(self, which: int, day: date, kind: str, until: date | None) -> None:
        seq = self.one_of(which, "licence")
        one = Done(kind, day, line=seq)
        found = []
        if kind == "licence_suspension" and until is not None and until >= day:
            one.says = {"until_on": str(until)}
        elif kind == "licence_transfer":
            one.says = {"to_party": "Y"}
            before = self.model.acts_on(seq, "licence_transfer")
            found = ["licence_transferred_again"] * bool(before)
        self.act(one, lambda: [*found, *self.model.add(one)])

    def act(self, one: Done, does, **more: str) -> None:
        """Record an act on a licence."""
        assert one.line is not None
        said = {"document": self.name("D"), "kind": one.kind, "effective_on": str(one.day)}
        said |= {"licence": self.model.done[one.line].name, **one.says, **more}
        self.do("acts", said, does)

    @rule(by=st.sampled_from((DAYS[2], DAYS[4])))
    def lapse_due(self, by: date) -> None:
        due = []
        for seq in self.model.live("licence"):
            line, last = self.model.line(seq), self.last_day(seq, by)
            if last < str(by) and line.held and line.state == "open":
                due.append((last, self.model.done[seq].name, seq))
        outcome = self.ledger.lapse_due(by)
        if not due:
            assert outcome.count == 0
            return
        lapses = [
            Done("lapse", date.fromisoformat(on) + timedelta(1), line=seq)
            for on, _, seq in sorted(due)
        ]
        self.agrees(outcome, [code for one in lapses for code in self.model.draw(one)])

    # What draws on them

    def drawn(self, licence: int, one: Done, sent: Done, day: date) -> list[str]:
        """What a draw on a licence is flagged with; `sent` is the shipment, `day` its own."""
        of, line = self.model.done[licence], self.model.line(licence)
        shut = line.state not in ("open", "lapsed") and str(day) >= str(line.closed_on)
        found = ["licence_closed"] * shut
        found += ["licence_not_yet_issued"] * (day < of.day)
        expired = str(day) > self.last_day(licence, day)
        expired |= line.state == "lapsed" and str(day) >= str(line.closed_on)
        found += ["licence_expired"] * expired
        found += ["licence_suspended"] * self.suspended(licence, day)
        found += ["licence_other_destination"] * (self.country(of) != sent.says["country"])
        found += ["licence_other_exporter"] * (self.exporter(licence, day) != sent.says["exporter"])
        used, spent = line.used + one.units, line.used_value
        if used > line.units:
            found += ["licence_quantity_overdrawn", "licence_tpp_overdrawn"]
        value = int(sent.says.get("unit_value_usd", "0")) * one.units
        if value and line.value and (spent + value) * 10 > line.value * 11:
            found += ["licence_value_overdrawn"]
        parts = [on for on, _, d in self.model.acts_on(licence, *IN_PART) if "quantity" in d.says]
        late = min(one.units, line.held + line.lapsed + line.back) > line.held
        if late and line.state == "open" and any(on <= day for on in parts):
            found += ["licence_part_ended"]
        elif late and (line.state == "open" or str(day) < str(line.closed_on)):
            found += ["filed_after_ending"]
        return found

    def country(self, licence: Done) -> str:
        return next(where[0] for where, column in licence.effects if column == "held")

    def last_day(self, licence: int, day: date) -> str:
        """The last day in force on a day: that of the latest amendment by then, or its own."""
        acts = self.model.acts_on(licence, "licence_amendment")
        said = [d.says["expires_on"] for on, _, d in acts if on <= day and "expires_on" in d.says]
        return [self.model.line(licence).own_last_day, *said][-1]

    def suspended(self, licence: int, day: date) -> bool:
        acts = self.model.acts_on(licence, "licence_suspension", "licence_reinstatement")
        said = [
            d.kind for on, _, d in acts if on <= day and str(day) <= d.says.get("until_on", "9999")
        ]
        return said[-1:] == ["licence_suspension"]

    def exporter(self, licence: int, day: date) -> str:
        transfers = self.model.acts_on(licence, "licence_transfer")
        return (["X"] + [d.says["to_party"] for on, _, d in transfers if on <= day])[-1]

    def shipped(
        self, which: int, country: str, units: int, day: date, value: int | None, exporter: str
    ) -> Step:
        """A shipment under some licence, or under none where there is no licence."""
        licences, name = self.licences(), self.name("S")
        said = {"document": name, "exported_on": str(day), **self.lot(country, units, value)}
        said["exporter"] = exporter
        one = Done("shipment", day, units=units, name=name)
        one.says = {"country": ISO[country], "exporter": exporter}
        one.says |= {} if value is None else {"unit_value_usd": str(value)}
        if not licences or which % 5 == 0:
            one.effects = {(self.budget(country), "safe"): units * UNIT}
            said |= {"authorization": "none"}
            return Step(said, [(day, lambda: ["no_authorization", *self.model.add(one)])])
        licence = licences[which % len(licences)]
        said["licence"] = self.model.done[licence].name
        if self.model.done[licence].undone:
            one.effects = {(self.budget(country), "safe"): units * UNIT}
            return Step(said, [(day, lambda: ["licence_not_on_file", *self.model.add(one)])])
        one.line = licence
        return Step(said, [(day, lambda: self.draw(one, one, day))])

    def draw(self, one: Done, sent: Done, day: date) -> list[str]:
        assert one.line is not None
        found = self.drawn(one.line, one, sent, day)
        one.effects[self.model.budget_of(one.line), "posted"] = one.units * UNIT
        return [*found, *self.model.draw(one)]

    @rule(which=which, country=countries, units=few, day=days, value=values, by=exporters)
    def ship(
        self, which: int, country: str, units: int, day: date, value: int | None, by: str
    ) -> None:
        step = self.shipped(which, country, units, day, value, by)
        self.do("shipments", step.said, step.does[0][1])

    @rule(
        lots=st.lists(
            st.tuples(which, countries, few, days, values, exporters), min_size=2, max_size=6
        ),
        columns_from=columns,
    )
    def ship_many(self, lots: list, columns_from: int) -> None:
        self.file("shipments", [self.shipped(*lot) for lot in lots], columns_from)

    @precondition(lambda self: self.model.live("licence") and self.model.live("shipment"))
    @rule(which=which, other=which, day=days)
    def assign(self, which: int, other: int, day: date) -> None:
        """Lay what went without a licence under one; what came back of it did not use any."""
        loose = [s for s in self.model.live("shipment") if self.model.done[s].line is None]
        if not loose:
            return
        shipment, licence = loose[which % len(loose)], self.one_of(other, "licence")
        sent = self.model.done[shipment]
        said = {"document": self.name("U"), "kind": "assignment", "effective_on": str(day)}
        said |= {"licence": self.model.done[licence].name, "shipment": sent.name}
        said |= {"exporter": sent.says["exporter"]}
        if any(self.model.done[s].laid == shipment for s in self.model.live("assignment")):
            outcome = self.ledger.record("acts", said)
            assert (outcome.count, outcome.rejected) == (0, 1)
            return
        one = Done("assignment", day, line=licence, laid=shipment, units=sent.units, says=sent.says)
        ((where, _),) = [key for key in sent.effects if key[1] == "safe"]
        left = self.model.left(shipment, where, "safe")
        self.do("acts", said, lambda: self.lay(one, sent, where, left))

    def lay(self, one: Done, sent: Done, where: Budget, left: int) -> list[str]:
        assert one.line is not None
        found = self.drawn(one.line, one, sent, sent.day)
        one.effects[where, "safe"] = -left
        one.effects[self.model.budget_of(one.line), "posted"] = left
        return [*found, *self.model.draw(one)]

    @precondition(lambda self: self.model.live("shipment"))
    @rule(which=which, units=few, day=days, kind=st.sampled_from(("return", "attrition")))
    def give_back(self, which: int, units: int, day: date, kind: str) -> None:
        seq = self.one_of(which, "shipment")
        sent = self.model.done[seq]
        before = sum(
            self.model.done[s].units
            for s in self.model.live("return", "attrition")
            if self.model.done[s].target == seq
        )
        one = Done(kind, day, self.model.giving_back(seq, units, lambda _: True), seq, units)
        said = {"document": self.name("R"), "returned_on": str(day), "kind": kind}
        said |= {"exporter": sent.says["exporter"], "shipment": sent.name, "quantity": str(units)}
        said |= {"reason": "theft"} if kind == "attrition" else {}
        over = ["more_than_shipped"] * (before + units > sent.units)
        over += ["before_shipment"] * (day < sent.day)
        self.do("returns", said, lambda: [*over, *self.model.add(one)])


@pytest.fixture
def base(ledger_url: str) -> str:
    """A new ledger, closed, in each database."""
    new_ledger(ledger_url, options=OPTIONS).close()
    return ledger_url


def test_licences(base: str):
    walk(Licences, base, examples=2)
