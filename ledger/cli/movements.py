"""`tpp movements`: find movements by party, document, day or flag."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ledger.cli.exits import WrongUse, say
from ledger.cli.settings import chosen_form, form_options, ledger_option, over_copy

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
    from ledger.cli.reading import answer, fresh_copy, put

    form = chosen_form(form, output)
    wanted: dict[str, object] = {k: v for k, v in asked.items() if v is not None}
    check_words(wanted)
    few = form == "table" and "limit" not in wanted
    if few:
        wanted["limit"] = _SHOWN
    with over_copy(fresh_copy, lambda folder: answer("movements", folder, wanted)) as result:
        put(result, form, output)
        if few and result.count == _SHOWN:
            say(f"only the latest {_SHOWN}; --limit N shows more")


def check_words(wanted: dict[str, object]) -> None:
    """Refuse words nobody knows, with the nearest; a country by name becomes its code."""
    from ledger.cli.status import ORDER
    from ledger.refusals import REFUSALS
    from schemas.kinds import Kind

    _among("flag", wanted, list(REFUSALS))
    _among("code", wanted, list(REFUSALS))
    _among("kind", wanted, list(Kind))
    _among("status", wanted, list(ORDER))
    for name in ("destination", "country"):
        if name not in wanted:
            continue
        from ledger import countries

        text = str(wanted[name])
        code, near = countries.find(text), countries.nearest(text)
        if code is None and near:
            raise WrongUse(f'no country is called "{text}"', near)
        # A regime may name holders of its own that are like no country: those stay as given.
        wanted[name] = code or text


def _among(name: str, wanted: dict[str, object], known: list[str]) -> None:
    from difflib import get_close_matches

    word = wanted.get(name)
    if word is not None and word not in known:
        near = get_close_matches(str(word), known)
        raise WrongUse(f'there is no {name} "{word}"', near or known)
