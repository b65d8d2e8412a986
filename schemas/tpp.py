"""Amounts of total processing performance, exact to a thousandth.

A TPP figure is kept as a whole number of milli-TPP in a signed 64-bit integer. Nothing here
accepts or returns a float: the rule's limits are compared to the last digit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from schemas.whole import LARGEST_WHOLE

MILLI = 1000
LARGEST_MTPP = LARGEST_WHOLE

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


class NotAnAmount(ValueError):
    """The value is not an amount of TPP: not a plain number, too fine, or too large."""


@dataclass(frozen=True, order=True, slots=True)
class Tpp:
    """An exact amount of TPP; `milli` counts thousandths and fits a signed 64-bit integer."""

    milli: int

    def __post_init__(self) -> None:
        if not isinstance(self.milli, int) or isinstance(self.milli, bool):
            raise TypeError("an amount of TPP is built from int, Decimal or text")
        if abs(self.milli) > LARGEST_MTPP:
            raise NotAnAmount("larger than the ledger can hold (9.2e15 TPP)")

    @classmethod
    def of(cls, value: int | Decimal | str | Tpp) -> Tpp:
        """Build from whole TPP (int), a Decimal, or plain text such as "20919.2".

        Raises NotAnAmount for text that is no plain number, a figure finer than 0.001 TPP or
        one too large; TypeError for a float, which has lost digits already.
        """
        if isinstance(value, Tpp):
            return value
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            raise TypeError("an amount of TPP is built from int, Decimal or text")
        if isinstance(value, int):
            return cls(value * MILLI)
        return cls(_milli_of(value))

    def __add__(self, other: Tpp) -> Tpp:
        return Tpp(self.milli + other.milli)

    def __sub__(self, other: Tpp) -> Tpp:
        return Tpp(self.milli - other.milli)

    def __neg__(self) -> Tpp:
        return Tpp(-self.milli)

    def __mul__(self, count: int) -> Tpp:
        return Tpp(self.milli * count)

    __rmul__ = __mul__

    def __str__(self) -> str:
        """The shortest exact decimal: "790000000", "20919.2"."""
        return milli_text(self.milli)


def _milli_of(value: Decimal | str) -> int:
    if isinstance(value, str):
        if not _PLAIN.fullmatch(value):
            raise NotAnAmount("not a plain number")
        if len(value) > 40:
            raise NotAnAmount("larger than the ledger can hold (9.2e15 TPP)")
        value = Decimal(value)
    if not value.is_finite():
        raise NotAnAmount("not a plain number")
    if abs(value) > LARGEST_MTPP:
        raise NotAnAmount("larger than the ledger can hold (9.2e15 TPP)")
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    whole = int("".join(map(str, digits)) or "0")
    shift = exponent + 3
    if shift < 0 and whole % 10**-shift:
        raise NotAnAmount("finer than 0.001 TPP")
    milli = int(whole * 10**shift) if shift >= 0 else int(whole // 10**-shift)
    return -milli if sign else milli


def milli_text(milli: int) -> str:
    """The shortest exact decimal text of a number of thousandths."""
    sign = "-" if milli < 0 else ""
    whole, part = divmod(abs(milli), MILLI)
    return f"{sign}{whole}.{part:03d}".rstrip("0").rstrip(".") if part else f"{sign}{whole}"


def grouped(milli: int) -> str:
    """The same with thousands grouped, for people: "790,000,000", "20,919.2"."""
    whole, _, part = milli_text(milli).partition(".")
    return f"{int(whole):,}" + (f".{part}" if part else "") if whole != "-0" else f"-0.{part}"
