"""`tpp chips`: what the catalogue says of a chip or system, and the search for one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ledger.cli.settings import Choice

if TYPE_CHECKING:
    from ledger.catalogue.types import Catalogue, CatalogueRow, Chip, System

F = TypeVar("F", bound=Callable[..., object])

HEADINGS = ("key", "name", "tpp", "paragraph")
_PLACES = 4  # of a density: rounded down, so that it never looks nearer to a limit than it is


@dataclass(frozen=True, slots=True)
class Reading:
    """The two readings of the regime that a TPP hangs on."""

    tf32_bits: str
    system_tpp: str


def _options(command: F) -> F:
    for option in (
        click.option(
            "--format",
            "form",
            type=Choice(["table", "json", "csv"]),
            default="table",
            show_default=True,
            help="How to print it.",
        ),
        click.option(
            "--system-tpp",
            type=Choice(["every_ic", "a_only"]),
            default="every_ic",
            show_default=True,
            help="A system's TPP: of every IC, or of those in 3A090.a only.",
        ),
        click.option(
            "--tf32-bits",
            type=Choice(["19", "32"]),
            default="19",
            show_default=True,
            help="Bit length that TF32 counts with.",
        ),
    ):
        command = option(command)
    return command


@click.group()
def chips() -> None:
    """Chips and systems: TPP, density, control paragraph and source."""


@chips.command()
@click.argument("name")
@_options
@click.pass_context
def show(ctx: click.Context, name: str, form: str, system_tpp: str, tf32_bits: str) -> None:
    """Show one chip or system with the figures its TPP is computed from."""
    from ledger.catalogue.reader import read_catalogue

    catalogue = read_catalogue()
    row = catalogue.find(name)
    if row is None:
        near = catalogue.nearest(name)
        hint = f"\nnearest: {', '.join(near)}" if near else ""
        click.echo(f'no chip or system is named "{name}"{hint}', err=True)
        ctx.exit(2)
    card = _card(row, catalogue, Reading(tf32_bits, system_tpp))
    if form == "json":
        click.echo(json.dumps(card, ensure_ascii=False, indent=2))
    elif form == "csv":
        click.echo(_csv(("field", "value"), _flat(card)), nl=False)
    else:
        click.echo(_sheet(_flat(card)))


@chips.command()
@click.argument("text")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    default=10,
    show_default=True,
    help="Rows at most.",
)
@_options
def search(text: str, limit: int, form: str, system_tpp: str, tf32_bits: str) -> None:
    """List the chips and systems whose names look most like TEXT, best first."""
    from ledger.catalogue.reader import read_catalogue

    catalogue = read_catalogue()
    reading = Reading(tf32_bits, system_tpp)
    rows = [_line(row, catalogue, reading) for row in catalogue.search(text, limit)]
    if form == "json":
        click.echo(json.dumps([dict(zip(HEADINGS, r, strict=True)) for r in rows], indent=2))
    elif form == "csv":
        click.echo(_csv(HEADINGS, rows), nl=False)
    elif rows:
        click.echo(_table(HEADINGS, rows))
    if not rows:
        click.echo(f'nothing is named like "{text}"', err=True)


def _line(row: CatalogueRow, catalogue: Catalogue, reading: Reading) -> tuple[str, ...]:
    from ledger.catalogue.classing import paragraph, unit_tpp

    tpp = unit_tpp(row, catalogue, tf32_bits=reading.tf32_bits, system_tpp=reading.system_tpp)
    return row.key, row.name, str(tpp), paragraph(row, catalogue, tf32_bits=reading.tf32_bits)


def _card(row: CatalogueRow, catalogue: Catalogue, reading: Reading) -> dict[str, Any]:
    from ledger.catalogue.classing import remarks
    from ledger.catalogue.types import Chip

    key, name, tpp, paragraph = _line(row, catalogue, reading)
    card = {
        "key": key,
        "name": name,
        "maker": row.maker,
        "tpp": tpp,
        "paragraph": paragraph,
        "remarks": list(remarks(row, catalogue, tf32_bits=reading.tf32_bits)),
    }
    if isinstance(row, Chip):
        card |= _of_chip(row, catalogue, reading)
    else:
        card |= _of_system(row, catalogue, reading)
    return card | {
        "from": row.since.isoformat(),
        "note": row.note,
        "sources": [
            {
                "title": source.title,
                "href": source.href,
                "published": source.published,
                "reviewed": source.reviewed.isoformat(),
            }
            for source in row.sources
        ],
        "aliases": list(row.aliases),
        "options": {"tf32_bits": reading.tf32_bits, "system_tpp": reading.system_tpp},
        "catalogue": catalogue.version,
    }


def _of_chip(chip: Chip, catalogue: Catalogue, reading: Reading) -> dict[str, Any]:
    from ledger.catalogue.classing import figures, performance_density

    density = performance_density(chip, catalogue, tf32_bits=reading.tf32_bits)
    area, bandwidth = chip.die_area_mm2, chip.memory_bandwidth_gbs
    return {
        "figures": [
            {"format": f.format, "bits": f.bits, "tops": f.tops, "tpp": str(f.tpp)}
            for f in figures(chip, tf32_bits=reading.tf32_bits)
        ],
        "performance_density": None if density is None else _rounded_down(density),
        "die_area_mm2": None if area is None else f"{area:f}",
        "non_planar": chip.non_planar,
        "datacentre": chip.datacentre,
        "memory_bandwidth_gbs": None if bandwidth is None else f"{bandwidth:f}",
        "estimate": chip.estimate,
    }


def _of_system(system: System, catalogue: Catalogue, reading: Reading) -> dict[str, Any]:
    parts = []
    for part in system.components:
        chip = catalogue.row(part.chip)
        assert chip is not None, "the reader refuses a component that is not a chip"
        key, name, tpp, paragraph = _line(chip, catalogue, reading)
        parts.append(
            {"count": part.count, "key": key, "name": name, "tpp": tpp, "paragraph": paragraph}
        )
    return {"components": parts}


def _rounded_down(value: Fraction) -> str:
    whole, part = divmod(value.numerator * 10**_PLACES // value.denominator, 10**_PLACES)
    return f"{whole}.{part:0{_PLACES}d}"


def _flat(card: dict[str, Any]) -> list[tuple[str, str]]:
    """One line a fact, lists as several lines of one name: what a table and a CSV can hold."""
    lines: list[tuple[str, str]] = []
    for name, value in card.items():
        for item in value if isinstance(value, list) else [value]:
            lines.append((name, _said(name, item)))
    return lines


def _said(name: str, item: Any) -> str:
    if name == "figures":
        return f"{item['format']}: {item['tops']} TOPS x {item['bits']} bits = {item['tpp']}"
    if name == "components":
        return f"{item['count']} x {item['name']}: {item['tpp']} each, {item['paragraph']}"
    if name == "sources":
        return f"{item['title']}, {item['published']} (reviewed {item['reviewed']}) {item['href']}"
    if name == "options":
        return ", ".join(f"{key}={value}" for key, value in item.items())
    if isinstance(item, bool):
        return "yes" if item else "no"
    return "" if item is None else str(item)


def _csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return out.getvalue()


def _sheet(lines: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in lines)
    shown, last = [], ""
    for name, value in lines:
        if value:
            label = "" if name == last else name.replace("_", " ")
            shown.append(f"{label:<{width}}  {value}".rstrip())
            last = name
    return "\n".join(shown)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[i]) for line in (headings, *rows)) for i in range(len(headings))]
    lines = []
    for line in (headings, *rows):
        cells = [
            f"{cell:>{width}}" if heading == "tpp" else f"{cell:<{width}}"
            for heading, cell, width in zip(headings, line, widths, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
