"""What a regime says under one key, as plain facts a door can print."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from ledger.policy.dated import Citation, CountryList, Deadline, Number
from ledger.policy.judging import Authorization, DrawRule
from ledger.policy.options import Option, near
from ledger.policy.types import BudgetRule, Condition, Regime
from schemas.tpp import milli_text

Card = dict[str, Any]

KINDS = (
    *("number", "list", "deadline", "option", "budget", "authorization"),
    *("condition", "weights"),
)


def figure(amount: Decimal) -> str:
    """A figure with thousands grouped and no needless zeros: "790,000,000", "2.5"."""
    whole, _, part = f"{amount:f}".partition(".")
    part = part.rstrip("0")
    return f"{int(whole):,}" + (f".{part}" if part else "")


def keys(regime: Regime) -> list[tuple[str, str]]:
    """Every (kind, key) of a regime, in the order it is listed."""
    by_kind: tuple[tuple[str, ...], ...] = (
        *(tuple(regime.numbers), tuple(regime.lists), tuple(regime.deadlines)),
        *(tuple(regime.options), (*regime.budgets, *regime.unweighed)),
        tuple(regime.authorizations),
        tuple(one.key for one in regime.conditions),
        tuple(regime.weights.sayings if regime.weights else ()),
    )
    return [(kind, key) for kind, found in zip(KINDS, by_kind, strict=True) for key in found]


def find(regime: Regime, text: str) -> list[tuple[str, str]]:
    """The (kind, key) pairs a text names: a key, or a kind and a key as in "number.country_cap".

    The exact spelling is taken before another case. Empty where nothing has that key.
    """
    every, key = keys(regime), text
    kind, dot, rest = text.partition(".")
    if dot and kind in KINDS:
        every, key = [pair for pair in every if pair[0] == kind], rest
    exact = [pair for pair in every if pair[1] == key]
    return exact or [pair for pair in every if pair[1].casefold() == key.casefold()]


def nearest(regime: Regime, text: str) -> tuple[str, ...]:
    """The keys closest to a text, at most three."""
    kind, dot, rest = text.partition(".")
    key = rest if dot and kind in KINDS else text
    return near(key, tuple(found for _, found in keys(regime)))


def card(regime: Regime, kind: str, key: str, day: date) -> Card:
    """What stands under a key on a day: title, value, history and citations.

    Raises KeyError where the regime has no such key of that kind.
    """
    makers: dict[str, Callable[[], Card]] = {
        "number": lambda: _number(regime.numbers[key], day),
        "list": lambda: _list(regime, regime.lists[key], day),
        "deadline": lambda: _deadline(regime.deadlines[key]),
        "option": lambda: _option(regime.options[key]),
        "budget": lambda: _budget(regime, {**regime.budgets, **regime.unweighed}[key], day),
        "authorization": lambda: _authorization(regime, regime.authorizations[key]),
        "condition": lambda: _condition({one.key: one for one in regime.conditions}[key]),
        "weights": lambda: _saying(regime, key),
    }
    return {"kind": kind, "key": key, **makers[kind]()}


def cited(citation: Citation) -> dict[str, str]:
    """A citation as texts."""
    return {
        "section": citation.section,
        "source": citation.source,
        "href": citation.href,
        "published": citation.published.isoformat(),
        "reviewed": citation.reviewed.isoformat(),
    }


def _number(number: Number, day: date) -> Card:
    value = number.on(day)
    history = [
        {
            "from": one.from_on.isoformat(),
            "value": "ends" if one.amount is None else figure(one.amount),
            **({"announced": True} if one.announced else {}),
            **({"note": one.note} if one.note else {}),
            "citation": cited(one.citation),
        }
        for one in number.values
    ]
    return {
        "title": number.title,
        "value": "none on that day" if value is None else figure(value.amount or Decimal(0)),
        "unit": number.unit,
        "note": number.note,
        "history": history,
    }


def _list(regime: Regime, found: CountryList, day: date) -> Card:
    def named(codes: tuple[str, ...]) -> list[str]:
        return sorted(regime.country_names.get(code, code) for code in codes)

    members = tuple(found.members(day))
    history = [
        {
            "from": one.from_on.isoformat(),
            **({"joined": named(one.add)} if one.add else {}),
            **({"left": named(one.remove)} if one.remove else {}),
            **({"note": one.note} if one.note else {}),
            "citation": cited(one.citation),
        }
        for one in found.changes
    ]
    return {
        "title": found.title,
        "value": f"{len(members)} countries",
        "members": named(members),
        "note": found.note,
        "history": history,
    }


def _deadline(deadline: Deadline) -> Card:
    dues = [
        {"due": f"{due.month:02d}-{due.day:02d}", "covers": due.covers, **_cited(due.citation)}
        for due in deadline.dues
    ]
    card = {"title": deadline.title, "note": deadline.note, "why": deadline.why}
    if deadline.why_near:
        card["why_near"] = deadline.why_near
    if deadline.citation is not None:
        return {**card, "value": said_of(deadline), **_cited(deadline.citation)}
    value = ", ".join(due["due"] for due in dues)
    return {**card, "value": value, "unit": "month-day of every year", "history": dues}


def said_of(deadline: Deadline) -> str:
    """How the days of a duty that is not yearly follow, in a few words."""
    words = deadline.how.replace("_", " ")
    named = [one for one in (deadline.number, deadline.budget) if one]
    return f"{words} ({', '.join(named)})" if named else words


def _option(option: Option) -> Card:
    return {
        "title": option.title,
        "value": option.default,
        "number": option.number,
        "readings": {
            name: said if name in option.obeyed else f"{said} (not acted on by this version)"
            for name, said in option.values
        },
        "reason": option.reason,
        "citation": cited(option.citation),
    }


def _budget(regime: Regime, budget: BudgetRule, day: date) -> Card:
    window = budget.window_on(day)
    number = budget.limit_number
    value = number.on(day) if number else None
    if value is not None and value.amount is not None:
        limit = f"{figure(value.amount)} {number.unit if number else ''}"
    else:
        limit = "by holder" if budget.limits and window else "none on that day"
    per_holder = {
        f"{dict(budget.holders.names).get(holder, holder)} ({key})": milli_text(limit_.milli)
        for (holder, key), limit_ in budget.limits.items()
    }
    holders = len(budget.known_holders(max(day, regime.first_day)))
    return {
        "title": budget.title,
        "value": limit,
        "basis": budget.basis,
        "holders": "any party" if budget.holder_kind == "party" else str(holders),
        "window": window.key if window else "none on that day",
        "weighed": budget.weighed,
        **({"limits": per_holder} if per_holder else {}),
        "note": budget.note,
        "citation": cited(budget.citation),
    }


def _authorization(regime: Regime, found: Authorization) -> Card:
    def options(settings: tuple[tuple[str, str], ...]) -> str:
        return "".join(f" [{key} = {value}]" for key, value in settings)

    flags = [
        {"said": flag.sentence + options(flag.when.options), **_cited(flag.citation)}
        for flag in regime.judging.flags
        if found.code in flag.when.authorizations
    ]
    draws = [
        {"said": f"{d.budget}: {d.sentence}{options(d.when.options)}", **_cited(d.citation)}
        for d in (*found.draws, *_of_several(regime, found))
    ]
    return {
        "title": found.title,
        "value": ", ".join(_drawn_by_default(regime, found)) or "draws nothing",
        "also": list(found.aliases),
        "draws": draws,
        "rules": flags,
        "citation": cited(found.citation),
    }


def _condition(found: Condition) -> Card:
    return {
        "title": found.title,
        "value": f"kept by each {found.scope}",
        "group": found.group,
        "from": found.from_on.isoformat(),
        "authorizations": ", ".join(found.authorizations),
        "citation": cited(found.citation),
    }


def _saying(regime: Regime, key: str) -> Card:
    if regime.weights is None:
        raise KeyError(key)
    said = regime.weights.sayings[key]
    return {"title": said.sentence, "value": "a ruling on model weights", **_cited(said.citation)}


def _of_several(regime: Regime, found: Authorization) -> tuple[DrawRule, ...]:
    return tuple(d for d in regime.judging.draws if found.code in d.when.authorizations)


def _drawn_by_default(regime: Regime, found: Authorization) -> tuple[str, ...]:
    defaults = {(key, option.default) for key, option in regime.options.items()}
    drawn = (draw.budget for draw in found.draws if defaults.issuperset(draw.when.options))
    return tuple(dict.fromkeys(drawn))


def _cited(citation: Citation) -> Card:
    return {"citation": cited(citation)}
