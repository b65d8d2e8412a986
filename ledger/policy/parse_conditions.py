"""Model weights and conditions, from the tables of their files."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.policy.dated import CountryList, Number
from ledger.policy.parse_facts import known_name
from ledger.policy.sheet import CITATION, Book, Table
from ledger.policy.weights import SAYINGS, Condition, Saying, WeightsRule

SCOPES = ("facility", "entity")
_PLACES = ("home", "listed")
_NUMBERS = ("threshold", "derivative_threshold", "derivative_share", "synthetic_share")


def conditions(book: Book, file: str, authorizations: tuple[str, ...]) -> tuple[Condition, ...]:
    """`conditions.toml`: what an authorization asks of facilities and entities."""
    top = book.table(file)
    found: dict[str, Condition] = {}
    for table in top.tables("condition"):
        one = Condition(
            key=table.text("key"),
            title=table.text("title"),
            group=table.text("group"),
            scope=table.one_of("scope", SCOPES),
            authorizations=table.words("authorizations", authorizations),
            from_on=table.day("from"),
            citation=table.citation(),
        )
        if one.key in found:
            table.problem("key", one.key, "stands twice")
        found[one.key] = one
        table.close()
    top.taken.update(CITATION)
    top.close()
    return tuple(found.values())


def weights(
    book: Book,
    numbers: Mapping[str, Number],
    lists: Mapping[str, CountryList],
    known: tuple[str, ...],
) -> WeightsRule | None:
    """`weights.toml`; `known` are the keys of the conditions. None where its names are wrong."""
    top = book.table("weights.toml")
    figures = [one for key in _NUMBERS if (one := _number(top, key, numbers))]
    places = [place for key in _PLACES if (place := _list(top, key, lists))]
    barred = top.words("barred", lists)
    asked = top.words("conditions", known)
    exception = top.text("exception")
    sayings = _sayings(top)
    top.taken.update(CITATION)
    top.close()
    if len(figures) < len(_NUMBERS) or len(places) < len(_PLACES) or len(sayings) < len(SAYINGS):
        return None
    threshold, derivative_threshold, derivative_share, synthetic_share = figures
    home, listed = places
    return WeightsRule(
        exception=exception,
        threshold=threshold,
        derivative_threshold=derivative_threshold,
        derivative_share=derivative_share,
        synthetic_share=synthetic_share,
        home=home,
        listed=listed,
        barred=tuple(lists[key] for key in barred if key in lists),
        conditions=asked,
        sayings=sayings,
    )


def _number(top: Table, key: str, numbers: Mapping[str, Number]) -> Number | None:
    top.text(key)
    return numbers.get(known_name(top, key, numbers, "number"))


def _list(top: Table, key: str, lists: Mapping[str, CountryList]) -> CountryList | None:
    top.text(key)
    return lists.get(known_name(top, key, lists, "list"))


def _sayings(top: Table) -> dict[str, Saying]:
    found = {}
    for table in top.tables("saying"):
        key = table.one_of("key", SAYINGS)
        found[key] = Saying(table.text("sentence"), table.citation())
        table.close()
    for key in SAYINGS:
        if key not in found:
            top.problem("saying", key, "missing: a [[saying]] of this key")
    return found
