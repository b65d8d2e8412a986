"""Duties with their days, from the files of `deadlines/`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ledger.policy.dated import HOWS, WHO, Deadline, Due, Number
from ledger.policy.judging import Judging
from ledger.policy.parse_facts import closed, key_of, known_name
from ledger.policy.sheet import Book, Table

# What a sentence may leave a place for.
PLACES = (
    "document", "day", "last", "counterpart", "amount", "limit", "window", "number", "count",
    "reason",
)  # fmt: skip
_PLACE = re.compile(r"\{(\w+)\}")
# The reasons a loss may give: see `tpp template returns`.
LOSSES = (
    "loss", "damage", "failure", "relocation", "resale", "theft", "seizure", "destruction",
)  # fmt: skip
_MONTHS = 12


@dataclass(frozen=True)
class Named:
    """What a duty may name: preconditions and authorizations, budgets and numbers."""

    judging: Judging
    budgets: Mapping[str, object]
    numbers: Mapping[str, Number]


def deadline(book: Book, file: str, named: Named) -> Deadline:
    """A file of `deadlines/`."""
    top = book.table(file)
    dues = tuple(_due(table) for table in top.tables("due"))
    # Files of before there were other duties say neither how nor over which months.
    how = "yearly" if dues and "how" not in top.data else top.one_of("how", HOWS)
    if (how == "yearly") is not bool(dues):
        top.problem("due", None, "what is due every year has [[due]], and nothing else has")
    made = Deadline(
        key=key_of(file),
        title=top.text("title"),
        how=how,
        who=top.words("who", WHO),
        asks=top.words("asks", (one.key for one in named.judging.preconditions)),
        authorizations=top.words("authorizations", named.judging.authorizations),
        reasons=top.words("reasons", LOSSES),
        budget=known_name(top, "budget", named.budgets, "budget"),
        number=known_name(top, "number", named.numbers, "number"),
        within_days=top.whole("within_days", 0),
        remind_days=top.whole("remind_days", 0),
        from_on=top.maybe_day("from"),
        why=_why(top, "why"),
        why_near=_why(top, "why_near"),
        dues=dues,
        citation=None if dues else top.citation(),
        note=top.text("note", ""),
    )
    closed(top)
    return made


def _why(top: Table, key: str) -> str:
    said = top.text(key, "")
    for place in _PLACE.findall(said):
        if place not in PLACES:
            top.problem(key, place, "no place of a sentence", PLACES)
    return said


def _due(table: Table) -> Due:
    month, day = table.whole("month"), table.whole("day")
    if not _is_day_of_year(month, day):
        table.problem("day", f"{month}-{day}", "no such day of the year")
    before = month - 1 or _MONTHS
    last, months = table.whole("last_month", before), table.whole("months", _MONTHS)
    if not 1 <= last <= _MONTHS:
        table.problem("last_month", last, "no such month of the year")
    if months < 1:
        table.problem("months", months, "must be a month or more")
    made = Due(month, day, table.text("covers"), last, months, table.citation())
    table.close()
    return made


def _is_day_of_year(month: int, day: int) -> bool:
    try:
        date(2001, month, day)  # a year without a 29 February
    except ValueError:
        return False
    return True
