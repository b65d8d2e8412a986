"""Why a movement drew on what it drew on: everything on record about it, with its citations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from ledger.catalogue import classing
from ledger.policy.types import Regime
from ledger.refusals import REFUSALS
from ledger.rules.rulings import Ruling, ruling_from_body
from ledger.service import conditions, findings, moves
from ledger.service.acquired import options_of
from ledger.service.adoption import every_adoption
from ledger.service.by_document import as_named, meant
from ledger.service.current import last_adoption
from ledger.service.explanation import (
    BesideWhy,
    Cited,
    ConditionKept,
    Effect,
    Explanation,
    Flagged,
    Lot,
    OptionTaken,
    Pointer,
    Submitted,
)
from ledger.service.known_rows import reversals_of
from ledger.service.rows import party_key
from ledger.service.rulebook import Rulebook
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import (
    DECLARATIONS,
    ENDINGS,
    LIMIT_CHANGES,
    OUTCOMES,
    RETURNS,
    SENT,
    STATUS_CHANGES,
    TRANSFERS,
    Kind,
)

if TYPE_CHECKING:
    from ledger.service.ledger import Ledger

# The option that says whether a return or a loss gives room back.
_GIVES_BACK = "return_or_loss_credit"
_CONDITIONED = (*SENT, Kind.WEIGHTS_TRANSFER)
_SAID: dict[str, str] = {
    Kind.ADOPTION: "puts the regime, its options and the chip catalogue in force, in full",
    Kind.REFUSAL: "a refused application: every balance stayed as it was",
    Kind.QUARTER_CLOSE: "closes a quarter: what is dated into it later is marked late",
    **dict.fromkeys(LIMIT_CHANGES, "an act of the authority: it moves the limit and nothing else"),
    **dict.fromkeys(
        STATUS_CHANGES, "an act of the authority: it marks the budget and moves no amount"
    ),
    **dict.fromkeys(DECLARATIONS, "a declaration: what comes later is judged by it"),
    Kind.LICENCE_AMENDMENT: "the licence's last day or value is another from now on",
    Kind.LICENCE_TRANSFER: "the licence passes to another exporter; what it holds stays held",
    Kind.LICENCE_SUSPENSION: "while it holds, what is shipped under the licence is flagged",
    Kind.LICENCE_REINSTATEMENT: "the licence may be used again from this day on",
    Kind.REPLACEMENT: "another licence takes its place: the rest is given back, to be held anew",
    **dict.fromkeys(OUTCOMES, "no licence is given: what was pending for it is free again"),
}


def explain(ledger: Ledger, seq_or_key: int | str) -> Explanation:
    """Explain a movement, named by its seq or as DOCUMENT or DOCUMENT/LINE.

    Raises Unusable where there is no such movement, or several are meant.
    """
    with ledger.store.reading() as turn:
        cursor = Cursor(ledger.store.raw(turn.connection), ledger.store.dialect)
        movement = meant(ledger, turn.head, cursor, str(seq_or_key).strip())
        rulebook = _rulebook(ledger, cursor, movement)
        return _Reader(cursor, rulebook, movement).explanation()


def _rulebook(ledger: Ledger, cursor: Cursor, movement: dict[str, Any]) -> Rulebook:
    """The rules in force when a movement was recorded, as they were adopted."""
    # Others may have adopted rules since the ledger was opened.
    if ledger.since == last_adoption(cursor) <= movement["seq"]:
        return ledger.rulebook
    before = [a for a in every_adoption(ledger.store) if a.submission <= movement["submission"]]
    return before[-1].rulebook


def _meant(regime: Regime, taken: Mapping[str, str]) -> Iterable[OptionTaken]:
    """Options as they were taken, with what each value means."""
    for key, value in taken.items():
        option = regime.options.get(key)
        meaning = option.sentence(value) if option and value in option.names else ""
        yield OptionTaken(key, value, meaning, str(option.citation) if option else "")


def _kept(key: str, title: str, state: str, said: conditions.Declared | None) -> ConditionKept:
    since = said.from_on.isoformat() if said else ""
    evidence, seq = (said.reference, said.seq) if said else ("", None)
    return ConditionKept(key, title, state, since, evidence, seq)


class _Reader:
    """Gathers what is on record about one movement."""

    def __init__(self, cursor: Cursor, rulebook: Rulebook, movement: dict[str, Any]) -> None:
        self.cursor, self.rulebook, self.movement = cursor, rulebook, movement
        self.seq: int = movement["seq"]
        self.day = date.fromisoformat(str(movement["effective_on"]))
        self.ruling = self._ruling()
        self.unit = rulebook.regime.unit

    def explanation(self) -> Explanation:
        """The whole."""
        m, ruling = self.movement, self.ruling
        at = self._pointers("seq", m["target_seq"])
        return Explanation(
            seq=self.seq,
            kind=m["kind"],
            effective_on=str(m["effective_on"]),
            document=m["document"],
            line=m["line"],
            source=m["source"],
            attempt=m["attempt"],
            unit=self.unit,
            given=tuple(self._given()),
            lot=self._lot(),
            regime=f"{self.rulebook.regime.title} ({self.rulebook.regime.key})",
            why=tuple(self._why(at[0] if at else None)),
            review=ruling.review if ruling else "",
            draws=tuple(self._draws()),
            findings=tuple(self._findings()),
            options=tuple(self._options()),
            conditions=tuple(self._conditions()),
            beside=tuple(self._beside()),
            points_at=at[0] if at else None,
            pointed_at_by=tuple(self._pointers("target_seq", self.seq)),
            reversed_by=reversals_of(self.cursor, [self.seq]).get(self.seq),
            submission=self._submission(),
        )

    def _ruling(self) -> Ruling | None:
        number = self.movement["ruling_no"]
        found = [] if number is None else self.cursor.find(t.ruling, "ruling_no", [number])
        return ruling_from_body(found[0][2]) if found else None

    def _given(self) -> Iterable[tuple[str, str]]:
        m = self.movement
        numbers = {m[f"{role}_no"] for role in ("exporter", "consignee", "parent")} - {None}
        names = {p[0]: p[1] for p in self.cursor.find(t.party, "party_no", numbers)}
        cents = m["unit_value_cents"]
        value = None if cents is None else f"{cents // 100:,}.{cents % 100:02d}"
        ruled = self.ruling.last_day(self.day) if self.ruling else None
        fields = {
            "exporter": names.get(m["exporter_no"]),
            "ultimate_consignee": names.get(m["consignee_no"]),
            "ultimate_parent": names.get(m["parent_no"]),
            "consignee_hq": self._country(m["consignee_hq"]),
            "parent_hq": self._country(m["parent_hq"]),
            "destination": self._country(m["destination"]),
            "authorization": m["authorization"],
            "licence": m["licence"],
            "licence_line": m["licence_line"],
            "expires_on": m["expires_on"],
            "expires_on_by_rule": ruled if m["expires_on"] is None else None,
            "unit_value_usd": value,
            **(json.loads(m["details"]) if m["details"] else {}),
        }
        return [(name, str(found)) for name, found in fields.items() if found is not None]

    def _country(self, code: str | None) -> str | None:
        if code is None:
            return None
        name = self.rulebook.country_name(code)
        return code if name == code else f"{name} ({code})"

    def _lot(self) -> Lot | None:
        m = self.movement
        if m["amount_mtpp"] is None and m["quantity"] is None:
            return None
        catalogue = self.rulebook.catalogue
        row = catalogue.row(m["chip"]) if m["chip"] else None
        sources = [f"{s.title}, {s.published} {s.href}" for s in row.sources] if row else []
        tf32_bits = self.rulebook.options.get("tf32_bits", "19")
        paragraph = classing.paragraph(row, catalogue, tf32_bits=tf32_bits) if row else ""
        return Lot(
            chip=m["chip"],
            name=row.name if row else "",
            paragraph=paragraph,
            quantity=m["quantity"],
            unit_mtpp=m["unit_mtpp"],
            amount_mtpp=m["amount_mtpp"],
            sources=tuple(sources),
            catalogue=catalogue.version,
        )

    def _why(self, target: Pointer | None) -> Iterable[Cited]:
        """The steps of the ruling; before them what its kind alone makes of it."""
        said = self._of_kind(target)
        first = [Cited(said, "")] if said else []
        steps = self.ruling.steps if self.ruling else ()
        return [*first, *(Cited(s.sentence, s.citation) for s in steps), *self._authorized()]

    def _authorized(self) -> Iterable[Cited]:
        """Why it drew on a budget that only those who hold an authorization have."""
        drawn = {effect.rule for effect in self._draws()}
        ruled = self.ruling.draws if self.ruling else ()
        asked = {draw.rule for draw in ruled if draw.authorized} & drawn
        for rule in self.rulebook.regime.judging.draws:
            if rule.only_authorized and rule.budget in asked:
                asked.discard(rule.budget)
                yield Cited(rule.sentence, str(rule.citation))

    def _of_kind(self, target: Pointer | None) -> str:
        m, kind = self.movement, self.movement["kind"]
        if kind == Kind.REVERSAL and target is not None:
            said = f"the opposite of every entry of seq {target.seq}, dated as that was"
            again = json.loads(m["details"] or "{}").get("restores")
            return f"{said}: {again} stands again" if again else said
        if kind in _SAID:
            return _SAID[kind]
        if kind == Kind.ASSIGNMENT and target is not None:
            line = f"licence {m['licence']} line {m['licence_line']} (seq {target.seq})"
            return f"lays a shipment on record under {line}: it comes off where it was counted"
        if kind in ENDINGS and target is not None:
            return f"ends what is left of licence {m['licence']} line {m['licence_line']}"
        if kind in SENT and target is not None and target.kind == Kind.LICENCE:
            line = f"licence {m['licence']} line {m['licence_line'] or '1'} (seq {target.seq})"
            return f"drawn under {line}: what the licence held is used, on the licence's budget"
        if kind in TRANSFERS and self.ruling is not None:
            return moves.said(kind, self.ruling, target.seq if target else None)
        followed = f"seq {target.seq} ({target.kind} {target.document})" if target else ""
        return f"follows {followed}, and its ruling" if followed else ""

    def _draws(self) -> Iterable[Effect]:
        entries, known = sorted(self.cursor.find(t.entry, "seq", [self.seq])), self.rulebook.budgets
        budgets = self._budgets({entry[1] for entry in entries})
        for entry in entries:
            named = as_named(t.entry, entry)
            budget = budgets[named["budget_no"]]
            yield Effect(
                rule=budget["rule"],
                title=known[rule].title if (rule := budget["rule"]) in known else rule,
                holder=budget["holder_name"],
                window=budget["window"],
                official=bool(named["official"]),
                **{name: value for name, value in named.items() if name.endswith("_mtpp")},
            )

    def _budgets(self, numbers: Iterable[int]) -> dict[int, dict[str, Any]]:
        rows = self.cursor.find(t.budget, "budget_no", numbers)
        return {row[0]: as_named(t.budget, row) for row in rows}

    def _findings(self) -> Iterable[Flagged]:
        rows = sorted(self.cursor.find(t.finding, "seq", [self.seq]))
        named = [as_named(t.finding, row) for row in rows]
        budgets = self._budgets({n["budget_no"] for n in named} - {None})
        for one in named:
            budget = budgets.get(one["budget_no"])
            rule = budget["rule"] if budget else None
            authorization = self.movement["authorization"] or self.rulebook.regime.unstated
            where = findings.Circumstance(self.day, rule, authorization)
            stored = findings.Stored(
                code=one["code"],
                limit=one["limit_mtpp"],
                taken=one["taken_mtpp"],
                asked=one["asked_mtpp"],
                short=one["short_mtpp"],
                detail=one["detail"],
            )
            yield Flagged(
                code=stored.code,
                family=str(REFUSALS[stored.code].family),
                sentence=findings.said(stored, self.unit),
                budget=f"{budget['holder_name']} {budget['window']}" if budget else "",
                citation=findings.citation(
                    stored.code,
                    findings.speaker(self.rulebook.regimes, rule, stored.detail),
                    where,
                ),
            )

    def _options(self) -> Iterable[OptionTaken]:
        taken = dict(self.ruling.options) if self.ruling else {}
        if self.movement["kind"] in RETURNS and _GIVES_BACK in self.rulebook.regime.options:
            taken[_GIVES_BACK] = self.rulebook.options[_GIVES_BACK]
        taken |= options_of(self.rulebook, self.movement["kind"])
        return _meant(self.rulebook.regime, taken)

    def _beside(self) -> Iterable[BesideWhy]:
        """What the regimes that run beside the first say."""
        regimes = {one.key: one for one in self.rulebook.regimes}
        for ruling in self.ruling.beside if self.ruling else ():
            regime = regimes[ruling.regime]
            yield BesideWhy(
                regime=f"{regime.title} ({regime.key})",
                why=tuple(Cited(step.sentence, step.citation) for step in ruling.steps),
                review=ruling.review,
                options=tuple(_meant(regime, dict(ruling.options))),
            )

    def _conditions(self) -> Iterable[ConditionKept]:
        """The conditions on its licence, and of its authorization, as they stood on its day."""
        m = self.movement
        licence = m["document"] if m["kind"] == Kind.LICENCE else m["licence"]
        kept = conditions.on_record(self.cursor).on_licence(licence or "", self.day)
        on_licence = [_kept(one.key, one.title, one.state, one.declared) for one in kept]
        return [*on_licence, *self._of_authorization()]

    def _of_authorization(self) -> Iterable[ConditionKept]:
        """The conditions of the authorization, as they stood for the party at the facility."""
        m, regime = self.movement, self.rulebook.regime
        asked = [one for one in regime.conditions if m["authorization"] in one.authorizations]
        if not asked or m["kind"] not in _CONDITIONED:
            return []
        said = dict(self._given())
        roles = ("owner", "operator", "ultimate_consignee", "ultimate_parent")
        parties = [key for key in (party_key(said.get(role)) for role in roles) if key]
        facility = conditions.facility_key(said.get("facility"))
        kept = conditions.on_record(self.cursor).of_any(asked, parties, facility, self.day)
        return [
            _kept(one.condition.key, one.condition.title, one.state, one.declared) for one in kept
        ]

    def _pointers(self, by: str, seq: int | None) -> list[Pointer]:
        rows = [] if seq is None else self.cursor.find(t.movement, by, [seq])
        named = [as_named(t.movement, row) for row in sorted(rows, key=lambda row: row[0])]
        return [
            Pointer(m["seq"], m["kind"], str(m["effective_on"]), m["document"], m["line"])
            for m in named
        ]

    def _submission(self) -> Submitted:
        (row,) = self.cursor.find(t.submission, "number", [self.movement["submission"]])
        named = as_named(t.submission, row)
        return Submitted(**{name: named[name] for name in Submitted.__dataclass_fields__})
