"""Requests of one day against too little room: what each is granted, in whole units.

Pure, in whole numbers and exact fractions. All requests rise at one rate until a limit binds;
those it binds stop there and the others rise on. Whole units come of rounding down; what is left
then goes a unit each to the largest remainders, ties by (document, line). No limit is ever
exceeded, and where all units are alike the grants make the room exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: units of so many milli-TPP each, on some budgets (by place)."""

    key: tuple[str, str]
    units: int
    unit: int
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """What is granted: units, the rate, whether a left-over unit is among them, what bound."""

    units: int
    rate: Fraction
    left_over: bool
    bound: int | None


def share(requests: Sequence[Request], rooms: Mapping[int, int]) -> list[Grant]:
    """What each request is granted of the room on each budget, in milli-TPP (below 0: none)."""
    rates, bounds = _rates(requests, rooms)
    exact = [rate * one.units for rate, one in zip(rates, requests, strict=True)]
    units = [value.numerator // value.denominator for value in exact]
    extra = _left_over(requests, rooms, exact, units)
    return [
        Grant(units[n] + (n in extra), rates[n], n in extra, bounds[n])
        for n in range(len(requests))
    ]


def _rates(
    requests: Sequence[Request], rooms: Mapping[int, int]
) -> tuple[list[Fraction], list[int | None]]:
    """The share of each request, and the budget that bound it."""
    whole = Fraction(1)
    rates = [whole] * len(requests)
    bounds: list[int | None] = [None] * len(requests)
    active = set(range(len(requests)))
    used: dict[int, Fraction] = dict.fromkeys(rooms, Fraction(0))
    while active:
        asked: dict[int, int] = {}
        for n in active:
            for place in requests[n].places:
                asked[place] = asked.get(place, 0) + requests[n].units * requests[n].unit
        rest = {place: max(rooms[place] - used[place], Fraction(0)) for place in asked}
        limits = {place: rest[place] / total for place, total in asked.items() if total}
        if not limits or min(limits.values()) >= whole:
            break
        place = min(limits, key=lambda p: (limits[p], p))
        for n in [n for n in active if place in requests[n].places]:
            rates[n], bounds[n] = limits[place], place
            active.discard(n)
            for other in requests[n].places:
                used[other] += limits[place] * requests[n].units * requests[n].unit
    return rates, bounds


def _left_over(
    requests: Sequence[Request],
    rooms: Mapping[int, int],
    exact: Sequence[Fraction],
    units: Sequence[int],
) -> set[int]:
    """Which requests get one unit more of what rounding left."""
    left = dict(rooms)
    for n, one in enumerate(requests):
        for place in one.places:
            left[place] -= units[n] * one.unit
    cut = [n for n, one in enumerate(requests) if units[n] < one.units and exact[n] != units[n]]
    extra: set[int] = set()
    for n in sorted(cut, key=lambda n: (units[n] - exact[n], requests[n].key)):
        if all(left[place] >= requests[n].unit for place in requests[n].places):
            extra.add(n)
            for place in requests[n].places:
                left[place] -= requests[n].unit
    return extra
