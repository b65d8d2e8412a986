"""Model weights: ECCN 4E091, 15 CFR 742.6(a)(13) and (b)(14), and AIA in 740.27(a)(3)."""

from __future__ import annotations

import pytest

from ledger.service.explain import explain
from schemas.problems import Unusable
from tests.cases.table import play, stands


def test_from_the_threshold_on_a_licence_is_needed_everywhere(opened):
    """10^26 operations or more, to every destination; moves within the United States are none."""
    play(
        opened(),
        """
        act     | day        | to            | hq            | ops                   | by | says
        weights | 2025-06-01 | India         | India         | 9.999e25              |    |
        weights | 2025-06-01 | India         | India         | 1e26                  |    | authorization_unstated
        weights | 2025-06-01 | India         | India         | 1.2 x 10^26           | none | no_authorization
        weights | 2025-06-01 | Germany       | Germany       | 1e26                  | LPP | authorization_unavailable
        weights | 2025-06-01 | India         | India         | 1e26                  | licence |
        weights | 2025-06-01 | United States | United States | 1e27                  |    |
        weights | 2025-01-12 | India         | India         | 1e26                  |    | before_regime
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
    play(
        opened(),
        """
        act     | day        | to    | ops    | published | from_published | base_operations | further_operations | by   | says
        weights | 2025-06-01 | India | 9e26   | yes       |                |                 |                    |      |
        weights | 2025-06-01 | India | 1.2e26 |           | yes            | 9e25            | 2.5e25             | none |
        weights | 2025-06-01 | India | 1.2e26 |           | yes            | 9e25            | 25000000000000000000000001 | none | no_authorization
        weights | 2025-06-01 | India | 3e26   |           | yes            | 2e26            | 5e25               | none |
        weights | 2025-06-01 | India | 3e26   |           | yes            | 2e26            | 5.0000000000000000000000001e25 | none | no_authorization
        weights | 2025-06-01 | India | 5e25   |           | yes            | 1e25            | 4e25               | none |
        """,
    )


def test_a_model_no_more_capable_than_a_published_one(opened):
    """Note 2: fewer operations than a model as capable as the most capable published one needs."""
    play(
        opened(),
        """
        act     | day        | to    | ops    | frontier_operations | by   | says
        weights | 2025-06-01 | India | 1.5e26 | 1.5e26              | none | no_authorization
        weights | 2025-06-01 | India | 1.4e26 | 1.5e26              | none |
        """,
    )


def test_operations_of_the_generator_count_past_a_tenth(opened):
    """Technical note 3: those that made the data, and those that trained it unless published."""
    play(
        opened(),
        """
        act     | day        | to    | ops  | synthetic_percent | generation_operations | generator_operations | generator_published | by   | says
        weights | 2025-06-01 | India | 8e25 | 10                | 1e25                  | 3e25                 |                     | none |
        weights | 2025-06-01 | India | 8e25 | 10.1              | 1e25                  | 3e25                 |                     | none | no_authorization
        weights | 2025-06-01 | India | 8e25 | 10.1              | 1e25                  | 3e25                 | yes                 | none |
        weights | 2025-06-01 | India | 8e25 | 10.1              | 2e25                  | 3e25                 | yes                 | none | no_authorization
        """,
    )


def test_aia_by_headquarters_place_and_facility(opened):
    """740.27(a)(3): listed headquarters or parent, not in Macau or D:5, a facility that complies;
    paragraphs 14, 15 and 18 bind from 2026-01-15.
    """
    play(
        opened(),
        """
        act     | day        | to      | hq      | parent_hq | ops  | by  | facility_secured | says
        weights | 2025-06-01 | Germany | Germany |           | 1e26 | AIA | yes              |
        weights | 2025-06-01 | India   | Germany |           | 1e26 | AIA | yes              |
        weights | 2025-06-01 | India   | India   | Japan     | 1e26 | AIA | yes              |
        weights | 2025-06-01 | India   | India   |           | 1e26 | AIA | yes              | authorization_unavailable
        weights | 2025-06-01 | Macau   | Germany |           | 1e26 | AIA | yes              | authorization_unavailable
        weights | 2025-06-01 | China   | Germany |           | 1e26 | AIA | yes              | authorization_unavailable
        weights | 2025-06-01 | India   | Germany |           | 1e26 | AIA | no               | authorization_unavailable
        weights | 2026-01-14 | India   | Germany |           | 1e26 | AIA |                  |
        weights | 2026-01-15 | India   | Germany |           | 1e26 | AIA |                  | condition_open
        """,
    )


def test_an_employee_of_a_listed_entity_needs_no_licence(opened):
    play(
        opened(),
        """
        act     | day        | to    | hq      | ops  | employee | by   | says
        weights | 2025-06-01 | India | Germany | 1e26 | yes      | none |
        weights | 2025-06-01 | India | India   | 1e26 | yes      | none | no_authorization
        """,
    )


def test_conditions_on_record_secure_a_facility(opened):
    """Met, with evidence, paragraph by paragraph; a part that is breached undoes its paragraph."""
    play(
        opened(),
        """
        act       | day        | party | at    | condition | status   | evidence | to    | hq      | ops  | by  | ultimate_consignee | says
        condition | 2026-01-10 | Store | Hall1 | 14        | met      | 3PAO-7   |       |         |      |     |   |
        condition | 2026-01-10 | Store | Hall1 | 15        | met      | memo 2   |       |         |      |     |   |
        weights   | 2026-02-01 |       | Hall1 |           |          |          | India | Germany | 1e26 | AIA | STORE | condition_open
        condition | 2026-02-02 | Store | Hall1 | 18        | met      | plan 9   |       |         |      |     |   |
        weights   | 2026-02-02 |       | hall1 |           |          |          | India | Germany | 1e26 | AIA | Store |
        weights   | 2026-02-02 |       | Hall2 |           |          |          | India | Germany | 1e26 | AIA | Store | condition_open
        condition | 2026-03-01 | Store | Hall1 | 15.b      | breached |          |       |         |      |     |   |
        weights   | 2026-02-28 |       | Hall1 |           |          |          | India | Germany | 1e26 | AIA | Store |
        weights   | 2026-03-01 |       | Hall1 |           |          |          | India | Germany | 1e26 | AIA | Store | authorization_unavailable
        """,
    )


def test_each_step_is_explained_with_figures_and_paragraph(opened):
    ledger = opened()
    play(
        ledger,
        """
        act     | no | day        | to    | hq    | ops    | synthetic_percent | generation_operations | by   | says
        weights | W  | 2025-06-01 | India | India | 9.5e25 | 12                | 1e25                  | none | no_authorization
        """,
    )
    found = explain(ledger, "W")
    assert [step.sentence for step in found.why] == [
        "more of the training than the share allows used unpublished data of one generator:"
        " its operations count (9.5e25 and 1e25 more)",
        "controlled under 4E091: a licence is required to every destination"
        " (1.05e26 against 1e26)",
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
        ({"synthetic_percent": "101"}, "synthetic_percent", "more than 100"),
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
