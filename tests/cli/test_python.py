"""The Python door: the same verbs, reports as exact DataFrames, and the page that shows it."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import ledger
import reports
from ledger.service.dependents import Standing
from ledger.storage.errors import StoreError
from schemas.problems import Unusable

PAGE = Path(__file__).parents[2] / "docs/python.md"
LICENCE: dict[str, object] = {
    "licence": "D1",
    "issued_on": date(2026, 3, 20),
    "exporter": "Acme",
    "ultimate_consignee": "Bharat",
    "destination": "India",
    "chip": "AMD MI300X",
    "quantity": 1,
    "expires_on": None,
}


@pytest.fixture
def books(folder):
    with ledger.open("tpp-ledger.db") as opened:
        yield opened


def test_the_page_runs_as_it_stands(empty):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")


def test_verbs_take_values_and_reports_are_exact(books):
    assert books.issue(LICENCE).first_seq == 2
    assert books.issue(LICENCE).already == 1
    frame = books.status("India")
    assert frame["remaining_mtpp"].tolist() == [790_000_000_000 - 20_919_200]
    assert frame["remaining_mtpp"].dtype == "int64"
    assert frame["used_percent"].tolist() == ["0.00"]
    assert frame.attrs["about"]["known_seq"] == 2
    assert books.report("remaining", holder="India", known_at="seq:1")["held_mtpp"].tolist() == [0]
    assert books.movements(party="bharat")["seq"].tolist() == [2]


@pytest.mark.parametrize("name", ["IND", "Ivory Coast", "Cote d'Ivoire", "india"])
def test_a_holder_by_any_name(books, name):
    key = "IN" if name.casefold().startswith("ind") else "CI"
    assert books.report("remaining", holder=name)["holder"].tolist() == [key]
    assert books.status(name)["holder"].tolist() == [key]
    assert set(books.report("statement", holder=name)["holder"]) == {key}


def test_a_holder_nobody_knows_is_wrong_use_with_the_nearest(books):
    for ask in (books.status, lambda holder: books.report("statement", holder=holder)):
        with pytest.raises(reports.WrongUse, match=r'"Indai" \(nearest: India, '):
            ask("Indai")


def test_a_destination_by_any_name_and_a_wrong_word(books):
    books.issue(LICENCE)
    assert books.movements(destination="India")["seq"].tolist() == [2]
    with pytest.raises(reports.WrongUse, match=r'no kind "licens" \(nearest: licence'):
        books.movements(kind="licens")


def test_a_refusal_is_an_outcome(books):
    asked = {k: v for k, v in LICENCE.items() if k not in ("licence", "issued_on")}
    asked |= {"application": "A1", "applied_on": "2026-03-01", "quantity": 40_000}
    outcome = books.apply(asked)
    assert (outcome.refused, outcome.clean) == (1, False)
    assert outcome.findings[0].code == "over_limit"


def test_broken_input_is_an_exception_that_names_it(books):
    with pytest.raises(Unusable) as found:
        books.issue({**LICENCE, "chip": "MI3000"})
    (problem,) = found.value.problems
    assert (problem.column, problem.value) == ("chip", "MI3000")
    assert problem.nearest


def test_a_float_is_refused_and_a_decimal_is_not(books):
    with pytest.raises(TypeError, match="tpp: give an int, a Decimal or text, not a float"):
        books.issue({**LICENCE, "tpp": 20919.2})
    assert books.issue({**LICENCE, "tpp": Decimal("20919.2")}).count == 1


def test_files_reversals_explanations_and_checks(books):
    Path("l.csv").write_text(
        "licence,issued_on,exporter,ultimate_consignee,destination,chip,quantity\n"
        "D7,2026-01-05,Acme,Bharat,India,nvidia-h100-sxm,10\n"
    )
    assert books.import_file("l.csv", "licences").count == 1
    assert books.explain("D7").seq == 2
    assert books.reverse(2, "wrong").count == 1
    assert books.explain(2).reversed_by == 3
    assert all(one.holds for one in books.check())


def test_create_makes_a_ledger_under_options(empty):
    with ledger.create("new.db", options={"lpp_d1_d4": "allowed"}) as books:
        assert repr(books) == "<ledger new.db>"
        assert books.report("remaining").attrs["about"]["options"]["lpp_d1_d4"] == "allowed"


def test_what_is_raised_comes_over_from_another_process(books):
    """A pool of processes hands exceptions on as pickles; one that cannot be read ends the pool."""
    assert books.issue(LICENCE).clean
    shipped = {k: v for k, v in LICENCE.items() if k not in ("issued_on", "expires_on")}
    more = {"document": "S1", "exported_on": "2026-04-01", "authorization": "licence"}
    assert books.ship({**shipped, **more}).count == 1

    def unknown_country() -> None:
        books.issue({**LICENCE, "licence": "D9", "destination": "Polnd"})

    for asked in (
        lambda: books.reverse(2, "never issued"),
        unknown_country,
        lambda: books.report("remaining", holder="Nowhereland"),
        lambda: ledger.open("nothere.db"),
    ):
        with pytest.raises((Standing, Unusable, reports.WrongUse, StoreError)) as raised:
            asked()
        again = pickle.loads(pickle.dumps(raised.value))
        assert type(again) is raised.type
        assert str(again) == str(raised.value)
        assert vars(again) == vars(raised.value)
