"""Calendar quarters by name: 2025Q3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_WRITTEN = re.compile(r"(\d{4})-?Q([1-4])", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """One quarter of a calendar year."""

    year: int
    number: int

    @property
    def name(self) -> str:
        """As it is written: 2025Q3."""
        return f"{self.year:04d}Q{self.number}"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        after = (self.year + 1, 1) if self.number == 4 else (self.year, 3 * self.number + 1)
        return date(*after, 1) - timedelta(days=1)


def quarter_of(text: str) -> Quarter:
    """The quarter a text names. Raises ValueError with a sentence for any other text."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or not 1900 <= int(found[1]) <= 9000:
        raise ValueError(f'"{text}" is no quarter; write it as 2025Q3')
    return Quarter(int(found[1]), int(found[2]))
