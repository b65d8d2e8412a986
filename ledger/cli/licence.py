"""`tpp licence`: what is done to licences, and how one stands."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.settings import ledger_option, opened
from ledger.cli.typed import command, recorded, tell_recorded
from schemas.kinds import FileKind, Kind

if TYPE_CHECKING:
    from ledger.service.licences import Standing


@click.group()
def licence() -> None:
    """Licences: issue, change and end them, and see how one stands."""


licence.add_command(
    command(
        FileKind.LICENCES,
        "issue",
        """Record a licence that was issued.

        A fact is always recorded; where it exceeds a limit it is flagged, and the exit code is 5.

        \b
        Example:
          tpp licence issue --licence D1042 --issued-on 2026-03-20 --exporter "Acme Chips"
            --ultimate-consignee "Bharat Compute" --destination India
            --chip "H100 SXM" --quantity 512 --application A-17
        """,
    )
)

_COMMON = (
    click.Option(
        ["--on", "effective_on"], required=True, metavar="DAY", help="First day it holds."
    ),
    click.Option(["--line", "licence_line"], metavar="TEXT", help="Line; default every line."),
    click.Option(
        ["--document"], metavar="TEXT", help="Reference of the act; default its name and day."
    ),
    click.Option(["--authority"], metavar="TEXT", help="Who decided."),
    click.Option(["--reference"], metavar="TEXT", help="The authority's reference."),
    click.Option(["--reason"], metavar="TEXT", help="Why."),
)
_PART = (
    click.Option(["--quantity"], metavar="UNITS", help="So many units; default the whole rest."),
    click.Option(["--tpp"], metavar="TPP", help="Or the amount, where the regime counts amounts."),
)


def _act(name: str, kind: Kind, help_: str, options: tuple[click.Option, ...] = ()) -> None:
    """Add a command that records an act on a licence."""

    def run(number: str, **given: Any) -> None:
        values = {key: value for key, value in given.items() if value is not None}
        values.setdefault("document", f"{name} {number} {given['effective_on']}")
        recorded(FileKind.ACTS, {**values, "kind": kind, "licence": number}, None)

    number = click.Argument(["number"])
    made = click.Command(name, callback=run, params=[number, *options, *_COMMON], help=help_)
    licence.add_command(ledger_option(made))


_act(
    "amend",
    Kind.LICENCE_AMENDMENT,
    """Change a licence's last day, or its value.

    Quantity goes up only by a replacement: issue another with --supersedes.

    \b
    Example:
      tpp licence amend D1042 --on 2026-09-01 --expires-on 2027-06-30
    """,
    (
        click.Option(["--expires-on"], metavar="DAY", help="Its last day of use from now on."),
        click.Option(["--unit-value-usd"], metavar="USD", help="The value of one unit."),
    ),
)
_act(
    "transfer",
    Kind.LICENCE_TRANSFER,
    """Hand a licence on to another exporter.

    \b
    Example:
      tpp licence transfer D1042 --on 2026-09-01 --to "Acme Trading"
    """,
    (click.Option(["--to", "to_party"], required=True, metavar="TEXT", help="To whom."),),
)
_act(
    "suspend",
    Kind.LICENCE_SUSPENSION,
    """Suspend a licence: what is shipped under it meanwhile is flagged.

    \b
    Example:
      tpp licence suspend D1042 --on 2026-09-01 --authority BIS
    """,
    (click.Option(["--until", "until_on"], metavar="DAY", help="Last day; default open."),),
)
_act(
    "reinstate",
    Kind.LICENCE_REINSTATEMENT,
    """Have a suspended licence hold again.

    \b
    Example:
      tpp licence reinstate D1042 --on 2026-10-01
    """,
)
_act(
    "revoke",
    Kind.REVOCATION,
    """Revoke a licence, or so many units of it.

    Whether the rest comes back is the regime's to say (option unused_licence_revocation).

    \b
    Example:
      tpp licence revoke D1042 --on 2026-09-01 --quantity 100 --authority BIS
    """,
    _PART,
)
_act(
    "surrender",
    Kind.SURRENDER,
    """Give a licence up, or so many units of it.

    Whether the rest comes back is the regime's to say (option unused_licence_surrender).

    \b
    Example:
      tpp licence surrender D1042 --on 2026-09-01
    """,
    _PART,
)
_act(
    "close",
    Kind.LICENCE_CLOSE,
    """Close a licence that is done with: its rest is given up as if surrendered.

    \b
    Example:
      tpp licence close D1042 --on 2026-09-01
    """,
)
_act(
    "assign",
    Kind.ASSIGNMENT,
    """Lay a shipment that is on record without a licence under this one.

    \b
    Example:
      tpp licence assign D1042 --on 2026-09-01 --shipment S-90 --exporter "Acme Chips"
    """,
    (
        click.Option(["--shipment"], required=True, metavar="TEXT", help="Its document."),
        click.Option(["--shipment-line"], metavar="TEXT", help="Its line; default 1."),
        click.Option(["--exporter"], required=True, metavar="TEXT", help="Who sent it."),
    ),
)


@licence.command()
@click.option("--due", is_flag=True, required=True, help="Every licence that is past its last day.")
@click.option("--by", metavar="DAY", help="Those due by that day; default today.")
@click.option("--dry-run", is_flag=True, help="Only list them.")
@ledger_option
def lapse(due: bool, by: str | None, dry_run: bool) -> None:  # noqa: ARG001
    """Post the lapses that are due; nothing lapses by itself.

    A licence lapses on the day after its last day of use, which is the next day of business where
    its own last day is a holiday. Whether the rest comes back is the regime's to say.

    \b
    Example:
      tpp licence lapse --due --by 2026-12-31
    """  # noqa: D301
    from ledger.cli.exits import Exit, WrongUse, say

    try:
        day = date.today() if by is None else date.fromisoformat(by)
    except ValueError:
        raise WrongUse(f'--by "{by}" is no day such as 2026-12-31') from None
    with opened() as ledger:
        found = ledger.lapses_due(day)
        for number, line, on in found:
            click.echo(f"{number} line {line} lapses on {on}")
        if dry_run or not found:
            say("nothing was recorded" if found else f"no lapse is due by {day}")
            code = Exit.DONE
        else:
            code = tell_recorded(ledger.lapse_due(day), ledger.rulebook.regimes)
    click.get_current_context().exit(code)


@licence.command()
@click.argument("number")
@ledger_option
def show(number: str) -> None:
    """Say how a licence stands: each line, which way its amount went, and what was done to it.

    \b
    Example:
      tpp licence show D1042
    """  # noqa: D301
    with opened() as ledger:
        standing = ledger.licence(number)
        unit = ledger.rulebook.regime.unit
    for line in standing:
        click.echo("\n".join(_said(line, unit)))


def _said(line: Standing, unit: str) -> list[str]:
    from ledger.cli.lines import labelled
    from schemas.tpp import grouped

    units = f"{line.quantity:,} x {line.chip}" if line.quantity else ""
    ways = ("licensed", "drawn", "overdrawn", "held", "lapsed", "back")
    amounts = [
        (name.replace("back", "given back"), f"{grouped(line.ways[name])} {unit}")
        for name in ways
        if line.ways.get(name)
    ]
    pairs = [
        ("state", line.state),
        ("exporter", line.exporter),
        ("consignee", line.consignee),
        ("destination", line.destination),
        ("units", units),
        ("issued", line.issued_on),
        ("last day", line.expires_on),
        *amounts,
        ("units used", f"{line.used_quantity:,}" if line.used_quantity else ""),
    ]
    said = [f"{line.licence} line {line.line} (seq {line.seq})", *labelled(pairs, "  ")]
    return [*said, *(f"  {act}" for act in line.acts)]
