"""Every reading the ledger acts on is shown by a test, and here is which.

The table names files below `tests`, in each its tests, and under each test the options with the
values that it shows. A value the ledger acts on that no line names fails, and so does a test that
is gone.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from ledger.policy.reader import read_regime

TESTS = Path(__file__).parents[1]
RULE = read_regime("ai_diffusion")

SHOWN = """
cases/test_country_allocation.py
  test_a_licence_draws_when_issued_and_its_shipments_do_not_draw_again
    cap_basis licensed
  test_the_limit_itself_is_within
    queue issue_date
  test_whole_units_under_the_limit
    straddle deny_whole
  test_gov_counts_where_the_option_says_so
    exceptions_count_gov no yes
  test_licences_of_2025_before_the_compliance_date
    licences_before_compliance counted not_counted
  test_cambodia_comes_under_the_allocation
    group_change_entering full_limit from_entry
cases/test_742_6_joining_group_d5.py
  test_licences_in_hand
    group_change_joining_d5 closed_by_act closed_at_once
cases/test_742_6_declared_parents.py
  test_each_reading_of_whose_word_counts
    parent_stated stricter row declared
cases/test_742_6_readings.py
  test_the_country_counted_against_is_the_options
    tally_country destination hq ultimate_parent both
  test_a_reexport_debits_where_it_goes_and_leaves_the_first_country_as_it_was
    reexport_country_effect b_debited
  test_a_reexport_credits_the_country_it_leaves_and_never_below_nothing
    reexport_country_effect a_credited
  test_a_transfer_of_units_that_count_already
    in_country_transfer no_second_debit debit_again
  test_an_old_licence_is_noted_and_draws_nothing
    licences_before_2025 memo
  test_the_undrawn_rest_of_an_old_licence_counts_from_2025_on
    licences_before_2025 undrawn_rest
  test_an_old_licence_draws_as_it_ships
    licences_before_2025 as_shipped
rules/test_judge.py
  test_the_overlap_option_moves_the_review_and_never_the_tally
    review_overlap ordered supp5a_first
  test_exceptions_may_be_counted
    exceptions_count_aia no yes
    exceptions_count_lpp no yes
    exceptions_count_acm no yes
    exceptions_count_nac no yes
    exceptions_count_aca no yes
    exceptions_count_uveu no yes
    exceptions_count_tmp no yes
    exceptions_count_rpl no yes
cases/test_750_8_revocation_and_suspension.py
  test_each_reading_of_an_unused_rest
    unused_licence_lapse none credit
    unused_licence_surrender none credit
    unused_licence_revocation none credit
cases/test_licences.py
  test_the_tally_does_not_fall_when_goods_come_back
    return_or_loss_credit none on_proven_return return_and_loss
cases/test_lpp.py
  test_groups_d1_and_d4_as_the_option_reads_it
    lpp_d1_d4 barred allowed
  test_across_the_new_year
    lpp_year received exported both
cases/test_740_29_acquisitions.py
  test_what_was_received_before_counts_on_the_new_parent_too
    lpp_after_acquisition stays follows
cases/test_740_29_readings.py
  test_items_in_5a002z
    lpp_5a002z eligible not_eligible
  test_the_ultimate_parent_is_who_the_option_says
    parent_rule declared majority each_joint_venturer
cases/test_740_27_certificate.py
  test_the_certificate_in_all_four_readings
    aia_certificate at_threshold always
    aia_certificate_scope all_suppliers own
cases/test_740_29_notices.py
  test_from_which_amount_the_notice_is_due
    notice_3_2m at_or_above exactly
cases/test_enforcement.py
  test_cambodia_leaves_group_d5_twice
    d5_source ear state
  test_what_is_not_enforced_is_noted_and_refuses_nothing
    enforcement_view codified as_enforced
catalogue/test_figures.py
  test_a_system_is_the_sum_of_its_chips_and_of_the_class_of_its_highest
    system_tpp every_ic
  test_a_only_counts_no_chip_that_is_not_3a090_a
    system_tpp a_only
  test_tf32_counts_with_the_bits_of_the_regime
    tf32_bits 19 32
cases/test_748_supp10_6_uveu.py
  test_what_stood_there_before_counts_as_stock_and_not_as_flow
    uveu_numerator stock flow
  test_measured_on_reporting_dates_where_the_option_says_so
    uveu_measure_day every_movement reporting_dates
cases/test_742_6_cap_basis.py
  test_what_draws_on_the_allocation
    cap_basis shipped received
cases/test_742_6_queue_and_straddle.py
  test_an_application_that_crosses_the_limit
    straddle grant_remaining
  test_requests_of_one_day_share_what_is_left
    queue pro_rata
  test_what_was_filed_first_comes_first
    queue application_date
cases/test_748_15_nveu.py
  test_whose_account_it_is
    nveu_account owner operator both
  test_all_of_a_company_s_items_in_the_country_are_in_its_base
    nveu_base all_items
  test_only_what_came_as_nveu_where_the_option_says_so
    nveu_base nveu_receipts
  test_it_counts_from_receipt
    nveu_base_event received
  test_it_counts_from_installation_where_the_option_says_so
    nveu_base_event installed
  test_chips_that_a_licence_brought
    nveu_conversion no_credit credit
"""

# Acted on by doing nothing else yet: the one value there is, with no test of its own. A line goes
# from here to the table as soon as another value is acted on.
UNSHOWN = """
uveu_us_measure_day       reporting_dates
"""


def table() -> dict[tuple[str, str], tuple[str, str]]:
    """The file and the test that show each option's value."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    file = test = ""
    for line in SHOWN.strip().splitlines():
        if not line.startswith(" "):
            file = line
        elif not line.startswith("    "):
            test = line.strip()
        else:
            key, *values = line.split()
            found |= {(key, value): (file, test) for value in values}
    return found


def unshown() -> set[tuple[str, str]]:
    """Options that act in one way only, as yet."""
    pairs = (line.split() for line in UNSHOWN.strip().splitlines())
    alone = {key for key, option in RULE.options.items() if len(option.obeyed) == 1}
    return {(key, value) for key, value in pairs if key in alone}


@cache
def named_in(file: str) -> frozenset[str]:
    """The tests of a file, without running it."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))


def test_every_value_that_is_acted_on_is_shown():
    acted_on = {(key, str(v)) for key, option in RULE.options.items() for v in option.obeyed}
    assert acted_on - set(table()) - unshown() == set()


def test_the_table_names_no_other():
    known = {(key, str(value)) for key, option in RULE.options.items() for value in option.names}
    assert set(table()) - known == set()


@pytest.mark.parametrize(("file", "name"), sorted(set(table().values())))
def test_the_test_is_there(file, name):
    assert name in named_in(file)
