"""A case and the ruling on it, and the ruling's text, which the ledger keeps."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """A class of movements that the rules cannot tell apart.

    `kind` is a movement kind, `authorization` a code of the regime (of licences and applications
    the regime's own). The three country classes come from `country_class`. `chip_class` is `a`,
    `b` or `none` by the chip's paragraph, `amount` where no chip was given; `datacentre` None:
    not known. `period` is the day itself or the first day of its period (`Regime.period_of`).
    """

    kind: str
    authorization: str
    destination_class: str
    hq_class: str
    parent_class: str
    chip_class: str
    datacentre: bool | None
    period: date


# Effects that only a shipment under a licence on file has.
UNDER_LICENCE = ("release", "post_if_licensed_before", "credit_what_is_debited")


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw on one budget (`rule`).

    `holder_from` says which of the movement's fields names the holder (policy HOLDER_SOURCES);
    `official` False: on the safe side only. `effect` is one of
    `pend` (an application), `hold` (a licence), `post` (a fact),
    `hold_until_received` (held in the export's window, posted in the receipt's),
    `post_both_years` (posted in both); and of a shipment under a licence on file
    `release` (what the licence holds is given up, nothing is posted),
    `post_if_licensed_before` (posted where the licence is older than the regime),
    `credit_what_is_debited` (credited with what the licence's holder is debited).
    """

    rule: str
    holder_from: str
    official: bool
    effect: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the reasoning, with where it stands."""

    sentence: str
    citation: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a regime says of a case.

    `findings` are (code of ledger/refusals.py, detail); `options` those that touched the ruling,
    as (key, value); `review` the policy an application is reviewed under, or empty; `needs` the
    keys of what must be on record before the shipment leaves.
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

    def body(self) -> str:
        """The ruling as canonical JSON: keys sorted, no blanks, characters as they are."""
        shape = {
            "regime": self.regime,
            "version": self.version,
            "case": {**_fields(self.case), "period": self.case.period.isoformat()},
            "draws": [_fields(draw) for draw in self.draws],
            "findings": self.findings,
            "review": self.review,
            "steps": [_fields(step) for step in self.steps],
            "options": dict(self.options),
            "needs": self.needs,
        }
        return json.dumps(shape, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def digest(self) -> str:
        """The SHA-256 of the body's UTF-8 bytes, in hexadecimal."""
        return hashlib.sha256(self.body().encode()).hexdigest()


def _fields(record: Case | Draw | Step) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__slots__}


def ruling_from_body(body: str) -> Ruling:
    """The ruling a body was made from. Raises ValueError or KeyError for any other text."""
    shape: dict[str, Any] = json.loads(body)
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
    )
