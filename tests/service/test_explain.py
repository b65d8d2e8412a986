"""Why a movement drew on what it drew on: each part of an explanation, in the ledger's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from ledger.catalogue.reader import catalogue_from_text
from ledger.policy.reader import read_regime, regime_from_text
from ledger.service import findings
from ledger.service.explain import explain
from ledger.service.ledger import Ledger, adopt, new_ledger
from ledger.service.outcome import Found
from ledger.service.rulebook import Rulebook
from schemas.problems import Unusable

WHO = {"exporter": "Acme", "ultimate_consignee": "Bharat", "destination": "India"}
LOT = {"chip": "nvidia-h100-sxm", "quantity": "10"}
LICENCE = {"licence": "D1", "issued_on": "2026-03-20", **WHO, **LOT, "unit_value_usd": "30000"}
SHIPMENT = {
    "document": "S1",
    "exported_on": "2026-04-01",
    "received_on": "2026-04-09",
    "authorization": "licence",
    "licence": "D1",
    **WHO,
    **LOT,
}
UNIT = 15_832_000


@pytest.fixture
def books(ledger_url: str) -> Iterator[Ledger]:
    with new_ledger(ledger_url, actor="ana") as ledger:
        yield ledger


def test_a_licence_says_what_it_drew_on_and_where_that_stands(books: Ledger):
    books.record("licences", {**LICENCE, "desk": "4"}, actor="ana")
    found = explain(books, 2)
    assert (found.kind, found.document, found.line, found.unit) == ("licence", "D1", "1", "TPP")
    assert dict(found.given) == {
        "exporter": "Acme",
        "ultimate_consignee": "Bharat",
        "destination": "India (IN)",
        "authorization": "licence",
        "expires_on_by_rule": "2027-03-19",
        "unit_value_usd": "30,000.00",
        "desk": "4",
    }
    (draw,) = found.draws
    assert (draw.rule, draw.holder, draw.window) == ("country_allocation", "India", "2025-2027")
    assert (draw.official, draw.held_mtpp, draw.posted_mtpp) == (True, 10 * UNIT, 0)
    assert found.why[0].sentence.startswith("licensed to the destination")
    assert found.why[0].citation.startswith("15 CFR 742.6(b)(10)(iii)(B)(1), Framework for")
    assert found.review.startswith("presumption of approval")
    assert (found.submission.number, found.submission.actor) == (2, "ana")
    assert (found.points_at, found.pointed_at_by, found.reversed_by) == (None, (), None)


def test_the_lot_names_the_catalogue_row_its_unit_came_from(books: Ledger):
    books.issue(LICENCE)
    lot = explain(books, 2).lot
    assert lot is not None
    assert (lot.name, lot.paragraph, lot.quantity) == ("NVIDIA H100 SXM", "3A090.a", 10)
    assert (lot.unit_mtpp, lot.amount_mtpp) == (UNIT, 10 * UNIT)
    assert lot.sources[0].startswith("NVIDIA H100 Tensor Core GPU data sheet, 2023 https://")
    assert lot.catalogue == books.rulebook.catalogue.version


def test_a_shipment_points_at_its_licence_and_a_receipt_at_its_shipment(books: Ledger):
    books.issue(LICENCE)
    books.ship(SHIPMENT)
    shipment = explain(books, 3)
    assert shipment.why[0].sentence == (
        "drawn under licence D1 line 1 (seq 2): what the licence held is used, on the licence's"
        " budget"
    )
    assert shipment.points_at is not None
    assert (shipment.points_at.seq, shipment.points_at.kind) == (2, "licence")
    assert [(p.seq, p.kind) for p in shipment.pointed_at_by] == [(4, "receipt")]
    (draw,) = shipment.draws
    assert (draw.held_mtpp, draw.posted_mtpp) == (-10 * UNIT, 10 * UNIT)
    assert [(p.seq, p.kind) for p in explain(books, 2).pointed_at_by] == [(3, "export")]
    assert explain(books, 4).why[0].sentence == "follows seq 3 (export S1), and its ruling"


def test_a_shipment_under_a_licence_not_on_file_counts_on_the_safe_side(books: Ledger):
    books.ship(SHIPMENT)
    found = explain(books, 2)
    (draw,) = found.draws
    assert (draw.official, draw.posted_mtpp) == (False, 10 * UNIT)
    (flag,) = found.findings
    assert (flag.code, flag.family) == ("licence_not_on_file", "breach")
    assert flag.sentence == "drawn under a licence that is not on file: D1"
    assert flag.citation.startswith("15 CFR 742.6")


def test_a_refusal_has_the_figures_of_its_moment_and_draws_nothing(books: Ledger):
    asked = {"application": "A1", "applied_on": "2026-03-01", **WHO, **LOT, "quantity": "50000"}
    books.apply(asked)
    found = explain(books, "A1")
    assert (found.kind, found.draws) == ("refusal", ())
    (flag,) = found.findings
    assert flag.sentence == (
        "more than remains of the budget: limit 790,000,000 TPP, taken 0 TPP,"
        " asked 791,600,000 TPP, short by 1,600,000 TPP"
    )
    assert flag.budget == "India 2025-2027"
    assert flag.citation.startswith("15 CFR 742.6(b)(10)(iii)")


def test_options_that_touched_it_say_what_they_mean(books: Ledger):
    papers = {"certificate_on": "2026-02-01", "notice_on": "2026-02-01"}
    books.ship({**SHIPMENT, **papers, "authorization": "LPP", "licence": "", "received_on": ""})
    taken = {option.key: option for option in explain(books, 2).options}
    assert taken["lpp_year"].value == "received"
    assert taken["lpp_year"].meaning == "the year it is received"
    assert taken["lpp_year"].citation.startswith("15 CFR 740.29")


def test_a_return_says_whether_room_is_given_back(books: Ledger):
    books.ship(SHIPMENT)
    back = {"document": "R1", "returned_on": "2026-05-01", "exporter": "Acme", "shipment": "S1"}
    books.record("returns", back)
    found = explain(books, "R1")
    assert ("return_or_loss_credit", "none") in [(o.key, o.value) for o in found.options]
    assert found.draws == ()


def test_what_was_reversed_says_so_on_both_sides(books: Ledger):
    books.issue(LICENCE)
    books.reverse([2], "typed twice")
    before, after = explain(books, 2), explain(books, 3)
    assert before.reversed_by == 3
    assert after.points_at is not None
    assert after.points_at.seq == 2
    assert after.why[0].sentence == "the opposite of every entry of seq 2, dated as that was"
    assert after.draws[0].held_mtpp == -before.draws[0].held_mtpp
    assert after.submission.note == "typed twice"


SAID = [
    (
        {"kind": "uplift", "percent": "100", "reference": "R"},
        "it moves the limit and nothing else",
        790_000_000_000,
    ),
    ({"kind": "suspend"}, "it marks the budget and moves no amount", 0),
]


@pytest.mark.parametrize(("act", "said", "adjustment"), SAID, ids=["uplift", "suspend"])
def test_an_act_of_the_authority(books: Ledger, act, said, adjustment):
    words = {"document": "U1", "effective_on": "2026-05-01", "holder": "India", **act}
    books.record("adjustments", words)
    found = explain(books, 2)
    assert [step.sentence for step in found.why] == [f"an act of the authority: {said}"]
    assert found.draws[0].adjustment_mtpp == adjustment


def later(texts: Mapping[str, str]) -> dict[str, str]:
    """The same texts, a comment longer."""
    return {name: text + "# later\n" for name, text in texts.items()}


def test_the_rules_of_its_day_explain_it_after_others_were_adopted(books: Ledger):
    books.issue(LICENCE)
    before = explain(books, 2)
    regime = regime_from_text(later(books.rulebook.regime.text))
    catalogue = catalogue_from_text(later(books.rulebook.catalogue.text))
    changed = Ledger(books.store, Rulebook(regime, {"lpp_d1_d4": "allowed"}, catalogue))
    adopt(changed, actor="ana")
    changed.issue({**LICENCE, "licence": "D2"})
    lots = [explain(changed, seq).lot for seq in (2, 4)]
    assert [lot.catalogue for lot in lots if lot] == [
        books.rulebook.catalogue.version,
        catalogue.version,
    ]
    assert explain(changed, 2) == before


KEYS = [
    ("3", 3),
    (" 3 ", 3),
    ("S1", 3),  # and not the receipt of the same document
    ("S1/1", 3),
    ("A/B/2", 6),
    ("A/B/1", 5),
]


@pytest.mark.parametrize(("key", "seq"), KEYS, ids=[key for key, _ in KEYS])
def test_a_movement_is_named_by_seq_or_by_document(books: Ledger, key, seq):
    books.issue(LICENCE)
    books.ship(SHIPMENT)
    for line in ("1", "2"):
        books.issue({**LICENCE, "licence": "A/B", "line": line})
    assert explain(books, key).seq == seq


UNKNOWN = [
    ("99", 'seq "99": there is no such movement'),
    ("9" * 30, "there is no such movement"),
    ("S9", 'document "S9": no movement has this document'),
    ("D1", "several movements have it: seq 2 (licence, line 1), seq 3 (export, line 1)"),
]


@pytest.mark.parametrize(("key", "sentence"), UNKNOWN, ids=["seq", "long", "document", "several"])
def test_what_is_unknown_or_not_plain_is_a_problem(books: Ledger, key, sentence):
    books.issue(LICENCE)
    books.ship({**SHIPMENT, "document": "D1"})
    with pytest.raises(Unusable) as found:
        explain(books, key)
    assert sentence in str(found.value)


def test_of_one_key_the_latest_attempt_is_meant(books: Ledger):
    books.issue(LICENCE)
    books.reverse([2], "typed twice")
    books.issue(LICENCE)
    found = explain(books, "D1")
    assert (found.seq, found.attempt) == (4, 2)


def made(code: str, limit: int, detail: str | None = None) -> Found:
    return Found(1, 1, "D1", "1", code, None, limit, 0, limit + 1, 1, detail)


FIGURES = [
    ("over_limit", "limit 0.005 TPP, taken 0 TPP, asked 0.006 TPP, short by 0.001 TPP"),
    ("licence_quantity_overdrawn", "licensed 5, used 0, asked 6, over by 1"),
    ("licence_value_overdrawn", "licensed $0.05, used $0.00, asked $0.06, over by $0.01"),
]


@pytest.mark.parametrize(("code", "figures"), FIGURES, ids=[code for code, _ in FIGURES])
def test_figures_are_said_in_their_own_unit(code, figures):
    assert findings.said(made(code, 5)).endswith(": " + figures)


CITED = [
    ("over_limit", "15 CFR 742.6(b)(10)(iii)"),  # budget
    ("licence_expired", "15 CFR 750.7"),  # number
    ("received_before_acquisition", "15 CFR "),  # option
    ("no_authorization", ""),  # authorization, not known here
    ("before_regime", "90 FR 4544"),  # regime
    ("more_than_shipped", "the shipment"),
]


@pytest.mark.parametrize(("code", "begins"), CITED, ids=[code for code, _ in CITED])
def test_citations_are_the_regimes_own(code, begins):
    where = findings.Circumstance(rule="country_allocation")
    said = findings.citation(code, read_regime("ai_diffusion"), where)
    assert said.startswith(begins) if begins else said == ""


def test_every_reason_has_a_citation_or_none_in_any_regime():
    from ledger.refusals import REFUSALS

    regime = read_regime("ai_diffusion")
    where = findings.Circumstance(rule="lpp", authorization="LPP")
    silent = [code for code in REFUSALS if not findings.citation(code, regime, where)]
    assert silent == []
