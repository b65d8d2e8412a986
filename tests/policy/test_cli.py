"""`tpp policy`: what a person sees of the law, and a regime of their own from start to check."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from docs.policy_page import policy_page
from ledger.cli.policy import policy
from ledger.policy import cards
from ledger.policy.reader import builtin_regimes, read_regime
from tests.policy.test_reader import CITED

SINCE = "from = 2026-01-01\n"
STEPPING = f"""title = "Cap"
unit = "TPP"
{CITED}[[value]]
{SINCE}amount = 10
section = "1"
[[value]]
from = 2026-07-01
amount = 20
section = "1"
"""


def run(*words):
    result = CliRunner().invoke(policy, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_list_shows_every_key_with_its_value():
    result = run("list", "--on", "2026-05-01")
    lines = {line.split()[1]: line for line in result.stdout.splitlines()}
    assert "2,690,250,000" in lines["nveu_ceiling"]
    assert "22 countries" in lines["d5"]
    assert set(lines) >= {key for _, key in cards.keys(read_regime("ai_diffusion"))}


def test_list_as_json():
    rows = json.loads(run("list", "--format", "json").stdout)
    (row,) = [row for row in rows if row["key"] == "lpp_annual"]
    assert (row["kind"], row["value"], row["unit"]) == ("number", "26,900,000", "TPP")


SHOWN = [
    (("country_cap",), "790,000,000", "15 CFR 742.6(b)(10)(iii)(B)(1)"),
    (("country_cap", "--on", "2028-01-01"), "none on that day", "ends"),
    (("d5", "--on", "2026-02-02"), "23 countries", "left: Cambodia"),
    (("lpp_d1_d4",), "barred", "15 CFR 740.2(a)(9)(ii) against 740.29(c)"),
    (("lpp_after_acquisition",), "stays", "received by"),
    (("country_allocation", "--on", "2025-03-01"), "holders: 157", "window: 2025-2027"),
    (("nveu",), "weighed: yes", "748.15"),
    (("AIA",), "value: aia_shipped", "15 CFR 740.27(a)"),
    (("veu_half_year",), "07-15, 01-15", "15 CFR 748.15(f)(1)(iii)"),
    (("number.lpp_annual",), "26,900,000", "15 CFR 740.29(d)"),
    (("tpp_below", "--regime", "china_case_by_case"), "21,000", "91 FR 1684"),
]


@pytest.mark.parametrize(("words", "value", "more"), SHOWN)
def test_show(words, value, more):
    result = run("show", *words)
    assert result.exit_code == 0
    assert value in result.stdout
    assert more in result.stdout


def test_show_tells_a_budget_from_an_authorization_by_case():
    assert "kind: budget" in run("show", "lpp").stdout
    assert "kind: authorization" in run("show", "LPP").stdout


def test_show_as_json():
    card = json.loads(run("show", "country_cap", "--format", "json").stdout)
    assert card["history"][0]["citation"]["published"] == "2025-01-15"


def test_an_unknown_key_names_the_nearest():
    result = run("show", "contry_cap")
    assert result.exit_code == 2
    assert "nearest: country_cap" in result.stderr
    assert result.stdout == ""


def test_new_then_validate(tmp_path):
    folder = tmp_path / "mine"
    assert run("new", str(folder)).exit_code == 0
    result = run("validate", str(folder))
    assert (result.exit_code, result.stdout.split(":")[0]) == (0, "my_regime")
    assert "yearly_cap" in run("list", "--regime", str(folder)).stdout


def test_new_leaves_a_folder_with_files_alone(tmp_path):
    (tmp_path / "here").write_text("something")
    assert run("new", str(tmp_path)).exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_validate_names_every_problem(tmp_path):
    run("new", str(tmp_path / "mine"))
    number = tmp_path / "mine/numbers/critical_share.toml"
    number.write_text(number.read_text().replace("amount", "amonut").replace("title", "titel"))
    result = run("validate", str(tmp_path / "mine"))
    assert result.exit_code == 2
    assert "amonut: unknown key (nearest: amount" in result.stderr
    assert "titel: unknown key (nearest: title" in result.stderr
    assert "problems" in result.stderr


def test_validate_tells_of_a_limit_that_changes_within_a_window(tmp_path):
    folder = tmp_path / "mine"
    run("new", str(folder))
    (folder / "numbers/cap.toml").write_text(STEPPING)
    (folder / "budgets/yearly_cap.csv").unlink()
    budget = folder / "budgets/yearly_cap.toml"
    text = budget.read_text()
    head, _, _ = text.replace('limits = "yearly_cap.csv"', 'limit = "cap"').partition("[holders]")
    budget.write_text(f'{head}[holders]\nkind = "party"\nfrom = "parent"\n[always]\n{SINCE}')
    result = run("validate", str(folder))
    assert result.exit_code == 0, result.stderr
    assert "note: budgets/yearly_cap.toml: limit cap changes on 2026-07-01" in result.stderr


@pytest.mark.parametrize("key", builtin_regimes())
def test_the_page_has_every_key(key):
    page = policy_page()
    regime = read_regime(key)
    for kind, name in cards.keys(regime):
        if name != "destinations":
            assert f"`{name}`" in page, kind
