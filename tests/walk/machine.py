"""A walk of any acts in any order: after each the ledger stands where the model does.

What every walk shares: comparing, reversing with and without what depends on it, restoring, and
closing quarters. The acts stand in the test files, one walk for each part of the rule.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from ledger.service.dependents import Standing
from ledger.service.ledger import Ledger, open_ledger
from ledger.service.outcome import Outcome
from schemas import tables as t
from schemas.problems import Unusable
from tests.service.books import assert_sound, copied, write_csv
from tests.walk.line import Line
from tests.walk.model import ASIDE, UNIT, Done, Model

# A Thursday in each of the quarters that matter, and days around New Year. No holiday among them.
DAYS = [date(2025, 3, 6), date(2025, 6, 5), date(2025, 12, 30), date(2026, 1, 2), date(2026, 7, 30)]
ISO = {"India": "IN", "Poland": "PL"}
BALANCES = ("balance", "balance_day", "licence_line")
COLUMNS = ("adjustment", "pending", "held", "posted", "lapsed", "safe")
WAYS = ("held", "lapsed", "back")

countries = st.sampled_from(list(ISO))
days = st.sampled_from(DAYS)
which = st.integers(0, 10**6)
columns = st.sampled_from((1, 10**9))


@dataclass
class Step:
    """A row of a file: what it says, and what the model does of it, in the order of the days."""

    said: dict[str, str]
    does: list[tuple[date, Callable[[], list[str]]]]


class Walk(RuleBasedStateMachine):
    """One ledger and its model, side by side. `base` is an empty ledger to copy."""

    base: str
    gives_back: frozenset[str] = Model.gives_back

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        url = self.stack.enter_context(copied(self.base, self.folder))
        self.ledger: Ledger = self.stack.enter_context(open_ledger(url))
        self.model = Model()
        self.model.gives_back = self.gives_back
        self.names = 0

    def teardown(self) -> None:
        with self.stack:
            assert_sound(self.ledger)

    # Comparing

    def table(self, name: str) -> list[dict[str, Any]]:
        table = t.metadata.tables[name]
        with self.ledger.store.reading() as turn:
            found = turn.connection.execute(select(table).order_by(*table.primary_key))
            return [dict(row._mapping) for row in found]

    def agrees(self, outcome: Outcome, findings: Iterable[str]) -> None:
        """What the ledger says, its balances and its licence lines are what the model has."""
        assert outcome.problems == []
        assert outcome.counts == Counter(findings)
        assert outcome.first_seq + outcome.count - 1 == self.model.seq
        names = {b["budget_no"]: (b["holder"], b["window"]) for b in self.table("budget")}
        stored = {
            names[b["budget_no"]]: {c: b[f"{c}_mtpp"] for c in COLUMNS if b[f"{c}_mtpp"]}
            for b in self.table("balance")
        }
        modelled = {
            where: {c: n for c, n in amounts.items() if c != "act"}
            for where, amounts in self.model.balances().items()
        }
        differs = {
            b: (stored.get(b, {}), modelled.get(b, {}))
            for b in stored.keys() | modelled.keys()
            if stored.get(b, {}) != modelled.get(b, {})
        }
        assert differs == {}, "budgets: the ledger's balance, the model's"
        below = {b: c for b, c in stored.items() if any(c.get(n, 0) < 0 for n in COLUMNS[1:])}
        assert below == {}
        for line in self.table("licence_line"):
            assert as_stored(line) == as_modelled(self.model.line(line["seq"])), line["licence"]

    def name(self, letter: str) -> str:
        self.names += 1
        return f"{letter}{self.names}"

    def one_of(self, which: int, *kinds: str) -> int:
        live = self.model.live(*kinds)
        return live[which % len(live)]

    # Acts

    def do(self, kind: str, said: dict[str, str], does: Callable[[], list[str]]) -> None:
        """Record one movement, and have the model do it."""
        self.agrees(self.ledger.record(kind, said), does())

    def file(self, kind: str, steps: list[Step], columns_from: int) -> None:
        """Import rows as one file, and have the model take them in the order of their days."""
        path = write_csv(self.folder / f"{self.name('file')}.csv", [step.said for step in steps])
        outcome = self.ledger.import_file(path, kind, columns_from=columns_from)
        moves = [
            (day, place, turn, does)
            for place, step in enumerate(steps)
            for turn, (day, does) in enumerate(step.does)
        ]
        moves.sort(key=lambda move: move[:3])
        self.agrees(outcome, [code for *_, does in moves for code in does()])

    @rule(quarter=st.sampled_from(("2025Q1", "2025Q2", "2025Q4", "2026Q1")))
    def close_quarter(self, quarter: str) -> None:
        year, number = int(quarter[:4]), int(quarter[-1])
        last = [date(year, 3, 31), date(year, 6, 30), date(year, 9, 30), date(year, 12, 31)]
        if last[number - 1] in [self.model.done[s].day for s in self.model.live("quarter_close")]:
            with pytest.raises(Unusable, match="closed already"):
                self.ledger.close_quarter(quarter, "0" * 64, self.model.seq)
            return
        outcome = self.ledger.close_quarter(quarter, "0" * 64, self.model.seq)
        one = Done("quarter_close", last[number - 1], name=quarter)
        self.agrees(outcome, self.model.add(one))

    # Taking back

    def able(self) -> list[int]:
        return [s for s, d in self.model.done.items() if not d.undone and d.kind not in ASIDE]

    @precondition(lambda self: self.able())
    @rule(which=which, cascade=st.sampled_from((False, False, True)))
    def reverse(self, which: int, cascade: bool) -> None:
        able = self.able()
        seq = able[which % len(able)]
        meant = self.model.together(seq)
        along = self.model.all_pointing(meant)
        if along > meant and not cascade:
            before = [self.table(name) for name in BALANCES]
            with pytest.raises(Standing) as error:
                self.ledger.reverse([seq], "wrong")
            by = {s: sorted(others) for s, others in error.value.by.items()}
            assert by == self.model.in_the_way(meant)
            assert [self.table(name) for name in BALANCES] == before
            return
        outcome = self.ledger.reverse([seq], "wrong", cascade=cascade)
        gone = sorted(along, reverse=True)
        self.agrees(outcome, [code for one in gone for code in self.model.undo(one)])

    @precondition(lambda self: any(d.undone for d in self.model.done.values()))
    @rule(which=which)
    def restore(self, which: int) -> None:
        undone = [seq for seq, d in self.model.done.items() if d.undone]
        seq = undone[which % len(undone)]
        by = {self.model.done[s].by or 0: s for s in self.model.together(seq)}
        named = self.model.done[seq].by
        assert named is not None
        before = [self.table(name) for name in BALANCES]
        stands = all(self.model.may_stand_again(s, by.values()) for s in by.values())
        short = self.model.short(by.values(), sign=1)
        if short or not stands or not self.fits_again(self.model.done[seq]):
            with pytest.raises((Standing, Unusable)):
                self.ledger.reverse([named], "right after all")
            assert [self.table(name) for name in BALANCES] == before
            return
        outcome = self.ledger.reverse([named], "right after all")
        again = [by[reversal] for reversal in sorted(by, reverse=True)]
        self.agrees(outcome, [code for one in again for code in self.model.redo(one)])

    def fits_again(self, one: Done) -> bool:
        """Whether there still is what an application asks for."""
        return one.kind != "application" or all(
            amount <= self.model.room(where, one.day, "pending")
            for (where, column), amount in one.effects.items()
            if column == "pending"
        )


def as_stored(line: dict[str, Any]) -> dict[str, Any]:
    """A licence line of the ledger in the words of the model, in units."""
    return {
        "used": line["used_quantity"],
        **{name: line[f"{name}_mtpp"] // UNIT for name in WAYS},
        "gone": line["gone_quantity"],
        "state": line["state"],
        "closed_on": line["closed_on"] and str(line["closed_on"]),
        "expires_on": line["expires_on"] and str(line["expires_on"]),
        "value": line["value_cents"] or 0,
    }


def as_modelled(line: Line) -> dict[str, Any]:
    """A line of the model, as the ledger should have it."""
    return {
        "used": line.used,
        **{name: getattr(line, name) for name in WAYS},
        "gone": line.gone,
        "state": line.state,
        "closed_on": line.closed_on,
        "expires_on": line.expires_on,
        "value": line.value * 100,
    }


def walk(machine: type[Walk], base: str, examples: int, steps: int = 30) -> None:
    """Take some walks of so many steps; many more where the profile is for exploring."""

    class Here(machine):  # type: ignore[misc, valid-type]
        pass

    Here.base = base
    if os.environ.get("HYPOTHESIS_PROFILE") == "explore":
        examples, steps = examples * int(os.environ.get("WALK_TIMES", "60")), 2 * steps
    shrink = () if os.environ.get("WALK_AS_FOUND") else (Phase.shrink,)
    at_most = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=(Phase.reuse, Phase.generate, *shrink),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Here, settings=at_most)
