"""A ledger that is a copy of another is as one that was made, and new each time."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from ledger.service.ledger import open_ledger
from tests.service.books import assert_sound, rows, whole
from tests.templates import Templates, Wanted

HOUSE = Path(__file__).parents[2]
OTHER = HOUSE / "docs/examples/tariff_quota"
EACH = [
    Wanted(),
    Wanted(options={"lpp_year": "both"}),
    Wanted(beside=["china_case_by_case"]),
    Wanted(OTHER),
]
IN_BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"])
NOT_ALIKE = {"ledger_id", "created_at", "last_recorded_at", "recorded_at", "digest"}


def lent(stack: ExitStack, templates: Templates, database: str, wanted: Wanted, path: Path) -> str:
    """A copy in a database."""
    if database == "sqlite":
        return templates.file(wanted, path)
    return stack.enter_context(templates.database(wanted))


def facts(url: str) -> dict[str, list[dict[str, object]]]:
    """Every row of every table, but for what no two ledgers share."""
    return {
        name: [{n: v for n, v in row.items() if n not in NOT_ALIKE} for row in rows(url, name)]
        for name in whole(url)
    }


@IN_BOTH
@pytest.mark.parametrize("wanted", EACH, ids=["rule", "option", "beside", "folder"])
def test_a_copy_is_as_one_that_is_made(
    templates: Templates, ledger_url: str, tmp_path: Path, database: str, wanted: Wanted
):
    wanted.made(ledger_url)
    with ExitStack() as stack:
        url = lent(stack, templates, database, wanted, tmp_path / "copy.db")
        assert facts(url) == facts(ledger_url)
        assert_sound(stack.enter_context(open_ledger(url)))


@IN_BOTH
def test_what_was_recorded_in_one_is_not_in_the_next(
    templates: Templates, tmp_path: Path, database: str
):
    found = []
    for number in range(2):
        with ExitStack() as stack:
            path = tmp_path / f"{number}.db"
            url = lent(stack, templates, database, Wanted(), path)
            found.append(whole(url))
            with open_ledger(url) as ledger:
                lot = {"document": "S", "exported_on": "2025-06-01", "exporter": "X"}
                lot |= {"ultimate_consignee": "C", "destination": "India", "quantity": "1"}
                assert ledger.ship(lot | {"chip": "nvidia-h100-sxm"}).count == 1
            assert whole(url) != found[-1]
    assert found[0] == found[1]


def test_a_folder_is_known_by_what_is_in_it(tmp_path: Path):
    one, other = (shutil.copytree(OTHER, tmp_path / name) for name in ("one", "other"))
    assert Wanted(one).key() == Wanted(other).key()
    (file,) = other.glob("regime.toml")
    file.write_text(file.read_text() + "\n# another\n")
    assert Wanted(one).key() != Wanted(other).key()
    assert Wanted().key() != Wanted(options={"lpp_year": "both"}).key()
