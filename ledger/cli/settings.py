"""Options that many commands share: which ledger, which form, which day."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ledger.cli.exits import HEAD_BEFORE, WrongUse

if TYPE_CHECKING:
    from ledger.service.ledger import Ledger

F = TypeVar("F", bound=Callable[..., object])

DEFAULT_LEDGER = "sqlite:///tpp-ledger.db"
_URL = "tpp.ledger_url"
FORMATS = ("table", "csv", "json", "parquet")


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that names the known words nearest to one; empty where none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known))
    return f" (nearest: {', '.join(near)})" if near else ""


class Choice(click.Choice[str]):
    """One of some words; another is wrong use, told with the nearest of them."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The word meant. Raises BadParameter."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            near = nearest(str(value), [str(word) for word in self.choices])
            if not near:
                raise
            said = f"{error.message.removesuffix('.')}{near}."
            raise click.BadParameter(said, ctx=ctx, param=param) from error


def _keep_url(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.meta[_URL] = value


def _filled(_ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter("is empty; leave it out to ask of all")
    return value


def holder_argument(command: F) -> F:
    """Add `[HOLDER]` to a command: None where it is left out, and never blank."""
    return click.argument("holder", required=False, callback=_filled)(command)


def ledger_option(command: F) -> F:
    """Add `--ledger` to a command; ledger_url() then tells it."""
    return click.option(
        "--ledger",
        metavar="URL",
        expose_value=False,
        callback=_keep_url,
        help="The ledger: sqlite:///PATH, a path, or postgresql://...; else TPP_LEDGER, else"
        f" {DEFAULT_LEDGER} in the current folder.",
    )(command)


def ledger_url() -> str:
    """The ledger this run is about."""
    meta = click.get_current_context().meta
    return str(meta.get(_URL) or os.environ.get("TPP_LEDGER") or DEFAULT_LEDGER)


def use_ledger(url: str | None) -> bool:
    """Set the ledger of this run, where a URL is given; whether one was named by an option."""
    meta = click.get_current_context().meta
    if url is not None:
        meta[_URL] = url
    return meta.get(_URL) is not None


def opened(*, to_write: bool = True) -> Ledger:
    """The ledger of this run, open; use it `with`.

    `to_write`: notes the head, for what an interruption can then say.
    """
    from ledger.service.ledger import open_ledger
    from ledger.storage.head import head_of

    url = ledger_url()
    if to_write:
        meta = click.get_current_context().meta
        meta[HEAD_BEFORE] = (url, head_of(url).digest)
    ledger = open_ledger(url)
    ledger.know_duties(_duty_ids)
    return ledger


def _duty_ids() -> list[str]:
    """The ids of what is due, for declarations of what was done."""
    from ledger.cli.reading import fresh_copy
    from ledger.publish.mending import over_copy
    from reports import run

    with over_copy(fresh_copy, lambda folder: run("due", folder)) as result:
        place = [column.name for column in result.columns].index("id")
        return [row[place] for row in result.rows()]


def day_options(command: F) -> F:
    """Add `--as-of` and `--known-at` to a command that reads."""
    for option in (
        click.option(
            "--known-at",
            metavar="INSTANT|seq:N",
            help="As the ledger knew it then: 2026-11-23, 2026-11-23T18:00:00Z (UTC), seq:1234.",
        ),
        click.option("--as-of", metavar="DAY", help="Last day counted, YYYY-MM-DD."),
    ):
        command = option(command)
    return command


def form_options(command: F) -> F:
    """Add `--format` and `-o` to a command that prints rows."""
    for option in (
        click.option(
            "-o",
            "--output",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Write to this file; its ending tells the format.",
        ),
        click.option(
            "--format",
            "form",
            type=Choice(FORMATS),
            help="How to print it (default: a table on a terminal, else CSV).",
        ),
    ):
        command = option(command)
    return command


def check_output(output: Path | None) -> None:
    """Raise WrongUse for a file to write that has no folder, or that would replace a ledger."""
    from ledger.storage.place import is_database

    if output is None:
        return
    if not output.parent.is_dir():
        raise WrongUse(f"{output}: there is no folder {output.parent}")
    if is_database(output):
        raise WrongUse(f"{output} is a database; name another file")


def chosen_form(form: str | None, output: Path | None) -> str:
    """The form to print in. Raises WrongUse where it cannot be told or put where it shall go."""
    check_output(output)
    if form is None and output is not None:
        form = output.suffix.lower().removeprefix(".")
        form = {"txt": "table"}.get(form, form)
        if form not in FORMATS:
            raise WrongUse(f"{output}: say the format with --format ({', '.join(FORMATS)})")
    if form is None:
        form = "table" if sys.stdout.isatty() else "csv"
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise WrongUse("parquet is not for a terminal: name a file with -o")
    return form


def settings_of(pairs: tuple[str, ...], what: str) -> dict[str, str]:
    """KEY=VALUE texts as a dictionary. Raises WrongUse for one without `=`, or a key twice."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key.strip():
            raise WrongUse(f'"{pair}": write {what}')
        if key.strip() in found:
            raise WrongUse(f'"{key.strip()}" is given twice')
        found[key.strip()] = value
    return found
