"""How a licence stands: its lines, which way their amounts went, and what was done to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from ledger.rules.endings import OPEN
from ledger.service.book import Book, Known
from ledger.service.business_days import last_day_of_use
from ledger.service.known_rows import reversed_among
from ledger.service.licence_acts import nearest
from ledger.service.line_rules import closed_since, line_rules
from ledger.service.lines import LineBook
from ledger.service.stored import stored
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import LICENCE_ACTS, Kind
from schemas.problems import Problem, Unusable

if TYPE_CHECKING:
    from ledger.service.ledger import Ledger

_ACTS = (*LICENCE_ACTS, Kind.REPLACEMENT, Kind.ASSIGNMENT)


@dataclass(frozen=True, slots=True)
class Standing:
    """One line of a licence. `ways` are amounts in milli-TPP: licensed, drawn (up to that),
    overdrawn, held, lapsed and given back. `acts` are sentences, in order of record.
    """

    seq: int
    licence: str
    line: str
    state: str
    issued_on: str
    expires_on: str
    exporter: str
    consignee: str
    destination: str
    chip: str
    quantity: int
    used_quantity: int
    ways: dict[str, int]
    acts: tuple[str, ...]


def show(ledger: Ledger, number: str) -> list[Standing]:
    """How the lines of a licence stand now. Raises Unusable where none is on file."""
    with ledger.store.reading() as turn:
        cursor = Cursor(ledger.store.raw(turn.connection), ledger.store.dialect)
        book = LineBook(cursor, Book(cursor, Known(), 0), line_rules(ledger.rulebook))
        found = sorted(book.on_file([number]).values())
        if not found:
            reason = "no such licence is on file"
            raise Unusable(Problem("licence", 0, 0, "", number, reason, nearest(cursor, number)))
        places = [book.place(line) for line in found]
        book.load_acts(places)
        return [_standing(book, place) for place in places]


def _standing(book: LineBook, place: int) -> Standing:
    line, state = book.line(place), book.state(place)
    drawn = min(state.used, state.amount)
    ways = {"licensed": state.amount, "drawn": drawn, "overdrawn": state.used - drawn}
    ways |= {name: getattr(state, name) for name in ("held", "lapsed", "back")}
    return Standing(
        seq=book.seq(place),
        licence=line["licence"],
        line=line["line"],
        state=_state(book, place),
        issued_on=book.issued_on(place).isoformat(),
        expires_on=book.last_day(place, date.today().isoformat()) or "",
        exporter=_name(book.cursor, state.exporter_no),
        consignee=_name(book.cursor, line["consignee_no"]),
        destination=line["destination"] or "",
        chip=line["chip"] or "",
        quantity=state.quantity,
        used_quantity=state.used_quantity,
        ways=ways,
        acts=tuple(_acts(book.cursor, book.seq(place))),
    )


def _state(book: LineBook, place: int) -> str:
    """In one word, with its day: reversed, suspended, overdue, used up, or as the line says."""
    state, today = book.state(place), date.today()
    if not book.is_live(place):
        return "reversed"
    if state.state != OPEN:
        return f"{state.state} since {state.closed_on}"
    issued_on, line = book.issued_on(place).isoformat(), book.line(place)
    closed = closed_since(book.rules.closures, line, issued_on, today.isoformat())
    suspended = book.acts_on(place).suspended(today.isoformat(), closed)
    if suspended is not None:
        return f"suspended {suspended}"
    if state.used > state.amount:
        return "over"
    if state.held <= 0:  # shipped, or a part of it was revoked or surrendered
        return "used up"
    expires_on = book.last_day(place, today.isoformat())
    if expires_on is not None:
        last = last_day_of_use(date.fromisoformat(expires_on), book.rules.holidays)
        if last < today:
            return "overdue: tpp licence lapse --due posts its lapse"
    return OPEN


def _acts(cursor: Cursor, seq: int) -> list[str]:
    acts = [m for m in stored(cursor, "target_seq", [seq]) if m["kind"] in _ACTS]
    gone = reversed_among(cursor, [m["seq"] for m in acts])
    return [
        f"{m['effective_on']}  {m['kind']} {m['document']} (seq {m['seq']}"
        f"{', reversed' if m['seq'] in gone else ''})"
        for m in acts
    ]


def _name(cursor: Cursor, number: int | None) -> str:
    return "" if number is None else str(cursor.find(t.party, "party_no", [number])[0][1])
