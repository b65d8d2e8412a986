"""What is due as a calendar (RFC 5545): all-day entries with alarms, the same bytes each time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from reports.render import replacing
from reports.runner import Result

if TYPE_CHECKING:
    from icalendar import Alarm, Event

_PRODUCT = "-//tpp-ledger//due//EN"
_NAME = "TPP duties"
_DONE = "done"


def write(result: Result, out: BinaryIO) -> int:
    """Write the answer of the report `due` as a calendar; how many entries it has.

    An entry keeps its UID for ever, so that a calendar that reads the file again moves what it
    has and adds nothing twice. It is stamped with the ledger's last record, not with the clock.
    What is due before a shipment still to come has no day yet, and is left out.
    """
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", _NAME)
    stamp = _stamp(result.about)
    dated = [row for row in _rows(result) if row["due_on"] is not None]
    for row in dated:
        calendar.add_component(_event(row, stamp, str(result.about["ledger"])))
    out.write(calendar.to_ical())
    return len(dated)


def save(result: Result, path: Path) -> int:
    """Write the calendar to a file, all of it, or the file stays as it was; how many entries."""
    with replacing(path) as out:
        return write(result, out)


def _rows(result: Result) -> Iterator[dict[str, Any]]:
    names = [column.name for column in result.columns]
    for row in result.rows():
        yield dict(zip(names, row, strict=True))


def _stamp(about: dict[str, Any]) -> datetime:
    """When the last record that the answer knows of was made."""
    known = about["known_at"]
    if known is None:
        return datetime(1970, 1, 1, tzinfo=UTC)
    return datetime.fromisoformat(known).replace(microsecond=0)


def _event(row: dict[str, Any], stamp: datetime, ledger: str) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", f"{row['id']}@{ledger}.tpp-ledger")
    event.add("dtstamp", stamp)
    event.add("dtstart", row["due_on"])
    event.add("dtend", row["due_on"] + timedelta(1))
    event.add("summary", _summary(row))
    event.add("description", _description(row))
    event.add("categories", [row["duty"]])
    event.add("transp", "TRANSPARENT")
    event.add("status", "CONFIRMED")
    if row["state"] != _DONE and row["remind_on"] < row["due_on"]:
        event.add_component(_alarm(row))
    return event


def _summary(row: dict[str, Any]) -> str:
    said = f"{row['what']}: {row['party']}" if row["party"] else str(row["what"])
    return f"Done: {said}" if row["state"] == _DONE else said


def _description(row: dict[str, Any]) -> str:
    lines = [row["why"], row["citation"], f"state: {row['state']}"]
    if row["done_on"] is not None:
        lines[-1] += f" on {row['done_on']}, {row['reference'] or 'no reference'}"
    return "\n".join([*(str(line) for line in lines if line), f"id: {row['id']}"])


def _alarm(row: dict[str, Any]) -> Alarm:
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", row["remind_on"] - row["due_on"])
    alarm.add("description", _summary(row))
    return alarm
