"""The demo ledger: what it promises is in it, once each, and it is the same every time."""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from ledger.catalogue.reader import read_catalogue
from ledger.policy.reader import read_regime
from ledger.service.demo import lots_summing, make_demo, write_demo
from ledger.service.demo_data import COUNTRY, FILES, LAST_DAY, LATE, NATIONAL, REPLACING, SMALL
from ledger.service.ledger import Ledger
from ledger.service.outcome import Outcome
from ledger.service.rulebook import Rulebook
from ledger.storage.export import export
from ledger.storage.store import open_store
from schemas.kinds import FileKind
from tests import verifier

BALANCES = """
SELECT rule, limit_mtpp, held_mtpp + posted_mtpp + lapsed_mtpp AS taken
FROM balance JOIN budget USING (budget_no)
"""


class Demo(NamedTuple):
    """The demo as it was made: its ledger file, its import files, what the import said."""

    ledger: Path
    files: Path
    outcomes: dict[str, Outcome]
    lapsed: Outcome

    def taken(self, rule: str) -> list[tuple[int, int]]:
        """(limit, taken) of every budget of a rule."""
        with closing(sqlite3.connect(self.ledger)) as connection:
            return [row[1:] for row in connection.execute(BALANCES) if row[0] == rule]

    def states(self) -> Counter[str]:
        """How many licence lines stand how."""
        with closing(sqlite3.connect(self.ledger)) as connection:
            return Counter(s for (s,) in connection.execute("SELECT state FROM licence_line"))

    def rows(self, name: str) -> list[dict[str, str]]:
        """The rows of one of its import files."""
        with (self.files / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    url = f"sqlite:///{folder / 'demo.db'}"
    *outcomes, lapsed = make_demo(url, keep=folder / "files", close=closed)
    made = dict(zip(FILES, outcomes, strict=True))
    return Demo(folder / "demo.db", folder / "files", made, lapsed)


def closed(ledger: Ledger, quarter: str) -> Outcome:
    """Close a quarter, whatever its report says."""
    return ledger.close_quarter(quarter, "0" * 64, last_seq(ledger))


def last_seq(ledger: Ledger) -> int:
    with ledger.store.reading() as turn:
        return turn.head.last_seq


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return Rulebook(read_regime("ai_diffusion"), {}, read_catalogue())


def test_every_row_is_recorded(demo: Demo):
    for name, outcome in demo.outcomes.items():
        assert (outcome.problems, outcome.rejected, outcome.already) == ([], 0, 0), name
        assert outcome.count >= len(demo.rows(name)) > 0, name
    assert sum(outcome.count for outcome in demo.outcomes.values()) > 3000


def test_what_is_flagged_is_one_licence_and_one_shipment(demo: Demo):
    found = sum((outcome.counts for outcome in demo.outcomes.values()), Counter())
    # The note is of a licence to Cambodia, which left Group D:5 on two days.
    assert found.pop("lists_differ") == 1
    # A shipment and its receipt, filed when their quarter was closed.
    assert found.pop("late_for_quarter") == demo.outcomes[LATE].counts["late_for_quarter"] == 2
    # Shipments of before their licence was surrendered, revoked or replaced come in a later file.
    assert found.pop("filed_after_ending") == 3
    assert found == {"over_limit": 1, "licence_not_on_file": 1, "refused:over_limit": 1}


def test_one_application_is_refused(demo: Demo):
    refused = {name: o.refused for name, o in demo.outcomes.items() if o.refused}
    assert refused == {FileKind.APPLICATIONS: 1}


def test_one_country_is_over_and_one_critical(demo: Demo, rulebook: Rulebook):
    critical = rulebook.regime.budgets[COUNTRY].critical_ppm
    shares = [taken * 1_000_000 // limit for limit, taken in demo.taken(COUNTRY)]
    assert len([share for share in shares if share > 1_000_000]) == 1
    assert len([share for share in shares if critical <= share <= 1_000_000]) == 1


def test_one_small_order_consignee_is_at_its_limit_exactly(demo: Demo, rulebook: Rulebook):
    critical = rulebook.regime.budgets[SMALL].critical_ppm
    near = [(lim, took) for lim, took in demo.taken(SMALL) if took * 1_000_000 >= lim * critical]
    ((limit, taken),) = near
    assert taken == limit


def test_licences_end_in_every_way(demo: Demo):
    states = demo.states()
    assert states.pop("open") > 500
    assert states.pop("lapsed") == demo.lapsed.count > 100
    assert states == {"revoked": 1, "surrendered": 1, "closed": 1, "replaced": 1}
    acts = Counter(row["kind"] for row in demo.rows(FileKind.ACTS))
    assert acts == {
        "licence_amendment": 2,
        "licence_transfer": 1,
        "licence_suspension": 2,
        "licence_reinstatement": 1,
        "revocation": 2,
        "surrender": 1,
        "licence_close": 1,
    }
    assert len(demo.rows(REPLACING)) == 1


def test_one_national_veu_is_at_its_ceiling(demo: Demo):
    with closing(sqlite3.connect(demo.ledger)) as connection:
        ((ceiling,),) = connection.execute(
            "SELECT DISTINCT limit_mtpp FROM budget_step WHERE step = '2026Q3'"
        )
    shares = [taken * 100 // ceiling for _, taken in demo.taken(NATIONAL)]
    assert [share for share in shares if share > 50] == [100]


def test_one_universal_veu_is_close_to_a_share(demo: Demo):
    """Within 7 % of what it owns in each country, and above 6 % in one."""
    with closing(sqlite3.connect(demo.ledger)) as connection:
        query = "SELECT holder, posted_mtpp FROM balance JOIN budget USING (budget_no)"
        found = connection.execute(query + " WHERE rule = 'uveu_stock' ORDER BY 2 DESC").fetchall()
    (base,) = (row for row in demo.rows(FileKind.DECLARATIONS) if row["kind"] == "installed_base")
    owned = int(base["tpp"]) * 1000 + sum(amount for _, amount in found)
    percents = [amount * 100 / owned for _, amount in found]
    assert len(percents) == 4
    assert 6 < percents[0] < 7


def test_one_return(demo: Demo):
    assert demo.outcomes[FileKind.RETURNS].count == 1


def test_no_day_lies_beyond_the_last(demo: Demo):
    happened = ("issued_on", "exported_on", "received_on", "returned_on", "applied_on")
    days = [row[d] for name in FILES for row in demo.rows(name) for d in happened if d in row]
    assert max(days) <= LAST_DAY.isoformat()


def test_the_same_seed_gives_the_same_bytes(demo: Demo, rulebook: Rulebook, tmp_path: Path):
    for path in write_demo(tmp_path, rulebook).values():
        assert path.read_bytes() == (demo.files / path.name).read_bytes()


def test_another_seed_gives_other_files(demo: Demo, rulebook: Rulebook, tmp_path: Path):
    path = write_demo(tmp_path, rulebook, seed=1)[FileKind.LICENCES]
    assert path.read_bytes() != (demo.files / path.name).read_bytes()


@pytest.mark.parametrize(
    ("total", "units", "lots"),
    [
        (100, {"a": 50}, [("a", 2)]),
        (100, {"a": 30, "b": 7}, [("a", 1), ("b", 10)]),
        (100, {"a": 30, "b": 20}, [("a", 2), ("b", 2)]),
        (100, {"a": 30}, [("a", 3)]),  # as near below as it can
        (11, {"a": 6, "b": 4}, [("a", 1), ("b", 1)]),
    ],
)
def test_lots_that_come_to_a_total(total: int, units: dict[str, int], lots: list[tuple[str, int]]):
    assert lots_summing(total, units) == lots


def test_its_export_verifies_alone(demo: Demo, tmp_path: Path):
    with open_store(f"sqlite:///{demo.ledger}") as store:
        head = export(store, tmp_path / "out")
    assert verifier.verify(tmp_path / "out").endswith(f"head {head.digest}: all as recorded")
