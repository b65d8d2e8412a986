"""What refuses a request, and what is a breach in a fact, in order of precedence.

Where several are found, the first is the one a short line shows.
"""

from __future__ import annotations

from schemas.reasons import Family, Reason

_REFUSAL, _BREACH = Family.REFUSAL, Family.BREACH
_OVERDRAWN = "licensed {limit}, used {taken}, asked {asked}, over by {short}"


def _breach(code: str, sentence: str, source: str) -> Reason:
    """A breach that says of what it is in words alone."""
    return Reason(code, _BREACH, sentence, source, "{detail}")


def _of_licence(code: str, sentence: str) -> Reason:
    """A breach of what a licence says, with the field named."""
    return _breach(code, sentence, "the licence")


BREACHES = (
    Reason(
        "over_limit",
        _REFUSAL,
        "more than remains of the budget",
        "budget",
        "limit {limit}, taken {taken}, asked {asked}, short by {short}",
    ),
    Reason(
        "budget_closed",
        _REFUSAL,
        "the country's budget is closed: no claim is taken on it",
        "option group_change_joining_d5",
        "{detail}",
    ),
    Reason(
        "holder_suspended",
        _REFUSAL,
        "the holder's budget is suspended: nothing may be drawn on it",
        "the act on record",
        "{detail}",
    ),
    Reason(
        "holder_blocked",
        _REFUSAL,
        "the holder's budget is blocked: requests wait, none is granted",
        "the act on record",
        "{detail}",
    ),
    Reason(
        "no_authorization",
        _BREACH,
        "went without a licence and without an exception",
        "authorization",
    ),
    Reason(
        "authorization_unavailable",
        _REFUSAL,
        "the authorization claimed is not available here",
        "authorization",
        "{detail}",
    ),
    _breach(
        "veu_not_on_file",
        "no declaration of kind official_status says that the company holds the authorization of "
        "its own that it needs there",
        "authorization",
    ),
    _breach(
        "veu_other_owner",
        "moves to another owner under a validated end user's authorization",
        "authorization",
    ),
    _breach(
        "licence_not_on_file",
        "drawn under a licence that is not on file",
        "authorization",
    ),
    _breach(
        "licence_not_named",
        "goes under a licence, and does not say which",
        "authorization",
    ),
    _breach(
        "licence_closed",
        "the licence is closed: nothing of it is left to use",
        "the act on record",
    ),
    _breach(
        "licence_part_ended",
        "takes of a part of the licence that was revoked or surrendered",
        "the act on record",
    ),
    _breach(
        "licence_suspended",
        "dated while the licence was suspended",
        "15 CFR 750.8(a)",
    ),
    _of_licence("licence_not_yet_issued", "dated before the licence was issued"),
    _breach(
        "licence_expired",
        "dated after the licence expired",
        "number licence_validity",
    ),
    _of_licence("licence_other_chip", "the licence line is for another chip"),
    _of_licence("licence_other_destination", "the licence line is for another destination"),
    _of_licence("licence_other_consignee", "the licence line is for another consignee"),
    _of_licence("licence_other_exporter", "the licence is another exporter's"),
    Reason(
        "licence_quantity_overdrawn",
        _BREACH,
        "more units than the licence line allows; quantity has no tolerance",
        "number licence_quantity_tolerance",
        _OVERDRAWN,
    ),
    Reason(
        "licence_tpp_overdrawn",
        _BREACH,
        "more than the amount licensed on the line; the amount has no tolerance",
        "number licence_quantity_tolerance",
        _OVERDRAWN,
    ),
    Reason(
        "licence_value_overdrawn",
        _BREACH,
        "more than the licensed value and its tolerance",
        "number licence_value_tolerance",
        _OVERDRAWN,
    ),
    Reason(
        "more_than_shipped",
        _BREACH,
        "more than was shipped",
        "the shipment",
        "shipped {limit}, on record already {taken}, given {asked}, over by {short}",
    ),
    Reason(
        "amount_differs",
        _BREACH,
        "the amount given is not that of the units given, as they were shipped",
        "the shipment",
        "given {asked}, whole units come to {limit}, apart by {short}",
    ),
    _breach("before_shipment", "dated before the shipment it points at", "the shipment"),
    _breach(
        "before_application",
        "dated before the application it answers was filed",
        "the application",
    ),
    _breach(
        "application_answered",
        "the application was answered before",
        "15 CFR 750.7(a)",
    ),
    Reason(
        "more_than_applied",
        _BREACH,
        "licenses more than was applied for",
        "Supplement No. 2 to 15 CFR part 748, paragraph (c)(3)",
        "applied for {limit}, licensed before {taken}, now {asked}, over by {short}",
    ),
    _breach(
        "more_than_ordered",
        "more than the purchase order is for",
        "Supplement No. 2 to 15 CFR part 748, paragraph (c)(3)",
    ),
    _breach(
        "licence_several_countries",
        "the licence names several countries, and one of them has an allocation of its own",
        "licences one_country",
    ),
    _breach(
        "application_several_countries",
        "the application names several countries, and one of them has an allocation of its own",
        "licences one_country",
    ),
    _breach(
        "superseded_not_on_file",
        "takes the place of a licence that is not on file",
        "15 CFR 750.7(c)",
    ),
    _breach(
        "licence_transferred_again",
        "a licence is transferred more often than the regime allows",
        "number licence_transfers",
    ),
    _breach(
        "amendment_of_quantity",
        "an amendment changes no quantity: it goes up by a replacement, down by a revocation",
        "15 CFR 750.7(c)",
    ),
    Reason(
        "more_than_held",
        _BREACH,
        "more than is left of the licence to revoke or surrender",
        "the licence",
        "left {limit}, asked {asked}, over by {short}",
    ),
    _breach(
        "shipment_not_on_file",
        "points at a shipment that is not on file",
        "the shipment",
    ),
    Reason(
        "account_overdrawn",
        _BREACH,
        "more goes out of the account than was in it on that day",
        "budget",
        "in it {limit}, asked {asked}, short by {short}",
    ),
    Reason(
        "uplift_over_maximum",
        _REFUSAL,
        "raises the limit by more than the regime allows",
        "budget",
        "at most {limit}, raised so far {taken}, asked {asked}, over by {short}",
    ),
    Reason(
        "uplift_not_listed",
        _REFUSAL,
        "the holder is not on the list of those whose limit may be raised",
        "budget",
        "{detail}",
    ),
    Reason(
        "share_over",
        _REFUSAL,
        "more than the share that may stand there",
        "budget",
        "at most {limit}, there already {taken}, added {asked}, over by {short}; {detail}",
    ),
    _breach(
        "certificate_missing",
        "the certificate due before the shipment is not on record",
        "the paragraph named with it",
    ),
    _breach(
        "test_missing", "the laboratory's report is not on record", "the paragraph named with it"
    ),
    _breach(
        "notice_missing",
        "the notice due before the shipment is not on record",
        "the paragraph named with it",
    ),
    _breach(
        "condition_breached",
        "a condition of the authorization is on record as breached",
        "authorization",
    ),
    _breach(
        "temporary_export_overdue",
        "sent abroad for a time, and not back by the day it was to be",
        "15 CFR 740.9(a)",
    ),
    _breach(
        "replaced_part_not_back",
        "replaces parts one for one, and those it replaces are not on record as back or destroyed",
        "15 CFR 740.10",
    ),
    _breach(
        "more_left_than_came",
        "more left a facility than is known to have come there: its account does not close",
        "15 CFR 740.28(e)",
    ),
    _breach(
        "after_windows",
        "no window of the budget covers this day: nothing was drawn",
        "budget",
    ),
)
