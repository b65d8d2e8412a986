"""What reads well and can never work, or means two things: refused in a text given anew."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from ledger.policy.options import READ_BY_THE_LEDGER
from ledger.policy.reader import builtin_regimes, read_regime, regime_from_text
from ledger.policy.sound import notes
from schemas.problems import Unusable
from tests.policy.test_reader import (
    BUDGET,
    CAP,
    CITED,
    CODES,
    GOOD,
    HEADINGS,
    SMALL,
    refused,
    with_csv,
)

SHARE, OPTIONS, COUNTRIES = "numbers/share.toml", "options.toml", "countries.toml"
ANOTHER = '[[authorization]]\ncode = "{}"\ntitle = "{}"\naliases = ["{}"]\nsection = "7"\n'
LATER = '[[value]]\nfrom = {}\namount = {}\nsection = "4"\n'
DRAWN = 'sentence = "drawn"'
FIRST = '[[authorization]]\ncode = "draw"'
YEARS = "[calendar_years]\nfrom = 2026-01-01\nto = {}"
WINDOW = '[[window]]\nkey = "2026"\nfrom = 2026-01-01\nto = 2026-12-31'
NAMED = 'kind = "named"\nnames = {{ A = "Acme", B = "{}" }}'
OWN = f"""{CITED}
[[option]]
number = 2
key = "return_or_loss_credit"
title = "What comes back"
default = "none"
obeyed = ["none", "on_proof"]
reason = "silent"
section = "6"
[option.values]
none = "nothing"
on_proof = "what is proven"
"""

FAULTS = [
    # file, what stands there, what is put in its place, what is said
    (
        CODES,
        FIRST,
        ANOTHER.format("DRAW", "Big", "big") + FIRST,
        'code "draw": names what "DRAW", the code of DRAW, names already: case,',
    ),
    (
        CODES,
        FIRST,
        ANOTHER.format("claim", "Claiming", "DRAW") + FIRST,
        'code "draw": names what "DRAW", an alias of claim, names already',
    ),
    (
        CODES,
        FIRST,
        ANOTHER.format("claim", "A claim", "a-b") + ANOTHER.format("A_B", "Else", "e") + FIRST,
        'code "A_B": names what "a-b", an alias of claim,',
    ),
    (CODES, FIRST, ANOTHER.format("x", "DRAW", "y") + FIRST, "the title of x, names already"),
    (COUNTRIES, 'IN = "India"', 'IN = "FRANCE"', 'IN "FRANCE": is the name of FR too ("France")'),
    (
        BUDGET,
        'kind = "country"',
        NAMED.format("ACME"),
        'B "ACME": is the name of A too ("Acme")',
    ),
    (
        CODES,
        DRAWN,
        f"{DRAWN}\nfrom = 2026-05-01\nto = 2026-04-30",
        'authorizations.toml:18, to "2026-04-30": before its first day',
    ),
    (BUDGET, WINDOW, YEARS.format("2025-12-31"), 'to "2025-12-31": before its first day'),
    (
        BUDGET,
        'section = "5"',
        'acquired_option = "year"\nsection = "5"',
        'acquired_option "year": needs the reading "follows", which this option has not',
    ),
]


@pytest.mark.parametrize(("file", "found", "put", "said"), FAULTS)
def test_what_can_never_work_is_refused(file, found, put, said):
    assert found in SMALL[file]
    text = SMALL[file].replace(found, put)
    assert said in refused({**SMALL, file: text})


@pytest.mark.parametrize(("file", "found", "put", "said"), FAULTS)
def test_what_was_adopted_with_it_is_still_read(file, found, put, said):
    texts = {**SMALL, file: SMALL[file].replace(found, put)}
    assert regime_from_text(texts, adopted=True).key == "small"


def test_a_reading_that_the_ledger_does_not_know():
    said = refused({**SMALL, OPTIONS: SMALL[OPTIONS] + OWN.removeprefix(CITED)})
    assert 'obeyed "on_proof": the ledger itself goes by this option, and knows only' in said
    assert "only none, on_proven_return, return_and_loss" in said


@pytest.mark.parametrize("key", builtin_regimes())
def test_the_shipped_readings_are_those_the_ledger_knows(key):
    for option in read_regime(key).options.values():
        known = READ_BY_THE_LEDGER.get(option.key, option.names)
        assert set(option.names) == set(known), option.key


def test_the_page_has_the_options_the_ledger_asks_for():
    page = (Path(__file__).parents[2] / "docs/regimes.md").read_text()
    _, _, table = page.partition("| option | readings | what |\n| --- | --- | --- |\n")
    told: dict[str, frozenset[str]] = {}
    for line in table.partition("\n\n")[0].splitlines():
        keys, readings = (re.findall(r"`(\w+)`", cell) for cell in line.split("|")[1:3])
        told |= dict.fromkeys(keys, frozenset(readings))
    assert told == {key: frozenset(known) for key, known in READ_BY_THE_LEDGER.items()}


def test_two_holders_of_one_name_in_a_csv():
    other = GOOD.replace("SG,Singapore", "S2,SINGAPORE")
    said = refused(with_csv(f"{HEADINGS}\n{GOOD}\n{other}\n"))
    assert said.startswith('budgets/limits.csv:3, name "SINGAPORE": of holder S2 is the name of SG')


CHANGING = SMALL[SHARE] + LATER.format("2026-07-01", 80)


@pytest.mark.parametrize(
    ("key", "kind"), [("uplift", "amount"), ("uplift", "stepped"), ("critical", "tally")]
)
def test_a_share_that_may_not_change(key, kind):
    budget = SMALL[BUDGET].replace("critical =", f"{key} =")
    if kind == "tally":
        budget = budget.replace('limit = "cap"\n', "")
    texts = {**SMALL, SHARE: CHANGING, BUDGET: f'kind = "{kind}"\n{budget}'}
    reason = f"is 80 from 2026-07-01 on, and {WHOSE[key]} is one for all days"
    assert f'{key} "share": {reason}' in refused(texts)
    assert regime_from_text(texts, adopted=True).key == "small"


WHOSE = {"uplift": "the largest uplift", "critical": "a running total's critical share"}


def test_a_critical_share_that_changes():
    ending = '[[value]]\nfrom = 2026-10-01\nends = true\nsection = "4"\n'
    told = '[[value]]\nfrom = 2026-09-01\namount = 5\nannounced = true\nsection = "4"\n'
    texts = {**SMALL, SHARE: CHANGING + told + ending}
    budget = regime_from_text(texts).budgets["cap_of_country"]
    days = [date(2026, 1, 1), date(2026, 7, 1), date(2026, 10, 1)]
    assert budget.critical == tuple(zip(days, (900_000, 800_000, 1_000_000), strict=True))


STRAY = [
    ("numbers/x.tml", "numbers/x.tml: nothing reads it"),
    ("lists/closed.toml.bak", "lists/closed.toml.bak: nothing reads it"),
    ("budgets/volume2.csv", "budgets/volume2.csv: no budget names it in `limits`"),
]


@pytest.mark.parametrize(("name", "said"), STRAY)
def test_a_file_that_nothing_reads_is_refused(tmp_path, name, said):
    for file, text in {**SMALL, name: f"{HEADINGS}\n"}.items():
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "README.md").write_text("of no folder of the regime's own")
    (tmp_path / "numbers/.hidden").write_text("an editor's")
    with pytest.raises(Unusable) as raised:
        read_regime(tmp_path)
    assert str(raised.value).startswith(said)
    assert len(raised.value.problems) == 1
    (tmp_path / name).unlink()
    assert read_regime(tmp_path).key == "small"


def test_a_change_within_a_window_is_noted():
    assert list(notes(regime_from_text(SMALL))) == []
    assert list(notes(read_regime("ai_diffusion"))) == []
    within = regime_from_text({**SMALL, CAP: SMALL[CAP].replace("2027-01-01", "2026-07-01")})
    (said,) = notes(within)
    assert said.startswith("budgets/cap_of_country.toml: limit cap changes on 2026-07-01, within")
    assert 'kind = "stepped" has it step' in said


def test_a_holder_without_a_limit_for_a_window_that_others_have():
    other = GOOD.replace("SG,Singapore", "NO,Norway").replace("2026", "2027")
    assert refused(with_csv(f"{HEADINGS}\n{GOOD}\n{other}\n")).splitlines()[:2] == [
        'budgets/limits.csv, holder "SG": has no row for window 2027: give it the limit 0 where'
        " nothing is granted",
        'budgets/limits.csv, holder "NO": has no row for window 2026: give it the limit 0 where'
        " nothing is granted",
    ]


BROKEN = [
    ('title = "A small regime"', "title = ", ["regime.toml:3: not TOML"]),
    ('counts = "amounts"', 'counts = "money"', ['regime.toml:5, counts "money": unknown']),
]


@pytest.mark.parametrize(("found", "put", "said"), BROKEN)
def test_one_fault_is_one_problem(found, put, said):
    told = refused({**SMALL, "regime.toml": SMALL["regime.toml"].replace(found, put)})
    assert [told[: len(one)] for one in said] == said
    assert len(told.splitlines()) == len(said), told


@pytest.mark.parametrize("file", ["regime.toml", CODES, CAP])
def test_the_mark_some_editors_write_is_no_fault(file):
    assert regime_from_text({**SMALL, file: "\ufeff" + SMALL[file]}).unit == "kg"
