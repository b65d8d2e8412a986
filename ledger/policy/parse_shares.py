"""Shares of tallies, from `shares.toml`."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.policy.budgets import TALLY
from ledger.policy.dated import CountryList, Deadline
from ledger.policy.options import Option
from ledger.policy.parse_facts import known_name
from ledger.policy.parse_rules import Named, when_of
from ledger.policy.shares import ShareRule
from ledger.policy.sheet import CITATION, Book, Table

FILE = "shares.toml"


def shares(book: Book, named: Named, deadlines: Mapping[str, Deadline]) -> tuple[ShareRule, ...]:
    """Every `[[share]]` of the file; none where there is no such file."""
    if FILE not in book.files:
        return ()
    top = book.table(FILE)
    found = [_share(table, named, deadlines) for table in top.tables("share")]
    top.taken.update(CITATION)
    top.close()
    return tuple(one for one in found if one is not None)


def _share(table: Table, named: Named, deadlines: Mapping[str, Deadline]) -> ShareRule | None:
    tallies = [key for key, budget in named.budgets.items() if budget.kind == TALLY]
    limit = known_name(table, "limit", named.numbers, "number")
    dates = known_name(table, "dates", deadlines, "deadline")
    if limit and named.numbers[limit].unit != "percent":
        table.problem("limit", limit, "must be a number in percent")
    measured = known_name(table, "measured_option", named.options, "option")
    flow = known_name(table, "flow_option", named.options, "option")
    title, key = table.text("title"), table.text("key")
    tally = table.one_of("tally", tallies)
    places = {name: _lists(table, name, named.lists) for name in ("part_in", "part_not_in")}
    base = _lists(table, "base_in", named.lists)
    if not (places["part_in"] or places["part_not_in"]):
        table.problem("part_in", None, "missing: `part_in` or `part_not_in`, lists of countries")
    each, when, citation = table.flag("each_country"), when_of(table, named), table.citation()
    table.close()
    if limit not in named.numbers:
        table.problem("limit", limit, "missing: a number of the regime, in percent")
        return None
    return ShareRule(
        key=key,
        title=title,
        tally=tally,
        limit=named.numbers[limit],
        when=when,
        among=places["part_in"],
        apart=places["part_not_in"],
        each=each,
        base=base,
        dates=deadlines.get(dates),
        measured=_option(measured, named.options),
        flow=_option(flow, named.options),
        citation=citation,
    )


def _option(key: str, options: Mapping[str, Option]) -> str:
    return key if key in options else ""


def _lists(table: Table, name: str, known: Mapping[str, CountryList]) -> tuple[CountryList, ...]:
    return tuple(known[key] for key in table.words(name, known) if key in known)
