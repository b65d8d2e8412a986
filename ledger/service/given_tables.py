"""Small tables beside a file's rows: distinct values, fields in `details`, entries of items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ledger.service.rulebook import Rulebook

if TYPE_CHECKING:
    import duckdb

    from ledger.storage.bulk import Staging

# What joins the entries of several regimes.
US_OF = "\x1f"


def table_of(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, Sequence[Any]]) -> None:
    """A small table from columns; one statement, since each would wait for the disk."""
    import pyarrow as pa

    con.register("columns_of_it", pa.table({n: pa.array(list(v)) for n, v in columns.items()}))
    con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM columns_of_it")  # noqa: S608
    con.unregister("columns_of_it")


def staged(con: duckdb.DuckDBPyConnection, staging: Staging, name: str, sql: str) -> str:
    """Stage what a query over the file's rows finds, under a name; the SQL name to look up by."""
    reader = con.cursor().sql(sql).to_arrow_reader(1 << 16)
    staging.put(name, reader, reader.schema)
    return staging.attach(name)


def texts(values: Sequence[str | None]) -> Any:
    """A column of texts, whatever of them there is."""
    import pyarrow as pa

    return pa.array(values, pa.string())


def has(field: str) -> str:
    """SQL: whether a row of `given` may have a field in its details."""
    return f"""details LIKE '%"{field}":%'"""


def detail(column: str, field: str) -> str:
    """SQL: a field of the details in a column."""
    return f"json_extract_string({column}, '$.{field}')"


def texts_of(con: duckdb.DuckDBPyConnection, field: str) -> tuple[str, ...]:
    """The distinct texts of a field in the details."""
    found = con.execute(
        f"SELECT DISTINCT {detail('details', field)} AS value FROM given"  # noqa: S608
        f" WHERE {has(field)} ORDER BY value"
    )
    return tuple(value for (value,) in found.fetchall() if value is not None)


def named_in(
    con: duckdb.DuckDBPyConnection, asked: Sequence[str]
) -> tuple[tuple[str, ...], list[str]]:
    """The fields in `details` that some ruling asks for and some row has, and their texts."""
    fields = tuple(
        field
        for field in asked
        if con.execute(f"SELECT 1 FROM given WHERE {has(field)} LIMIT 1").fetchall()  # noqa: S608
    )
    each = [
        f"SELECT DISTINCT {detail('details', field)} AS value FROM given"  # noqa: S608
        f" WHERE {has(field)}"
        for field in fields
    ]
    if not each:
        return fields, []
    rows = con.execute(f"{' UNION '.join(each)} ORDER BY value").fetchall()
    values = [value for (value,) in rows if value is not None]
    table_of(con, "d_named", {"value": texts(values), "no": range(len(values))})
    return fields, values


def entries(con: duckdb.DuckDBPyConnection, rulebook: Rulebook) -> None:
    """The rows whose item's entry matters to the rules: the table `d_entry(row, entry)`.

    An entry is the text of each regime's own, joined.
    """
    table_of(con, "d_entry", {"row": [0], "entry": [""]})
    asked = has("eccn")
    some_row = f"SELECT 1 FROM given WHERE {asked} LIMIT 1"  # noqa: S608
    if not con.execute(some_row).fetchall():
        return
    eccn_of = detail("details", "eccn")
    stated = f'SELECT DISTINCT "authorization", {eccn_of} FROM given'  # noqa: S608
    found = con.execute(f"{stated} WHERE {asked}").fetchall()
    every = rulebook.every
    named = [(by, eccn, [b.entry_of(by, eccn) for b in every]) for by, eccn in found]
    some = [(by, eccn, US_OF.join(each)) for by, eccn, each in named if any(each)]
    names = ("auth", "eccn", "entry")
    table_of(con, "d_eccn", {n: texts([row[at] for row in some]) for at, n in enumerate(names)})
    con.execute(
        "INSERT INTO d_entry SELECT g.row, n.entry FROM given g JOIN d_eccn n"  # noqa: S608
        ' ON n.auth IS NOT DISTINCT FROM g."authorization"'
        f" AND n.eccn = {detail('g.details', 'eccn')} WHERE g.{asked}"
    )
