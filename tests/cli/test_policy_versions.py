"""`tpp policy diff`, `replay` and `adopt` at the door."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cases.table import LAW

SHIP = (
    "ship --exporter Acme --ultimate-consignee Bharat --destination India --chip nvidia-h100-sxm"
    " --authorization LPP --quantity 1 --document S-1 --exported-on 2026-03-02"
    " --certificate-on 2026-03-01"
)


@pytest.fixture
def draft(folder: Path) -> Path:
    made = folder / "draft"
    shutil.copytree(LAW, made, ignore=shutil.ignore_patterns("__pycache__"))
    cap = made / "numbers/lpp_annual.toml"
    cap.write_text(cap.read_text().replace("26_900_000", "30_000_000"))
    return made


def test_what_differs_in_words_and_as_rows(draft: Path, tpp):
    told = tpp("policy diff ai_diffusion draft --on 2026-06-01")
    assert told.exit_code == 0, told.stderr
    assert told.stdout.splitlines()[:2] == [
        "number lpp_annual",
        "  value: 26,900,000 -> 30,000,000",
    ]
    assert "3 differences" in told.stderr
    found = json.loads(tpp("policy diff adopted draft --format json").stdout)
    assert {row["key"] for row in found} == {"lpp_annual", "lpp"}
    assert tpp("policy diff adopted draft --format csv").stdout.startswith("kind,key,fact,before")
    assert "no difference" in tpp("policy diff adopted ai_diffusion").stderr


def test_no_ledger_is_needed_to_compare(empty: Path, tpp):
    told = tpp("policy diff ai_diffusion china_case_by_case")
    assert told.exit_code == 0, told.stderr
    assert "number country_cap: gone: " in told.stdout
    assert not (empty / "tpp-ledger.db").exists()


def test_replay_then_adopt(draft: Path, tpp):
    assert tpp(SHIP).exit_code == 0
    told = tpp("policy replay adopted draft")
    assert told.exit_code == 0, told.stderr
    assert "1 movements in 1 cases ruled twice; 0 come out otherwise" in told.stderr
    assert "lpp     Bharat  2026" in told.stdout
    other = tpp("policy replay adopted adopted --option lpp_year=exported --first 1")
    assert "seq 2 export S-1 of 2026-03-02: draws: hold_until_received lpp" in other.stdout
    flat = tpp("policy replay adopted draft --format csv").stdout.splitlines()
    assert flat[0] == "part,name,what,before,after,movements"
    whole = json.loads(tpp("policy replay adopted draft --format json").stdout)
    assert (whole["movements"], whole["totals"][0]["limit_after_tpp"]) == (1, "30000000")
    done = tpp("policy", "adopt", "draft", "--note", "as amended", "--option", "lpp_year=exported")
    assert done.stdout.startswith("adopted ai_diffusion version ")
    assert "lpp_year = exported: " in done.stderr
    assert "1 open budgets of lpp 2026 keep their limit of 26,900,000 TPP" in done.stderr
    assert "no difference" in tpp("policy diff adopted draft --option lpp_year=exported").stderr
    assert tpp("check").exit_code == 0


def test_typos_and_what_cannot_be(draft: Path, tpp):
    for words, said in (
        ("policy diff ai_difusion draft", "nearest: ai_diffusion"),
        ("policy diff ai_diffusion draft --option lpp_yaer=exported", "no such option"),
        ("policy replay adopted 123456abcdef", "no such regime, and no such folder"),
        ("policy adopt adopted", "is what the ledger has adopted already"),
        (
            "policy adopt china_case_by_case",
            "this ledger goes by ai_diffusion, and by no china_case_by_case",
        ),
        ("policy adopt draft --option lpp_year", "write KEY=VALUE"),
    ):
        told = tpp(words)
        assert (told.exit_code, said in told.stderr) == (2, True), (words, told.stderr)
