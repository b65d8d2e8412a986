"""`tpp status`: how the ledger, or one holder, stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.cli import share_lines
from ledger.cli.lines import labelled, table
from ledger.cli.settings import day_options, holder_argument, ledger_option, ledger_url

if TYPE_CHECKING:
    from reports import Result

Row = dict[str, Any]
# How many holders a summary lists, and how many movements.
SHOWN = 20
_LAST = 5
# Holders in these states need no line of their own.
_QUIET = ("open", "closed", "future")
# Every status, as summaries list them.
ORDER = ("over", "exhausted", "suspended", "blocked", "critical", "open", "future", "closed")


@click.command()
@holder_argument
@day_options
@ledger_option
def status(holder: str | None, as_of: str | None, known_at: str | None) -> None:
    """Say how the ledger, or one holder, stands.

    HOLDER is a country, a named holder or a party, by code or name. A company is shown with what
    it has in each country.

    \b
    Examples:
      tpp status
      tpp status India
      tpp status "Bharat Compute" --as-of 2026-06-30
    """  # noqa: D301
    from ledger.cli.reading import fresh_copy
    from ledger.publish.mending import over_copy

    asked = {"as_of": as_of, "known_at": known_at, "holder": holder}
    wanted = {key: value for key, value in asked.items() if value is not None}
    for line in over_copy(fresh_copy, lambda folder: _lines(wanted, folder)):
        click.echo(line)


def _lines(wanted: Mapping[str, str], folder: Path) -> list[str]:
    from ledger.asking import answer

    with answer("remaining", folder, wanted) as result:
        rows = rows_of(result)
        if "holder" in wanted:
            return _holders(wanted["holder"], rows, result, folder)
        return [*_heading(result), "", *summary(rows), *share_lines.by_state(result, folder)]


def rows_of(result: Result) -> list[Row]:
    """The rows of an answer, each by its columns' names."""
    names = [column.name for column in result.columns]
    return [dict(zip(names, row, strict=True)) for row in result.rows()]


def _heading(result: Result) -> list[str]:
    """The ledger: its regime and state, and where it stands."""
    from ledger.storage.place import place_of

    about = result.about
    regime, state = about["regime"], about["state"]
    key = regime.get("key", "")
    return labelled(
        [
            ("Ledger", str(place_of(ledger_url()))),
            ("Regime", f"{regime.get('title', key)} ({key}), amounts in {regime.get('unit')}"),
            ("State", state["sentence"] if state else ""),
            ("As of", about["as_of"]),
            ("Movements", f"{about['known_seq']:,} in {about['submission']:,} submissions"),
            ("Last", _last_submission(result)),
            ("Chain head", about["chain_head"] or ""),
        ]
    )


def _last_submission(result: Result) -> str:
    """When the last submission was recorded, by whom and how."""
    ask = "SELECT recorded_at, actor, verb, file_name FROM submission WHERE submission = $1"
    found = result.connection.execute(ask, [result.about["submission"]]).fetchone()
    if found is None:
        return ""
    recorded_at, actor, verb, file_name = found
    file = f" ({file_name})" if file_name else ""
    return f"{verb}{file} by {actor}, {recorded_at}"


def summary(rows: Sequence[Row]) -> list[str]:
    """Counts by status of each kind of budget, and the holders that are not simply open.

    One that is overdrawn is told whatever its window: that it is over by now undoes nothing.
    """
    lines = ["Budgets"]
    counts: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        counts.setdefault((row["budget"], row["window"]), Counter())[row["status"]] += 1
    for (budget, window), found in counts.items():
        states = ", ".join(f"{found[state]:,} {state}" for state in ORDER if found[state])
        lines.append(f"  {budget} {window}: {states}")
    loud = [row for row in rows if row["status"] not in _QUIET or _overdrawn(row)]
    loud.sort(key=lambda row: (_rank(row), -(row["used_percent"] or 0)))
    if not loud:
        return [*lines, "", _quiet({row["status"] for row in rows})]
    lines += ["", *figures(loud[:SHOWN])]
    if len(loud) > SHOWN:
        lines.append(f"... and {len(loud) - SHOWN:,} more: tpp report remaining")
    return lines


def _overdrawn(row: Row) -> bool:
    return bool(row["remaining_mtpp"] < 0)


def _rank(row: Row) -> int:
    """Where a summary lists a row: overdrawn in a window that is shut goes with the over."""
    overdrawn = row["status"] in _QUIET and _overdrawn(row)
    return ORDER.index("over" if overdrawn else row["status"])


def _quiet(states: set[str]) -> str:
    """What a summary says that lists nobody."""
    if not states:
        return "No budget was opened yet."
    if "open" not in states:
        return "No budget is open."
    if states == {"open"}:
        return "Every holder is open."
    return "Every budget that is neither closed nor future is open."


def figures(rows: Iterable[Row], whose: str = "holder") -> list[str]:
    """A table of holders (or of one holder's budgets) with what remains."""
    from schemas.tpp import grouped

    headings = (whose, "window", "limit", "remaining", "used %", "status")
    cells = [
        (
            row["budget" if whose == "budget" else "name"],
            row["window"],
            grouped(row["limit_mtpp"] + row["adjustments_mtpp"]),
            grouped(row["remaining_mtpp"]),
            str(row["used_percent"]) if row["used_percent"] is not None else "",
            row["status"],
        )
        for row in rows
    ]
    return table(headings, cells, {"limit", "remaining", "used %"})


def _holders(asked: str, rows: Sequence[Row], result: Result, folder: Path) -> list[str]:
    """Each holder of the name: a country and a party may bear the same."""
    by_key: dict[str, list[Row]] = {}
    for row in rows:
        by_key.setdefault(row["holder"], []).append(row)
    lines = _followed(asked, set(by_key), result)
    for own in by_key.values():
        lines += [*_holder(own, result, folder), ""]
    shares = share_lines.of_holder(asked, result, folder)
    lines += shares
    if not by_key and not shares:
        lines += [f"No budget of {asked} was known then: seq {result.about['known_seq']}.", ""]
    state = result.about["state"]
    return [*lines, *labelled([("State", state["sentence"] if state else "")])]


def _followed(asked: str, holders: set[str], result: Result) -> list[str]:
    """That a place which was asked for is treated as the one that is shown."""
    from ledger import countries
    from reports.holders import treated

    said = treated(countries.find(asked), holders, result)
    return [] if said is None else [said, ""]


def _holder(rows: Sequence[Row], result: Result, folder: Path) -> list[str]:
    """Each budget of one holder with all its figures, and the last movements; of windows long past
    a line each.
    """
    unit = result.about["regime"].get("unit", "TPP")
    lines = [f"{rows[0]['name']} ({rows[0]['holder']})"]
    past = _long_past(rows)
    for row in rows:
        if row not in past:
            lines += ["", f"{row['budget']} {row['window']}: {row['status']}"]
            lines += _figures(row, unit)
    if past:
        lines += ["", "Before", *figures(past, "budget")]
    return [*lines, "", *_last_movements(rows[0]["holder"], result, folder)]


def _long_past(rows: Sequence[Row]) -> list[Row]:
    """The closed windows of each budget but its latest one."""
    closed: dict[str, list[Row]] = {}
    for row in rows:
        if row["status"] == "closed":
            closed.setdefault(row["budget"], []).append(row)
    return [row for of_budget in closed.values() for row in of_budget[:-1]]


def _figures(row: Row, unit: str) -> list[str]:
    from schemas.tpp import grouped

    amounts = {
        "limit": row["limit_mtpp"],
        "adjustments": row["adjustments_mtpp"],
        "licensed": row["licensed_mtpp"],
        "shipped": row["shipped_mtpp"],
        "held": row["held_mtpp"],
        "lapsed": row["lapsed_mtpp"],
        "pending": row["pending_mtpp"],
        "remaining": row["remaining_mtpp"],
        "on the safe side": row["safe_remaining_mtpp"],
    }
    shown = {label: grouped(value) for label, value in amounts.items()}
    width = max(map(len, shown.values()))
    used = "" if row["used_percent"] is None else f"{row['used_percent']} %"
    equivalents = row["h100_equivalents"]
    facts = [(label, f"{text:>{width}} {unit}") for label, text in shown.items()]
    facts += [
        ("used", used),
        ("basis", row["basis"]),
        ("H100 equivalents", "" if equivalents is None else f"{equivalents:,} remain"),
        ("first critical", str(row["first_critical_on"] or "")),
        ("first exhausted", str(row["first_exhausted_on"] or "")),
        ("last movement", str(row["last_movement_on"] or "")),
    ]
    return _aligned(facts)


def _aligned(facts: Sequence[tuple[str, str]]) -> list[str]:
    """Labels with values whose blanks in front are kept."""
    filled = [(label, value) for label, value in facts if value.strip()]
    width = max(len(label) for label, _ in filled)
    return [f"  {label:<{width}}  {value}" for label, value in filled]


def _last_movements(holder: str, result: Result, folder: Path) -> list[str]:
    from reports import run
    from schemas.tpp import grouped

    about = result.about
    asked = {
        "holder": holder,
        "as_of": about["as_of"],
        "known_at": f"seq:{about['known_seq']}",
    }
    with run("statement", folder, asked) as statement:
        count, last = _latest(statement, holder)
    if not last:
        return ["No movement yet."]
    rows = [
        (
            str(row["seq"]),
            str(row["effective_on"]),
            row["kind"],
            row["document"] or "",
            grouped(_room(row)),
            grouped(row["remaining_mtpp"]),
        )
        for row in last
    ]
    headings = ("seq", "day", "kind", "document", "change", "remaining")
    heading = f"Last movements ({len(last)} of {count:,}; tpp report statement has all)"
    return [heading, *table(headings, rows, {"seq", "change", "remaining"})]


def _latest(statement: Result, holder: str) -> tuple[int, list[Row]]:
    """How many movements a statement has of a holder, and the last of them, oldest first.

    Asked for by a key, it also has those of whoever is called like that.
    """
    connection = statement.connection
    connection.execute(
        "CREATE TEMP TABLE moved AS SELECT * FROM result WHERE seq IS NOT NULL AND holder = $1",
        [holder],
    )
    found = connection.execute("SELECT count(*) FROM moved").fetchone()
    last = connection.execute(
        "SELECT * FROM moved ORDER BY effective_on DESC, seq DESC, tally DESC LIMIT $1", [_LAST]
    ).fetchall()
    names = [column.name for column in statement.columns]
    return found[0] if found else 0, [dict(zip(names, row, strict=True)) for row in last[::-1]]


def _room(row: Row) -> int:
    """What one movement did to the remaining, in milli-TPP."""
    taken = row["held_mtpp"] + row["posted_mtpp"] + row["lapsed_mtpp"]
    return int(row["adjustment_mtpp"] - taken) if row["tally"] == "official" else 0
