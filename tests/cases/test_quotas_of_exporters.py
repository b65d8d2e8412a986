"""Shares that an authority gives to exporters, each quarter anew, whoever receives the goods."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import ledger as door
from ledger.cli import main
from ledger.service.ledger import new_ledger, open_ledger
from schemas.problems import Unusable
from tests.cases.own_regimes import with_one_cap, written
from tests.cases.table import act, play, stands
from tests.service.books import assert_sound, rows, write_csv

CARRY = Path(__file__).parents[2] / "docs/examples/carry_over.toml"
TO_INDIA = {"destination": "India"}
NAMED = 'kind = "named"\nnames = { NW = "Northwind Ltd", SW = "Southwind" }'
QUARTERS = '[periods]\nevery = "quarter"\nfrom = 2026-01-01\n'


def regime(folder: Path, holders: str, source: str = "exporter") -> Path:
    """The regime `tpp policy new` gives, in amounts, of quarterly shares of such holders."""
    texts = with_one_cap("Quarterly share", {"2026-01-01": 1000, "2026-07-01": 1200})
    budget = texts["budgets/yearly_cap.toml"]
    budget = budget[: budget.index("[holders]")]
    budget += f'[holders]\n{holders}\nfrom = "{source}"\n{QUARTERS}'
    texts["budgets/yearly_cap.toml"] = budget
    return written(texts, folder / "quota")


@pytest.fixture
def shares(on, ledger_url, tmp_path):
    """A ledger of the second quarter of 2026, of two named exporters."""
    on("2026-05-04")
    with new_ledger(ledger_url, regime=regime(tmp_path, NAMED)) as ledger:
        yield ledger


def held(url: str) -> list[tuple[str, str, int]]:
    """Every open budget: its holder's name, its window, its limit."""
    return [(b["holder_name"], b["window"], b["limit_mtpp"] // 1000) for b in rows(url, "budget")]


def test_what_an_exporter_sends_counts_on_its_share_of_the_quarter(shares):
    play(
        shares,
        """
        act     | no | day        | exporter      | to       | consignee | under | tpp  | says
        licence | L1 | 2026-05-04 | Northwind Ltd | Malaysia | A         |       | 600  |
        licence | L2 | 2026-05-05 | NORTHWIND LTD | India    | B         |       | 500  | over_limit
        licence | L3 | 2026-05-06 | Southwind     | India    | B         |       | 1000 |
        ship    | S1 | 2026-05-07 | northwind ltd | Malaysia | A         | L1    | 250  |
        ship    | S2 | 2026-05-08 | Westwind | India | B | L3 | 10 | licence_other_exporter
        """,
    )
    stands(
        shares,
        """
        Northwind Ltd 2026Q2: held 850, posted 250; remaining -100
        Southwind 2026Q2: held 990, posted 10; remaining 0
        """,
    )
    with door.open(shares.url) as asked:
        shown = asked.report("remaining", as_of="2026-05-30")
    assert list(shown[["holder", "window", "status"]].itertuples(index=False, name=None)) == [
        ("NW", "2026Q1", "closed"),
        ("SW", "2026Q1", "closed"),
        ("NW", "2026Q2", "over"),
        ("SW", "2026Q2", "exhausted"),
    ]
    assert_sound(shares)


def test_a_licence_that_is_handed_on_stays_on_the_share_it_was_issued_on(shares):
    play(
        shares,
        """
        act              | no | day        | exporter      | to    | under | tpp | to_party  | says
        licence          | L1 | 2026-05-04 | Northwind Ltd | India |       | 600 |           |
        licence_transfer | T1 | 2026-05-10 |               |       | L1    |     | Southwind |
        ship             | S1 | 2026-05-12 | Southwind     | India | L1    | 250 |           |
        """,
    )
    stands(shares, "Northwind Ltd 2026Q2: held 350, posted 250; remaining 400")
    assert_sound(shares)


def test_a_request_is_refused_for_the_share_of_its_own_quarter(shares, on):
    line = {"act": "apply", "exporter": "Southwind", "destination": "India"}
    refused = act(shares, 1, line | {"day": "2026-05-04", "tpp": "1001"})
    assert refused.counts == {"refused:over_limit": 1}
    on("2026-07-01")
    assert act(shares, 2, line | {"day": "2026-07-01", "tpp": "1200"}).counts == {}


@pytest.mark.parametrize("columns_from", [1, 10**9], ids=["columns", "rows"])
def test_quarters_open_as_they_begin(shares, on, tmp_path, columns_from):
    assert held(shares.url) == [
        (name, window, 1000)
        for window in ("2026Q1", "2026Q2")
        for name in ("Northwind Ltd", "Southwind")
    ]
    lot = {"ultimate_consignee": "C", "destination": "India", "licence": "L9", "tpp": "5"}
    days = ["2026-06-30", "2026-07-01", "2026-07-02"]
    lines = [
        lot | {"document": f"S{n}", "exporter": name, "exported_on": day}
        for n, (day, name) in enumerate((d, e) for d in days for e in ("Southwind", "nw"))
    ]
    on("2027-01-03")
    shares.import_file(
        write_csv(tmp_path / "lots.csv", lines), "shipments", columns_from=columns_from
    )
    assert held(shares.url)[4:] == [
        (name, window, 1200)
        for window in ("2026Q3", "2026Q4", "2027Q1")
        for name in ("Northwind Ltd", "Southwind")
    ]
    stands(
        shares,
        "\n".join(
            f"{name} {window}: safe {safe}; remaining {left}"
            for window, safe, left in (("2026Q2", 5, "1,000"), ("2026Q3", 10, "1,200"))
            for name in ("Northwind Ltd", "Southwind")
        ),
    )
    assert_sound(shares)


def test_an_authority_adds_to_a_quarter_that_has_not_begun(shares):
    line = {"act": "amendment", "day": "2026-05-05", "holder": "Southwind", "tpp": "30"}
    line |= {"budget": "yearly_cap", "reference": "Notice 4"}
    act(shares, 1, line | {"window": "2026Q4"})
    assert held(shares.url)[-1] == ("Southwind", "2026Q4", 1200)
    with pytest.raises(Unusable, match=r"no such window \(nearest: 2026Q1, 2026Q2\)"):
        act(shares, 2, line | {"window": "2026Q22"})
    assert_sound(shares)


def test_any_exporter_holds_a_share_and_mergers_join_them(on, ledger_url, tmp_path):
    on("2026-05-04")
    folder = regime(tmp_path, 'kind = "party"')
    new_ledger(ledger_url, regime=folder).close()
    with open_ledger(ledger_url) as ledger:
        play(
            ledger,
            """
            act          | no | day        | party | other | exporter | to    | tpp | says
            licence      | L1 | 2026-04-03 |       |       | Old Co   | India | 300 |
            party_merged | N1 | 2026-04-10 | Old Co | New Co |        |       |     |
            licence      | L2 | 2026-04-20 |       |       | Old Co   | India | 200 |
            licence      | L3 | 2026-04-21 |       |       | New Co   | India | 600 |
            licence      | L4 | 2026-04-22 |       |       | New Co   | India | 201 | over_limit
            """,
        )
        stands(
            ledger,
            """
            New Co 2026Q2: held 1,001; remaining -1
            Old Co 2026Q2: held 300; remaining 700
            """,
        )
        assert_sound(ledger)


def test_an_importer_holds_by_itself_whoever_owns_it(on, ledger_url, tmp_path):
    on("2026-05-04")
    new_ledger(ledger_url, regime=regime(tmp_path, 'kind = "party"', "consignee")).close()
    with open_ledger(ledger_url) as ledger:
        play(
            ledger,
            """
            act     | no | day        | consignee | parent | exporter | to    | tpp | says
            licence | L1 | 2026-04-03 | A         | P      | X        | India | 300 |
            licence | L2 | 2026-04-04 | B         | P      | Y        | India | 900 |
            """,
        )
        stands(
            ledger,
            "A 2026Q2: held 300; remaining 700\nB 2026Q2: held 900; remaining 100",
        )


def test_several_countries_have_one_cap_together(on, ledger_url, tmp_path):
    """Attached to one destination, for all or for a group; others hold nothing."""
    on("2026-05-04")
    folder = regime(tmp_path, 'kind = "country"\nall = "destinations"', "destination")
    (folder / "countries.toml").write_text(
        """
        source = "Title of the text this comes from"
        href = "https://example.org/the-text"
        published = 2026-01-01
        reviewed = 2026-01-01

        [names]
        GULF = "The Gulf, together"
        IN = "India"

        [[attached]]
        code = "QA"
        name = "Qatar"
        treated_as = "GULF"
        section = "Section 2"

        [[attached]]
        code = "AE"
        name = "United Arab Emirates"
        treated_as = "GULF"
        section = "Section 2"
        """
    )
    new_ledger(ledger_url, regime=folder).close()
    with open_ledger(ledger_url) as ledger:
        play(
            ledger,
            """
            act     | no | day        | to    | tpp | says
            licence | L1 | 2026-04-03 | Qatar | 600 |
            licence | L2 | 2026-04-04 | UAE   | 500 | over_limit
            licence | L3 | 2026-04-05 | India | 500 |
            """,
        )
        stands(
            ledger,
            """
            The Gulf, together 2026Q2: held 1,100; remaining -100
            India 2026Q2: held 500; remaining 500
            """,
        )
        with door.open(ledger_url) as asked:
            assert asked.report("remaining", holder="Qatar")["holder"].tolist() == ["GULF"] * 2
        assert_sound(ledger)


def test_what_is_left_of_a_quarter_goes_to_the_next(shares, on, tmp_path):
    """And what was overrun comes off it; the same report read again moves nothing."""
    on("2027-01-04")
    play(
        shares,
        """
        act     | no | day        | exporter      | to       | tpp  | says
        licence | L1 | 2026-11-20 | Northwind Ltd | Malaysia | 600  |
        licence | L2 | 2026-11-21 | Southwind     | India    | 1300 | over_limit
        """,
    )
    left = tmp_path / "remaining.csv"
    asked = ["report", "remaining", "--as-of", "2026-12-31", "--format", "csv", "-o", str(left)]
    done = CliRunner().invoke(main, ["--ledger", shares.url, *asked])
    assert done.exit_code == 0, done.stderr
    for recorded, already in ((2, 0), (0, 2)):
        outcome = shares.import_file(left, "adjustments", mapping=CARRY)
        assert (outcome.count, outcome.already) == (recorded, already)
    with door.open(shares.url) as told:
        shown = told.report("remaining", as_of="2027-01-04")
    last = shown[shown["window"] == "2027Q1"][
        ["holder", "limit_mtpp", "adjustments_mtpp", "remaining_mtpp"]
    ]
    assert [[str(value) for value in row] for row in last.values.tolist()] == [
        ["NW", "1200000", "600000", "1800000"],
        ["SW", "1200000", "-100000", "1100000"],
    ]
    assert_sound(shares)


def test_of_windows_long_past_the_status_has_a_line_each(shares, on, tmp_path):
    on("2027-02-04")
    act(shares, 1, {"act": "licence", "day": "2026-05-20", "exporter": "SW", "tpp": "7"} | TO_INDIA)
    asked = ["status", "Southwind", "--as-of", "2027-02-04"]
    shown = CliRunner().invoke(main, ["--ledger", shares.url, *asked]).stdout
    assert [line for line in shown.splitlines() if line.startswith("yearly_cap")] == [
        "yearly_cap 2026Q4: closed",
        "yearly_cap 2027Q1: open",
        "yearly_cap  2026Q1  1,000      1,000    0.00  closed",
        "yearly_cap  2026Q2  1,000        993    0.70  closed",
        "yearly_cap  2026Q3  1,200      1,200    0.00  closed",
    ]
