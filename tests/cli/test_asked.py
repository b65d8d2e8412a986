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


@pytest.mark.parametrize("report", ["licences", "applications", "statement", "totals"])
def test_an_exporter_nobody_is(folder, tpp, report):
    """No movement has it: an empty table would read as "it has none"."""
    tpp(ISSUE + "8")
    done = tpp(f"report {report} --where exporter=Acmee")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith('tpp: there is no exporter "Acmee" (nearest: Acme')


@pytest.mark.parametrize(
    ("asked", "licences"),
    [
        ("exporter=ACME", ["D1", "D2"]),
        ("exporter=beacon", []),
        ("consignee=bharat", ["D1"]),
        ("consignee=GROSSRECHNER --where exporter=acme", ["D2"]),
    ],
)
def test_licences_of_an_exporter_or_to_a_consignee(folder, tpp, asked, licences):
    """Whose the licence is by now; in any spelling that is one party."""
    tpp(ISSUE + "8")
    other = ISSUE.replace("D1", "D2").replace("Acme", "Beacon").replace("Bharat", "Großrechner")
    tpp(other + "8")
    tpp("licence transfer D2 --on 2026-04-02 --to Acme")
    done = tpp(f"report licences --where {asked} --as-of 2026-05-01 --format csv")
    assert done.exit_code == 0
    assert [line.split(",")[0] for line in done.stdout.splitlines()[1:]] == licences


@pytest.mark.parametrize("kind", ["licenses", "licence"])
def test_a_kind_of_file_there_is_not(folder, tpp, kind):
    for command in (f"template {kind}", f"import gone.csv --as {kind}", f"record {kind} a=b"):
        done = tpp(command)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.rstrip().endswith("(nearest: licences).")


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
