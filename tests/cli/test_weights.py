"""`tpp weights` and `tpp conditions`, as a person types them."""

from __future__ import annotations

import csv
import io
import json

WEIGHTS = (
    'weights --document W-1 --transferred-on 2026-03-02 --exporter Lab --ultimate-consignee "Store"'
    " --consignee-hq Germany --destination India --model M1 --operations "
)
MET = (
    "record declarations document=C-{n} kind=condition effective_on=2026-01-10 party=Store"
    " facility=Hall1 condition={key} status={status} reference=report{n}"
)


def test_a_transfer_is_ruled_and_recorded(folder, tpp):
    done = tpp(WEIGHTS + "1.2e26 --authorization AIA --facility-secured yes")
    assert (done.exit_code, done.stdout) == (0, "recorded, seq 2\n")
    assert "1. controlled under 4E091: a licence is required" in done.stderr
    assert "(1.2e26 against 1e26)" in done.stderr
    assert "15 CFR 740.27(a)(3)" in done.stderr


def test_one_without_what_it_needs_is_flagged(folder, tpp):
    done = tpp(WEIGHTS + "1.2e26 --authorization none")
    assert (done.exit_code, done.stdout) == (5, "recorded, seq 2\n")
    assert "[no_authorization]" in done.stderr


def test_a_dry_run_says_it_and_records_nothing(folder, tpp):
    done = tpp(WEIGHTS + "1.2e26 --authorization none --dry-run")
    assert (done.exit_code, done.stdout) == (0, "would be flagged: no_authorization\n")
    assert tpp(WEIGHTS + "9e25 --dry-run").stdout == "would pass\n"
    assert "weights_transfer" not in tpp("movements --format csv").stdout


def test_what_was_typed_wrong_is_said_as_an_option(folder, tpp):
    done = tpp(WEIGHTS + "1.2.3 --published perhaps")
    assert done.exit_code == 2
    assert 'tpp weights, --operations "1.2.3": must be a whole number' in done.stderr
    assert 'tpp weights, --published "perhaps": must be yes or no' in done.stderr


def test_conditions_by_party_and_facility(folder, tpp):
    tpp(MET.format(n=1, key="14", status="met"))
    tpp(MET.format(n=2, key="15", status="breached"))
    lines = list(csv.DictReader(io.StringIO(tpp("conditions Store --format csv").stdout)))
    states = {one["condition"]: (one["state"], one["evidence"]) for one in lines}
    assert states["14"] == ("met", "report1")
    assert states["15"] == ("breached", "report2")
    assert states["18"] == ("open", "")
    only = json.loads(tpp("conditions --state breached --format json").stdout)
    assert [(one["party"], one["facility"], one["condition"]) for one in only] == [
        ("Store", "Hall1", "15")
    ]
    assert "Store, Hall1" in tpp("conditions --format table").stdout


def test_a_condition_that_is_none(folder, tpp):
    done = tpp(MET.format(n=1, key="14.z", status="mett"))
    assert done.exit_code == 2
    assert 'condition "14.z": the regime has no such condition (nearest: 14' in done.stderr
    assert 'status "mett": must be open, met or breached (nearest: met)' in done.stderr
    done = tpp("conditions --authorization NVUE")
    assert done.exit_code == 2
    assert "(nearest: NVEU)" in done.stderr
    assert tpp("conditions --on yesterday").exit_code == 2
