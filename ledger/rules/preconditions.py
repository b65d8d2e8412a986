"""What must be on record before a shipment leaves: by which day, from which amount, in words.

Pure: no file, database, clock or network. Which shipments ask for what is part of their ruling
(`needs`); here only days and amounts are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ledger.policy.types import Precondition, Regime
from schemas.tpp import grouped

# The reason of ledger/refusals.py that a missing paper is.
REASON = {
    "certificate": "certificate_missing",
    "notice": "notice_missing",
    "eccn": "notice_missing",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """A precondition on a day: days ahead, and the amount (milli-TPP) from which it is asked.

    `amount` is None where every shipment asks for it.
    """

    rule: Precondition
    days_ahead: int
    amount: int | None

    def asked(self, total: int) -> bool:
        """Whether a shipment of that total asks for it."""
        if self.amount is None:
            return True
        return total == self.amount if self.rule.compared == "exactly" else total >= self.amount


def needed(regime: Regime, keys: Sequence[str]) -> tuple[Precondition, ...]:
    """The preconditions of those keys, in the regime's order."""
    return tuple(one for one in regime.judging.preconditions if one.key in keys)


def terms(rule: Precondition, regime: Regime, day: date) -> Terms | None:
    """A precondition on a day; None where a number it hangs on is not in force."""
    ahead, amount = rule.days_ahead, None
    if rule.days_number:
        days = regime.number(rule.days_number).on(day)
        if days is None or days.amount is None:
            return None
        ahead = int(days.amount)
    if rule.threshold:
        value = regime.number(rule.threshold).on(day)
        if value is None:
            return None
        amount = value.milli
    return Terms(rule, ahead, amount)


def least_amount(regime: Regime) -> int | None:
    """The least amount that any precondition ever waits for; None where none waits for any."""
    keys = {one.threshold for one in regime.judging.preconditions if one.threshold}
    found = [v.milli for k in keys for v in regime.number(k).values if v.amount is not None]
    return min(found, default=None)


def latest(terms: Terms, day: date) -> date:
    """The last day a paper may be dated, for a shipment of that day."""
    return day - timedelta(terms.days_ahead)


def said(terms: Terms, day: date, given_on: date | None, total: int, unit: str) -> str:
    """What is missing, in words, with its paragraph; `given_on` is the day of one that is late."""
    rule = terms.rule
    parts = [f"{rule.sentence} ({rule.citation.section})"]
    if terms.amount is not None:
        figures = f"{grouped(total)} {unit}, asked for from {grouped(terms.amount)}"
        parts.append(f"the shipment is of {figures}")
    if given_on is not None:
        parts.append(f"dated {given_on}, due by {latest(terms, day)}")
    elif terms.days_ahead:
        parts.append(f"due by {latest(terms, day)}")
    return "; ".join(parts)
