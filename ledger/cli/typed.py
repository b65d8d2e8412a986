"""One movement typed by hand: `tpp apply`, `ship`, `return`, `record` and others.

The options are the headings of the import files, so that nothing is said twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.exits import Exit, WrongUse
from ledger.cli.settings import Choice, ledger_option, opened, settings_of
from schemas.fields import KNOWN_HEADINGS, SHAPES, Field, Type, optional_of
from schemas.kinds import FileKind

if TYPE_CHECKING:
    from ledger.policy.types import Regime
    from ledger.service.outcome import Outcome
    from schemas.problems import Problem

_PLACEHOLDERS = {
    Type.DATE: "DAY",
    Type.COUNT: "UNITS",
    Type.AMOUNT: "TPP",
    Type.MONEY: "USD",
    Type.PERCENT: "PERCENT",
    Type.COUNTRY: "COUNTRY",
    Type.CHIP: "CHIP",
    Type.AUTHORIZATION: "CODE",
    Type.KIND: "KIND",
}


def _option(field: Field) -> click.Option:
    must = "  [required]" if field.required else ""
    return click.Option(
        ["--" + field.name.replace("_", "-"), field.name],
        metavar=_PLACEHOLDERS.get(field.type, "TEXT"),
        help=f"{field.meaning[0].upper()}{field.meaning[1:]}.{must}",
    )


def _headings(kind: FileKind) -> list[Field]:
    return [*SHAPES[kind].fields, *optional_of(kind)]


_FIELD = click.Option(
    ["--field"],
    multiple=True,
    metavar="NAME=VALUE",
    help="Anything else to keep with the movement. May be given several times.",
)
_SOURCE = click.Option(
    ["--source"],
    metavar="NAME",
    help="Filing system the document number is of; default the exporter.",
)
_RETRY = click.Option(
    ["--retry"], is_flag=True, help="Weigh an application that was refused before anew."
)


def command(kind: FileKind, name: str, help_: str) -> click.Command:
    """A command whose options are the headings of a file kind."""

    def run(**given: Any) -> None:
        extra = settings_of(given.pop("field"), "NAME=VALUE")
        source, retry = given.pop("source"), given.pop("retry", False)
        values = {key: value for key, value in given.items() if value is not None}
        recorded(kind, {**extra, **values}, source, retry=retry)

    options: list[click.Parameter] = [_option(field) for field in _headings(kind)]
    options += [_FIELD, _SOURCE]
    if kind is FileKind.APPLICATIONS:
        options.append(_RETRY)
    made = click.Command(name, callback=run, params=options, help=help_)
    # click.option() works on a command too, and there puts its option last.
    return ledger_option(made)


def hand_command(
    kind: FileKind,
    name: str,
    help_: str,
    do: Callable[[dict[str, str], str | None, bool], Exit],
) -> click.Command:
    """A command whose options are the headings of a file kind, and --dry-run; `do` runs it.

    It is given the values by heading, the source, and whether nothing may be recorded.
    """

    def run(**given: Any) -> None:
        extra = settings_of(given.pop("field"), "NAME=VALUE")
        source, dry_run = given.pop("source"), given.pop("dry_run")
        values = {key: value for key, value in given.items() if value is not None}
        ctx = click.get_current_context()
        with _in_options(ctx):
            ctx.exit(do({**extra, **values}, source, dry_run))

    options: list[click.Parameter] = [_option(field) for field in _headings(kind)]
    dry_run = click.Option(["--dry-run"], is_flag=True, help="Rule it, and record nothing.")
    options += [_FIELD, _SOURCE, dry_run]
    return ledger_option(click.Command(name, callback=run, params=options, help=help_))


def tell_recorded(outcome: Outcome, regimes: Sequence[Regime]) -> Exit:
    """Tell what became of one movement; its problems as those of this command's options."""
    from ledger.cli.outcomes import tell_one

    ctx = click.get_current_context()
    outcome.problems = [_typed(problem, ctx) for problem in outcome.problems]
    return tell_one(outcome, regimes)


@contextmanager
def _in_options(ctx: click.Context) -> Iterator[None]:
    """Problems with what was typed, said as those of options."""
    from schemas.problems import Unusable

    try:
        yield
    except Unusable as unusable:
        raise Unusable(*(_typed(p, ctx) for p in unusable.problems)) from None


def recorded(
    kind: FileKind, values: Mapping[str, str], source: str | None, *, retry: bool = False
) -> None:
    """Record one movement, tell what became of it, and end the run with its exit code."""
    ctx = click.get_current_context()
    with opened() as ledger, _in_options(ctx):
        outcome = ledger.record(kind, values, source=source, retry=retry)
        regimes = ledger.rulebook.regimes
    ctx.exit(tell_recorded(outcome, regimes))


def _typed(problem: Problem, ctx: click.Context) -> Problem:
    """The problem as one with an option of this command, not with a line of a file."""
    options = {p.name: p.opts[0] for p in ctx.command.params if isinstance(p, click.Option)}
    column = options.get(problem.column, problem.column)
    return replace(problem, file=ctx.command_path, line=0, row=0, column=column)


apply = command(
    FileKind.APPLICATIONS,
    "apply",
    """Weigh an application; refused where it would exceed.

    It is recorded as pending, or refused (exit code 3) with the figures; the refusal is a record
    too. Asking again answers "already refused"; --retry weighs it anew.

    \b
    Example:
      tpp apply --application A-17 --applied-on 2026-03-02 --exporter "Acme Chips"
        --ultimate-consignee "Bharat Compute" --destination India
        --chip "H100 SXM" --quantity 512
    """,
)

ship = command(
    FileKind.SHIPMENTS,
    "ship",
    """Record a shipment that took place.

    A fact is always recorded; where it exceeds a limit or lacks something it is flagged, and the
    exit code is 5.

    \b
    Example:
      tpp ship --document S-90 --exported-on 2026-04-01 --exporter "Acme Chips"
        --ultimate-consignee "Bharat Compute" --destination India
        --authorization licence --licence D1042 --chip "H100 SXM" --quantity 64
    """,
)

return_ = command(
    FileKind.RETURNS,
    "return",
    """Record goods that came back or were lost.

    Whether room is given back is the regime's to say (option return_or_loss_credit).

    \b
    Example:
      tpp return --document R-3 --returned-on 2026-05-10 --exporter "Acme Chips"
        --shipment S-90 --quantity 8
    """,
)

transfer = command(
    FileKind.TRANSFERS,
    "transfer",
    """Record a move between data centres, as two movements that stand and fall together.

    What leaves comes off the accounts of where it was, what arrives goes on those of where it
    comes to. A move across a border is ruled as a reexport, one within a country as a transfer
    there. It is a fact: always recorded, and flagged (exit code 5) where it exceeds or lacks
    something.

    \b
    Example:
      tpp transfer --document M-7 --transferred-on 2026-03-02 --owner "Bharat Compute"
        --from-facility "Pune 2" --from-country India --to-facility "Warsaw 1"
        --to-country Poland --authorization NVEU --chip "H100 SXM" --quantity 64
    """,
)


@click.command()
@click.argument("kind", type=Choice([kind.value for kind in FileKind]))
@click.argument("values", nargs=-1, required=True, metavar="HEADING=VALUE...")
@click.option("--source", metavar="NAME", help="Filing system; default the exporter.")
@click.option(
    "--field",
    multiple=True,
    metavar="NAME=VALUE",
    help="Anything else to keep with the movement. May be given several times.",
)
@click.option("--retry", is_flag=True, help="Weigh an application that was refused before anew.")
@ledger_option
def record(
    kind: str,
    values: tuple[str, ...],
    source: str | None,
    field: tuple[str, ...],
    retry: bool,
) -> None:
    """Record one movement of any kind, given as HEADING=VALUE.

    The headings are those of `tpp template KIND`.

    \b
    Examples:
      tpp record receipts document=AR-7 received_on=2026-04-20 exporter="Acme Chips" shipment=S-90
      tpp record adjustments document=BIS-2026-4 kind=uplift effective_on=2026-05-01
        holder=India percent=100 reference=MOU-7
      tpp record declarations document=BIS-2026-5 kind=official_status effective_on=2026-05-01
        party="Bharat Compute" country=India status=NVEU
      tpp record corrections seq=1042 quantity=100 reason="typed 10 for 100"
    """  # noqa: D301
    given = settings_of(values, "HEADING=VALUE")
    _known(FileKind(kind), given)
    extra = settings_of(field, "NAME=VALUE")
    recorded(FileKind(kind), {**extra, **given}, source, retry=retry)


def _known(kind: FileKind, given: Mapping[str, str]) -> None:
    """Refuse a heading the kind does not have: kept as metadata it would be a fact lost."""
    from difflib import get_close_matches

    names = [field.name for field in _headings(kind)]
    if kind is FileKind.CORRECTIONS:
        names += KNOWN_HEADINGS
    for heading in given:
        if heading not in names:
            near = get_close_matches(heading, names) or names
            raise WrongUse(f'{kind} have no heading "{heading}"; --field keeps what is none', near)
