"""Every reason to say no or to flag: its code, its sentence, where it comes from.

A reason has one name everywhere: this code, the ruling, the finding, the test, the report.
"""

from __future__ import annotations

from ledger.refusals.breaches import BREACHES
from ledger.refusals.notes import NOTES
from schemas.reasons import Family, Reason

__all__ = ["REFUSALS", "Family", "Reason", "by_precedence", "sentence"]

REFUSALS: dict[str, Reason] = {reason.code: reason for reason in (*BREACHES, *NOTES)}


def sentence(code: str, **figures: object) -> str:
    """What a person reads of a reason; figures are those of the finding, ready to be shown.

    Known figures are limit, taken, asked, short and detail. Raises KeyError for an unknown code.
    """
    return REFUSALS[code].said(**figures)


def by_precedence(codes: list[str]) -> list[str]:
    """The codes once each, the weightiest first. Raises KeyError for an unknown code."""
    order = {code: place for place, code in enumerate(REFUSALS)}
    return sorted(dict.fromkeys(codes), key=lambda code: order[code])
