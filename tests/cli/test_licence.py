"""`tpp licence`: acts typed by hand, lapses that are due, how a licence stands."""

from __future__ import annotations

import pytest

ISSUE = (
    "licence issue --licence {0} --issued-on 2025-06-01 --expires-on {1} --exporter X"
    " --ultimate-consignee C --destination India --chip H100 --quantity 100"
)


@pytest.fixture
def issued(folder, tpp):
    """A ledger with two licences, of which one ends on Christmas Day."""
    tpp(ISSUE.format("L1", "2025-12-25"))
    tpp(ISSUE.format("L2", "2026-05-31"))
    return tpp


def test_acts_are_typed_by_hand(issued):
    assert issued("licence amend L2 --on 2025-07-01 --expires-on 2026-06-30").exit_code == 0
    assert issued("licence transfer L2 --on 2025-07-01 --to Y").exit_code == 0
    assert issued("licence transfer L2 --on 2025-07-02 --to Z").exit_code == 5
    assert issued("licence suspend L2 --on 2025-07-01 --until 2025-07-31").exit_code == 0
    assert issued("licence reinstate L2 --on 2025-07-20").exit_code == 0
    assert issued("licence revoke L2 --on 2025-08-01 --quantity 40").exit_code == 0
    assert issued("licence surrender L1 --on 2025-08-01").exit_code == 0
    said = issued("licence show L2").output
    assert "held         949,920 TPP" in said
    assert "lapsed       633,280 TPP" in said
    assert "revocation revoke L2 2025-08-01" in said
    assert "state        surrendered since 2025-08-01" in issued("licence show L1").output


def test_nothing_lapses_by_itself(issued):
    """Christmas Day 2025 is a Thursday: the licence may be used on the Friday still."""
    assert "no lapse is due" in issued("licence lapse --due --by 2025-12-26").stderr
    assert "L1 line 1 lapses on 2025-12-27" in issued("licence lapse --due --by 2025-12-27").output
    assert "state        lapsed since 2025-12-27" in issued("licence show L1").output
    assert "no lapse is due" in issued("licence lapse --due --by 2025-12-31").stderr


def test_what_would_lapse_is_listed_first(issued):
    asked = issued("licence lapse --due --by 2026-12-31 --dry-run")
    assert asked.output.splitlines()[0] == "L1 line 1 lapses on 2025-12-27"
    assert "nothing was recorded" in asked.stderr
    assert "overdue" in issued("licence show L1").output


def test_a_licence_that_is_not_on_file(issued):
    for words in ("licence show L3", "licence close L3 --on 2025-07-01"):
        answer = issued(words)
        assert answer.exit_code == 2
        assert "nearest: L" in answer.stderr
