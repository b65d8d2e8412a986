"""A copy that took damage: what is noticed when it is opened, and what when it is checked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ledger import publish
from ledger.publish import fill
from ledger.publish.check import check_copy
from ledger.publish.mending import sound_copy
from schemas.columnar import COLUMNAR_VERSION
from schemas.manifest import MANIFEST, Segment
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
