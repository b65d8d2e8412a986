"""Whether each table of a copy has the ledger's rows, in every column."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ledger.publish.fill import parts, streamed_rows
from ledger.publish.sources import source
from ledger.storage.head import SCHEMA_VERSION, Head
from ledger.storage.place import Place
from schemas.columnar import SEGMENTS
from schemas.manifest import Manifest, scan

# How many rows, and their digests added up: 64 bits a row, in whatever order rows come.
_ADDED_UP = "SELECT count(*), coalesce(sum(hash({columns})), 0) FROM {rows}"
_Sum = tuple[int, int]


def unlike(place: Place, folder: Path, manifest: Manifest) -> Iterator[str]:
    """The tables whose rows are not those that the ledger gives, up to where a copy has followed.

    Raises as a refresh does over a ledger that cannot be read.
    """
    import duckdb

    with duckdb.connect(":memory:", config={"memory_limit": "256MB", "threads": 2}) as connection:
        with _scratch(folder) as scratch:
            given = _of_ledger(connection, place, manifest, scratch)
        for table in SEGMENTS:
            files = [str(folder / s.file) for s in manifest.of(table) if s.rows]
            kept = _added_up(connection, table, scan(files)) if files else (0, 0)
            if kept != given[table]:
                yield table


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Where rows are staged: there may be many, so on the copy's own disk where we may write."""
    if os.access(folder, os.W_OK):
        yield folder
        return
    with TemporaryDirectory(prefix="tpp-check-") as made:
        yield Path(made)


def _of_ledger(connection: Any, place: Place, manifest: Manifest, scratch: Path) -> dict[str, _Sum]:
    """Of each table, what the ledger gives, taken from it as for a copy that is built anew."""
    last = manifest.last_seq, manifest.last_submission, "", manifest.digest
    there = Head(manifest.ledger_id, SCHEMA_VERSION, *last)
    wanted = parts(Manifest(manifest.ledger_id, 0, 0, ""), there)
    found = dict.fromkeys(SEGMENTS, (0, 0))
    with source(place, scratch) as ledger:
        for part, rows in zip(wanted, ledger.parts(wanted), strict=True):
            for table in part.bounds:
                with rows.stream(table) as stream:
                    connection.register("streamed", stream)
                    added = _added_up(connection, table, f"({streamed_rows(table)})")
                    connection.unregister("streamed")
                found[table] = found[table][0] + added[0], found[table][1] + added[1]
    return found


def _added_up(connection: Any, table: str, rows: str) -> _Sum:
    columns = ", ".join(f'"{name}"' for name in SEGMENTS[table])
    asked = _ADDED_UP.format(columns=columns, rows=rows)
    ((count, total),) = connection.execute(asked).fetchall()
    return count, int(total)
