"""A walk of any acts in any order: after each the ledger stands where a simple model does."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from ledger.service.dependents import Standing
from ledger.service.ledger import Ledger, new_ledger, open_ledger
from ledger.service.outcome import Outcome
from schemas import tables as t
from schemas.problems import Unusable
from tests.cases.table import papers
from tests.service.books import assert_sound, copied
from tests.walk.model import UNIT, Done, Model

pytestmark = pytest.mark.slow

DAYS = [date(2025, 3, 1), date(2025, 6, 2), date(2025, 12, 30), date(2026, 1, 2), date(2026, 8, 1)]
ISO = {"India": "IN", "Poland": "PL"}
OPTIONS = {"return_or_loss_credit": "on_proven_return", "lpp_year": "received"}
BALANCES = ("balance", "balance_day", "licence_line")
COLUMNS = ("adjustment", "pending", "held", "posted", "safe")

countries = st.sampled_from(list(ISO))
days = st.sampled_from(DAYS)
many = st.sampled_from((1, 900, 20_000, 49_898))
few = st.sampled_from((1, 30, 900, 1_699))
parents = st.sampled_from(("", "Parent"))
which = st.integers(0, 10**6)


class Walk(RuleBasedStateMachine):
    """One ledger and its model, side by side. `base` is an empty ledger to copy."""

    base: str

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        url = self.stack.enter_context(copied(self.base, Path(folder)))
        self.ledger: Ledger = self.stack.enter_context(open_ledger(url))
        self.model = Model()

    def teardown(self) -> None:
        with self.stack:
            assert_sound(self.ledger)

    # Comparing

    def table(self, name: str) -> list[dict[str, Any]]:
        table = t.metadata.tables[name]
        with self.ledger.store.reading() as turn:
            found = turn.connection.execute(select(table).order_by(*table.primary_key))
            return [dict(row._mapping) for row in found]

    def agrees(self, outcome: Outcome, *findings: str) -> None:
        assert outcome.counts == Counter(findings)
        assert outcome.first_seq + outcome.count - 1 == self.model.seq
        names = {b["budget_no"]: (b["holder"], b["window"]) for b in self.table("budget")}
        stored = {
            names[b["budget_no"]]: {c: b[f"{c}_mtpp"] for c in COLUMNS if b[f"{c}_mtpp"]}
            for b in self.table("balance")
        }
        modelled = {b: c for b, c in self.model.balances().items() if set(c) - {"act"}}
        assert {b: c for b, c in stored.items() if c} == modelled
        lines = {
            line["seq"]: (line["used_quantity"], line["held_mtpp"])
            for line in self.table("licence_line")
        }
        assert lines == {seq: self.model.line(seq) for seq in lines}

    def live(self, *kinds: str) -> list[int]:
        done = self.model.done.items()
        return [seq for seq, d in done if d.kind in kinds and not d.undone]

    def lot(self, country: str, units: int, **more: str) -> dict[str, str]:
        said = {"exporter": "X", "ultimate_consignee": "C", "destination": country}
        said |= {"chip": "nvidia-h100-sxm", "quantity": str(units)}
        return said | {name: value for name, value in more.items() if value}

    def number(self) -> str:
        return f"N{self.model.seq}"

    # Acts

    @rule(country=countries, units=many, day=days)
    def apply(self, country: str, units: int, day: date) -> None:
        room, suspended = (
            self.model.room(ISO[country], day),
            self.model.suspended(ISO[country], day),
        )
        before = [self.table(name) for name in BALANCES]
        said = {"application": self.number(), "applied_on": str(day)}
        outcome = self.ledger.apply(said | self.lot(country, units))
        if suspended or units * UNIT > room:
            self.model.add(Done("refusal", day))
            reason = "holder_suspended" if suspended else "over_limit"
            self.agrees(outcome, f"refused:{reason}")
            assert [self.table(name) for name in BALANCES] == before
            return
        effects = {((ISO[country], "2025-2027"), "pending"): units * UNIT}
        self.model.add(Done("application", day, effects, units=units))
        self.agrees(outcome)

    @rule(country=countries, units=many, day=days, answers=which, answering=st.booleans())
    def issue(self, country: str, units: int, day: date, answers: int, answering: bool) -> None:
        budget = (ISO[country], "2025-2027")
        effects = {(budget, "held"): units * UNIT}
        target, found = None, []
        asked = self.live("application")
        said = {"licence": self.number(), "issued_on": str(day)}
        if answering and asked:
            seq = asked[answers % len(asked)]
            said["application"] = f"N{seq - 1}"
            if not self.model.pointing(seq):
                target, ((where, _), amount) = seq, next(iter(self.model.done[seq].effects.items()))
                effects[where, "pending"] = -amount
                found = ["more_than_applied"] * (units * UNIT > amount)
            else:
                found = ["application_answered"]
        outcome = self.ledger.issue(said | self.lot(country, units))
        found += self.model.marks(ISO[country], day)
        over = self.model.add(Done("licence", day, effects, target, units))
        self.agrees(outcome, *over, *found)

    @precondition(lambda self: self.live("licence"))
    @rule(which=which, units=many, day=days)
    def ship_licensed(self, which: int, units: int, day: date) -> None:
        seq = self.live("licence")[which % len(self.live("licence"))]
        licence = self.model.done[seq]
        budget = next(b for b, c in licence.effects if c == "held")
        used, held = self.model.line(seq)
        findings = ["licence_not_yet_issued"] if day < licence.day else []
        if used + units > licence.units:
            findings += ["licence_quantity_overdrawn", "licence_tpp_overdrawn"]
        country = next(name for name, code in ISO.items() if code == budget[0])
        said = {"document": self.number(), "exported_on": str(day), "licence": f"N{seq - 1}"}
        outcome = self.ledger.ship(said | self.lot(country, units))
        amount = units * UNIT
        effects = {(budget, "posted"): amount, (budget, "held"): -min(amount, held)}
        over = self.model.add(Done("shipment", day, effects, units=units, licence=seq))
        self.agrees(outcome, *over, *findings)

    @rule(country=countries, units=few, day=days)
    def ship_without(self, country: str, units: int, day: date) -> None:
        said = {"document": self.number(), "exported_on": str(day), "authorization": "none"}
        outcome = self.ledger.ship(said | self.lot(country, units))
        effects = {((ISO[country], "2025-2027"), "safe"): units * UNIT}
        self.model.add(Done("shipment", day, effects, units=units))
        self.agrees(outcome, "no_authorization")

    @rule(units=few, day=days, parent=parents, arrives=st.sampled_from([None, *DAYS]))
    def ship_small(self, units: int, day: date, parent: str, arrives: date | None) -> None:
        arrives = None if arrives is None else max(day, arrives)
        said = {"document": self.number(), "exported_on": str(day), "authorization": "LPP"}
        said |= papers(str(day))
        said |= {"received_on": str(arrives)} if arrives else {}
        outcome = self.ledger.ship(said | self.lot("Poland", units, ultimate_parent=parent))
        holder = parent.lower() or "c"
        effects = {((holder, str(day.year)), "held"): units * UNIT}
        over = self.model.add(Done("small", day, effects, units=units))
        if arrives:
            over += self.arrived(self.model.seq, units, arrives)
        self.agrees(outcome, *over)

    def arrived(self, seq: int, units: int, day: date) -> list[str]:
        """What a receipt does: it takes from the hold, and posts in its own year."""
        ((sent, _),) = [key for key in self.model.done[seq].effects if key[1] == "held"]
        received = [self.model.done[s] for s in self.model.pointing(seq)]
        more = sum(d.units for d in received) + units > self.model.done[seq].units
        effects = {(sent, "held"): -min(units * UNIT, self.model.left(seq, "held", "receipt"))}
        there = (sent[0], str(day.year))
        effects[there, "posted"] = units * UNIT
        over = self.model.add(Done("receipt", day, effects, seq, units))
        return over + ["more_than_shipped"] * more

    @precondition(lambda self: self.live("small"))
    @rule(which=which, units=few, day=days)
    def receive(self, which: int, units: int, day: date) -> None:
        seq = self.live("small")[which % len(self.live("small"))]
        said = {"document": f"R{self.model.seq}", "received_on": str(day), "exporter": "X"}
        outcome = self.ledger.record(
            "receipts", said | {"shipment": f"N{seq - 1}", "quantity": str(units)}
        )
        self.agrees(outcome, *self.arrived(seq, units, day))

    @precondition(lambda self: self.live("shipment"))
    @rule(which=which, units=few, day=days)
    def give_back(self, which: int, units: int, day: date) -> None:
        seq = self.live("shipment")[which % len(self.live("shipment"))]
        shipment = self.model.done[seq]
        column = "posted" if shipment.licence else "safe"
        budget = next(b for b, c in shipment.effects if c == column)
        back = sum(self.model.done[s].units for s in self.model.pointing(seq))
        amount = min(units * UNIT, self.model.left(seq, column, "return"))
        said = {"document": f"R{self.model.seq}", "returned_on": str(day), "exporter": "X"}
        outcome = self.ledger.record(
            "returns", said | {"shipment": f"N{seq - 1}", "quantity": str(units)}
        )
        self.model.add(Done("return", day, {(budget, column): -amount}, seq, units))
        self.agrees(outcome, *["more_than_shipped"] * (back + units > shipment.units))

    @rule(country=countries, percent=st.sampled_from((-10, 30, 60)), day=days)
    def change_limit(self, country: str, percent: int, day: date) -> None:
        budget = (ISO[country], "2025-2027")
        amount = 790_000_000_000 * percent // 100
        uplift = percent > 0
        findings = ["uplift_not_listed"] if uplift else []
        if uplift and self.model.total(budget, "adjustment") + amount > 790_000_000_000:
            findings.append("uplift_over_maximum")
        said = {"document": self.number(), "effective_on": str(day), "holder": country}
        kind = {"kind": "uplift" if uplift else "amendment", "percent": str(percent)}
        outcome = self.ledger.record("adjustments", said | kind)
        self.model.add(Done("uplift", day, {(budget, "adjustment"): amount}))
        self.agrees(outcome, *findings)

    @rule(country=countries, day=days, kind=st.sampled_from(("block", "suspend", "reinstate")))
    def mark(self, country: str, day: date, kind: str) -> None:
        said = {"document": self.number(), "effective_on": str(day), "holder": country}
        outcome = self.ledger.record("adjustments", said | {"kind": kind})
        self.model.add(Done(kind, day, {((ISO[country], "2025-2027"), "act"): 0}))
        self.agrees(outcome)

    @precondition(lambda self: self.model.done)
    @rule(which=which)
    def reverse(self, which: int) -> None:
        done = self.model.done.items()
        able = [s for s, d in done if not d.undone and d.kind not in ("refusal", "reversal")]
        if not able:
            return
        seq = able[which % len(able)]
        if by := self.model.pointing(seq):
            before = [self.table(name) for name in BALANCES]
            with pytest.raises(Standing) as error:
                self.ledger.reverse([seq], "wrong")
            assert error.value.by == {seq: by}
            assert [self.table(name) for name in BALANCES] == before
            return
        outcome = self.ledger.reverse([seq], "wrong")
        self.agrees(outcome, *self.model.undo(seq))

    @precondition(lambda self: any(d.undone for d in self.model.done.values()))
    @rule(which=which)
    def restore(self, which: int) -> None:
        undone = [seq for seq, d in self.model.done.items() if d.undone]
        seq = undone[which % len(undone)]
        one = self.model.done[seq]
        assert one.by is not None
        before = [self.table(name) for name in BALANCES]
        fits = one.kind != "application" or all(
            amount <= self.model.room(where[0], one.day)
            for (where, _), amount in one.effects.items()
        )
        if not (self.model.may_stand_again(seq) and fits):
            with pytest.raises((Standing, Unusable)):
                self.ledger.reverse([one.by], "right after all")
            assert [self.table(name) for name in BALANCES] == before
            return
        outcome = self.ledger.reverse([one.by], "right after all")
        self.agrees(outcome, *self.model.redo(seq))


@pytest.fixture
def base(ledger_url: str) -> str:
    """A new ledger, closed, in each database."""
    new_ledger(ledger_url, options=OPTIONS).close()
    return ledger_url


def test_walk(base: str):
    class Here(Walk):
        pass

    Here.base = base
    at_most = settings(
        max_examples=12,
        stateful_step_count=30,
        deadline=None,
        phases=(Phase.reuse, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Here, settings=at_most)
