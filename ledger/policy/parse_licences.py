"""Reads `licences.toml`: what a regime says of licences as such."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.policy.dated import Citation, CountryList, Number
from ledger.policy.judging import CHIP_CLASSES
from ledger.policy.licensing import Licensing
from ledger.policy.parse_facts import known_name
from ledger.policy.sheet import CITATION, Book

FILE = "licences.toml"


def licensing(
    book: Book,
    numbers: Mapping[str, Number],
    budgets: Mapping[str, object],
    lists: Mapping[str, CountryList],
) -> Licensing:
    """The terms of licences; none of them without the file."""
    if FILE not in book.files:
        return Licensing()
    top = book.table(FILE)
    cited: dict[str, Citation] = {}
    validity, transfers = None, None
    chips: tuple[str, ...] = ()
    holidays, one_country = "", ""
    if table := top.sub("validity"):
        validity = numbers.get(known_name(table, "number", numbers, "number"))
        chips = table.words("chips", CHIP_CLASSES)
        cited["validity"] = table.citation()
        table.close()
    if table := top.sub("holidays"):
        holidays = table.text("calendar")
        cited["holidays"] = table.citation()
        table.close()
    if table := top.sub("transfers"):
        transfers = numbers.get(known_name(table, "number", numbers, "number"))
        cited["transfers"] = table.citation()
        table.close()
    if table := top.sub("one_country"):
        one_country = known_name(table, "budget", budgets, "budget")
        cited["one_country"] = table.citation()
        table.close()
    parents: tuple[str, ...] = ()
    if table := top.sub("parents"):
        parents = table.words("headquartered_in", lists)
        cited["parents"] = table.citation()
        table.close()
    top.taken.update(CITATION)
    top.close()
    within = tuple(lists[key] for key in parents if key in lists)
    return Licensing(validity, frozenset(chips), holidays, one_country, transfers, cited, within)
