"""What part of its shipment a receipt or a return is of, in units and in milli-TPP.

What it leaves open is its shipment's. The same for columns is in follower_columns.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas import tables as t
from schemas.records import Given

_AT = {name: place for place, name in enumerate(t.movement.columns.keys())}


@dataclass(frozen=True, slots=True)
class Whole:
    """What was shipped: units, milli-TPP of one, milli-TPP in all; None where it was not said."""

    quantity: int | None
    unit: int | None
    amount: int | None

    @classmethod
    def of(cls, sent: Given) -> Whole:
        """The whole of a shipment."""
        return cls(sent.quantity, sent.unit_mtpp, sent.amount_mtpp)

    @classmethod
    def stored(cls, movement: tuple[Any, ...]) -> Whole:
        """The whole of a shipment on record."""
        quantity, unit, amount = (
            movement[_AT[name]] for name in ("quantity", "unit_mtpp", "amount_mtpp")
        )
        return cls(quantity, unit, amount)

    def part(self, given: Given) -> tuple[int | None, int | None]:
        """The units and the milli-TPP of what comes behind, as it says or as they follow.

        Units are None where only an amount is said that is neither the whole nor whole units.
        """
        quantity, amount = given.quantity, given.amount_mtpp
        if amount is None:
            if quantity is None:
                return self.quantity, self.amount
            return quantity, self.amount if self.unit is None else quantity * self.unit
        if quantity is None:
            quantity = self._units(amount)
        return quantity, amount

    def _units(self, amount: int) -> int | None:
        if amount == self.amount:
            return self.quantity
        return amount // self.unit if self.unit and amount % self.unit == 0 else None

    def differs(self, given: Given) -> int | None:
        """What the units said come to, where the amount said is another; None where it is not.

        Where only an amount is said, what as many whole units as are in it come to.
        """
        said = given.amount_mtpp
        if said is None or not self.unit:
            return None
        quantity = said // self.unit if given.quantity is None else given.quantity
        if given.quantity is None and said == self.amount:
            return None
        return None if quantity * self.unit == said else quantity * self.unit
