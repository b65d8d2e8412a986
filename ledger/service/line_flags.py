"""Where a shipment differs from the licence line it is drawn under, field by field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from ledger.rules.endings import OPEN
from ledger.service.business_days import last_day_of_use
from ledger.service.last_days import amended
from ledger.service.line_rules import LineRules, closed_since
from ledger.service.rows import Flag
from ledger.storage.chain import US
from schemas import tables as t
from schemas.kinds import Kind

# What is looked up of a licence line by day.
STANDING = (
    Kind.LICENCE_SUSPENSION,
    Kind.LICENCE_REINSTATEMENT,
    Kind.LICENCE_TRANSFER,
    Kind.LICENCE_AMENDMENT,
    Kind.REVOCATION,
    Kind.SURRENDER,
)
# Who draws under a licence must be its exporter; goods that are abroad move between others.
_BY_THE_EXPORTER = (Kind.EXPORT, Kind.EXPORT_FROM_ABROAD)
# After every day there is.
_LAST = "9999-12-31"
_STANDING = {name: place for place, name in enumerate(t.standing.columns.keys())}


def subject_of(licence: str, line: str) -> str:
    """A licence line as acts name it."""
    return f"{licence}{US}{line}"


@dataclass(slots=True)
class LineActs:
    """The acts on record on one line, by the day they hold from (ISO text)."""

    marks: list[tuple[str, int, str, str | None]] = field(default_factory=list)
    transfers: list[tuple[str, int, str]] = field(default_factory=list)
    parts: list[tuple[str, int]] = field(default_factory=list)
    # Each with the last day it says, None for none, and whether it says a value.
    amendments: list[tuple[str, int, str | None, bool]] = field(default_factory=list)

    def add(self, standing: tuple[Any, ...]) -> None:
        """Take in one row of the table `standing`."""
        named = {name: standing[place] for name, place in _STANDING.items()}
        seq, from_on, until = named["seq"], str(named["from_on"]), named["until_on"]
        if named["kind"] == Kind.LICENCE_TRANSFER:
            self.transfers.append((from_on, seq, named["object"]))
        elif named["kind"] == Kind.LICENCE_AMENDMENT:
            self.amend(from_on, seq, *amended(named["object"]))
        elif named["kind"] in (Kind.REVOCATION, Kind.SURRENDER):
            self.parts.append((from_on, seq))
        else:
            self.marks.append((from_on, seq, named["kind"], None if until is None else str(until)))

    def amend(self, on: str, seq: int, last: str | None, value: bool) -> None:
        """Take in an amendment."""
        self.amendments.append((on, seq, last, value))

    def amended_from(self) -> tuple[str, str]:
        """The days of the latest amendments of the last day and of the value; empty for none."""
        last_days = [on for on, _, last, _ in self.amendments if last]
        return max(last_days, default=""), max((a[0] for a in self.amendments if a[3]), default="")

    def last_day(self, day: str, own: str | None) -> str | None:
        """The last day in force on a day; `own` is the licence's before any amendment."""
        found = [last for on, _, last, _ in sorted(self.amendments) if last and on <= day]
        return found[-1] if found else own

    @property
    def only_amended(self) -> bool:
        """Whether all that was done to it was to amend it."""
        return not (self.marks or self.transfers or self.parts)

    def suspended(self, day: str, closed_since: str = "") -> str | None:
        """Since when, and by which act, the line is suspended on a day; None where it is not.

        `closed_since`: the day its country's budget closed, which suspends it without an act.
        """
        closing = [(closed_since, 0, Kind.LICENCE_SUSPENSION, None)] if closed_since else []
        said: str | None = None
        for from_on, seq, kind, until in sorted([*self.marks, *closing]):
            if from_on > day:
                break
            if kind == Kind.LICENCE_SUSPENSION and (until is None or day <= until):
                by = f"by seq {seq}" if seq else "when its country's budget closed"
                said = f"since {from_on}, {by}"
            elif kind == Kind.LICENCE_REINSTATEMENT:
                said = None
        return said

    def exporter(self, day: str) -> str | None:
        """The name key of the exporter it was last transferred to by a day."""
        found = [key for from_on, _, key in sorted(self.transfers) if from_on <= day]
        return found[-1] if found else None

    def part_ended(self, day: str) -> str | None:
        """The act by which a part of the line had ended by a day."""
        found = [f"since {on}, by seq {seq}" for on, seq in sorted(self.parts) if on <= day]
        return found[0] if found else None


def acts_of(rows: Iterable[tuple[Any, ...]]) -> dict[str, LineActs]:
    """The acts that stand, by the subject that names their line."""
    found: dict[str, LineActs] = {}
    for row in rows:
        if row[_STANDING["live"]] and row[_STANDING["kind"]] in STANDING:
            found.setdefault(row[_STANDING["subject"]], LineActs()).add(row)
    return found


class Under(NamedTuple):
    """What a shipment says of itself; parties by name key, the day as ISO text."""

    kind: str
    day: str
    chip: str | None
    destination: str | None
    consignee: str | None
    exporter: str | None


class Terms(NamedTuple):
    """What a licence line says beside its own columns: its day of issue, parties by name key.

    `issued_to` is the exporter it was issued to, `last_day` its last day as in force then.
    """

    issued_on: str
    issued_to: str | None
    consignee: str | None
    last_day: str | None
    acts: LineActs
    rules: LineRules


def line_flags(line: dict[str, Any], under: Under, terms: Terms) -> list[Flag]:
    """What a draw does not agree with on its licence line."""
    return [*_of_time(line, under, terms), *_of_lot(line, under, terms)]


def _of_time(line: dict[str, Any], under: Under, terms: Terms) -> list[Flag]:
    found: list[Flag] = []
    day, licence = under.day, line["licence"]
    lapsed = line["state"] == "lapsed"
    if line["state"] != OPEN and not lapsed and day >= str(line["closed_on"]):
        since = f"{licence}, {line['state']} since {line['closed_on']}"
        found.append(Flag("licence_closed", detail=since))
    if day < terms.issued_on:
        found.append(Flag("licence_not_yet_issued", detail=f"issued {terms.issued_on}"))
    expires_on = terms.last_day
    if expires_on is not None and day > expires_on:
        last = last_day_of_use(date.fromisoformat(expires_on), terms.rules.holidays)
        if day > last.isoformat():
            found.append(Flag("licence_expired", detail=f"expired {expires_on}"))
    elif lapsed and day >= str(line["closed_on"]):
        found.append(Flag("licence_expired", detail=f"lapsed {line['closed_on']}"))
    closed = closed_since(terms.rules.closures, line, terms.issued_on, day)
    suspended = terms.acts.suspended(day, closed)
    if suspended is not None:
        found.append(Flag("licence_suspended", detail=f"{licence}, {suspended}"))
    return found


def _of_lot(line: dict[str, Any], under: Under, terms: Terms) -> list[Flag]:
    found: list[Flag] = []
    if under.chip is not None and line["chip"] is not None and under.chip != line["chip"]:
        found.append(Flag("licence_other_chip", detail=f"licensed {line['chip']}"))
    if under.destination is not None and under.destination != line["destination"]:
        found.append(Flag("licence_other_destination", detail=f"licensed {line['destination']}"))
    if under.consignee is not None and under.consignee != terms.consignee:
        found.append(Flag("licence_other_consignee"))
    exporter = terms.acts.exporter(under.day) or terms.issued_to
    if under.kind in _BY_THE_EXPORTER and under.exporter != exporter and exporter is not None:
        found.append(Flag("licence_other_exporter", detail=f"licensed {exporter}"))
    return found


def late_flag(line: dict[str, Any], acts: LineActs, day: str) -> Flag | None:
    """What to say of a draw that took of what had ended of a line, in whole or in part.

    Where all of it had ended by the day of the draw, the last day or the state tells: None. Where
    it ended only later, the act was recorded before the draw, and let go of too much.
    """
    if line["state"] == OPEN:
        said = acts.part_ended(day)
        if said is not None:
            return Flag("licence_part_ended", detail=said)
        ended = acts.part_ended(_LAST)
    else:
        closed_on = str(line["closed_on"])
        ended = f"{line['state']} since {closed_on}" if day < closed_on else None
    return None if ended is None else Flag("filed_after_ending", detail=ended)
