"""What the loader refuses: one planted fault each, with the words a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.policy.reader import (
    builtin_regimes,
    read_regime,
    regime_from_text,
    starter_regime,
)
from schemas.problems import Unusable

CAP = "numbers/cap.toml"
BUDGET = "budgets/cap_of_country.toml"
CODES = "authorizations.toml"

CITED = """
source = "The act"
href = "https://example.org/act"
published = 2026-01-01
reviewed = 2026-02-01
"""

SMALL = {
    "regime.toml": f"""
key = "small"
title = "A small regime"
unit = "kg"
counts = "amounts"
first_day = 2026-01-01
authority = "The office"
section = "1"
{CITED}""",
    "countries.toml": f"""{CITED}
[names]
FR = "France"
IN = "India"
SG = "Singapore"
""",
    "lists/closed.toml": f"""
title = "Closed"
{CITED}
[[change]]
from = 2026-01-01
add = ["FR"]
section = "2"
[[change]]
from = 2026-06-01
remove = ["FR"]
section = "2"
""",
    CAP: f"""title = "Cap"
unit = "kg"
{CITED}
[[value]]
from = 2026-01-01
amount = 1_000.5
section = "3"
[[value]]
from = 2027-01-01
amount = 2_000
section = "3"
""",
    "numbers/share.toml": f"""title = "Share"
unit = "percent"
{CITED}
[[value]]
from = 2026-01-01
amount = 90
section = "4"
""",
    BUDGET: f"""title = "Cap of a country"
basis = "licensed"
limit = "cap"
critical = "share"
section = "5"
{CITED}
[holders]
kind = "country"
from = "destination"
all = "destinations"
except = ["closed"]
[[window]]
key = "2026"
from = 2026-01-01
to = 2026-12-31
""",
    "options.toml": f"""{CITED}
[[option]]
number = 1
key = "year"
title = "Which year"
default = "sent"
obeyed = ["sent"]
reason = "silent"
section = "6"
[option.values]
sent = "the year it is sent"
received = "the year it is received"
""",
    CODES: f"""{CITED}
unstated = "draw"
licensed = "draw"
[[authorization]]
code = "draw"
title = "Draw"
section = "7"
[[authorization.draw]]
budget = "cap_of_country"
option = {{ year = "sent" }}
sentence = "drawn"
section = "7"
""",
}


def refused(files: dict[str, str]) -> str:
    with pytest.raises(Unusable) as raised:
        regime_from_text(files)
    return str(raised.value)


def test_the_small_regime_is_sound():
    regime = regime_from_text(SMALL)
    assert regime.budgets["cap_of_country"].known_holders() == (
        ("IN", "India"),
        ("SG", "Singapore"),
    )


FAULTS = [
    # file, what stands there, what is put in its place, what is said
    (CAP, "amount = 2_000", "amuont = 2_000", "cap.toml:15, amuont: unknown key (nearest: amount"),
    (CAP, "amount = 2_000", "", "cap.toml:13, amount: missing"),
    (CAP, 'href = "https://example.org/act"', "", "href: missing citation"),
    (CAP, "reviewed = 2026-02-01", "", "reviewed: missing citation"),
    (CAP, 'section = "3"', "", "section: missing"),
    (CAP, "2027-01-01", "2025-01-01", 'cap.toml:14, from "2025-01-01": dates must rise'),
    (CAP, "2027-01-01", "2026-01-01", "two values for one day"),
    (CAP, "2_000", "2e3", 'amount "2e3": a float: write the figure out in digits'),
    (CAP, "2_000", "inf", "a float"),
    (CAP, "2_000", "nan", "a float"),
    (CAP, "2_000", "-1", "must be a figure of zero or more"),
    (CAP, "2_000", '"2000"', "must be a figure of zero or more"),
    (CAP, "2_000", "true", "must be a figure of zero or more"),
    (CAP, "2_000", "1.0005", "finer than 0.001 kg"),
    (CAP, "1_000.5", "100.0005", 'cap.toml:11, amount "100.0005": finer than 0.001 kg'),
    (CAP, "1_000.5", "99999999999999999999", "larger than the ledger can hold (9.2e15 kg)"),
    (CAP, "2_000", "2_000\nends = true", "a value that ends has no amount"),
    (CAP, '"kg"', '"kilo"', 'unit "kilo": unknown'),
    (CAP, '"kg"', '"percent"', "must be a number in kg"),
    (CAP, 'title = "Cap"', 'title = ""', "title: must be text"),
    (CAP, 'title = "Cap"', "title = ", "cap.toml:1: not TOML"),
    (CAP, 'title = "Cap"', f"title = {'[' * 5000}", "cap.toml: not TOML: it is nested too deep"),
    (CAP, "from = 2026-01-01", "from = 2026-01-01T00:00:00Z", "must be a day such as"),
    (CAP, "from = 2026-01-01", "from = 2026-02-01", "has no value on the first day of window 2026"),
    ("lists/closed.toml", '["FR"]', '["FX"]', 'add "FX": unknown'),
    ("lists/closed.toml", 'remove = ["FR"]', 'remove = ["IN"]', '"IN": is not on the list'),
    ("lists/closed.toml", 'remove = ["FR"]', 'add = ["FR"]', '"FR": is on the list already'),
    ("lists/closed.toml", "2026-06-01", "2026-01-01", "two changes on one day"),
    (BUDGET, 'limit = "cap"', 'limit = "cup"', "no such number (nearest: cap"),
    (BUDGET, 'limit = "cap"', "", "limit: missing: a number of the regime"),
    (BUDGET, 'critical = "share"', 'critical = "cap"', "must be a number in percent"),
    (BUDGET, 'except = ["closed"]', 'except = ["close"]', "unknown (nearest: closed"),
    (BUDGET, 'kind = "country"', 'kind = "county"', "unknown (nearest: country"),
    (BUDGET, "to = 2026-12-31", "to = 2025-12-31", "before its first day"),
    (BUDGET, "[[window]]", "[[windows]]", "unknown key (nearest: window"),
    ("options.toml", 'default = "sent"', 'default = "send"', "unknown (nearest: sent"),
    ("options.toml", 'obeyed = ["sent"]', 'obeyed = ["received"]', "the default must be a reading"),
    (CODES, 'budget = "cap_of_country"', 'budget = "cap"', "unknown"),
    (CODES, 'year = "sent"', 'yaer = "sent"', "no such option (nearest: year"),
    (CODES, 'year = "sent"', 'year = "late"', "year has no such value"),
    (CODES, 'unstated = "draw"', 'unstated = "drew"', "unknown (nearest: draw"),
    (CODES, 'sentence = "drawn"', "", "sentence: missing"),
    (CODES, 'sentence = "drawn"', 'sentence = "drawn"\nin = ["closed"]', "`where` goes with `in`"),
    (CODES, 'sentence = "drawn"', 'sentence = "drawn"\nkinds = ["exprot"]', "(nearest: export"),
    ("regime.toml", 'counts = "amounts"', 'counts = "money"', "unknown"),
    ("regime.toml", 'key = "small"', 'key = "small regime"', "a key is letters"),
    ("regime.toml", 'unit = "kg"', "", "unit: missing"),
]


@pytest.mark.parametrize(("file", "found", "put", "said"), FAULTS)
def test_a_planted_fault_is_refused(file, found, put, said):
    assert found in SMALL[file]
    text = SMALL[file].replace(found, put)
    assert said in refused({**SMALL, file: text})


def test_every_problem_is_named():
    broken = {
        **SMALL,
        CAP: SMALL[CAP].replace("amount", "amuont"),
        CODES: SMALL[CODES].replace("cap_of_country", "cap"),
    }
    said = refused(broken)
    assert said.count("amuont: unknown key") == 2
    assert "authorizations.toml" in said


def test_a_missing_or_stray_file_is_named():
    assert "authorizations.toml: missing" in refused({"regime.toml": SMALL["regime.toml"]})
    said = refused({**SMALL, "option.toml": ""})
    assert "option.toml: no file of a regime (nearest: options.toml" in said
    assert "a file's name is a key" in refused({**SMALL, "numbers/the cap.toml": SMALL[CAP]})


def test_a_list_and_a_budget_do_not_share_a_name():
    clash = {**SMALL, "lists/cap_of_country.toml": SMALL["lists/closed.toml"]}
    assert "is the name of a list too" in refused(clash)


HEADINGS = "holder,name,window,from,to,limit,section,source,href,published,reviewed"
GOOD = "SG,Singapore,2026,2026-01-01,2026-12-31,12.5,5,The act,https://x.org,2026-01-01,2026-01-02"
CSV_FAULTS = [
    (f"holder,limit\n{GOOD}\n", "limits.csv:1"),
    (f"{HEADINGS}\n{GOOD.replace('12.5', '1e3')}\n", 'csv:2, limit "1e3": not a plain number'),
    (f"{HEADINGS}\n{GOOD.replace('12.5', '-1')}\n", "must be zero or more"),
    (f"{HEADINGS}\n{GOOD.replace('12.5', '0.0001')}\n", "finer than 0.001 kg"),
    (f"{HEADINGS}\n{GOOD.replace('2026-12-31', '31.12.2026')}\n", "must be a day such as"),
    (f"{HEADINGS}\n{GOOD.replace('2026-12-31', '2025-12-31')}\n", "before its first day"),
    (f"{HEADINGS}\n{GOOD.replace('The act', '')}\n", "csv:2, source: missing"),
    (f"{HEADINGS}\n{GOOD}\n{GOOD}\n", "csv:3, holder"),
    (f"{HEADINGS}\n{GOOD}\n{GOOD.replace('Singapore', 'Temasek')}\n", "has another name above"),
    (f"{HEADINGS}\n{GOOD}\n{GOOD.replace(',2026,', ',H2,')}\n", "shares days or its name"),
    (f"{HEADINGS}\nSG,Singapore\n", "has 2 cells, not 11"),
    (f'{HEADINGS}\n"SG,Singapore\n', "not CSV"),
]


def with_csv(text: str) -> dict[str, str]:
    budget = SMALL[BUDGET].replace('limit = "cap"', 'limits = "limits.csv"')
    head, _, _ = budget.partition("[holders]")
    named = f'{head}[holders]\nkind = "named"\nfrom = "destination"\n'
    return {**SMALL, BUDGET: named, "budgets/limits.csv": text}


@pytest.mark.parametrize(("text", "said"), CSV_FAULTS)
def test_a_faulty_csv_of_limits_is_refused(text, said):
    assert said in refused(with_csv(text))


def test_limits_from_a_csv():
    budget = regime_from_text(with_csv(f"{HEADINGS}\n{GOOD}\n")).budgets["cap_of_country"]
    (window,) = budget.windows_known()
    limit = budget.limit("SG", window)
    assert limit is not None
    assert limit.milli == 12_500
    assert budget.known_holders() == (("SG", "Singapore"),)
    assert budget.limit("IN", window) is None


def test_an_announced_value_rules_nothing():
    text = SMALL[CAP].replace("amount = 2_000", "amount = 2_000\nannounced = true")
    number = regime_from_text({**SMALL, CAP: text}).number("cap")
    value = number.on(number.values[-1].from_on)
    assert value is not None
    assert value.milli == 1_000_500


@pytest.mark.parametrize("key", builtin_regimes())
def test_a_regime_comes_back_from_its_own_text(key):
    regime = read_regime(key)
    again = regime_from_text(dict(reversed(list(regime.text.items()))))
    assert again == regime
    assert again.version == regime.version


def test_the_version_changes_with_any_file():
    versions = {regime_from_text(SMALL).version}
    for name in SMALL:
        versions.add(regime_from_text({**SMALL, name: SMALL[name] + "\n# said\n"}).version)
    assert len(versions) == len(SMALL) + 1


def test_the_starter_and_the_example_are_sound():
    assert regime_from_text(starter_regime()).key == "my_regime"
    example = read_regime(Path(__file__).parents[2] / "docs/examples/tariff_quota")
    assert (example.unit, example.counts) == ("kg", "amounts")


def test_an_unknown_regime_names_those_there_are():
    with pytest.raises(Unusable, match="nearest: ai_diffusion"):
        read_regime("ai_difusion")


def test_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "regime.toml").write_bytes(b"title = '\xe9'")
    with pytest.raises(Unusable, match="not UTF-8"):
        read_regime(tmp_path)
