"""Import of licences, shipments, receipts and returns one after the other, against bare loads.

The shipments draw on the licences or go under LPP, AIA, NVEU, UVEU and nothing; the receipts and
returns point at them. The raw limit is that of import_sqlite, file by file into one database.
"""

from __future__ import annotations

from pathlib import Path

from bench import data, ledgers
from bench.processes import child
from bench.result import Figure, Result, Size, median

# What every file moves again is written once, with the last file.
_MOVED = ("balance", "balance_day")


def run(size: Size) -> Result:
    """Import and bare loads in turn; medians."""
    files = data.mixed(size.work, size.rows).named()
    ours, bare = [], []
    rows: dict[str, dict[str, int]] = {}
    for _ in range(size.rounds):
        ledger = size.work / "mixed.db"
        ledgers.remove(ledger)
        child("bench.ledgers:empty", url=ledgers.url_of(ledger))
        ours.append([_imported(size.work, ledger, *file, rows) for file in files])
        ledgers.remove(ledger)
        bare.append([_bare(size.work, ledger, *file) for file in files])
        ledgers.remove(ledger)
    took, both = ([_sum(one, "seconds") for one in side] for side in (ours, bare))
    cpu = [median(_sum(one, "cpu") for one in side) for side in (ours, bare)]
    count = sum(of["movement"] for of in rows.values())
    claim = f"import {count:,} mixed movements into SQLite"
    notes = [f"processor time: import {cpu[0]:.1f} s, bare {cpu[1]:.1f} s"]
    for place, (kind, _) in enumerate(files):
        mine, raw = (median(one[place]["seconds"] for one in side) for side in (ours, bare))
        own, its = (median(one[place]["cpu"] for one in side) for side in (ours, bare))
        said = f"{kind}: {rows[kind]['movement']:,} movements {mine:.2f} s, bare {raw:.2f} s"
        notes.append(f"{said} ({mine / raw:.2f} x); processor time {own:.1f} s, {its:.1f} s")
    figure = Figure(claim, median(took), median(both), 2.5)
    detail = {"import": ours, "bare": bare, "cpu": cpu, "rows": rows}
    return Result("import_mixed", (figure,), tuple(notes), detail)


def _imported(
    work: Path, ledger: Path, kind: str, path: Path, rows: dict[str, dict[str, int]]
) -> dict[str, float]:
    """Import one file; what it stored is kept for the bare load."""
    url = ledgers.url_of(ledger)
    took: dict[str, float] = child(
        "bench.ledgers:load", url=url, shipments=str(path), kind=kind
    ).value
    folder = _folder(work, kind)
    without = _without(kind)
    rows[kind] = child(
        "bench.stored:take", ledger=str(ledger), folder=str(folder), without=without
    ).value
    found: dict[str, float] = took
    return found


def _without(kind: str) -> list[str]:
    lines = [] if kind == "licences" else ["licence_line"]
    return [*lines, *(() if kind == "returns" else _MOVED)]


def _bare(work: Path, ledger: Path, kind: str, path: Path) -> dict[str, float]:
    """The bare load of one file and of what it stored."""
    folder = str(_folder(work, kind))
    into = {"shipments": str(path), "folder": folder, "into": str(ledger)}
    found: dict[str, float] = child("bench.import_sqlite:bare", **into).value
    return found | {"seconds": found["load"] + found["ingest"]}


def _folder(work: Path, kind: str) -> Path:
    folder = work / f"stored-{kind}"
    folder.mkdir(exist_ok=True)
    return folder


def _sum(files: list[dict[str, float]], name: str) -> float:
    return sum(one[name] for one in files)
