"""Ctrl-C reaches the work it is to end, whatever Python is at when it comes."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ledger.storage.interrupts import answering, is_main_thread

_OTHERS = [signal.SIGTERM, signal.SIGHUP]
# After how many seconds a Ctrl-C comes again that could not be obeyed.
_SOON = 0.01


@contextmanager
def noticing() -> Iterator[list[int]]:
    """Notes each Ctrl-C, which then goes where it always went; only the main thread is sent any."""
    noted: list[int] = []
    if not is_main_thread():
        yield noted
        return
    with _repeating() as repeat:

        def note(go_on: Callable[[], object], frame: FrameType | None) -> None:
            noted.append(signal.SIGINT)
            if _importing(frame):
                repeat()
            else:
                go_on()

        with answering(note), _dropped_to(repeat), _asked_to_end():
            yield noted


@contextmanager
def _asked_to_end() -> Iterator[None]:
    """Who is told to end, by a service manager or a terminal that closes, ends as by Ctrl-C: with
    its drafts and scratch files gone, and a word on what was recorded.

    What is ignored stays so; and where Ctrl-C is, the others have to end the process themselves.
    """
    told = [] if not callable(signal.getsignal(signal.SIGINT)) else _OTHERS
    taken = [one for one in told if signal.getsignal(one) == signal.SIG_DFL]
    for one in taken:
        signal.signal(one, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        for one in taken:
            signal.signal(one, signal.SIG_DFL)


def _importing(frame: FrameType | None) -> bool:
    """Whether a module is being loaded there.

    An exception would be dropped in the bookkeeping of imports, with the lock of all imports held
    for ever, or leave a library half loaded.
    """
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextmanager
def _dropped_to(repeat: Callable[[], object]) -> Iterator[None]:
    """A Ctrl-C raised in a finalizer, which Python only tells of, comes again."""
    before = sys.unraisablehook

    def take(dropped: sys.UnraisableHookArgs) -> None:
        if issubclass(dropped.exc_type, KeyboardInterrupt):
            repeat()
        else:
            before(dropped)

    sys.unraisablehook = take
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def _repeating() -> Iterator[Callable[[], object]]:
    """What sends Ctrl-C again soon, as long as the work inside goes on.

    By the alarm clock: a thread cannot be started wherever a signal may come.
    """
    before = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield lambda: signal.setitimer(signal.ITIMER_REAL, _SOON)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
