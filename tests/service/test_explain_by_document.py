"""A movement is found by its document in the copy, in what came since, or without any copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.publish import documents, folders, refresh
from ledger.service import by_document
from ledger.service.explain import explain
from ledger.service.ledger import Ledger, new_ledger

LICENCE = {
    "licence": "D/1",
    "issued_on": "2026-03-20",
    "exporter": "Acme",
    "ultimate_consignee": "Bharat",
    "destination": "India",
    "chip": "nvidia-h100-sxm",
    "quantity": "10",
}
# What is asked for, and the seq it is.
KEYS = {"D/1": 2, "D2/1": 3, "D2/2": 4, "D3": 5}


@pytest.fixture
def books(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """Four licence lines on record, the last after the copy was made."""
    monkeypatch.setattr(by_document, "COPY_FROM", 1)
    with new_ledger(ledger_url) as ledger:
        for document, line in (("D/1", "1"), ("D2", "1"), ("D2", "2")):
            ledger.issue({**LICENCE, "licence": document, "line": line})
        refresh(ledger_url)
        ledger.issue({**LICENCE, "licence": "D3"})
        yield ledger


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[int], int]]:
    """What the copy told each time it was asked."""
    answers: list[tuple[list[int], int]] = []
    ask = documents.seqs_of

    def asked(*arguments: object) -> tuple[list[int], int]:
        answers.append(ask(*arguments))  # type: ignore[arg-type]
        return answers[-1]

    monkeypatch.setattr(documents, "seqs_of", asked)
    return answers


def folder_of(books: Ledger) -> Path:
    """Where its copy stands."""
    with books.store.reading() as turn:
        return folders.folder_of(books.store.place, turn.head.ledger_id)


def test_the_copy_tells_what_it_knows_and_the_ledger_what_came_since(books, told):
    assert {key: explain(books, key).seq for key in KEYS} == KEYS
    assert told == [([2], 4), ([3, 4], 4), ([3, 4], 4), ([], 4)]


def gone(folder: Path) -> None:
    """No copy."""
    shutil.rmtree(folder)


def short(folder: Path) -> None:
    """A file of it was cut short."""
    manifest = folders.stored(folder)
    assert manifest is not None
    file = folder / manifest.of("movement")[0].file
    file.write_bytes(file.read_bytes()[:-9])


def rewritten(**change: Any) -> Callable[[Path], None]:
    """A copy that follows something else."""

    def do(folder: Path) -> None:
        manifest = folders.stored(folder)
        assert manifest is not None
        folders.keep(folder, replace(manifest, **change))

    return do


BROKEN = {
    "none": gone,
    "cut short": short,
    "of another ledger": rewritten(ledger_id="another"),
    "of a ledger that was rewritten": rewritten(digest="f" * 64),
}


@pytest.mark.parametrize("name", BROKEN)
def test_where_the_copy_is_not_the_ledgers_own_the_ledger_is_asked(books, told, name):
    BROKEN[name](folder_of(books))
    assert {key: explain(books, key).seq for key in KEYS} == KEYS
    assert told == [([], 0)] * 4


def test_a_small_ledger_is_asked_itself(books, told, monkeypatch):
    monkeypatch.setattr(by_document, "COPY_FROM", 6)
    assert {key: explain(books, key).seq for key in KEYS} == KEYS
    assert told == []
