"""What differs between two versions of a regime, fact by fact, as texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.policy import cards
from ledger.policy.types import Regime

# What names an item of a card's list of items.
_LABELS = ("from", "due", "said")


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact that differs; an empty side has none such. `fact` is empty for a whole entry."""

    kind: str
    key: str
    fact: str
    before: str
    after: str


def differences(
    one: Regime,
    other: Regime,
    day: date,
    settings: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {}),
) -> list[Difference]:
    """What the second says otherwise than the first, on a day and in its history.

    `settings` are the options in force under each, where they are others than the defaults.
    """
    found = _regimes(one, other, day)
    first, second = cards.keys(one), cards.keys(other)
    for kind, key in dict.fromkeys((*first, *second)):
        if (kind, key) not in second:
            found.append(Difference(kind, key, "", _title(one, kind, key, day), ""))
        elif (kind, key) not in first:
            found.append(Difference(kind, key, "", "", _title(other, kind, key, day)))
        else:
            before = _facts(cards.card(one, kind, key, day))
            after = _facts(cards.card(other, kind, key, day))
            found += _compared(kind, key, before, after)
    return found + _in_force(one, other, settings)


def _regimes(one: Regime, other: Regime, day: date) -> list[Difference]:
    def facts(regime: Regime) -> dict[str, str]:
        state = regime.state_on(day)
        return {
            "key": regime.key,
            "title": regime.title,
            "unit": regime.unit,
            "counts": regime.counts,
            "first day": regime.first_day.isoformat(),
            "state": state.sentence if state else "",
        }

    return _compared("regime", other.key, facts(one), facts(other))


def _in_force(
    one: Regime, other: Regime, settings: tuple[Mapping[str, str], Mapping[str, str]]
) -> list[Difference]:
    """Options that are set otherwise, of those both have."""
    before = {key: settings[0].get(key, option.default) for key, option in one.options.items()}
    after = {key: settings[1].get(key, option.default) for key, option in other.options.items()}
    return [
        Difference("option", key, "in force", before[key], after[key])
        for key in before
        if key in after and before[key] != after[key]
    ]


def _title(regime: Regime, kind: str, key: str, day: date) -> str:
    card = cards.card(regime, kind, key, day)
    return f"{card['title']}: {card['value']}"


def _compared(
    kind: str, key: str, before: Mapping[str, str], after: Mapping[str, str]
) -> list[Difference]:
    names = dict.fromkeys((*before, *after))
    return [
        Difference(kind, key, name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    ]


def _facts(card: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """A card as texts by name: items of lists and tables each under a name of their own."""
    found: dict[str, str] = {}
    for name, value in card.items():
        at = f"{above}{name}"
        if name in ("kind", "key"):
            continue
        if name == "citation":
            found[at] = f"{value['section']}; {value['source']}, {value['published']}"
        elif isinstance(value, Mapping):
            found |= _facts(value, f"{at}, ")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for item in value:
                label = next((str(item[one]) for one in _LABELS if one in item), "")
                rest = {n: v for n, v in item.items() if n not in _LABELS}
                found |= {f"{at}, {label}": "yes"} | _facts(rest, f"{at}, {label}, ")
        elif isinstance(value, list):
            found |= {f"{at}, {one}": "yes" for one in value}
        else:
            found[at] = str(value)
    return found
