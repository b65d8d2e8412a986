"""Supplement No. 2 to 15 CFR part 748, (c)(3) and (c)(4): one country; no more than is ordered."""

from __future__ import annotations

import pytest

from ledger.service.explain import explain
from tests.cases.table import play
from tests.service.books import whole, write_csv

SEVERAL = "licence_several_countries"


def test_one_country_a_licence_where_an_allocation_applies(kept):
    """Lines may come on different days; Norway and Japan have no allocation, India has one."""
    ledger = kept()
    play(
        ledger,
        f"""
        act     | no | line | day        | to     | units | says
        licence | L1 | 1    | 2025-06-01 | India  | 1     |
        licence | L1 | 2    | 2025-06-01 | India  | 1     |
        licence | L1 | 3    | 2025-06-02 | Poland | 1     | {SEVERAL}
        licence | L2 | 1    | 2025-06-01 | Norway | 1     |
        licence | L2 | 2    | 2025-06-01 | Japan  | 1     |
        licence | L2 | 3    | 2025-06-01 | India  | 1     | {SEVERAL}
        licence | L3 | 1    | 2025-06-01 | India  | 1     |
        licence | L3 | 2    | 2025-06-01 | Norway | 1     | {SEVERAL}
        """,
    )
    (_, _, third, *_) = (explain(ledger, seq) for seq in (2, 3, 4))
    (said,) = third.findings
    assert said.sentence.endswith("of its own: L1 names India too (seq 2)")
    assert said.citation.startswith("Supplement No. 2 to 15 CFR part 748, paragraph (c)(4), ")


def test_a_territory_and_the_country_it_follows_are_one_destination(kept):
    """Liechtenstein draws on Switzerland's allocation (738.3(b)): no second country."""
    ledger = kept()
    play(
        ledger,
        f"""
        act     | no | line | day        | to            | units | says
        licence | L1 | 1    | 2025-06-01 | Switzerland   | 1     |
        licence | L1 | 2    | 2025-06-02 | Liechtenstein | 1     |
        licence | L1 | 3    | 2025-06-03 | Switzerland   | 1     |
        licence | L1 | 4    | 2025-06-03 | India         | 1     | {SEVERAL}
        """,
    )


def test_several_countries_are_lawful_elsewhere_and_before(kept):
    """Before the rule's first day, and for items that no allocation counts."""
    play(
        kept(),
        """
        act     | no | line | day        | to     | chip       | says
        licence | L1 | 1    | 2024-12-01 | India  |            | before_regime
        licence | L1 | 2    | 2024-12-01 | Poland |            | before_regime
        licence | L2 | 1    | 2025-06-01 | India  | nvidia-l40 |
        licence | L2 | 2    | 2025-06-01 | Poland | nvidia-l40 |
        licence | L3 | 1    | 2025-06-01 | Norway |            |
        licence | L3 | 2    | 2025-06-01 | Japan  |            |
        """,
    )


def test_a_line_that_was_reversed_names_nothing(kept):
    ledger = kept()
    play(ledger, "act|no|day|to|says\nlicence|L1|2025-06-01|India|")
    ledger.reverse([2], "the wrong country")
    play(ledger, "act|no|line|day|to|says\nlicence|L1|2|2025-06-01|Poland|")


ASKED = "application_several_countries"


def test_one_country_an_application(kept):
    """An application is its exporter's and its number; Norway and Japan have no allocation."""
    ledger = kept()
    *_, last = play(
        ledger,
        f"""
        act   | no | line | exporter | day        | to     | units | says
        apply | A1 | 1    | X        | 2025-06-01 | India  | 1     |
        apply | A1 | 2    | X        | 2025-06-01 | India  | 1     |
        apply | A1 | 1    | Y        | 2025-06-01 | Poland | 1     |
        apply | A2 | 1    | X        | 2025-06-01 | Norway | 1     |
        apply | A2 | 2    | X        | 2025-06-01 | Japan  | 1     |
        apply | A2 | 3    | X        | 2025-06-01 | India  | 1     | {ASKED}
        apply | A1 | 3    | X        | 2025-06-02 | Poland | 1     | {ASKED}
        """,
    )
    (found,) = last.findings
    assert found.detail == "A1 names India too (seq 2)"
    (said,) = explain(ledger, found.seq).findings
    assert said.citation.startswith("Supplement No. 2 to 15 CFR part 748, paragraph (c)(4), ")


def test_an_application_in_one_file_is_one_filed_line_by_line(kept, tmp_path):
    """What was refused or taken back names no country."""
    ledger = kept()
    play(
        ledger,
        """
        act   | no | line | day        | to     | units | says
        apply | A1 | 1    | 2025-06-01 | India  | 50000 | refused:over_limit
        apply | A1 | 2    | 2025-06-01 | Poland | 1     |
        """,
    )
    ledger.reverse([3], "the wrong country")
    line = {"exporter": "X", "ultimate_consignee": "C", "chip": "nvidia-h100-sxm"}
    line |= {"application": "A1", "applied_on": "2025-06-03"}
    lots = [
        line | {"line": 3, "destination": "Kenya", "quantity": 50000},
        line | {"line": 4, "destination": "Norway", "quantity": 1},
        line | {"line": 5, "destination": "Brazil", "quantity": 1},
    ]
    outcome = ledger.import_file(write_csv(tmp_path / "a.csv", lots), "applications")
    assert outcome.counts == {"refused:over_limit": 1, ASKED: 1}
    assert [f.seq for f in outcome.findings if f.code == ASKED] == [outcome.first_seq + 2]


def test_by_rows_and_as_columns(opened, tmp_path, monkeypatch):
    """Within a file, against what is on record, and in whatever order the lines stand."""
    line = {"exporter": "X", "ultimate_consignee": "C", "chip": "nvidia-h100-sxm", "quantity": 1}
    named = (
        *(("L1", "India"), ("L1", "Poland"), ("L1", "India"), ("L2", "Norway"), ("L2", "Japan")),
        *(("L3", "Norway"), ("L3", "India"), ("L3", "Norway"), ("L4", "India"), ("L5", "India")),
    )
    lots = [
        line | {"licence": number, "line": n, "destination": to, "issued_on": f"2025-06-{20 - n}"}
        for n, (number, to) in enumerate(named, 1)
    ]
    path = write_csv(tmp_path / "licences.csv", lots)
    books = []
    for columns_from in (1, 10**9):
        ledger = opened()
        play(ledger, "act|no|line|day|to|says\nlicence|L4|99|2025-06-01|Poland|")
        with monkeypatch.context() as patch:
            if columns_from == 1:
                patch.delattr("ledger.service.importing.post")
            outcome = ledger.import_file(path, "licences", columns_from=columns_from)
        assert outcome.counts == {SEVERAL: 5}
        told = whole(ledger.url)
        books.append([told[name] for name in ("movement", "finding", "licence_line")])
    assert books[0] == books[1]


@pytest.mark.parametrize(
    ("units", "usd", "says"),
    [
        ("100", "10", ""),
        ("101", "9", "more_than_ordered"),
        ("100", "10.01", "more_than_ordered"),
        ("101", "10", "more_than_ordered"),
    ],
)
def test_no_more_than_the_purchase_order(kept, units, usd, says):
    """Paragraph (c)(3): 100 units for 1,000 dollars were ordered."""
    play(
        kept(),
        f"""
act     | no | day        | to | units   | usd   | ordered | order_value_usd | application | says
apply   | A1 | 2025-06-01 | IN | {units} | {usd} | 100     | 1000.00         |             | {says}
apply   | A2 | 2025-06-01 | IN | 150     | 10    |         |                 |             |
licence | L1 | 2025-07-01 | IN | {units} | {usd} |         |                 | A1          | {says}
licence | L2 | 2025-07-01 | IN | 150     | 10    |         |                 | A2          |
        """,
    )


def test_it_says_what_was_ordered(kept):
    over = "more_than_applied, more_than_ordered"
    (asked, licensed) = play(
        kept(),
        f"""
act     | no | day        | to | units | usd   | ordered | order_value_usd | application | says
apply   | A1 | 2025-06-01 | IN | 100   | 10    | 100     | 1000            |             |
licence | L1 | 2025-07-01 | IN | 101   | 10.02 |         |                 | A1          | {over}
        """,
    )
    assert asked.clean
    assert [f.detail for f in licensed.findings[1:]] == [
        "ordered 100 units, asked 101, over by 1",
        "ordered 1,000.00 USD, asked 1,012.02 USD, over by 12.02 USD",
    ]
