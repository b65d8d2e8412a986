"""The words that may be asked of a report's variable, where it takes only some.

Some stand in the report's heading; the others are what the copy itself holds. A word nobody knows
would give an empty answer, which reads as "there is none".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from reports.catalogue import Report, WrongUse, nearest
from schemas.kinds import Kind
from schemas.names import name_key

if TYPE_CHECKING:
    import duckdb

# By variable: what it may be, as far as the copy knows.
_KNOWN = {
    "authorization": "SELECT key FROM about WHERE topic = 'authorization'",
    "budget": "SELECT key FROM about WHERE topic = 'budget' UNION SELECT rule FROM budget",
    "code": "SELECT key FROM about WHERE topic = 'refusal' UNION SELECT code FROM finding",
    "duty": "SELECT key FROM about WHERE topic = 'duty'",
    "flag": "SELECT key FROM about WHERE topic = 'refusal' UNION SELECT code FROM finding",
    "share": "SELECT key FROM about WHERE topic = 'share'",
    "window": 'SELECT "window" FROM budget UNION SELECT step FROM budget_step',
}
# Those that a regime may name more of than the copy tells: what was moved under them counts too.
_MOVED = ("authorization", "destination")
# A country, or what the regime names in its place (the order numbers of a quota, say): its budgets
# are opened as it is adopted, those of parties by what they move.
_PLACES = ("country", "destination")
_COUNTRIES = "SELECT key, coalesce(value, key) FROM about WHERE topic = 'country'"
_NAMED = """
SELECT holder FROM budget
WHERE submission IN (SELECT submission FROM about)
    AND holder NOT IN (SELECT key FROM about WHERE topic = 'country')
"""
_MOST_TOLD = 12
# Parties that are asked for by name, and how a name is spelled in the copy: empty of an owner whose
# total is kept, and whom no movement has as its own party.
_PARTIES = ("exporter", "consignee")
_SPELLED = """
SELECT name FROM party WHERE name_key = $1
UNION ALL SELECT '' FROM budget WHERE split_part(holder, ' FROM ', 1) = $1
LIMIT 1
"""


def check(report: Report, values: Mapping[str, Any], copy: duckdb.DuckDBPyConnection) -> None:
    """Raise WrongUse, with the nearest words, for a value that its variable cannot be."""
    for variable in report.variables:
        value = values.get(variable.name)
        if variable.type != "VARCHAR" or value is None:
            continue
        if variable.name in _PLACES:
            known, told = _places(copy)
        else:
            known = told = list(variable.words) or _known(variable.name, copy)
        if known and value not in known and not _was_moved(variable.name, value, copy):
            said = nearest(str(value), told)
            if len(told) <= _MOST_TOLD:
                said += f"; {variable.name} may be: {', '.join(told)}"
            raise WrongUse(f'there is no {variable.name} "{value}"{said}')


def parties(report: Report, values: dict[str, Any], copy: duckdb.DuckDBPyConnection) -> None:
    """Put each party that is asked for as the copy spells it. Raises WrongUse for one unknown."""
    for variable in report.variables:
        value = values.get(variable.name)
        if variable.name not in _PARTIES or value is None:
            continue
        known = copy.execute(_SPELLED, [name_key(str(value))]).fetchone()
        if known is None:
            names = [name for (name,) in copy.execute("SELECT name FROM party").fetchall()]
            raise WrongUse(f'there is no {variable.name} "{value}"{nearest(str(value), names)}')
        values[variable.name] = known[0] or value


def _places(copy: duckdb.DuckDBPyConnection) -> tuple[list[str], list[str]]:
    """The places there may be, by key; and how they are told to a person who names another."""
    countries = dict(copy.execute(_COUNTRIES).fetchall())
    named = sorted({key for (key,) in copy.execute(_NAMED).fetchall()})
    return [*countries, *named], named or _shorter(countries.values())


def _shorter(names: Iterable[str]) -> list[str]:
    """Names without what stands behind in parentheses, where that leaves one of each."""
    every = list(names)
    short = [name.partition(" (")[0] for name in every]
    counts = Counter(short)
    return [one if counts[one] == 1 else name for one, name in zip(short, every, strict=True)]


def _known(name: str, copy: duckdb.DuckDBPyConnection) -> list[str]:
    if name == "kind":
        return [str(kind) for kind in Kind]
    if name not in _KNOWN:
        return []
    return sorted(word for (word,) in copy.execute(_KNOWN[name]).fetchall() if word)


def _was_moved(name: str, value: object, copy: duckdb.DuckDBPyConnection) -> bool:
    if name not in _MOVED:
        return False
    ask = f'SELECT 1 FROM movement WHERE "{name}" = $1 LIMIT 1'  # noqa: S608 - names of our own
    return bool(copy.execute(ask, [value]).fetchall())
