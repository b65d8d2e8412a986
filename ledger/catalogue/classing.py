"""TPP, performance density and control paragraph, by the words of ECCN 3A090. No I/O.

Technical notes 1 to 4 and paragraphs .a and .b of 3A090, and 4A090 (15 CFR part 774,
supplement no. 1). The limits themselves are data: `thresholds.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from ledger.catalogue.types import Catalogue, CatalogueRow, Chip, Component
from schemas.tpp import MILLI, Tpp

Class = Literal["a", "b", "none"]
Paragraph = Literal["3A090.a", "3A090.b", "4A090.a", "4A090.b", "none"]

EVERY_IC = "every_ic"
A_ONLY = "a_only"


@dataclass(frozen=True, slots=True)
class Figure:
    """One rate and the TPP it alone would give."""

    format: str
    bits: int
    tops: str
    tpp: Tpp


def figures(chip: Chip, *, tf32_bits: int | str = "19") -> tuple[Figure, ...]:
    """Every rate times its bit length, in the order of the file."""
    return tuple(
        Figure(rate.format, rate.width(tf32_bits), f"{rate.tops:f}", rate.tpp(tf32_bits))
        for rate in chip.rates
    )


def unit_tpp(
    row: CatalogueRow,
    catalogue: Catalogue,
    *,
    tf32_bits: int | str = "19",
    system_tpp: str = EVERY_IC,
) -> Tpp:
    """TPP of one unit: a chip's highest over bit lengths; a system's, summed over its ICs.

    With `system_tpp="a_only"` a system counts only its ICs of 3A090.a. Supp. 2 to part 748
    (c)(4), 740.29(h)(2).
    """
    if isinstance(row, Chip):
        return max(rate.tpp(tf32_bits) for rate in row.rates)
    if system_tpp not in (EVERY_IC, A_ONLY):
        raise ValueError(f'system_tpp is "every_ic" or "a_only", not "{system_tpp}"')
    total = Tpp(0)
    for part in row.components:
        chip = _chip(part, catalogue)
        if system_tpp == EVERY_IC or chip_class(chip, catalogue, tf32_bits=tf32_bits) == "a":
            total += unit_tpp(chip, catalogue, tf32_bits=tf32_bits) * part.count
    return total


def performance_density(
    row: CatalogueRow, catalogue: Catalogue, *, tf32_bits: int | str = "19"
) -> Fraction | None:
    """TPP per mm2 of applicable die area; None for a system, or where no area is known."""
    if not isinstance(row, Chip) or row.applicable_area is None:
        return None
    tpp = unit_tpp(row, catalogue, tf32_bits=tf32_bits)
    return Fraction(tpp.milli, MILLI) / row.applicable_area


def chip_class(
    row: CatalogueRow,
    catalogue: Catalogue,
    *,
    tf32_bits: int | str = "19",
    on: date | None = None,
) -> Class:
    """Whether a chip is 3A090.a, .b or neither; for a system, its highest component's class.

    A datacentre part whose die area nobody has published counts as dense enough for .a.
    """
    if not isinstance(row, Chip):
        parts = (_chip(part, catalogue) for part in row.components)
        # "a" < "b" < "none": the least in order of text is the highest class.
        return min(chip_class(chip, catalogue, tf32_bits=tf32_bits, on=on) for chip in parts)
    tpp = Fraction(unit_tpp(row, catalogue, tf32_bits=tf32_bits).milli, MILLI)
    if not row.datacentre and tpp < catalogue.threshold("outside_tpp", on):
        return "none"
    return _by_limits(tpp, _density(row, catalogue, tf32_bits), catalogue, on)


def _by_limits(tpp: Fraction, density: Fraction, catalogue: Catalogue, on: date | None) -> Class:
    def reached(tpp_limit: str, density_limit: str) -> bool:
        enough = tpp >= catalogue.threshold(tpp_limit, on)
        return enough and density >= catalogue.threshold(density_limit, on)

    if tpp >= catalogue.threshold("a1_tpp", on) or reached("a2_tpp", "a2_density"):
        return "a"
    return "b" if reached("b1_tpp", "b1_density") or reached("b2_tpp", "b2_density") else "none"


def _density(chip: Chip, catalogue: Catalogue, tf32_bits: int | str) -> Fraction:
    density = performance_density(chip, catalogue, tf32_bits=tf32_bits)
    if density is not None:
        return density
    # Planar transistors have no applicable area, hence no density. An area nobody has
    # published may be small enough for the highest limit, so it counts as if it were.
    return Fraction(0) if not chip.non_planar else catalogue.threshold("a2_density")


def paragraph(
    row: CatalogueRow,
    catalogue: Catalogue,
    *,
    tf32_bits: int | str = "19",
    on: date | None = None,
) -> Paragraph:
    """The control paragraph: 3A090 for a chip, 4A090 for a system that contains one."""
    found = chip_class(row, catalogue, tf32_bits=tf32_bits, on=on)
    if found == "none":
        return "none"
    if isinstance(row, Chip):
        return "3A090.a" if found == "a" else "3A090.b"
    return "4A090.a" if found == "a" else "4A090.b"


def remarks(
    row: CatalogueRow, catalogue: Catalogue, *, tf32_bits: int | str = "19"
) -> tuple[str, ...]:
    """What goes with the paragraph: the .z entries, parts not for datacentres, guessed figures."""
    found = chip_class(row, catalogue, tf32_bits=tf32_bits)
    names = [] if found == "none" else ["z"]
    if isinstance(row, Chip):
        tpp = Fraction(unit_tpp(row, catalogue, tf32_bits=tf32_bits).milli, MILLI)
        by_density = found == "a" and tpp < catalogue.threshold("a1_tpp")
        names += _chip_remarks(row, found, by_density)
    elif found != "none":
        names.append("system")
    said = (catalogue.remarks[name] for name in names)
    return tuple(f"{remark.text} ({remark.section})" for remark in said)


def _chip_remarks(chip: Chip, found: Class, by_density: bool) -> list[str]:
    names = []
    if not chip.datacentre:
        names.append("outside" if found == "none" else "not_datacentre")
    if by_density and chip.die_area_mm2 is None:
        names.append("area_unknown")
    if chip.estimate:
        names.append("estimate")
    return names


def _chip(part: Component, catalogue: Catalogue) -> Chip:
    chip = catalogue.row(part.chip)
    assert isinstance(chip, Chip), "the reader refuses a component that is not a chip"
    return chip
