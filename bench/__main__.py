"""Every claim, measured: `python -m bench [--full] [NAME ...] [--work DIR] [--json FILE]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from bench import machine, processes
from bench.result import Result, Size, as_json, full, small, table

# In this order a ledger that one makes serves those behind it.
NAMES = (
    "import_sqlite",
    "import_mixed",
    "import_postgresql",
    "import_memory",
    "import_scale",
    "remaining_warm",
    "first_copy",
    "refresh",
    "one_shipment",
    "race",
    "help",
)


def main(arguments: list[str]) -> int:
    """Run the benches named, or all; print the table. 1 where a bench failed, else 0."""
    asked = _parsed(arguments)
    if asked.work:
        asked.work.mkdir(parents=True, exist_ok=True)
        return _run(asked, asked.work.absolute())
    with tempfile.TemporaryDirectory(prefix="tpp-bench-") as work:
        return _run(asked, Path(work))


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--full", action="store_true", help="the sizes the claims speak of")
    parser.add_argument("--work", type=Path, help="keep data and ledgers here, and use them again")
    parser.add_argument("--json", type=Path, help="where every figure goes, as JSON")
    parser.add_argument("--rounds", type=int, help="how often each side of a comparison runs")
    parser.add_argument("--large", type=int, help="rows of the large ledger, if not 10,000,000")
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in NAMES]:
        parser.error(f"no bench is called {', '.join(unknown)}")
    return asked


def _run(asked: argparse.Namespace, work: Path) -> int:
    size = _size(asked, work)
    processes.compile_packages()
    results: list[Result] = []
    failed = []
    for name in (n for n in NAMES if n in (asked.names or NAMES)):
        began = time.perf_counter()
        try:
            results.append(import_module(f"bench.{name}").run(size))
        except Exception as error:  # one claim that cannot be measured shall not hide the others
            print(error, file=sys.stderr)
            failed.append(f"{name}: {str(error).strip().splitlines()[-1]}")
        print(f"{name}: {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
    print(table(results))
    if not size.full:
        print("\nsmall sizes: fixed costs weigh; --full judges the claims")
    if asked.json:
        asked.json.write_text(as_json(results, size, machine.facts(work)), encoding="utf-8")
    for said in failed:
        print(f"FAILED {said}")
    return 1 if failed else 0


def _size(asked: argparse.Namespace, work: Path) -> Size:
    size = full(work) if asked.full else small(work)
    told = {"rounds": asked.rounds, "large": asked.large}
    return replace(size, **{name: value for name, value in told.items() if value})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
