"""`tpp due` and `tpp done`: what must be filed, and that it was."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.exits import WrongUse, say
from ledger.cli.settings import (
    Choice,
    check_output,
    chosen_form,
    day_options,
    ledger_option,
    opened,
)

if TYPE_CHECKING:
    from reports import Result

_FORMATS = ("table", "csv", "json", "ics")
_STATES = ("overdue", "due", "open", "done")


@click.command()
@click.option("--by", metavar="DAY", help="Only what is due by this day, YYYY-MM-DD.")
@click.option("--for", "party", metavar="PARTY", help="Only parties with this in their name.")
@click.option("--state", type=Choice(_STATES), help="Only what is in this state.")
@click.option("--duty", metavar="KEY", help="Only this kind of duty; `tpp policy list` names them.")
@day_options
@click.option(
    "--format",
    "form",
    type=Choice(_FORMATS),
    help="How to print it (default: a table on a terminal, else CSV); ics is a calendar.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file; its ending tells the format.",
)
@ledger_option
def due(form: str | None, output: Path | None, **asked: str | None) -> None:
    """Say what must be filed, by whom, when and why.

    It is worked out from what is on record each time, and stored nowhere. Overdue: its day has
    passed; due: its day is near; open: it is not; done: `tpp done` said so, or the record shows it.

    \b
    Examples:
      tpp due
      tpp due --for "Acme Chips" --by 2026-12-31
      tpp due --state overdue --format csv -o overdue.csv
      tpp due --format ics -o due.ics
    """  # noqa: D301
    from ledger.asking import answer
    from ledger.cli.reading import fresh_copy, put
    from ledger.publish.mending import over_copy

    calendar = form == "ics" or (form is None and _is_calendar(output))
    check_output(output)
    chosen = "ics" if calendar else chosen_form(form, output)
    _check_duty(asked["duty"])
    with over_copy(fresh_copy, lambda folder: answer("due", folder, asked)) as result:
        if calendar:
            _put_calendar(result, output)
        else:
            put(result, chosen, output)


def _is_calendar(output: Path | None) -> bool:
    return output is not None and output.suffix.lower() == ".ics"


def _put_calendar(result: Result, output: Path | None) -> None:
    from reports import calendar

    if output is None:
        calendar.write(result, sys.stdout.buffer)
        return
    say(f"wrote {output} ({calendar.save(result, output):,} entries)")


def _check_duty(duty: str | None) -> None:
    """Refuse a kind of duty that the ledger's regime does not have."""
    if duty is None:
        return
    from difflib import get_close_matches

    with opened(to_write=False) as ledger:
        known = list(ledger.rulebook.regime.deadlines)
    if duty not in known:
        raise WrongUse(f'there is no duty "{duty}"', get_close_matches(duty, known) or known)


@click.command()
@click.argument("duty")
@click.option("--reference", required=True, metavar="REF", help="What was filed: its reference.")
@click.option("--on", metavar="DAY", help="The day it was done, YYYY-MM-DD (default: today).")
@ledger_option
def done(duty: str, reference: str, on: str | None) -> None:
    """Mark what was due as done.

    DUTY is its id, as `tpp due` tells. It is a declaration like any other: `tpp reverse` undoes
    it, and a file of declarations of kind duty_done does the same for many.

    \b
    Example:
      tpp done lpp_certificate_copy-7a1624553251 --reference EAR-2026-118
    """  # noqa: D301
    from ledger.cli.outcomes import tell_one
    from ledger.cli.reading import fresh_copy
    from ledger.publish.mending import over_copy
    from ledger.service.duties import duty_done
    from reports import run

    with over_copy(fresh_copy, lambda folder: run("due", folder, {"id": duty})) as result:
        names = [column.name for column in result.columns]
        found = [dict(zip(names, row, strict=True)) for row in result.rows()]
    party = found[0]["party"] if found else None
    with opened() as ledger:
        outcome = duty_done(ledger, duty, reference, party=party, on=on)
        regimes = ledger.rulebook.regimes
    click.get_current_context().exit(tell_one(outcome, regimes))
