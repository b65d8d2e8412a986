"""`tpp policy`: any number of the law with value, citation and history; regimes of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from ledger.cli.policy_versions import adopt, diff, replay
from ledger.cli.settings import Choice
from schemas.problems import Unusable

F = TypeVar("F", bound=Callable[..., Any])
HEADINGS = ("kind", "key", "value", "unit", "title")

_regime = click.option(
    "--regime",
    "where",
    default="ai_diffusion",
    show_default=True,
    metavar="KEY|DIR",
    help="A built-in regime, or a folder of your own.",
)
_on = click.option(
    "--on",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="What holds on that day; default today.",
)
_format = click.option(
    "--format",
    "form",
    type=Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to print it.",
)


def _unusable_is_wrong_use(command: F) -> F:
    @wraps(command)
    def run(*args: Any, **given: Any) -> Any:
        try:
            return command(*args, **given)
        except Unusable as unusable:
            for problem in unusable.problems:
                click.echo(str(problem), err=True)
            count = len(unusable.problems)
            click.echo(f"{count} problem{'' if count == 1 else 's'}", err=True)
            return click.get_current_context().exit(2)

    return run  # type: ignore[return-value]


@click.group()
def policy() -> None:
    """The law as data: every number, list, deadline, reading, budget and authorization."""


for _of_versions in (diff, replay, adopt):
    policy.add_command(_of_versions)


@policy.command("list")
@_regime
@_on
@_format
@_unusable_is_wrong_use
def list_keys(where: str, day: date | None, form: str) -> None:
    """List every key of a regime with its value."""
    from ledger.policy import cards
    from ledger.policy.reader import read_regime

    regime = read_regime(where)
    every = [cards.card(regime, kind, key, _day(day)) for kind, key in cards.keys(regime)]
    rows = [{name: str(one.get(name, "")) for name in HEADINGS} for one in every]
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    click.echo(_table([tuple(row.values()) for row in rows]))
    click.echo(f"{regime.title}; version {regime.version}", err=True)


@policy.command()
@click.argument("key")
@_regime
@_on
@_format
@_unusable_is_wrong_use
def show(key: str, where: str, day: date | None, form: str) -> None:
    """Show one KEY: its value, where it stands, and its history."""
    from ledger.policy import cards
    from ledger.policy.reader import read_regime

    regime = read_regime(where)
    found = cards.find(regime, key)
    if not found:
        near = cards.nearest(regime, key)
        hint = f"\nnearest: {', '.join(near)}" if near else ""
        click.echo(f'{regime.key} has no key "{key}"{hint}', err=True)
        click.get_current_context().exit(2)
    every = [cards.card(regime, kind, name, _day(day)) for kind, name in found]
    if form == "json":
        click.echo(json.dumps(every[0] if len(every) == 1 else every, ensure_ascii=False, indent=2))
    else:
        click.echo("\n\n".join("\n".join(_lines(one)) for one in every))


@policy.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@_unusable_is_wrong_use
def validate(folder: Path) -> None:
    """Read the regime in DIR and name every problem in it."""
    from ledger.policy.reader import read_regime
    from ledger.policy.sound import notes

    regime = read_regime(folder)
    for note in notes(regime):
        click.echo(f"note: {note}", err=True)
    known = (
        f"{len(regime.numbers)} numbers, {len(regime.lists)} lists, {len(regime.options)} options, "
        f"{len(regime.budgets)} budgets, {len(regime.authorizations)} authorizations"
    )
    click.echo(f"{regime.key}: no problems ({known})\nversion {regime.version}")


@policy.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def new(folder: Path) -> None:
    """Write a small regime into DIR, to be changed into your own."""
    from ledger.policy.reader import starter_regime

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        click.echo(f"{folder} is there already and not an empty folder", err=True)
        click.get_current_context().exit(2)
    for name, text in starter_regime().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        click.echo(str(path))
    click.echo(f"change it, then: tpp policy validate {folder}", err=True)


def _day(given: Any) -> date:
    return date.today() if given is None else given.date()


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    every = [HEADINGS, *rows]
    widths = [max(len(row[place]) for row in every) for place in range(len(HEADINGS))]
    padded = ((f"{cell:<{width}}" for cell, width in zip(r, widths, strict=True)) for r in every)
    return "\n".join("  ".join(cells).rstrip() for cells in padded)


def _lines(value: Any, indent: str = "") -> list[str]:
    """A card as lines a person reads: one fact a line, what belongs to it indented below."""
    lines: list[str] = []
    for name, one in value.items():
        if name == "citation":
            lines.append(f"{indent}{one['section']}; {one['source']}, published {one['published']}")
            lines.append(f"{indent}{one['href']} (reviewed {one['reviewed']})")
        elif isinstance(one, dict):
            lines += [f"{indent}{name}:", *_lines(one, indent + "  ")]
        elif isinstance(one, list) and one and isinstance(one[0], dict):
            lines.append(f"{indent}{name}:")
            for item in one:
                first, *rest = _lines(item, indent + "    ")
                lines += [f"{indent}  - {first.lstrip()}", *rest]
        elif one not in ("", []):
            lines.append(f"{indent}{name}: {_said(one)}")
    return lines


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(value) if isinstance(value, list) else str(value)
