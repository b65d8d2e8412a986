"""How often Python looks for garbage while much is recorded."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# How many objects more make Python look for garbage in cycles.
_COLLECTED = 500_000


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for garbage in cycles seldom: a file makes many objects and next to no such garbage,
    and all there are would be looked at again and again.
    """
    young, *older = gc.get_threshold()
    if young:
        gc.set_threshold(max(young, _COLLECTED), *older)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)
