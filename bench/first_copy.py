"""The first columnar copy of a large ledger, against a bare stream of the same rows."""

from __future__ import annotations

import shutil
from time import perf_counter

from bench import ledgers
from bench.processes import child
from bench.result import Figure, Result, Size, median


def run(size: Size) -> Result:
    """Copy and stream in turn; medians."""
    ledger, _ = ledgers.loaded(size.work, size.large)
    folder = size.work / "first.copy"
    copies, streams = [], []
    rows = 0
    for _ in range(size.rounds):
        stream = child("bench.bare_stream:all_rows", ledger=str(ledger)).value
        streams.append(stream["seconds"])
        rows = stream["rows"]
        shutil.rmtree(folder, ignore_errors=True)
        url = ledgers.url_of(ledger)
        copies.append(child("bench.first_copy:fill", url=url, folder=str(folder)))
    shutil.rmtree(folder, ignore_errors=True)
    took = [one.value["seconds"] for one in copies]
    claim = f"first copy of {ledgers.count(ledger, 'entry'):,} entries ({rows:,} rows in all)"
    peak = max(one.peak_mb for one in copies)
    return Result(
        "first_copy",
        (Figure(claim, median(took), median(streams), 2),),
        (f"peak memory of the copying process {peak:.0f} MB",),
        {"copy": took, "stream": streams},
    )


def fill(url: str, folder: str) -> dict[str, float]:
    """Fill a copy in an empty folder: seconds."""
    began = perf_counter()
    from pathlib import Path

    from ledger.publish import refresh

    made = refresh(url, folder=Path(folder))
    assert made.how == "built", made.how
    return {"seconds": perf_counter() - began}
