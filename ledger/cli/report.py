"""`tpp report`: print a report, or list the reports there are."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.exits import WrongUse
from ledger.cli.settings import (
    chosen_form,
    day_options,
    form_options,
    holder_argument,
    ledger_option,
    settings_of,
)


@click.command()
@click.argument("name", required=False)
@holder_argument
@click.option("--list", "listed", is_flag=True, help="List the reports and what each may be asked.")
@click.option(
    "--where",
    multiple=True,
    metavar="NAME=VALUE",
    help="Ask for less; --list tells each report's names. May be given several times.",
)
@day_options
@form_options
@ledger_option
def report(name: str | None, holder: str | None, listed: bool, **asked: object) -> None:
    """Print a report, or list the reports there are.

    HOLDER is a country, a named holder or an ultimate parent, by code or name.

    \b
    Examples:
      tpp report remaining
      tpp report remaining --where status=critical --as-of 2026-06-30
      tpp report statement India --format csv -o india.csv
      tpp report breaches --known-at seq:1200
    """  # noqa: D301
    if listed:
        _list()
    elif name is None:
        raise WrongUse("name a report; `tpp report --list` tells which there are")
    else:
        _print(name, holder, asked)


def _print(name: str, holder: str | None, asked: dict[str, object]) -> None:
    from ledger.asking import answer
    from ledger.cli.reading import fresh_copy, put
    from ledger.publish.mending import over_copy

    where, output = asked["where"], asked["output"]
    assert isinstance(where, tuple)
    assert output is None or isinstance(output, Path)
    form = asked["form"]
    form = chosen_form(None if form is None else str(form), output)
    variables: dict[str, object] = dict(settings_of(where, "NAME=VALUE"))
    for key, value in {**asked, "holder": holder}.items():
        if key not in ("as_of", "known_at", "holder") or value is None:
            continue
        if key in variables:
            raise WrongUse(f'"{key}" is given twice')
        variables[key] = value
    _known(name, variables)
    with over_copy(fresh_copy, lambda folder: answer(name, folder, variables)) as result:
        put(result, form, output)


def _known(name: str, variables: dict[str, object]) -> None:
    """Refuse a report or a name it does not know before any work is done."""
    from reports import report as report_of
    from reports.catalogue import nearest

    known = [v.name for v in report_of(name).variables]
    for key in variables:
        if key not in (*known, "known_at"):
            raise WrongUse(f'the report {name} knows no "{key}"{nearest(key, known)}')


def _list() -> None:
    from reports import reports

    for one in reports():
        click.echo(f"{one.name}: {one.title}\n  {one.question}")
        for variable in one.variables:
            if variable.name != "known_seq":
                click.echo(f"    {variable.name:<14} {variable.meaning}")
        click.echo()
