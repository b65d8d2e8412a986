"""One row: cells with headings in, a Given or every problem out. It defines a good row.

Files of a million rows go through the same rules as SQL (`ledger.intake.sql`), which decides only
where a row is plainly good; every other row comes here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from ledger.intake import cells, licence_act, move
from ledger.intake.cells import BLANKS, Wrong
from ledger.intake.setting import ChipFact, Setting
from ledger.intake.words import Words, remembered
from schemas.canonical import canonical
from schemas.fields import SHAPES, Field, FileShape, Type, optional_of
from schemas.kinds import FILE_MOVEMENTS, LIMIT_CHANGES, FileKind
from schemas.records import Given
from schemas.tpp import milli_text
from schemas.whole import LARGEST_WHOLE

# Headings that have a column of their own in Given; the rest goes into its details.
_COLUMNS = {
    "kind": "kind",
    "expires_on": "expires_on",
    "received_on": "received_on",
    "exporter": "exporter",
    "ultimate_consignee": "consignee",
    "ultimate_parent": "parent",
    "consignee_hq": "consignee_hq",
    "parent_hq": "parent_hq",
    "destination": "destination",
    "authorization": "authorization",
    "licence": "licence",
    "licence_line": "licence_line",
    "chip": "chip",
    "quantity": "quantity",
    "unit_value_usd": "unit_value_cents",
    "tpp": "amount_mtpp",
}
# Days that may not come before the row's own day.
LATER_DAYS = ("received_on", "expires_on", "until_on")
MUST_SAY_KIND = (FileKind.ADJUSTMENTS, FileKind.DECLARATIONS, FileKind.ACTS)
_LICENSED = (FileKind.LICENCES, FileKind.APPLICATIONS)
_AUTHORIZED = (FileKind.SHIPMENTS, FileKind.TRANSFERS)


Wrongs = list[tuple[str, Wrong]]


class Rejected(Exception):
    """A row that will not do: (heading, cell, what is wrong) of each problem in it."""

    def __init__(self, wrongs: list[tuple[str, str, Wrong]]) -> None:
        super().__init__(wrongs)
        self.wrongs = wrongs


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a heading's value goes: `column` of Given (None: details), `also` into details too."""

    field: Field
    column: str | None
    also: bool = False


def slots_of(kind: FileKind) -> dict[str, Slot]:
    """The known headings of a file kind and where each one's value goes."""
    shape = SHAPES[kind]
    own = dict(_COLUMNS)
    own |= {shape.document: "document", shape.line: "line", shape.effective_on: "effective_on"}
    own |= move.COLUMNS if kind is FileKind.TRANSFERS else {}
    target = shape.target or ()
    own |= dict(zip(target, ("target_document", "target_line"), strict=False))
    # A correction's new values are read once it is known what they are of.
    optional = () if kind is FileKind.CORRECTIONS else optional_of(kind)
    known = {f.name: f for f in (*optional, *shape.fields)}
    return {name: Slot(f, own.get(name), name in target) for name, f in known.items()}


def is_lot(shape: FileShape) -> bool:
    """Whether rows of the file are lots: chips and a quantity, or an amount."""
    return shape.field("chip") is not None


def required_of(kind: FileKind, counts: str) -> list[str]:
    """The headings a row must fill, in the shape's order."""
    shape = SHAPES[kind]
    names = [f.name for f in shape.fields if f.required]
    if is_lot(shape):
        names += ["chip", "quantity"] if counts == "chips" else ["tpp"]
    return names


class Row:
    """Reads the rows of one file kind in one setting. `source` None: the row's exporter."""

    def __init__(self, kind: FileKind, setting: Setting, source: str | None = None) -> None:
        self.kind = kind
        self.shape = SHAPES[kind]
        self.slots = slots_of(kind)
        self.required = required_of(kind, setting.counts)
        self._must = [(name, self.slots[name].column) for name in self.required]
        self._is_lot = is_lot(self.shape)
        self.words = Words(kind, setting)
        self.counts_chips = setting.counts == "chips"
        self.licensed = setting.licensed
        self.source = source
        self.first_kind = FILE_MOVEMENTS[kind][0].value
        self._plain = {
            name: (slot.column, self.reader(slot.field), slot.also)
            for name, slot in self.slots.items()
        }

    def reader(self, field: Field) -> Callable[[str], Any]:
        """What reads a filled cell of that field: a value, or Wrong raised."""
        words = self.words
        if field.type is Type.CHIP:
            return words.chip
        if field.type in (Type.COUNTRY, Type.AUTHORIZATION, Type.KIND):
            return words.of(field.type)
        if field.type is Type.AMOUNT:
            return partial(cells.amount_of, signed=self.kind is FileKind.ADJUSTMENTS)
        by_type: dict[Type, Callable[[str], Any]] = {
            Type.DATE: remembered_day,
            Type.COUNT: cells.count_of,
            Type.MONEY: cells.cents_of,
            Type.PERCENT: cells.percent_of,
            Type.PARTY: _name,
        }
        if field.type is Type.MONEY and self.slots[field.name].column is None:
            return cells.money_of
        named = self.slots[field.name].column is not None or self.slots[field.name].also
        return by_type.get(field.type, _name if named else _text)

    def read(
        self,
        values: Mapping[str, str | None],
        row: int = 1,
        line: int = 1,
        before: Sequence[tuple[str, Wrong]] = (),
    ) -> Given:
        """The row as a Given; headings unknown to the file kind become metadata in its details.

        `before` is what was found wrong already, with headings that have no values then. Raises
        Rejected with all that is wrong.
        """
        out: dict[str, Any] = {}
        details: dict[str, str] = {}
        wrongs: Wrongs = [*before]
        plain = self._plain
        for heading, cell in values.items():
            if not cell or not cell.strip(BLANKS):
                continue
            try:
                known = plain.get(heading)
                if len(cell) > cells.LONGEST_CELL or not cell.isprintable():
                    cells.checked(cell)
                    if known:
                        cells.visible(cell)
                if known is None:
                    details[heading] = cell.strip(BLANKS)
                    continue
                column, read, also = known
                value = read(cell)
                if column:
                    out[column] = value
                if also or not column:
                    details[heading] = str(value)
            except Wrong as wrong:
                wrongs.append((heading, wrong))
        self._finish(out, details, wrongs)
        if wrongs:
            raise Rejected([(h, shown(values.get(h)), wrong) for h, wrong in wrongs])
        out["details"] = canonical(details) if details else None
        if self.kind is FileKind.CORRECTIONS:
            # What a correction is of stands in its details; it has no document or day itself.
            out |= {"document": str(row), "effective_on": date.min}
        return Given(row=row, file_line=line, **out)

    def _finish(self, out: dict[str, Any], details: dict[str, str], wrongs: Wrongs) -> None:
        seen = {heading for heading, _ in wrongs}
        for heading, column in self._must:
            if heading not in seen and (column or heading) not in (out if column else details):
                wrongs.append((heading, Wrong("is empty")))
        self._defaults(out, details)
        self._order(out, details, wrongs)
        if self._is_lot:
            self._lot(out, wrongs)
        if self.kind is FileKind.ADJUSTMENTS:
            _change(out, details, wrongs)
        if self.kind is FileKind.ACTS:
            licence_act.finish(out, details, wrongs)
        if self.kind is FileKind.TRANSFERS:
            move.finish(out, details, wrongs)

    def _defaults(self, out: dict[str, Any], details: dict[str, str]) -> None:
        if self.shape.effective_on == "received_on":
            out.pop("received_on", None)
        out.setdefault("line", "1")
        if self.kind not in MUST_SAY_KIND:
            out.setdefault("kind", self.first_kind)
        if self.shape.target and self.kind is not FileKind.ACTS:
            out.setdefault("target_line", "1")
            details.setdefault(self.shape.target[1], "1")
        if self.kind in _LICENSED:
            out["authorization"] = self.licensed
        elif self.kind in _AUTHORIZED:
            if out.get("licence"):
                out.setdefault("licence_line", "1")
            out.setdefault("authorization", self.licensed if out.get("licence") else "unstated")
        if self.source:
            out["source"] = self.source
        else:
            out["source"] = out.get("exporter") or details.get("authority") or "ledger"

    def _order(self, out: dict[str, Any], details: dict[str, str], wrongs: Wrongs) -> None:
        start = out.get("effective_on")
        for heading in LATER_DAYS if start else ():
            day = out.get(heading) or details.get(heading)
            if day and str(day) < str(start):
                reason = f"before {self.shape.effective_on} ({start})"
                wrongs.append((heading, Wrong(reason)))

    def _lot(self, out: dict[str, Any], wrongs: Wrongs) -> None:
        fact: ChipFact | None = out.pop("chip", None)
        quantity: int | None = out.get("quantity")
        given: int | None = out.pop("amount_mtpp", None)
        if fact:
            out["chip"], out["unit_mtpp"] = fact.key, fact.unit_mtpp
        if self.counts_chips and fact and quantity:
            out["amount_mtpp"] = amount = fact.unit_mtpp * quantity
            if amount > LARGEST_WHOLE:
                wrong = Wrong("with this chip, larger than the ledger can hold (9.2e15 TPP)")
                wrongs.append(("quantity", wrong))
            elif given is not None and given != amount:
                wrongs.append(("tpp", _contradiction(fact, quantity)))
        if not self.counts_chips:
            self._amount_lot(out, given, fact, wrongs)
        cents = out.get("unit_value_cents")
        if cents and quantity and cents * quantity > LARGEST_WHOLE:
            wrong = Wrong("times quantity, larger than the ledger can hold (9.2e16 dollars)")
            wrongs.append(("unit_value_usd", wrong))

    def _amount_lot(
        self,
        out: dict[str, Any],
        given: int | None,
        fact: ChipFact | None,
        wrongs: Wrongs,
    ) -> None:
        out["amount_mtpp"] = given
        if given == 0:
            wrongs.append(("tpp", Wrong("is 0; a lot has an amount")))
        if fact or any(heading == "chip" for heading, _ in wrongs):
            wrongs[:] = [w for w in wrongs if w[0] != "chip"]
            reason = "this regime counts amounts: leave chip empty and give tpp"
            wrongs.append(("chip", Wrong(reason)))


def _change(out: dict[str, Any], details: dict[str, str], wrongs: Wrongs) -> None:
    """A change of a limit says by how much, once."""
    if out.get("kind") not in LIMIT_CHANGES or any(w[0] in ("tpp", "percent") for w in wrongs):
        return
    if ("amount_mtpp" in out) == ("percent" in details):
        both = "amount_mtpp" in out
        reason = "give tpp or percent, not both" if both else "is empty, and so is percent"
        wrongs.append(("tpp", Wrong(reason)))
    elif out.get("amount_mtpp") == 0:
        wrongs.append(("tpp", Wrong("is 0: it changes nothing")))


def _contradiction(fact: ChipFact, quantity: int) -> Wrong:
    product, unit = milli_text(fact.unit_mtpp * quantity), milli_text(fact.unit_mtpp)
    return Wrong(f"the catalogue makes it {product}: {quantity} x {fact.key} of {unit} TPP")


def shown(cell: str | None) -> str:
    """The cell as a problem shows it: blanks alone are nothing."""
    return cell if cell and cell.strip(BLANKS) else ""


def _text(cell: str) -> str:
    return cell.strip(BLANKS)


def _name(cell: str) -> str:
    return cells.name_of(cell.strip(BLANKS))


def _day(cell: str) -> date:
    return cells.day_of(cell)


remembered_day: Callable[[str], date] = remembered(_day)
