"""What the intake must know of the ledger it reads for: chips, countries, authorizations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Counts = Literal["chips", "amounts"]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ChipFact:
    """A chip as the catalogue has it: its key, and the TPP of one unit in thousandths."""

    key: str
    unit_mtpp: int


@dataclass(frozen=True, slots=True)
class Setting:
    """Look-ups of one ledger on one day, as functions of the text in a cell (outer blanks off).

    `chip`, `country`, `authorization` answer None for a word they do not know; the `nearest_`
    functions then give the closest known words, best first. `country_refused` answers the
    sentence to say of a place the regime names nowhere. `counts`: "chips" where a lot is chip x
    quantity, "amounts" where the file gives the lot's amount itself. `progress` is told
    (stage, done, total) now and then. `licensed` is the code of the authorization that licences and
    applications go by, and shipments that name a licence and no authorization. `no_place` is what
    to say of a word that `country` does not know.
    """

    chip: Callable[[str], ChipFact | None]
    nearest_chip: Callable[[str], Sequence[str]]
    country: Callable[[str], str | None]
    nearest_country: Callable[[str], Sequence[str]]
    country_refused: Callable[[str], str | None]
    authorization: Callable[[str], str | None]
    nearest_authorization: Callable[[str], Sequence[str]]
    counts: Counts = "chips"
    progress: Progress | None = None
    licensed: str = "licence"
    no_place: str = "no such country"
