"""What was read of a ledger's acts and declarations, kept from one posting to the next.

They change only by a submission, and every submission moves the head. What was read under the
head's lock therefore holds until the head is found to be another, whoever moved it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class Memory:
    """What is known as of one head, by its digest."""

    __slots__ = ("_head", "_kept")

    def __init__(self) -> None:
        self._head = ""
        self._kept: dict[object, Any] = {}

    def found_at(self, head: str) -> Memory:
        """The same, with nothing in it where the ledger is at another head by now."""
        if head != self._head:
            self._head, self._kept = head, {}
        return self

    def recall(self, key: object, make: Callable[[], T]) -> T:
        """What is kept under a key; worked out where nothing is."""
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found

    def moved_to(self, head: str, known: Mapping[str, Any], *, acts: bool) -> None:
        """The head was moved by this process, after which `known` is so.

        `acts`: it recorded acts or declarations; all that was kept may be another now.
        """
        self._head = head
        if acts:
            self._kept = {}
        for key, value in known.items():
            self._kept[key] = value
