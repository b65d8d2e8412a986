"""What must be on record before a shipment leaves: by which day, from which amount, in words.

Pure: no file, database, clock or network. Which shipments ask for what is part of their ruling
(`needs`); here only days and amounts are compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ledger.policy.types import Precondition, Regime
from schemas.tpp import grouped

# The reason of ledger/refusals that a missing paper is.
REASON = {
    "certificate": "certificate_missing",
    "notice": "notice_missing",
    "test": "test_missing",
    "eccn": "notice_missing",
}
# How a number of the control list is written: what is on no list (EAR99) has none.
ECCN = "^[0-9][A-Ea-e][0-9][0-9][0-9]"
_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """A precondition on a day: days ahead, and the amount (milli-TPP) from which it is asked.

    `amount` is None where every shipment asks for it.
    """

    rule: Precondition
    days_ahead: int
    amount: int | None

    def asked(self, total: int) -> bool:
        """Whether a shipment, or a running total, of that much asks for it."""
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
    """The least amount of one shipment that a precondition ever waits for; None for none."""
    rules = (one for one in regime.judging.preconditions if not one.tally)
    return min((a for one in rules for a in _amounts(one, regime)), default=None)


def least_told(rule: Precondition, regime: Regime) -> int:
    """The least running total at which anything is said, in milli-TPP: where its tally is
    critical, before the amount from which the paper is asked for.
    """
    least = min(_amounts(rule, regime), default=0)
    return least * regime.budgets[rule.tally].critical_ppm // _ALL


def _amounts(rule: Precondition, regime: Regime) -> list[int]:
    values = regime.number(rule.threshold).values if rule.threshold else ()
    return [value.milli for value in values if value.amount is not None]


def totalled(regime: Regime, options: Mapping[str, str]) -> dict[str, Precondition]:
    """The precondition that hangs on each tally's running total under some options."""
    return {
        one.tally: one
        for one in regime.judging.preconditions
        if one.tally and all(options[key] == value for key, value in one.when.options)
    }


def latest(terms: Terms, day: date) -> date:
    """The last day a paper may be dated, for a shipment of that day."""
    return day - timedelta(terms.days_ahead)


def said(terms: Terms, day: date, given_on: date | None, total: int, unit: str) -> str:
    """What is missing, in words, with its paragraph; `given_on` is the day of one that is late."""
    parts = [_cited(terms.rule)]
    if terms.amount is not None:
        figures = f"{grouped(total)} {unit}, asked for from {grouped(terms.amount)}"
        parts.append(f"the shipment is of {figures}")
    return "; ".join([*parts, *_dated(terms, day, given_on)])


def said_of_total(
    terms: Terms, day: date, given_on: date | None, lot: tuple[int, int], unit: str
) -> str:
    """What is missing for a lot by what was sent before it: `lot` is that total and its amount."""
    before, amount = lot
    parts = [_cited(terms.rule)]
    if terms.amount is not None:
        figures = f"{grouped(before)} {unit} before this lot, {grouped(before + amount)} with it"
        parts.append(f"{figures}, asked for from {grouped(terms.amount)}")
    return "; ".join([*parts, *_dated(terms, day, given_on)])


def said_ahead(terms: Terms, on: date, total: int, unit: str) -> str:
    """What will be asked for: the running total on a day is near the amount, or reaches it then."""
    due = f"due before the shipment that reaches {grouped(terms.amount or 0)}"
    return f"{_cited(terms.rule)}; {grouped(total)} {unit} on {on}, {due}"


def _cited(rule: Precondition) -> str:
    return f"{rule.sentence} ({rule.citation.section})"


def _dated(terms: Terms, day: date, given_on: date | None) -> list[str]:
    if given_on is not None:
        return [f"dated {given_on}, due by {latest(terms, day)}"]
    return [f"due by {latest(terms, day)}"] if terms.days_ahead else []
