"""How shares stand, as `tpp status` tells: of one holder each, of all by state."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.cli.lines import table

if TYPE_CHECKING:
    from reports import Result

# The states of shares, as a summary lists them.
_ORDER = ("over", "would exceed", "cannot be judged", "within")


def of_holder(holder: str, result: Result, folder: Path) -> list[str]:
    """Each share of one holder; nothing where it has none."""
    from schemas.tpp import grouped

    found = _asked(result, folder, holder)
    if not found:
        return []
    cells = [
        (
            row["share"],
            row["country"] or "",
            grouped(row["part_mtpp"]),
            "" if row["base_mtpp"] is None else grouped(row["base_mtpp"]),
            "" if row["share_percent"] is None else str(row["share_percent"]),
            str(row["limit_percent"]),
            row["state"],
        )
        for row in found
    ]
    headings = ("share", "country", "part", "of", "%", "allowed %", "state")
    name = found[0]["name"]
    return [f"Shares of {name}", *table(headings, cells, {"part", "of", "%", "allowed %"}), ""]


def by_state(result: Result, folder: Path) -> list[str]:
    """How many stand how, of each share that anybody is measured by."""
    counts: dict[str, Counter[str]] = {}
    for row in _asked(result, folder):
        counts.setdefault(row["share"], Counter())[row["state"]] += 1
    lines = []
    for share, found in sorted(counts.items()):
        states = ", ".join(f"{found[state]:,} {state}" for state in _ORDER if found[state])
        lines.append(f"  {share}: {states}")
    return ["", "Shares", *lines] if lines else []


def _asked(result: Result, folder: Path, holder: str | None = None) -> list[dict[str, Any]]:
    """The rows of the report on shares, as of the day and as known that another answer is of."""
    from reports import run

    about = result.about
    asked = {"as_of": about["as_of"], "known_at": f"seq:{about['known_seq']}", "holder": holder}
    with run("shares", folder, asked) as shares:
        names = [column.name for column in shares.columns]
        return [dict(zip(names, row, strict=True)) for row in shares.rows()]
