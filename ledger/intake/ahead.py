"""Work ahead: the next batch is made in the background while this one is used."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

# How long a waiting producer looks away before it asks whether it is still wanted, in seconds.
_PATIENCE = 0.1


def ahead(items: Iterable[T], depth: int = 1) -> Generator[T, None, None]:
    """The same items, at most `depth` of them made before they are asked for.

    What the making raises is raised here, in its place. Where the consumer leaves early, the
    making stops after the item it is at.
    """
    waiting: Queue[tuple[str, T | BaseException | None]] = Queue(depth)
    left = Event()

    def give(kind: str, item: T | BaseException | None) -> bool:
        while not left.is_set():
            try:
                waiting.put((kind, item), timeout=_PATIENCE)
            except Full:
                continue
            return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not give("item", item):
                    return
            give("end", None)
        except BaseException as error:
            give("error", error)

    maker = Thread(target=make, daemon=True)
    maker.start()
    try:
        while True:
            kind, item = waiting.get()
            if kind == "end":
                return
            if kind == "error":
                assert isinstance(item, BaseException)
                raise item
            yield item  # type: ignore[misc]
    finally:
        left.set()
        maker.join()
