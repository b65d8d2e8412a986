"""Transfers of model weights: what a row says of the model, and the ruling on it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from ledger.intake import typed
from ledger.rules.model_weights import Model, Transfer, judge_weights
from ledger.rules.rulings import Ruling
from ledger.service import conditions
from ledger.service.rows import Flag, Row, party_key, row_of
from ledger.service.rulebook import Rulebook, Ruled
from ledger.storage.statements import Cursor
from schemas.kinds import FileKind, Kind
from schemas.problems import Problem, Unusable

if TYPE_CHECKING:
    from ledger.service.ledger import Ledger

_OPERATIONS = (
    "operations",
    "base_operations",
    "further_operations",
    "generation_operations",
    "generator_operations",
    "frontier_operations",
)
_ANSWERS = ("published", "from_published", "generator_published", "employee", "facility_secured")
_YES_OR_NO = {"yes": True, "true": True, "no": False, "false": False}
_POWER = re.compile(r"\s*(?:[x*\u00d7]\s*10\s*\^|[eE]\+?)\s*(\d{1,3})$")
_GROUPED = re.compile(r"\d{1,3}(?:[, _]\d{3})+|\d+(?:\.\d+)?")
_MOST_DIGITS = 60


class NotOperations(ValueError):
    """A text that is no whole number of operations."""


def operations_of(text: str) -> int:
    """A count of operations from text: "1.2e26", "1.2 x 10^26", or all its digits.

    Raises NotOperations.
    """
    power = _POWER.search(text)
    digits = (text[: power.start()] if power else text).strip()
    if not _GROUPED.fullmatch(digits):
        raise NotOperations('must be a whole number of operations, as "1.2e26"')
    try:
        count = Decimal(re.sub(r"[, _]", "", digits)).scaleb(int(power[1]) if power else 0)
    except InvalidOperation:
        raise NotOperations("has more digits than any training") from None
    if count.adjusted() >= _MOST_DIGITS:
        raise NotOperations("has more digits than any training")
    if count != count.to_integral_value():
        raise NotOperations("must be a whole number of operations")
    return int(count)


def check(rulebook: Rulebook, row: Row) -> list[Problem]:
    """What is wrong with a row on model weights; all of it."""
    if rulebook.regime.weights is None:
        reason = f"the regime {rulebook.regime.key} says nothing of model weights"
        return [row.problem("model", row.details().get("model", ""), reason)]
    said, found = row.details(), []
    for name in _OPERATIONS:
        try:
            operations_of(said.get(name, "0"))
        except NotOperations as why:
            found.append(row.problem(name, said[name], str(why)))
    for name in _ANSWERS:
        if said.get(name, "no").casefold() not in _YES_OR_NO:
            found.append(row.problem(name, said[name], "must be yes or no"))
    return found or _missing(row, said)


def _missing(row: Row, said: dict[str, str]) -> list[Problem]:
    """What a figure given makes needed; none at all (0) is an answer."""
    found, model = [], model_of(said)
    if model.from_published and "further_operations" not in said:
        reason = "a derivative needs the operations of the training since"
        found.append(row.problem("further_operations", "", reason))
    if model.from_published and "base_operations" not in said:
        reason = "a derivative needs the operations of the original training"
        found.append(row.problem("base_operations", "", reason))
    if model.synthetic_percent > 100:
        found.append(row.problem("synthetic_percent", "", "is more than 100"))
    return found


def model_of(said: dict[str, str]) -> Model:
    """The model a row speaks of. Raises NotOperations and KeyError for what check() refuses."""

    def count(name: str) -> int:
        return operations_of(said.get(name, "0"))

    def answer(name: str) -> bool:
        return _YES_OR_NO[said.get(name, "no").casefold()]

    return Model(
        operations=count("operations"),
        published=answer("published"),
        from_published=answer("from_published"),
        base_operations=count("base_operations"),
        further_operations=count("further_operations"),
        synthetic_percent=Decimal(said.get("synthetic_percent", "0")),
        generation_operations=count("generation_operations"),
        generator_operations=count("generator_operations"),
        generator_published=answer("generator_published"),
        frontier_operations=count("frontier_operations"),
    )


def ruling_on(ledger: Ledger, values: Mapping[str, str], source: str | None = None) -> Ruling:
    """What would be said of a transfer given as texts by heading; nothing is recorded.

    Raises Unusable with what is wrong with them.
    """
    given = typed(FileKind.WEIGHTS, values, ledger.setting, source)
    row = row_of(given, None)
    problems = check(ledger.rulebook, row)
    if problems:
        raise Unusable(*problems)
    with ledger.store.reading() as turn:
        cursor = Cursor(ledger.store.raw(turn.connection), ledger.store.dialect)
        declared = conditions.on_record(cursor)
    transfer = _transfer(ledger.rulebook, row, declared)
    return judge_weights(transfer, ledger.rulebook.regime)


def rule(rulebook: Rulebook, cursor: Cursor, rows: Sequence[Row]) -> None:
    """Rule the transfers of weights among rows, by the conditions on record."""
    moved = [row for row in rows if row.kind == Kind.WEIGHTS_TRANSFER]
    if not moved:
        return
    declared = conditions.on_record(cursor)
    for row in moved:
        ruling = judge_weights(_transfer(rulebook, row, declared), rulebook.regime)
        row.ruled = Ruled.of(ruling)
        row.flags += [Flag(code, detail=detail) for code, detail in ruling.findings]


def _transfer(rulebook: Rulebook, row: Row, declared: conditions.Conditions) -> Transfer:
    given, said = row.given, row.details()
    return Transfer(
        model=model_of(said),
        kind=str(row.kind),
        day=given.effective_on,
        destination=rulebook.followed(given.destination),
        consignee_hq=rulebook.followed(given.consignee_hq),
        parent_hq=rulebook.followed(given.parent_hq),
        authorization=given.authorization or rulebook.regime.unstated,
        employee=_YES_OR_NO[said.get("employee", "no").casefold()],
        secured=_secured(rulebook, row, said, declared),
    )


def _secured(
    rulebook: Rulebook, row: Row, said: dict[str, str], declared: conditions.Conditions
) -> bool | None:
    """Whether the facility meets its conditions: as the row says, else as is on record."""
    if "facility_secured" in said:
        return _YES_OR_NO[said["facility_secured"].casefold()]
    names = (row.given.consignee, row.given.parent, said.get("owner"), said.get("operator"))
    parties = [key for key in map(party_key, names) if key is not None]
    facility = conditions.facility_key(said.get("facility"))
    return declared.secured(rulebook.regime, parties, facility, row.given.effective_on)
