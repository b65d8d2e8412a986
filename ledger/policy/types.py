"""A regime as the rest of the house sees it. Pure: nothing here reads a file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property

from ledger.policy import options as settings_of
from ledger.policy.budgets import CLOSED, BudgetRule, Holders, Limit
from ledger.policy.dated import (
    Attached,
    Change,
    Citation,
    CountryList,
    Deadline,
    Due,
    Number,
    State,
    Value,
)
from ledger.policy.judging import (
    Authorization,
    DrawRule,
    Flag,
    Judging,
    Outside,
    Precondition,
    Review,
    When,
)
from ledger.policy.licensing import Licensing
from ledger.policy.options import Option
from ledger.policy.shares import ShareRule
from ledger.policy.weights import Condition, WeightsRule
from ledger.policy.windows import Window, Windows

__all__ = [
    "Attached",
    "Authorization",
    "BudgetRule",
    "Change",
    "Citation",
    "Condition",
    "CountryList",
    "Deadline",
    "DrawRule",
    "Due",
    "Flag",
    "Holders",
    "Judging",
    "Licensing",
    "Limit",
    "Number",
    "Option",
    "Outside",
    "Precondition",
    "Regime",
    "Review",
    "State",
    "Value",
    "WeightsRule",
    "When",
    "Window",
    "Windows",
]


@dataclass(frozen=True)
class Regime:
    """One body of rules, with every number, list and reading it has.

    `counts` says what a movement weighs: `chips` (quantity times the chip's unit amount) or
    `amounts` (as the file gives them). `text` is every file of the regime by its name, CSV
    included; `version` the SHA-256 over them, in hexadecimal. `budgets` are those this version
    weighs, `unweighed` those the regime declares beside them.
    """

    key: str
    title: str
    unit: str
    counts: str
    first_day: date
    authority: str
    note: str
    text: Mapping[str, str]
    version: str
    numbers: dict[str, Number]
    lists: dict[str, CountryList]
    attached: dict[str, Attached]
    deadlines: dict[str, Deadline]
    options: dict[str, Option]
    states: tuple[State, ...]
    budgets: dict[str, BudgetRule]
    unweighed: dict[str, BudgetRule]
    judging: Judging
    shares: tuple[ShareRule, ...]
    country_names: Mapping[str, str]
    weights: WeightsRule | None = None
    conditions: tuple[Condition, ...] = ()
    licensing: Licensing = field(default_factory=Licensing)
    marked: tuple[date, ...] = ()

    def read_as(self, options: Mapping[str, str]) -> Regime:
        """The regime with the lists that stand for others under these options.

        Where options tell enforcement apart, rulings differ with the days it changed too.
        """
        swapped = {
            key: self.lists[one.instead]
            for key, one in self.lists.items()
            if one.instead in self.lists and options.get(one.option[0]) == one.option[1]
        }
        days = [state.from_on for state in self.states] if as_enforced(options) else []
        if not swapped and not days:
            return self
        budgets = {
            key: replace(rule, holders=rule.holders.with_lists(swapped))
            for key, rule in self.budgets.items()
        }
        lists = {**self.lists, **swapped}
        return replace(self, lists=lists, budgets=budgets, marked=tuple(days))

    def enforced_on(self, day: date) -> bool:
        """Whether the regime is enforced on a day, as far as was announced."""
        state = self.state_on(day)
        return state is None or state.enforced

    def choose(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Every option with its value: as set, else the default.

        Raises Unusable with every unknown key, unknown value and value not acted on.
        """
        return settings_of.choose(self.options, settings)

    @property
    def authorizations(self) -> dict[str, Authorization]:
        """The authorizations by code."""
        return self.judging.authorizations

    @property
    def unstated(self) -> str:
        """The authorization of a shipment that names none."""
        return self.judging.unstated

    def authorization(self, text: str) -> str | None:
        """The code a text means, by code or alias, whatever its case; None where it means none.

        Empty text is the authorization of a shipment that names none.
        """
        return self._spellings.get(folded(text)) if text.strip() else self.unstated

    def nearest_authorization(self, text: str) -> tuple[str, ...]:
        """The codes whose spellings come closest to a text, at most three."""
        close = settings_of.near(folded(text), tuple(self._spellings))
        return tuple(dict.fromkeys(self._spellings[one] for one in close))

    @cached_property
    def _spellings(self) -> dict[str, str]:
        every = self.authorizations.values()
        return {folded(word): a.code for a in every for word in (a.code, a.title, *a.aliases)}

    @cached_property
    def conditioned(self) -> frozenset[str]:
        """The authorizations that have conditions."""
        return frozenset(code for one in self.conditions for code in one.authorizations)

    def number(self, key: str) -> Number:
        """A number of the law. Raises KeyError for an unknown key."""
        return self.numbers[key]

    def state_on(self, day: date) -> State | None:
        """What stands of the regime on a day; None before anything does."""
        past = [state for state in self.states if state.from_on <= day]
        return past[-1] if past else None

    def treated_as(self, code: str) -> str:
        """The destination a territory follows; itself where it follows none."""
        attached = self.attached.get(code)
        return attached.treated_as if attached else code

    @cached_property
    def class_keys(self) -> tuple[str, ...]:
        """The lists and budgets a ruling can depend on, in the order of a class's text."""
        asked = frozenset[str]().union(*(w.among | w.apart for w in self.judging.conditions()))
        return tuple(sorted(asked | {key for key in self.budgets if self._listed(key)}))

    def _listed(self, budget: str) -> bool:
        return self.budgets[budget].holder_kind != "party"

    def members(self, key: str, day: date) -> frozenset[str]:
        """Who is on a list, holds a budget, or had it closed, on a day.

        Raises KeyError for an unknown key.
        """
        if (key, day) not in self._members:
            self._members[key, day] = self._members_of(key, day)
        return self._members[key, day]

    def _members_of(self, key: str, day: date) -> frozenset[str]:
        if key in self.lists:
            return self.lists[key].members(day)
        if key in self.budgets:
            return self.budgets[key].holders.on(day)
        return self.budgets[key.removesuffix(CLOSED)].closed_on(day)

    @cached_property
    def _members(self) -> dict[tuple[str, date], frozenset[str]]:
        """What was answered: the rules ask of each period again and again."""
        return {}

    def entering(self, budget: str, day: date) -> frozenset[str]:
        """Who holds a budget from a later day, but not on this one. Raises KeyError as above."""
        if (budget, day) not in self._entering:
            holders = self.budgets[budget].holders
            later = (holders.on(other) for other in holders.days if other > day)
            self._entering[budget, day] = frozenset[str]().union(*later) - holders.on(day)
        return self._entering[budget, day]

    @cached_property
    def _entering(self) -> dict[tuple[str, date], frozenset[str]]:
        return {}

    @cached_property
    def periods(self) -> tuple[date, ...]:
        """The days, rising, from which a ruling may come out differently."""
        days = {self.first_day, *self.marked}
        for key in self.class_keys:
            days.update(self.lists[key].days if key in self.lists else ())
        for budget in self.budgets.values():
            days.update((*budget.holders.days, *budget.windows.edges))
        for limit in self.judging.chip_limits:
            days.update(value.from_on for value in self.numbers[limit.below].values)
        for when in self.judging.conditions():
            days.update(() if when.from_on is None else (when.from_on,))
            days.update(() if when.to_on is None else (when.to_on + timedelta(1),))
        days.update(day for day in self.licensing.days if day > self.first_day)
        return tuple(sorted(days))

    def period_of(self, day: date) -> date:
        """The first day of the period a day falls in; `date.min` before the first period."""
        at = bisect_right(self.periods, day)
        return self.periods[at - 1] if at else date.min


def as_enforced(options: Mapping[str, str]) -> bool:
    """Whether what is not enforced is let pass with a note."""
    return options.get("enforcement_view") == "as_enforced"


def folded(text: str) -> str:
    """A name as names are compared: whatever its case, hyphens and underscores."""
    return " ".join(text.replace("_", " ").replace("-", " ").casefold().split())
