"""15 CFR 742.6(b)(10)(iii)(A)(1): a licensed consignee comes to belong to a parent of Group D:5.

Nothing held is changed. The declaration names the open licences and what they hold, and the report
`licences` marks their lines from that day on, until a later declaration says otherwise.
"""

from __future__ import annotations

import pytest

from ledger.service.ledger import Ledger, new_ledger
from tests.cases.table import play, stands
from tests.cases.test_742_6_joining_group_d5 import kenya_joins, said_of
from tests.service.books import rows

DOUBT = "parent_in_doubt"
# 15,832 TPP a unit. L3 names the company as a parent, L5 is of after it was bought.
LICENSED = """
act     | no | day        | to    | consignee | ultimate_parent | units | says
licence | L1 | 2025-06-01 | Kenya | C         |                 | 100   |
licence | L2 | 2025-06-02 | Kenya | Other     |                 | 10    |
licence | L3 | 2025-06-03 | Ghana | Branch    | C               | 20    |
"""
DRAWN = """
act     | no | day        | to    | consignee | ultimate_parent | units | by      | under | says
ship    | S1 | 2025-07-01 | Kenya | C         |                 | 30    | licence | L1    |
licence | L4 | 2025-07-01 | Kenya | C         |                 | 5     |         |       |
ship    | S4 | 2025-07-02 | Kenya | C         |                 | 5     | licence | L4    |
"""
BOUGHT = """
act       | no | day        | party | other_party | country   | says
ownership | N1 | 2025-09-01 | c     | Holding     | {country} | {says}
"""


def licensed(ledger: Ledger) -> None:
    """Licences with different rests; L4 is used up."""
    play(ledger, LICENSED)
    play(ledger, DRAWN)


def told(ledger: Ledger) -> list[str]:
    """What the findings on new parents say, in the order of their declarations."""
    found = [f for f in rows(ledger.url, "finding") if f["code"] == DOUBT]
    return [f"{f['asked_mtpp']}: {f['detail']}" for f in sorted(found, key=lambda f: f["seq"])]


def marked(ledger: Ledger, as_of: str, **asked: str) -> str:
    """The licence lines in doubt on a day, with the day since when."""
    lines = said_of(ledger, "licences", as_of=as_of, **asked)
    since = ((line["licence"], line["parent_in_doubt_on"]) for line in lines)
    return ", ".join(f"{licence} {day}" for licence, day in since if day)


@pytest.mark.parametrize("country", ["China", "Macau", "Hong Kong", "Iran"])
def test_the_declaration_names_the_licences_and_what_they_hold(ledger, country):
    licensed(ledger)
    before = rows(ledger.url, "licence_line"), rows(ledger.url, "balance")
    play(ledger, BOUGHT.format(country=country, says=DOUBT))
    (said,) = told(ledger)
    assert said == (
        f"1424880000: c belongs to Holding ({seat(country)}): "
        "L1 line 1 holds 1,108,240 TPP, L3 line 1 holds 316,640 TPP"
    )
    assert (rows(ledger.url, "licence_line"), rows(ledger.url, "balance")) == before
    assert marked(ledger, "2025-08-31") == ""
    assert marked(ledger, "2025-09-01") == "L1 2025-09-01, L3 2025-09-01"
    assert marked(ledger, "2025-09-01", known_seq="7") == ""


def seat(country: str) -> str:
    """Hong Kong is treated as China (15 CFR 738.3(b))."""
    return {"Hong Kong": "China", "Macau": "Macau"}.get(country, country)


@pytest.mark.parametrize("country", ["Poland", "Kenya", ""])
def test_another_parent_or_one_of_unknown_headquarters_leaves_no_doubt(ledger, country):
    licensed(ledger)
    play(ledger, BOUGHT.format(country=country, says=""))
    assert told(ledger) == []
    assert marked(ledger, "2025-09-01") == ""


def test_who_keeps_its_own_parent_is_as_it_was_licensed(ledger):
    """A part of it is sold to another; where its own headquarters are was known before."""
    play(
        ledger,
        """
        act     | no | day        | to    | consignee | hq    | says
        licence | L1 | 2025-06-01 | Kenya | C         | China |
        """,
    )
    play(
        ledger,
        """
        act       | no | day        | party | other_party | country | percent | says
        ownership | N1 | 2025-09-01 | C     | Holding     | China   | 40      |
        """,
    )
    assert told(ledger) == []


def test_headquarters_that_are_on_record(ledger):
    """As a licence says of it as a consignee or a parent; the latest of a day before counts."""
    play(
        ledger,
        """
        act     | no | day        | to     | consignee | hq     | ultimate_parent | parent_hq | says
        licence | P1 | 2025-06-01 | Kenya  | X         | Kenya  | Holding         | China     |
        licence | P2 | 2025-06-02 | France | Second    | China  |                 |           |
        """,
    )
    licensed(ledger)
    play(ledger, BOUGHT.format(country="", says=DOUBT))
    play(
        ledger,
        f"""
        act       | no | day        | party | other_party | country | says
        ownership | N0 | 2025-06-01 | Other | second      |         |
        ownership | N2 | 2025-10-01 | Other | second      |         | {DOUBT}
        ownership | N3 | 2025-10-02 | X     | Holding     | France  |
        ownership | N4 | 2025-10-03 | Other | Holding     |         |
        """,
    )
    assert marked(ledger, "2025-10-01") == "L1 2025-09-01, L2 2025-10-01, L3 2025-09-01"
    assert marked(ledger, "2025-10-02") == "L2 2025-10-01"
    assert marked(ledger, "2025-10-03") == ""


def test_a_later_declaration_clears_it_and_a_reversal_brings_it_back(ledger):
    licensed(ledger)
    play(ledger, BOUGHT.format(country="China", says=DOUBT))
    play(
        ledger,
        """
        act       | no | day        | party | other_party | country | says
        ownership | N2 | 2025-11-01 | C     | Seller      | France  |
        """,
    )
    both = "L1 2025-09-01, L3 2025-09-01"
    assert marked(ledger, "2025-10-31") == both
    assert marked(ledger, "2025-11-01") == ""
    ledger.reverse([9], "not sold")
    assert marked(ledger, "2025-11-01") == both
    ledger.reverse([8], "not bought")
    assert marked(ledger, "2025-11-01") == ""
    assert marked(ledger, "2025-11-01", known_seq="8") == both


def test_a_declaration_of_a_day_before_does_not_stand_behind_a_later_one(ledger):
    licensed(ledger)
    play(
        ledger,
        f"""
        act       | no | day        | party | other_party | country | until_on   | says
        ownership | N2 | 2025-11-01 | C     | Seller      | France  |            |
        ownership | N1 | 2025-09-01 | C     | Holding     | China   | 2025-10-15 | {DOUBT}
        """,
    )
    assert marked(ledger, "2025-10-15") == "L1 2025-09-01, L3 2025-09-01"
    assert marked(ledger, "2025-10-16") == ""
    assert marked(ledger, "2025-11-01") == ""


def test_through_an_owner_in_between_and_by_a_merger(ledger):
    """The ultimate parent counts; what has one of its own goes by that one."""
    licensed(ledger)
    play(
        ledger,
        f"""
        act          | no | day        | party   | other_party | country | percent | says
        ownership    | N1 | 2025-09-01 | C       | Holding     | France  |         |
        ownership    | N2 | 2025-09-02 | Holding | Mega        | China   | 40      |
        ownership    | N3 | 2025-09-03 | Holding | Mega        | China   | 100     | {DOUBT}
        party_merged | N4 | 2025-09-04 | Other   | Mega        |         |         | {DOUBT}
        ownership    | N5 | 2025-09-05 | Mega    | World       | France  |         |
        """,
    )
    assert told(ledger)[0].endswith(": L1 line 1 holds 1,108,240 TPP, L3 line 1 holds 316,640 TPP")
    assert marked(ledger, "2025-09-02") == ""
    assert marked(ledger, "2025-09-03") == "L1 2025-09-03, L3 2025-09-03"
    assert marked(ledger, "2025-09-04") == "L1 2025-09-03, L2 2025-09-04, L3 2025-09-03"
    assert marked(ledger, "2025-09-05") == ""


def test_licences_of_the_day_and_after_and_those_that_ended(ledger):
    """Who issues one afterwards knew; what is lapsed or used up holds nothing."""
    licensed(ledger)
    play(
        ledger,
        """
        act   | no | day        | under | says
        lapse | E3 | 2025-08-01 | L3    |
        """,
    )
    play(ledger, BOUGHT.format(country="China", says=DOUBT))
    play(
        ledger,
        """
        act     | no | day        | to    | consignee | units | says
        licence | L5 | 2025-09-01 | Kenya | C         | 1     |
        licence | L6 | 2025-08-31 | Kenya | C         | 1     |
        """,
    )
    assert told(ledger)[0].endswith("(China): L1 line 1 holds 1,108,240 TPP")
    assert marked(ledger, "2025-09-01") == "L1 2025-09-01, L6 2025-09-01"
    before = BOUGHT.replace("09-01", "08-31").replace("N1", "N2")
    play(ledger, before.format(country="China", says=DOUBT))
    assert told(ledger)[1].endswith("(China): L1 line 1 holds 1,108,240 TPP")


def test_none_that_is_open(ledger):
    play(ledger, BOUGHT.format(country="China", says=DOUBT))
    assert told(ledger) == ["0: c belongs to Holding (China): no open licence names it"]
    stands(ledger, "")


# Judged anew by the report, as of its day: nothing is posted by reading


def test_the_country_of_a_parent_joins_group_d5_later_and_leaves(ledger_url, tmp_path):
    """Licences of before are in doubt from the day it joins, until it leaves."""
    law = kenya_joins(tmp_path)
    with new_ledger(ledger_url, regime=law) as ledger:
        play(ledger, LICENSED.replace("Kenya", "India"))
        play(ledger, BOUGHT.format(country="Kenya", says=""))
        play(
            ledger,
            """
            act     | no | day        | to    | consignee | says
            licence | L4 | 2026-02-28 | India | C         |
            licence | L5 | 2026-03-01 | India | C         |
            """,
        )
        before = rows(ledger.url, "movement")
        assert marked(ledger, "2026-02-28") == ""
        since = ("L1 2026-03-01", "L3 2026-03-01", "L4 2026-03-01")
        overdue = "2026-03-01"
        assert marked(ledger, overdue) == ", ".join(since)
        assert marked(ledger, "2026-08-31") == ", ".join(since)
        assert marked(ledger, "2026-09-01") == ""
        assert rows(ledger.url, "movement") == before
        assert told(ledger) == []


def test_what_another_declaration_rested_on_is_taken_back(ledger):
    """The parent's own parent, and where it is headquartered, said and taken back later."""
    licensed(ledger)
    play(
        ledger,
        f"""
        act       | no | day        | party   | other_party | country | says
        ownership | N1 | 2025-09-01 | C       | Holding     |         |
        ownership | N2 | 2025-09-02 | Holding | Mega        | France  |
        ownership | N3 | 2025-09-03 | Mega    | World       | China   | {DOUBT}
        ownership | N4 | 2025-09-04 | Other   | Mega        | China   | {DOUBT}
        """,
    )
    assert marked(ledger, "2025-09-02") == ""
    assert marked(ledger, "2025-09-03") == "L1 2025-09-03, L3 2025-09-03"
    assert marked(ledger, "2025-09-04") == "L1 2025-09-03, L2 2025-09-04, L3 2025-09-03"
    ledger.reverse([10], "not sold to World")
    assert marked(ledger, "2025-09-03") == ""
    assert marked(ledger, "2025-09-04") == "L1 2025-09-04, L2 2025-09-04, L3 2025-09-04"
    ledger.reverse([9], "not sold to Mega")
    assert marked(ledger, "2025-09-04") == "L2 2025-09-04"
    assert marked(ledger, "2025-09-04", known_seq="11") == (
        "L1 2025-09-03, L2 2025-09-04, L3 2025-09-03"
    )


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("declared", "L2 2025-09-02"),
        ("majority", "L1 2025-09-01, L2 2025-09-02, L3 2025-09-01"),
        ("each_joint_venturer", "L1 2025-09-01, L2 2025-09-02, L3 2025-09-01"),
    ],
)
def test_who_is_the_ultimate_parent_is_read_as_the_option_says(opened, rule, says):
    ledger = opened(parent_rule=rule)
    licensed(ledger)
    for line in (
        ("N1", "2025-09-01", "C", "East", "China", "60"),
        ("N2", "2025-09-01", "C", "West", "France", "40"),
        ("N3", "2025-09-02", "Other", "East", "", "100"),
    ):
        number, day, party, other, country, percent = line
        said = {"document": number, "kind": "ownership", "effective_on": day, "party": party}
        said |= {"other_party": other, "country": country, "percent": percent}
        ledger.record("declarations", said)
    assert marked(ledger, "2025-09-02") == says
