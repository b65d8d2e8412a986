"""Reasons to say no: one sentence each, with figures where they are known."""

from __future__ import annotations

import pytest

from ledger.refusals import REFUSALS, Family, by_precedence, sentence


@pytest.mark.parametrize("code", REFUSALS)
def test_every_reason_has_a_sentence_and_a_citation(code):
    reason = REFUSALS[code]
    assert reason.code == code
    assert reason.sentence[0].islower()
    assert not reason.sentence.endswith(".")
    assert "{" not in sentence(code)
    assert reason.citation


def test_figures_follow_the_sentence_where_all_are_given():
    said = sentence("over_limit", limit="790,000,000", taken="1", asked="2", short="3")
    assert said == (
        "more than remains of the budget: limit 790,000,000, taken 1, asked 2, short by 3"
    )


def test_a_missing_figure_leaves_the_plain_sentence():
    assert sentence("over_limit", limit="1") == "more than remains of the budget"
    assert sentence("licence_not_on_file", detail=None) == REFUSALS["licence_not_on_file"].sentence


def test_an_unknown_code_is_our_own_error():
    with pytest.raises(KeyError):
        sentence("no_such_reason")


def test_the_weightiest_comes_first():
    assert by_precedence(["before_regime", "over_limit", "before_regime"]) == [
        "over_limit",
        "before_regime",
    ]


def test_notes_come_after_all_that_accuse():
    families = [reason.family for reason in REFUSALS.values()]
    first_note = families.index(Family.NOTE)
    assert set(families[first_note:]) == {Family.NOTE}
