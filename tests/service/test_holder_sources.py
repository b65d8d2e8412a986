"""Every field that may name a budget's holder: by rows and as columns, through mergers."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest

from ledger.policy.budgets import HOLDER_SOURCES
from ledger.service import bulk
from ledger.service.ledger import new_ledger, open_ledger
from tests.service import nasty
from tests.service.books import assert_sound, rows, write_csv
from tests.service.both import ON_RECORD, assert_same, both_ways, twins

LAW = Path(__file__).parents[2] / "ledger/policy/ai_diffusion"
CITED = """
section = "made up"
source = "made up"
href = "https://example.org/"
published = 2025-01-01
reviewed = 2025-01-01
"""
# The further parents of a joint venture hold nothing where the ultimate parent is who is declared.
SOURCES = tuple(
    source
    for source in HOLDER_SOURCES
    if source not in ("destination", "parent")
    and not source.endswith(("_2", "_3", "_4", "_5", "_6"))
)


def regime(folder: Path) -> Path:
    """The rule, with a budget for each field on which a shipment under LPP draws too."""
    copy = folder / "by_source"
    shutil.copytree(LAW, copy)
    drawn = [(copy / "authorizations.toml").read_text(encoding="utf-8")]
    for source in SOURCES:
        budget = f'title = "{source}"\nbasis = "shipped"\nlimit = "lpp_annual"\n{CITED}'
        budget += f'[holders]\nkind = "party"\nfrom = "{source}"\n'
        budget += "[calendar_years]\nfrom = 2025-01-01\n"
        (copy / f"budgets/of_{source}.toml").write_text(budget, encoding="utf-8")
        drawn.append(f"""
[[authorization]]
code = "by_{source}"
title = "By {source}"
section = "made up"

[[authorization.draw]]
budget = "of_{source}"
kinds = ["export", "reexport", "in_country_transfer", "export_from_abroad"]
sentence = "made up"
section = "made up"
""")
    (copy / "authorizations.toml").write_text("".join(drawn), encoding="utf-8")
    return copy


@pytest.mark.slow
@pytest.mark.usefixtures("frozen")
def test_every_source_by_rows_and_as_columns(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bulk, "BATCH", 64)
    random = Random(3)
    with new_ledger(ledger_url, regime=regime(tmp_path)) as ledger:
        for number, (kind, party, other, on, until, *_) in enumerate(ON_RECORD):
            said = {"document": f"N{number}", "kind": kind, "effective_on": on, "party": party}
            ledger.record("declarations", said | {"other_party": other, "until_on": until})
    lines = nasty.shipments(random, 400, [])
    for line in lines:
        line |= {"authorization": f"by_{random.choice(SOURCES)}", "licence": ""}
        line |= {"licence_line": "", "received_on": ""}
    with twins(ledger_url, tmp_path) as ledgers:
        path = write_csv(tmp_path / "shipments.csv", lines)
        by_rows, as_columns = both_ways(ledgers, path, "shipments")
        assert by_rows == as_columns
        assert_same(ledgers)
        opened = {budget["rule"] for budget in rows(ledgers[0].url, "budget")}
        assert opened >= {f"of_{source}" for source in SOURCES}
        assert_sound(ledgers[1])


LOT = {"exporter": "X", "chip": "nvidia-h100-sxm", "quantity": "1", "exported_on": "2025-06-01"}
STATED = [
    # source, what is stated beside consignee C in Poland, the holder's key and name
    ("owner", {}, ("c", "C")),
    ("owner", {"ultimate_parent": "P"}, ("p", "P")),
    ("owner", {"ultimate_parent": "P", "owner": "The  Owner"}, ("the owner", "The  Owner")),
    ("operator", {"ultimate_parent": "P"}, ("p", "P")),
    ("operator", {"owner": "O"}, ("o", "O")),
    ("operator", {"owner": "O", "operator": "R"}, ("r", "R")),
    ("operator", {"operator": "Merged"}, ("into", "Into")),
    ("company_country", {"owner": "O", "operator": "R"}, ("o@PL", "O, Poland")),
    ("operator_country", {"owner": "O", "operator": "R"}, ("r@PL", "R, Poland")),
    ("other_operator_country", {"owner": "O", "operator": "R"}, ("r@PL", "R, Poland")),
    ("other_operator_country", {"owner": "Into", "operator": "Merged"}, None),
    ("other_operator_country", {"owner": "O"}, None),
    ("company_country", {"destination": "Liechtenstein"}, ("c@CH", "C, Switzerland")),
    ("facility", {"facility": "Hall  1"}, ("hall 1", "Hall  1")),
    ("facility", {}, None),
    ("from_facility", {"from_facility": "Barn"}, ("barn", "Barn")),
    ("exporter", {"owner": "O"}, ("x", "X")),
    ("exporter", {"exporter": "Merged"}, ("into", "Into")),
    ("exporter", {"exporter": "into"}, ("into", "into")),
    ("consignee", {"ultimate_parent": "P", "owner": "O"}, ("c", "C")),
    ("consignee", {"ultimate_consignee": "Merged"}, ("into", "Into")),
    ("chip", {}, ("nvidia-h100-sxm", "nvidia-h100-sxm")),
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("sources")
    url = f"sqlite:///{folder / 'ledger.db'}"
    merger = {"document": "N", "kind": "party_merged", "effective_on": "2025-01-01"}
    with new_ledger(url, regime=regime(folder)) as ledger:
        ledger.record("declarations", merger | {"party": "Merged", "other_party": "Into"})
    return url


@pytest.mark.parametrize(("source", "said", "holder"), STATED)
def test_who_holds(base: str, source: str, said: dict[str, str], holder: tuple[str, str] | None):
    number = f"{source} {said}"
    lot = LOT | {"document": number, "ultimate_consignee": "C", "destination": "Poland"}
    with open_ledger(base) as ledger:
        before = {b["budget_no"] for b in rows(base, "budget")}
        outcome = ledger.ship(lot | said | {"authorization": f"by_{source}"})
        drawn = [e["budget_no"] for e in rows(base, "entry") if e["seq"] == outcome.first_seq]
        held = {b["budget_no"]: (b["holder"], b["holder_name"]) for b in rows(base, "budget")}
        keys = [held[number][0] for number in drawn]
        assert keys == ([] if holder is None else [holder[0]])
        if holder is not None and set(drawn) - before:
            assert held[drawn[0]] == holder
        assert_sound(ledger)
