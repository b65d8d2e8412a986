"""What is told of a movement and accuses nobody, in order of precedence."""

from __future__ import annotations

from schemas.reasons import Family, Reason

_NOTE = Family.NOTE


def _note(code: str, sentence: str, source: str) -> Reason:
    """What says of what it is in words alone."""
    return Reason(code, _NOTE, sentence, source, "{detail}")


NOTES = (
    Reason("share_undeclared", _NOTE, "not declared: cannot be judged", "budget", "{detail}"),
    Reason(
        "moved_more_than_known",
        _NOTE,
        "more moves out than the ledger knows to be there",
        "budget",
        "known {limit}, moved {asked}, more by {short}",
    ),
    Reason(
        "share_would_exceed",
        _NOTE,
        "would be more than the share on the next day it is measured",
        "budget",
        "at most {limit}, there already {taken}, added {asked}, over by {short}; {detail}",
    ),
    _note("paper_near", "a paper is soon due before a shipment", "precondition"),
    _note("paper_later", "a later shipment now lacks a paper", "precondition"),
    _note("review_denial", "the review policy for this application is denial", "review"),
    _note(
        "presumption_of_denial",
        "of a kind whose licences are reviewed under a presumption of denial",
        "review",
    ),
    _note(
        "chip_figure_unknown",
        "a figure of the chip that a limit is set on is not known: it cannot be judged",
        "regime",
    ),
    Reason(
        "authorization_unstated",
        _NOTE,
        "no authorization was stated; counted on the safe side",
        "authorization",
    ),
    _note(
        "authorization_disputed",
        "the rule says two things of this authorization here; the option in force let it pass",
        "authorization",
    ),
    Reason(
        "granted_in_part",
        _NOTE,
        "granted up to what remained of the budget, and no more",
        "option straddle",
        "limit {limit}, taken {taken}, asked {asked}, cut by {short}",
    ),
    Reason(
        "granted_pro_rata",
        _NOTE,
        "granted its share of what was left that day",
        "option queue",
        "limit {limit}, taken {taken}, asked {asked}, cut by {short}; {detail}",
    ),
    _note(
        "licence_ended_already",
        "the licence had ended before: the act changes nothing",
        "the act on record",
    ),
    _note(
        "filed_after_ending",
        "dated before the licence ended and filed after: days between are as recorded",
        "the act on record",
    ),
    _note(
        "application_not_on_file",
        "names an application of which no such line is on file: it answers none",
        "the application",
    ),
    Reason(
        "base_stays_apart",
        _NOTE,
        "what the company has there stays on an account of its own: the new parent's ceiling does "
        "not know of it until an amendment lowers it",
        "the declaration on record",
        "{asked}; {detail}",
    ),
    Reason(
        "received_before_acquisition",
        _NOTE,
        "what the entity received that year before it was acquired counts on its new parent too",
        "option lpp_after_acquisition",
        "{asked}; {detail}",
    ),
    Reason(
        "parent_in_doubt",
        _NOTE,
        "the new parent is headquartered where a licence would be denied; nothing held is changed",
        "licences parents",
        "{asked} held; {detail}",
    ),
    _note("parent_differs", "row and declarations differ on the parent", "option parent_stated"),
    _note(
        "condition_open",
        "nothing on record says that a condition of the authorization is met",
        "authorization",
    ),
    Reason(
        "over_limit_not_enforced",
        _NOTE,
        "more than remains of the budget, on a day on which the limit is not enforced",
        "option enforcement_view",
        "limit {limit}, taken {taken}, asked {asked}, short by {short}",
    ),
    _note(
        "not_enforced",
        "against the regime as it is codified, on a day on which that is not enforced",
        "option enforcement_view",
    ),
    _note(
        "lists_differ",
        "two lists of the law say two things of this country on this day",
        "option d5_source",
    ),
    _note(
        "embargoed_destination",
        "under an embargo of which the regime says nothing",
        "authorization",
    ),
    _note(
        "attribution_unavailable",
        "counted on the consignee's own parent: another entity may not be named in its place here",
        "budget",
    ),
    _note(
        "holder_not_stated",
        "the country that would be counted against was not stated: another stands in its place",
        "option tally_country",
    ),
    _note(
        "late_for_quarter",
        "dated into a quarter that was closed before: part of its restatement",
        "the act on record",
    ),
    _note(
        "before_regime", "dated before the regime's first day: recorded, draws nothing", "regime"
    ),
)
