"""Bringing a copy up to date after 1,000 new movements, on a large ledger and on a little one."""

from __future__ import annotations

from pathlib import Path

from bench import data, ledgers
from bench.processes import child
from bench.result import Figure, Result, Size, median

NEW = 1_000


def run(size: Size) -> Result:
    """Each round adds to both ledgers, and refreshes both, as whole processes; medians."""
    large, _ = ledgers.loaded(size.work, size.large)
    little, _ = ledgers.loaded(size.work, size.little)
    both = {large: size.large, little: size.little}
    took: dict[Path, list[float]] = {large: [], little: []}
    bare: list[float] = []
    for ledger in both:
        child("bench.refresh:bring", url=ledgers.url_of(ledger))
    for _ in range(max(size.rounds, 3) if size.full else size.rounds):
        for ledger, rows in both.items():
            above = ledgers.count(ledger, "movement")
            _add(size, ledger, rows, above)
            took[ledger].append(child("bench.refresh:bring", url=ledgers.url_of(ledger)).wall)
            if ledger is large:
                stream = {"ledger": str(ledger), "above": above}
                bare.append(child("bench.bare_stream:last_rows", **stream).wall)
    after = f"refresh after {NEW:,} new rows on {size.large:,} rows"
    on_large, on_little = median(took[large]), median(took[little])
    return Result(
        "refresh",
        (
            Figure(f"{after}, by that on {size.little:,}", on_large, on_little, 1.5),
            Figure(f"{after}, by child start + bare read", on_large, median(bare), 2),
        ),
        (),
        {"large": took[large], "little": took[little], "bare": bare},
    )


def _add(size: Size, ledger: Path, rows: int, above: int) -> None:
    """Import new shipments: their numbers lie above any that are on record."""
    path = data.more(size.work, rows, rows + above, NEW)
    child("bench.ledgers:load", url=ledgers.url_of(ledger), shipments=str(path))
    path.unlink()


def bring(url: str) -> str:
    """Bring the copy beside a ledger up to date; how it came about."""
    from ledger.publish import refresh

    return refresh(url).how
