"""Peak memory of an import, summed over its processes, and whether it grows with the rows."""

from __future__ import annotations

from bench import data, ledgers
from bench.processes import child
from bench.result import Figure, Result, Size

MOST_MB = 1_000


def run(size: Size) -> Result:
    """The peak at `rows` and at `large`."""
    peaks = {rows: _peak(size, rows) for rows in (size.rows, size.large)}
    figures = [
        Figure(f"peak memory of importing {rows:,} shipments", peak, None, MOST_MB, "MB")
        for rows, peak in peaks.items()
    ]
    claim = f"peak memory at {size.large:,} shipments, by that at {size.rows:,}"
    # "not growing", within what the same run repeated may differ
    grown = Figure(claim, peaks[size.large], peaks[size.rows], 1.15, "MB")
    return Result("import_memory", (*figures, grown), (), {"peaks_mb": list(peaks.values())})


def _peak(size: Size, rows: int) -> float:
    files = data.files(size.work, rows)
    ledger = ledgers.copied(ledgers.licensed(size.work, rows), size.work / "memory.db")
    url = ledgers.url_of(ledger)
    found = child("bench.ledgers:load", url=url, shipments=str(files.shipments))
    ledgers.remove(ledger)
    return found.peak_mb
