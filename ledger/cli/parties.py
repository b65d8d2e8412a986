"""`tpp parties`: parties on record that may be one, and how to join them."""

from __future__ import annotations

import json

import click

from ledger.cli.exits import say
from ledger.cli.settings import Choice, ledger_option, opened


@click.group()
def parties() -> None:
    """Parties on record."""


@parties.command()
@click.option(
    "--format",
    "form",
    type=Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to print it.",
)
@ledger_option
def near(form: str) -> None:
    """List parties that may be one, with the command that joins them.

    Names are near where case, accents, punctuation and the way a legal form is written are all
    that tells them apart. Two parties are two until a dated declaration joins them.

    \b
    Example:
      tpp parties near
    """  # noqa: D301
    from ledger.service.near import near as groups

    with opened(to_write=False) as ledger:
        found = groups(ledger.store, ledger.rulebook)
    if form == "json":
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for first, *others in found:
        click.echo(" and ".join(f'"{name}"' for name in (first, *others)))
        for other in others:
            click.echo(f"  {_joining(other, first)}")
    say(
        f"{len(found):,} groups of names that may be one party" if found else "none is near another"
    )


def _joining(party: str, into: str) -> str:
    """The command that joins two parties, for a shell; the day and the document are open."""
    from shlex import quote

    said = [f"party={party}", f"other_party={into}"]
    return "tpp record declarations kind=party_merged document=NUMBER effective_on=DAY " + " ".join(
        map(quote, said)
    )
