"""What the rule says of a transfer of model weights: controlled or not, and what may carry it.

Pure. The numbers, lists and sentences are the regime's (`Regime.weights`); a transfer draws on no
budget. Operations are whole numbers of any size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ledger.policy.dated import Number
from ledger.policy.types import Regime
from ledger.policy.weights import WeightsRule
from ledger.rules.rulings import Case, Ruling, Step

_MILLION = 1_000_000
# A percent has so many digits less than the same share in parts in a million.
_PPM_DIGITS = 4
# The authorization of what went without one.
UNAUTHORIZED = "none"


@dataclass(frozen=True, slots=True)
class Model:
    """The model whose weights move. What is not given is 0 or False.

    `operations` counts the training, every later step included. `synthetic_percent` is the share
    of it on unpublished data of one generator; `generation_operations` made that data and
    `generator_operations` trained the generator. `frontier_operations` is what a model as capable
    as the most capable published one needs (ECCN 4E091, note 2).
    """

    operations: int
    published: bool = False
    from_published: bool = False
    base_operations: int = 0
    further_operations: int = 0
    synthetic_percent: Decimal = Decimal(0)
    generation_operations: int = 0
    generator_operations: int = 0
    generator_published: bool = False
    frontier_operations: int = 0


@dataclass(frozen=True, slots=True)
class Transfer:
    """Who gets it, where and how. Countries are codes, None where not stated.

    `secured` says whether the facility meets the conditions the regime names: None is not known.
    """

    model: Model
    kind: str
    day: date
    destination: str | None
    consignee_hq: str | None
    parent_hq: str | None
    authorization: str
    employee: bool = False
    secured: bool | None = None


def said_operations(count: int) -> str:
    """Operations as people write them, exactly: "1.2e26"."""
    digits = str(count)
    if len(digits) <= 6:
        return digits
    mantissa = digits.rstrip("0")
    point = f"{mantissa[0]}.{mantissa[1:]}" if len(mantissa) > 1 else mantissa
    return f"{point}e{len(digits) - 1}"


def counted_operations(model: Model, share_ppm: int) -> int:
    """The operations that count for a model: its own and, past the share, its generator's.

    ECCN 4E091, technical note 3: the operations that made the data count, and those that trained
    the generator where its parameters were not published.
    """
    if model.synthetic_percent <= Decimal(share_ppm).scaleb(-_PPM_DIGITS):
        return model.operations
    trained = 0 if model.generator_published else model.generator_operations
    return model.operations + model.generation_operations + trained


def derivative_bound(model: Model, threshold: int, share_ppm: int) -> int:
    """The further operations up to which a derivative of a published model is left out.

    The higher of the threshold and the share of the original training (ECCN 4E091, note 1),
    rounded down: more than the bound is the same as more than the exact share.
    """
    return max(threshold, model.base_operations * share_ppm // _MILLION)


def judge_weights(transfer: Transfer, regime: Regime) -> Ruling:
    """The ruling on a transfer of weights.

    Raises ValueError where the regime says nothing of model weights.
    """
    if regime.weights is None:
        raise ValueError("the regime says nothing of model weights")
    bench = _Bench(transfer, regime, regime.weights)
    if bench.controlled():
        bench.authorized()
    return bench.ruling()


@dataclass
class _Bench:
    transfer: Transfer
    regime: Regime
    rule: WeightsRule
    steps: list[Step] = field(default_factory=list)
    findings: list[tuple[str, str]] = field(default_factory=list)
    policy: str = ""

    def say(self, key: str, figures: str = "") -> None:
        """Keep a step, with its figures behind the sentence."""
        said = self.rule.sayings[key]
        self.steps.append(Step(_with(said.sentence, figures), str(said.citation)))

    def find(self, code: str, key: str) -> None:
        """Keep a finding with its paragraph, and its step."""
        said = self.rule.sayings[key]
        self.findings.append((code, f"{said.sentence} ({said.citation.section})"))
        self.say(key)

    def number(self, number: Number) -> int:
        """A number in whole units on the transfer's day (a percent as parts in a million)."""
        value = number.on(self.transfer.day)
        if value is None or value.amount is None:
            raise ValueError(f"{number.key} has no value on {self.transfer.day}")
        return value.ppm if number.unit == "percent" else int(value.amount)

    def on(self, code: str | None, *lists: Callable[[date], frozenset[str]]) -> bool:
        """Whether a country, or the destination it follows, is on one of the lists that day."""
        if code is None:
            return False
        meant = self.regime.treated_as(code)
        return any(meant in members(self.transfer.day) for members in lists)

    def controlled(self) -> bool:
        """Whether the weights are controlled and the move needs an authorization."""
        model, first = self.transfer.model, self.rule.first_day
        if self.transfer.day < first:
            self.findings.append(("before_regime", f"first day {first}"))
            return False
        if self.on(self.transfer.destination, self.rule.home.members):
            self.say("not_an_export")
            return False
        if model.published:
            self.say("published")
            return False
        return self._large() and not self._exempt()

    def _large(self) -> bool:
        """Whether enough operations count for the model to be controlled."""
        model = self.transfer.model
        if model.from_published and not self._derived_further(model):
            return False
        counted = counted_operations(model, self.number(self.rule.synthetic_share))
        if counted > model.operations:
            added = said_operations(counted - model.operations)
            self.say("synthetic_counted", f"{said_operations(model.operations)} and {added} more")
        threshold = self.number(self.rule.threshold)
        figures = f"{said_operations(counted)} against {said_operations(threshold)}"
        if counted < threshold:
            self.say("below_threshold", figures)
            return False
        if counted < model.frontier_operations:
            against = said_operations(model.frontier_operations)
            self.say("frontier_excluded", f"{said_operations(counted)} against {against}")
            return False
        self.say("controlled", figures)
        return True

    def _derived_further(self, model: Model) -> bool:
        threshold = self.number(self.rule.derivative_threshold)
        bound = derivative_bound(model, threshold, self.number(self.rule.derivative_share))
        figures = f"{said_operations(model.further_operations)} against {said_operations(bound)}"
        caught = model.further_operations > bound
        self.say("derivative_caught" if caught else "derivative_excluded", figures)
        return caught

    def _listed(self) -> bool:
        """Whether headquarters or the ultimate parent is in a listed destination."""
        listed = self.rule.listed.members
        return self.on(self.transfer.consignee_hq, listed) or self.on(
            self.transfer.parent_hq, listed
        )

    def _exempt(self) -> bool:
        if self.transfer.employee and self._listed():
            self.say("employee")
            return True
        return False

    def authorized(self) -> None:
        """What the authorization named is worth here, and how an application would be reviewed."""
        authorization = self.transfer.authorization
        if authorization == self.rule.exception:
            if self._exception():
                return
        elif authorization == self.regime.judging.licensed:
            pass
        elif authorization == self.regime.unstated:
            self.find("authorization_unstated", "unstated")
        elif authorization == UNAUTHORIZED:
            self.find("no_authorization", "no_authorization")
        else:
            self.find("authorization_unavailable", "unavailable")
        self._review()

    def _exception(self) -> bool:
        """Whether the exception covers it, for all that is known."""
        barred = (one.members for one in self.rule.barred)
        if self.on(self.transfer.destination, *barred):
            self.find("authorization_unavailable", "aia_place_barred")
        elif not self._listed():
            self.find("authorization_unavailable", "aia_headquarters")
        elif self.transfer.secured is False:
            self.find("authorization_unavailable", "aia_facility")
        elif self.transfer.secured is None and self._bound():
            self.find("condition_open", "aia_facility_unknown")
        else:
            self.say("aia_covers")
            return True
        return False

    def _bound(self) -> bool:
        """Whether the facility's conditions bind on the transfer's day."""
        asked = [one for one in self.regime.conditions if one.key in self.rule.conditions]
        return any(one.from_on <= self.transfer.day for one in asked)

    def _review(self) -> None:
        places = [p for p in (self.transfer.consignee_hq, self.transfer.parent_hq) if p is not None]
        outside = [place for place in places if not self.on(place, self.rule.listed.members)]
        key = "presumption_of_denial" if outside or not places else "reviewed"
        self.policy = self.rule.sayings[key].sentence
        self.say(key)

    def ruling(self) -> Ruling:
        """What was found, closed."""
        transfer = self.transfer
        case = Case(
            kind=transfer.kind,
            authorization=transfer.authorization,
            destination_class=transfer.destination or "",
            hq_class=transfer.consignee_hq or "",
            parent_class=transfer.parent_hq or "",
            chip_class="weights",
            datacentre=None,
            period=transfer.day,
        )
        return Ruling(
            regime=self.regime.key,
            version=self.regime.version,
            case=case,
            draws=(),
            findings=tuple(self.findings),
            review=self.policy,
            steps=tuple(self.steps),
            options=(),
        )


def _with(sentence: str, figures: str) -> str:
    return f"{sentence} ({figures})" if figures else sentence
