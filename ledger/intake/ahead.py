"""Work ahead: the next batch is made in the background while this one is used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

# How long a waiting producer looks away before it asks whether it is still wanted, in seconds.
_PATIENCE = 0.1


class Ahead(Iterator[T]):
    """The same items, at most `depth` of them made before they are asked for, from now on.

    What the making raises is raised here, in its place. Where the consumer leaves early, it closes
    this: the making stops after the item it is at, or at once where `stop` ends that one too.
    """

    def __init__(
        self, items: Iterable[T], depth: int = 1, stop: Callable[[], None] | None = None
    ) -> None:
        self._items, self._stop = items, stop
        self._waiting: Queue[tuple[str, T | BaseException | None]] = Queue(depth)
        self._left = Event()
        self._maker = Thread(target=self._make, daemon=True)
        self._maker.start()

    def __next__(self) -> T:
        kind, item = self._waiting.get()
        if kind == "item":
            return item  # type: ignore[return-value]
        # Nothing comes behind it, however often it is asked for.
        self._waiting.put(("end", None))
        if kind == "error":
            assert isinstance(item, BaseException)
            raise item
        raise StopIteration

    def close(self) -> None:
        """Let the making end, and wait for it."""
        self._left.set()
        if self._stop is not None and self._maker.is_alive():
            self._stop()
        self._maker.join()

    def _make(self) -> None:
        try:
            for item in self._items:
                if not self._give("item", item):
                    return
            self._give("end", None)
        except BaseException as error:
            self._give("error", error)

    def _give(self, kind: str, item: T | BaseException | None) -> bool:
        while not self._left.is_set():
            try:
                self._waiting.put((kind, item), timeout=_PATIENCE)
            except Full:
                continue
            return True
        return False
