"""Conditions by party and facility, and what hangs on them: model weights, and goods under VEUs."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from ledger.service.ledger import new_ledger
from tests.cases.table import papers
from tests.walk.machine import Step, Walk, columns, walk
from tests.walk.model import ALWAYS, UNIT, Done

pytestmark = pytest.mark.slow

# From when a paragraph binds; one of the whole entity, the others kept facility by facility.
LATER = date(2026, 1, 15)
BINDS = {"16": date(2025, 1, 13), **dict.fromkeys(("14", "14.d", "15", "18"), LATER)}
OF_ENTITY = ("16",)
UNDER = {"NVEU": tuple(BINDS), "AIA": ("14", "14.d", "15", "18")}
# What secures a facility that stores model weights, in full; a part that is breached undoes it.
WANTED = {"14", "15", "18"}
DAYS = [date(2025, 6, 5), date(2026, 1, 14), LATER, date(2026, 2, 5), date(2026, 7, 30)]
days = st.sampled_from(DAYS)
parties = st.sampled_from(("Store", "Store", "Other"))
sites = st.sampled_from((None, "Hall1", "Hall1", "Hall2"))


class Secured(Walk):
    """Declarations on conditions, one after another and reversed, and what is ruled by them."""

    @rule(
        party=parties,
        at=st.sampled_from(("Hall1", "Hall1", "Hall2")),
        item=st.sampled_from((*BINDS, "14", "15", "18")),
        state=st.sampled_from(("met", "met", "met", "breached", "open")),
        day=days,
        until=st.sampled_from((None, None, DAYS[3])),
    )
    def declare(
        self, party: str, at: str, item: str, state: str, day: date, until: date | None
    ) -> None:
        says = {"party": party, "condition": item, "status": state}
        says |= {} if item in OF_ENTITY else {"facility": at}
        says |= {"until_on": str(until)} if until is not None and until >= day else {}
        said = {"document": self.name("N"), "kind": "condition", "effective_on": str(day), **says}
        said |= {"reference": "an audit"} if state == "met" else {}
        self.do("declarations", said, lambda: self.model.add(Done("condition", day, says=says)))

    @rule(party=parties, day=days)
    def say_done(self, party: str, day: date) -> None:
        """What is said to be filed is on record, and changes nothing else."""
        said = {"document": self.name("F"), "kind": "duty_done", "effective_on": str(day)}
        said |= {"party": party, "status": "veu_half_year-1", "reference": "filed"}
        self.do("declarations", said, lambda: self.model.add(Done("duty_done", day)))

    def state(self, party: str, at: str | None, item: str, day: date) -> str:
        """How a condition stands on a day: as was said last of the facility, or of the entity."""
        place = None if item in OF_ENTITY else at
        said = [
            (d.day, seq, d.says["status"])
            for seq, d in self.model.done.items()
            if d.kind == "condition"
            and not d.undone
            and (d.says["party"], d.says["condition"]) == (party, item)
            and d.says.get("facility") == place
            and d.day <= day
            and str(day) <= d.says.get("until_on", "9999")
        ]
        return max(said)[2] if said and day >= BINDS[item] else "open"

    # Weights

    lots = st.tuples(parties, sites, days, st.sampled_from(("AIA", "AIA", "AIA", "none")))

    def sent(self, party: str, at: str | None, day: date, by: str) -> Step:
        said = {"document": self.name("W"), "transferred_on": str(day), "exporter": "X"}
        said |= {"ultimate_consignee": party, "destination": "India", "consignee_hq": "Germany"}
        said |= {"model": "M", "operations": "1e26", "authorization": by}
        said |= {"facility": at} if at else {}
        return Step(said, [(day, lambda: self.ruled(party, at, day, by))])

    def ruled(self, party: str, at: str | None, day: date, by: str) -> list[str]:
        """A licence is needed everywhere; AIA does where the facility is not known to lack."""
        found = ["no_authorization"] * (by == "none")
        if by == "AIA":
            kept = {item: self.state(party, at, item, day) for item in BINDS if item != "16"}
            if "breached" in kept.values():
                found = ["authorization_unavailable"]
            elif day >= LATER and not {i for i in kept if kept[i] == "met"} >= WANTED:
                found = ["condition_open"]
        return [*found, *self.model.add(Done("weights", day))]

    @rule(lot=lots)
    def send(self, lot: tuple) -> None:
        step = self.sent(*lot)
        self.do("weights", step.said, step.does[0][1])

    @rule(lots=st.lists(lots, min_size=2, max_size=6), columns_from=columns)
    def send_many(self, lots: list, columns_from: int) -> None:
        self.file("weights", [self.sent(*lot) for lot in lots], columns_from)

    # Goods

    goods = st.tuples(parties, sites, st.sampled_from((1, 50)), days, st.sampled_from([*UNDER]))

    def shipped(self, party: str, at: str | None, units: int, day: date, by: str) -> Step:
        country = "Germany" if by == "AIA" else "India"
        said = {"document": self.name("S"), "exported_on": str(day), "exporter": "X"}
        said |= {"ultimate_consignee": party, "destination": country, "authorization": by}
        said |= {"chip": "nvidia-h100-sxm", "quantity": str(units), **papers(str(day))}
        said |= {"facility": at} if at else {}
        one = Done("shipment", day, units=units, name=said["document"])
        if by == "AIA":
            one.effects[(f"{party.lower()} FROM x", ALWAYS), "posted"] = units * UNIT
        return Step(
            said, [(day, lambda: [*self.flagged(party, at, day, by), *self.model.add(one)])]
        )

    def flagged(self, party: str, at: str | None, day: date, by: str) -> list[str]:
        breached = any(self.state(party, at, item, day) == "breached" for item in UNDER[by])
        return ["veu_not_on_file"] * (by == "NVEU") + ["condition_breached"] * breached

    @rule(lot=goods)
    def ship(self, lot: tuple) -> None:
        step = self.shipped(*lot)
        self.do("shipments", step.said, step.does[0][1])

    @rule(lots=st.lists(goods, min_size=2, max_size=6), columns_from=columns)
    def ship_many(self, lots: list, columns_from: int) -> None:
        self.file("shipments", [self.shipped(*lot) for lot in lots], columns_from)


@pytest.fixture
def base(ledger_url: str) -> str:
    """A new ledger, closed, in each database."""
    new_ledger(ledger_url).close()
    return ledger_url


def test_secured(base: str):
    walk(Secured, base, examples=2)
