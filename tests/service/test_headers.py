"""What a submission's header says is text like any cell's, whichever door it came in by."""

from __future__ import annotations

from pathlib import Path

import pytest

import ledger as tpp
from ledger.service.seal import Header
from ledger.storage.export import export
from schemas.problems import Unusable
from tests.cases.table import play
from tests.service.books import assert_sound, write_csv
from tests.verifier import verify

WORDS = [
    ("", "is empty"),
    (" \t\u00a0", "is empty"),
    ("a\x1fb", "holds the control character U+001F"),
    ("a\x1eb", "holds the control character U+001E"),
    ("a\x1db", "holds the control character U+001D"),
    ("a\0b", "holds the control character NUL"),
    ("a\udcff", "is not text in UTF-8"),
]
NAMES = ("actor", "note", "file_name")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("text", "reason"), WORDS, ids=[repr(text) for text, _ in WORDS])
def test_a_header_that_no_chain_can_hold_is_refused(name, text, reason):
    for verb in ("adopt", "reverse"):
        with pytest.raises(Unusable, match=reason.replace("+", r"\+")) as refused:
            Header(**{"verb": verb, "actor": "ana", name: text})
        said = "reason" if (verb, name) == ("reverse", "note") else name
        assert refused.value.problems[0].column == said


def test_other_scripts_and_lines_are_fine():
    header = Header("reverse", "Ана", file_name="größe 1.csv", note="typed twice,\n\tsaid 李")
    assert (header.note, header.file_name) == ("typed twice,\n\tsaid 李", "größe 1.csv")
    assert Header("adopt", "ana").note is None


def test_nothing_is_recorded_and_the_ledger_stays_sound(ledger_url, tmp_path, monkeypatch):
    with tpp.create(ledger_url) as books:
        play(
            books.service,
            """
            act     | no | day        | to    | units
            licence | L1 | 2025-07-01 | India | 100
            """,
        )
        for reason in ("", "a\x1fb", "a\x1eb"):
            with pytest.raises(Unusable):
                books.reverse([2], reason)
        with pytest.raises(Unusable):
            books.service.adopt("adopted", {"lpp_d1_d4": "allowed"}, note="")
        with pytest.raises(Unusable):
            books.import_file(licence(tmp_path / "a\x1fb.csv"), "licences")
        monkeypatch.setenv("TPP_ACTOR", "a\x1fb")
        with pytest.raises(Unusable):
            books.reverse([2], "typed twice")
        monkeypatch.setenv("TPP_ACTOR", " ")
        assert books.reverse([2], "typed twice").first_seq == 3
        assert_sound(books.service)
        export(books.service.store, tmp_path / "out")
        assert "3 movements in 3 submissions" in verify(tmp_path / "out")


def test_no_ledger_is_made_by_nobody(tmp_path, monkeypatch):
    monkeypatch.setenv("TPP_ACTOR", "a\x1fb")
    with pytest.raises(Unusable):
        tpp.create(str(tmp_path / "led.db"))
    assert list(tmp_path.iterdir()) == []


def licence(path: Path) -> Path:
    """A file of one licence."""
    row = {"licence": "L2", "issued_on": "2025-07-02", "exporter": "Maker", "quantity": 5}
    row |= {"ultimate_consignee": "Buyer", "destination": "India", "chip": "nvidia-h100-sxm"}
    return write_csv(path, [row])
