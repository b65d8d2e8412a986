"""What the rules can tell apart of a chip: its class, and its figures where limits are set on them.

Pure: no file, database, clock or network. Which figure is compared with which number, and what
follows, is data of the regime (`[[chip_limit]]`, and `chip_limits` of a condition).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger.catalogue import classing
from ledger.catalogue.types import Catalogue, CatalogueRow, Chip
from ledger.policy.judging import DRAM_BANDWIDTH, REACHED, UNKNOWN, WITHIN
from ledger.policy.types import Regime
from schemas.tpp import Tpp, grouped, milli_text

_NOT_KNOWN = "?"


class ChipFacts(NamedTuple):
    """A chip as a case has it (rulings.Case): a system is for data centres."""

    chip_class: str
    datacentre: bool | None
    figures: str


def facts(
    key: str | None, catalogue: Catalogue, regime: Regime, options: Mapping[str, str]
) -> ChipFacts:
    """The facts of a catalogue row by its key; None: no chip was given."""
    bits = options.get("tf32_bits", "19")
    if key is None:
        return ChipFacts("amount", None, _figures(None, catalogue, regime, bits))
    row = catalogue.row(key)
    assert row is not None, key
    datacentre = row.datacentre if isinstance(row, Chip) else True
    found = classing.chip_class(row, catalogue, tf32_bits=bits)
    return ChipFacts(found, datacentre, _figures(row, catalogue, regime, bits))


def _figures(row: CatalogueRow | None, catalogue: Catalogue, regime: Regime, bits: str) -> str:
    """The figures that may reach a limit on some day: "tpp=36000+dram_bandwidth=7700", "?" for
    one that nobody has published. Chips below every limit on every day are alike: "".
    """
    said = []
    for limit in regime.judging.chip_limits:
        values = regime.numbers[limit.below].values
        amounts = [value.milli for value in values if value.amount is not None]
        found = _figure(limit.figure, row, catalogue, bits)
        if found is None or any(found >= amount for amount in amounts):
            shown = _NOT_KNOWN if found is None else milli_text(found)
            said.append(f"{limit.figure}={shown}")
    return "+".join(said)


def _figure(name: str, row: CatalogueRow | None, catalogue: Catalogue, bits: str) -> int | None:
    """A figure in thousandths of its unit (TPP, GB/s), of a system that of its highest chip.

    None where it is not known, of a system where it is not known of every chip.
    """
    if row is None:
        return None
    if not isinstance(row, Chip):
        parts = [catalogue.row(part.chip) for part in row.components]
        found = [_figure(name, part, catalogue, bits) for part in parts]
        known = [one for one in found if one is not None]
        return max(known) if len(known) == len(found) else None
    if name == DRAM_BANDWIDTH:
        stated = row.memory_bandwidth_gbs
        return None if stated is None else Tpp.of(stated).milli
    return classing.unit_tpp(row, catalogue, tf32_bits=bits).milli


@dataclass(frozen=True, slots=True)
class Held:
    """A chip held against the limits of a day: WITHIN, REACHED or UNKNOWN, and each figure in
    words, with its limit and where that stands.
    """

    state: str
    said: tuple[str, ...]


def against_limits(figures: str, regime: Regime, day: date) -> Held:
    """How the figures of a case (`Case.chip_figures`) stand to a regime's limits on a day.

    A limit is reached at its number already. One that is reached decides, whatever else is not
    known; a number that is not in force on the day limits nothing.
    """
    stated = dict(one.split("=") for one in figures.split("+") if one)
    reached, unknown = [], []
    for limit in regime.judging.chip_limits:
        value = regime.numbers[limit.below].on(day)
        found = stated.get(limit.figure)
        if value is None or found is None:
            continue
        bar = f"{grouped(value.milli)} {regime.numbers[limit.below].unit}"
        where = value.citation.section
        if found == _NOT_KNOWN:
            unknown.append(f"{limit.title} not known, must be below {bar} ({where})")
        elif Tpp.of(found).milli >= value.milli:
            amount = grouped(Tpp.of(found).milli)
            reached.append(f"{limit.title} {amount}, not below {bar} ({where})")
    if reached:
        return Held(REACHED, tuple(reached))
    return Held(UNKNOWN, tuple(unknown)) if unknown else Held(WITHIN, ())
