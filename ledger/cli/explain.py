"""`tpp explain`: why a movement drew on what it drew on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.lines import labelled
from ledger.cli.settings import Choice, ledger_option, opened

if TYPE_CHECKING:
    from ledger.service.explanation import (
        BesideWhy,
        Cited,
        Effect,
        Explanation,
        Lot,
        Pointer,
    )

_AMOUNTS = ("adjustment", "pending", "held", "posted", "lapsed")


@click.command()
@click.argument("movement", metavar="SEQ|KEY")
@click.option(
    "--format",
    "form",
    type=Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
@ledger_option
def explain(movement: str, form: str) -> None:
    """Say why a movement drew on what it drew on.

    KEY is a document, or DOCUMENT/LINE. Shown are the parties, the lot with the catalogue row its
    TPP came from, each step of the ruling with its citation, what was drawn on which budget, the
    findings with the figures of their moment, and who recorded it.

    \b
    Examples:
      tpp explain 1042
      tpp explain D1042/2 --format json
    """  # noqa: D301
    from ledger.service.explain import explain as explained

    with opened(to_write=False) as ledger:
        found = explained(ledger, movement)
    if form == "json":
        click.echo(json.dumps(_in_tpp(asdict(found)), ensure_ascii=False, indent=2))
        return
    for line in lines_of(found):
        click.echo(line)


def _in_tpp(value: Any) -> Any:
    """Amounts as exact text in the unit, under names that say so."""
    from schemas.tpp import milli_text

    if isinstance(value, dict):
        return {
            key.removesuffix("_mtpp") + "_tpp" if key.endswith("_mtpp") else key: (
                milli_text(one) if key.endswith("_mtpp") and one is not None else _in_tpp(one)
            )
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_in_tpp(one) for one in value]
    return value


def lines_of(found: Explanation) -> Iterator[str]:
    """An explanation as a person reads it."""
    attempt = f", attempt {found.attempt}" if found.attempt > 1 else ""
    yield f"seq {found.seq}: {found.kind} {found.document} line {found.line}{attempt}"
    if found.reversed_by is not None:
        yield f"REVERSED by seq {found.reversed_by}"
    facts = [("day", found.effective_on), ("source", found.source), *found.given]
    yield from labelled([(name.replace("_", " "), text) for name, text in facts], "  ")
    if found.lot is not None:
        yield from ("", "Lot", *_lot(found.lot, found.unit))
    yield from _why(found.regime, found.why)
    for further in found.beside:
        yield from _why(further.regime, further.why)
    yield from ("", "Drew on" if found.draws else "Drew on no budget")
    for draw in found.draws:
        yield from _draw(draw, found.unit)
    yield from _findings(found)
    several = bool(found.beside)
    yield from _options(found, several=several)
    yield from _conditions(found)
    for further in found.beside:
        yield from _options(further, several=several)
    yield from _pointers(found)
    yield from ("", "Recorded", *_submission(found))


def _lot(lot: Lot, unit: str) -> list[str]:
    from schemas.tpp import grouped

    amount = "" if lot.amount_mtpp is None else f"{grouped(lot.amount_mtpp)} {unit}"
    if lot.quantity is not None and lot.unit_mtpp is not None:
        same = lot.quantity * lot.unit_mtpp == lot.amount_mtpp
        units = f"{lot.quantity:,} x {grouped(lot.unit_mtpp)}"
        amount = f"{units} = {amount}" if same else f"{amount}, given for {units}"
    under = "no paragraph" if lot.paragraph == "none" else lot.paragraph
    chip = f"{lot.name} ({lot.chip}, {under})" if lot.name else lot.chip or ""
    pairs = [("chip", chip), ("amount", amount)]
    pairs += [("source", source) for source in lot.sources]
    pairs += [("catalogue", lot.catalogue if lot.name else "")]
    return labelled(pairs, "  ")


def _draw(draw: Effect, unit: str) -> Iterator[str]:
    from schemas.tpp import grouped

    amounts = {name: getattr(draw, f"{name}_mtpp") for name in _AMOUNTS}
    moved = ", ".join(
        f"{name} {'+' if value > 0 else ''}{grouped(value)} {unit}"
        for name, value in amounts.items()
        if value
    )
    side = "" if draw.official else " (on the safe side only)"
    yield f"  {draw.holder} {draw.window}, {draw.title} ({draw.rule}){side}"
    yield f"    {moved or 'no amount: the budget is marked'}"


def _findings(found: Explanation) -> Iterator[str]:
    if found.findings:
        yield from ("", "Findings")
    for one in found.findings:
        family = "breach" if one.family == "refusal" and found.kind != "refusal" else one.family
        yield from labelled([(f"{family}:", f"{one.sentence} [{one.code}]")], "  ")
        about = "; ".join(text for text in (one.budget, one.citation) if text)
        yield from labelled([("  ", about)], "  ")


def _why(regime: str, steps: tuple[Cited, ...]) -> Iterator[str]:
    yield from ("", f"Why, under {regime}")
    for number, step in enumerate(steps, start=1):
        yield from labelled([(f"{number}.", step.sentence)], "  ")
        yield from labelled([("  ", step.citation)], "  ")
    if not steps:
        yield "  the regime does not weigh this kind"


def _options(found: Explanation | BesideWhy, *, several: bool) -> Iterator[str]:
    if found.options:
        named = f" under {found.regime}" if several else ""
        yield from ("", f"Readings that mattered{named}")
    for option in found.options:
        said = f"{option.key} = {option.value}"
        yield from labelled([(said, option.meaning), ("", option.citation)], "  ")
    if found.review:
        yield from ("", f"Reviewed, under {found.regime}: {found.review}")


def _conditions(found: Explanation) -> Iterator[str]:
    """How many are open, met and breached, and each that anything is declared of."""
    if not found.conditions:
        return
    states = [one.state for one in found.conditions]
    counts = [f"{states.count(s)} {s}" for s in ("breached", "met", "open") if s in states]
    yield from ("", f"Conditions on {found.effective_on}: {', '.join(counts)}")
    for one in found.conditions:
        if one.seq is not None:
            evidence = f", {one.evidence}" if one.evidence else ""
            said = f"{one.state} since {one.since} (seq {one.seq}{evidence}): {one.title}"
            yield from labelled([(one.key, said)], "  ")


def _pointers(found: Explanation) -> Iterator[str]:
    if found.points_at is not None:
        yield from ("", f"Points at {_pointer(found.points_at)}")
    if found.pointed_at_by:
        yield from ("", "Pointed at by")
        yield from (f"  {_pointer(one)}" for one in found.pointed_at_by)


def _pointer(one: Pointer) -> str:
    return f"seq {one.seq}: {one.kind} {one.document} line {one.line}, {one.effective_on}"


def _submission(found: Explanation) -> list[str]:
    one = found.submission
    last = one.first_seq + one.count - 1
    return labelled(
        [
            ("submission", f"{one.number} (seq {one.first_seq}-{last}), {one.verb}"),
            ("when", one.recorded_at),
            ("who", one.actor),
            ("file", one.file_name or ""),
            ("SHA-256", one.file_digest or ""),
            ("note", one.note or ""),
        ],
        "  ",
    )
