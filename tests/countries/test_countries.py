"""A country is found by the names in use; a territory takes its sovereign's place, or stops."""

from __future__ import annotations

from datetime import date

import pytest

from ledger import countries
from ledger.countries.reader import countries_from_text, read_countries
from ledger.countries.types import normal
from schemas.problems import Unusable

FOUND = """
    United States of America                              US
    United States                                         US
    USA                                                   US
    U.S.                                                  US
    United Kingdom of Great Britain and Northern Ireland  GB
    UK                                                    GB
    South Korea                                           KR
    Korea, South                                          KR
    Korea (Republic of)                                   KR
    Republic of Korea                                     KR
    KOR                                                   KR
    North Korea                                           KP
    Burma                                                 MM
    Myanmar                                               MM
    China (PRC)                                           CN
    Hong Kong                                             HK
    Macau                                                 MO
    Macao                                                 MO
    UAE                                                   AE
    Russia                                                RU
    Russian Federation                                    RU
    Türkiye                                               TR
    Turkiye                                               TR
    TURKEY                                                TR
    Ivory Coast                                           CI
    Côte d'Ivoire                                         CI
    Congo (Democratic Republic of)                        CD
    Congo (Democratic Republic of the)                    CD
    Congo, Democratic Republic of the Congo               CD
    Congo (Republic of the)                               CG
    Swaziland                                             SZ
    Eswatini                                              SZ
    Holy See                                              VA
    Vatican City                                          VA
    Czech Republic                                        CZ
    Czechia                                               CZ
    Viet Nam                                              VN
    Philippines (the)                                     PH
    The Bahamas                                           BS
    Gambia, The                                           GM
    Bosnia & Herzegovina                                  BA
    St. Lucia                                             LC
    Sao Tome & Principe                                   ST
    Curaçao                                               CW
    Taiwan                                                TW
    Taiwan, Province of China                             TW
    Kosovo                                                XK
    XK                                                    XK
    West Bank                                             PS
    Gaza Strip administered by Israel                     PS
    Crimea                                                UA-43
    UA-43                                                 UA-43
    Namibia                                               NA
    NA                                                    NA
    NAM                                                   NA
"""


@pytest.mark.parametrize("line", FOUND.strip("\n").split("\n"))
def test_found(line):
    text, code = line.strip().rsplit(maxsplit=1)
    assert countries.find(text) == code


def test_found_with_blanks_around_and_in_any_case():
    assert countries.find("  fRANCE ") == "FR"


def test_a_typographic_apostrophe_is_one():
    assert countries.find("Cote d\u2019Ivoire") == "CI"


@pytest.mark.parametrize(
    "text", ["", " ", "na", "n/a", "N/A", "none", "null", "-", "de", "ZZ", "XX", "Atlantis", "the"]
)
def test_never_a_guess(text):
    assert countries.find(text) is None


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("Germny", ["Germany"]),
        ("Vietnm", ["Vietnam"]),
        ("Untied Kingdom", ["United Kingdom"]),
        ("Congo", ["Congo (Democratic Republic of the)", "Congo (Republic of the)"]),
        ("Korea", ["Korea, South", "Korea, North"]),
        ("Republic of China", ["Taiwan", "China (PRC)"]),
        ("na", []),
    ],
)
def test_a_miss_comes_with_the_nearest_or_with_all_it_could_mean(text, nearest):
    assert countries.find(text) is None
    assert list(countries.nearest(text))[: len(nearest) or 1] == nearest


def test_every_destination_is_found_by_its_own_name_and_code():
    for code in countries.destinations():
        assert countries.find(countries.name(code)) == code
        assert countries.find(code) == code
        assert countries.treated_as(code) == code


def test_what_is_no_code_has_no_name():
    with pytest.raises(KeyError):
        countries.name("ZZ")


FOLLOWS = {
    "CN": "HK",
    "CH": "LI",
    "GB": "KY AI BM GI MS PN SH TC VG GG IM JE",
    "US": "AS GU MP PR UM VI",
    "FR": "GF GP MQ RE YT BL MF NC PF PM TF WF",
    "NL": "BQ",
    "DK": "FO GL",
    "NO": "BV SJ",
    "AU": "CC CX HM NF",
    "NZ": "TK",
    "FI": "AX",
}


@pytest.mark.parametrize(("sovereign", "codes"), FOLLOWS.items())
def test_a_territory_takes_the_place_of_its_country(sovereign, codes):
    for code in codes.split():
        assert countries.treated_as(code) == sovereign
        assert code not in countries.destinations()


@pytest.mark.parametrize("code", ["AQ", "CK", "FK", "GS", "IO", "NU", "PS", "ZZ", ""])
def test_a_place_the_rule_names_nowhere_stops(code):
    assert countries.treated_as(code) is None


@pytest.mark.parametrize("code", ["UA-43", "UA-14", "UA-09"])
def test_occupied_regions_are_destinations_of_their_own_and_in_no_group(code):
    assert countries.treated_as(code) == code
    assert code not in countries.destinations()


def test_no_code_of_iso_is_left_out():
    placed = {code for codes in FOLLOWS.values() for code in codes.split()}
    stopped = {"AQ", "CK", "FK", "GS", "IO", "NU", "PS"}
    own = {"UA-43", "UA-14", "UA-09"}
    assert set(read_countries().names) == countries.destinations() | placed | stopped | own


@pytest.mark.parametrize("code", ["AW", "CW", "SX", "EH", "XK", "TW", "MO"])
def test_named_by_the_supplement_itself_though_no_state_to_everybody(code):
    assert countries.treated_as(code) == code


def test_hong_kong_follows_china_from_the_day_it_ceased_to_be_a_destination():
    assert countries.treated_as("HK", date(2020, 12, 22)) is None
    assert countries.treated_as("HK", date(2020, 12, 23)) == "CN"


TIER_1 = "AU BE CA DK FI FR DE IE IT JP NL NZ NO KR ES SE TW GB US"
D5 = "AF BY MM KH CF CN CD CU ER HT IR IQ KP LB LY NI RU SO SS SD SY VE ZW"


def test_everyone_else_is_157_names():
    named = countries.destinations()
    listed = set(TIER_1.split()) | set(D5.split()) | {"MO"}
    assert (len(TIER_1.split()), len(D5.split()), len(listed)) == (19, 23, 43)
    assert listed < named
    assert len(named - listed) == 157


def test_the_two_spellings_of_dr_congo_are_one_destination():
    spelled = ("Congo (Democratic Republic of)", "Congo (Democratic Republic of the)")
    assert {countries.find(name) for name in spelled} == {"CD"}


def test_saint_and_the_and_ampersand():
    assert normal("The St. Kitts & Nevis") == normal("Saint Kitts and Nevis")


TEXTS = read_countries().text


def test_the_text_reads_back_the_same():
    assert countries_from_text(TEXTS) == read_countries()


@pytest.mark.parametrize(
    ("file", "good", "bad", "reason"),
    [
        ("aliases.toml", '"Burma" = "MM"', '"Burma" = "MX"', "already means MM"),
        ("aliases.toml", '"Burma" = "MM"', '"Burma" = "QQ"', "no such code"),
        ("aliases.toml", "reviewed = ", "reviewd = ", "unknown key"),
        ("aliases.toml", "reviewed = ", "reviewd = ", "every list has its source"),
        ("aliases.toml", '["CD", "CG"]', '["CD", "QQ"]', "no such code"),
        ("attached.toml", 'to = "CN"', 'to = "HK"', "not a destination"),
        ("attached.toml", 'codes = ["LI"]', 'codes = ["CH"]', "placed already"),
        ("attached.toml", 'source = "hongkong"', 'source = "hong"', "no such source"),
        ("attached.toml", "from = 2020-12-23", 'from = "2020"', "must be a date"),
        ("attached.toml", 'status = "one', 'state = "one', "missing in a [[attached]]"),
        ("destinations.toml", "[names]", "[name]", "unknown key"),
        ("destinations.toml", "[names]", "[names", "not TOML"),
    ],
)
def test_a_fault_of_the_files_is_named(file, good, bad, reason):
    assert good in TEXTS[file]
    with pytest.raises(Unusable) as caught:
        countries_from_text({**TEXTS, file: TEXTS[file].replace(good, bad, 1)})
    assert any(p.file == file and reason in p.reason for p in caught.value.problems)
