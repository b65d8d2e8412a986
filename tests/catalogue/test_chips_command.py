"""`tpp chips`: what a person, a script and a spreadsheet get."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner, Result

from ledger.cli.chips import chips


def _run(*args: str) -> Result:
    return CliRunner().invoke(chips, list(args), prog_name="tpp chips")


def test_show_names_every_figure_the_tpp_is_computed_from():
    done = _run("show", "MI300X")
    assert done.exit_code == 0
    for said in (
        "amd-mi300x",
        "20919.2",
        "3A090.a",
        "fp8: 2614.9 TOPS x 8 bits = 20919.2",
        "fp16: 1307.4 TOPS x 16 bits = 20918.4",
        "tf32: 653.7 TOPS x 19 bits = 12420.3",
        "20.5695",
        "1017",
        "5300",
        "AMD Instinct MI300X data sheet, 2023-12",
    ):
        assert said in done.stdout
    assert done.stderr == ""


def test_show_of_a_system_lists_its_components():
    done = _run("show", "gb200 nvl72")
    assert "72 x NVIDIA GB200 (one GPU): 40000 each, 3A090.a" in done.stdout
    assert "4A090.a" in done.stdout
    assert "2880000" in done.stdout


def test_json_carries_tpp_as_text_and_no_float():
    def never(text: str) -> float:
        raise AssertionError(f"a float in the output: {text}")

    card = json.loads(_run("show", "L4", "--format", "json").stdout, parse_float=never)
    assert card["tpp"] == "1940"
    assert card["figures"][0] == {"format": "fp8", "bits": 8, "tops": "242.5", "tpp": "1940"}
    assert card["performance_density"] == "6.5874"
    assert card["sources"][0]["reviewed"] >= "2026"


def test_a_density_is_cut_off_and_never_rounded_up_to_a_limit():
    card = json.loads(_run("show", "A30", "--format", "json").stdout)
    assert card["performance_density"] == "3.2009"  # 3.20096...


def test_csv_is_one_fact_a_line():
    rows = list(csv.reader(_run("show", "H20", "--format", "csv").stdout.splitlines()))
    assert rows[0] == ["field", "value"]
    assert ["tpp", "2368"] in rows
    assert ["paragraph", "none"] in rows


def test_an_unknown_name_exits_2_with_the_nearest_on_stderr():
    done = _run("show", "H1000 SXM")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert 'no chip or system is named "H1000 SXM"' in done.stderr
    assert "nearest: NVIDIA H100 SXM" in done.stderr


@pytest.mark.parametrize(("bits", "tpp"), [("19", "3610"), ("32", "6080")])
def test_tf32_bits(bits, tpp):
    rows = csv.reader(
        _run("show", "Trainium1", "--format", "csv", "--tf32-bits", bits).stdout.splitlines()
    )
    assert ["tpp", tpp] in list(rows)


def test_system_tpp():
    done = _run("show", "HGX H20 8-GPU", "--system-tpp", "a_only", "--format", "json")
    assert json.loads(done.stdout)["tpp"] == "0"


def test_search_lists_the_best_first_with_tpp_and_paragraph():
    lines = _run("search", "L40").stdout.splitlines()
    assert lines[0].split() == ["key", "name", "tpp", "paragraph"]
    assert lines[1].split() == ["nvidia-l40", "NVIDIA", "L40", "2896", "3A090.b"]
    assert lines[2].split()[0] == "nvidia-l40s"


def test_search_in_json_and_csv_and_with_a_limit():
    rows = json.loads(_run("search", "mi300", "--format", "json", "--limit", "2").stdout)
    assert [row["key"] for row in rows] == ["amd-mi300a", "amd-mi300x"]
    lines = _run("search", "mi300", "--format", "csv", "--limit", "2").stdout.splitlines()
    assert lines[0] == "key,name,tpp,paragraph"
    assert lines[2] == "amd-mi300x,AMD Instinct MI300X,20919.2,3A090.a"


def test_a_search_that_finds_nothing_says_so_and_is_no_error():
    done = _run("search", "qqqq")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "qqqq" in done.stderr


def test_a_search_of_no_rows_is_wrong_use():
    """It said that nothing has the name."""
    assert _run("search", "H100", "--limit", "0").exit_code == 2
