"""The rules in force for one ledger: its regime, options and catalogue, ready to be asked."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from hashlib import sha256

from ledger import countries
from ledger.catalogue import classing
from ledger.catalogue.types import Catalogue
from ledger.policy.budgets import PARENTS
from ledger.policy.types import DrawRule, Precondition, Regime, When, as_enforced
from ledger.rules import preconditions
from ledger.rules.chips import ChipFacts
from ledger.rules.chips import facts as chip_facts
from ledger.rules.endings import READINGS, ruling_of_ending
from ledger.rules.judge import Case, Ruling, country_class, judge
from ledger.rules.parents import seated
from ledger.rules.preconditions import Terms
from ledger.rules.rulings import OF, united
from ledger.service.grants import Grants, Opening
from ledger.service.rows import Flag
from schemas.kinds import Kind
from schemas.records import Given

RULED = (
    Kind.APPLICATION,
    Kind.LICENCE,
    Kind.EXPORT,
    Kind.REEXPORT,
    Kind.IN_COUNTRY_TRANSFER,
    Kind.EXPORT_FROM_ABROAD,
)
# The chip whose TPP equivalents are counted in.
EQUIVALENT = "nvidia-h100-sxm"
_CASES_KEPT = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Ruled:
    """A ruling with its stored body and the body's digest, worked out once."""

    ruling: Ruling
    body: str
    digest: str

    @classmethod
    def of(cls, ruling: Ruling) -> Ruled:
        """A ruling and its bytes."""
        body = ruling.body()
        return cls(ruling, body, sha256(body.encode()).hexdigest())

    @property
    def looks_back(self) -> bool:
        """Whether it draws for what is dated before the regime."""
        return bool(self.ruling.draws) and "before_regime" in dict(self.ruling.findings)


def as_note(flag: Flag) -> Flag:
    """A finding as it is told of a day on which it is not enforced; its figures stay."""
    if flag.code == "over_limit":
        return flag._replace(code="over_limit_not_enforced")
    if flag.code in ("certificate_missing", "notice_missing", "test_missing"):
        return flag._replace(code="not_enforced", detail=f"{flag.code}: {flag.detail}")
    return flag


class Rulebook:
    """Answers what the rules say of a row; each distinct case is judged once.

    `beside` are further regimes with their settings, which judge the same movements; each is a
    rulebook of its own, and `every` names them all, the ledger's first regime first.
    """

    def __init__(
        self,
        regime: Regime,
        settings: Mapping[str, str],
        catalogue: Catalogue,
        beside: Sequence[tuple[Regime, Mapping[str, str]]] = (),
    ) -> None:
        self.options = regime.choose(settings)
        self.regime = regime.read_as(self.options)
        self.catalogue = catalogue
        self.beside = tuple(Rulebook(other, chosen, catalogue) for other, chosen in beside)
        self.every = (self, *self.beside)
        self.budgets = {key: rule for one in self.every for key, rule in one.regime.budgets.items()}
        self._of_budget = {key: one for one in self.every for key in one.regime.budgets}
        self._rulings: dict[tuple[Case, ...], Ruled] = {}
        self._cases: dict[tuple[object, ...], Ruled] = {}
        self.periods = lru_cache(maxsize=None)(self._periods)
        self._terms = lru_cache(maxsize=None)(self._papers)
        self.measures = lru_cache(maxsize=None)(self._measures)
        self.chip_facts = lru_cache(maxsize=None)(self._chip_facts)
        self.country_class = lru_cache(maxsize=None)(self._country_class)
        self._endings = lru_cache(maxsize=None)(self._ending)
        self._grants = Grants(self.every)

    def rule(self, given: Given, seat: str = "") -> Ruled | None:
        """The ruling on a row, None for kinds that are not ruled.

        `seat` is the country where the ultimate parent is declared to have its headquarters, where
        that goes before the row's own (parents.py).
        """
        if given.kind in READINGS:
            return self.ending(given.kind, given.effective_on)
        if given.kind not in RULED:
            return None
        key = (
            given.kind,
            given.authorization,
            given.destination,
            given.consignee_hq,
            given.parent_hq,
            seat,
            given.chip,
            self.periods(given.effective_on),
            self._entries(given),
        )
        found = self._cases.get(key)
        if found is None:
            if len(self._cases) >= _CASES_KEPT:
                self._cases.clear()
            cases = [one.case(given, seat) for one in self.every]
            found = self._cases[key] = self.ruling(*cases)
        return found

    def _periods(self, day: date) -> tuple[date, ...]:
        """The period a day falls in, in each regime."""
        return tuple(one.regime.period_of(day) for one in self.every)

    def _entries(self, given: Given) -> tuple[str, ...]:
        """The item's entry in each regime; none where the row names no number."""
        if given.details is None or '"eccn":' not in given.details:
            return ()
        return tuple(one.entry(given) for one in self.every)

    def entry(self, given: Given) -> str:
        """The entry of the control list an item is filed under, where the rules ask for it."""
        if given.details is None or '"eccn":' not in given.details:
            return ""
        return self.entry_of(given.authorization, json.loads(given.details).get("eccn"))

    def entry_of(self, authorization: str | None, eccn: str | None) -> str:
        """The entry that a number is of, where it may matter for an authorization; else empty."""
        if self.stated(authorization) not in self.asks_entry:
            return ""
        return self.regime.judging.entry(eccn)

    @cached_property
    def asks_entry(self) -> frozenset[str]:
        """The authorizations for which the item's entry may matter."""
        return self.regime.judging.asks_entry()

    def case(self, given: Given, seat: str = "") -> Case:
        """What of a row the rules can tell apart; `seat` as in `rule`."""
        period = self.regime.period_of(given.effective_on)
        chip = self.chip_facts(given.chip)
        return Case(
            kind=given.kind,
            authorization=self.stated(given.authorization),
            destination_class=self.country_class(given.destination, period),
            hq_class=self.country_class(given.consignee_hq, period),
            parent_class=self.country_class(seat or given.parent_hq, period),
            chip_class=chip.chip_class,
            datacentre=chip.datacentre,
            period=period,
            entry=self.entry(given),
            chip_figures=chip.figures,
            parent_seat=seat,
        )

    def stated(self, authorization: str | None) -> str:
        """The regime's own code of an authorization, which may be in another regime's words."""
        if not authorization:
            return self.regime.unstated
        known = self.regime.authorization(authorization)
        return known or self.regime.judging.other or authorization

    def ruling(self, *cases: Case) -> Ruled:
        """The ruling on a movement that is this case, and these in the regimes beside."""
        found = self._rulings.get(cases)
        if found is None:
            judged = [
                seated(judge(case, one.regime, one.options), one.regime)
                for case, one in zip(cases, self.every, strict=True)
            ]
            first, *others = judged
            found = self._rulings[cases] = Ruled.of(united(first, others) if others else first)
        return found

    @property
    def regimes(self) -> tuple[Regime, ...]:
        """The ledger's regimes, its first one first."""
        return tuple(one.regime for one in self.every)

    def of_budget(self, rule: str) -> Rulebook:
        """The rulebook whose regime grants a budget. Raises KeyError for an unknown one."""
        return self._of_budget[rule]

    def _ending(self, kind: str, period: date) -> Ruled:
        return Ruled.of(ruling_of_ending(kind, self.regime, self.options, period))

    def ending(self, kind: str, day: date) -> Ruled:
        """The ruling on what a licence leaves unused at its end."""
        return self._endings(kind, self.regime.period_of(day))

    def _country_class(self, code: str | None, period: date) -> str:
        day = max(period, self.regime.first_day) if self.looks_back else period
        return country_class(self.regime, self.followed(code), day)

    @cached_property
    def looks_back(self) -> bool:
        """Whether the options have something count that is dated before the regime."""
        return any(draw.before and self._chosen(draw.when) for draw in self._draw_rules())

    def _chosen(self, when: When) -> bool:
        return all(self.options[key] == value for key, value in when.options)

    def _draw_rules(self) -> list[DrawRule]:
        return [draw for one in self.regime.authorizations.values() for draw in one.draws]

    def spares(self, day: date) -> bool:
        """Whether what is not enforced on a day is let pass, and it is such a day."""
        return as_enforced(self.options) and not self.regime.enforced_on(day)

    def spared(self, flags: list[Flag], day: date) -> list[Flag]:
        """Findings of a day, as notes where they are not enforced then."""
        return [as_note(flag) for flag in flags] if self.spares(day) else flags

    def not_attributable(self, ruling: Ruling) -> bool:
        """Whether it draws on a budget for which another entity may be named, but not here."""
        budgets = self.regime.budgets
        return any(
            draw.holder_from in PARENTS and budgets[draw.rule].holders.attributed_where
            for draw in ruling.draws
        )

    def followed(self, code: str | None) -> str | None:
        """The destination a country or territory is treated as: as the regime says or, where it
        does not, as 15 CFR 738.3(b) has it.
        """
        if code is None or code in self.regime.country_names:
            return code
        if code in self.regime.attached:
            return self.regime.treated_as(code)
        return countries.treated_as(code) or code

    def _chip_facts(self, key: str | None) -> ChipFacts:
        return chip_facts(key, self.catalogue, self.regime, self.options)

    def papers(self, needs: tuple[str, ...], day: date) -> tuple[Terms, ...]:
        """The terms on a day of those preconditions that hang on no running total (running.py)."""
        at = bisect_right(self._number_days, day)
        return self._terms(needs, self._number_days[at - 1] if at else date.min)

    @cached_property
    def _number_days(self) -> tuple[date, ...]:
        """The days, rising, from which a number of the regimes is another: terms hang on those."""
        numbers = (number for one in self.every for number in one.regime.numbers.values())
        return tuple(sorted({value.from_on for number in numbers for value in number.values}))

    def _papers(self, needs: tuple[str, ...], day: date) -> tuple[Terms, ...]:
        asked = ((of, rule) for of, rule in self._needed(needs) if not rule.tally)
        found = (preconditions.terms(rule, of, day) for of, rule in asked)
        return tuple(one for one in found if one is not None)

    def _needed(self, needs: tuple[str, ...]) -> list[tuple[Regime, Precondition]]:
        """What a ruling asks for, of each regime: those beside are named before the key."""
        found: list[tuple[Regime, Precondition]] = []
        for one in self.every:
            before = "" if one is self else f"{one.regime.key}{OF}"
            keys = [key.removeprefix(before) for key in needs if key.startswith(before)]
            found += [(one.regime, rule) for rule in preconditions.needed(one.regime, keys)]
        return found

    def _measures(self, needs: tuple[str, ...]) -> bool:
        """Whether one of those preconditions hangs on the amount of the shipment."""
        return any(rule.threshold and not rule.tally for _, rule in self._needed(needs))

    def paper_flag(self, terms: Terms, day: date, given_on: date | None, total: int) -> Flag:
        """The flag of a paper that is missing, or dated too late, for a shipment of a day."""
        detail = preconditions.said(terms, day, given_on, total, self.regime.unit)
        return Flag(preconditions.REASON[terms.rule.asks], detail=detail)

    def unit_mtpp(self, key: str) -> int:
        """The TPP of one unit of a catalogue row, in thousandths, under the options in force."""
        row = self.catalogue.row(key)
        assert row is not None, key
        found = classing.unit_tpp(
            row,
            self.catalogue,
            tf32_bits=self.options.get("tf32_bits", "19"),
            system_tpp=self.options.get("system_tpp", "every_ic"),
        )
        return found.milli

    def account(self, rule: str, holder: str, name: str, day: date) -> Opening | None:
        """The budget of a holder on a day, with the terms to open it; None where there is none."""
        return self._grants.account(rule, holder, name, day)

    @cached_property
    def kinds(self) -> dict[str, str]:
        """The kind of every budget, by rule."""
        return {key: budget.kind for key, budget in self.budgets.items()}

    def known_accounts(self, by: date) -> list[Opening]:
        """Every budget whose holder is known beforehand, to be opened at the start, on a day."""
        return self._grants.known(by)

    @property
    def opens_periods(self) -> bool:
        """Whether some known holders have periods without an end."""
        return self._grants.opens_periods

    def accounts_begun(self, by: date) -> tuple[Opening, ...]:
        """Those of periods without an end that have begun by a day, to be opened as they begin."""
        return self._grants.begun(by)

    def not_yet(self, rule: str, holder: str) -> tuple[tuple[int, int], ...]:
        """The days, as numbers and both ends included, before a holder comes to have a budget."""
        return self._grants.not_yet(rule, holder)

    def country_name(self, code: str) -> str:
        """A country as the regime names it, else its code."""
        return self.regime.country_names.get(code, code)

    @property
    def counts_once(self) -> bool:
        """Whether units that a transfer within a country moves on are not debited again."""
        return self.options.get("in_country_transfer") == "no_second_debit"

    @cached_property
    def holds_on_several(self) -> bool:
        """Whether a licence may hold on more than one budget in full."""
        budgets = self.regime.budgets.values()
        both = any(len(b.holders.sources(self.options)) > 1 for b in budgets)
        return both or bool(self.beside) or len(self._held_on()) > 1

    def _held_on(self) -> set[tuple[str, str]]:
        """The budgets a licence may hold on, each with what its rule has name the holder."""
        code, judging = self.regime.judging.licensed, self.regime.judging
        rules = (*self.regime.authorizations[code].draws, *judging.draws)
        return {
            (rule.budget, rule.holder)
            for rule in rules
            if rule.official
            and rule.effect in ("", "hold")
            and (not rule.when.kinds or Kind.LICENCE in rule.when.kinds)
            and self._chosen(rule.when)
        }

    def counts_from(self, day: date) -> date:
        """The day whose window a movement falls in: at the earliest the regime's first."""
        return max(day, self.regime.first_day)

    def gives_back(self, rule: str, kind: str) -> bool:
        """Whether goods that come back, are lost or are removed give room back to a budget."""
        said = self.budgets[rule].gives_back
        if said or kind == Kind.REMOVAL:
            return said == "always"
        reading = self.of_budget(rule).options.get("return_or_loss_credit", "none")
        if kind == Kind.RETURN:
            return reading != "none"
        return reading not in ("none", "on_proven_return")

    @property
    def converts(self) -> bool:
        """Whether chips a licence brought give room back to its country once they are counted
        in a company's installed base.
        """
        return self.options.get("nveu_conversion") == "credit"

    @cached_property
    def value_tolerance_ppm(self) -> int:
        """How far the value of a licence may run over (15 CFR 750.11); 0 where none is named."""
        number = self.regime.numbers.get("licence_value_tolerance")
        return number.values[-1].ppm if number is not None else 0
