"""Every gate in turn, the tests last: `python -m tests.check [--quick]`.

All gates run, whatever failed before. Exit 0 only where every one of them passed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HOUSE = Path(__file__).parents[1]
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run()"
Gate = tuple[str, Sequence[str]]
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


def main(arguments: Sequence[str]) -> int:
    """Run the gates; `--quick` leaves out the tests marked slow. Anything else goes to pytest."""
    chosen = [*QUICK] if "--quick" in arguments else []
    chosen += [a for a in arguments if a != "--quick"]
    *before, (name, command) = GATES
    return run([*before, (name, (*command, *chosen))])


def run(gates: Sequence[Gate]) -> int:
    """Run each gate, its output shown only where it fails, but that of the last one always."""
    *quiet, last = gates
    failed = [gate[0] for gate in quiet if not passes(gate)]
    if not passes(last, shown=True):
        failed.append(last[0])
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


def passes(gate: Gate, shown: bool = False) -> bool:
    """Run one gate in the project's folder; where `shown`, as it goes, its name above it."""
    name, arguments = gate
    if shown:
        print(name, flush=True)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=HOUSE,
        env={**os.environ, "PYTHONPATH": str(HOUSE)},
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.STDOUT,
        text=True,
    )
    if not shown:
        verdict = "ok" if done.returncode == 0 else "FAILED"
        print(f"{name:8} {verdict:6} {time.monotonic() - began:5.1f} s", flush=True)
        if done.returncode:
            print(done.stdout, flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
