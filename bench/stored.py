"""The rows one submission stored, taken out again so that a bare loader can be given the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 65_536

# The rows of the last submission, in the order their tables keep them. Of what is derived, the
# licence lines that were drawn on; balances and days are few.
LAST = "(SELECT max(number) FROM submission)"
_SPAN = f"(SELECT first_seq FROM submission WHERE number = {LAST})"
WHERE: dict[str, str] = {
    "submission": f"number = {LAST}",
    "movement": f"seq >= {_SPAN}",
    "entry": f"seq >= {_SPAN}",
    "finding": f"seq >= {_SPAN}",
    "movement_key": f"seq >= {_SPAN}",
    "party": f"submission = {LAST}",
    "budget": f"submission = {LAST}",
    "ruling": f"submission = {LAST}",
    "balance": "true",
    "balance_day": "true",
    "licence_line": f"used_mtpp > 0 OR seq >= {_SPAN}",
}


def take(ledger: str, folder: str, without: Sequence[str] = ()) -> dict[str, int]:
    """Write the last submission's rows of a SQLite ledger as Arrow files; how many of each.

    Of the tables `without` none are taken.
    """
    import pyarrow as pa

    found = {}
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        for table, said in WHERE.items():
            where = "false" if table in without else said
            schema = arrow_schema(table)
            with pa.OSFile(str(Path(folder) / f"{table}.arrow"), "wb") as file:
                found[table] = 0
                with pa.ipc.new_file(file, schema) as writer:
                    for batch in _batches(
                        connection, f"SELECT * FROM {table} WHERE {where}", schema
                    ):
                        writer.write_batch(batch)
                        found[table] += batch.num_rows
    return found


def _batches(
    connection: sqlite3.Connection, query: str, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    cursor = connection.execute(query)
    while rows := cursor.fetchmany(_BATCH):
        columns = zip(zip(*rows, strict=True), schema, strict=True)
        yield pa.record_batch([pa.array(c, f.type) for c, f in columns], schema=schema)


def arrow_schema(table: str) -> pa.Schema:
    """A ledger table's columns as SQLite stores them: whole numbers, text, bytes."""
    import pyarrow as pa
    from sqlalchemy import BigInteger, Integer, LargeBinary, SmallInteger

    from schemas.tables import metadata

    def type_of(column: Any) -> pa.DataType:
        if isinstance(column.type, BigInteger | Integer | SmallInteger):
            return pa.int64()
        return pa.binary() if isinstance(column.type, LargeBinary) else pa.string()

    return pa.schema([(c.name, type_of(c)) for c in metadata.tables[table].columns])


def tables(folder: str) -> dict[str, pa.Table]:
    """The rows taken, in memory."""
    import pyarrow as pa

    found = {}
    for table in WHERE:
        with pa.memory_map(str(Path(folder) / f"{table}.arrow")) as file:
            # a copy: what is timed afterwards shall not wait for the disk
            found[table] = pa.Table.from_batches(
                pa.ipc.open_file(file).read_all().combine_chunks().to_batches(),
                arrow_schema(table),
            )
    return found


def make_tables(url: str) -> None:
    """An empty database with the ledger's tables, keys and indexes, and no triggers."""
    from sqlalchemy import create_engine

    from schemas.tables import metadata

    engine = create_engine(url)
    metadata.create_all(engine)
    engine.dispose()
