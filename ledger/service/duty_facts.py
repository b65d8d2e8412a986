"""What a regime says of duties, as the facts that reports read (topics `duty` and `need`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from ledger.policy.types import Deadline, Number, Precondition, Regime

# Before every movement there is.
_ALWAYS = date(1900, 1, 1)
# topic, key, first day, value, sentence: see schemas.columnar.ABOUT.
Fact = tuple[str, str, None, str, str]


def duty_facts(regime: Regime) -> Iterator[Fact]:
    """Each duty and each precondition, its figures as JSON."""
    for duty in regime.deadlines.values():
        yield "duty", duty.key, None, _text(_duty(duty, regime)), duty.title
    for need in regime.judging.preconditions:
        yield "need", need.key, None, _text(_need(need, regime)), need.sentence


def _text(facts: dict[str, Any]) -> str:
    filled = {name: value for name, value in facts.items() if value not in (None, "", (), [])}
    return json.dumps(filled, sort_keys=True, ensure_ascii=False)


def _duty(duty: Deadline, regime: Regime) -> dict[str, Any]:
    number = regime.numbers.get(duty.number)
    return {
        "how": duty.how,
        "who": duty.who,
        "asks": duty.asks,
        "authorizations": duty.authorizations,
        "reasons": duty.reasons,
        "budget": duty.budget,
        "number": None if number is None else _whole(number),
        "within_days": duty.within_days,
        "remind_days": duty.remind_days,
        "from_on": (duty.from_on or _ALWAYS).isoformat(),
        "why": duty.why,
        "why_near": duty.why_near,
        "citation": None if duty.citation is None else duty.citation.section,
        "dues": [
            {
                "month": due.month,
                "day": due.day,
                "covers": due.covers,
                "last_month": due.last_month,
                "months": due.months,
                "citation": due.citation.section,
            }
            for due in duty.dues
        ],
    }


def _need(need: Precondition, regime: Regime) -> dict[str, Any]:
    days, amount = regime.numbers.get(need.days_number), regime.numbers.get(need.threshold)
    return {
        "asks": need.asks,
        "days": need.days_ahead if days is None else _whole(days),
        "amount_mtpp": None if amount is None else _whole(amount),
        "compared": need.compared,
    }


def _whole(number: Number) -> int | None:
    """The last value in force: thousandths of an amount, else whole days, months or years."""
    values = [one for one in number.values if one.amount is not None and not one.announced]
    if not values or values[-1].amount is None:
        return None
    small = number.unit in ("day", "month", "year")
    return int(values[-1].amount) if small else values[-1].milli
