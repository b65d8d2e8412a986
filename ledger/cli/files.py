"""`tpp import` and `tpp template`: files in, and empty ones to fill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ledger.cli.exits import Exit, WrongUse, say
from ledger.cli.settings import Choice, ledger_option, opened
from schemas.kinds import FileKind

_KINDS = Choice([kind.value for kind in FileKind])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("import")
@click.argument("file", type=_FILE)
@click.option("--as", "kind", type=_KINDS, required=True, help="What the file holds.")
@click.option(
    "--map",
    "mapping",
    type=_FILE,
    metavar="MAP.toml",
    help="A mapping for a file with other headings, words or forms of days and numbers.",
)
@click.option(
    "--source",
    metavar="NAME",
    help="Filing system the document numbers are of; default each row's exporter.",
)
@click.option("--dry-run", is_flag=True, help="Do everything but record, and write the rejects.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where rejected rows go, with the reasons; default beside the input, for a.csv"
    " a.rejects.csv.",
)
@click.option("--retry", is_flag=True, help="Weigh applications that were refused before anew.")
@ledger_option
def import_(file: Path, kind: str, **how: Any) -> None:
    """Record a file: all of it in one submission.

    FILE is CSV, XLSX or Parquet; `tpp template KIND` shows the headings. Importing the same file
    again records nothing twice. Rows that cannot be understood are rejected, with line, column,
    value and reason, and the others are recorded (exit code 5).

    \b
    Examples:
      tpp import licences.csv --as licences
      tpp import exports.xlsx --as shipments --map exports.toml --source AES
      tpp import exports.csv --as shipments --dry-run
    """  # noqa: D301
    from ledger.cli.outcomes import tell_import
    from ledger.cli.progress import bar

    with opened() as ledger, bar(f"importing {file.name}") as shown:
        outcome = ledger.import_file(file, kind, progress=shown.staged, **how)
        regimes = ledger.rulebook.regimes
    code = tell_import(outcome, regimes, dry_run=how["dry_run"])
    click.get_current_context().exit(code)


@click.command()
@click.argument("kind", type=_KINDS)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A .csv or .xlsx file; default CSV on stdout.",
)
def template(kind: str, output: Path | None) -> None:
    """Write an empty file with the headings explained.

    The workbook has a second sheet that says what each heading means; beside a CSV, and on
    stdout, the same is said on stderr.

    \b
    Examples:
      tpp template shipments -o shipments.xlsx
      tpp template licences > licences.csv
    """  # noqa: D301
    from ledger.intake.template import template as written

    if output is None:
        click.echo(written(FileKind(kind), "csv").decode(), nl=False)
    elif output.exists():
        raise WrongUse(f"{output} exists already")
    elif output.suffix.lower() not in (".csv", ".xlsx"):
        raise WrongUse(f"{output}: a template is a .csv or .xlsx file")
    else:
        written(FileKind(kind), output)
    if output is None or output.suffix.lower() == ".csv":
        _explain_headings(FileKind(kind))
    if output is not None:
        say(f"wrote {output}")
    click.get_current_context().exit(Exit.DONE)


def _explain_headings(kind: FileKind) -> None:
    from schemas.fields import SHAPES

    fields = SHAPES[kind].fields
    width = max(len(field.name) for field in fields)
    for field in fields:
        must = " (must be filled)" if field.required else ""
        say(f"  {field.name:<{width}}  {field.meaning}{must}")
