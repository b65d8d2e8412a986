"""Regimes other than the AI Diffusion rule are judged by the same lines of code."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ledger.policy.reader import read_regime, regime_from_text, starter_regime
from ledger.rules.judge import Case, Draw, country_class, judge

QUOTA = read_regime(Path(__file__).parents[2] / "docs/examples/tariff_quota")
CHINA = read_regime("china_case_by_case")
STARTER = regime_from_text(starter_regime())


def ruled(regime, kind, authorization, holder, day=date(2026, 2, 1)):
    period = regime.period_of(day)
    seen = country_class(regime, holder, period)
    case = Case(kind, authorization, seen, "", "", "amount", None, period)
    return judge(case, regime, regime.choose({}))


def test_a_draw_on_a_tariff_quota_posts():
    ruling = ruled(QUOTA, "export", "draw", "09.9701")
    assert ruling.draws == (Draw("volume", "destination", True, "post"),)
    assert ruling.findings == ()


def test_an_order_number_that_is_not_open_has_nothing_to_draw_on():
    assert ruled(QUOTA, "export", "draw", "09.9999").draws == ()


def test_after_the_last_period_nothing_is_open():
    ruling = ruled(QUOTA, "export", "draw", "09.9701", date(2028, 1, 1))
    assert [code for code, _ in ruling.findings] == ["after_windows"]


def test_the_volume_of_a_period():
    budget = QUOTA.budgets["volume"]
    window = budget.window_on(date(2026, 6, 1))
    assert window is not None
    limit = budget.limit("09.9701", window)
    assert limit is not None
    assert limit.milli == 42_000_000_000
    assert QUOTA.choose({})["return_or_loss_credit"] == "on_proven_return"


def test_the_books_of_the_example_add_up():
    """42,512,750 less five draws, a sixth being returned in full."""
    import csv

    books = Path(__file__).parents[2] / "docs/examples/tariff_quota/books"

    def rows(name):
        with (books / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    draws = {row["document"]: int(row["tpp"]) for row in rows("draws.csv")}
    (amended,) = rows("adjustments.csv")
    returned = {row["shipment"] for row in rows("returns.csv")}
    left = 42_000_000 + int(amended["tpp"])
    left -= sum(amount for document, amount in draws.items() if document not in returned)
    assert left == 42_407_539


def test_china_and_macau_are_recorded_and_draw_nothing():
    """What is applied for is measured against the share, and counts on nothing."""
    ruling = ruled(CHINA, "application", "", "CN")
    assert [draw.effect for draw in ruling.draws] == ["ask"]
    assert ruling.shares == ("product_share",)
    assert ruling.review.startswith("case by case")
    assert ruled(CHINA, "application", "", "IN").review == ""


def test_the_starter_holds_a_licence_and_keeps_a_safe_side():
    assert ruled(STARTER, "licence", "", "SG").draws == (
        Draw("yearly_cap", "destination", True, "hold"),
    )
    assert ruled(STARTER, "export", "", "SG").draws == (
        Draw("yearly_cap", "destination", False, "post"),
    )
    assert ruled(STARTER, "export", "", "FR").draws == ()
