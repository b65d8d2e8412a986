"""Ctrl-C while something must not be cut through, or goes on where Python does not see it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Protocol

# Called with what Ctrl-C would have done, and where the program is.
Answer = Callable[[Callable[[], object], FrameType | None], object]


class Stoppable(Protocol):
    """Work that other threads are at, a query of DuckDB's say."""

    def interrupt(self) -> None:
        """Have it end."""


@contextmanager
def answering(answer: Answer) -> Iterator[None]:
    """Ctrl-C goes to `answer`; only the main thread can ask so."""
    before = signal.getsignal(signal.SIGINT)
    if not is_main_thread() or not callable(before):
        yield
        return
    signal.signal(signal.SIGINT, lambda at, frame: answer(partial(before, at, frame), frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def is_main_thread() -> bool:
    """Whether this is the one thread that signals come to."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def held_back() -> Iterator[None]:
    """Ctrl-C waits until the work inside is done."""
    waiting: list[Callable[[], object]] = []
    with answering(lambda go_on, _: waiting.append(go_on)):
        yield
    for go_on in waiting[:1]:
        go_on()


@contextmanager
def stoppable(works: Sequence[Stoppable]) -> Iterator[None]:
    """Ctrl-C stops what other threads are at, too; then it goes where it always went.

    `works` may grow meanwhile. Without this a query whose last task runs in another thread would be
    waited for to its end.
    """

    def stop(go_on: Callable[[], object], _: FrameType | None) -> None:
        for work in works:
            work.interrupt()
        go_on()

    with answering(stop):
        yield
