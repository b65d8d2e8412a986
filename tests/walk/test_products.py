"""91 FR 1684 beside the rule: a product sent to China and Macau, against what is at home of it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ledger.service.ledger import new_ledger
from tests.walk.machine import Step, Walk, columns, walk, which
from tests.walk.model import ALWAYS, Done

pytestmark = pytest.mark.slow

CHIP, H20 = "nvidia-h20", 2_368_000  # milli-TPP of one
ISO = {"China": "CN", "Macau": "MO", "United States": "US"}
ABROAD = ("CN", "MO")
DAYS = [date(2026, 2, 2), date(2026, 2, 5), date(2026, 3, 2), date(2026, 7, 30)]
# On record before the walk begins: so many are at home.
DECLARED, AT_HOME = "2026-01-31", 100
places, days = st.sampled_from([*ISO]), st.sampled_from(DAYS)
few = st.sampled_from((1, 10, 30, 51))


def account(code: str) -> tuple[str, str]:
    """The account of the product in a country."""
    return f"{CHIP}@{code}", ALWAYS


class Products(Walk):
    """Shipments abroad and at home, in files and one by one, and what comes back of them."""

    def __init__(self) -> None:
        super().__init__()
        self.model.seq = 2

    def stands(self, day: date, *codes: str) -> int:
        return sum(self.model.total(account(code), "posted", until=day) // H20 for code in codes)

    def measured(self, code: str, units: int, day: date) -> list[str]:
        """More than half abroad on its day or on a later one, where the movement makes it more."""
        abroad, home = (units, 0) if code in ABROAD else (0, units)
        if abroad * 2 <= home:
            return []
        later = {day, *(d.day for d in self.model.done.values() if d.day > day)}
        over = (
            2 * (self.stands(on, *ABROAD) + abroad) > AT_HOME + self.stands(on, "US") + home
            for on in later
        )
        return ["share_over"] * any(over)

    lots = st.tuples(places, few, days, st.sampled_from(("export", "export", "reexport")))

    def shipped(self, country: str, units: int, day: date, kind: str) -> Step:
        """Under a licence that is not on file; to the United States under nothing."""
        said = {"document": self.name("S"), "exported_on": str(day), "exporter": "X"}
        said |= {"ultimate_consignee": "C", "destination": country, "kind": kind}
        said |= {"chip": CHIP, "quantity": str(units)}
        home = country == "United States"
        said |= {} if home else {"authorization": "licence", "licence": "Z"}
        one = Done("shipment", day, units=units, name=said["document"])
        one.says = {"country": ISO[country], "counts": "yes" if kind == "export" else "no"}
        return Step(said, [(day, lambda: self.sent(one))])

    def sent(self, one: Done) -> list[str]:
        code, found = one.says["country"], []
        if code in ABROAD:
            found += ["licence_not_on_file"]
        if one.says["counts"] == "yes":
            found += self.measured(code, one.units, one.day)
            one.effects[account(code), "posted"] = one.units * H20
        return [*found, *self.model.add(one)]

    @rule(lot=lots)
    def ship(self, lot: tuple) -> None:
        step = self.shipped(*lot)
        self.do("shipments", step.said, step.does[0][1])

    @rule(lots=st.lists(lots, min_size=2, max_size=6), columns_from=columns)
    def ship_many(self, lots: list, columns_from: int) -> None:
        self.file("shipments", [self.shipped(*lot) for lot in lots], columns_from)

    @precondition(lambda self: self.model.live("shipment"))
    @rule(which=which, units=few, day=days)
    def give_back(self, which: int, units: int, day: date) -> None:
        """What comes back stands there no longer."""
        seq = self.one_of(which, "shipment")
        sent = self.model.done[seq]
        before = sum(
            self.model.done[s].units
            for s in self.model.live("return")
            if self.model.done[s].target == seq
        )
        where = account(sent.says["country"])
        gone = min(units * H20, max(self.model.left(seq, where, "posted"), 0))
        one = Done("return", day, {(where, "posted"): -gone}, seq, units)
        said = {"document": self.name("R"), "returned_on": str(day), "exporter": "X"}
        said |= {"kind": "return", "shipment": sent.name, "quantity": str(units)}
        over = ["more_than_shipped"] * (before + units > sent.units)
        over += ["before_shipment"] * (day < sent.day)
        found = self.measured(sent.says["country"], -gone // H20, day) if gone else []
        self.do("returns", said, lambda: [*over, *found, *self.model.add(one)])


@pytest.fixture
def base(ledger_url: str) -> str:
    """Both regimes, and what was declared to be at home, closed, in each database."""
    with new_ledger(ledger_url, beside=["china_case_by_case"]) as ledger:
        said = {"document": "N", "kind": "installed_base", "effective_on": DECLARED}
        said |= {"party": CHIP, "country": "United States", "tpp": str(AT_HOME * H20 // 1000)}
        assert ledger.record("declarations", said).first_seq == 2
    return ledger_url


def test_products(base: str):
    walk(Products, base, examples=2)
