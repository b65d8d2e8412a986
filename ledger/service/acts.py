"""Adjustments and declarations: whom they are about, settled before they are posted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from ledger.policy.types import BudgetRule
from ledger.service.named_budgets import budget_of
from ledger.service.papers import DECLARED
from ledger.service.rows import Row, content_of
from ledger.service.rulebook import Rulebook
from schemas.kinds import LIMIT_CHANGES, Kind
from schemas.problems import Problem

_PERCENT = 100


def resolve(rulebook: Rulebook, row: Row) -> list[Problem]:
    """Give an adjustment its budget and amount; the problems where that is not plain.

    An uplift is an act of the authority: it names the reference under which that was decided.
    """
    details, day = row.details(), row.given.effective_on
    if row.kind == Kind.UPLIFT and not details.get("reference"):
        return [row.problem("reference", "", "an uplift names the authority's reference")]
    holder, rule = details.get("holder", ""), details.get("budget")
    if rule is not None and rule not in rulebook.budgets:
        known = tuple(rulebook.budgets)
        return [row.problem("budget", rule, "the regime has no such budget", known)]
    found = budget_of(rulebook, holder, rule)
    if found is None:
        return [row.problem("holder", holder, "holds no such budget", _near(rulebook, holder))]
    budget, key, name = found
    window = details.get("window")
    on = day if window is None else _first_day(budget, window)
    if on is None:
        known = tuple(w.key for w in budget.windows_known())
        return [row.problem("window", window or "", f"{budget.key} has no such window", known)]
    row.account = rulebook.account(budget.key, key, name, on)
    if row.account is None:
        return [row.problem("effective_on", row.day, f"no window of {budget.key} covers it")]
    return _amount(row, row.account[1].limit_mtpp) if row.kind in LIMIT_CHANGES else []


def _first_day(budget: BudgetRule, window: str) -> date | None:
    """The first day of a window by its key; a year's, where its years have no end."""
    found = [w for w in budget.windows_known() if w.key == window]
    if not found and window.isdigit() and date.min.year <= int(window) <= date.max.year:
        of_year = budget.window_on(date(int(window), 12, 31))
        found = [of_year] if of_year is not None and of_year.key == window else []
    return found[0].from_on if found else None


def _amount(row: Row, base: int) -> list[Problem]:
    """Take the change as given, or as a share of the base limit."""
    from dataclasses import replace

    percent = row.details().get("percent")
    if row.given.amount_mtpp is not None:
        return []
    if percent is None:
        return [row.problem("tpp", "", f"an {row.kind} needs an amount or a percent")]
    share = Decimal(percent) * base / _PERCENT
    if share != share.to_integral_value():
        return [row.problem("percent", percent, "gives no whole number of thousandths")]
    row.given = replace(row.given, amount_mtpp=int(share))
    row.content = content_of(row.given)
    return []


def check_declaration(row: Row, duties: Collection[str] | None = None) -> list[Problem]:
    """What a declaration must say for its kind; `duties` are the ids there are, None: not known."""
    details = row.details()
    if row.kind in (Kind.OWNERSHIP, Kind.PARTY_MERGED) and not details.get("other_party"):
        reason = "an ownership or merger names the other party"
        return [row.problem("other_party", "", reason)]
    if row.kind in DECLARED and not row.given.authorization:
        reason = f"a {row.kind} names the authorization it is for"
        return [row.problem("authorization", "", reason)]
    if row.kind == Kind.DUTY_DONE:
        return _check_duty(row, details.get("status", ""), duties)
    return []


def _check_duty(row: Row, duty: str, duties: Collection[str] | None) -> list[Problem]:
    if not duty:
        return [row.problem("status", "", "a duty done is named by its id, as `tpp due` tells")]
    if duties is None or duty in duties:
        return []
    from rapidfuzz import process

    near = tuple(match for match, _, _ in process.extract(duty, list(duties), limit=3))
    return [row.problem("status", duty, "there is no such duty", near)]


def _near(rulebook: Rulebook, holder: str) -> tuple[str, ...]:
    from rapidfuzz import process

    names = [name for b in rulebook.budgets.values() for _, name in b.known_holders()]
    return tuple(match for match, _, _ in process.extract(holder, names, limit=3))
