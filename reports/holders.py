"""Who is meant by a holder, where a report has nothing under the words that were given."""

from __future__ import annotations

from datetime import date
from typing import Any

from reports.catalogue import WrongUse
from reports.runner import Result
from schemas.names import listed, name_key

_MOST_NEAR = 3
# Keys of fewer characters are codes, like any other by chance.
_WRITTEN_OUT = 4
# What the regimes say, of the adoption that was in force when the last movement was known.
_SAID = """
    SELECT key, value, sentence, from_on FROM about WHERE topic = $1 AND submission = (
        SELECT coalesce(max(submission) FILTER (WHERE submission <= $2), min(submission)) FROM about
    ) ORDER BY from_on NULLS FIRST
"""


def meant(text: str, code: str | None, result: Result) -> str:
    """The key of the holder meant: by key or name in any case, or by a place's `code`, or by that
    of the place it is treated as.

    Raises WrongUse: why a place holds nothing on the day, else with the nearest names.
    """
    ask = "SELECT DISTINCT holder, holder_name FROM budget ORDER BY holder_name"
    rows = result.connection.execute(ask).fetchall()
    keys = {name_key(word): holder for holder, name in rows for word in (holder, name)}
    place = code and (followed(code, result) or code)
    for word in (text, code, place):
        if word is not None and name_key(word) in keys:
            return str(keys[name_key(word)])
    if any(holder.startswith(f"{name_key(text)}@") for holder, _ in rows):
        return name_key(text)
    if code is not None and place is not None and (why := _without(place, result)):
        names = _said("country", result)
        name = names.get(place, (place,))[0]
        if place != code:
            name = f"{names.get(code, (code,))[0]} is treated as {name}, which"
        raise WrongUse(f"{name} {why}")
    near = _nearest(text, rows)
    hint = f" (nearest: {listed(near)})" if near else ""
    raise WrongUse(f'no holder of a budget is called "{text}"{hint}')


def followed(code: str, result: Result) -> str | None:
    """The code of the place that one is treated as; None where it is one of its own."""
    found = _said("treated as", result).get(code)
    return None if found is None else str(found[0])


def treated(code: str | None, holders: set[str], result: Result) -> str | None:
    """What to say where a place was asked for and the one it is treated as is among `holders`."""
    place = None if code is None or code in holders else followed(code, result)
    if code is None or place not in holders:
        return None
    names = _said("country", result)
    return f"{names[code][0]} is treated as {names[str(place)][0]}."


def _without(place: str, result: Result) -> str | None:
    """Why a place holds no budget on the day that is asked about; None where it may hold them."""
    titles, found = _said("budget", result), []
    for key, (value, sentence) in _said("holds none", result).items():
        budget, _, code = key.rpartition(" ")
        if code == place and value == "yes":
            why = f": it is on the list {sentence}" if sentence else ""
            found.append(f"holds no {titles[budget][1]}{why}")
    return "; ".join(found) or None


def _said(topic: str, result: Result) -> dict[str, tuple[Any, Any]]:
    """What the regimes say of a topic on the day asked about: value and sentence, by key."""
    day = date.fromisoformat(str(result.about["as_of"]))
    rows = result.connection.execute(_SAID, [topic, result.about["submission"]]).fetchall()
    return {key: (v, s) for key, v, s, from_on in rows if from_on is None or from_on <= day}


def _nearest(text: str, rows: list[tuple[str, str]]) -> list[str]:
    """The holders most like a text, by name, or by key where it is one to be written out."""
    from rapidfuzz import process

    named = {name.casefold(): (holder, name) for holder, name in rows}
    keyed = {key.casefold(): (key, key) for key, _ in rows if len(key) >= _WRITTEN_OUT}
    words = {**keyed, **named}
    found = process.extract(text.casefold(), list(words), limit=2 * _MOST_NEAR)
    by_holder: dict[str, str] = {}
    for word, _, _ in found:
        holder, said = words[word]
        by_holder.setdefault(holder, said)
    return list(by_holder.values())[:_MOST_NEAR]
