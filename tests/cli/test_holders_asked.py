"""Who is meant by a holder: places that follow another or hold nothing, companies by country."""

from __future__ import annotations

import pytest

VEU = "record declarations document=V{0} kind=official_status effective_on=2025-01-15 party={1}"
SENT = (
    "--exported-on 2025-06-01 --received-on 2025-06-02 --exporter Acme --ultimate-consignee {1}"
    " --authorization {0} --chip nvidia-h100-sxm --quantity 2"
)


@pytest.fixture
def companies(folder, tpp):
    """One validated in two countries, that has small orders too; one validated in one."""
    for number, (party, country) in enumerate((("Atlas", "Poland"), ("Atlas", "India"))):
        tpp(*VEU.format(number, party).split(), f"country={country}", "status=NVEU")
        sent = SENT.format("NVEU", party).split()
        tpp("ship", "--document", f"N{number}", "--destination", country, *sent)
    tpp("ship", "--document", "L", "--destination", "Chile", *SENT.format("LPP", "Atlas").split())


def test_a_company_is_asked_for_with_what_it_has_in_each_country(companies, tpp):
    lines = tpp("status atlas --as-of 2025-12-31").stdout.splitlines()
    headings = [line for line in lines if line.startswith("Atlas")]
    assert headings == ["Atlas (atlas)", "Atlas, India (atlas@IN)", "Atlas, Poland (atlas@PL)"]
    done = tpp("report", "remaining", "--where", "holder=Atlas", "--format", "csv")
    assert done.stdout.count("Atlas") == 3
    done = tpp("report", "statement", "Atlas", "--as-of", "2025-12-31", "--format", "csv")
    shown = {line.split(",")[0] for line in done.stdout.splitlines()[1:]}
    assert shown == {"atlas", "atlas@IN", "atlas@PL"}


def test_names_with_commas_are_told_apart_in_a_hint(companies, tpp):
    said = tpp("status", "Atlas, Pland").stderr
    assert said.startswith('tpp: no holder of a budget is called "Atlas, Pland"')
    assert "(nearest: Atlas, Poland; " in said


D5 = "Country allocation: it is on the list Country Group D:5 (US arms embargoes)"
NONE = f"""
    China     | 2025-12-31 | China (PRC) holds no {D5}
    Hong Kong | 2025-12-31 | Hong Kong is treated as China (PRC), which holds no {D5}
    Germany   | 2025-12-31 | Germany holds no Country allocation: it is on the list Destinations
    Cambodia  | 2026-02-02 | Cambodia holds no {D5}
    Macau     | 2026-12-31 | Macau holds no Country allocation: it is on the list Macau
"""


@pytest.mark.parametrize("line", NONE.strip("\n").split("\n"))
def test_a_country_without_an_allocation_is_told_why(folder, tpp, line):
    place, day, said = (cell.strip() for cell in line.split("|"))
    for command in (["status", place], ["report", "statement", place]):
        done = tpp(*command, "--as-of", day)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith(f"tpp: {said}")


def test_a_place_that_follows_another_is_shown_with_that(folder, tpp):
    lines = tpp("status Liechtenstein").stdout.splitlines()
    assert lines[:2] == ["Liechtenstein is treated as Switzerland.", ""]
    assert lines[2] == "Switzerland (CH)"
    assert "treated as" not in tpp("status Switzerland").stdout
    assert "treated as" not in tpp("status CH").stdout


@pytest.mark.parametrize("command", ["status", "report remaining", "report statement"])
@pytest.mark.parametrize("word", ["", " "])
def test_nobody_is_no_holder(folder, tpp, command, word):
    """As of a variable that a script forgot: every holder would be shown as the one."""
    done = tpp(*command.split(), word)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "'[HOLDER]': is empty; leave it out to ask of all" in done.stderr


def test_the_shares_of_a_universal_veu(folder, tpp):
    """It has no budget of its own: how its shares stand is told, and in all by state."""
    declared = "record declarations effective_on=2025-05-01 party=Cloud"
    tpp(f"{declared} document=U kind=official_status status=UVEU")
    tpp(f"{declared} document=B kind=installed_base tpp=100000")
    sent = SENT.format("UVEU", "CLOUD")
    tpp(f"ship --document S1 --destination India {sent}")
    said = tpp("status cloud --as-of 2025-06-30").stdout.splitlines()
    assert said[0] == "Shares of CLOUD"
    assert [line.split() for line in said[1:4]] == [
        ["share", "country", "part", "of", "%", "allowed", "%", "state"],
        ["uveu_country", "IN", "31,664", "131,664", "24.04", "7.00", "over"],
        ["uveu_outside", "31,664", "131,664", "24.04", "25.00", "within"],
    ]
    assert "No budget" not in tpp("status cloud --as-of 2025-06-30").stdout
    every = tpp("status --as-of 2025-06-30").stdout
    assert "\nShares\n  uveu_country: 1 over\n  uveu_outside: 1 within\n" in every
    assert "No budget of cloud was known then" in tpp("status cloud --known-at seq:1").stdout
