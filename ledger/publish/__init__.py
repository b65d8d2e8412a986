"""Keeps a folder of Parquet files beside a ledger, equal to it, for reports to read.

`refresh` is cheap where nothing is new: it asks the ledger for its head, the folder for its
manifest, and loads no library for either. What is new is found by number (`seq` order is commit
order, and movements are never edited), written once, and named by the next manifest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from ledger.publish import folders
from ledger.storage.errors import translated
from ledger.storage.files import again
from ledger.storage.head import Head, head_of
from ledger.storage.place import Place, place_of
from schemas.manifest import Manifest

# (submission, topic, key, from_on, value, sentence): schemas.columnar.ABOUT.
AboutRow = tuple[int, str, str, date | None, str | None, str | None]
About = Callable[[], list[AboutRow]]
# Called with the movements copied so far and those to copy in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that follows its ledger up to `manifest.last_seq`.

    `how` it came about: "warm" (nothing was new), "added" (what was new), "built" (everything).
    """

    folder: Path
    manifest: Manifest
    how: Literal["warm", "added", "built"]


def refresh(
    url: str,
    about: About | None = None,
    *,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Copy:
    """Bring the copy of the ledger at `url` up to its last commit, and return it.

    `about` supplies the rows of the table `about`, and is called only where an adoption is new or
    the copy has none. `folder` is where the copy stands, by default `folders.folder_of`. A copy of
    another ledger, of a ledger that was rewritten, or with a file missing or cut short is built
    anew. One process refreshes at a time, the others wait; reading takes no lock.
    Raises the StoreErrors of `head_of`, and StoreUnavailable where the folder cannot be written.
    """
    place = place_of(url)
    head = head_of(url)
    where = folder or folders.folder_of(place, head.ledger_id)
    manifest = folders.stored(where)
    if manifest and is_current(manifest, head, where, about):
        return Copy(where, manifest, "warm")
    with translated(place), folders.writing(where, folders.mode_of(place)):
        return again(lambda: _refreshed(place, where, about, progress))


def is_current(manifest: Manifest, head: Head, folder: Path, about: About | None) -> bool:
    """Whether a copy says all that its ledger's head knows of, and all its files are there."""
    here = (head.ledger_id, head.last_seq, head.last_submission, head.digest)
    there = (manifest.ledger_id, manifest.last_seq, manifest.last_submission, manifest.digest)
    told = about is None or head.last_seq == 0 or bool(manifest.of("about"))
    return here == there and told and folders.is_whole(folder, manifest)


def _refreshed(place: Place, folder: Path, about: About | None, progress: Progress | None) -> Copy:
    """Under the folder's lock: what another process may have done meanwhile is looked at anew."""
    from ledger.publish import fill
    from ledger.publish.sources import source

    manifest = folders.stored(folder)
    with source(place, folder) as ledger:
        head = ledger.head()
        if manifest and is_current(manifest, head, folder, about):
            return Copy(folder, manifest, "warm")
        follows = (
            manifest is not None
            and manifest.ledger_id == head.ledger_id
            and ledger.digest_of(manifest.last_submission) == manifest.digest
            and folders.is_whole(folder, manifest)
        )
        old = manifest or Manifest(head.ledger_id, 0, 0, "")
        job = fill.Job(ledger, head, folder, progress)
        nothing = folders.emptied(old, head.ledger_id)
        try:
            new = fill.filled(job, old if follows else nothing, about)
        except fill.Damaged:
            follows, new = False, fill.filled(job, nothing, about)
    folders.keep(folder, new)
    return Copy(folder, new, "added" if follows else "built")
