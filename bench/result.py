"""What a bench found: figures beside their raw limits, and how they are printed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Size:
    """How large a run is. `rows` and `large` are rows of shipments, `rounds` how often each side
    of a comparison runs, in turn; `work` a folder for data, which is reused where it stands.
    """

    work: Path
    rows: int
    large: int
    little: int
    single: int
    rounds: int
    full: bool

    def written(self) -> dict[str, Any]:
        """As plain values."""
        return {**asdict(self), "work": str(self.work)}


def small(work: Path) -> Size:
    """Everything in about a minute: shows that it works; fixed costs weigh too much to judge."""
    return Size(work, 5_000, 25_000, 2_500, 50, 1, full=False)


def full(work: Path) -> Size:
    """The sizes the claims speak of."""
    return Size(work, 1_000_000, 10_000_000, 100_000, 500, 3, full=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """One claim measured. `base` is the raw limit it is a multiple of, in the same unit; without
    one, `at_most` is in that unit itself.
    """

    claim: str
    measured: float
    base: float | None
    at_most: float
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """Measured by the raw limit; or the measured value itself where there is none."""
        return self.measured if self.base is None else self.measured / self.base

    @property
    def within(self) -> bool:
        """Whether the claim holds."""
        return self.ratio <= self.at_most

    def cells(self) -> tuple[str, ...]:
        """The figure as a row of the table."""
        base = "-" if self.base is None else _shown(self.base, self.unit)
        alone = self.base is None
        ratio = "-" if alone else f"{self.ratio:.2f} x"
        limit = _shown(self.at_most, self.unit) if alone else f"{self.at_most:g} x"
        verdict = "within" if self.within else "OVER"
        return (self.claim, _shown(self.measured, self.unit), base, ratio, limit, verdict)


@dataclass(frozen=True, slots=True)
class Result:
    """A bench's figures, what else is worth knowing, and every single timing."""

    name: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()
    detail: dict[str, Any] | None = None


def median(values: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def _shown(value: float, unit: str) -> str:
    if unit == "s" and value < 0.1:
        return f"{value * 1000:.3g} ms"
    return f"{value:.3g} {unit}" if value < 100 else f"{value:,.0f} {unit}"


HEADING = ("claim", "measured", "raw limit", "ratio", "at most", "verdict")


def table(results: Sequence[Result]) -> str:
    """All figures as a table in Markdown, the notes below it."""
    rows = [HEADING, *(figure.cells() for r in results for figure in r.figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADING))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    notes = [f"{r.name}: {note}" for r in results for note in r.notes]
    return "\n".join([*lines, "", *notes]).rstrip()


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (f" {cell:{width}} " for cell, width in zip(row, widths, strict=True))
    return "|" + "|".join(cells) + "|"


def as_json(results: Sequence[Result], size: Size, machine: dict[str, Any]) -> str:
    """Everything measured, with the machine it was measured on."""
    found = [
        {
            **asdict(r),
            "figures": [{**asdict(f), "ratio": f.ratio, "within": f.within} for f in r.figures],
        }
        for r in results
    ]
    return json.dumps({"machine": machine, "size": size.written(), "results": found}, indent=1)
