"""Import of a shipments CSV into PostgreSQL, against a bare load and a COPY of the same rows.

The raw limit: DuckDB loads that CSV into a table, and the rows the import stored go by COPY, as
bytes made beforehand, into tables of the same DDL (keys and indexes, no triggers), in one durable
transaction. The server is a throw-away one with fsync on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit, urlunsplit

from bench import data, stored
from bench.processes import child
from bench.result import Figure, Result, Size, median

_BLOCK = 1 << 20


def run(size: Size) -> Result:
    """Import and bare COPY in turn; medians."""
    from tests.pg_server import fresh_database, running_server

    files = data.files(size.work, size.rows)
    ours, loads, copies = [], [], []
    with running_server(fsync=True) as server, fresh_database(server, "licensed") as base:
        child("bench.ledgers:make", url=base, licences=str(files.licences))
        for _ in range(size.rounds):
            folder = size.work / "copied"
            folder.mkdir(exist_ok=True)
            with _like(server, "imported", "licensed") as url:
                found = child("bench.ledgers:load", url=url, shipments=str(files.shipments))
                ours.append(found.value["seconds"])
                child("bench.import_postgresql:take", url=url, folder=str(folder))
            with fresh_database(server, "bare") as url:
                arguments = {"shipments": str(files.shipments), "folder": str(folder)}
                bare = child("bench.import_postgresql:bare", into=url, **arguments).value
                loads.append(bare["load"])
                copies.append(bare["copy"])
    both = [one + other for one, other in zip(loads, copies, strict=True)]
    claim = f"import {size.rows:,} shipments into PostgreSQL"
    note = f"bare load {median(loads):.2f} s + COPY {median(copies):.2f} s"
    return Result(
        "import_postgresql",
        (Figure(claim, median(ours), median(both), 3),),
        (note,),
        {"import": ours, "load": loads, "copy": copies},
    )


@contextmanager
def _like(server: str, name: str, template: str) -> Iterator[str]:
    """A database that begins as a copy of another; dropped at the end."""
    import psycopg

    with psycopg.connect(_libpq(server), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg:", "postgresql:", 1)


def take(url: str, folder: str) -> None:
    """Write the last submission's rows as COPY gives them, a file a table."""
    import psycopg

    with psycopg.connect(_libpq(url)) as connection:
        for table, where in stored.WHERE.items():
            order = " ORDER BY key" if table == "movement_key" else ""
            query = f"COPY (SELECT * FROM {table} WHERE {where}{order}) TO STDOUT (FORMAT binary)"
            path = Path(folder) / f"{table}.copy"
            with connection.cursor().copy(query) as rows, path.open("wb") as file:
                file.writelines(rows)


def bare(shipments: str, folder: str, into: str) -> dict[str, float]:
    """The raw limit, in seconds: the load, and the COPY to its durable commit."""
    from bench.import_sqlite import bare_load

    load = bare_load(shipments)
    stored.make_tables(into)
    files = {table: (Path(folder) / f"{table}.copy").read_bytes() for table in stored.WHERE}
    began = perf_counter()
    import psycopg

    with psycopg.connect(_libpq(into)) as connection, connection.cursor() as cursor:
        for table, content in files.items():
            with cursor.copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
                for start in range(0, len(content), _BLOCK):
                    copy.write(content[start : start + _BLOCK])
        connection.commit()
    return {"load": load, "copy": perf_counter() - began}
