"""One movement typed by hand, as a person types it and reads what became of it."""

from __future__ import annotations

from tests.cli.conftest import APPLY, ISSUE, SHIP


def test_an_application_that_fits_is_pending(folder, tpp):
    done = tpp(APPLY + "512")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "recorded, seq 2\n", "")


def test_an_application_that_exceeds_is_refused_with_the_figures(folder, tpp):
    done = tpp(APPLY + "50000")
    assert done.exit_code == 3
    assert done.stdout == "refused; the refusal is recorded as seq 2\n"
    reason, place = done.stderr.splitlines()
    assert reason == (
        "refused: more than remains of the budget: limit 790,000,000 TPP, taken 0 TPP,"
        " asked 791,600,000 TPP, short by 1,600,000 TPP [over_limit]"
    )
    assert place.startswith("  seq 2, A-17; India 2025-2027 (country_allocation); 15 CFR 742.6(b)")


def test_asking_again_answers_already_refused_and_a_retry_weighs_anew(folder, tpp):
    tpp(APPLY + "50000")
    again = tpp(APPLY + "50000")
    assert (again.exit_code, again.stdout) == (3, "already refused, seq 2\n")
    assert "nothing was recorded; --retry weighs it anew" in again.stderr
    retried = tpp(APPLY + "50000 --retry")
    assert (retried.exit_code, retried.stdout) == (
        3,
        "refused; the refusal is recorded as seq 3\n",
    )


def test_a_fact_that_exceeds_is_recorded_and_flagged(folder, tpp):
    done = tpp(ISSUE + "50000")
    assert (done.exit_code, done.stdout) == (5, "recorded, seq 2\n")
    assert done.stderr.startswith("breach: more than remains of the budget: limit 790,000,000 TPP")


def test_units_and_values_are_not_said_in_tpp(folder, tpp):
    tpp(ISSUE + "10 --unit-value-usd 30000")
    done = tpp(SHIP + "11 --unit-value-usd 40000.50")
    assert done.exit_code == 5
    assert "licensed 10, used 0, asked 11, over by 1 [licence_quantity_overdrawn]" in done.stderr
    assert (
        "licensed 158,320 TPP, used 0 TPP, asked 174,152 TPP, over by 15,832 TPP"
        " [licence_tpp_overdrawn]" in done.stderr
    )
    assert "asked $440,005.50" in done.stderr
    assert "; 15 CFR 750.11" in done.stderr


def test_a_shipment_that_arrived_is_two_movements(folder, tpp):
    tpp(ISSUE + "10")
    assert tpp(SHIP + "10 --received-on 2026-04-10").stdout == "recorded, seq 3-4\n"


def test_typing_it_twice_records_it_once(folder, tpp):
    tpp(ISSUE + "10")
    again = tpp(ISSUE + "10")
    assert (again.exit_code, again.stdout, again.stderr) == (0, "already recorded, seq 2\n", "")


def test_the_same_number_with_other_content_names_the_option(folder, tpp):
    tpp(ISSUE + "10")
    again = tpp(ISSUE + "11")
    assert (again.exit_code, again.stdout) == (2, "")
    assert again.stderr.splitlines() == [
        'tpp licence issue, --quantity "11": D1 line 1 of Acme is on record as seq 2 with other'
        ' content; there it is "10"',
        "nothing was recorded",
    ]


def test_every_problem_is_told_with_its_option(folder, tpp):
    done = tpp("ship --chip H1000 --quantity 8.5 --authorization licenze --document S-1")
    assert done.exit_code == 2
    lines = done.stderr.splitlines()
    assert "tpp ship, --exporter: is empty" in lines
    assert 'tpp ship, --quantity "8.5": is not a whole number' in lines
    assert any(
        one.startswith('tpp ship, --authorization "licenze"') and "nearest: licence" in one
        for one in lines
    )
    assert any(one.startswith('tpp ship, --chip "H1000"') and "nearest: " in one for one in lines)
    assert lines[-1] == "nothing was recorded"


def test_what_has_no_heading_is_kept_with_field(folder, tpp):
    assert tpp(ISSUE + "10 --field desk=4").exit_code == 0
    assert "desk                4" in tpp("explain 2").stdout
    wrong = tpp(ISSUE + "10 --field desk")
    assert (wrong.exit_code, wrong.stderr) == (2, 'tpp: "desk": write NAME=VALUE\n')


def test_record_takes_any_kind(folder, tpp):
    words = "record adjustments document=U1 kind=uplift effective_on=2026-05-01 percent=100"
    assert tpp(*words.split(), "holder=India", "reference=MOU-7").stdout == "recorded, seq 2\n"
    assert "adjustments         790,000,000 TPP" in tpp("status India").stdout


def test_record_refuses_a_heading_that_is_none(folder, tpp):
    done = tpp("record receipts document=R1 recieved_on=2026-05-01")
    assert done.exit_code == 2
    assert 'receipts have no heading "recieved_on"' in done.stderr
    assert "nearest: received_on" in done.stderr


def test_a_return_points_at_its_shipment(folder, tpp):
    tpp(ISSUE + "10")
    tpp(SHIP + "10")
    back = "return --document R-3 --returned-on 2026-05-10 --exporter Acme --shipment S-1"
    assert tpp(back + " --quantity 4").stdout == "recorded, seq 4\n"
    shown = tpp("explain 4").stdout
    assert "Points at seq 3: export S-1 line 1" in shown
    assert "return_or_loss_credit = none" in shown


def test_an_interruption_after_the_commit_does_not_deny_it(folder, tpp, monkeypatch):
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ledger.cli.outcomes.tell_one", stopped)
    done = tpp(ISSUE + "10")
    assert (done.exit_code, done.stderr) == (
        130,
        "interrupted, but submission 2 was recorded meanwhile: see `tpp status`\n",
    )
