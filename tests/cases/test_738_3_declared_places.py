"""15 CFR 738.3(b): what is declared for a place counts where goods that go there do."""

from __future__ import annotations

import pytest

from schemas.problems import Unusable
from tests.cases.table import play


@pytest.mark.parametrize(
    "said",
    ["kind=installed_base tpp=5", "kind=official_status status=NVEU", "kind=official_status"],
)
@pytest.mark.parametrize(
    ("place", "other"), [("Faroe Islands", "Denmark"), ("Puerto Rico", "United States")]
)
def test_a_place_that_is_treated_as_another_is_not_declared_for(opened, said, place, other):
    """It weighed as outside the listed destinations, and stood in no report."""
    values = dict(one.split("=") for one in said.split())
    values |= {"document": "D", "effective_on": "2025-06-30", "party": "C", "country": place}
    with pytest.raises(Unusable) as refused:
        opened().record("declarations", values)
    (problem,) = refused.value.problems
    assert problem.column == "country"
    assert problem.reason.startswith(f"{place} is treated as {other}: ")
    assert problem.nearest == (other,)


def test_where_a_parent_is_headquartered_may_be_any_place(opened):
    play(
        opened(),
        """
        act       | day        | party | other | country
        ownership | 2025-06-30 | C     | P     | Puerto Rico
        """,
    )
