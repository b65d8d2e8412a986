"""`tpp movements`: find movements by party, document, day or flag."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ledger.cli.exits import say
from ledger.cli.settings import chosen_form, form_options, ledger_option

# On a terminal, so many of the latest; a file or a pipe gets all.
_SHOWN = 50

_FILTERS = (
    # option, variable of the report, placeholder, help
    ("--party", "party", "TEXT", "Part of the name of the exporter, consignee or parent."),
    ("--document", "document", "TEXT", "Document: licence, shipment or application number."),
    ("--licence", "licence", "TEXT", "Shipments drawn on this licence."),
    ("--destination", "destination", "COUNTRY", "Country of destination, by code or name."),
    ("--from", "from_on", "DAY", "First day, YYYY-MM-DD."),
    ("--to", "as_of", "DAY", "Last day, YYYY-MM-DD."),
    ("--kind", "kind", "KIND", "Kind of movement: licence, export, return, refusal, ..."),
    ("--authorization", "authorization", "CODE", "Authorization: licence, LPP, NVEU, ..."),
    ("--flag", "flag", "CODE", "Only with this finding: over_limit, licence_expired, ..."),
    ("--submission", "submission", "N", "Only of this submission."),
    ("--known-at", "known_at", "INSTANT|seq:N", "As the ledger knew it then."),
    ("--limit", "limit", "N", f"At most so many, the latest (default: {_SHOWN} in a table)."),
)


def _filter_options(command: Any) -> Any:
    for option, name, metavar, text in reversed(_FILTERS):
        command = click.option(option, name, metavar=metavar, help=text)(command)
    return command


@click.command()
@_filter_options
@form_options
@ledger_option
def movements(form: str | None, output: Path | None, **asked: str | None) -> None:
    """Find movements by party, document, day or flag.

    All that is given must hold.

    \b
    Examples:
      tpp movements --document D1042
      tpp movements --party acme --from 2026-01-01 --kind export
      tpp movements --flag over_limit --format csv
    """  # noqa: D301
    from ledger.asking import answer
    from ledger.cli.reading import fresh_copy, put
    from ledger.publish.mending import over_copy

    form = chosen_form(form, output)
    wanted: dict[str, object] = {k: v for k, v in asked.items() if v is not None}
    few = form == "table" and "limit" not in wanted
    if few:
        wanted["limit"] = _SHOWN
    with over_copy(fresh_copy, lambda folder: answer("movements", folder, wanted)) as result:
        put(result, form, output)
        if few and result.count == _SHOWN:
            say(f"only the latest {_SHOWN}; --limit N shows more")
