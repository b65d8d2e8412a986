"""A country as the rules see it on a day: the lists it is on, the budgets it holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from ledger.policy.types import Regime, When

# The option that says what counts of a country that comes under an allocation.
ENTERING = "group_change_entering"
UNKNOWN = ""  # the class of a country nobody stated
ELSEWHERE = "other"  # the class of one on no list and with no budget
# Which countries stand in for one that is not stated, the nearest first.
STAND_INS: dict[str, tuple[str, ...]] = {
    "parent_hq": ("consignee_hq", "destination"),
    "consignee_hq": ("destination",),
}
ROLE_SAID = {
    "destination": "destination",
    "consignee_hq": "consignee's headquarters",
    "parent_hq": "parent",
}


def country_class(regime: Regime, code: str | None, day: date) -> str:
    """A country (or named holder) as the rules see it on a day: a short key.

    The lists it is on and the budgets it holds, sorted and joined by "+" ("country_allocation+d1");
    "other" where it is on none, "" where no country is given. A territory counts as the
    destination it is treated as. A budget that it holds only from a later day is named too, as
    "country_allocation_later", where an option says what was licensed before then.
    """
    if not code:
        return UNKNOWN
    meant = regime.treated_as(code)
    found = [key for key in regime.class_keys if meant in regime.members(key, day)]
    if ENTERING in regime.options and day >= regime.first_day:
        found += [f"{key}_later" for key in regime.budgets if enters_later(regime, key, meant, day)]
    return "+".join(found) or ELSEWHERE


def holds_there(when: When, classes: Callable[[str], frozenset[str]]) -> bool:
    """Whether the place of a condition holds, by what each role's country is on or holds.

    Who has no parent that is stated is its own: the consignee's headquarters stand in its place.
    """
    if not when.where:
        return True
    answers = [_is_in(_of_role(role, classes), when) for role in when.where]
    return all(answers) if when.every else any(answers)


def _of_role(role: str, classes: Callable[[str], frozenset[str]]) -> frozenset[str]:
    return classes(role) or (classes("consignee_hq") if role == "parent_hq" else frozenset())


def _is_in(classes: frozenset[str], when: When) -> bool:
    listed = not when.among or bool(classes & when.among)
    return bool(classes) and listed and not classes & when.apart


def enters_later(regime: Regime, key: str, code: str, day: date) -> bool:
    """Whether a country holds a budget from a later day, but not on this one."""
    return code in regime.entering(key, day)
