"""Adjustments of a party's budget: which one is meant is told only where the party has several."""

from __future__ import annotations

import shutil

import pytest

from schemas.problems import Unusable
from tests.cases.table import LAW, play, stands

SENT = """
act             | day        | party | country | status | for        | to     | by   | arrives
official_status | 2025-01-15 | Atlas | India   | NVEU   |            |        |      |
ship            | 2025-03-01 |       |         |        | Atlas      | India  | NVEU | 2025-03-02
ship            | 2025-03-01 |       |         |        | Vistula SA | Poland | LPP  | 2025-03-02
"""


def test_a_party_with_one_budget_needs_no_word_for_it(ledger):
    play(ledger, SENT)
    play(
        ledger,
        """
        act       | no | day        | holder       | tpp  | says
        amendment | A1 | 2025-06-10 | vistula sa   | -100 |
        block     | B1 | 2025-06-11 | Vistula SA   |      |
        unblock   | B2 | 2025-06-12 | Vistula SA   |      |
        amendment | A2 | 2026-06-10 | Vistula SA   | -200 |
        amendment | A3 | 2025-06-10 | ATLAS, India | -300 |
        """,
    )
    stands(
        ledger,
        """
        Atlas, India 2025-2027: adjustment -300, posted 15,832; remaining 632,983,868
        Vistula SA 2025: adjustment -100, posted 15,832; remaining 26,884,068
        Vistula SA 2026: adjustment -200; remaining 26,899,800
        """,
    )


UNKNOWN = """
    Vistla SA     | Vistula SA
    Atlas         | Atlas, India
    Atlas, Poland | Atlas, India
    Kenia         | Kenya
    Nobody Known  |
"""


@pytest.mark.parametrize("line", UNKNOWN.strip("\n").split("\n"))
def test_who_has_no_budget_on_record_is_told_the_nearest_who_has(ledger, line):
    holder, near = (cell.strip() for cell in line.split("|"))
    play(ledger, SENT)
    with pytest.raises(Unusable) as refused:
        play(ledger, f"act|day|holder|tpp\namendment|2025-06-10|{holder}|-1")
    (problem,) = refused.value.problems
    assert (problem.column, problem.reason) == ("holder", "holds no such budget")
    assert near in problem.nearest if near else problem.nearest == ()


def test_of_several_kinds_one_has_to_be_named(opened, tmp_path):
    copy = tmp_path / "two_kinds"
    shutil.copytree(LAW, copy)
    shutil.copy(copy / "budgets/lpp.toml", copy / "budgets/lpp_again.toml")
    ledger = opened(copy)
    said = "act | no | day | holder | tpp | budget\n"
    play(ledger, f"{said}amendment | A1 | 2025-06-10 | Vistula | -1 | lpp")
    play(ledger, f"{said}amendment | A2 | 2025-06-10 | Vistula | -1 |")
    play(ledger, f"{said}amendment | A3 | 2025-06-10 | Vistula | -1 | lpp_again")
    with pytest.raises(Unusable) as refused:
        play(ledger, f"{said}amendment | A4 | 2025-06-10 | Vistula | -1 |")
    (problem,) = refused.value.problems
    assert (problem.column, problem.nearest) == ("budget", ("lpp", "lpp_again"))
