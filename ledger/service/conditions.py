"""The conditions of an authorization: what is declared of each, by party and facility, on a day.

A condition is open until a declaration says that it is met, with its evidence, or breached. What
was declared last of a day holds (supplement No. 10 to 15 CFR part 748). The conditions on a
licence are in no regime: what is declared for its number is the list
(docs/decisions/0029-papers-and-conditions.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select, text

from ledger.policy.options import near
from ledger.policy.types import Condition, Regime
from ledger.service.rows import Flag, Row, is_shipment, party_key
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind
from schemas.names import name_key
from schemas.problems import Problem

OPEN, MET, BREACHED = "open", "met", "breached"
STATES = (OPEN, MET, BREACHED)
US = "\x1f"

_DECLARED = (
    select(t.standing, t.movement.c.details)
    .join(t.movement, t.movement.c.seq == t.standing.c.seq)
    .where(t.standing.c.kind == bindparam("kind"), t.standing.c.live == text("1"))
    .order_by(t.standing.c.from_on, t.standing.c.seq)
)


@dataclass(frozen=True, slots=True)
class Declared:
    """One declaration on a condition. `facility` is empty where it is of the whole entity."""

    seq: int
    party: str
    facility: str
    item: str
    state: str
    from_on: date
    until_on: date | None
    party_name: str
    facility_name: str
    reference: str
    licence: str = ""
    wording: str = ""
    due_on: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.from_on <= day and (self.until_on is None or day <= self.until_on)


@dataclass(frozen=True, slots=True)
class Kept:
    """How a condition stands; `declared` None: nothing is on record, so it is open."""

    condition: Condition
    declared: Declared | None

    @property
    def state(self) -> str:
        """open, met or breached."""
        return self.declared.state if self.declared else OPEN


@dataclass(frozen=True, slots=True)
class OnLicence:
    """A condition on a licence; `declared` None: what was declared of it holds no longer."""

    licence: str
    key: str
    title: str
    party: str
    since: date
    due_on: date | None
    declared: Declared | None

    @property
    def state(self) -> str:
        """open, met or breached."""
        return self.declared.state if self.declared else OPEN


class Conditions:
    """The declarations on record, to be asked by party and facility, or by licence."""

    def __init__(self, declared: Iterable[Declared]) -> None:
        self._of: dict[tuple[str, str], list[Declared]] = {}
        self._on: dict[str, list[Declared]] = {}
        for one in declared:
            if one.licence:
                self._on.setdefault(one.licence, []).append(one)
            else:
                self._of.setdefault((one.party, one.facility), []).append(one)

    def __bool__(self) -> bool:
        return bool(self._of or self._on)

    @property
    def licences(self) -> list[str]:
        """The licences that a condition was ever declared on."""
        return sorted(self._on)

    @property
    def licences_breached(self) -> frozenset[str]:
        """Those of which one was ever declared breached."""
        found = (one for every in self._on.values() for one in every if one.state == BREACHED)
        return frozenset(one.licence for one in found)

    def on_licence(self, licence: str, day: date) -> list[OnLicence]:
        """How each condition on a licence stands on a day, in the order they were declared."""
        of: dict[str, list[Declared]] = {}
        for one in self._on.get(licence, ()):
            if one.from_on <= day:
                of.setdefault(one.item, []).append(one)
        return [
            OnLicence(
                licence=licence,
                key=item,
                title=next((one.wording for one in reversed(said) if one.wording), ""),
                party=said[-1].party_name,
                since=said[0].from_on,
                due_on=next((one.due_on for one in reversed(said) if one.due_on), None),
                declared=next((one for one in reversed(said) if one.holds(day)), None),
            )
            for item, said in of.items()
        ]

    @property
    def any_breached(self) -> bool:
        """Whether anything was ever declared breached."""
        return any(one.state == BREACHED for every in self._of.values() for one in every)

    def breached(
        self, asked: Sequence[Condition], parties: Sequence[str], facility: str, day: date
    ) -> list[Declared]:
        """What is breached on a day by any of the parties, at a facility or as a whole."""
        return [
            kept.declared
            for party in dict.fromkeys(parties)
            for kept in self.checklist(asked, party, facility, day)
            if kept.declared is not None and kept.state == BREACHED
        ]

    def sites(self) -> list[Declared]:
        """One declaration of each party and facility there is, by name."""
        found = [every[-1] for every in self._of.values()]
        return sorted(found, key=lambda one: (one.party_name, one.facility_name))

    def last(self, party: str, facility: str, item: str, day: date) -> Declared | None:
        """What holds of an item on a day: said of the facility, else of the whole entity."""
        for place in dict.fromkeys((facility, "")):
            held = [
                one
                for one in self._of.get((party, place), ())
                if one.item == item and one.holds(day)
            ]
            if held:
                return held[-1]
        return None

    def checklist(
        self, asked: Sequence[Condition], party: str, facility: str, day: date
    ) -> list[Kept]:
        """How each condition that binds on a day stands for a party at a facility."""
        return [
            Kept(one, self.last(party, facility if one.scope == "facility" else "", one.key, day))
            for one in asked
            if one.from_on <= day
        ]

    def of_any(
        self, asked: Sequence[Condition], parties: Sequence[str], facility: str, day: date
    ) -> list[Kept]:
        """The same for whichever of several parties declared it; the first that did."""
        each = [self.checklist(asked, party, facility, day) for party in parties or ("",)]
        return [
            next((one for one in of_one if one.declared), of_one[0])
            for of_one in zip(*each, strict=True)
        ]

    def secured(
        self, regime: Regime, parties: Sequence[str], facility: str, day: date
    ) -> bool | None:
        """Whether a facility meets what the regime asks of one that stores model weights.

        None: not known. A paragraph is broken where one of its parts is.
        """
        assert regime.weights is not None
        wanted = regime.weights.conditions
        parts = [c for c in regime.conditions if c.key.partition(".")[0] in wanted]
        for party in parties:
            kept = self.checklist(parts, party, facility, day)
            if any(one.state == BREACHED for one in kept):
                return False
            met = {one.condition.key for one in kept if one.state == MET}
            if kept and met.issuperset(wanted):
                return True
        return None


def on_record(cursor: Cursor) -> Conditions:
    """Every declaration that stands."""
    return cursor.recall(Conditions, lambda: _read(cursor))


def _read(cursor: Cursor) -> Conditions:
    return Conditions(_declared(row) for row in cursor.read(_DECLARED, str(Kind.CONDITION)))


def _declared(row: tuple[Any, ...]) -> Declared:
    seq, _, subject, stated, from_on, until_on, _, details = row
    party, _, facility = subject.partition(US)
    item, _, state = stated.partition(US)
    said = json.loads(details)
    due = said.get("due_on")
    return Declared(
        seq=seq,
        party=party,
        facility=facility,
        item=item,
        state=state,
        from_on=date.fromisoformat(str(from_on)),
        until_on=None if until_on is None else date.fromisoformat(str(until_on)),
        party_name=said["party"],
        facility_name=said.get("facility", ""),
        reference=said.get("reference", ""),
        # Nobody's facility begins with what parts it from its party.
        licence=facility.removeprefix(US) if facility.startswith(US) else "",
        wording=said.get("wording", ""),
        due_on=None if due is None else date.fromisoformat(due),
    )


class Watch:
    """Flags shipments under an authorization whose conditions are on record as breached."""

    def __init__(self, regime: Regime, declared: Conditions) -> None:
        self.declared = declared
        asked: dict[str, list[Condition]] = {}
        for one in regime.conditions:
            for code in one.authorizations:
                asked.setdefault(code, []).append(one)
        self._asked = asked if declared.any_breached else {}
        self.licences = declared.licences_breached

    @property
    def authorizations(self) -> tuple[str, ...]:
        """Those to be looked at; none where nothing was declared breached."""
        return tuple(self._asked)

    def flag(
        self,
        authorization: str | None,
        parties: Sequence[str | None],
        details: str | None,
        day: date,
    ) -> Flag | None:
        """What a shipment is flagged with, if anything.

        `parties` are the names on the row; owner, operator and facility are in its details.
        """
        asked = self._asked.get(authorization or "")
        if not asked:
            return None
        said = json.loads(details) if details else {}
        names = (*parties, said.get("owner"), said.get("operator"))
        keys = [key for key in map(party_key, names) if key is not None]
        found = self.declared.breached(asked, keys, facility_key(said.get("facility")), day)
        if not found:
            return None
        items = ", ".join(f"{one.item} (seq {one.seq})" for one in found)
        return Flag("condition_breached", detail=f"paragraph {items}")

    def on_licence(self, licence: str | None, day: date) -> Flag | None:
        """What a shipment under a licence is flagged with, if anything."""
        if licence is None or licence not in self.licences:
            return None
        each = ((one, one.declared) for one in self.declared.on_licence(licence, day))
        found = [f"{one.key} (seq {d.seq})" for one, d in each if d and d.state == BREACHED]
        detail = f"licence {licence}, condition {', '.join(found)}"
        return Flag("condition_breached", detail=detail) if found else None


def flag(regime: Regime, cursor: Cursor, rows: Sequence[Row]) -> None:
    """Flag the shipments among rows whose authorization's conditions are breached."""
    codes = regime.conditioned
    sent = [row for row in rows if is_shipment(row.kind)]
    looked_at = [r for r in sent if r.given.authorization in codes or r.given.licence]
    if not looked_at:
        return
    declared = on_record(cursor)
    if not (declared.any_breached or declared.licences_breached):
        return
    watch = Watch(regime, declared)
    for row in looked_at:
        given = row.given
        parties = (given.consignee, given.parent)
        found = (
            watch.flag(given.authorization, parties, given.details, given.effective_on),
            watch.on_licence(given.licence, given.effective_on),
        )
        row.flags += [one for one in found if one is not None]


def check(regime: Regime, row: Row) -> list[Problem]:
    """What is wrong with a declaration on a condition."""
    said = row.details()
    known = {one.key: one for one in regime.conditions}
    item, state = said.get("condition", ""), said.get("status", "")
    found = []
    if row.given.licence:
        found += _on_licence(row)
    elif said.get("due_on"):
        reason = "a day by which it is to be met is of a condition on a licence"
        found.append(row.problem("due_on", said["due_on"], reason))
    if not item or (item not in known and not row.given.licence):
        reason = "the regime has no such condition" if item else "a condition names its paragraph"
        found.append(row.problem("condition", item, reason, near(item, tuple(known))))
    elif not row.given.licence and known[item].scope == "facility" and not said.get("facility"):
        found.append(row.problem("facility", "", "this condition is kept facility by facility"))
    if state not in STATES:
        reason = f"must be {', '.join(STATES[:-1])} or {STATES[-1]}"
        found.append(row.problem("status", state, reason, near(state, STATES)))
    if state == MET and not said.get("reference"):
        found.append(row.problem("reference", "", "a condition that is met names its evidence"))
    return found


def _on_licence(row: Row) -> list[Problem]:
    """What is wrong with a declaration on a condition on a licence."""
    said = row.details()
    if facility := said.get("facility"):
        reason = "a condition on a licence is of the licence, not of a facility"
        return [row.problem("facility", facility, reason)]
    due = said.get("due_on")
    if due and due < row.day:
        return [row.problem("due_on", due, f"before the first day of the condition, {row.day}")]
    return []


def standing_of(row: Row) -> tuple[str, str]:
    """Subject and object of the standing act a declaration leaves."""
    said = row.details()
    facility = facility_key(said.get("facility"))
    if row.given.licence:
        return f"{US}{US}{row.given.licence}", f"{said['condition']}{US}{said['status']}"
    return f"{party_key(said['party'])}{US}{facility}", f"{said['condition']}{US}{said['status']}"


def facility_key(name: str | None) -> str:
    """A facility as it is looked up; empty for none."""
    return name_key(name) if name else ""
