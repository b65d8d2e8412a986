"""The tour is true: what it shows is made anew and compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs import tour_values

TOUR = tour_values.PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The values, made by sending the debit through a new ledger."""
    return tour_values.values(tmp_path_factory.mktemp("tour"))


@pytest.mark.parametrize("name", tour_values.shown(TOUR))
def test_the_tour_shows_what_is_so(made: dict[str, str], name: str):
    assert tour_values.shown(TOUR)[name] == made[name], "run: python -m docs.tour_values"


def test_every_stop_is_shown(made: dict[str, str]):
    assert set(tour_values.shown(TOUR)) == set(made)


def test_the_figures_in_its_sentences_are_those_it_shows(made: dict[str, str]):
    assert "100 racks x 72 GPUs x 40,000 TPP" in TOUR
    amount = 100 * 72 * 40_000 * 1000
    assert re.search(rf"^amount_mtpp +{amount}$", made["given"], re.MULTILINE)
    assert re.search(r"^shipped_tpp +288000000$", made["report"], re.MULTILINE)
    assert "`shipped` are our 100 racks" in TOUR


def test_a_value_is_put_where_its_name_stands(tmp_path: Path):
    page = "<!-- made: a -->\n```text\nold\n```\nwords\n<!-- made: b -->\n```json\n```\n"
    assert tour_values.filled(page, {"a": "1\n2\n", "b": "{}\n"}) == (
        "<!-- made: a -->\n```text\n1\n2\n```\nwords\n<!-- made: b -->\n```json\n{}\n```\n"
    )
    assert tour_values.shown(page) == {"a": "old\n", "b": ""}
