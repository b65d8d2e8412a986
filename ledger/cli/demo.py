"""`tpp demo`: a ledger to play with, what remains in it, and what to try next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.exits import say
from ledger.cli.settings import ledger_option, ledger_url, use_ledger

if TYPE_CHECKING:
    from ledger.service.ledger import Ledger
    from ledger.service.outcome import Outcome

Row = dict[str, Any]
DEMO_LEDGER = "tpp-demo.db"
_SHOWN = 12


@click.command()
@ledger_option
def demo() -> None:
    """Make a ledger to play with and show what remains.

    A few thousand made-up licences and exports over real countries and chips, the same each
    time: one country over its allocation, one critical, one small-order consignee at its limit,
    one refused application; licences amended, transferred, suspended, revoked, lapsed and
    replaced; validated end users, one at its ceiling; a quarter that is closed. The ledger is
    tpp-demo.db in the current folder, or the one --ledger names; where the demo stands already,
    it is shown as it is.

    \b
    Example:
      tpp demo
    """  # noqa: D301
    from ledger.storage.place import place_of

    named = bool(os.environ.get("TPP_LEDGER")) or use_ledger(None)
    if not named:
        use_ledger(DEMO_LEDGER)
    place = place_of(ledger_url())
    if not named and place.file.exists():
        say(f"the demo ledger {place} is here already; remove it to have it made anew")
    else:
        _make()
    rows = _show()
    _suggest(rows)


def _make() -> None:
    from ledger.cli.progress import bar
    from ledger.service.demo import make_demo

    before = _files()
    try:
        with bar("making the demo ledger"):
            outcomes = make_demo(ledger_url(), close=_close)
    except BaseException:
        for file in _files() - before:
            file.unlink(missing_ok=True)
        raise
    say(_came_to(outcomes))


def _close(ledger: Ledger, quarter: str) -> Outcome:
    """Close a quarter of the demo as `tpp quarter close` does."""
    from ledger.asking import fresh_copy
    from ledger.cli.quarter import close_with_its_report
    from ledger.service.quarters import named

    return close_with_its_report(ledger, named(quarter), lambda: fresh_copy(ledger.url))[1]


def _files() -> set[Path]:
    """The files of the demo ledger that are there; half a demo is not kept."""
    from ledger.storage.place import place_of

    path = place_of(ledger_url()).path
    if path is None:
        return set()
    every = (Path(f"{path}{ending}") for ending in ("", "-wal", "-shm"))
    return {file for file in every if file.exists()}


def _came_to(outcomes: list[Outcome]) -> str:
    """What the ledger holds, its adoption and what was refused included, as `tpp status` counts."""
    from ledger.storage.head import head_of
    from ledger.storage.place import place_of

    head = head_of(ledger_url())
    refused = sum(outcome.refused for outcome in outcomes)
    breaches = sum(outcome.breaches for outcome in outcomes)
    return (
        f"made {place_of(ledger_url())}: {head.last_seq:,} movements in {head.last_submission}"
        f" submissions, {refused} refused, {breaches} breaches flagged"
    )


def _show() -> list[Row]:
    """Say what remains, the fullest budgets of today first, and what became of the rest."""
    from ledger.cli.reading import fresh_copy
    from ledger.publish.mending import over_copy

    rows, lines = over_copy(fresh_copy, _stand)
    for line in lines:
        click.echo(line)
    return rows


def _stand(folder: Path) -> tuple[list[Row], list[str]]:
    """The budgets of today, the fullest first, and how the demo stands in words."""
    from ledger.asking import answer
    from ledger.cli.status import figures, rows_of

    with answer("remaining", folder, {}) as result:
        rows = [row for row in rows_of(result) if row["status"] not in ("closed", "future")]
        state = result.about["state"]
    rows.sort(key=lambda row: row["used_percent"] or 0, reverse=True)
    heading = f"What remains on {date.today()}, the fullest {_SHOWN} of {len(rows):,} budgets:"
    lines = [heading, "", *figures(rows[:_SHOWN]), *_became(folder)]
    return rows, [*lines, "", f"The regime: {state['sentence']}"] if state else lines


def _became(folder: Path) -> list[str]:
    """What became of licences, what is to be filed, and what came late, a line each."""
    from collections import Counter

    from ledger.asking import answer
    from ledger.cli.status import rows_of

    with answer("licences", folder, {}) as licences, answer("due", folder, {}) as due:
        states = Counter(row["state"] for row in rows_of(licences)).most_common()
        filings = Counter(row["state"] for row in rows_of(due)).most_common()
    with answer("quarters", folder, {}) as quarters:
        closed = [row for row in rows_of(quarters) if row["state"] == "closed"]
    lines = ["", f"Licence lines: {_counted(states)}", f"To be filed: {_counted(filings)}"]
    late = (f"{one['quarter']} is closed, {one['late_movements']} came late" for one in closed)
    return [*lines, *late]


def _counted(states: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in states)


def _suggest(rows: list[Row]) -> None:
    at = f" --ledger {shlex.quote(ledger_url())}" if not os.environ.get("TPP_LEDGER") else ""
    fullest = shlex.quote(rows[0]["name"]) if rows else "India"
    say(
        "",
        "Try next:",
        f"  tpp report remaining{at}",
        f"  tpp status {fullest}{at}",
        f"  tpp due{at}",
    )
