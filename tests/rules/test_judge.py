"""What the AI Diffusion rule says of a case, as tables: one row a case, paragraph by paragraph."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ledger.policy.reader import read_regime
from ledger.refusals import REFUSALS
from ledger.rules.judge import Case, country_class, judge, ruling_from_body
from ledger.rules.rulings import ASKED, COUNTED
from schemas.kinds import SHIPMENTS

RULE = read_regime("ai_diffusion")
DEFAULTS = RULE.choose({})
DAY = date(2025, 6, 1)

OFFICIAL = "country_allocation"
SAFE = "country_allocation(safe)"
UNAVAILABLE = "authorization_unavailable"


def case(kind="export", authorization="licence", to="SG", **more):
    """A case of a day, with countries by code."""
    day = more.get("day", DAY)

    def seen(code):
        return country_class(RULE, code, RULE.period_of(day))

    return Case(
        kind=kind,
        authorization=authorization,
        destination_class=seen(to),
        hq_class=seen(more.get("hq")),
        parent_class=seen(more.get("parent")),
        chip_class=more.get("chip", "a"),
        datacentre=more.get("datacentre", True),
        period=RULE.period_of(day),
    )


def ruled(settings=None, **given):
    return judge(case(**given), RULE, RULE.choose(settings or {}))


def drawn(ruling):
    """The draws in short: "lpp", "country_allocation(safe)", or "-"; without what only counts or
    would count, and what goes by who is authorized.
    """
    aside = (*COUNTED, *ASKED)
    draws = [d for d in ruling.draws if d.effect not in aside and not d.authorized]
    found = [d.rule if d.official else f"{d.rule}(safe)" for d in draws]
    return " ".join(found) or "-"


def found(ruling):
    return " ".join(code for code, _ in ruling.findings) or "-"


def test_country_classes():
    assert country_class(RULE, None, DAY) == ""
    assert country_class(RULE, "XX", DAY) == "other"
    assert country_class(RULE, "SG", DAY) == "a6+country_allocation"
    assert country_class(RULE, "MY", DAY) == "country_allocation"
    assert country_class(RULE, "VN", DAY) == "country_allocation+d1"
    assert country_class(RULE, "IL", DAY) == "a6+country_allocation+d4"
    assert country_class(RULE, "MO", DAY) == "d1+d4+macau"
    assert country_class(RULE, "FR", DAY) == "a5+supp5a"
    assert country_class(RULE, "HK", DAY) == country_class(RULE, "CN", DAY) == "d1+d4+d5+d5_state"
    assert country_class(RULE, "KY", DAY) == country_class(RULE, "GB", DAY)
    assert country_class(RULE, "LI", DAY) == country_class(RULE, "CH", DAY)


# --- licences and applications: 742.6(b)(10)(iii) -----------------------------------------------

DENIAL = "presumption of denial"
APPROVAL = "presumption of approval"
ALLOCATION = "presumption of approval up to the country allocation, policy of denial above it"

REVIEWS = [
    # to, headquarters, parent: review policy, draws
    ("IN", None, None, ALLOCATION, OFFICIAL),
    ("IN", "US", "US", ALLOCATION, OFFICIAL),
    ("FR", None, None, APPROVAL, "-"),
    ("FR", "IN", None, ALLOCATION, "-"),
    ("FR", "FR", "IN", ALLOCATION, "-"),
    ("CN", None, None, DENIAL, "-"),
    ("HK", None, None, DENIAL, "-"),
    ("MO", None, None, DENIAL, "-"),
    ("IN", "CN", None, DENIAL, OFFICIAL),
    ("IN", "IN", "MO", DENIAL, OFFICIAL),
    ("FR", "RU", None, DENIAL, "-"),
]


@pytest.mark.parametrize(("to", "hq", "parent", "review", "draws"), REVIEWS)
def test_review_and_tally(to, hq, parent, review, draws):
    licence = ruled(kind="licence", to=to, hq=hq, parent=parent)
    assert (licence.review, drawn(licence)) == (review, draws)
    application = ruled(kind="application", to=to, hq=hq, parent=parent)
    assert (application.review, drawn(application)) == (review, draws)


def test_denial_flags_an_application_and_not_a_licence():
    assert found(ruled(kind="application", to="CN")) == "review_denial"
    assert found(ruled(kind="licence", to="CN")) == "-"
    assert found(ruled(kind="application", to="IN")) == "-"


def test_an_application_pends_a_licence_holds_a_fact_posts():
    effects = {
        kind: ruled(kind=kind, authorization="none").draws[0].effect
        for kind in ("application", "licence", "export")
    }
    assert effects == {"application": "pend", "licence": "hold", "export": "post"}


def test_the_overlap_option_moves_the_review_and_never_the_tally():
    ruling = ruled({"review_overlap": "supp5a_first"}, kind="licence", to="IN", hq="US")
    assert (ruling.review, drawn(ruling)) == (APPROVAL, OFFICIAL)
    assert ("review_overlap", "supp5a_first") in ruling.options


# --- shipments ----------------------------------------------------------------------------------

SHIPPED = [
    # authorization, to, hq, parent: draws, findings
    ("licence", "IN", None, None, SAFE, "-"),
    ("licence", "FR", None, None, "-", "-"),
    ("none", "IN", None, None, SAFE, "no_authorization"),
    ("none", "CN", None, None, "-", "no_authorization"),
    ("unstated", "IN", None, None, SAFE, "authorization_unstated"),
    ("NLR", "IN", None, None, SAFE, UNAVAILABLE),
    # 740.29(c): barred by place, headquarters and parent
    ("LPP", "IN", None, None, "lpp", "-"),
    ("LPP", "FR", None, None, "lpp", "-"),
    ("LPP", "CN", None, None, "lpp", UNAVAILABLE),
    ("LPP", "HK", None, None, "lpp", UNAVAILABLE),
    ("LPP", "MO", None, None, "lpp", UNAVAILABLE),
    ("LPP", "IN", "CN", None, f"lpp {SAFE}", UNAVAILABLE),
    ("LPP", "IN", "IN", "MO", f"lpp {SAFE}", UNAVAILABLE),
    ("LPP", "FR", "FR", "RU", "lpp", UNAVAILABLE),
    # 740.2(a)(9)(ii): D:1 and D:4, save A:5 and A:6
    ("LPP", "VN", None, None, f"lpp {SAFE}", UNAVAILABLE),
    ("LPP", "SA", None, None, f"lpp {SAFE}", UNAVAILABLE),
    ("LPP", "AE", None, None, f"lpp {SAFE}", UNAVAILABLE),
    ("LPP", "IL", None, None, "lpp", "-"),
    ("LPP", "IN", "VN", None, "lpp", "-"),
    # 740.27(a): located, headquartered and parented in supplement No. 5(a)
    ("AIA", "FR", None, None, "-", "-"),
    ("AIA", "FR", "US", "JP", "-", "-"),
    ("AIA", "IN", None, None, SAFE, UNAVAILABLE),
    ("AIA", "FR", "IN", None, "-", UNAVAILABLE),
    ("AIA", "FR", "FR", "SG", "-", UNAVAILABLE),
    # 740.28(c)
    ("ACM", "MY", None, None, "-", "-"),
    ("ACM", "VN", None, None, "-", "-"),
    ("ACM", "CN", None, None, "-", UNAVAILABLE),
    ("ACM", "MY", "CN", None, SAFE, UNAVAILABLE),
    # 748.15(a)(2)
    ("NVEU", "AE", "AE", None, "nveu", "-"),
    ("NVEU", "CN", None, None, "nveu", UNAVAILABLE),
    ("NVEU", "AE", "AE", "CN", f"nveu {SAFE}", UNAVAILABLE),
    ("UVEU", "IN", "US", "US", "-", "-"),
    ("UVEU", "IN", "IN", "US", "-", "-"),
    ("UVEU", "IN", "IN", "IN", SAFE, UNAVAILABLE),
    ("UVEU", "MO", "US", "US", "-", UNAVAILABLE),
    ("TMP", "IN", None, None, "-", "-"),
    ("RPL", "IN", None, None, "-", "-"),
    ("GOV", "IN", None, None, "-", "-"),
]


@pytest.mark.parametrize(("authorization", "to", "hq", "parent", "draws", "findings"), SHIPPED)
def test_shipment(authorization, to, hq, parent, draws, findings):
    ruling = ruled(authorization=authorization, to=to, hq=hq, parent=parent)
    assert (drawn(ruling), found(ruling)) == (draws, findings)


ADVANCED = [
    # authorization, to, hq, parent, datacentre: findings. 740.8(a)
    ("NAC", "CN", None, None, False, "-"),
    ("NAC", "CN", None, None, True, UNAVAILABLE),
    ("NAC", "MO", None, None, None, "-"),
    ("NAC", "IN", "CN", None, False, "-"),
    ("NAC", "IN", "IN", "IN", False, UNAVAILABLE),
    ("ACA", "IN", None, None, False, "-"),
    ("ACA", "IN", None, None, True, UNAVAILABLE),
    ("ACA", "CN", None, None, False, UNAVAILABLE),
    ("ACA", "IN", "MO", None, False, UNAVAILABLE),
]


@pytest.mark.parametrize(("authorization", "to", "hq", "parent", "datacentre", "said"), ADVANCED)
def test_nac_and_aca(authorization, to, hq, parent, datacentre, said):
    ruling = ruled(authorization=authorization, to=to, hq=hq, parent=parent, datacentre=datacentre)
    assert found(ruling) == said


KINDS = [
    # kind, authorization, to: draws, findings
    ("reexport", "LPP", "IN", "lpp", "-"),
    ("in_country_transfer", "LPP", "IN", SAFE, UNAVAILABLE),
    ("in_country_transfer", "NAC", "CN", "-", UNAVAILABLE),
    ("in_country_transfer", "ACA", "CN", "-", "-"),
    ("in_country_transfer", "none", "IN", SAFE, "no_authorization"),
    ("in_country_transfer", "AIA", "FR", "-", "-"),
    ("export_from_abroad", "none", "IN", SAFE, "no_authorization"),
]


@pytest.mark.parametrize(("kind", "authorization", "to", "draws", "findings"), KINDS)
def test_kind(kind, authorization, to, draws, findings):
    ruling = ruled(kind=kind, authorization=authorization, to=to, datacentre=False)
    assert (drawn(ruling), found(ruling)) == (draws, findings)


# --- options ------------------------------------------------------------------------------------


def test_lpp_to_d1_and_d4_may_be_let_pass_and_is_flagged():
    ruling = ruled({"lpp_d1_d4": "allowed"}, authorization="LPP", to="VN")
    assert (drawn(ruling), found(ruling)) == ("lpp", "authorization_disputed")
    assert ("lpp_d1_d4", "allowed") in ruling.options
    barred = ruled({"lpp_d1_d4": "allowed"}, authorization="LPP", to="CN")
    assert found(barred) == UNAVAILABLE


@pytest.mark.parametrize(
    ("reading", "effect"),
    [("received", "hold_until_received"), ("exported", "post"), ("both", "post_both_years")],
)
def test_the_year_of_lpp(reading, effect):
    ruling = ruled({"lpp_year": reading}, authorization="LPP", to="IN")
    draw, *_ = ruling.draws
    assert (draw.effect, draw.holder_from) == (effect, "parent")


@pytest.mark.parametrize(
    "authorization", ["AIA", "LPP", "ACM", "NAC", "ACA", "UVEU", "TMP", "RPL", "GOV"]
)
def test_exceptions_may_be_counted(authorization):
    option = f"exceptions_count_{authorization.lower()}"
    ruling = ruled({option: "yes"}, authorization=authorization, to="IN")
    assert ("country_allocation", True) in [(d.rule, d.official) for d in ruling.draws]
    assert drawn(ruling).count("country_allocation") == 1
    assert (option, "yes") in ruling.options


def test_licences_before_the_compliance_date():
    before, after = date(2025, 5, 14), date(2025, 5, 15)
    not_counted = {"licences_before_compliance": "not_counted"}
    assert drawn(ruled(kind="licence", day=before)) == OFFICIAL
    assert drawn(ruled(not_counted, kind="licence", day=before)) == "-"
    assert drawn(ruled(not_counted, kind="licence", day=after)) == OFFICIAL


# --- days ---------------------------------------------------------------------------------------

DAYS = [
    # day, kind, authorization, to: draws, findings
    ("2024-12-31", "export", "none", "IN", "-", "before_regime"),
    ("2024-12-31", "licence", "licence", "IN", "-", "before_regime"),
    ("2025-01-01", "licence", "licence", "IN", OFFICIAL, "-"),
    ("2027-12-31", "licence", "licence", "IN", OFFICIAL, "-"),
    ("2028-01-01", "licence", "licence", "IN", "-", "after_windows"),
    ("2028-01-01", "export", "LPP", "IN", "lpp", "-"),
    # 88 FR 73458 until the compliance date
    ("2025-05-14", "export", "NLR", "IN", "-", "-"),
    ("2025-05-14", "export", "NLR", "VN", SAFE, UNAVAILABLE),
    ("2025-05-14", "export", "NLR", "IL", "-", "-"),
    ("2025-05-15", "export", "NLR", "IN", SAFE, UNAVAILABLE),
    # Cambodia leaves D:5, the Emirates leave D:4
    ("2025-11-06", "licence", "licence", "KH", OFFICIAL, "-"),
    ("2026-02-02", "licence", "licence", "KH", OFFICIAL, "lists_differ"),
    ("2026-02-03", "licence", "licence", "KH", OFFICIAL, "-"),
    ("2026-07-22", "export", "LPP", "AE", f"lpp {SAFE}", UNAVAILABLE),
    ("2026-07-23", "export", "LPP", "AE", "lpp", "-"),
]


@pytest.mark.parametrize(("day", "kind", "authorization", "to", "draws", "findings"), DAYS)
def test_day(day, kind, authorization, to, draws, findings):
    ruling = ruled(kind=kind, authorization=authorization, to=to, day=date.fromisoformat(day))
    assert (drawn(ruling), found(ruling)) == (draws, findings)


# --- what is not weighed ------------------------------------------------------------------------


@pytest.mark.parametrize("chip", ["b", "none"])
@pytest.mark.parametrize("kind", ["application", "licence", "export"])
def test_other_paragraphs_draw_nothing(kind, chip):
    ruling = ruled(kind=kind, authorization="none", to="IN", chip=chip)
    assert (drawn(ruling), found(ruling)) == ("-", "-")
    assert "3A090.a" in ruling.steps[0].sentence


def test_an_amount_without_a_chip_counts():
    assert drawn(ruled(kind="licence", chip="amount")) == OFFICIAL


def test_what_stays_in_the_united_states_is_no_export():
    assert (drawn(ruled(authorization="none", to="US")), found(ruled(to="US"))) == ("-", "-")


# --- rulings ------------------------------------------------------------------------------------


def every_ruling():
    codes = list(RULE.authorizations)
    places = ["IN", "FR", "VN", "CN", "MO", "US", "IL"]
    kinds = ["application", "licence", *SHIPMENTS]
    for kind in kinds:
        for code in codes:
            for to in places:
                for hq in (None, "CN", "US"):
                    yield ruled(kind=kind, authorization=code, to=to, hq=hq)


def test_every_ruling_is_explained_and_comes_back_from_its_body():
    for ruling in every_ruling():
        assert ruling.draws == () or ruling.steps
        assert all(code in REFUSALS for code, _ in ruling.findings)
        assert all(step.sentence and step.citation for step in ruling.steps)
        assert len({(d.rule, d.official) for d in ruling.draws}) == len(ruling.draws)
        again = ruling_from_body(ruling.body())
        assert again == ruling
        assert again.digest() == ruling.digest()


def test_the_same_case_gives_the_same_bytes():
    first = ruled(authorization="LPP", to="VN")
    second = judge(first.case, read_regime("ai_diffusion"), dict(reversed(DEFAULTS.items())))
    assert first.body() == second.body()
    assert " :" not in first.body()


def test_another_option_gives_another_ruling_only_where_it_matters():
    both = {"lpp_d1_d4": "allowed"}
    assert (
        ruled(authorization="LPP", to="IN").digest()
        == ruled(both, authorization="LPP", to="IN").digest()
    )
    assert (
        ruled(authorization="LPP", to="VN").digest()
        != ruled(both, authorization="LPP", to="VN").digest()
    )


def test_a_code_the_regime_does_not_know_is_unstated():
    strange = replace(case(to="IN"), authorization="STA")
    assert found(judge(strange, RULE, DEFAULTS)) == "authorization_unstated"
