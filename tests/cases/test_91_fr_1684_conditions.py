"""91 FR 1684: case by case below 21,000 TPP and 6,500 GB/s, a presumption of denial otherwise."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.policy.reader import BUILT_IN, read_regime
from ledger.rules.chips import against_limits
from ledger.service.ledger import Ledger, new_ledger
from schemas.problems import Unusable
from tests.cases.table import play
from tests.service.books import assert_sound, rows

CHINA = "china_case_by_case"
DENIED, NOT_KNOWN = "presumption_of_denial", "chip_figure_unknown"
SHARE = "share_undeclared"
B200 = (
    "TPP 36,000, not below 21,000 TPP (91 FR 1684);"
    " total DRAM bandwidth 7,700, not below 6,500 GB/s (91 FR 1684)"
)


@pytest.fixture
def beside(ledger_url: str) -> Iterator[Ledger]:
    """The rule, and this regime beside it, in each database."""
    with new_ledger(ledger_url, beside=[CHINA]) as made:
        yield made
        assert_sound(made)


@pytest.fixture
def alone(opened):
    """A ledger of this regime only."""
    return opened(CHINA)


def details(ledger: Ledger) -> list[tuple[str, str]]:
    return [(row["code"], row["detail"]) for row in rows(ledger.url, "finding")]


def reviews(ledger: Ledger) -> list[str]:
    """Each different review policy that was found, in the order of the rulings."""
    bodies = [json.loads(row["body"]) for row in rows(ledger.url, "ruling")]
    return [body["review"] for body in bodies]


@pytest.mark.parametrize(
    ("chip", "says"),
    [
        ("nvidia-h20", ""),  # 2,368 TPP, 4,000 GB/s
        ("nvidia-h200-sxm", ""),  # 15,832 TPP, 4,800 GB/s
        ("amd-mi308x", ""),  # 2,368 TPP, 5,300 GB/s
        ("amd-mi325x", ""),  # 20,919 TPP, 6,000 GB/s: just below both
        ("nvidia-hgx-h200-8", ""),  # eight of them together are not asked
        ("nvidia-b200", DENIED),  # 36,000 TPP, 7,700 GB/s
        ("nvidia-hgx-b200-8", DENIED),
        ("intel-gaudi-3", DENIED),  # 29,360 TPP, 3,700 GB/s: one of the two will do
        ("nvidia-rubin", DENIED),  # 140,000 TPP; its bandwidth nobody knows, and it does not matter
        ("huawei-ascend-910b", NOT_KNOWN),  # 5,120 TPP; its bandwidth nobody knows
    ],
)
def test_the_licence_and_the_shipment_of_a_chip(beside, chip, says):
    """A licence over a presumption of denial is a fact, and noted; so is what goes under it."""
    shared = f"share_undeclared, {says}" if says else "share_undeclared"
    play(
        beside,
        f"""
        act     | no | day        | to    | chip   | units | by      | under | says
        licence | L  | 2026-02-01 | China | {chip} | 5     |         |       | {says}
        ship    | S  | 2026-02-02 | China | {chip} | 1     | licence | L     | {shared}
        """,
    )


def test_the_figures_stand_with_the_finding(beside):
    play(
        beside,
        f"""
        act     | day        | to    | chip               | says
        licence | 2026-02-01 | Macau | nvidia-b200        | {DENIED}
        licence | 2026-02-01 | China | huawei-ascend-910b | {NOT_KNOWN}
        """,
    )
    why = "case-by-case review covers chips below two figures, and this one is not (91 FR 1684)"
    unknown = "whether the chip is reviewed case by case cannot be judged (91 FR 1684)"
    missing = "total DRAM bandwidth not known, must be below 6,500 GB/s (91 FR 1684)"
    assert details(beside) == [
        (DENIED, f"{CHINA}: {why}; {B200}"),
        (NOT_KNOWN, f"{CHINA}: {unknown}; {missing}"),
    ]


def test_an_application_has_the_review_of_each_regime(beside):
    """Denial under both stands twice, each in its own words; neither refuses it."""
    play(
        beside,
        f"""
        act   | day        | to        | chip               | says
        apply | 2026-02-01 | China     | nvidia-h200-sxm    | {SHARE}, review_denial
        apply | 2026-02-01 | Hong Kong | nvidia-b200        | {SHARE}, review_denial
        apply | 2026-02-01 | China     | huawei-ascend-910b | {SHARE}, review_denial, {NOT_KNOWN}
        apply | 2026-02-01 | Malaysia  | nvidia-b200        |
        """,
    )
    first = ("review_denial", "presumption of denial (15 CFR 742.6(b)(10)(iii)(A)(1))")
    second = ("review_denial", f"{CHINA}: presumption of denial (91 FR 1684); {B200}")
    found = [one for one in details(beside) if one[0] != SHARE]
    assert found[:4] == [first, first, second, first]
    assert len(found) == 5


def test_alone_the_review_goes_by_the_chip(alone):
    play(
        alone,
        f"""
        act   | day        | to    | chip               | says
        apply | 2026-02-01 | China | nvidia-h20         | {SHARE}
        apply | 2026-02-01 | China | nvidia-b200        | {SHARE}, review_denial
        apply | 2026-02-01 | China | huawei-ascend-910b | {SHARE}, {NOT_KNOWN}
        """,
    )
    assert reviews(alone) == [
        "case by case for exports from the United States; presumption of denial otherwise",
        "presumption of denial",
        "case by case if the chip is below both figures and exported from the United States;"
        " presumption of denial otherwise",
    ]


def test_only_exports_from_the_united_states_are_reviewed_case_by_case(alone):
    """Elsewhere the presumption of denial stays, whatever the chip; of one that needs no licence
    nothing is said, nor of what another rule's exception lets go.
    """
    undeclared, unstated = "share_undeclared", "authorization_unstated"
    h200 = "nvidia-h200-sxm"
    play(
        alone,
        f"""
        act      | no | day        | to    | chip        | units | by      | under | says
        licence  | L  | 2026-02-01 | China | {h200}      | 500   |         |       |
        reexport | R  | 2026-02-03 | China | {h200}      | 1     | licence | L     | {DENIED}
        transfer | T  | 2026-02-03 | China | {h200}      | 1     | licence | L     | {DENIED}
        ship     | S  | 2026-02-03 | China | {h200}      | 1     | licence | L     | {undeclared}
        ship     | N  | 2026-02-03 | China | nvidia-b200 | 1     | other   |       |
        reexport | O  | 2026-02-03 | China | nvidia-b200 | 1     | other   |       |
        reexport | F  | 2026-02-03 | China | nvidia-h20  | 1     |         |       | {unstated}
        """,
    )


def test_before_the_first_day_nothing_is_tested(beside):
    play(beside, "act | day | to | chip | says\nlicence | 2026-01-14 | China | nvidia-b200 |")


# ---- the limits are numbers of a day ----


@pytest.fixture
def raised(tmp_path: Path) -> Path:
    """The regime, its TPP figure raised to 36,001 and its bandwidth figure ended in June."""
    copy = tmp_path / "raised"
    shutil.copytree(BUILT_IN / CHINA, copy)
    later = {
        "tpp_below": "amount = 36_001",
        "dram_bandwidth_below": "ends = true",
    }
    for key, said in later.items():
        file = copy / f"numbers/{key}.toml"
        more = f'\n[[value]]\nfrom = 2026-06-01\n{said}\nsection = "a later rule"\n'
        file.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
    return copy


def test_the_figures_of_the_day_decide(opened, raised):
    play(
        opened(raised),
        f"""
        act     | day        | to    | chip          | says
        licence | 2026-05-31 | China | intel-gaudi-3 | {DENIED}
        licence | 2026-06-01 | China | intel-gaudi-3 |
        licence | 2026-06-01 | China | nvidia-b200   |
        licence | 2026-06-01 | China | nvidia-b300   | {DENIED}
        """,
    )


@pytest.mark.parametrize(
    ("figures", "state"),
    [
        ("", "within"),
        ("tpp=20999.999", "within"),
        ("tpp=21000", "reached"),
        ("dram_bandwidth=6499.999", "within"),
        ("dram_bandwidth=6500", "reached"),
        ("tpp=?+dram_bandwidth=6500", "reached"),
        ("tpp=?+dram_bandwidth=1", "unknown"),
        ("tpp=?+dram_bandwidth=?", "unknown"),
    ],
)
def test_at_the_figure_is_no_longer_below(figures, state):
    regime = read_regime(CHINA)
    assert against_limits(figures, regime, regime.first_day).state == state


def test_a_limit_names_a_figure_and_a_number(tmp_path):
    copy = tmp_path / "broken"
    shutil.copytree(BUILT_IN / CHINA, copy)
    file = copy / "authorizations.toml"
    text = file.read_text(encoding="utf-8").replace('"tpp_below"', '"tpp_bellow"')
    file.write_text(text.replace('"dram_bandwidth"', '"dram"'), encoding="utf-8")
    with pytest.raises(Unusable) as refused:
        read_regime(copy)
    assert "tpp_below" in str(refused.value)
    assert "dram_bandwidth" in str(refused.value)
