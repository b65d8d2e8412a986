"""Movements that say much are copied too: fewer at a time, and at last with more memory."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from ledger import publish
from ledger.publish import fill, from_sqlite
from ledger.publish.from_sqlite import _batch_rows
from ledger.publish.sources import source
from ledger.storage.errors import StoreUnavailable
from ledger.storage.place import place_of
from schemas.manifest import Manifest
from tests.publish.ledgers import Ledger
from tests.publish.test_refresh import assert_equal, told

LONG = "said at length " * 500


@pytest.fixture
def long(ledger_url: str) -> Ledger:
    """A ledger whose movements say some kilobytes each."""
    ledger = Ledger.made(ledger_url)
    ledger.grow(["export"] * 4_000, said=LONG)
    return ledger


def test_what_does_not_fit_is_written_with_less_at_a_time(long, monkeypatch):
    asked: list[str] = []

    class Room(tuple[object, ...]):
        def __getitem__(self, at):
            asked.append(super().__getitem__(at)[1])
            return super().__getitem__(at)

    monkeypatch.setattr(fill, "_ROOM", Room([(122_880, "16MB"), (2_048, "300MB")]))
    assert_equal(copy := publish.refresh(long.url, told), long)
    assert set(asked) == {"16MB", "300MB"}
    (segment,) = copy.manifest.of("movement")
    with duckdb.connect() as connection:
        groups = connection.execute(
            "SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata(?)",
            [str(copy.folder / segment.file)],
        ).fetchall()
    assert max(rows for _, rows in groups) <= 2_048


def test_a_batch_is_read_in_as_many_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(from_sqlite, "_batch_rows", lambda size, movements: 7)
    ledger = Ledger.made(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.grow(["export"] * 30)
    with source(place_of(ledger.url), tmp_path) as rows:
        parts = fill.parts(Manifest("", 0, 0, ""), rows.head())
        for part in rows.parts(parts):
            with part.stream("movement") as stream:
                batches = list(pa.RecordBatchReader.from_stream(stream))
    assert {batch.num_rows for batch in batches[:-1]} == {7}


def test_what_never_fits_is_said_in_a_line(long, monkeypatch):
    monkeypatch.setattr(fill, "_ROOM", ((122_880, "16MB"), (2_048, "16MB")))
    with pytest.raises(StoreUnavailable, match=r"writing the copy in .* failed") as failed:
        publish.refresh(long.url, told)
    assert "\n" not in str(failed.value)
    monkeypatch.undo()
    assert_equal(publish.refresh(long.url, told), long)


@pytest.mark.parametrize(
    ("size", "movements", "rows"),
    [
        (0, 0, 65_536),
        (10**6, 0, 65_536),
        (350 * 10**6, 10**6, 65_536),
        (4 * 10**9, 10**6, 16_777),
        (10**12, 10**6, 256),
    ],
)
def test_a_batch_has_fewer_rows_where_they_are_long(size, movements, rows):
    assert _batch_rows(size, movements) == rows
