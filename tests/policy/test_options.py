"""Every open reading of the rule, its default, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.policy.options import choose
from ledger.policy.reader import read_regime
from schemas.problems import Unusable

RULE = read_regime("ai_diffusion")

DEFAULTS = """
1  cap_basis                    licensed
2  tally_country                destination
3  review_overlap               ordered
4  queue                        issue_date
5  straddle                     deny_whole
6  unused_licence_lapse         none
6  unused_licence_surrender     none
6  unused_licence_revocation    none
7  return_or_loss_credit        none
8  reexport_country_effect      b_debited
9  in_country_transfer          no_second_debit
10 lpp_d1_d4                    barred
11 lpp_year                     received
12 lpp_5a002z                   eligible
13 notice_3_2m                  at_or_above
14 lpp_after_acquisition        stays
15 nveu_account                 owner
16 nveu_base                    all_items
16 nveu_base_event              received
17 nveu_conversion              no_credit
18 uveu_measure_day             every_movement
18 uveu_us_measure_day          reporting_dates
19 uveu_numerator               stock
20 exceptions_count_aia         no
20 exceptions_count_lpp         no
20 exceptions_count_acm         no
20 exceptions_count_nac         no
20 exceptions_count_aca         no
20 exceptions_count_uveu        no
20 exceptions_count_tmp         no
20 exceptions_count_rpl         no
20 exceptions_count_gov         no
21 aia_certificate              at_threshold
21 aia_certificate_scope        all_suppliers
22 licences_before_compliance   counted
22 licences_before_2025         memo
23 d5_source                    ear
23 group_change_entering        full_limit
23 group_change_joining_d5      closed_by_act
24 system_tpp                   every_ic
24 tf32_bits                    19
25 enforcement_view             codified
25 parent_rule                  declared
25 parent_stated                stricter
"""
ROWS = [row.split() for row in DEFAULTS.strip().splitlines()]


@pytest.mark.parametrize(("number", "key", "default"), ROWS)
def test_default(number, key, default):
    option = RULE.options[key]
    assert (str(option.number), option.default) == (number, default)


def test_all_25_are_there_and_no_other():
    assert {option.number for option in RULE.options.values()} == set(range(1, 26))
    assert list(RULE.options) == [key for _, key, _ in ROWS]


def test_every_reading_has_a_sentence_and_a_reason():
    for option in RULE.options.values():
        assert option.reason
        assert all(said for _, said in option.values)


def test_choosing_nothing_gives_every_default():
    assert RULE.choose({}) == {key: default for _, key, default in ROWS}


def test_what_is_set_is_taken():
    chosen = RULE.choose({"lpp_year": "both", "tf32_bits": "32"})
    assert (chosen["lpp_year"], chosen["tf32_bits"], chosen["lpp_d1_d4"]) == (
        "both",
        "32",
        "barred",
    )


REFUSED = """
lpp_yaer   received  the regime has no such option (nearest: lpp_year
lpp_year   recieved  the option has no such value (nearest: received
"""


@pytest.mark.parametrize("row", REFUSED.strip().splitlines())
def test_refused(row):
    key, value, said = row.split(maxsplit=2)
    with pytest.raises(Unusable) as raised:
        RULE.choose({key: value})
    assert said in str(raised.value)


def test_a_reading_that_is_not_acted_on_is_refused():
    option = replace(RULE.options["cap_basis"], obeyed=("licensed",))
    with pytest.raises(Unusable) as raised:
        choose({"cap_basis": option}, {"cap_basis": "shipped"})
    said = 'a reading this version does not act on; it acts on "licensed"'
    assert said in str(raised.value)


def test_every_problem_is_named_at_once():
    with pytest.raises(Unusable) as raised:
        RULE.choose({"a": "b", "cap_basis": "shippd", "lpp_year": "c"})
    assert len(raised.value.problems) == 3


SPELLINGS = """
licence        licence
License        licence
BIS_license    licence
C30            licence
lpp            LPP
License Exception LPP   LPP
low processing performance  LPP
Aia            AIA
C33            NLR
C68            ACA
national VEU   NVEU
none           none
Unauthorized   none
STA            -
"""


@pytest.mark.parametrize("row", SPELLINGS.strip().splitlines())
def test_authorization_spelling(row):
    text, _, code = row.rstrip().rpartition(" ")
    assert (RULE.authorization(text.strip()) or "-") == code


def test_an_empty_authorization_is_unstated():
    assert RULE.authorization("  ") == "unstated"


def test_the_nearest_authorization_is_named():
    assert RULE.nearest_authorization("licens")[0] == "licence"
    assert RULE.nearest_authorization("zzzzzz") == ()
