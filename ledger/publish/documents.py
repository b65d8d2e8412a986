"""Movements by their document, looked up in a copy: the ledger keeps no index of documents.

A scan of one Parquet column takes a few hundredths of a second for a million movements; an index
in the ledger would cost every import, for a question that people ask one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ledger.publish import folders
from ledger.storage.place import Place
from schemas.manifest import Manifest, scan


def seqs_of(
    place: Place, ledger_id: str, documents: Sequence[str], digest_of: Callable[[int], str | None]
) -> tuple[list[int], int]:
    """The movements under some documents that a ledger's copy knows, and up to which seq it tells.

    `digest_of` gives the ledger's own digest of a submission: a copy of another ledger, or of one
    that was rewritten, tells nothing. The seq is 0 where no copy stands that can be used.
    """
    folder = folders.folder_of(place, ledger_id)
    manifest = folders.stored(folder)
    if manifest is None or manifest.ledger_id != ledger_id:
        return [], 0
    if digest_of(manifest.last_submission) != manifest.digest:
        return [], 0
    if not folders.is_whole(folder, manifest):
        return [], 0
    return _scanned(manifest, folder, documents)


def _scanned(manifest: Manifest, folder: Path, documents: Sequence[str]) -> tuple[list[int], int]:
    import duckdb

    files = [str(folder / s.file) for s in manifest.of("movement") if s.rows]
    if not files:
        return [], manifest.last_seq
    named = "WHERE list_contains($1, document) ORDER BY seq"
    ask = f"SELECT seq FROM {scan(files)} {named}"  # noqa: S608
    try:
        with duckdb.connect(":memory:") as connection:
            found = connection.execute(ask, [list(documents)]).fetchall()
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        return [], 0  # a file that went away, or cannot be read: the ledger itself is asked
    return [seq for (seq,) in found], manifest.last_seq
