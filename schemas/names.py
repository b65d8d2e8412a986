"""When two spellings of a party are the same party."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache


@lru_cache(maxsize=65536)
def name_key(name: str) -> str:
    """Fold case, blanks and compatible characters: equal keys are one party.

    "Acme  Ltd" and "ACME Ltd" are one; "Acme Limited" is another until a merger is declared.
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def listed(names: Sequence[str]) -> str:
    """Names one behind the other: apart by semicolons where one of them holds a comma."""
    return ("; " if any("," in name for name in names) else ", ").join(names)
