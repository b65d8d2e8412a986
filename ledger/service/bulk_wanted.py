"""What a batch wants of budgets: draws of one ruling's slot, before they have places."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from ledger.policy.budgets import COUNTRIES
from ledger.rules.admission import Ints
from ledger.rules.judge import Draw

# The rule of a budget, and the period its holders are those of.
Table = tuple[str, date]


@dataclass(slots=True)
class Wanted:
    """Draws of one ruling's slot: the movements, whose budgets, on which day, to what effect.

    `window` is the number of each one's window, once it was looked up.
    """

    draw: Draw
    period: date
    rows: Ints
    holder: Ints
    day: Ints
    effect: int
    slot: int
    window: Ints | None = None


def same_but_holder(one: Wanted, other: Wanted) -> bool:
    """Whether two draws are one rule's on the same movements, for holders named by two fields."""
    same = one.draw.rule == other.draw.rule and one.draw.official == other.draw.official
    same = same and one.draw.holder_from != other.draw.holder_from and one.effect == other.effect
    return same and np.array_equal(one.rows, other.rows)


def by_party(want: Wanted) -> bool:
    """Whether a party holds the budget, and no country."""
    return want.draw.holder_from not in COUNTRIES


def table_key(want: Wanted) -> Table:
    """Who may hold a country's budget changes with the period; a party always may."""
    return want.draw.rule, date.min if by_party(want) else want.period
