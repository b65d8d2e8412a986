"""Rulings that go by where the ultimate parent is declared to have its headquarters.

Pure: no file, database, clock or network. Who the parent is, and where, is found in the books
(ledger/service/parents.py); here it is told which of two rulings holds more against a movement,
and what is said of one that goes by a declaration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ledger.policy.types import Regime
from ledger.refusals import REFUSALS, Family
from ledger.rules.rulings import Ruling, Step

# The option that says whose word counts, a row's or the declarations'; its values.
OPTION = "parent_stated"
STRICTER, ROW, DECLARED = "stricter", "row", "declared"


def severity(ruling: Ruling, regimes: Sequence[Regime]) -> tuple[int, int]:
    """How much a ruling holds against a movement: what is found, notes apart; then how many of
    the regimes review such a licence with denial.
    """
    accusing = [code for code, _ in ruling.findings if REFUSALS[code].family is not Family.NOTE]
    by_key = {regime.key: regime for regime in regimes}
    denials = [
        one.regime
        for one in (ruling, *ruling.beside)
        for rule in by_key[one.regime].judging.reviews
        if rule.denial and rule.policy == one.review
    ]
    return len(accusing), len(set(denials))


def seated(ruling: Ruling, regime: Regime) -> Ruling:
    """A ruling by a declared parent's headquarters, which says that it is."""
    code = ruling.case.parent_seat
    option = regime.options.get(OPTION)
    if not code or option is None:
        return ruling
    name = regime.country_names.get(code, code)
    said = f"ruled by the headquarters that the ultimate parent is declared to have: {name}"
    return replace(ruling, steps=(Step(said, str(option.citation)), *ruling.steps))
