"""The conditions of every party and facility on a day, line by line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING

from ledger.policy.options import near
from ledger.policy.types import Condition, Regime
from ledger.service.conditions import Conditions, Kept, OnLicence, facility_key, on_record
from ledger.service.rows import party_key
from ledger.storage.statements import Cursor
from schemas.problems import Problem, Unusable

if TYPE_CHECKING:
    from ledger.service.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose conditions, of which authorization, as of which day."""

    party: str | None
    facility: str | None
    authorization: str | None
    day: date
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One condition of one party, at one facility; texts are empty where there is nothing."""

    party: str
    facility: str
    condition: str
    state: str
    since: str
    evidence: str
    seq: int | None
    title: str
    authorizations: str
    binds_from: str
    citation: str
    licence: str = ""
    due_on: str = ""


HEADINGS = tuple(field.name for field in fields(Line))


def checklist(ledger: Ledger, asked: Asked) -> list[Line]:
    """Every condition that binds on the day, party by party and facility by facility; then those on
    licences.

    Raises Unusable for an authorization the regime has no conditions for.
    """
    regime = ledger.rulebook.regime
    wanted = _wanted(regime, asked.authorization)
    with ledger.store.reading() as turn:
        declared = on_record(Cursor(ledger.store.raw(turn.connection), ledger.store.dialect))
    return [*_of_parties(declared, asked, wanted), *_of_licences(declared, asked)]


def _of_parties(declared: Conditions, asked: Asked, wanted: list[Condition]) -> Iterable[Line]:
    if asked.licence is not None:
        return
    for party, facility in _places(declared, asked):
        for kept in _of_place(declared, wanted, (party, facility), asked.day):
            yield _line(party, facility, kept)


def _of_licences(declared: Conditions, asked: Asked) -> Iterable[Line]:
    """The conditions on licences; of an authorization of the regime, or of a facility, none."""
    if asked.facility or asked.authorization:
        return
    wanted = party_key(asked.party)
    for licence in declared.licences if asked.licence is None else [asked.licence]:
        for one in declared.on_licence(licence, asked.day):
            if wanted in (None, party_key(one.party)):
                yield _line_of(one)


def _line_of(one: OnLicence) -> Line:
    declared = one.declared
    return Line(
        party=one.party,
        facility="",
        condition=one.key,
        state=one.state,
        since=declared.from_on.isoformat() if declared else "",
        evidence=declared.reference if declared else "",
        seq=declared.seq if declared else None,
        title=one.title,
        authorizations="",
        binds_from=one.since.isoformat(),
        citation="",
        licence=one.licence,
        due_on=one.due_on.isoformat() if one.due_on else "",
    )


def _wanted(regime: Regime, authorization: str | None) -> list[Condition]:
    if authorization is None:
        return list(regime.conditions)
    code = regime.authorization(authorization)
    found = [one for one in regime.conditions if code in one.authorizations]
    if not found:
        known = tuple(dict.fromkeys(a for one in regime.conditions for a in one.authorizations))
        reason, nearest = "the regime has no conditions for it", near(authorization, known)
        where = ("conditions", 0, 0, "authorization", authorization)
        raise Unusable(Problem(*where, reason, nearest or known))
    return found


def _places(declared: Conditions, asked: Asked) -> Iterable[tuple[str, str]]:
    """The parties and facilities to list, as they were named."""
    wanted_party = party_key(asked.party)
    wanted_facility = facility_key(asked.facility)
    found = [
        (one.party_name, one.facility_name)
        for one in declared.sites()
        if wanted_party in (None, one.party) and wanted_facility in ("", one.facility)
    ]
    return found or [(asked.party or "", asked.facility or "")]


def _of_place(
    declared: Conditions, wanted: list[Condition], place: tuple[str, str], day: date
) -> list[Kept]:
    """At a facility what is kept facility by facility; of a party alone what it keeps as one."""
    party, facility = place
    scopes = ("facility",) if facility else ("entity",)
    asked = [one for one in wanted if one.scope in scopes or not party]
    return declared.checklist(asked, party_key(party) or "", facility_key(facility), day)


def _line(party: str, facility: str, kept: Kept) -> Line:
    declared, condition = kept.declared, kept.condition
    return Line(
        party=party,
        facility=facility,
        condition=condition.key,
        state=kept.state,
        since=declared.from_on.isoformat() if declared else "",
        evidence=declared.reference if declared else "",
        seq=declared.seq if declared else None,
        title=condition.title,
        authorizations=" ".join(condition.authorizations),
        binds_from=condition.from_on.isoformat(),
        citation=condition.citation.section,
    )
