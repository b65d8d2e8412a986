"""A finding in words: its sentence with the figures in their units, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ledger.policy.types import Regime
from ledger.refusals import REFUSALS, sentence
from ledger.service.outcome import Found
from schemas.tpp import grouped

# Findings whose figures are no amounts of TPP.
_UNITS = frozenset({"licence_quantity_overdrawn"})
_CENTS = frozenset({"licence_value_overdrawn"})


@dataclass(frozen=True, slots=True)
class Stored:
    """A finding as it is stored; amounts in milli-TPP where they are amounts."""

    code: str
    limit: int | None
    taken: int | None
    asked: int | None
    short: int | None
    detail: str | None


def said(finding: Found | Stored, unit: str = "TPP") -> str:
    """The sentence of a finding, with its figures grouped and in their unit."""
    figures = {
        name: None if value is None else _figure(finding.code, value, unit)
        for name, value in (
            ("limit", finding.limit),
            ("taken", finding.taken),
            ("asked", finding.asked),
            ("short", finding.short),
        )
    }
    return sentence(finding.code, **figures, detail=finding.detail)


def _figure(code: str, value: int, unit: str) -> str:
    if code in _UNITS:
        return f"{value:,}"
    if code in _CENTS:
        whole, cents = divmod(abs(value), 100)
        return f"{'-' if value < 0 else ''}${whole:,}.{cents:02d}"
    return f"{grouped(value)} {unit}"


@dataclass(frozen=True, slots=True)
class Circumstance:
    """What a finding's citation depends on: the day, the budget's rule, the authorization."""

    day: date | None = None
    rule: str | None = None
    authorization: str | None = None


def speaker(regimes: Sequence[Regime], rule: str | None, detail: str | None) -> Regime:
    """Which of a ledger's regimes a finding comes from: that of its budget, or the one it names."""
    said = (detail or "").partition(":")[0]
    return next((one for one in regimes if rule in one.budgets or said == one.key), regimes[0])


def citation(code: str, regime: Regime, where: Circumstance) -> str:
    """Where a finding comes from, looked up in the regime where it is the regime's to say.

    Empty where the regime has none of that name.
    """
    kind, _, key = REFUSALS[code].citation.partition(" ")
    found: object = None
    if kind == "number" and key in regime.numbers:
        number = regime.numbers[key]
        value = number.on(where.day) if where.day else None
        found = (value or number.values[-1]).citation
    elif kind == "option" and key in regime.options:
        found = regime.options[key].citation
    elif kind == "list" and key in regime.lists:
        found = regime.lists[key].changes[-1].citation
    elif kind == "budget" and where.rule in regime.budgets:
        found = regime.budgets[where.rule].citation
    elif kind == "authorization" and where.authorization in regime.authorizations:
        found = regime.authorizations[where.authorization].citation
    elif kind == "review" and regime.judging.reviews:
        found = regime.judging.reviews[0].citation
    elif kind == "licences" and key in regime.licensing.cited:
        found = regime.licensing.cited[key]
    elif kind == "regime":
        found = regime.states[0].citation if regime.states else regime.authority
    elif kind in ("number", "option", "list", "budget", "authorization", "review", "licences"):
        return ""
    return str(found) if found else REFUSALS[code].citation
