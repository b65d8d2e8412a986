"""The remaining allowances over a large ledger whose copy is warm, as a whole process.

The raw limit: a Python process in which DuckDB sums the entries of the same Parquet files.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench import ledgers
from bench.processes import Run
from bench.processes import run as run_process
from bench.result import Figure, Result, Size, median

MOST_MB = 400
_REPORT = "from ledger.cli import main; main()"
_SUM = """
import sys, duckdb
print(duckdb.connect().execute('''
    SELECT budget_no, sum(adjustment_mtpp), sum(pending_mtpp), sum(held_mtpp), sum(posted_mtpp),
        sum(lapsed_mtpp) FROM read_parquet(?) WHERE official = 1 GROUP BY budget_no''',
    [sys.argv[1] + '/entry-*.parquet']).fetchall())
"""


def run(size: Size) -> Result:
    """Report and bare sum in turn; medians, the report's peak memory at its highest."""
    ledger, _ = ledgers.loaded(size.work, size.large)
    entries = ledgers.count(ledger, "entry")
    _report(ledger)
    reports, sums = [], []
    for _ in range(size.rounds):
        sums.append(run_process([sys.executable, "-c", _SUM, f"{ledger}.copy"]))
        reports.append(_report(ledger))
    took, bare = [one.wall for one in reports], [one.wall for one in sums]
    peak = max(one.peak_mb for one in reports)
    return Result(
        "remaining_warm",
        (
            Figure(f"`remaining` over {entries:,} entries, warm", median(took), median(bare), 2),
            Figure("its peak memory", peak, None, MOST_MB, "MB"),
        ),
        (),
        {"report": took, "sum": bare},
    )


def _report(ledger: Path) -> Run:
    command = [sys.executable, "-c", _REPORT, "report", "remaining", "--format", "csv"]
    return run_process(command, environment={"TPP_LEDGER": ledgers.url_of(ledger)})
