"""`tpp quarter`: close a quarter, report it as it was and as it is, list what is closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.exits import Exit, WrongUse, say
from ledger.cli.settings import (
    Choice,
    check_output,
    chosen_form,
    form_options,
    ledger_option,
    opened,
)

if TYPE_CHECKING:
    from ledger.service.ledger import Ledger
    from ledger.service.outcome import Outcome
    from reports.quarters import Reported
    from schemas.quarters import Quarter

# How often a close is tried while others record.
_TRIES = 5


@click.group()
def quarter() -> None:
    """Close a quarter, and report it as first reported and as restated."""


@quarter.command("close")
@click.argument("name", metavar="QUARTER")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="Also write the report that was closed.",
)
@ledger_option
def close(name: str, output: Path | None) -> None:
    """Close a quarter with its report as it stands.

    The digest of the report is recorded. What is recorded later with a day of the quarter is
    accepted, marked late (late_for_quarter), and part of the quarter's restatement. A close is
    undone like any movement, with `tpp reverse`.

    \b
    Example:
      tpp quarter close 2025Q3
    """  # noqa: D301
    from ledger.cli.reading import fresh_copy
    from ledger.service.quarters import named
    from reports.render import replacing

    wanted = named(name)
    check_output(output)
    with opened() as ledger:
        made, outcome = close_with_its_report(ledger, wanted, fresh_copy)
    if output is not None:
        with replacing(output) as out:
            out.write(made.csv)
        say(f"wrote {output}")
    click.echo(f"closed {wanted.name} ({wanted.first} to {wanted.last}), seq {outcome.first_seq}")
    click.echo(f"its report, as known at seq {made.known_seq}: SHA-256 {made.digest}")


def close_with_its_report(
    ledger: Ledger, wanted: Quarter, copy: Callable[[], Path]
) -> tuple[Reported, Outcome]:
    """Close a quarter with its report as it stands; `copy` brings the columnar copy up to date.

    Raises Unusable where it cannot be closed, WrongUse where others keep on recording.
    """
    from ledger.publish.mending import sound_copy
    from ledger.service.seal import Moved
    from reports.quarters import reported

    ledger.check_closable(wanted.name)
    said = ""
    for _ in range(_TRIES):
        made = reported(sound_copy(copy), wanted)
        try:
            return made, ledger.close_quarter(wanted.name, made.digest, made.known_seq)
        except Moved as moved:
            said = str(moved)
    raise WrongUse(f"others are recording ({said}): try again")


@quarter.command("list")
@click.option("--known-at", metavar="INSTANT|seq:N", help="As the ledger knew it then.")
@form_options
@ledger_option
def list_quarters(known_at: str | None, form: str | None, output: Path | None) -> None:
    """List the quarters that were closed, with digest and late movements.

    \b
    Example:
      tpp quarter list
    """  # noqa: D301
    from ledger.asking import answer
    from ledger.cli.reading import fresh_copy, put
    from ledger.publish.mending import over_copy

    chosen = chosen_form(form, output)
    asked = {} if known_at is None else {"known_at": known_at}
    with over_copy(fresh_copy, lambda folder: answer("quarters", folder, asked)) as result:
        put(result, chosen, output)


@quarter.command()
@click.argument("name", metavar="QUARTER")
@click.option(
    "--format",
    "form",
    type=Choice(["table", "csv", "json"]),
    help="How to print it (default: a table on a terminal, else CSV).",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write reported.csv, restated.csv, restatement.csv and late.csv into this folder.",
)
@ledger_option
def report(name: str, form: str | None, output: Path | None) -> None:
    """Report a quarter as first reported and as restated now.

    Of a closed quarter the report of its close is made again, and held against the digest then
    recorded (exit code 4 where it differs); what differs by now is printed. Of a quarter that is
    not closed the report as it stands is printed.

    \b
    Examples:
      tpp quarter report 2025Q3
      tpp quarter report 2025Q3 -o 2025Q3/
    """  # noqa: D301
    from ledger.cli.reading import fresh_copy
    from ledger.publish.mending import sound_copy
    from ledger.service.quarters import named
    from reports.quarters import asked_of
    from reports.runner import manifest_of

    wanted = named(name)
    folder = sound_copy(fresh_copy)
    # Others may record meanwhile, and bring the copy on: all that follows is of this moment.
    known = manifest_of(folder).last_seq
    closed = _close_of(folder, wanted, known)
    same, asked = True, asked_of(wanted, known)
    if closed is None:
        say(f"{wanted.name} is not closed: the report as it stands")
    else:
        same = _verified(folder, wanted, closed)
    if output is not None:
        _write(folder, asked, closed, output)
    else:
        _print(folder, asked, closed, form)
    click.get_current_context().exit(Exit.DONE if same else Exit.FAILED)


def _close_of(folder: Path, wanted: Quarter, known: int) -> dict[str, Any] | None:
    """The close of a quarter that stands, as a row of the report `quarters`."""
    from reports import run

    with run("quarters", folder, {"known_seq": known}) as result:
        names = [column.name for column in result.columns]
        rows = [dict(zip(names, row, strict=True)) for row in result.rows()]
    standing = [r for r in rows if r["quarter"] == wanted.name and r["state"] == "closed"]
    return standing[-1] if standing else None


def _verified(folder: Path, wanted: Quarter, closed: Mapping[str, Any]) -> bool:
    """Whether the report of the close can be made again to the byte; said either way."""
    from reports.quarters import reported

    made = reported(folder, wanted, closed["reported_seq"])
    say(
        f"{wanted.name} was closed by seq {closed['closed_seq']} on {closed['recorded_at']}"
        f" ({closed['actor']}), as known at seq {closed['reported_seq']}"
    )
    if made.digest == closed["report_digest"]:
        say(f"as first reported: SHA-256 {made.digest}, verified")
        return True
    say(
        f"as first reported: SHA-256 {closed['report_digest']} was recorded, {made.digest} is"
        " made now: this report is not the one that was closed"
    )
    return False


def _print(
    folder: Path, asked: Mapping[str, Any], closed: Mapping[str, Any] | None, form: str | None
) -> None:
    from ledger.cli.reading import put
    from reports import run

    if closed is not None:
        late = closed["late_movements"]
        again = f"; tpp report late --as-of {asked['as_of']}" if late else ""
        say(f"late movements: {late:,}{again}")
    name = "quarter" if closed is None else "restatement"
    with run(name, folder, asked) as result:
        put(result, chosen_form(form, None), None)


def _write(
    folder: Path, asked: Mapping[str, Any], closed: Mapping[str, Any] | None, output: Path
) -> None:
    from reports import run
    from reports.render import save

    output.mkdir(parents=True, exist_ok=True)
    files = {"reported.csv": ("quarter", asked)}
    if closed is not None:
        files = {
            "reported.csv": ("quarter", {**asked, "known_seq": closed["reported_seq"]}),
            "restated.csv": ("quarter", asked),
            "restatement.csv": ("restatement", asked),
            "late.csv": ("late", asked),
        }
    for file, (name, values) in files.items():
        with run(name, folder, values) as result:
            save(result, "csv", output / file)
            say(f"wrote {output / file} ({result.count:,} rows)")
