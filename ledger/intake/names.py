"""Two spellings of what may be one party: "Acme Ltd" and "ACME Limited"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ledger.intake.sql import quote
from ledger.intake.store import plainly

if TYPE_CHECKING:
    import duckdb

MOST_TOLD = 20

# Ways to write one legal form, after case, accents and punctuation are gone.
_FORMS = {
    "limited": "ltd",
    "incorporated": "inc",
    "corporation": "corp",
    "company": "co",
    "public ltd co": "plc",
    "private": "pvt",
    "l l c": "llc",
    "g m b h": "gmbh",
    "s a": "sa",
    "n v": "nv",
    "b v": "bv",
}


def spellings(con: duckdb.DuckDBPyConnection) -> list[str]:
    """A warning for each group of party names in `given` that differ only in how they are spelt."""
    with plainly():
        groups = con.execute(
            f"SELECT list_sort(list(name)) AS names FROM ({_PARTIES}) "  # noqa: S608
            f"GROUP BY {_alike()} "
            f"HAVING count(*) > 1 ORDER BY names LIMIT {MOST_TOLD + 1}"
        ).fetchall()
    told = [_told(names[:5]) for (names,) in groups[:MOST_TOLD]]
    if len(groups) > MOST_TOLD:
        told.append("more names differ only in their spelling; the first 20 are shown")
    return told


def beside(
    con: duckdb.DuckDBPyConnection, known: Sequence[str], same: Callable[[str, str], bool]
) -> list[str]:
    """A warning for each name in `given` that only its spelling tells from one on record.

    `known` are the names on record; `same` says of two names whether they are one party already.
    """
    with plainly():
        pairs = con.execute(
            f"{_ON_RECORD} SELECT n.name, min(r.name)"  # noqa: S608
            f" FROM (SELECT name, {_alike()} AS alike FROM ({_PARTIES})"
            " WHERE name NOT IN (SELECT name FROM on_record)) n"
            f" JOIN (SELECT name, {_alike()} AS alike FROM on_record) r USING (alike)"
            f" GROUP BY n.name ORDER BY n.name LIMIT {5 * MOST_TOLD}",
            [known],
        ).fetchall()
    return [_told([name, there]) for name, there in pairs if not same(name, there)][:MOST_TOLD]


def groups(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> list[list[str]]:
    """The names that differ only in how they are spelt, in groups of two and more."""
    found = con.execute(
        f"{_ON_RECORD} SELECT list_sort(list(name)) AS names FROM on_record"  # noqa: S608
        f" GROUP BY {_alike()} HAVING count(*) > 1 ORDER BY names",
        [names],
    ).fetchall()
    return [list(one) for (one,) in found]


_ON_RECORD = "WITH on_record AS MATERIALIZED (SELECT unnest(CAST($1 AS VARCHAR[])) AS name)"
_PARTIES = " UNION ".join(
    f"SELECT {column} AS name FROM given WHERE {column} IS NOT NULL"  # noqa: S608
    for column in ("exporter", "consignee", "parent")
)


def _alike() -> str:
    """SQL for what all spellings of a name have in common."""
    plain = "strip_accents(lower(name))"
    plain = f"' ' || trim(regexp_replace({plain}, '[^\\pL\\pN]+', ' ', 'g')) || ' '"
    for written, form in _FORMS.items():
        plain = f"replace({plain}, {quote(f' {written} ')}, {quote(f' {form} ')})"
    return f"coalesce(nullif(replace({plain}, ' ', ''), ''), name)"


def _told(names: list[str]) -> str:
    listed = " and ".join(f'"{name}"' for name in names)
    return (
        f"{listed} may be one party. If so, write one name, or join them with a declaration "
        f"of kind party_merged: party {names[0]}, other_party {names[1]}"
    )
