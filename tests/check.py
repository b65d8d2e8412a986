"""Every gate, the tests last and the types beside them: `python -m tests.check [--quick]`.

All gates run, whatever failed before. Exit 0 only where every one of them passed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HOUSE = Path(__file__).parents[1]
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run()"
Gate = tuple[str, Sequence[str]]
BESIDE = {"types"}
# A worker a processor, each with a PostgreSQL of its own; who is done takes over from the others.
AT_ONCE = ("-n", str(os.cpu_count() or 1), "--dist", "worksteal")

GATES: tuple[Gate, ...] = (
    ("lint", ("-m", "ruff", "check", "--quiet", ".")),
    ("format", ("-m", "ruff", "format", "--check", "--quiet", ".")),
    ("imports", ("-c", LINT_IMPORTS, "--no-logo", "--no-cache")),
    ("types", ("-m", "mypy")),
    ("tests", ("-m", "pytest", *AT_ONCE)),
)
QUICK = ("-m", "not slow")


class End(NamedTuple):
    """How a gate ended: its exit code, the seconds it took, what it said unseen."""

    code: int
    seconds: float
    said: str


def main(arguments: Sequence[str]) -> int:
    """Run the gates; `--quick` leaves out the tests marked slow. Anything else goes to pytest."""
    chosen = [*QUICK] if "--quick" in arguments else []
    chosen += [a for a in arguments if a != "--quick"]
    *before, (name, command) = GATES
    return run([*before, (name, (*command, *chosen))])


def run(gates: Sequence[Gate]) -> int:
    """Run each gate, its output shown only where it fails, but that of the last one always.

    What takes one processor for a minute runs beside the last one, and is told of below it.
    """
    *quiet, last = gates
    failed = [gate[0] for gate in quiet if gate[0] not in BESIDE and not passes(gate)]
    with ThreadPoolExecutor() as threads:
        beside = [(gate[0], threads.submit(ended, gate)) for gate in quiet if gate[0] in BESIDE]
        if not passes(last, shown=True):
            failed.append(last[0])
    failed += [name for name, end in beside if not told(name, end.result())]
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


def passes(gate: Gate, shown: bool = False) -> bool:
    """Run one gate to its end; where `shown`, its output as it goes, its name above it."""
    if shown:
        print(gate[0], flush=True)
        return ended(gate, shown=True).code == 0
    return told(gate[0], ended(gate))


def ended(gate: Gate, shown: bool = False) -> End:
    """Run one gate in the project's folder."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *gate[1]],
        cwd=HOUSE,
        env={**os.environ, "PYTHONPATH": str(HOUSE)},
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.STDOUT,
        text=True,
    )
    return End(done.returncode, time.monotonic() - began, done.stdout or "")


def told(name: str, end: End) -> bool:
    """Print how a gate ended, with all that it said where it failed; whether it passed."""
    print(f"{name:8} {'FAILED' if end.code else 'ok':6} {end.seconds:5.1f} s", flush=True)
    if end.code:
        print(end.said, flush=True)
    return end.code == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
