"""What a check meets in a ledger that somebody changed by hand: values it cannot work with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy.exc import DBAPIError

from ledger.storage.errors import translate

Fail = Callable[[str, str], None]
# Guarded(names...): what stops the block is a failure of these invariants, and no more.
Guarded = Callable[..., AbstractContextManager[None]]

# What working with a value raises that was never recorded so: text that is no JSON, a day there
# is not, a list in place of a number, a figure beyond all bounds.
SPOILT = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)


def is_spoilt(error: BaseException) -> bool:
    """Whether it comes of what is stored, and not of a database that is gone, busy or full."""
    if isinstance(error, DBAPIError):
        return translate(error, "") is None
    return isinstance(error, SPOILT)


def why(error: BaseException) -> str:
    """The error in a few words, without the statement that met it."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    words = said[0] if said else ""
    if isinstance(error, LookupError) or not words:
        return f"{type(error).__name__} {words}".strip()
    return words
