"""Model weights: ECCN 4E091, 15 CFR 742.6(a)(13) and (b)(14), and AIA in 740.27(a)(3)."""

from __future__ import annotations

import pytest

from ledger.service.explain import explain
from schemas.problems import Unusable
from tests.cases.table import play, stands

NONE, UNSTATED = "no_authorization", "authorization_unstated"
BARRED = "authorization_unavailable"


def test_from_the_threshold_on_a_licence_is_needed_everywhere(opened):
    """10^26 operations or more, to every destination; moves within the US are none."""
    play(
        opened(),
        f"""
        act     | day        | to            | hq            | ops         | by      | says
        weights | 2025-06-01 | India         | India         | 9.999e25    |         |
        weights | 2025-06-01 | India         | India         | 1e26        |         | {UNSTATED}
        weights | 2025-06-01 | India         | India         | 1.2 x 10^26 | none    | {NONE}
        weights | 2025-06-01 | Germany       | Germany       | 1e26        | LPP     | {BARRED}
        weights | 2025-06-01 | India         | India         | 1e26        | licence |
        weights | 2025-06-01 | US            | US            | 1e27        |         |
        weights | 2025-01-12 | India         | India         | 1e26        |         | before_regime
        """,
    )


def test_weights_draw_no_tpp(opened):
    ledger = opened()
    play(
        ledger,
        """
        act     | day        | to     | hq     | ops  | by      | says
        weights | 2025-06-01 | Poland | Poland | 1e26 | licence |
        """,
    )
    stands(ledger, "")


def test_published_models_and_what_derives_from_them(opened):
    """Note 1: the higher of 2.5 x 10^25 and a quarter of the original training is left out."""
    a_quarter, more = "5e25", "5.0000000000000000000000001e25"
    bound, past = "2.5e25", str(25 * 10**24 + 1)
    play(
        opened(),
        f"""
        act     | day        | to    | ops    | published | by   | says
        weights | 2025-06-01 | India | 9e26   | yes       |      |
        weights | 2025-06-01 | India | 9e26   | no        | none | {NONE}
        """,
    )
    play(
        opened(),
        f"""
        act     | day        | to    | ops    | derives | base | since       | by   | says
        weights | 2025-06-01 | India | 1.2e26 | yes     | 9e25 | {bound}     | none |
        weights | 2025-06-01 | India | 1.2e26 | yes     | 9e25 | {past}      | none | {NONE}
        weights | 2025-06-01 | India | 3e26   | yes     | 2e26 | {a_quarter} | none |
        weights | 2025-06-01 | India | 3e26   | yes     | 2e26 | {more}      | none | {NONE}
        weights | 2025-06-01 | India | 5e25   | yes     | 1e25 | 4e25        | none |
        """,
    )


def test_a_published_model_that_was_not_trained_further(opened):
    """No operations since is an answer; it is asked for where nothing is said."""
    play(
        opened(),
        f"""
        act     | day        | to    | ops  | derives | base | since | by   | says
        weights | 2025-06-01 | India | 3e26 | yes     | 3e26 | 0     | none |
        weights | 2025-06-01 | India | 3e26 | yes     | 0    | 3e26  | none | {NONE}
        """,
    )


def test_a_model_no_more_capable_than_a_published_one(opened):
    """Note 2: fewer operations than a model as capable as the most capable published one needs."""
    play(
        opened(),
        f"""
        act     | day        | to    | ops    | top    | by   | says
        weights | 2025-06-01 | India | 1.5e26 | 1.5e26 | none | {NONE}
        weights | 2025-06-01 | India | 1.4e26 | 1.5e26 | none |
        """,
    )


def test_operations_of_the_generator_count_past_a_tenth(opened):
    """Technical note 3: those that made the data, and those that trained it unless published."""
    play(
        opened(),
        f"""
        act     | day        | to    | ops  | synth | made | taught | open | by   | says
        weights | 2025-06-01 | India | 8e25 | 10    | 1e25 | 3e25   |      | none |
        weights | 2025-06-01 | India | 8e25 | 10.1  | 1e25 | 3e25   |      | none | {NONE}
        weights | 2025-06-01 | India | 8e25 | 10.1  | 1e25 | 3e25   | yes  | none |
        weights | 2025-06-01 | India | 8e25 | 10.1  | 2e25 | 3e25   | yes  | none | {NONE}
        """,
    )


def test_a_share_counts_to_its_last_decimal(opened):
    """A file gives a percent with up to six places: the least of them is more than a tenth."""
    play(
        opened(),
        f"""
        act     | day        | to    | ops  | synth     | made | by   | says
        weights | 2025-06-01 | India | 9e25 | 10.000000 | 1e25 | none |
        weights | 2025-06-01 | India | 9e25 | 10.000001 | 1e25 | none | {NONE}
        weights | 2025-06-01 | India | 9e25 | 10.000099 | 1e25 | none | {NONE}
        """,
    )


def test_aia_by_headquarters_place_and_facility(opened):
    """740.27(a)(3): listed headquarters or parent, not in Macau or D:5, a facility that complies;
    paragraphs 14, 15 and 18 bind from 2026-01-15.
    """
    play(
        opened(),
        f"""
        act     | day        | to      | hq      | parent_hq | ops  | by  | secured | says
        weights | 2025-06-01 | Germany | Germany |           | 1e26 | AIA | yes     |
        weights | 2025-06-01 | India   | Germany |           | 1e26 | AIA | yes     |
        weights | 2025-06-01 | India   | India   | Japan     | 1e26 | AIA | yes     |
        weights | 2025-06-01 | India   | India   |           | 1e26 | AIA | yes     | {BARRED}
        weights | 2025-06-01 | Macau   | Germany |           | 1e26 | AIA | yes     | {BARRED}
        weights | 2025-06-01 | China   | Germany |           | 1e26 | AIA | yes     | {BARRED}
        weights | 2025-06-01 | India   | Germany |           | 1e26 | AIA | no      | {BARRED}
        weights | 2026-01-14 | India   | Germany |           | 1e26 | AIA |         |
        weights | 2026-01-15 | India   | Germany |           | 1e26 | AIA |         | condition_open
        """,
    )


def test_an_employee_of_a_listed_entity_needs_no_licence(opened):
    play(
        opened(),
        f"""
        act     | day        | to    | hq      | ops  | employee | by   | says
        weights | 2025-06-01 | India | Germany | 1e26 | yes      | none |
        weights | 2025-06-01 | India | India   | 1e26 | yes      | none | {NONE}
        """,
    )


def test_conditions_on_record_secure_a_facility(opened):
    """Met, with evidence, paragraph by paragraph; a part that is breached undoes its paragraph."""
    ledger = opened()
    declare, move = (
        "act | no | day | party | at | condition | status | evidence | says",
        "act | no | day | hq | consignee | at | to | ops | by | says",
    )
    play(
        ledger,
        f"""
        {declare}
        condition | N1 | 2026-01-10 | Store | Hall1 | 14 | met | 3PAO-7 |
        condition | N2 | 2026-01-10 | Store | Hall1 | 15 | met | memo 2 |
        """,
    )
    play(
        ledger,
        f"""
        {move}
        weights | N3 | 2026-02-01 | Germany | STORE | Hall1 | India | 1e26 | AIA | condition_open
        """,
    )
    play(
        ledger,
        f"""
        {declare}
        condition | N4 | 2026-02-02 | Store | Hall1 | 18   | met      | plan 9 |
        condition | N5 | 2026-03-01 | Store | Hall1 | 15.b | breached |        |
        """,
    )
    play(
        ledger,
        f"""
        {move}
        weights | N6 | 2026-02-02 | Germany | Store | hall1 | India | 1e26 | AIA |
        weights | N7 | 2026-02-02 | Germany | Store | Hall2 | India | 1e26 | AIA | condition_open
        weights | N8 | 2026-02-28 | Germany | Store | Hall1 | India | 1e26 | AIA |
        weights | N9 | 2026-03-01 | Germany | Store | Hall1 | India | 1e26 | AIA | {BARRED}
        """,
    )


def test_each_step_is_explained_with_figures_and_paragraph(opened):
    ledger = opened()
    play(
        ledger,
        f"""
        act     | no | day        | to    | hq    | ops    | synth | made | by   | says
        weights | W  | 2025-06-01 | India | India | 9.5e25 | 12    | 1e25 | none | {NONE}
        """,
    )
    found = explain(ledger, "W")
    assert [step.sentence for step in found.why] == [
        "more of the training than the share allows used unpublished data of one generator:"
        " its operations count (9.5e25 and 1e25 more)",
        "controlled under 4E091: a licence is required to every destination (1.05e26 against 1e26)",
        "went without a licence and without an exception",
        "an application for an end user headquartered or parented outside supplement No. 5(a)"
        " is reviewed under a presumption of denial",
    ]
    assert found.why[1].citation.startswith("15 CFR 742.6(a)(13)")
    assert found.review == found.why[3].sentence


@pytest.mark.parametrize(
    ("wrong", "column", "reason"),
    [
        ({"operations": "many"}, "operations", "whole number of operations"),
        ({"operations": "1.5"}, "operations", "whole number of operations"),
        ({"operations": "1e999"}, "operations", "more digits"),
        ({"published": "maybe"}, "published", "yes or no"),
        ({"from_published": "yes", "base_operations": "1e25"}, "further_operations", "derivative"),
        ({"from_published": "yes", "further_operations": "0"}, "base_operations", "derivative"),
        ({"synthetic_percent": "101"}, "synthetic_percent", "more than 100"),
        ({"synthetic_percent": "100.000001"}, "synthetic_percent", "more than 100"),
    ],
)
def test_what_cannot_be_understood(opened, wrong, column, reason):
    row = {
        "document": "W",
        "transferred_on": "2025-06-01",
        "exporter": "X",
        "ultimate_consignee": "C",
        "destination": "India",
        "model": "M",
        "operations": "1e26",
    }
    with pytest.raises(Unusable) as caught:
        opened().record("weights", row | wrong)
    assert [problem.column for problem in caught.value.problems] == [column]
    assert reason in caught.value.problems[0].reason


def test_a_regime_without_weights_says_so(opened):
    row = {"document": "W", "transferred_on": "2026-06-01", "exporter": "X", "model": "M"}
    row |= {"ultimate_consignee": "C", "destination": "China", "operations": "1e26"}
    with pytest.raises(Unusable, match="says nothing of model weights"):
        opened("china_case_by_case").record("weights", row)
