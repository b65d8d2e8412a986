"""Runs a process and measures it whole: wall time, processor time, peak memory of its tree."""

from __future__ import annotations

import compileall
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).parents[1]
_EVERY_SECONDS = 0.01
_PROC = Path("/proc")
_NO_BYTE_CODE = "PYTHONDONTWRITEBYTECODE"


class Failed(RuntimeError):
    """A measured process did not end well."""


@dataclass(frozen=True, slots=True)
class Run:
    """One process: seconds on the clock and of processors, peak memory in MB over its tree.

    `value` is what the function of a child returned.
    """

    wall: float
    cpu: float
    peak_mb: float
    value: Any = None


def run(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, sampled: bool = True
) -> Run:
    """Run a command to its end; its output is thrown away. Raises Failed unless it exits 0.

    `sampled` False: the memory is not watched, so that nothing else runs meanwhile.
    """
    with tempfile.TemporaryFile() as said:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=HOUSE,
            env={**_surroundings(), "PYTHONPATH": str(HOUSE), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        with _Watch(process.pid, sampled) as watch:
            code = process.wait()
        wall = time.perf_counter() - began
        if code:
            said.seek(0)
            text = said.read().decode(errors="replace")
            raise Failed(f"{' '.join(command)} exited {code}:\n{text[-4000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(wall, cpu, (watch.peak_kb or after.ru_maxrss) / 1000)


def _surroundings() -> dict[str, str]:
    """Our own environment; but whoever installs the ledger has its byte code kept."""
    return {name: value for name, value in os.environ.items() if name != _NO_BYTE_CODE}


def compile_packages() -> None:
    """Make the byte code of what is measured, as pip does where it installs."""
    for package in ("ledger", "reports", "schemas", "bench"):
        compileall.compile_dir(HOUSE / package, quiet=1)


def child(function: str, /, **arguments: Any) -> Run:
    """Run `module:function` with these arguments in a Python process of its own.

    Arguments and result go as JSON. The function times what it is to time by itself.
    """
    with tempfile.TemporaryDirectory(prefix="tpp-bench-") as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-m", "bench.processes", function, json.dumps(arguments)]
        found = run([*command, str(answer)])
        return Run(found.wall, found.cpu, found.peak_mb, json.loads(answer.read_text()))


class _Watch:
    """Samples the memory of a process and all below it, in a thread, until left.

    The sum of resident memory at one moment; and no less than any single process ever had.
    Pages that processes share count in each. Without /proc the peak stays 0.
    """

    def __init__(self, pid: int, sampled: bool) -> None:
        self.pid, self.sampled = pid, sampled and _PROC.is_dir()
        self.peak_kb = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> _Watch:
        if self.sampled:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self.sampled:
            self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(_EVERY_SECONDS):
            now, most = 0, 0
            for pid in _tree(self.pid):
                resident, high = _memory(pid)
                now, most = now + resident, max(most, high)
            self.peak_kb = max(self.peak_kb, now, most)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    # a process may be gone before the next line is reached
    with suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            for below in (task / "children").read_text().split():
                yield from _tree(int(below))


def _memory(pid: int) -> tuple[int, int]:
    """Resident kB now and at most so far; 0 for a process that is gone."""
    with suppress(OSError):
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
        kb = {line.split()[0]: int(line.split()[1]) for line in lines if line.startswith("Vm")}
        return kb.get("VmRSS:", 0), kb.get("VmHWM:", 0)
    return 0, 0


def main() -> None:
    """Be the child: run the function named, write what it returns."""
    function, arguments, answer = sys.argv[1:]
    module, _, name = function.partition(":")
    value = getattr(import_module(module), name)(**json.loads(arguments))
    Path(answer).write_text(json.dumps(value))


if __name__ == "__main__":
    main()
