"""A ledger as plain files: every table as CSV, the head as JSON, for whoever checks it alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, select

from ledger.storage.drafts import drafted, sweep
from ledger.storage.errors import StoreError
from ledger.storage.head import Head
from ledger.storage.rows import as_text, pieces
from ledger.storage.store import Store
from schemas import tables as t

# What fills a folder is made within it, since what stands beside it may be another disk's.
_WITHIN = "tpp-export"
_README = """\
# A ledger of {ledger_id}

Every table of the ledger as a CSV file (RFC 4180, UTF-8, one heading line, rows in the order of
their key) as of submission {last_submission}, movement {last_seq}; `head.json` holds the head.
Nothing is an empty field, days are ISO dates, bytes are hexadecimal, every `_mtpp` column counts
thousandths of the regime's unit.

The chain's head is

    {digest}

What that digest covers, byte by byte, stands in `docs/chain.md` of tpp-ledger; `tests/verifier.py`
there recomputes it from these files with nothing but Python.

Fields are as recorded, character by character. A cell that begins with =, +, - or @ is a formula
to a spreadsheet: look at these files with something else.
"""


def export(
    store: Store, folder: Path, *, progress: Callable[[int, int], None] | None = None
) -> Head:
    """Write the whole ledger, as of one moment, into a folder that is not there or is empty.

    A new folder appears whole under its name or not at all; one that is there stays the folder it
    is, and is filled once all is written. `progress` is told how many movements of how many are
    written. Raises StoreError where the folder holds something.
    """
    there = folder.exists()
    if there:
        sweep(folder)
    if there and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder} holds something already; name a new folder")
    place = folder.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    with drafted(place / _WITHIN if there else place) as draft:
        draft.mkdir()
        with store.reading() as turn:
            write_tables(turn.connection, draft, turn.head.last_seq, progress)
            _write_head(turn.connection, draft, turn.head)
        if there:
            for file in draft.iterdir():
                file.rename(place / file.name)
        else:
            draft.rename(place)
    return turn.head


def write_tables(
    connection: Connection,
    folder: Path,
    last_seq: int,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write each table but the head as NAME.csv."""
    for table in t.metadata.sorted_tables:
        if table is t.head:
            continue
        with (folder / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table.columns.keys())
            done = 0
            for piece in _pieces(connection, table):
                writer.writerows(piece)
                done += len(piece)
                if progress is not None and table is t.movement:
                    progress(done, last_seq)


def _pieces(connection: Connection, table: Table) -> Iterator[list[Any]]:
    """The rows in the order of the key; bytes as hexadecimal, days as ISO text."""
    bytes_at = [n for n, c in enumerate(table.columns) if isinstance(c.type, LargeBinary)]
    columns = [c if n in bytes_at else as_text(c) for n, c in enumerate(table.columns)]
    query = select(*columns).order_by(*table.primary_key.columns)
    for piece in pieces(connection, query):
        if not bytes_at:
            yield list(piece)
            continue
        rows = [list(row) for row in piece]
        for row in rows:
            for at in bytes_at:
                row[at] = row[at].hex()
        yield rows


def _write_head(connection: Connection, folder: Path, head: Head) -> None:
    row = connection.execute(select(t.head)).mappings().one()
    text = json.dumps({**row, "format": "tpp-ledger/1"}, indent=2, ensure_ascii=False)
    (folder / "head.json").write_text(f"{text}\n", encoding="utf-8")
    said = _README.format(
        ledger_id=head.ledger_id,
        last_submission=head.last_submission,
        last_seq=head.last_seq,
        digest=head.digest,
    )
    (folder / "README.md").write_text(said, encoding="utf-8")
