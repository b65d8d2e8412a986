"""Words that a report is asked with: a wrong one is said, never answered by an empty table."""

from __future__ import annotations

import pytest

from tests.cli.conftest import ISSUE


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("remaining --where status=opne", 'there is no status "opne" (nearest: open)'),
        ("breaches --where code=over_limt", 'there is no code "over_limt" (nearest: over_limit'),
        ("licences --where destination=Indai", 'no country is called "Indai" (nearest: India'),
        ("licences --where destination=09.9701", 'there is no destination "09.9701"'),
        ("remaining -o gone/r.csv", "gone/r.csv: there is no folder gone"),
    ],
)
def test_a_wrong_word_is_said(folder, tpp, words, said):
    done = tpp(f"report {words}")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"tpp: {said}")


@pytest.mark.parametrize(("word", "rows"), [("India", 1), ("IN", 1), ("PL", 0)])
def test_a_destination_by_any_name(folder, tpp, word, rows):
    tpp(ISSUE + "8")
    for command in ("report licences --where destination=", "movements --destination "):
        done = tpp(f"{command}{word} --format csv")
        assert (done.exit_code, len(done.stdout.splitlines()) - 1) == (0, rows)
