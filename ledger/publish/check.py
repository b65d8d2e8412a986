"""The invariant of a copy: its files are those that were written from the ledger."""

from __future__ import annotations

from ledger.publish import folders
from ledger.storage.check import Invariant
from ledger.storage.head import head_of
from ledger.storage.place import place_of


def check_copy(url: str) -> Invariant:
    """Whether the copy of the ledger at a URL, where one stands, is as it was written.

    Raises StoreError where there is no ledger.
    """
    found = Invariant("copy", "the copy for reports, where one stands, is as it was written")
    folder = folders.folder_of(place_of(url), head_of(url).ledger_id)
    manifest = folders.stored(folder)
    for file in folders.damaged(folder, manifest) if manifest else []:
        found.fail(f"{file} is not as it was written: remove {folder}, which is built anew")
    return found
