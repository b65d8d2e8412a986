"""What regimes grant: the budget of a holder on a day, and the terms it is opened with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from ledger.policy.budgets import UNBOUND, BudgetRule
from ledger.policy.windows import Window
from ledger.rules.classes import ENTERING, enters_later
from ledger.service.book import BudgetKey, BudgetTerms
from ledger.service.day_numbers import days_number
from schemas.names import name_key

if TYPE_CHECKING:
    from ledger.service.rulebook import Rulebook

# What a window grants: its first and last day, the limit, the basis, and steps of the limit.
Granted = tuple[str, str, int, str, tuple[tuple[str, str, int], ...]]
# A budget with the terms to open it.
Opening = tuple[BudgetKey, BudgetTerms]
_NEVER = -(2**62)  # before any day


class Grants:
    """The budgets of a ledger's regimes, as the options in force have them opened."""

    def __init__(self, books: Sequence[Rulebook]) -> None:
        self._of = {
            key: (rule, book) for book in books for key, rule in book.regime.budgets.items()
        }
        self._present = lru_cache(maxsize=None)(self._holders_on)
        self._granted = lru_cache(maxsize=1024)(self._grant)
        self._window = lru_cache(maxsize=None)(self._window_on)
        rules = [rule for rule, _ in self._of.values()]
        self._endless = [r for r in rules if r.windows.endless and r.holder_kind != "party"]
        # Those of periods that have no end, through that of a day.
        self.begun = lru_cache(maxsize=8)(self._periods_begun)
        self._coded = lru_cache(maxsize=None)(self._codes)
        self._first_day = lru_cache(maxsize=None)(self._begins)
        self.not_yet = lru_cache(maxsize=None)(self._not_yet)

    def account(self, rule: str, holder: str, name: str, day: date) -> Opening | None:
        """The budget of a holder on a day, with the terms to open it; None where there is none.

        A named holder is known by its code, and by its name as files spell parties.
        """
        budget, book = self._of[rule]
        if budget.holder_kind == "named":
            holder = self._coded(rule).get(holder, holder)
            name = budget.holders.name(holder)
        window = self._window(rule, day)
        if window is None:
            return None
        on = max(day, window.from_on)
        regime = book.regime
        period = regime.period_of(on)
        if budget.holder_kind != "party" and holder not in self._present(rule, period):
            later = enters_later(regime, rule, holder, period)
            if not later or book.options.get(ENTERING) != "full_limit":
                return None
        granted = self._granted(rule, "" if _alike(budget) else holder, window)
        if granted is None:
            return None
        terms = BudgetTerms(name, *granted)
        if budget.holder_kind != "party":
            terms = terms._replace(from_on=self._first_day(rule, holder, window))
        return BudgetKey(rule, holder, window.key), terms

    def known(self, by: date) -> list[Opening]:
        """Every budget whose holder is known beforehand, of the windows that are known by a day."""
        return [one for budget, _ in self._of.values() for one in self._openings(budget, by)]

    @property
    def opens_periods(self) -> bool:
        """Whether some known holders have periods without an end."""
        return bool(self._endless)

    def _periods_begun(self, by: date) -> tuple[Opening, ...]:
        return tuple(one for budget in self._endless for one in self._openings(budget, by))

    def _openings(self, budget: BudgetRule, by: date) -> Iterator[Opening]:
        first = self._of[budget.key][1].regime.first_day
        for window in budget.windows_known(by):
            day = max(first, window.from_on)
            for holder, name in budget.known_holders(day):
                opened = self.account(budget.key, holder, name, day)
                if opened is not None:
                    yield opened

    def _codes(self, rule: str) -> dict[str, str]:
        """The codes of named holders by the keys under which movements may name them."""
        names = self._of[rule][0].holders.names
        by_name = {name_key(word): code for code, name in names for word in (name, code)}
        return by_name | {code: code for code, _ in names}

    def _begins(self, rule: str, holder: str, window: Window) -> str:
        """The first day in a window on which a holder has the budget, as ISO text."""
        budget, book = self._of[rule]
        first = max(window.from_on, book.regime.first_day)
        later = sorted(day for day in budget.holders.days if first < day <= window.to_on)
        if holder in budget.holders.on(first):
            return window.from_on.isoformat()
        held = (day for day in later if holder in budget.holders.on(day))
        return next(held, window.from_on).isoformat()

    def _not_yet(self, rule: str, holder: str) -> tuple[tuple[int, int], ...]:
        """The days, as numbers, on which a holder has a budget not yet, but will; mostly none.

        What is dated before the regime is weighed as on its first day.
        """
        if rule not in self._of or self._of[rule][0].holder_kind == "party":
            return ()
        budget, book = self._of[rule]
        begun = book.regime.first_day
        days = (begun, *sorted({day for day in budget.holders.days if day > begun}), date.max)
        return tuple(
            (_NEVER if first == begun else days_number(first), days_number(after) - 1)
            for first, after in pairwise(days)
            if enters_later(book.regime, rule, holder, first)
        )

    def _holders_on(self, rule: str, period: date) -> frozenset[str]:
        return self._of[rule][0].holders.on(period)

    def _window_on(self, rule: str, day: date) -> Window | None:
        return self._of[rule][0].window_on(day)

    def _grant(self, rule: str, holder: str, window: Window) -> Granted | None:
        budget, book = self._of[rule]
        limit = budget.limit(holder, window)
        if limit is None:
            return None
        days = window.from_on.isoformat(), window.to_on.isoformat()
        steps = tuple((s.from_on.isoformat(), s.key, s.limit.milli) for s in budget.steps(window))
        return *days, limit.milli, budget.basis_under(book.options), steps


def _alike(budget: BudgetRule) -> bool:
    """Whether a window has the same terms for every holder: one number, or no limit at all."""
    return budget.limit_number is not None or budget.kind in UNBOUND
