"""`tpp --help` as a whole process, against a Python process that imports click."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench.processes import run as run_process
from bench.result import Figure, Result, Size, median

TIMES = 11
_HELP = [sys.executable, "-c", "from ledger.cli import main; main()", "--help"]
_CLICK = [sys.executable, "-c", "import click"]


def run(size: Size) -> Result:
    """Both in turn; medians."""
    times = TIMES if size.full else 5
    helps, clicks = [], []
    for _ in range(times):
        clicks.append(_wall(_CLICK))
        helps.append(_wall(_HELP))
    figure = Figure("`tpp --help`, by `python -c 'import click'`", median(helps), median(clicks), 2)
    return Result("help", (figure,), (), {"help": helps, "click": clicks})


def _wall(command: Sequence[str]) -> float:
    return run_process(command, sampled=False).wall
