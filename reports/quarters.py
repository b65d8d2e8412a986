"""A quarter's report as bytes that can be made again, and their digest."""

from __future__ import annotations

import io
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from reports.render import write
from reports.runner import run
from schemas.quarters import Quarter


@dataclass(frozen=True, slots=True)
class Reported:
    """A quarter's report as CSV, and the last movement it knows."""

    csv: bytes
    known_seq: int

    @property
    def digest(self) -> str:
        """The SHA-256 of the CSV's bytes, in hexadecimal."""
        return sha256(self.csv).hexdigest()


def asked_of(quarter: Quarter, known_seq: int | None = None) -> dict[str, Any]:
    """What the reports on a quarter are asked: its days, and what is known."""
    asked: dict[str, Any] = {"from_on": quarter.first, "as_of": quarter.last}
    return asked if known_seq is None else {**asked, "known_seq": known_seq}


def reported(folder: Path, quarter: Quarter, known_seq: int | None = None) -> Reported:
    """The report of a quarter over the copy in a folder, as known then (default: by now)."""
    out = io.BytesIO()
    with run("quarter", folder, asked_of(quarter, known_seq)) as result:
        write(result, "csv", out)
        return Reported(out.getvalue(), result.about["known_seq"])
