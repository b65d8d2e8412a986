"""The rule with another word for its licences: the same books, by rows and as columns."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ledger.service.ledger import new_ledger
from schemas import tables
from tests.service import nasty
from tests.service.books import assert_sound, whole, write_csv
from tests.service.both import assert_same, both_ways, twins

pytestmark = [pytest.mark.usefixtures("frozen", "small_batches"), pytest.mark.slow]

LAW = Path(__file__).parents[2] / "ledger/policy/ai_diffusion"
# What is drawn and held, and what each licence line came to.
SAME = ("balance", "balance_day", "licence_line", "entry")
_USED = tables.licence_line.columns.keys().index("used_mtpp")


def renamed(folder: Path) -> Path:
    """The rule, its licences by the code `permission`, of which `licence` is an alias."""
    copy = folder / "renamed"
    shutil.copytree(LAW, copy)
    file = copy / "authorizations.toml"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines = [
        one if one.startswith("kinds") else one.replace('"licence"', '"permission"')
        for one in lines
    ]
    text = "\n".join(lines).replace('aliases = ["license"', 'aliases = ["licence", "license"')
    file.write_text(text, encoding="utf-8")
    return copy


def test_a_word_changes_nothing_that_is_drawn(ledger_url: str, tmp_path: Path):
    random = Random(5)
    licences = nasty.licences(random, 40)
    shipments = nasty.shipments(random, 200, licences)
    by_code = [
        one | ({"authorization": "Permission"} if one["authorization"] == "licence" else {})
        for one in shipments[:100]
    ]
    issued = write_csv(tmp_path / "licences.csv", licences)
    sent = write_csv(tmp_path / "sent.csv", [*by_code, *shipments[100:]])
    new_ledger(ledger_url, regime=renamed(tmp_path)).close()
    with new_ledger(f"sqlite:///{tmp_path / 'law.db'}") as law:
        law.import_file(issued, "licences")
        law.import_file(write_csv(tmp_path / "as_usual.csv", shipments), "shipments")
        there = whole(law.url)
    with twins(ledger_url, tmp_path) as ledgers:
        for kind, path in (("licences", issued), ("shipments", sent)):
            by_rows, as_columns = both_ways(ledgers, path, kind)
            assert by_rows == as_columns
            assert_same(ledgers)
        assert_sound(ledgers[1])
        here = whole(ledgers[1].url)
    for name in SAME:
        assert _told(here[name]) == _told(there[name]), name
    assert any(line[_USED] for line in here["licence_line"]), "some licences are drawn down"


def _told(table: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in table]
