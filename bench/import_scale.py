"""Import of ten times the rows, against eleven times the time of once the rows."""

from __future__ import annotations

from bench import data, ledgers
from bench.processes import child
from bench.result import Figure, Result, Size, median


def run(size: Size) -> Result:
    """The large import between rounds of the usual one; its ledger is kept for other benches."""
    usual = [_seconds(size) for _ in range(size.rounds)]
    _, large = ledgers.loaded(size.work, size.large, anew=True)
    assert large is not None
    usual += [_seconds(size) for _ in range(size.rounds)]
    took = large.value["seconds"]
    times = size.large / size.rows
    claim = f"import {size.large:,} shipments, by that of {size.rows:,}"
    note = f"{size.large / took:,.0f} rows/s large, {size.rows / median(usual):,.0f} rows/s usual"
    return Result(
        "import_scale",
        (Figure(claim, took, median(usual), 1.1 * times),),
        (note,),
        {"usual": usual, "large": took},
    )


def _seconds(size: Size) -> float:
    files = data.files(size.work, size.rows)
    ledger = ledgers.copied(ledgers.licensed(size.work, size.rows), size.work / "scale.db")
    url = ledgers.url_of(ledger)
    run = child("bench.ledgers:load", url=url, shipments=str(files.shipments))
    ledgers.remove(ledger)
    seconds: float = run.value["seconds"]
    return seconds
