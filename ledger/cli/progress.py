"""A progress bar on stderr, on a terminal only; rich is loaded when there is something to show."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

# Work that is done sooner shows no bar, and loads nothing for one.
_PATIENCE_SECONDS = 1


class Bar:
    """Takes steps of work and shows them, once the work takes long enough."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.started = time.monotonic()
        self._shown: Progress | None = None
        self._task: TaskID | None = None
        self._stage = ""

    def moved(self, done: int, total: int) -> None:
        """So much of so much is done."""
        self.staged(self.label, done, total)

    def staged(self, stage: str, done: int, total: int) -> None:
        """So much of so much of one stage is done."""
        if not sys.stderr.isatty() or time.monotonic() - self.started < _PATIENCE_SECONDS:
            return
        if self._shown is None:
            self._shown = _progress()
            self._shown.start()
        if self._task is None or stage != self._stage:
            if self._task is not None:
                self._shown.remove_task(self._task)
            self._task, self._stage = self._shown.add_task(stage, total=total or None), stage
        self._shown.update(self._task, completed=done, total=total or None)

    def close(self) -> None:
        """Take the bar away."""
        if self._shown is not None:
            self._shown.stop()


@contextmanager
def bar(label: str) -> Iterator[Bar]:
    """A bar for the work inside."""
    made = Bar(label)
    try:
        yield made
    finally:
        made.close()


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Remaining(),
        console=Console(stderr=True),
        transient=True,
    )
