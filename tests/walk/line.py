"""A licence line in whole units, as its movements make it one after another."""

from __future__ import annotations

from datetime import date, timedelta

# How a line stands once all of it has ended.
ENDED = {
    "lapse": "lapsed",
    "surrender": "surrendered",
    "revocation": "revoked",
    "licence_close": "closed",
    "replacement": "replaced",
}
IN_PART = ("surrender", "revocation")


class Line:
    """So many units: those used, and of the others those held, lapsed and given back."""

    def __init__(self, units: int, says: dict[str, str], issued_on: date, *, stands: bool) -> None:
        self.units, self.stands = units, stands
        self.held = units if stands else 0
        self.used = self.lapsed = self.back = self.gone = 0
        self.state = "open"
        self.closed_on: str | None = None
        # One year where it says nothing.
        year = issued_on.replace(year=issued_on.year + 1) - timedelta(1)
        self.expires_on = says.get("expires_on", str(year))
        self.own_last_day = self.expires_on
        self.value = int(says.get("unit_value_usd", "0")) * units
        self.last_days: list[tuple[date, int, str]] = []
        self.values: list[tuple[date, int, int]] = []
        self.used_value = 0
        self.exporter = says.get("exporter", "X")

    def take(self, kind: str, units: int, says: dict[str, str], day: date, back: bool) -> None:
        """What a movement makes of the line; `back`: what it ends comes back."""
        if kind in ("shipment", "assignment"):
            self.draw(units, int(says.get("unit_value_usd", "0")))
        elif kind in ENDED and self.state == "open":
            self.end(kind, int(says["quantity"]) if "quantity" in says else None, day, back)
        elif kind == "licence_amendment" and self.state == "open":
            self.amend(says, day)
        elif kind == "licence_transfer":
            self.exporter = says["to_party"]

    def amend(self, says: dict[str, str], day: date) -> None:
        """Of several amendments the latest by day holds; of one day the one recorded last."""
        if "expires_on" in says:
            self.last_days.append((day, len(self.last_days), says["expires_on"]))
            self.expires_on = max(self.last_days)[-1]
        if "unit_value_usd" in says:
            value = int(says["unit_value_usd"]) * self.units
            self.values.append((day, len(self.values), value))
            self.value = max(self.values)[-1]

    def draw(self, units: int, value: int = 0) -> None:
        """What is held goes first, then what had lapsed, then what was given back."""
        self.used += units
        self.used_value += units * value
        for pot in ("held", "lapsed", "back"):
            took = min(units, getattr(self, pot))
            setattr(self, pot, getattr(self, pot) - took)
            units -= took
        self.gone = min(self.gone, max(self.units - self.used, 0))

    def end(self, kind: str, part: int | None, day: date, back: bool) -> None:
        """A part of what is held ends, or all of it and with it the line."""
        ended = self.held if part is None else min(part, self.held)
        free = max(self.units - self.used - self.gone, 0)
        self.gone += free if part is None else min(ended, free)
        self.held -= ended
        if back:
            self.back += ended
        else:
            self.lapsed += ended
        if part is None:
            self.state, self.closed_on = ENDED[kind], str(day)
