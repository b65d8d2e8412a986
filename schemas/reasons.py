"""The shape of a reason to say no or to flag; the reasons themselves are in ledger/refusals.py."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from string import Formatter


class Family(StrEnum):
    """What a reason does to the movement it is found on.

    `refusal` refuses a request and flags a fact as a breach; `breach` is found on facts only;
    `note` flags without accusing anybody.
    """

    REFUSAL = "refusal"
    BREACH = "breach"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `sentence` stands alone; `figures` follows it where all its figures are given.

    `citation` is a paragraph, or `<kind> <key>` of the regime's own data (`number ...`,
    `option ...`, `list ...`, `licences ...`, `budget`, `authorization`), whose citation then is
    the regime's.
    """

    code: str
    family: Family
    sentence: str
    citation: str
    figures: str = ""

    def said(self, **figures: object) -> str:
        """The sentence, with the figures where every one of them is given (not None)."""
        names = [name for _, name, _, _ in Formatter().parse(self.figures) if name]
        if not names or any(figures.get(name) is None for name in names):
            return self.sentence
        return f"{self.sentence}: {self.figures.format(**figures)}"
