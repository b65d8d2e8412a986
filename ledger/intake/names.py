"""Two spellings of what may be one party: "Acme Ltd" and "ACME Limited"."""

from __future__ import annotations

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
    plain = "strip_accents(lower(name))"
    plain = f"' ' || trim(regexp_replace({plain}, '[^\\pL\\pN]+', ' ', 'g')) || ' '"
    for written, form in _FORMS.items():
        plain = f"replace({plain}, {quote(f' {written} ')}, {quote(f' {form} ')})"
    parties = " UNION ".join(
        f"SELECT {column} AS name FROM given WHERE {column} IS NOT NULL"  # noqa: S608
        for column in ("exporter", "consignee", "parent")
    )
    with plainly():
        groups = con.execute(
            f"SELECT list_sort(list(name)) AS names FROM ({parties}) "  # noqa: S608
            f"GROUP BY coalesce(nullif(replace({plain}, ' ', ''), ''), name) "
            f"HAVING count(*) > 1 ORDER BY names LIMIT {MOST_TOLD + 1}"
        ).fetchall()
    told = [_told(names[:5]) for (names,) in groups[:MOST_TOLD]]
    if len(groups) > MOST_TOLD:
        told.append("more names differ only in their spelling; the first 20 are shown")
    return told


def _told(names: list[str]) -> str:
    listed = " and ".join(f'"{name}"' for name in names)
    return (
        f"{listed} may be one party. If so, write one name, or join them with a declaration "
        f"of kind party_merged: party {names[0]}, other_party {names[1]}"
    )
