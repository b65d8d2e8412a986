"""Countries: found by any name in use, and the destination the law treats each as.

Codes are ISO 3166-1 alpha-2, with XK for Kosovo and UA-43, UA-14 and UA-09 for the regions of
Ukraine that 15 CFR 746.6 makes destinations of their own.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.countries.types import Countries


def find(text: str) -> str | None:
    """The code a code in capitals or a name means; None where none or several are meant."""
    return _all().find(text)


def name(code: str) -> str:
    """The name of a code, the law's own where it has one. Raises KeyError for what is no code."""
    return _all().name(code)


def names() -> dict[str, str]:
    """The name of every code, by code."""
    return dict(sorted(_all().names.items()))


def nearest(text: str, limit: int = 3) -> tuple[str, ...]:
    """Up to `limit` names most like the text, best first."""
    return _all().nearest(text, limit)


def treated_as(code: str, on: date | None = None) -> str | None:
    """The destination whose Country Group status a code takes; None: named nowhere, so stop."""
    return _all().treated_as(code, on)


def destinations() -> frozenset[str]:
    """Codes of all destinations that Supplement No. 1 to part 740 names (200, US included)."""
    return _all().destinations


@cache
def _all() -> Countries:
    from ledger.countries.reader import read_countries

    return read_countries()
