"""Adjustments and declarations: whom they are about, settled before they are posted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

from ledger import countries
from ledger.policy.types import BudgetRule
from ledger.service.filed_budgets import FiledBudgets
from ledger.service.named_budgets import budget_of
from ledger.service.papers import DECLARED
from ledger.service.rows import Row, content_of
from ledger.service.rulebook import Rulebook
from ledger.service.statuses import granted
from schemas.kinds import LIMIT_CHANGES, Kind
from schemas.problems import Problem

# What is declared of a place where goods may be.
_OF_A_PLACE = (Kind.INSTALLED_BASE, Kind.OFFICIAL_STATUS)
_PERCENT = 100
_NEAR_FROM = 60  # similarity, of 100, below which a name is no help to a reader


def resolve(rulebook: Rulebook, row: Row, filed: FiledBudgets) -> list[Problem]:
    """Give an adjustment its budget and amount; the problems where that is not plain.

    An uplift is an act of the authority: it names the reference under which that was decided.
    `filed` tells what a party holds, where the adjustment does not say which kind is meant.
    """
    details = row.details()
    problems: list[Problem] = []
    if row.kind == Kind.UPLIFT and not details.get("reference"):
        problems.append(row.problem("reference", "", "an uplift names the authority's reference"))
    rule = details.get("budget")
    meant = [b for b in rulebook.budgets.values() if rule is None or b.key == rule]
    found, said = _held(rulebook, row, filed) if meant else (None, [])
    problems += said
    if not meant:
        known = tuple(rulebook.budgets)
        problems.append(row.problem("budget", rule or "", "the regime has no such budget", known))
    # What is not told by holder and budget may be any: a window has to be one of some budget.
    budgets = [found[0]] if found else meant or list(rulebook.budgets.values())
    on, said = _day_meant(row, budgets, details.get("window"))
    problems += said
    if found is None or on is None:
        return problems
    return problems + _settle(rulebook, row, found, on)


def _held(
    rulebook: Rulebook, row: Row, filed: FiledBudgets
) -> tuple[tuple[BudgetRule, str, str] | None, list[Problem]]:
    """The one budget that holder and budget mean, with its key and name; else the problem."""
    details = row.details()
    holder, rule = details.get("holder", ""), details.get("budget")
    found = budget_of(rulebook, holder, rule)
    if found is not None:
        return found, []
    several = filed.of(holder) if rule is None else []
    if len(several) == 1:
        return several[0], []
    if several:
        kinds = tuple(budget.key for budget, _, _ in several)
        return None, [row.problem("budget", "", f"{holder} has several kinds: say which", kinds)]
    near = _near([*_known_names(rulebook), *filed.names], holder)
    return None, [row.problem("holder", holder, "holds no such budget", near)]


def _day_meant(
    row: Row, budgets: Sequence[BudgetRule], window: str | None
) -> tuple[date | None, list[Problem]]:
    """A day of the window that is meant: the row's own, or the first of the one it names."""
    if window is None:
        return row.given.effective_on, []
    for budget in budgets:
        if found := budget.windows.of_key(window):
            return found.from_on, []
    day = row.given.effective_on
    known = tuple(dict.fromkeys(w.key for b in budgets for w in b.windows_known(day)))
    alone = f"{budgets[0].key} has no such window"
    reason = alone if len(budgets) == 1 else "no budget has such a window"
    return None, [row.problem("window", window, reason, known)]


def _settle(
    rulebook: Rulebook, row: Row, found: tuple[BudgetRule, str, str], on: date
) -> list[Problem]:
    """Give the row the budget it is found to mean on a day, and its amount."""
    budget, key, name = found
    row.account = rulebook.account(budget.key, key, name, on)
    if row.account is None:
        return [row.problem("effective_on", row.day, f"no window of {budget.key} covers it")]
    return _amount(row, row.account[1].limit_mtpp) if row.kind in LIMIT_CHANGES else []


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


def check_declaration(
    rulebook: Rulebook, row: Row, duties: Collection[str] | None = None
) -> list[Problem]:
    """What a declaration must say for its kind; `duties` are the ids there are, None: not known."""
    details = row.details()
    if row.kind in (Kind.OWNERSHIP, Kind.PARTY_MERGED) and not details.get("other_party"):
        reason = "an ownership or merger names the other party"
        return [row.problem("other_party", "", reason)]
    if row.kind in DECLARED and not row.given.authorization:
        reason = f"a {row.kind} names the authorization it is for"
        return [row.problem("authorization", "", reason)]
    if row.kind in _OF_A_PLACE and (found := _check_place(rulebook, row, details.get("country"))):
        return found
    if row.kind == Kind.OFFICIAL_STATUS:
        return _check_status(rulebook, row, details.get("status", ""))
    if row.kind == Kind.DUTY_DONE:
        return _check_duty(row, details.get("status", ""), duties)
    return []


def _check_place(rulebook: Rulebook, row: Row, code: str | None) -> list[Problem]:
    """Goods that go to a place count where it is treated as another: so has what is said of it."""
    place = rulebook.followed(code)
    if code is None or place is None or place == code:
        return []
    named, other = countries.names().get(code, code), rulebook.country_name(place)
    reason = f"{named} is treated as {other}: what is said of it is said of that, all in one"
    return [row.problem("country", code, reason, (other,))]


def _check_status(rulebook: Rulebook, row: Row, status: str) -> list[Problem]:
    """A status is an authorization by its code or name: another word would go unheeded for good."""
    if granted(rulebook.regimes, status):
        return []
    asked_for = [b.authorization for b in rulebook.budgets.values() if b.authorization]
    if not status:
        reason = "an official status says which authorization was granted"
        return [row.problem("status", "", reason, tuple(dict.fromkeys(asked_for)))]
    alike = (code for regime in rulebook.regimes for code in regime.nearest_authorization(status))
    near = [code for code in alike if granted(rulebook.regimes, code)]
    reason = "names no authorization of the regime"
    return [row.problem("status", status, reason, tuple(dict.fromkeys([*asked_for, *near])))]


def _check_duty(row: Row, duty: str, duties: Collection[str] | None) -> list[Problem]:
    if not duty:
        return [row.problem("status", "", "a duty done is named by its id, as `tpp due` tells")]
    if duties is None or duty in duties:
        return []
    from rapidfuzz import process

    near = tuple(match for match, _, _ in process.extract(duty, list(duties), limit=3))
    return [row.problem("status", duty, "there is no such duty", near)]


def _known_names(rulebook: Rulebook) -> list[str]:
    """What the holders known beforehand are called."""
    return [name for b in rulebook.budgets.values() for _, name in b.known_holders()]


def _near(names: Collection[str], holder: str) -> tuple[str, ...]:
    from rapidfuzz import process

    folded = str.casefold
    near = process.extract(holder, names, processor=folded, limit=3, score_cutoff=_NEAR_FROM)
    return tuple(match for match, _, _ in near)
