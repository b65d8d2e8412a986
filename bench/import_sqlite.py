"""Import of a shipments CSV into SQLite, against a bare load of the same rows.

The raw limit: DuckDB loads that CSV into a table, and ADBC ingests the rows the import stored
into tables of the same DDL (keys and indexes, no triggers), in one transaction, durably.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter, process_time

from bench import data, ledgers, stored
from bench.processes import child
from bench.result import Figure, Result, Size, median


def run(size: Size) -> Result:
    """Import and bare load in turn; medians."""
    files = data.files(size.work, size.rows)
    base = ledgers.licensed(size.work, size.rows)
    ours, bare = [], []
    rows: dict[str, int] = {}
    for _ in range(size.rounds):
        ledger = ledgers.copied(base, size.work / "import.db")
        url = ledgers.url_of(ledger)
        ours.append(child("bench.ledgers:load", url=url, shipments=str(files.shipments)))
        folder = size.work / "stored"
        folder.mkdir(exist_ok=True)
        rows = child("bench.stored:take", ledger=str(ledger), folder=str(folder)).value
        ledgers.remove(ledger)
        arguments = {"shipments": str(files.shipments), "folder": str(folder)}
        bare.append(child("bench.import_sqlite:bare", into=str(ledger), **arguments))
        ledgers.remove(ledger)
    took = [one.value["seconds"] for one in ours]
    loaded = [one.value["load"] for one in bare]
    ingested = [one.value["ingest"] for one in bare]
    both = [one + other for one, other in zip(loaded, ingested, strict=True)]
    claim = f"import {size.rows:,} shipments into SQLite"
    cpu = [median(one.value["cpu"] for one in side) for side in (ours, bare)]
    notes = (
        f"bare load {median(loaded):.2f} s + adbc_ingest {median(ingested):.2f} s; rows {rows}",
        f"processor time: import {cpu[0]:.1f} s, bare {cpu[1]:.1f} s",
    )
    return Result(
        "import_sqlite",
        (Figure(claim, median(took), median(both), 2.5),),
        notes,
        {"import": took, "load": loaded, "ingest": ingested, "cpu": cpu, "rows": rows},
    )


def bare_load(shipments: str) -> float:
    """Seconds DuckDB takes to load the CSV into a table, its own import included."""
    began = perf_counter()
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE shipments AS SELECT * FROM read_csv(?)", [shipments])
    return perf_counter() - began


def bare(shipments: str, folder: str, into: str) -> dict[str, float]:
    """The raw limit, in seconds: the load, and the ingestion to its durable commit."""
    cpu = process_time()
    load = bare_load(shipments)
    cpu -= process_time()
    found = stored.tables(folder)
    stored.make_tables(f"sqlite:///{into}")
    from ledger.storage.sqlite import USUAL_CACHE_MB

    began, cpu = perf_counter(), cpu + process_time()
    from adbc_driver_sqlite import dbapi

    pragmas = ("journal_mode = WAL", "synchronous = FULL", f"cache_size = {-1024 * USUAL_CACHE_MB}")
    with dbapi.connect(str(Path(into)), autocommit=True) as connection:
        with connection.cursor() as cursor:
            for pragma in pragmas:
                cursor.execute(f"PRAGMA {pragma}")
                cursor.fetchall()
            cursor.execute("BEGIN IMMEDIATE")
            for table, rows in found.items():
                if rows.num_rows:
                    cursor.adbc_ingest(table, rows, mode="append")
            cursor.execute("COMMIT")
        ingest, cpu = perf_counter() - began, process_time() - cpu
    return {"load": load, "ingest": ingest, "cpu": cpu}
