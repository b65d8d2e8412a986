"""15 CFR 740.29(d): the limit runs across exporters, whose lines are not one another's business."""

from __future__ import annotations

import reports
from ledger import publish
from tests.cases.table import play

SHIPPED = """
act  | day        | exporter | to     | by  | units | certificate_on | says
ship | 2025-06-01 | X        | Poland | LPP | 100   | 2025-01-01     |
ship | 2025-06-02 | Y        | Poland | LPP | 50    | 2025-01-01     |
ship | 2025-06-03 | X        | Poland | LPP | 1     | 2025-01-01     |
"""


def test_an_exporter_sees_its_own_lines_and_what_all_of_them_leave(opened, tmp_path):
    ledger = opened(lpp_year="exported")
    play(ledger, SHIPPED)
    folder = publish.refresh(ledger.url, folder=tmp_path / "copy").folder
    asked = {"holder": "C", "exporter": "x", "as_of": "2025-12-31"}
    with reports.run("statement", folder, asked) as result:
        names = [column.name for column in result.columns]
        at = [names.index(name) for name in ("kind", "remaining_mtpp", "exporter")]
        told = [tuple(row[n] for n in at) for row in result.rows()]
    assert [row[:2] for row in told] == [
        ("opening", 26_900_000_000),
        ("export", 26_900_000_000 - 100 * 15_832_000),
        ("export", 26_900_000_000 - 151 * 15_832_000),
        ("closing", 26_900_000_000 - 151 * 15_832_000),
    ]
    assert {exporter for _, _, exporter in told} == {"X", None}
