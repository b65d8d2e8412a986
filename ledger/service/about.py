"""What a ledger's regime says that reports need: the rows of the copy's table `about`."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from ledger import countries
from ledger.policy.budgets import UNBOUND, BudgetRule
from ledger.policy.types import Regime
from ledger.refusals import REFUSALS
from ledger.service.adoption import every_adoption
from ledger.service.business_days import moved_days
from ledger.service.duty_facts import duty_facts
from ledger.service.line_rules import line_rules
from ledger.service.rulebook import EQUIVALENT, Rulebook
from ledger.service.shares import measure_of
from ledger.storage.store import open_store

DAY = timedelta(1)
# Licences of before a regime may end under it; and it may be kept for long.
_YEARS_BEFORE, _YEARS_AFTER = 5, 30
# submission, topic, key, from_on, value, sentence: schemas.columnar.ABOUT.
AboutRow = tuple[int, str, str, date | None, str | None, str | None]


def about_rows(url: str) -> list[AboutRow]:
    """The facts of every adoption of the ledger at a URL, in order."""
    with open_store(url, read_only=True) as store:
        return [
            (one.submission, *fact)
            for one in every_adoption(store)
            for fact in _facts(one.rulebook)
        ]


# The same, of an adoption that is known.
_Fact = tuple[str, str, date | None, str | None, str | None]


def _beside(rulebook: Rulebook) -> list[_Fact]:
    """What a regime that runs beside the first says; its options are named with its key."""
    regime = rulebook.regime
    found: list[_Fact] = [("beside", regime.key, None, regime.version, regime.title)]
    for state in regime.states:
        found.append(("beside state", regime.key, state.from_on, None, state.sentence))
    for key, value in sorted(rulebook.options.items()):
        meaning = regime.options[key].sentence(value)
        found.append(("beside option", f"{regime.key}:{key}", None, value, meaning))
    return found


def _shares(rulebook: Rulebook) -> list[_Fact]:
    """The shares a regime measures: how large, of which tally, made of which countries when."""
    found: list[_Fact] = []
    for rule in rulebook.regime.shares:
        measure = measure_of(rule, rulebook)
        dates = [f"{due.month:02d}-{due.day:02d}" for due in rule.dates.dues] if rule.dates else []
        heads = [rulebook.regime.lists[key] for key in sorted(rule.when.among)]
        plain = {
            "tally": rule.tally,
            "each": "yes" if rule.each else "no",
            "stock": "yes" if measure.stock else "no",
            "dates": " ".join(dates) if measure.dates else None,
            "of": " ".join(sorted(heads[0].members(date.max))) if heads else None,
            "holds": "party" if rulebook.budgets[rule.tally].of_groups else None,
        }
        found.append(("share", rule.key, None, str(rule.ppm), rule.title))
        found += [(f"share {name}", rule.key, None, value, None) for name, value in plain.items()]
        for day in rule.days:
            from_on = None if day == date.min else day
            codes = sorted(rulebook.regime.country_names)
            part = " ".join(code for code in codes if rule.part(code, day))
            base = " ".join(code for code in codes if rule.based(code, day))
            found.append(("share part", rule.key, from_on, part, None))
            found.append(("share base", rule.key, from_on, base if rule.base else None, None))
    return found


def _closings(rulebook: Rulebook) -> list[_Fact]:
    """When budgets close since their country joins a list, and open again; and, where an option
    has its licences suspended with it, that.
    """
    found: list[_Fact] = []
    for budget in rulebook.regime.budgets.values():
        for code, spans in budget.closings.items():
            for begun, end in spans:
                found.append(("closed", f"{budget.key} {code}", begun, "yes", None))
                if end < date.max:
                    found.append(("closed", f"{budget.key} {code}", end + DAY, "no", None))
    for code, days in line_rules(rulebook).closures.items():
        for first, last in days:
            found.append(("licences closed", code, date.fromisoformat(first), last, None))
    return found


def _places(rulebook: Rulebook) -> list[_Fact]:
    """Which places are treated as others, and which hold no budget of a kind, since when."""
    followed = {code: rulebook.followed(code) or code for code in countries.names()}
    found: list[_Fact] = [
        ("treated as", code, None, other, None) for code, other in followed.items() if other != code
    ]
    for budget in rulebook.budgets.values():
        if budget.holder_kind == "country":
            own = [code for code, other in followed.items() if other == code]
            found += [fact for code in own for fact in _without(budget, code)]
    return found


def _without(budget: BudgetRule, code: str) -> list[_Fact]:
    """The days from which a place has no budget of a kind, or has one again."""
    found: list[_Fact] = []
    for day in sorted({budget.first_day, *budget.holders.days}):
        lists = [one.title for one in budget.holders.excepted if code in one.members(day)]
        none, why = code not in budget.holders.on(day), "; ".join(lists) or None
        if none != bool(found and found[-1][3] == "yes") or (none and found[-1][4] != why):
            since = day if found else None
            found.append(
                ("holds none", f"{budget.key} {code}", since, "yes" if none else "no", why)
            )
    return found


def _in_doubt(rulebook: Rulebook) -> list[_Fact]:
    """From when to when a parent headquartered in a country puts licences in doubt."""
    found: list[_Fact] = []
    lists = rulebook.regime.licensing.parents_in
    days = sorted({date.min, *(day for one in lists for day in one.days)})
    for code in countries.names() if lists else ():
        seat = rulebook.followed(code)
        spans: list[tuple[date, date]] = []
        for first, after in pairwise((*days, date.max)):
            last = after - DAY if after < date.max else after
            if not rulebook.regime.licensing.doubts(seat, first):
                continue
            if spans and spans[-1][1] + DAY == first:
                first = spans.pop()[0]
            spans.append((first, last))
        for first, last in spans:
            since = None if first == date.min else first
            found.append(("in doubt", code, since, last.isoformat(), None))
    return found


def _last_days(regime: Regime) -> list[_Fact]:
    """The last day of use of licences that end on a holiday, by that day."""
    calendar, first = regime.licensing.holidays, regime.first_day.year
    years = range(first - _YEARS_BEFORE, first + _YEARS_AFTER)
    moved = moved_days(calendar, years)
    return [("last day", calendar, day, last.isoformat(), None) for day, last in moved]


def _facts(rulebook: Rulebook) -> list[_Fact]:
    regime = rulebook.regime
    found: list[_Fact] = [
        ("regime", "key", None, regime.key, None),
        ("regime", "title", None, regime.title, None),
        ("regime", "unit", None, regime.unit, None),
        ("regime", "version", None, regime.version, None),
    ]
    found += [("state", "", state.from_on, None, state.sentence) for state in regime.states]
    for key, value in sorted(rulebook.options.items()):
        found.append(("option", key, None, value, regime.options[key].sentence(value)))
    for one in rulebook.every:
        found += _shares(one)
        found += [
            ("authorization", code, None, one.regime.key, None)
            for code in one.regime.authorizations
        ]
    for one in rulebook.beside:
        found += _beside(one)
    for budget in rulebook.budgets.values():
        found.append(("budget", budget.key, None, None, budget.title))
        found.append(("kind", budget.key, None, budget.kind, None))
        found += [
            ("critical", budget.key, from_on if nth else None, str(ppm), None)
            for nth, (from_on, ppm) in enumerate(budget.critical)
        ]
        if budget.kind in UNBOUND:
            found.append(("tally", budget.key, None, budget.kind, None))
    if regime.counts == "chips" and rulebook.catalogue.row(EQUIVALENT) is not None:
        found.append(("h100", EQUIVALENT, None, str(rulebook.unit_mtpp(EQUIVALENT)), None))
    found += [("country", code, None, name, None) for code, name in countries.names().items()]
    found += _places(rulebook)
    found += (*duty_facts(regime), *_closings(rulebook), *_last_days(regime))
    found += _in_doubt(rulebook)
    found += [("refusal", r.code, None, str(r.family), r.sentence) for r in REFUSALS.values()]
    return found
