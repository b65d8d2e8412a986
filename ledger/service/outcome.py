"""What a submission came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.refusals import REFUSALS, Family
from schemas.problems import Problem

# How many findings an outcome carries in full; all of them are in the ledger.
SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """One finding on a movement, with the figures of the moment (milli-TPP where amounts)."""

    seq: int
    row: int
    document: str
    line: str
    code: str
    budget: tuple[str, str, str] | None = None  # rule, holder's name, window
    limit: int | None = None
    taken: int | None = None
    asked: int | None = None
    short: int | None = None
    detail: str | None = None

    @property
    def family(self) -> Family:
        """Whether it refuses, is a breach, or only a note."""
        return REFUSALS[self.code].family


@dataclass(frozen=True, slots=True)
class Repeated:
    """A row that was recorded, or refused, before: nothing was recorded for it now."""

    row: int
    seq: int
    refused: bool


@dataclass(slots=True)
class Outcome:
    """What a submission came to. `submission` is None where nothing was recorded.

    `findings` holds the first SHOWN in order of `seq`; `counts` counts all by code.
    """

    submission: int | None = None
    first_seq: int = 0
    count: int = 0
    refused: int = 0
    repeated: Sequence[Repeated] = ()
    already: int = 0
    already_refused: int = 0
    problems: list[Problem] = field(default_factory=list)
    rejected: int = 0
    filtered: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    findings: list[Found] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    head: str = ""
    rejects_file: str | None = None

    @property
    def breaches(self) -> int:
        """How many findings on facts are breaches (notes are not)."""
        facts = {code: n for code, n in self.counts.items() if not code.startswith("refused:")}
        return sum(n for code, n in facts.items() if REFUSALS[code].family is not Family.NOTE)

    @property
    def clean(self) -> bool:
        """Nothing rejected, refused or in breach."""
        return not (self.problems or self.rejected or self.refused or self.breaches)
