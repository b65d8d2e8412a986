"""What a regime says of a case: the authorizations admissible, the budgets drawn, the review.

Pure: no file, database, clock or network. How an authorization is judged is data of the regime;
this module only interprets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from ledger.policy.budgets import ATTRIBUTED, PARENTS, PLACED
from ledger.policy.judging import ROLES
from ledger.policy.types import Citation, DrawRule, Flag, Holders, Regime, When, as_enforced
from ledger.refusals import REFUSALS, Family
from ledger.rules.chips import Held, against_limits
from ledger.rules.classes import (
    ENTERING,
    ROLE_SAID,
    STAND_INS,
    UNKNOWN,
    country_class,
    holds_there,
)
from ledger.rules.rulings import (
    ASKED,
    COUNTED,
    LEAVE,
    UNDER_LICENCE,
    Case,
    Draw,
    Ruling,
    Step,
    ruling_from_body,
)
from schemas.kinds import SHIPMENTS, Kind

__all__ = ["Case", "Draw", "Ruling", "Step", "country_class", "judge", "ruling_from_body"]

SPARED = "not_enforced"  # what a finding becomes on a day on which it is not enforced
_BARRED = "authorization_unavailable"
_NOT_YET = "not held on this day; it counts from the day it is"
_LICENSED = (Kind.APPLICATION, Kind.LICENCE)
_EFFECT: dict[str, str] = {
    Kind.APPLICATION: "pend",
    Kind.LICENCE: "hold",
    **dict.fromkeys(SHIPMENTS, "post"),
}


def judge(case: Case, regime: Regime, options: Mapping[str, str]) -> Ruling:
    """The ruling on a case, under a regime and a full choice of its options.

    The same arguments always give the same ruling, to the byte of its body.
    """
    bench = _Bench(case, regime, options)
    if case.period < regime.first_day:
        bench.before()
        return bench.ruling()
    if not bench.outside():
        bench.flags()
        bench.draws()
        bench.safe_side()
        bench.draws_of_several()
        bench.review()
        bench.terms()
        bench.needs()
    bench.tallies()
    bench.leaves()
    return bench.ruling()


def is_outside(case: Case, regime: Regime, options: Mapping[str, str]) -> bool:
    """Whether a regime does not weigh a case, whatever its tallies count."""
    return _Bench(case, regime, options).outside()


@dataclass
class _Bench:
    """One case being judged: what has been found so far."""

    case: Case
    regime: Regime
    options: Mapping[str, str]
    authorization: str = ""
    drawn: list[Draw] = field(default_factory=list)
    findings: list[tuple[str, str]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    on_safe_side: Flag | None = None
    policy: str = ""
    needed: list[str] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)
    barred: bool = False
    years: int = 0
    alone: bool = False

    def __post_init__(self) -> None:
        stated = self.case.authorization
        if self.case.kind in _LICENSED:
            stated = self.regime.judging.licensed
        known = stated in self.regime.authorizations
        self.authorization = stated if known else self.regime.unstated

    def say(self, sentence: str, citation: Citation | str) -> None:
        """Keep a step of the reasoning."""
        self.steps.append(Step(sentence, str(citation)))

    def find(self, code: str, detail: str) -> None:
        """Keep a finding, once."""
        if code not in (found for found, _ in self.findings):
            self.findings.append((code, detail))

    def outside(self) -> bool:
        """Whether the regime does not weigh the case; the first reason is kept."""
        for rule in self.regime.judging.outside:
            if self.holds(rule.when):
                self.say(rule.sentence, rule.citation)
                return True
        return False

    def flags(self) -> None:
        """Every flag whose condition holds."""
        for flag in self.regime.judging.flags_under(self.authorization):
            if self.holds(flag.when):
                self.say(flag.sentence, flag.citation)
                self.barred = self.barred or flag.code == _BARRED
                if flag.code:
                    said = self.reason(flag.sentence, flag.when, flag.citation)
                    self.find(*((flag.code, said) if self.accuses(flag) else (SPARED, said)))
                if flag.safe_side:
                    self.on_safe_side = self.on_safe_side or flag

    def reason(self, sentence: str, when: When, citation: Citation) -> str:
        """A sentence with where it stands, and the figures of the chip where it hangs on them."""
        said = f"{sentence} ({citation.section})"
        return "; ".join((said, *self.held.said)) if when.chip_limits else said

    @cached_property
    def held(self) -> Held:
        """How the case's chip stands to the regime's limits on its day."""
        return against_limits(self.case.chip_figures, self.regime, self.case.period)

    def accuses(self, flag: Flag) -> bool:
        """Whether a finding is one on a day, or only a note that it is not enforced then."""
        if flag.enforced or not as_enforced(self.options):
            return True
        self.touched.add("enforcement_view")
        accuses = REFUSALS[flag.code].family is not Family.NOTE
        return not accuses or self.regime.enforced_on(self.case.period)

    def before(self) -> None:
        """A movement dated before the regime: it draws nothing, but where a rule looks back."""
        self.find("before_regime", f"first day {self.regime.first_day}")
        rules = self.regime.authorizations[self.authorization].draws
        looking_back = [rule for rule in rules if rule.before and self.holds(rule.when)]
        if not looking_back:
            self.say("dated before the regime's first day: it draws nothing", "regime")
        elif not self.outside():
            for rule in looking_back:
                self.draw(rule, rule.effect or _EFFECT[self.case.kind])

    def draws(self) -> None:
        """The draws of the authorization."""
        self._draw_all(self.regime.authorizations[self.authorization].draws)

    def _draw_all(self, rules: Iterable[DrawRule]) -> None:
        for rule in rules:
            effect = rule.effect or _EFFECT.get(self.case.kind, "")
            open_ = not (rule.before or (rule.only_available and self.barred))
            if effect and open_ and self.holds(rule.when):
                self.draw(rule, effect)

    def tallies(self) -> None:
        """What counts on tallies whatever the authorization, and the shares then measured."""
        if self.case.kind == Kind.APPLICATION:
            self.would_count()
        if self.case.kind not in SHIPMENTS:
            return
        for rule in self.regime.judging.counts:
            known = any(draw.rule == rule.budget for draw in self.drawn)
            if not known and self.holds(rule.when):
                self.draw(rule, rule.effect or "count")
        counted = {draw.rule for draw in self.drawn}
        for share in self.regime.shares:
            if share.tally in counted and self.holds(share.when):
                self.measured.append(share.key)
                self.touched.update(key for key in (share.measured, share.flow) if key)
                self.say(f"measured: {share.title}", share.citation)

    def leaves(self) -> None:
        """Of a move: what the goods count as where they leave, as if they had come there thus."""
        if not self.case.move:
            return
        came = replace(self.case, kind=Kind.EXPORT, destination_class=self.case.from_class, move="")
        there = _Bench(came, self.regime, self.options)
        if not there.outside():
            there.draws()
            there.draws_of_several()
        there.tallies()
        self.touched |= there.touched
        for draw in there.drawn:
            left = Draw(draw.rule, draw.holder_from, True, LEAVE, draw.authorized)
            if draw.official and draw.holder_from in PLACED and left not in self.drawn:
                budget = self.regime.budgets[draw.rule]
                self.drawn.append(left)
                said = "comes off where it leaves, unless it stays on one account"
                self.say(f"{budget.title}: {said}", budget.citation)

    def would_count(self) -> None:
        """What the export that an application asks for would count, and the shares of it."""
        licensed = self.regime.judging.licensed
        case = replace(self.case, kind=Kind.EXPORT, authorization=licensed)
        export = _Bench(case, self.regime, self.options)
        export.tallies()
        self.drawn += [replace(d, effect=ASKED[COUNTED.index(d.effect)]) for d in export.drawn]
        self.measured += export.measured
        self.touched |= export.touched
        self.steps += export.steps

    def draws_of_several(self) -> None:
        """The draws that are of no authorization of its own, on budgets that have a window."""
        said, touched = len(self.steps), set(self.touched)
        open_ = (
            rule
            for rule in self.regime.judging.draws
            if self.regime.budgets[rule.budget].window_on(self.case.period) is not None
        )
        self._draw_all(open_)
        # Whether they apply is told by who is authorized: said where one did.
        del self.steps[said:]
        self.touched = touched

    def draw(self, rule: DrawRule, effect: str) -> None:
        """A draw, if its budget has such a holder and a window for the day."""
        found = [
            Draw(rule.budget, source, rule.official, effect, rule.only_authorized)
            for source in ([rule.holder] if rule.holder else self.sources(rule.budget))
            if self.has_budget(rule.budget, source)
        ]
        if found:
            self.drawn += found
            self.say(rule.sentence, rule.citation)
            if any(self.waits(rule.budget, draw.holder_from) for draw in found):
                said = f"{self.regime.budgets[rule.budget].title}: {_NOT_YET}"
                self.say(said, self.regime.options[ENTERING].citation)

    def sources(self, key: str) -> list[str]:
        """The fields that name who holds a budget, as its option says.

        A country that is not stated is replaced by the nearest one that is: the parent's by the
        consignee's, that one by the destination; the case then says so.
        """
        holders = self.regime.budgets[key].holders
        if holders.option:
            self.touched.add(holders.option)
        found: dict[str, None] = {}
        for wanted in holders.sources(self.options):
            nearest = (wanted, *STAND_INS.get(wanted, ()))
            known = (one for one in nearest if one not in ROLES or self.classes(one))
            source = next(known, wanted)
            if source != wanted:
                self.find("holder_not_stated", f"{wanted}: {source} in its place")
            found[self.attributed(source, holders)] = None
        return list(found)

    def attributed(self, source: str, holders: Holders) -> str:
        """The field that names the holder where another entity may be named in its place."""
        lists = (self.classes(role) for role in holders.attributed_where)
        open_to = source in PARENTS and any(one & holders.attributed_in for one in lists)
        return ATTRIBUTED[PARENTS.index(source)] if open_to else source

    def has_budget(self, key: str, source: str) -> bool:
        """Whether the case's holder has a budget on its day; what is missing becomes a step."""
        budget = self.regime.budgets[key]
        if budget.window_on(max(self.case.period, self.regime.first_day)) is None:
            self.find("after_windows", budget.title)
            self.say(f"{budget.title}: no window covers this day", budget.citation)
            return False
        if source not in ROLES:  # a party, or a country that the case does not know
            return True
        if budget.holder_kind != "party" and not self.held_by(key, source):
            self.say(f"{budget.title}: none for this {ROLE_SAID[source]}", budget.citation)
            return False
        return True

    def held_by(self, key: str, source: str) -> bool:
        """Whether a country holds a budget on the day, or does later and counts from the start."""
        if not self.waits(key, source):
            return key in self.classes(source)
        self.touched.add(ENTERING)
        return self.options[ENTERING] == "full_limit"

    def waits(self, key: str, source: str) -> bool:
        """Whether a country holds a budget not on the day, but later."""
        classes = self.classes(source) if source in ROLES else frozenset()
        return key not in classes and f"{key}_later" in classes

    def safe_side(self) -> None:
        """Draws on the safe side, where a flag asks and no official draw counts it already."""
        if self.on_safe_side is None or self.case.kind not in SHIPMENTS:
            return
        official = {d.rule for d in self.drawn if d.official and d.effect not in UNDER_LICENCE}
        for key in self.regime.judging.safe_side:
            if key not in official:
                for source in self.sources(key):
                    if self.has_budget(key, source):
                        self.drawn.append(Draw(key, source, False, "post"))

    def review(self) -> None:
        """The policy an application or a licence is reviewed under; denial flags an application."""
        if self.case.kind not in _LICENSED:
            return
        for rule in self.regime.judging.reviews:
            if self.holds(rule.when):
                self.policy = rule.policy
                self.say(f"review: {rule.policy}", rule.citation)
                if rule.denial and self.case.kind == Kind.APPLICATION:
                    self.find("review_denial", self.reason(rule.policy, rule.when, rule.citation))
                return

    def terms(self) -> None:
        """How long a licence holds that names no last day, and whether for one country alone."""
        if self.case.kind not in _LICENSED:
            return
        licensing = self.regime.licensing
        if licensing.one_country in self.classes("destination"):
            self.alone = True
            self.say("on its own: it names no other country", licensing.cited["one_country"])
        years = licensing.years(self.case.chip_class, self.case.period)
        if years and self.case.kind == Kind.LICENCE:
            self.years = years
            held = f"{years} years" if years > 1 else "one year"
            self.say(f"holds {held} where it names no last day", licensing.cited["validity"])

    def needs(self) -> None:
        """What must be on record before it leaves; nothing where it may not go this way at all."""
        if self.case.kind not in SHIPMENTS or self.barred:
            return
        if as_enforced(self.options) and not self.regime.enforced_on(self.case.period):
            self.touched.add("enforcement_view")
            return
        for rule in self.regime.judging.preconditions:
            if self.holds(rule.when):
                self.needed.append(rule.key)
                self.say(f"needed before it leaves: {rule.sentence}", rule.citation)

    def classes(self, role: str) -> frozenset[str]:
        """What a country of the case is on or holds; empty where it is not known."""
        text = {
            "destination": self.case.destination_class,
            "consignee_hq": self.case.hq_class,
            "parent_hq": self.case.parent_class,
        }[role]
        return frozenset(text.split("+")) - {UNKNOWN}

    def holds(self, when: When) -> bool:
        """Whether a condition holds. Options are asked last, so that only those that matter
        are kept with the ruling.
        """
        if not (self._holds_for_item(when) and holds_there(when, self.classes)):
            return False
        if not when.options:
            return True
        self.touched.update(key for key, _ in when.options)
        return all(self.options[key] == value for key, value in when.options)

    def _holds_for_item(self, when: When) -> bool:
        case = self.case
        return (
            (not when.kinds or case.kind in when.kinds)
            and (not when.authorizations or self.authorization in when.authorizations)
            and (not when.chips or case.chip_class in when.chips)
            and (not when.chip_limits or self.held.state in when.chip_limits)
            and (not when.entries or case.entry in when.entries)
            and case.entry not in when.not_entries
            and (not when.moves or case.move in when.moves)
            and (when.datacentre is None or case.datacentre is when.datacentre)
            and (when.from_on is None or case.period >= when.from_on)
            and (when.to_on is None or case.period <= when.to_on)
        )

    def ruling(self) -> Ruling:
        """What was found, closed."""
        return Ruling(
            regime=self.regime.key,
            version=self.regime.version,
            case=self.case,
            draws=tuple(self.drawn),
            findings=tuple(self.findings),
            review=self.policy,
            steps=tuple(self.steps),
            options=tuple((key, self.options[key]) for key in sorted(self.touched)),
            needs=tuple(self.needed),
            shares=tuple(self.measured),
            years=self.years,
            alone=self.alone,
        )
