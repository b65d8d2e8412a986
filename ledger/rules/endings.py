"""How a licence line is drawn down, changed and ended, one movement after another.

Pure. What is held is used first, then what had lapsed, then what was given back. The standing of a
line is what its live movements make of it, in the order they were recorded; so a movement that is
reversed leaves the line as if it had never been.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ledger.policy.types import Regime
from ledger.rules.rulings import Case, Draw, Ruling, Step
from schemas.kinds import Kind

OPEN = "open"
# How a line stands once an act has ended all of it.
STATES: dict[str, str] = {
    Kind.LAPSE: "lapsed",
    Kind.SURRENDER: "surrendered",
    Kind.REVOCATION: "revoked",
    Kind.LICENCE_CLOSE: "closed",
    Kind.REPLACEMENT: "replaced",
}
# The option that says what the unused rest does. What is closed is given up, as if surrendered.
READINGS: dict[str, str] = {
    Kind.LAPSE: "unused_licence_lapse",
    Kind.SURRENDER: "unused_licence_surrender",
    Kind.REVOCATION: "unused_licence_revocation",
    Kind.LICENCE_CLOSE: "unused_licence_surrender",
}
CREDIT = "credit"
# The effects of such a ruling: the rest stays counted, or it comes back.
LAPSES, GIVES_BACK = "lapse", "give_back"


@dataclass(slots=True)
class LineState:
    """One licence line; amounts in milli-TPP, values in cents. `quantity` 0: none is stated."""

    quantity: int
    amount: int
    value: int
    used_quantity: int = 0
    used: int = 0
    used_value: int = 0
    held: int = 0
    lapsed: int = 0
    back: int = 0
    gone: int = 0
    state: str = OPEN
    closed_on: str | None = None
    expires_on: str | None = None
    exporter_no: int | None = None
    # The days of the amendments that last day and value are from; empty where they are its own.
    expires_from: str = ""
    value_from: str = ""

    @property
    def unit(self) -> int:
        """The amount of one unit, 0 where no units are counted."""
        return self.amount // self.quantity if self.quantity else 0

    @property
    def free(self) -> int:
        """The units neither used nor ended."""
        return max(self.quantity - self.used_quantity - self.gone, 0)

    def draw(self, quantity: int, amount: int, value: int) -> None:
        """Use some of it: held first, then lapsed, then given back."""
        self.used_quantity += quantity
        self.used += amount
        self.used_value += value
        rest = max(self.held + self.lapsed + self.back - amount, 0)
        self.back = min(self.back, rest)
        self.lapsed = min(self.lapsed, rest - self.back)
        self.held = rest - self.back - self.lapsed
        self.gone = min(self.gone, max(self.quantity - self.used_quantity, 0))

    def end(self, part: int | None, gives_back: bool) -> tuple[int, int]:
        """End a part of what is held, or all of it: the amount and the units that ended.

        Nothing is left to end on a line that has ended.
        """
        if self.state != OPEN:
            return 0, 0
        ended = self.held if part is None else min(part, self.held)
        units = self.free if part is None else min(ended // (self.unit or 1), self.free)
        units = units if self.quantity else 0
        self.held -= ended
        self.gone += units
        if gives_back:
            self.back += ended
        else:
            self.lapsed += ended
        return ended, units

    def close(self, state: str, on: str) -> None:
        """Nothing of it is left to use, from a day on."""
        if self.state == OPEN:
            self.state, self.closed_on = state, on

    def amend(self, on: str, expires_on: str | None, unit_cents: int | None) -> None:
        """Another last day, another value, from a day on; a line that has ended is past amending.

        Of several the latest by day stands, whatever order they are recorded in.
        """
        if self.state != OPEN:
            return
        if expires_on is not None and on >= self.expires_from:
            self.expires_on, self.expires_from = expires_on, on
        if unit_cents is not None and on >= self.value_from:
            self.value, self.value_from = unit_cents * self.quantity, on


def ruling_of_ending(kind: str, regime: Regime, options: Mapping[str, str], period: date) -> Ruling:
    """What the regime says of a licence's unused rest: it stays counted, or it comes back.

    A regime without a reading of its own keeps it counted.
    """
    key = READINGS[kind]
    option = regime.options.get(key)
    reading = options.get(key)
    back = reading == CREDIT
    said = "what was not used is given back" if back else "what was not used stays counted"
    if option is not None and reading is not None:
        said = f"{option.title}: {option.sentence(reading)}"
    citation = str(option.citation) if option is not None else ""
    return Ruling(
        regime=regime.key,
        version=regime.version,
        case=Case(kind, regime.judging.licensed, "", "", "", "", None, period),
        draws=(Draw("", "licence", True, GIVES_BACK if back else LAPSES),),
        findings=(),
        review="",
        steps=(Step(said, citation),),
        options=() if reading is None else ((key, reading),),
    )
