"""Rows streamed bare out of a SQLite file by ADBC, and thrown away: the raw limit of a copy."""

from __future__ import annotations

from time import perf_counter
from typing import Any

BATCH_ROWS = "65536"
TABLES = ("movement", "entry", "finding", "party", "budget", "submission")


def all_rows(ledger: str) -> dict[str, float]:
    """Seconds to stream every row of the tables that a copy holds."""
    return _streamed(ledger, dict.fromkeys(TABLES, "true"))


def last_rows(ledger: str, above: int) -> dict[str, float]:
    """Seconds to stream the movements, entries and findings above a seq."""
    return _streamed(ledger, dict.fromkeys(("movement", "entry", "finding"), f"seq > {above:d}"))


def _streamed(ledger: str, where: dict[str, str]) -> dict[str, float]:
    began = perf_counter()
    import adbc_driver_manager as adbc
    import adbc_driver_sqlite
    import duckdb

    rows = 0
    # Nobody else has the file open: a second SQLite library beside another loses commits.
    with (
        duckdb.connect() as reader,
        adbc_driver_sqlite.connect(f"file:{ledger}?mode=ro") as database,
        adbc.AdbcConnection(database) as connection,
    ):

        def ask(query: str, what: str) -> list[Any]:
            with adbc.AdbcStatement(connection) as statement:
                statement.set_options(**{"adbc.sqlite.query.batch_rows": BATCH_ROWS})
                statement.set_sql_query(query)
                stream, _ = statement.execute_query()
                reader.register("streamed", stream)
                found = reader.execute(f"SELECT {what} FROM streamed").fetchall()
                reader.unregister("streamed")
                return found

        for table, condition in where.items():
            types = ask(f"SELECT type FROM pragma_table_info('{table}')", "type")
            # ADBC types a column by its first batch, and a column may well be empty there: so
            # one row of each column's type goes before.
            first = ", ".join("0" if "INT" in type_ else "''" for (type_,) in types)
            query = f"SELECT {first} UNION ALL SELECT * FROM {table} WHERE {condition}"
            rows += ask(query, "count(*)")[0][0] - 1
    return {"seconds": perf_counter() - began, "rows": rows}
