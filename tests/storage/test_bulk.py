"""Columns that change rows which are there, in both databases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ledger.storage.bulk import Staging, _hexed
from ledger.storage.staged import columns_of
from ledger.storage.statements import Cursor
from ledger.storage.store import Store
from schemas import tables as t

OLD = [(7, "2025-03-01", 10, 4, 0), (7, "2025-03-02", 1, 0, -5), (9, "2025-03-01", 2, 0, 0)]
NEW = [(7, "2025-03-01", 5, -4, 0), (8, "1969-12-31", 3, 1, 2), (9, "2025-03-02", 4, 0, 0)]
TOGETHER = [
    (7, "2025-03-01", 15, 0, 0),
    (7, "2025-03-02", 1, 0, -5),
    (8, "1969-12-31", 3, 1, 2),
    (9, "2025-03-01", 2, 0, 0),
    (9, "2025-03-02", 4, 0, 0),
]


def days_of(rows: list[tuple[Any, ...]]) -> pa.Table:
    """Rows of `balance_day` as columns."""
    number, day, *amounts = zip(*rows, strict=True)
    days = pa.array(np.array(day, "datetime64[D]").astype(np.int32)).cast(pa.date32())
    columns = (pa.array(number, pa.int64()), days, *(pa.array(c, pa.int64()) for c in amounts))
    return pa.table(dict(zip(columns_of("balance_day"), columns, strict=True)))


def test_what_is_added_to_is_summed_and_what_is_not_there_is_made(led: Store, tmp_path: Path):
    balances = [(number, 0, 0, 0, 0, 0, 0, None) for number in (7, 8)]
    moved = {"balance": pa.table({"budget_no": [7], "held_mtpp": [6], "posted_mtpp": [9]})}
    with led.writing() as turn:
        raw = led.raw(turn.connection)
        cursor = Cursor(raw, led.dialect)
        cursor.add(t.balance, balances)
        cursor.add_days(OLD)
        staging = Staging(raw, led.dialect, tmp_path)
        with staging:
            staging.change(moved, {"balance_day": days_of(NEW).to_reader()})
    staging.close()
    with led.reading() as turn:
        raw = led.raw(turn.connection)
        days = raw.execute("SELECT * FROM balance_day ORDER BY budget_no, on_day").fetchall()
        held = raw.execute("SELECT budget_no, held_mtpp, posted_mtpp FROM balance ORDER BY 1")
        assert [(number, str(day), *amounts) for number, day, *amounts in days] == TOGETHER
        assert held.fetchall() == [(7, 6, 9), (8, 0, 0)]


def test_nothing_to_change_stages_nothing(led: Store, tmp_path: Path):
    with led.writing() as turn:
        with Staging(led.raw(turn.connection), led.dialect, tmp_path) as staging:
            staging.change({"licence_line": pa.table({"seq": pa.array([], pa.int64())})}, {})
        staging.close()
    assert not list(tmp_path.glob("stage_*"))


INTERRUPTED = """
import os, signal, sys, time
from pathlib import Path

import pyarrow as pa

from ledger.storage.bulk import Staging

rows = pa.table({"seq": [1, 2]})

def interrupted():
    yield from rows.to_batches()
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.2)
    yield from rows.to_batches()

staging = Staging(None, "sqlite", Path(sys.argv[1]))
try:
    staging.put("asked", interrupted(), rows.schema)
except KeyboardInterrupt:
    print("interrupted")
finally:
    staging.close()
"""


def test_ctrl_c_while_a_table_is_staged_is_ctrl_c(tmp_path: Path):
    """ADBC would take it for itself where it works in the main thread."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path)], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("interrupted\n", "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("count", [0, 1, 300])
def test_digests_in_hexadecimal(count: int):
    each = [bytes([n % 256, 255 - n % 256]) * 8 for n in range(count)]
    halves = (each[: count // 2], each[count // 2 :])
    column = pa.chunked_array([pa.array(half, pa.binary()) for half in halves])
    assert _hexed(column).to_pylist() == ["\\x" + digest.hex() for digest in each]
