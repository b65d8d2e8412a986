"""`tpp weights` and `tpp conditions`: model weights, and what their keepers must keep to."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.exits import Exit, WrongUse
from ledger.cli.settings import Choice, ledger_option, opened
from ledger.cli.typed import hand_command, tell_recorded
from schemas.kinds import FileKind

if TYPE_CHECKING:
    from datetime import date

    from ledger.service.checklist import Line


def _weights(values: dict[str, str], source: str | None, dry_run: bool) -> Exit:
    from ledger.service.weights import ruling_on

    with opened(to_write=not dry_run) as ledger:
        ruling = ruling_on(ledger, values, source)
        for number, step in enumerate(ruling.steps, start=1):
            click.echo(f"{number}. {step.sentence}", err=True)
            click.echo(f"   {step.citation}", err=True)
        if dry_run:
            codes = [code for code, _ in ruling.findings]
            click.echo(f"would be flagged: {', '.join(codes)}" if codes else "would pass")
            return Exit.DONE
        outcome = ledger.record(FileKind.WEIGHTS, values, source=source)
        return tell_recorded(outcome, ledger.rulebook.regimes)


weights = hand_command(
    FileKind.WEIGHTS,
    "weights",
    """Rule a transfer of model weights, and record it.

    Said are the operations that count, whether the weights are controlled (ECCN 4E091), and what
    may carry them. A transfer draws no TPP. It is a fact: recorded, and flagged (exit code 5)
    where it went without what it needs. --dry-run records nothing.

    \b
    Example:
      tpp weights --document W-1 --transferred-on 2026-03-02 --exporter "Lab"
        --ultimate-consignee "Store GmbH" --consignee-hq Germany --destination India
        --authorization AIA --model M1 --operations 1.2e26 --facility-secured yes
    """,
    _weights,
)


@click.command()
@click.argument("party", required=False)
@click.option("--facility", metavar="NAME", help="One data centre or site of the party.")
@click.option("--authorization", metavar="CODE", help="Only those of one authorization: NVEU, ...")
@click.option("--licence", metavar="NUMBER", help="Only those on one licence.")
@click.option("--state", type=Choice(["open", "met", "breached"]), help="Only these.")
@click.option("--on", "day", metavar="DAY", help="As of a day, YYYY-MM-DD; default today.")
@click.option(
    "--format",
    "form",
    type=Choice(["table", "csv", "json"]),
    help="How to print it (default: a table on a terminal, else CSV).",
)
@ledger_option
def conditions(
    party: str | None,
    facility: str | None,
    authorization: str | None,
    state: str | None,
    form: str | None,
    **more: str | None,
) -> None:
    """Say which conditions of an authorization are open, met or breached.

    Without PARTY those of every party and facility that declared any. A condition is open until
    `tpp record declarations kind=condition ...` says that it is met, with its evidence, or
    breached.

    \b
    Examples:
      tpp conditions
      tpp conditions "Store GmbH" --facility "Hall 1" --state open
      tpp record declarations document=C-1 kind=condition effective_on=2026-01-10
        party="Store GmbH" facility="Hall 1" condition=14 status=met reference="3PAO report 7"
      tpp record declarations document=C-2 kind=condition effective_on=2026-01-10 party="Acme"
        licence=D-1001 condition=4 status=open wording="post-shipment report" due_on=2026-04-10
    """  # noqa: D301
    from ledger.service.checklist import Asked, checklist

    asked = Asked(party, facility, authorization, _day(more["day"]), more["licence"])
    with opened(to_write=False) as ledger:
        lines = checklist(ledger, asked)
    _print([one for one in lines if state in (None, one.state)], form)


def _day(text: str | None) -> date:
    from datetime import date

    if text is None:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUse(f'--on: "{text}" is no day; write YYYY-MM-DD') from None


def _print(lines: list[Line], form: str | None) -> None:
    from ledger.service.checklist import HEADINGS

    shown: list[dict[str, Any]] = [asdict(one) for one in lines]
    chosen = form or ("table" if sys.stdout.isatty() else "csv")
    if chosen == "json":
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    elif chosen == "csv":
        text = io.StringIO()
        written = csv.DictWriter(text, HEADINGS, lineterminator="\n")
        written.writeheader()
        written.writerows(shown)
        click.echo(text.getvalue(), nl=False)
    else:
        click.echo("\n".join(_table(lines)))


def _table(lines: list[Line]) -> list[str]:
    from ledger.cli.lines import table

    headings = ("condition", "state", "since", "evidence", "title")
    said: list[str] = []
    for place in dict.fromkeys(_place(one) for one in lines):
        rows = [
            (one.condition, one.state, one.since, one.evidence, one.title, one.due_on)
            for one in lines
            if _place(one) == place
        ]
        said += [*([""] if said else []), place]
        due = any(row[-1] for row in rows)
        shown = (*headings, "due_on") if due else headings
        said += table(shown, rows if due else [row[:-1] for row in rows], set())
    return said or ["no conditions"]


def _place(one: Line) -> str:
    """Whose condition it is, and where or on which licence."""
    licence = f"licence {one.licence}" if one.licence else ""
    return ", ".join(part for part in (licence, one.party, one.facility) if part) or "anybody"
