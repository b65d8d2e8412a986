"""A case and the ruling on it, and the ruling's text, which the ledger keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ledger.policy.licensing import expiry_of
from schemas.canonical import canonical

# Of a regime that runs beside another, no news to anybody.
_TOO_EARLY = "before_regime"
# Between a further regime and the key of what it asks for.
OF = ":"
# Of every regime its own word: said by each, though another has said it.
_EACH_SAYS = ("review_denial",)


@dataclass(frozen=True, slots=True)
class Case:
    """A class of movements that the rules cannot tell apart.

    `kind` is a movement kind, `authorization` a code of the regime (of licences and applications
    the regime's own). The three country classes come from `country_class`. `chip_class` is `a`,
    `b` or `none` by the chip's paragraph, `amount` where no chip was given; `datacentre` None:
    not known. `period` is the day itself or the first day of its period (`Regime.period_of`).
    `entry` is the item's entry of the control list, empty where none was given or none matters.
    A move between facilities is a case of the kind it is in law, with `move` (policy MOVES) and
    the class of the country it leaves. `chip_figures` are those that may reach one of the regime's
    limits (rules/chips.py). `parent_seat` is the country of the parent's class where that is taken
    from a declaration and not from the row.
    """

    kind: str
    authorization: str
    destination_class: str
    hq_class: str
    parent_class: str
    chip_class: str
    datacentre: bool | None
    period: date
    entry: str = ""
    move: str = ""
    from_class: str = ""
    chip_figures: str = ""
    parent_seat: str = ""


# Effects of draws on tallies that hang on no authorization, and are made under a licence too: of
# every holder, or only of those whose installed base was declared. What an application asks for
# would count so; it is measured and counts on nothing.
COUNTED = ("count", "count_declared")
ASKED = ("ask", "ask_declared")
# What a move does where it leaves: what the goods count as there comes off.
LEAVE = "leave"
# Effects that only a shipment under a licence on file has.
UNDER_LICENCE = ("release", "post_if_licensed_before", "credit_what_is_debited")


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw on one budget (`rule`).

    `holder_from` says which of the movement's fields names the holder (policy HOLDER_SOURCES);
    `official` False: on the safe side only. `effect` is one of
    `pend` (an application), `hold` (a licence), `post` (a fact),
    `hold_until_received` (held in the export's window, posted in the receipt's),
    `post_both_years` (posted in both), `count` and `count_declared` (see COUNTED), `ask` and
    `ask_declared` (see ASKED),
    `post_on_receipt`, `post_on_installation` (nothing until then), `give_back`, `leave`;
    and of a shipment under a licence on file
    `release` (what the licence holds is given up, nothing is posted),
    `post_if_licensed_before` (posted where the licence is older than the regime),
    `credit_what_is_debited` (credited with what the licence's holder is debited).
    `authorized`: only where the holder is known to hold the budget's authorization.
    """

    rule: str
    holder_from: str
    official: bool
    effect: str
    authorized: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the reasoning, with where it stands."""

    sentence: str
    citation: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a regime says of a case.

    `findings` are (code of ledger/refusals, detail); `options` those that touched the ruling,
    as (key, value); `review` the policy an application is reviewed under, or empty; `needs` the
    keys of what must be on record before the shipment leaves; `years` how long a licence holds
    that names no last day, 0 where nothing is said; `alone` that it may name no other country.
    `beside` are the rulings of the
    regimes that run beside this one; `draws` and `findings` then are those of all of them together
    (`united`), and so are `needs` (those of the others by regime and key) and `shares`, the
    shares of tallies that are measured for it; everything else is this regime's own.
    """

    regime: str
    version: str
    case: Case
    draws: tuple[Draw, ...]
    findings: tuple[tuple[str, str], ...]
    review: str
    steps: tuple[Step, ...]
    options: tuple[tuple[str, str], ...]
    needs: tuple[str, ...] = ()
    beside: tuple[Ruling, ...] = ()
    shares: tuple[str, ...] = ()
    years: int = 0
    alone: bool = False

    def last_day(self, issued_on: date) -> date | None:
        """The last day of a licence issued on a day that names none itself; None: no such day."""
        return expiry_of(issued_on, self.years) if self.years else None

    def body(self) -> str:
        """The ruling as canonical JSON: keys sorted, no blanks, characters as they are."""
        return canonical(_shape(self))

    def digest(self) -> str:
        """The SHA-256 of the body's UTF-8 bytes, in hexadecimal."""
        return hashlib.sha256(self.body().encode()).hexdigest()


def united(first: Ruling, others: Sequence[Ruling]) -> Ruling:
    """One ruling of several regimes on the same movement, the first one's with the others beside.

    Draws are put together. A finding of a further regime names it, and is left out where the
    first found the same, unless each says it of its own; that a movement is older than a further
    regime is no finding at all.
    """
    found = list(first.findings)
    for other in others:
        known = {code for code, _ in found if code not in _EACH_SAYS} | {_TOO_EARLY}
        named = ((code, f"{other.regime}: {detail}") for code, detail in other.findings)
        found += [(code, detail) for code, detail in named if code not in known]
    every = (first, *others)
    drawn = tuple(draw for one in every for draw in one.draws)
    shares = tuple(key for one in every for key in one.shares)
    asked = (f"{one.regime}{OF}{key}" for one in others for key in one.needs)
    return replace(
        first,
        draws=drawn,
        findings=tuple(found),
        beside=tuple(others),
        shares=shares,
        needs=(*first.needs, *asked),
    )


def _shape(ruling: Ruling) -> dict[str, object]:
    case = ruling.case
    shape: dict[str, object] = {
        "regime": ruling.regime,
        "version": ruling.version,
        "case": {**_fields(case), "period": case.period.isoformat()},
        "draws": [_fields(draw) for draw in ruling.draws],
        "findings": ruling.findings,
        "review": ruling.review,
        "steps": [_fields(step) for step in ruling.steps],
        "options": dict(ruling.options),
        "needs": ruling.needs,
    }
    if ruling.shares:
        shape["shares"] = ruling.shares
    if ruling.years:
        shape["years"] = ruling.years
    if ruling.alone:
        shape["alone"] = True
    if ruling.beside:
        shape["beside"] = [_shape(one) for one in ruling.beside]
    return shape


def _fields(record: Case | Draw | Step) -> dict[str, object]:
    """Its fields; what came into the format later stands there only where it says something."""
    every = {name: getattr(record, name) for name in record.__slots__}
    return {name: value for name, value in every.items() if value or name not in _LATER}


_LATER = ("authorized", "entry", "move", "from_class", "chip_figures", "parent_seat")


def ruling_from_body(body: str) -> Ruling:
    """The ruling a body was made from. Raises ValueError or KeyError for any other text."""
    return _ruling(json.loads(body))


def _ruling(shape: dict[str, Any]) -> Ruling:
    case = shape["case"]
    return Ruling(
        regime=shape["regime"],
        version=shape["version"],
        case=Case(**{**case, "period": date.fromisoformat(case["period"])}),
        draws=tuple(Draw(**draw) for draw in shape["draws"]),
        findings=tuple((code, detail) for code, detail in shape["findings"]),
        review=shape["review"],
        steps=tuple(Step(**step) for step in shape["steps"]),
        options=tuple(sorted(shape["options"].items())),
        needs=tuple(shape.get("needs", ())),
        shares=tuple(shape.get("shares", ())),
        years=shape.get("years", 0),
        alone=shape.get("alone", False),
        beside=tuple(_ruling(one) for one in shape.get("beside", ())),
    )
