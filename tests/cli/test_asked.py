"""Words that a report is asked with: a wrong one is said, never answered by an empty table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import ISSUE

QUOTA = Path(__file__).parents[2] / "docs/examples/tariff_quota"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("remaining --where status=opne", 'there is no status "opne" (nearest: open)'),
        ("breaches --where code=over_limt", 'there is no code "over_limt" (nearest: over_limit'),
        ("licences --where destination=Indai", 'there is no destination "Indai" (nearest: India'),
        ("licences --where destination=Chinna", 'there is no destination "Chinna" (nearest: China'),
        ("facilities --where country=Chinna", 'there is no country "Chinna" (nearest: China'),
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


@pytest.fixture
def quota(empty, tpp):
    """A ledger of a quota whose budgets are of order numbers."""
    assert tpp("init", "--regime", str(QUOTA)).exit_code == 0
    return empty


OWN = [
    ("report statement 09.0001",
     'no holder of a budget is called "09.0001" (nearest: 09.9701, 09.9702)'),
    ("status Frozn", 'no holder of a budget is called "Frozn" (nearest: Frozen berries'),
    ("movements --destination 09.0001",
     'there is no destination "09.0001" (nearest: 09.9701); destination may be: 09.9701, 09.9702'),
    ("movements --destination Indai",
     'there is no destination "Indai"; destination may be: 09.9701, 09.9702'),
    ("ship --document D-9 --exported-on 2026-03-01 --exporter A --ultimate-consignee B"
     " --destination 09.0001 --tpp 1",
     'ship, --destination "09.0001": no such country, and no such holder in this regime'
     " (nearest: 09.9701)"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "said"), OWN, ids=[command[:25] for command, _ in OWN])
def test_a_regime_of_other_holders_tells_its_own(quota, tpp, command, said):
    done = tpp(command)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0].startswith(f"tpp{' ' if 'ship' in command else ': '}{said}")


def test_an_order_number_is_asked_for_as_a_destination(quota, tpp):
    assert tpp("movements --destination 09.9701 --format csv").exit_code == 0
