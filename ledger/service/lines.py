"""Licence lines: found for what draws on them, checked against what they name, drawn down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select

from ledger.rules.endings import OPEN, LineState
from ledger.rules.weights import Effect, Kept, Lines, PlainLines
from ledger.service.book import Book
from ledger.service.last_days import own_last_day, own_last_days
from ledger.service.line_flags import (
    STANDING,
    LineActs,
    Terms,
    Under,
    acts_of,
    late_flag,
    line_flags,
    subject_of,
)
from ledger.service.line_rules import LineRules
from ledger.service.outcome import Outcome
from ledger.service.rows import Flag, Row, is_shipment, party_key
from ledger.storage.statements import Cursor
from schemas import tables as t
from schemas.kinds import Kind
from schemas.problems import Problem

_AT = {name: place for place, name in enumerate(t.licence_line.columns.keys())}
# The columns that draws and acts move, and what only acts change.
MOVED = (
    "used_quantity",
    "used_mtpp",
    "used_value_cents",
    "held_mtpp",
    "lapsed_mtpp",
    "back_mtpp",
    "gone_quantity",
)
FIGURES = ("quantity", "amount_mtpp", "value_cents", *MOVED)
_FIGURES_AT = tuple(_AT[name] for name in FIGURES)
CHANGED = ("value_cents", "expires_on", "exporter_no", "state", "closed_on")
# When a licence was issued, and to whom.
_ISSUE = select(t.movement.c.effective_on, t.movement.c.exporter_no).where(
    t.movement.c.seq == bindparam("seq")
)
# The first act on a licence line; NULL where there is none.
_FIRST_ACT = select(func.min(t.standing.c.seq)).where(
    t.standing.c.kind.in_([literal_column(f"'{kind}'") for kind in STANDING])
)
_HELD = t.entry.columns.keys().index("held_mtpp")


class LineBook:
    """The licence lines one transaction touches, by place, and the new ones it opens."""

    def __init__(self, cursor: Cursor, book: Book, rules: LineRules) -> None:
        self.cursor, self.book = cursor, book
        self.rules = rules
        self.stored: list[tuple[Any, ...]] = []
        self._kept = Kept(PlainLines(), PlainLines.columns)
        self.acts: dict[str, LineActs] = {}
        self._with_acts: set[int] = set()
        self._place: dict[int, int] = {}
        self._issued: dict[int, tuple[str, int | None]] = {}
        self._own_last: dict[int, str | None] = {}
        self._moved: set[int] = set()
        self._changed: dict[int, dict[str, Any]] = {}
        self._live: dict[int, bool] = {}

    @property
    def lines(self) -> Lines:
        """The figures by place, in columns."""
        return self._kept.columns

    @property
    def figures(self) -> Lines | PlainLines:
        """The figures by place as they are kept: in plain numbers, or in columns."""
        return self._kept.figures

    def check_new(self, rows: Sequence[Row], outcome: Outcome) -> list[Row]:
        """The rows without licence lines whose number another filing already has on record."""
        new = [row for row in rows if row.kind == Kind.LICENCE]
        if not new:
            return list(rows)
        numbers = {row.given.document for row in new}
        taken = {
            (row[_AT["licence"]], row[_AT["line"]]): row[_AT["seq"]]
            for row in self.cursor.find(t.licence_line, "licence", numbers)
            if row[_AT["live"]]
        }
        kept: list[Row] = []
        for row in rows:
            name = (row.given.document, row.given.line)
            if row.kind == Kind.LICENCE and name in taken:
                where = f"is on record as seq {taken[name]}" if taken[name] else "is in this file"
                reason = f"licence {name[0]} line {name[1]} {where}, from another source"
                _reject(row, reason, outcome)
                continue
            if row.kind == Kind.LICENCE:
                taken[name] = 0
            kept.append(row)
        return kept

    def find(self, rows: Sequence[Row]) -> None:
        """Give each shipment under a licence the place of its line, where it is on file."""
        under = [row for row in rows if self._draws_on_licence(row)]
        if not under:
            return
        known = self.on_file({row.given.licence for row in under})
        for row in under:
            named = (row.given.licence or "", row.given.licence_line or "1")
            if named in known:
                self.draw_on(row, self.place(known[named]))
        self.load_acts({row.line_place for row in under if row.line_place >= 0})

    def _draws_on_licence(self, row: Row) -> bool:
        return row.given.licence is not None and self._goes_under_one(row)

    def _claims_one(self, row: Row) -> bool:
        """Whether a shipment says that it goes under a licence, and not under which.

        Units that a shipment brought may be passed on under its licence (15 CFR 750.7(c)(1)).
        """
        unnamed = row.given.licence is None and row.linked_to is None
        claims = unnamed and row.given.authorization in self.rules.claimed
        return claims and self._goes_under_one(row)

    def _goes_under_one(self, row: Row) -> bool:
        """Whether a shipment is weighed, and says that it goes under a licence."""
        return (
            is_shipment(row.kind)
            and row.given.authorization in self.rules.drawn_under
            and (_draws_down(row) or all(flag.code != OUTSIDE for flag in row.flags))
        )

    def on_file(self, numbers: Iterable[str | None]) -> dict[tuple[str, str], tuple[Any, ...]]:
        """The lines of some licences by number and line; of those that are reversed, the last."""
        known: dict[tuple[str, str], tuple[Any, ...]] = {}
        for line in sorted(self.cursor.find(t.licence_line, "licence", numbers)):
            name = (line[_AT["licence"]], line[_AT["line"]])
            if name not in known or line[_AT["live"]]:
                known[name] = line
        return known

    def draw_on(self, row: Row, place: int) -> None:
        """Have a row draw on the line at a place."""
        row.line_place = place
        row.target_seq = self.seq(place)
        self._moved.add(place)

    def load_acts(self, places: Iterable[int]) -> None:
        """Look up the acts that stand on some lines, of each line once."""
        new = set(places) - self._with_acts
        if not new:
            return
        self._with_acts |= new
        if self.cursor.recall(LineActs, lambda: self.cursor.read(_FIRST_ACT)) == [(None,)]:
            return
        subjects = {self.subject(place) for place in new}
        self.acts |= acts_of(self.cursor.find(t.standing, "subject", subjects))

    def subject(self, place: int) -> str:
        """A line as acts name it."""
        line = self.stored[place]
        return subject_of(line[_AT["licence"]], line[_AT["line"]])

    def acts_on(self, place: int) -> LineActs:
        """The acts that stand on a line."""
        return self.acts.get(self.subject(place)) or LineActs()

    def seq(self, place: int) -> int:
        """The seq of the licence movement that opened the line at a place."""
        seq: int = self.stored[place][_AT["seq"]]
        return seq

    def line(self, place: int) -> dict[str, Any]:
        """The columns of a line, as acts have changed them; its figures are in `lines`."""
        return dict(zip(_AT, self.stored[place], strict=True)) | self._changed.get(place, {})

    def load(self, seqs: Iterable[int]) -> None:
        """Look up the lines that some licence movements opened, and the acts on them, at once."""
        asked = set(seqs)
        for line in self.cursor.find(t.licence_line, "seq", asked - self._place.keys()):
            self.place(line)
        self.load_acts(self._place[seq] for seq in asked & self._place.keys())

    def by_seq(self, seq: int) -> int | None:
        """The place of the line a licence movement opened; None where it is none."""
        if seq in self._place:
            return self._place[seq]
        found = self.cursor.find(t.licence_line, "seq", [seq])
        return self.place(found[0]) if found else None

    def set_live(self, seq: int, live: bool) -> None:
        """Have the line of a licence movement stand, or not: reversed, it holds nothing."""
        self._live[seq] = live

    def is_live(self, place: int) -> bool:
        """Whether a line's licence stands."""
        return self._live.get(self.seq(place), bool(self.stored[place][_AT["live"]]))

    def place(self, line: tuple[Any, ...]) -> int:
        """The place of a stored line, its columns loaded."""
        seq = line[_AT["seq"]]
        if seq in self._place:
            return self._place[seq]
        self.stored.append(line)
        self._place[seq] = place = self._kept.add(*[line[at] or 0 for at in _FIGURES_AT])
        return place

    def budget_nos(self, place: int) -> tuple[int, ...]:
        """The numbers of the budgets the line holds on: none, one, or several in full."""
        first = self.stored[place][_AT["budget_no"]]
        if first is None:
            return ()
        if not self.rules.several:
            return (first,)
        seq = self.seq(place)
        return (first, *also_held(self.book, {seq: first}).get(seq, ()))

    def state(self, place: int) -> LineState:
        """A line as it stands now, to be changed and put back."""
        state, line = LineState(0, 0, 0), self.line(place)
        figures = self.figures
        for name in figures.__slots__:
            setattr(state, name, int(getattr(figures, name)[place]))
        for name in CHANGED[1:]:
            value = line[name]
            setattr(state, name, str(value) if name.endswith("_on") and value else value)
        return state

    def put(self, place: int, state: LineState) -> None:
        """Have a line stand as a state says."""
        figures = self.figures
        for name in figures.__slots__:
            getattr(figures, name)[place] = getattr(state, name)
        facts = {name: getattr(state, name) for name in CHANGED[1:]}
        self._changed[place] = {"value_cents": state.value or None, **facts}
        self._moved.add(place)

    def flags(self, row: Row) -> list[Flag]:
        """Where a shipment differs from the licence line it draws on."""
        if not self._draws_on_licence(row):
            return [Flag("licence_not_named")] if self._claims_one(row) else []
        given = row.given
        if row.line_place < 0:
            return [Flag("licence_not_on_file", detail=f"{given.licence}")]
        under = Under(
            row.kind,
            row.day,
            given.chip,
            given.destination,
            party_key(given.consignee),
            party_key(given.exporter),
        )
        return self.differences(row.line_place, under)

    def differences(self, place: int, under: Under) -> list[Flag]:
        """Where what is drawn differs from the line at a place."""
        line = self.line(place)
        issued_on, issued_to = self._issue_of(line["seq"])
        terms = Terms(
            issued_on,
            self._key_of(issued_to),
            self._key_of(line["consignee_no"]),
            self.last_day(place, under.day),
            self.acts_on(place),
            self.rules,
        )
        return line_flags(line, under, terms)

    def issued_on(self, place: int) -> date:
        """The day the line was licensed."""
        return date.fromisoformat(self._issue_of(self.seq(place))[0])

    def last_day(self, place: int, day: str) -> str | None:
        """The last day of the line that is in force on a day; `load_acts` has been called."""
        seq, acts = self.seq(place), self.acts_on(place)
        if not acts.amendments:
            last = self.line(place)["expires_on"]
            return None if last is None else str(last)
        if seq not in self._own_last:
            self._own_last |= own_last_days(self.cursor, [seq])
        return acts.last_day(day, self._own_last[seq])

    def late_flag(self, place: int, day: str) -> Flag | None:
        """What to say of a draw that took of a part of the line which had ended by its day."""
        return late_flag(self.line(place), self.acts_on(place), day)

    def _key_of(self, number: int | None) -> str | None:
        return None if number is None else self.book.party_key(number)

    def _issue_of(self, seq: int) -> tuple[str, int | None]:
        if seq not in self._issued:
            ((issued_on, exporter_no),) = self.cursor.read(_ISSUE, seq)
            self._issued[seq] = (str(issued_on), exporter_no)
        return self._issued[seq]

    def write(self, rows: Sequence[Row]) -> None:
        """Write the lines as they now stand, and open those that were licensed."""
        if self._moved:
            figures = self.figures
            columns = [getattr(figures, name) for name in figures.__slots__[3:]]
            moved = [
                (*[int(column[place]) for column in columns], self.seq(place))
                for place in sorted(self._moved)
            ]
            self.cursor.change(t.licence_line, MOVED, moved)
        if self._changed:
            changed = [
                (*(facts[name] for name in CHANGED), self.seq(place))
                for place, facts in sorted(self._changed.items())
            ]
            self.cursor.change(t.licence_line, CHANGED, changed)
        live = [(int(stands), seq) for seq, stands in self._live.items()]
        self.cursor.change(t.licence_line, ("live",), live)
        new = [self._opened(row) for row in rows if row.kind == Kind.LICENCE]
        self.cursor.add(t.licence_line, new)

    def _opened(self, row: Row) -> tuple[Any, ...]:
        given = row.given
        # What it answered leaves pending by a draw of its own: it may hold nothing beside it.
        holds = (d.place for d in row.draws if d.official and d.effect == Effect.HOLD)
        budget = next(holds, None)
        value = (given.unit_value_cents or 0) * (given.quantity or 0)
        party, ruling = self.book.party, row.ruled.ruling if row.ruled else None
        return (
            row.seq,
            given.document,
            given.line,
            None if budget is None else self.book.numbers[budget],
            given.quantity,
            row.amount,
            value or None,
            *(0, 0, 0),
            row.amount,
            1,
            given.chip,
            given.destination,
            None if given.consignee is None else party(given.consignee),
            own_last_day(given.expires_on, given.effective_on, ruling),
            None if given.exporter is None else party(given.exporter),
            *(0, 0, 0),
            OPEN,
            None,
        )


def also_held(book: Book, firsts: dict[int, int]) -> dict[int, list[int]]:
    """The budgets on which licences hold beside their first: by seq, given the first of each."""
    found: dict[int, list[int]] = {}
    for entry in sorted(book.cursor.find(t.entry, "seq", [seq for seq in firsts if seq])):
        seq, number, official = entry[:3]
        if official and number != firsts[seq] and entry[_HELD] > 0:
            found.setdefault(seq, []).append(number)
    return found


# A shipment of before the regime draws on nothing, its licence included.
OUTSIDE = "before_regime"


def _draws_down(row: Row) -> bool:
    """Whether the rules look back at it: it then leaves less of its licence."""
    return row.ruled is not None and row.ruled.looks_back


def _reject(row: Row, reason: str, outcome: Outcome) -> None:
    given = row.given
    outcome.problems.append(
        Problem("", given.file_line, given.row, "licence", given.document, reason)
    )
    outcome.rejected += 1
