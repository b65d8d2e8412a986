"""Acts on licences: the lines they are about, and what they do to them, in turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, literal_column, select

from ledger.rules.admission import Effect
from ledger.rules.endings import GIVES_BACK, READINGS, STATES, LineState
from ledger.service.known_rows import reversals_of
from ledger.service.last_days import amended_object
from ledger.service.lines import LineBook
from ledger.service.outcome import Outcome
from ledger.service.rows import Drawn, Flag, Row, key_of, party_key
from ledger.service.rulebook import Rulebook
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import LICENCE_ACTS, Kind
from schemas.problems import Problem

_AT = {name: place for place, name in enumerate(t.licence_line.columns.keys())}
_NEAREST = 3
_NUMBERS = (
    select(t.licence_line.c.licence)
    .where(t.licence_line.c.licence >= bindparam("low"))
    .distinct()
    .order_by(t.licence_line.c.licence)
    .limit(literal_column("500"))
    .offset(literal_column("0"))
)


def about(cursor: Cursor, lines: LineBook, rows: Sequence[Row], outcome: Outcome) -> list[Row]:
    """The rows, each act with its line: one that names none becomes an act on every line.

    An act on a licence that is not on file is a problem, with the numbers nearest to it.
    """
    acting = [row for row in rows if row.kind in LICENCE_ACTS]
    if not acting:
        return list(rows)
    known: dict[str, list[tuple[Any, ...]]] = {}
    for (number, _), line in lines.on_file({row.given.licence for row in acting}).items():
        if line[_AT["live"]]:
            known.setdefault(number, []).append(line)
    of_row = {id(row): _lines_of(row, known) for row in acting}
    # What ends gives room back: the budgets it held on are found together.
    ending = [line for row in acting if row.kind in STATES for line in of_row[id(row)]]
    lines.book.places(sorted({line[_AT["budget_no"]] for line in ending} - {None}))
    names = _names_of(cursor, [line for row in acting for line in of_row[id(row)]])
    kept: list[Row] = []
    taken: set[bytes] = {row.key for row in rows}
    for row in rows:
        if row.kind not in LICENCE_ACTS:
            kept.append(row)
            continue
        if found := of_row[id(row)]:
            kept += _on_each((cursor, names), lines, row, found, taken)
        else:
            of_licence = [line[_AT["line"]] for line in known.get(row.given.licence or "", ())]
            outcome.problems.append(unknown_line(cursor, row, of_licence))
            outcome.rejected += 1
    lines.load_acts({row.act_place for row in kept if row.act_place >= 0})
    return kept


def _lines_of(row: Row, known: dict[str, list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    line = row.given.licence_line
    of_licence = known.get(row.given.licence or "", [])
    return [one for one in of_licence if line is None or one[_AT["line"]] == line]


def _names_of(cursor: Cursor, found: Sequence[tuple[Any, ...]]) -> dict[int, str]:
    """The names of the parties of some lines, by number."""
    numbers = {line[_AT[role]] for line in found for role in ("exporter_no", "consignee_no")}
    return {row[0]: row[1] for row in cursor.find(t.party, "party_no", numbers - {None})}


def _on_each(
    known: tuple[Cursor, dict[int, str]],
    lines: LineBook,
    row: Row,
    found: Sequence[tuple[Any, ...]],
    taken: set[bytes],
) -> list[Row]:
    """One movement a line; those behind the first have the licence's line behind their own."""
    made = []
    cursor, names = known
    for number, line in enumerate(sorted(found)):
        one = row
        if number:
            one = with_line(cursor, row, line[_AT["line"]], taken)
        one.act_place = lines.place(line)
        one.target_seq = line[_AT["seq"]]
        one.given = replace(
            one.given,
            licence_line=line[_AT["line"]],
            authorization=lines.rules.licensed,
            destination=line[_AT["destination"]],
            chip=line[_AT["chip"]],
            exporter=_exporter(names, one, line),
            consignee=names.get(line[_AT["consignee_no"]]),
        )
        made.append(one)
    return made


def with_line(cursor: Cursor, row: Row, line: str, taken: set[bytes]) -> Row:
    """The same act once more, on another line, under a key of its own."""
    given = replace(row.given, line=f"{row.given.line}/{line}")
    one = replace(row, given=given, attempt=1, key=key_of(given), draws=[], flags=[])
    while one.key in taken or cursor.find(t.movement_key, "key", [one.key]):
        one.attempt += 1
        one.key = key_of(given, one.attempt)
    taken.add(one.key)
    return one


def _exporter(names: dict[int, str], row: Row, line: tuple[Any, ...]) -> str | None:
    """Who the licence belongs to; after a transfer whom it was transferred to."""
    if row.kind == Kind.LICENCE_TRANSFER:
        return str(row.details()["to_party"])
    return names.get(line[_AT["exporter_no"]])


def unknown_line(cursor: Cursor, row: Row, lines: Sequence[str]) -> Problem:
    """What is wrong with a row that names a licence line not on file; `lines` are the licence's."""
    given, number = row.given, row.given.licence or ""
    undone = _undone(cursor, number, given.licence_line)
    if undone is not None:
        line, by = undone
        named = f"licence {number}" if line is None else f"line {line} of licence {number}"
        reason = f"{named} is reversed; to restore it, reverse seq {by}"
        return row.problem("licence", number, reason)
    if lines:
        reason = f"licence {number} has no such line on file"
        near = tuple(lines[:_NEAREST])
        return row.problem("licence_line", given.licence_line or "1", reason, near)
    reason = "no such licence is on file"
    return row.problem("licence", number, reason, nearest(cursor, number))


def _undone(cursor: Cursor, number: str, line: str | None) -> tuple[str | None, int] | None:
    """The line meant of a licence that was reversed and the reversal, None where none was.

    The line is None where the whole licence was.
    """
    found = cursor.find(t.licence_line, "licence", [number])
    meant = [one[_AT["seq"]] for one in found if line is None or one[_AT["line"]] == line]
    gone = reversals_of(cursor, meant)
    live = any(one[_AT["live"]] for one in found)
    if not gone or (live and line is None):
        return None
    return (line if live else None), max(gone.values())


def nearest(cursor: Cursor, number: str) -> tuple[str, ...]:
    """The licence numbers on file most like one, among those that begin as it does."""
    from rapidfuzz import process

    for length in (len(number) - 1, len(number) // 2, 1):
        start = number[: max(length, 1)]
        like = [name for (name,) in cursor.read(_NUMBERS, start) if name.startswith(start)]
        if like:
            return tuple(match for match, _, _ in process.extract(number, like, limit=_NEAREST))
    return ()


def take(row: Row, lines: LineBook, rulebook: Rulebook) -> None:
    """Do what an act says to its line as it stands, and give the row its draws and figures."""
    state = lines.state(row.act_place)
    if row.kind in STATES:
        _end(row, state, lines)
    elif row.kind == Kind.LICENCE_AMENDMENT:
        _amend(row, state, lines)
    elif row.kind == Kind.LICENCE_TRANSFER:
        _transfer(row, state, lines, rulebook)
    lines.put(row.act_place, state)


def gives_back(row: Row) -> bool:
    """Whether the rest comes back: always where another licence replaces this one."""
    if row.kind not in READINGS:
        return True
    assert row.ruled is not None
    return row.ruled.ruling.draws[0].effect == GIVES_BACK


def part_of(row: Row, unit: int) -> int | None:
    """The part of a line an act is about, in milli-TPP; None for all of it."""
    if row.kind not in (Kind.SURRENDER, Kind.REVOCATION):
        return None
    if row.given.quantity is not None:
        return row.given.quantity * unit
    return row.given.amount_mtpp


def _end(row: Row, state: LineState, lines: LineBook) -> None:
    part, before, held = part_of(row, state.unit), state.state, state.held
    ended, units = state.end(part, gives_back(row))
    if before in STATES.values():
        row.flags.append(Flag("licence_ended_already", detail=f"{row.given.licence}, {before}"))
    elif part is None:
        state.close(STATES[row.kind], row.day)
    elif part > held:
        row.flags.append(Flag("more_than_held", None, held, 0, part, part - held))
    row.in_part = part is not None
    row.given = replace(row.given, quantity=units or None, amount_mtpp=ended)
    if ended:
        effect = Effect.UNHOLD if gives_back(row) else Effect.LAPSE
        places = lines.book.places(lines.budget_nos(row.act_place))
        row.draws = [Drawn(place, 1, effect, ended) for place in places]


def _amend(row: Row, state: LineState, lines: LineBook) -> None:
    given = row.given
    asked = (given.quantity, given.amount_mtpp)
    if asked != (None, None):
        now = (state.quantity, state.amount)
        if any(a is not None and a != n for a, n in zip(asked, now, strict=True)):
            row.flags.append(Flag("amendment_of_quantity", detail=given.licence))
    if state.state in STATES.values():
        detail = f"{given.licence}, {state.state}"
        row.flags.append(Flag("licence_ended_already", detail=detail))
    expires_on = given.expires_on.isoformat() if given.expires_on else None
    acts = lines.acts_on(row.act_place)
    state.expires_from, state.value_from = acts.amended_from()
    state.amend(row.day, expires_on, given.unit_value_cents)
    acts.amend(row.day, row.seq, expires_on, given.unit_value_cents is not None)
    lines.acts[lines.subject(row.act_place)] = acts
    row.given = replace(given, quantity=None, amount_mtpp=None)


def _transfer(row: Row, state: LineState, lines: LineBook, rulebook: Rulebook) -> None:
    exporter = row.given.exporter
    assert exporter is not None
    state.exporter_no = lines.book.parties([exporter])[exporter]
    acts = lines.acts_on(row.act_place)
    most = rulebook.regime.licensing.most_transfers(row.given.effective_on)
    before = len(acts.transfers)
    if most is not None and before >= most:
        detail = f"{row.given.licence}, transferred on {acts.transfers[-1][0]}"
        row.flags.append(Flag("licence_transferred_again", detail=detail))
    acts.transfers.append((row.day, row.seq, lines.book.party_key(state.exporter_no)))
    lines.acts[lines.subject(row.act_place)] = acts


def stands(row: Row, lines: LineBook) -> tuple[str, str | None, str | None] | None:
    """What is looked up later of an act, None for nothing: its subject, object and last day."""
    if row.act_place < 0:
        return None
    if row.kind == Kind.LICENCE_TRANSFER:
        # Not whom the line has now: a later act of the same file may have handed it on again.
        return lines.subject(row.act_place), party_key(row.given.exporter), None
    if row.kind == Kind.LICENCE_AMENDMENT:
        changed = amended_object(row.given)
        return None if changed is None else (lines.subject(row.act_place), changed, None)
    if row.kind in (Kind.LICENCE_SUSPENSION, Kind.LICENCE_REINSTATEMENT):
        return lines.subject(row.act_place), None, row.details().get("until_on")
    if row.kind in (Kind.SURRENDER, Kind.REVOCATION) and row.in_part:
        return lines.subject(row.act_place), None, None
    return None


def names(rows: Iterable[Row]) -> Iterable[str]:
    """The parties acts name beside those of every row."""
    return (row.details()["to_party"] for row in rows if row.kind == Kind.LICENCE_TRANSFER)
