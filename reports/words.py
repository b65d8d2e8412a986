"""The words that may be asked of a report's variable, where it takes only some.

Some stand in the report's heading; the others are what the copy itself holds. A word nobody knows
would give an empty answer, which reads as "there is none".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reports.catalogue import Report, WrongUse, nearest
from schemas.kinds import Kind

if TYPE_CHECKING:
    import duckdb

# By variable: what it may be, as far as the copy knows.
_KNOWN = {
    "authorization": "SELECT key FROM about WHERE topic = 'authorization'",
    "budget": "SELECT key FROM about WHERE topic = 'budget' UNION SELECT rule FROM budget",
    "code": "SELECT key FROM about WHERE topic = 'refusal' UNION SELECT code FROM finding",
    "country": "SELECT key FROM about WHERE topic = 'country'",
    "destination": "SELECT key FROM about WHERE topic = 'country'",
    "duty": "SELECT key FROM about WHERE topic = 'duty'",
    "flag": "SELECT key FROM about WHERE topic = 'refusal' UNION SELECT code FROM finding",
    "share": "SELECT key FROM about WHERE topic = 'share'",
    "window": 'SELECT "window" FROM budget UNION SELECT step FROM budget_step',
}
# Those that a regime may name more of than the copy tells: what was moved under them counts too.
_MOVED = ("authorization", "destination")
_MOST_TOLD = 12


def check(report: Report, values: Mapping[str, Any], copy: duckdb.DuckDBPyConnection) -> None:
    """Raise WrongUse, with the nearest words, for a value that its variable cannot be."""
    for variable in report.variables:
        value = values.get(variable.name)
        if variable.type != "VARCHAR" or value is None:
            continue
        known = list(variable.words) or _known(variable.name, copy)
        if known and value not in known and not _was_moved(variable.name, value, copy):
            said = nearest(str(value), known)
            if len(known) <= _MOST_TOLD:
                said += f"; {variable.name} may be: {', '.join(known)}"
            raise WrongUse(f'there is no {variable.name} "{value}"{said}')


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
