"""A copy that took damage: what is noticed when it is opened, and what when it is checked."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from ledger import publish
from ledger.publish import fill, folders
from ledger.publish.check import check_copy
from ledger.publish.mending import sound_copy
from schemas.columnar import COLUMNAR_VERSION
from schemas.manifest import MANIFEST, Segment, scan
from tests.publish.harm import another_figure, flipped
from tests.publish.test_refresh import assert_equal


def _removed(copy: publish.Copy, segment: Segment) -> None:
    (copy.folder / segment.file).unlink()


def _cut_short(copy: publish.Copy, segment: Segment) -> None:
    os.truncate(copy.folder / segment.file, segment.size - 1)


def _foreign(copy: publish.Copy, segment: Segment) -> None:
    path = copy.folder / segment.file
    content = path.read_bytes()
    path.write_bytes(content[:-40] + bytes(32) + content[-8:])


def _no_manifest(copy: publish.Copy, _: Segment) -> None:
    (copy.folder / "manifest.json").unlink()


def _half_a_manifest(copy: publish.Copy, _: Segment) -> None:
    path = copy.folder / "manifest.json"
    path.write_text(path.read_text()[:50])


def _another_version(copy: publish.Copy, _: Segment) -> None:
    path = copy.folder / "manifest.json"
    version = f'"columnar_version": {COLUMNAR_VERSION}'
    path.write_text(path.read_text().replace(version, '"columnar_version": 0'))


@pytest.mark.parametrize(
    "damage",
    [_removed, _cut_short, _foreign, _no_manifest, _half_a_manifest, _another_version],
)
@pytest.mark.parametrize("table", ["entry", "entry_day"])
def test_damage_is_found_and_mended(sqlite, damage, table):
    sqlite.grow(["export"] * 5)
    copy = publish.refresh(sqlite.url)
    damage(copy, copy.manifest.of(table)[0])
    mended = publish.refresh(sqlite.url)
    assert mended.how == "built"
    assert_equal(mended, sqlite)
    assert publish.refresh(sqlite.url).how == "warm"


def _of_before_digests(folder: Path) -> None:
    path = folder / MANIFEST
    found = json.loads(path.read_text())
    for segment in found["segments"]:
        del segment["digest"]
    del found["sha256"]
    path.write_text(json.dumps(found))


@pytest.mark.parametrize("harm", [another_figure, _of_before_digests])
def test_a_manifest_that_is_not_as_it_was_written_is_not_followed(sqlite, harm):
    sqlite.grow(["export"] * 5)
    harm(publish.refresh(sqlite.url).folder)
    assert_equal(mended := publish.refresh(sqlite.url), sqlite)
    assert mended.how == "built"


def test_a_damaged_file_is_built_anew_and_not_merged(sqlite, monkeypatch):
    monkeypatch.setattr(fill, "MERGE_FILES", 3)
    sqlite.grow(["export"] * 3)
    flipped(publish.refresh(sqlite.url).folder)
    sqlite.grow(["export"] * 3)
    assert publish.refresh(sqlite.url).how == "added"
    sqlite.grow(["export"] * 3)
    copy = publish.refresh(sqlite.url)
    assert copy.how == "built"
    assert_equal(copy, sqlite)


def test_a_copy_is_checked_to_the_byte(ledger):
    assert check_copy(ledger.url).holds
    copy = publish.refresh(ledger.url)
    assert check_copy(ledger.url).holds
    flipped(copy.folder)
    found = check_copy(ledger.url)
    assert (found.count, "is not as it was written" in found.failures[0]) == (2, True)
    assert sound_copy(lambda: publish.refresh(ledger.url).folder) == copy.folder
    assert check_copy(ledger.url).holds
    assert_equal(publish.refresh(ledger.url), ledger)


def _written_wrong(copy: publish.Copy, table: str, select: str, where: str = "") -> None:
    """Write a table's file anew with other rows, and a manifest that has it as it is."""
    segment = copy.manifest.of(table)[0]
    path = copy.folder / segment.file
    with duckdb.connect() as connection:
        rows = f"SELECT {select} FROM {scan([str(path)])} {where}"
        connection.execute(f"CREATE TABLE made AS {rows}")
        connection.execute(f"COPY made TO '{path}' (FORMAT parquet)")
    made = replace(
        segment,
        size=path.stat().st_size,
        footer=folders.footer_of(path),
        digest=folders.digest_of(path),
    )
    others = tuple(made if s == segment else s for s in copy.manifest.segments)
    text = replace(copy.manifest, segments=others).text()
    (copy.folder / MANIFEST).write_text(text, encoding="utf-8")


WRONG = [
    ("entry", "* REPLACE (held_mtpp + (seq = 3)::BIGINT AS held_mtpp)", "the entries of budget"),
    ("entry", "* REPLACE (1 - official AS official)", "the entries of budget"),
    ("entry_day", "* REPLACE (posted_mtpp + 1 AS posted_mtpp)", "the sums by day of budget"),
    ("movement", "* REPLACE ('reexport' AS kind)", "the movements of kind "),
    ("movement", "* REPLACE (seq + 1 AS seq)", "the movements of kind"),
    ("budget", "* REPLACE (limit_mtpp - 1 AS limit_mtpp)", "budget "),
    ("budget", "* REPLACE (holder || 'x' AS holder)", "budget "),
    ("budget", "* REPLACE (holder_name || 'x' AS holder_name)", "the rows of budget"),
    ("movement", "* REPLACE ('PL' AS destination)", "the rows of movement"),
    ("entry", "* REPLACE ('sent' AS kind)", "the rows of entry"),
    ("entry_day", "* REPLACE (effective_on + 1 AS effective_on)", "the sums by day of budget"),
    ("finding", "* REPLACE ('noted' AS code)", "the rows of finding"),
    ("party", "* REPLACE (name || 'x' AS name)", "the rows of party"),
    ("ruling", "* REPLACE ('{}' AS body)", "the rows of ruling"),
    ("submission", "* REPLACE ('nobody' AS actor)", "the rows of submission"),
]


@pytest.mark.parametrize(("table", "select", "said"), WRONG)
def test_a_copy_that_says_something_else_is_found(ledger, table, select, said):
    ledger.grow(["export"] * 5)
    _written_wrong(publish.refresh(ledger.url), table, select)
    ledger.grow(["export"])
    found = check_copy(ledger.url)
    assert found.count >= 1
    assert said in found.failures[0]
    assert "not the ledger's: remove" in found.failures[0]


def test_a_finding_left_out_of_a_copy_is_found(ledger):
    """A breach that no report shows, under a manifest that has the file as it is."""
    copy = publish.refresh(ledger.url)
    _written_wrong(copy, "finding", "*", "WHERE seq > 1")
    assert any("the rows of finding" in said for said in check_copy(ledger.url).failures)


def test_a_copy_that_has_not_followed_yet_is_compared_up_to_where_it_has(ledger):
    ledger.grow(["export"] * 5)
    publish.refresh(ledger.url)
    ledger.grow(["export"] * 2)
    assert check_copy(ledger.url).holds
    ledger.rewrite("f" * 64)
    assert check_copy(ledger.url).holds
