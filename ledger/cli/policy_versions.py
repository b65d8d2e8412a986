"""`tpp policy diff`, `replay` and `adopt`: what another version of the law would change."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.exits import Exit, say
from ledger.cli.settings import Choice, ledger_option, ledger_url, opened, settings_of

if TYPE_CHECKING:
    from ledger.service.replay import Replay
    from ledger.service.versions import Version

_form = click.option(
    "--format",
    "form",
    type=Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print it.",
)
_option = click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="A reading to take with it; the others stay as the ledger has them.",
)


@click.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option(
    "--on",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="What holds on that day; default today. The whole history is compared.",
)
@_option
@_form
@ledger_option
def diff(one: str, other: str, day: Any, options: tuple[str, ...], form: str) -> None:
    """Say what version B of a regime says otherwise than A.

    A and B are each a built-in regime, a folder, `adopted` (what the ledger has adopted last), or
    the first digits of the digest of a version the ledger adopted. --option goes with B.

    \b
    Examples:
      tpp policy diff ai_diffusion ./ours
      tpp policy diff adopted ai_diffusion --on 2027-01-01
    """  # noqa: D301
    from datetime import date

    from ledger.policy.differences import differences
    from ledger.service.versions import ADOPTED

    first, second = _versions(one, other, options)
    on = date.today() if day is None else day.date()
    key = first.key if second.name == ADOPTED else second.key
    books = first.of(key), second.of(key)
    found = differences(books[0].regime, books[1].regime, on, (books[0].options, books[1].options))
    headings = ("kind", "key", "fact", "before", "after")
    rows = [asdict(one) for one in found]
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif form == "csv":
        _csv(headings, (tuple(row.values()) for row in rows))
    else:
        for line in _told(rows):
            click.echo(line)
    say(
        f"A: {books[0].regime.title}, version {books[0].regime.version}",
        f"B: {books[1].regime.title}, version {books[1].regime.version}",
        f"{len(found):,} differences" if found else "no difference",
    )


def _told(rows: Sequence[dict[str, str]]) -> Iterable[str]:
    """Differences in words, under the entry they are of."""
    at = ""
    for row in rows:
        entry = f"{row['kind']} {row['key']}"
        if not row["fact"]:
            yield f"{entry}: {'new' if row['after'] else 'gone'}: {row['after'] or row['before']}"
            continue
        if entry != at:
            at = entry
            yield entry
        yield f"  {row['fact']}: {_side(row['before'])} -> {_side(row['after'])}"


def _side(text: str) -> str:
    return text or "(none)"


def _versions(one: str, other: str, options: tuple[str, ...]) -> tuple[Version, Version]:
    """Both versions; a ledger is asked only where there is one."""
    from ledger.service.versions import ADOPTED, version_of
    from ledger.storage.store import open_store

    settings = settings_of(options, "KEY=VALUE")
    asked = ADOPTED in (one, other) or _has_ledger()
    with open_store(ledger_url(), read_only=True) if asked else nullcontext() as store:
        return version_of(one, store), version_of(other, store, settings)


def _has_ledger() -> bool:
    from ledger.storage.place import place_of

    path = place_of(ledger_url()).path
    return path is None or path.exists()


@click.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option(
    "--first",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    metavar="N",
    help="How many of the movements that change to list.",
)
@_option
@_form
@ledger_option
def replay(one: str, other: str, first: int, options: tuple[str, ...], form: str) -> None:
    """Rule what is on record under A and B, and list what would change.

    A and B are as in `tpp policy diff`. The ledger is not touched. Totals are what the rulings
    draw, before receipts, returns, lapses and reversals.

    \b
    Examples:
      tpp policy replay adopted ./draft
      tpp policy replay adopted adopted --option lpp_d1_d4=allowed
    """  # noqa: D301
    from ledger.cli.reading import fresh_copy
    from ledger.publish.mending import over_copy

    with opened(to_write=False) as ledger:
        settings = settings_of(options, "KEY=VALUE")
        versions = ledger.version(one), ledger.version(other, settings)
        found = over_copy(fresh_copy, lambda copy: ledger.replay(copy, *versions, first=first))
        unit = ledger.rulebook.regime.unit
    if form == "json":
        click.echo(json.dumps(_plain(found), ensure_ascii=False, indent=2))
    elif form == "csv":
        _csv(("part", "name", "what", "before", "after", "movements"), _flat(found))
    else:
        _print(found, unit)
    say(
        f"{found.movements:,} movements in {found.cases:,} cases ruled twice;"
        f" {found.changed:,} come out otherwise. Nothing was recorded"
    )


def _plain(found: Replay) -> dict[str, Any]:
    """The whole as JSON says it: amounts are text, in the regime's unit."""
    from schemas.tpp import milli_text

    shape = asdict(found)
    for total in shape["totals"]:
        for name in [name for name in total if name.endswith("_mtpp")]:
            value = total.pop(name)
            said = None if value is None else milli_text(value)
            total[name.removesuffix("_mtpp") + "_tpp"] = said
    for one in shape["first"]:
        one["effective_on"] = one["effective_on"].isoformat()
    return shape


def _flat(found: Replay) -> Iterable[tuple[str, ...]]:
    """The three parts as rows of one table."""
    from schemas.tpp import milli_text

    for one in found.changes:
        yield "ruling", one.what, "", one.before, one.after, str(one.movements)
    for total in found.totals:
        name = f"{total.rule} {total.holder} {total.window}"
        tally = "official" if total.official else "safe side"
        drawn = milli_text(total.before_mtpp), milli_text(total.after_mtpp)
        yield "total", name, f"drawn ({tally})", *drawn, ""
        limits = [
            "" if value is None else milli_text(value)
            for value in (total.limit_before_mtpp, total.limit_after_mtpp)
        ]
        yield "total", name, "limit", *limits, ""
    for moved in found.first:
        name = f"seq {moved.seq} {moved.kind} {moved.document} of {moved.effective_on}"
        yield "movement", name, moved.what, "", "", "1"


def _print(found: Replay, unit: str) -> None:
    from ledger.cli.lines import table
    from schemas.tpp import grouped

    if not found.changed and not found.totals:
        click.echo("nothing changes")
        return
    for one in found.changes:
        click.echo(f"{one.movements:>12,}  {one.what}: {_side(one.before)} -> {_side(one.after)}")
    if found.totals:
        headings = ("budget", "holder", "window", "tally", "before", "after", "limit", "then")
        rows = [
            (
                t.rule,
                t.name,
                t.window,
                "official" if t.official else "safe side",
                grouped(t.before_mtpp),
                grouped(t.after_mtpp),
                *(
                    "" if v is None else grouped(v)
                    for v in (t.limit_before_mtpp, t.limit_after_mtpp)
                ),
            )
            for t in found.totals
        ]
        click.echo(f"\nDrawn by budget, in {unit}")
        for line in table(headings, rows, {"before", "after", "limit", "then"}):
            click.echo(line)
    if found.first:
        click.echo(f"\nThe first {len(found.first):,} of {found.changed:,} movements that change")
        for moved in found.first:
            line = f" line {moved.line}" if moved.line != "1" else ""
            at = f"seq {moved.seq} {moved.kind} {moved.document}{line} of {moved.effective_on}"
            click.echo(f"  {at}: {moved.what}")


@click.command()
@click.argument("where", metavar="KEY|DIR|adopted")
@_option
@click.option("--note", metavar="TEXT", help="Why; kept with the adoption.")
@ledger_option
def adopt(where: str, options: tuple[str, ...], note: str | None) -> None:
    """Put another version of the ledger's regime in force.

    From now on movements are ruled by it; past rulings stay, and are explained by the version
    they were made under. Readings stay as they are, but for --option; `adopted` keeps the texts
    and changes readings alone. `tpp policy replay` says beforehand what would differ.

    \b
    Examples:
      tpp policy adopt ./ours --note "amended on 2026-05-12"
      tpp policy adopt adopted --option lpp_year=exported
    """  # noqa: D301
    settings = settings_of(options, "KEY=VALUE")
    with opened() as ledger:
        outcome = ledger.adopt(where, settings, note=note)
    with opened(to_write=False) as ledger:
        every = {one.regime.key: one.regime for one in ledger.rulebook.every}
        regime = every.get(_key_of(where), ledger.rulebook.regime)
    click.echo(f"adopted {regime.key} version {regime.version[:12]}, seq {outcome.first_seq}")
    for key, value in settings.items():
        of, _, name = key.rpartition(":")
        option = every[of or ledger.rulebook.regime.key].options[name]
        say(f"  {key} = {value}: {option.sentence(value)}")
    say(*outcome.warnings)
    click.get_current_context().exit(Exit.DONE)


def _key_of(where: str) -> str:
    from ledger.policy.reader import read_regime
    from ledger.service.versions import ADOPTED

    return "" if where == ADOPTED else read_regime(where).key


def _csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(headings)
    lines.writerows(rows)
