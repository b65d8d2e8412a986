"""Several regimes in one ledger: every movement is judged under each, and draws on all of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import ledger as door
from ledger.cli.explain import lines_of
from ledger.service.explain import explain
from ledger.service.ledger import new_ledger, open_ledger
from schemas.problems import Unusable
from tests.cases.table import play, stands
from tests.service.books import rows

STARTER = Path(__file__).parents[2] / "ledger/policy/_starter"
CHINA = "china_case_by_case"


def caps(folder: Path, key: str = "our_caps", **changed: str) -> Path:
    """A small regime of caps by country and year; texts are replaced as `changed` says."""
    copy = folder / key
    shutil.copytree(STARTER, copy)
    head = copy / "regime.toml"
    text = head.read_text(encoding="utf-8").replace('"my_regime"', f'"{key}"')
    for before, after in changed.items():
        text = text.replace(f'{before} = "', f'{before} = "{after}" # "')
    head.write_text(text, encoding="utf-8")
    return copy


@pytest.fixture
def two(opened, tmp_path):
    """The rule, and caps of one's own beside it: 100,000,000 TPP for Malaysia in 2026."""
    return opened(beside=[caps(tmp_path)])


def test_a_licence_holds_on_both(two):
    play(
        two,
        """
        act     | day        | to       | units | says
        licence | 2026-03-01 | Malaysia | 6316  |
        licence | 2026-03-01 | Germany  | 9     |
        """,
    )
    stands(
        two,
        """
        Malaysia 2025-2027: held 99,994,912; remaining 690,005,088
        Malaysia 2026: held 99,994,912; remaining 5,088
        """,
    )


def test_a_shipment_draws_down_what_its_licence_holds_on_both(two):
    play(
        two,
        """
        act     | no | day        | to       | units | by      | under | says
        licence | L  | 2026-03-01 | Malaysia | 10    |         |       |
        ship    | S  | 2026-03-02 | Malaysia | 4     | licence | L     |
        """,
    )
    stands(
        two,
        """
        Malaysia 2025-2027: held 94,992, posted 63,328; remaining 789,841,680
        Malaysia 2026: held 94,992, posted 63,328; remaining 99,841,680
        """,
    )


def test_each_refuses_by_its_own_limit(two):
    """6,317 x 15,832 = 100,010,744: too much for the cap, far from the allocation."""
    (outcome,) = play(
        two,
        """
        act   | day        | to       | units | says
        apply | 2026-03-01 | Malaysia | 6317  | refused:over_limit
        """,
    )
    assert [found.budget for found in outcome.findings] == [("yearly_cap", "Malaysia", "2026")]
    stands(two, "")


def test_what_only_one_weighs_the_other_leaves_alone(two):
    """Before the caps' first day, and under an exception only the rule knows."""
    play(
        two,
        """
        act     | day        | to       | by  | units | says
        licence | 2025-12-31 | Malaysia |     | 1     |
        ship    | 2026-03-01 | Malaysia | LPP | 1     |
        """,
    )
    stands(
        two,
        """
        Malaysia 2025-2027: held 15,832; remaining 789,984,168
        C 2026: held 15,832; remaining 26,884,168
        Malaysia 2026: safe 15,832; remaining 100,000,000
        """,
    )


def test_a_finding_of_the_second_regime_names_it(opened):
    ledger = opened(beside=[CHINA])
    first, second = play(
        ledger,
        """
        act  | day        | to    | by  | says
        ship | 2026-03-01 | China | NAC | authorization_unavailable
        ship | 2026-03-01 | China |     | authorization_unstated
        """,
    )
    assert [found.code for found in (*first.findings, *second.findings)] == [
        "authorization_unavailable",
        "authorization_unstated",
    ]
    body = json.loads(rows(ledger.url, "ruling")[-1]["body"])
    (beside,) = body["beside"]
    assert (body["regime"], beside["regime"]) == ("ai_diffusion", CHINA)
    assert [code for code, _ in beside["findings"]] == ["authorization_unstated"]


def test_alone_a_ruling_says_nothing_of_others(opened):
    ledger = opened()
    play(ledger, "act | day | to\nlicence | 2026-03-01 | Malaysia")
    assert "beside" not in json.loads(rows(ledger.url, "ruling")[0]["body"])


def test_what_was_adopted_is_read_back(ledger_url, tmp_path):
    folder = caps(tmp_path)
    with new_ledger(ledger_url, beside=[CHINA, folder], options={"lpp_year": "both"}) as made:
        before = made.rulebook
    shutil.rmtree(folder)
    with open_ledger(ledger_url) as again:
        keys = [one.regime.key for one in again.rulebook.every]
        assert keys == ["ai_diffusion", CHINA, "our_caps"]
        versions = [one.regime.version for one in before.every]
        assert [one.regime.version for one in again.rulebook.every] == versions
        assert again.rulebook.options["lpp_year"] == "both"


def test_one_more_is_added_later(opened, tmp_path):
    """It judges what is recorded from then on; its budgets are opened at once."""
    ledger = opened()
    play(ledger, "act | day | to\nlicence | 2026-03-01 | Malaysia")
    ledger.add_regime(caps(tmp_path))
    play(ledger, "act | no | day | to\nlicence | L2 | 2026-03-02 | Malaysia")
    stands(
        ledger,
        """
        Malaysia 2025-2027: held 31,664; remaining 789,968,336
        Malaysia 2026: held 15,832; remaining 99,984,168
        """,
    )
    with open_ledger(ledger.url) as again:
        assert [one.regime.key for one in again.rulebook.beside] == ["our_caps"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, "ai_diffusion has a budget of this name: give one another name"),
        ({"unit": "kg"}, "counts otherwise than ai_diffusion, which has chips in TPP"),
        ({"counts": "amounts"}, "counts otherwise than ai_diffusion, which has chips in TPP"),
    ],
)
def test_regimes_that_cannot_stand_beside_each_other(tmp_path, changed, reason):
    copy = caps(tmp_path, **changed)
    if not changed:
        for name in ("yearly_cap.toml", "yearly_cap.csv"):
            file = copy / "budgets" / name
            file.rename(file.with_name(name.replace("yearly_cap.toml", "lpp.toml")))
        file = copy / "authorizations.toml"
        text = file.read_text(encoding="utf-8").replace('"yearly_cap"', '"lpp"')
        file.write_text(text, encoding="utf-8")
    with pytest.raises(Unusable) as refused:
        new_ledger(f"sqlite:///{tmp_path / 'ledger.db'}", beside=[copy])
    assert reason in str(refused.value)
    assert not (tmp_path / "ledger.db").exists()


def test_the_same_regime_twice(tmp_path):
    with pytest.raises(Unusable) as refused:
        new_ledger(f"sqlite:///{tmp_path / 'ledger.db'}", regime=CHINA, beside=[CHINA])
    assert "the ledger has this regime already" in str(refused.value)


def test_options_are_each_regimes_own(ledger_url, tmp_path):
    """Those of the first by key, those of a further one by REGIME:KEY."""
    rule = Path(__file__).parents[2] / "ledger/policy/ai_diffusion"
    options = {"ai_diffusion:lpp_year": "both"}
    with new_ledger(ledger_url, regime=CHINA, beside=[rule], options=options) as ledger:
        (second,) = ledger.rulebook.beside
        assert (second.options["lpp_year"], ledger.rulebook.options) == ("both", {})
    with pytest.raises(Unusable) as refused:
        new_ledger(f"sqlite:///{tmp_path / 'other.db'}", options=options)
    assert "no such regime runs beside" in str(refused.value)


def test_reports_and_explanations_name_every_regime(ledger_url):
    with door.create(ledger_url, beside=[CHINA]) as ledger:
        issued = {"licence": "D1", "issued_on": "2026-03-01", "exporter": "X"}
        lot = {"ultimate_consignee": "C", "destination": "China", "chip": "nvidia-h20"}
        ledger.issue({**issued, **lot, "quantity": 1})
        (beside,) = ledger.report("remaining").attrs["about"]["beside"]
        assert (beside["key"], beside["state"]["sentence"]) == (CHINA, "in force")
        (other,) = ledger.explain("D1").beside
        assert other.regime.endswith(f"({CHINA})")
        assert other.why
        assert other.review.startswith("case by case")


def test_each_regimes_review_and_readings_are_told_with_its_name(opened):
    ledger = opened(beside=[CHINA])
    play(
        ledger,
        """
        act   | no | day        | to    | hq | parent_hq | chip       | says
        apply | A  | 2026-02-01 | China | CN | CN        | nvidia-h20 | share_undeclared
        """,
    )
    told = list(lines_of(explain(ledger, 2)))
    reviewed = [line.partition(":")[0] for line in told if line.startswith("Reviewed")]
    assert len(reviewed) == len(set(reviewed)) > 0
    assert all(line.startswith("Reviewed, under ") for line in reviewed)
    assert any("china_case_by_case" in line for line in reviewed)
    readings = [line for line in told if line.startswith("Readings")]
    assert all(line.startswith("Readings that mattered under ") for line in readings)
