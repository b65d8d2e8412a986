"""Licence lines for columns: those drawn on, found at once; those licensed, opened at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.rules.admission import Batch, Effect, Ints, Lines
from ledger.service.batches import Frame
from ledger.service.book import Book
from ledger.service.bulk_findings import Gathered
from ledger.service.columns import Prepared, place_column
from ledger.service.day_numbers import day_of, days_number
from ledger.service.given_tables import staged, table_of
from ledger.service.last_days import own_last_days
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
from ledger.service.lines import FIGURES, MOVED, OUTSIDE, also_held
from ledger.service.rows import Flag
from ledger.service.texts import Texts
from ledger.storage.bulk import Staging
from ledger.storage.staged import columns_of
from schemas import tables as t
from schemas.kinds import SENT, Kind

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_FAR = 2**31
# Lines read at a time: as rows they take ten times the room.
_READ = 5_000
# And that are written, since of many a whole column more would take its room.
_TOLD = 1 << 16


class BulkLines:
    """The licence lines a file draws on, each at the place the table `d_line` gives it."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        staging: Staging,
        prepared: Prepared,
        book: Book,
        rules: LineRules,
    ) -> None:
        self.staging, self.prepared, self.book = staging, prepared, book
        self.rules = rules
        self.stored = stored = _StoredLines(con, staging)
        self.acts = acts_of(book.cursor.find(t.standing, "kind", STANDING))
        acted = _acted(con, self.acts)
        self._acted = np.zeros(len(stored.seq), bool)
        self._acted[[no for no, subject in acted if not self.acts[subject].only_amended]] = True
        # The last day of a line that was amended hangs on the day: its own by place, and of all
        # lines the earliest it may be.
        amended = {no: self.acts[by].amendments for no, by in acted if self.acts[by].amendments}
        self._own_last = self._own_last_days(amended)
        self._earliest = np.full(len(stored.seq) if amended else 1, _FAR)
        for no, own in self._own_last.items():
            every = (own, *(last for _, _, last, _ in amended[no]))
            self._earliest[no] = min((_number(last) for last in every if last), default=_FAR)
        outside = [
            OUTSIDE in dict(ruled.ruling.findings) and not ruled.looks_back
            for ruled in prepared.ruled
        ]
        # The last is that of what has no ruling: receipts of shipments that are not on file.
        self._outside = np.array([*outside, False], bool)
        cases = [ruled.ruling.case for ruled in prepared.ruled]
        claims = [c.kind in SENT and c.authorization in rules.claimed for c in cases]
        self._claims = np.array(claims, bool) & ~self._outside[:-1]
        self._years = np.array([ruled.ruling.years for ruled in prepared.ruled], np.int64)
        # The lines' figures, by place.
        self.lines = Lines(*(stored.whole[name] for name in FIGURES))
        self._moved = np.zeros(len(stored.seq), bool)
        first = stored.whole["budget_no"]
        beside = _beside(book, stored.seq, first) if rules.several else []
        # The places of the budgets the lines hold on: of the first, and of those beside it.
        self.budget_places = [_places(book, numbers) for numbers in (first, *beside)]
        # Which destinations' licences are suspended on some day, by the code of the text.
        self._closing = stored.text["destination"].among(rules.closures)

    def places(self, frame: Frame) -> Ints:
        """The place of each movement's line, -1 for none or not on file; targets are filled in."""
        at = self._asked(frame)
        place: Ints = np.where(self.stored.seq[at] > 0, at, -1)
        frame.target = np.where(place >= 0, self.stored.seq[place], frame.target)
        self._moved[place[place >= 0]] = True
        return place

    def _asked(self, frame: Frame) -> Ints:
        """Which line each movement asks for by the number of `d_line`, -1 for none."""
        asked: Ints = np.where(
            self._outside[frame.ints("ruling_at", -1)], -1, frame.ints("line_at", -1)
        )
        return asked

    def issued_no(self, places: Ints) -> Ints:
        """The days on which lines were issued, by place; 0 where there is none."""
        return self.stored.text["issued_on"].days(places, 0)

    def flag(self, frame: Frame, flags: Gathered) -> None:
        """Flag draws on licences that are not named, not on file, or name something else."""
        claims = self._claims[frame.ints("ruling_at")] & (frame.ints("behind") == 0)
        unnamed = np.flatnonzero(claims & (frame.ints("line_at", -1) < 0))
        flags.of_all(unnamed, Flag("licence_not_named"))
        at, column = self._asked(frame), frame.table.column
        on_file = self.stored.seq[at] > 0
        off_file = np.flatnonzero((at >= 0) & ~on_file)

        def not_on_file(place: int) -> Flag:
            detail = column("licence")[int(off_file[place])].as_py()
            return Flag("licence_not_on_file", detail=detail)

        flags.by_value(off_file, at[off_file], not_on_file)
        under = np.flatnonzero((at >= 0) & on_file)
        for row in under[self._differ(frame, under, at[under])].tolist():
            line, drawn = self._line(frame, row, int(at[row])), self._under(frame, row)
            terms = self._terms(line, int(at[row]), drawn.day)
            flags.add(row, *line_flags(line, drawn, terms))

    def _line(self, frame: Frame, row: int, place: int) -> dict[str, Any]:
        """The line a movement draws on, by the name the movement gives it."""
        licence, line = (frame.table.column(n)[row].as_py() for n in ("licence", "licence_line"))
        return self.stored.line(place) | {"licence": licence, "line": line or "1"}

    def _under(self, frame: Frame, row: int) -> Under:
        names = ("kind", "day_text", "chip", "destination")
        kind, day, chip, destination = (frame.table.column(n)[row].as_py() for n in names)
        consignee, exporter = (
            self._key_of(_no(numbers, row)) for numbers in (frame.consignee_no, frame.exporter_no)
        )
        return Under(kind, day, chip, destination, consignee, exporter)

    def _terms(self, line: dict[str, Any], place: int, day: str) -> Terms:
        acts, last = self._acts_on(line), line["expires_on"]
        if place in self._own_last:
            last = acts.last_day(day, self._own_last[place])
        exporter_no = line["exporter_no"]
        if acts.transfers:  # the line has the last one's; at first it was the licence's own
            (issue,) = self.book.cursor.find(t.movement, "seq", [int(self.stored.seq[place])])
            exporter_no = issue[t.movement.columns.keys().index("exporter_no")]
        consignee, exporter = self._key_of(line["consignee_no"]), self._key_of(exporter_no)
        return Terms(line["issued_on"], exporter, consignee, last, acts, self.rules)

    def _own_last_days(self, places: Iterable[int]) -> dict[int, str | None]:
        """The last days of lines before any amendment, by place; those on file."""
        seqs = {no: int(self.stored.seq[no]) for no in places if self.stored.seq[no] > 0}
        found = own_last_days(self.book.cursor, seqs.values())
        return {no: found[seq] for no, seq in seqs.items()}

    def _acts_on(self, line: dict[str, Any]) -> LineActs:
        return self.acts.get(subject_of(line["licence"], line["line"])) or LineActs()

    def _key_of(self, number: int | None) -> str | None:
        return None if number is None else self.book.party_key(number)

    def flag_late(self, frame: Frame, late: Ints, flags: Gathered) -> None:
        """Flag draws that took of a part of their line which had ended."""
        at = self._asked(frame)
        for row in np.flatnonzero(late).tolist():
            line = self._line(frame, row, int(at[row]))
            day = frame.table.column("day_text")[row].as_py()
            if flag := late_flag(line, self._acts_on(line), day):
                flags.add(row, flag)

    def _differ(self, frame: Frame, rows: Ints, place: Ints) -> Any:
        """Which of the draws may differ from their line, told without a look at each."""
        stored, day = self.stored, frame.day[rows]
        chip, destination = (frame.ints(name, -1)[rows] for name in ("chip_at", "destination_at"))
        chips = stored.text["chip"].codes_of(self.prepared.chips)
        countries = stored.text["destination"].codes_of(self.prepared.countries)
        return (
            ((chip >= 0) & (chips[chip] != stored.text["chip"].codes[place]))
            | (countries[destination] != stored.text["destination"].codes[place])
            | (frame.consignee_no[rows] != stored.whole["consignee_no"][place])
            | (frame.exporter_no[rows] != stored.whole["exporter_no"][place])
            | (day >= stored.text["closed_on"].days(place, _FAR))
            | self._acted[place]
            | self._closing[stored.text["destination"].codes[place]]
            | (day > self._last_no(place))
            | (day < self.issued_no(place))
        )

    def _last_no(self, places: Ints) -> Ints:
        """The days after which lines may have lapsed: of those amended the earliest of any."""
        last = self.stored.text["expires_on"].days(places, _FAR)
        return np.minimum(last, self._earliest[places]) if self._own_last else last

    def open(self, frame: Frame, batch: Batch, budget_no: Ints) -> None:
        """Stage the licence lines that a batch of licences opens."""
        import pyarrow as pa

        if frame.table.column("kind")[0].as_py() != Kind.LICENCE:
            return
        budget = np.full(frame.count, -1, np.int64)
        # A row's first draw is written last: it is the one its line is kept with.
        holds = np.flatnonzero(batch.draw_effect == Effect.HOLD)[::-1]
        budget[batch.draw_row[holds]] = budget_no[batch.draw_budget[holds]]
        zero = np.zeros(frame.count, np.int64)
        value, amount = batch.value, frame.ints("amount_mtpp")
        made: dict[str, Any] = {
            "seq": np.arange(frame.first_seq, frame.first_seq + frame.count),
            "licence": frame.table.column("document"),
            "line": frame.table.column("line"),
            "budget_no": pa.array(budget, mask=budget < 0),
            "quantity": frame.table.column("quantity"),
            "amount_mtpp": amount,
            "value_cents": pa.array(value, mask=value == 0),
            "used_quantity": zero,
            "used_mtpp": zero,
            "used_value_cents": zero,
            "held_mtpp": amount,
            "live": zero + 1,
            "chip": frame.table.column("chip"),
            "destination": frame.table.column("destination"),
            "consignee_no": pa.array(frame.consignee_no, mask=frame.consignee_no < 0),
            "expires_on": self._last_days(frame),
            "exporter_no": pa.array(frame.exporter_no, mask=frame.exporter_no < 0),
            "lapsed_mtpp": zero,
            "back_mtpp": zero,
            "gone_quantity": zero,
            "state": pa.array(["open"] * frame.count),
            "closed_on": pa.nulls(frame.count, pa.string()),
        }
        table = pa.table({name: made[name] for name in columns_of("licence_line")})
        self.staging.append({"licence_line": table})

    def _last_days(self, frame: Frame) -> Any:
        """The last day of each licence: as it says or, where it does not, as it was ruled."""
        import pyarrow as pa
        import pyarrow.compute as pc

        given = frame.table.column("expires_text").combine_chunks()
        years = np.where(given.is_null(), self._years[frame.ints("ruling_at")], 0)
        if not years.any():
            return given
        each, which = np.unique(
            np.stack([frame.ints("ruling_at"), frame.day], axis=1)[years > 0],
            axis=0,
            return_inverse=True,
        )
        ruled = [self.prepared.ruled[at].ruling.last_day(day_of(day)) for at, day in each.tolist()]
        place = np.full(frame.count, -1, np.int64)
        place[years > 0] = which.reshape(-1)
        filled = pa.array(map(str, ruled)).take(pa.array(place, mask=place < 0))
        return pc.coalesce(given, filled)

    def moved(self) -> dict[str, pa.RecordBatchReader]:
        """The lines that were drawn on, as they now stand, by table: nothing where none were."""
        import pyarrow as pa

        moved = np.flatnonzero(self._moved)
        figures = dict(zip(FIGURES, (getattr(self.lines, n) for n in Lines.__slots__), strict=True))
        columns = {"seq": self.stored.seq} | {name: figures[name] for name in MOVED}
        schema = pa.schema([(name, pa.int64()) for name in columns])
        parts = (moved[begin : begin + _TOLD] for begin in range(0, len(moved), _TOLD))
        each = ([column[part] for column in columns.values()] for part in parts)
        batches = (pa.record_batch(values, schema=schema) for values in each)
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        return {"licence_line": reader} if len(moved) else {}


def _places(book: Book, numbers: Ints) -> Ints:
    """The places of budgets by number, -1 for none."""
    each = np.unique(numbers)
    known = each[each >= 0].tolist()
    places = place_column([*[None] * (len(each) - len(known)), *book.places(known)])
    found: Ints = places[np.searchsorted(each, numbers)]
    return found


def _beside(book: Book, seqs: Ints, first: Ints) -> list[Ints]:
    """The numbers of further budgets that the licences of these seqs hold on, turn by turn."""
    others = also_held(book, dict(zip(seqs.tolist(), first.tolist(), strict=True)))
    turns = max((len(more) for more in others.values()), default=0)
    return [
        place_column([(others.get(seq, []) + [None] * turns)[turn] for seq in seqs.tolist()])
        for turn in range(turns)
    ]


class _StoredLines:
    """The lines that stand among those a file asks for, column by column; `seq` 0 for none.

    One more place than `d_line` has numbers: -1, for movements that ask for none.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, staging: Staging) -> None:
        count = int(con.execute("SELECT count(*) FROM d_line").fetchall()[0][0])
        self.whole = {name: np.full(count + 1, none, np.int64) for name, none in _WHOLE.items()}
        self.text = {name: Texts(count + 1) for name in _TEXT}
        self.seq: Ints = np.zeros(count + 1, np.int64)
        if count:
            for rows in _find(con, staging):
                self._keep(rows)

    def _keep(self, rows: Sequence[tuple[Any, ...]]) -> None:
        columns = dict(zip((*_WHOLE, *_TEXT, "seq", "no"), zip(*rows, strict=True), strict=True))
        at = np.array(columns["no"], np.int64)
        self.seq[at] = np.array(columns["seq"], np.int64)
        for name, column in self.whole.items():
            column[at] = np.array(columns[name], np.int64)
        for name, texts in self.text.items():
            texts.put(at, columns[name])

    def line(self, place: int) -> dict[str, Any]:
        """One line, as it is stored."""
        numbers = {name: int(column[place]) for name, column in self.whole.items()}
        known = {name: None if number < 0 else number for name, number in numbers.items()}
        return known | {name: texts.at(place) for name, texts in self.text.items()}


_COLUMNS = [c for c in t.licence_line.columns if c.name not in ("seq", "licence", "line")]
# What stands for NULL in each column of whole numbers.
_WHOLE = {
    c.name: 0 if c.name in FIGURES else -1 for c in _COLUMNS if issubclass(c.type.python_type, int)
}
_TEXT = (*(c.name for c in _COLUMNS if c.name not in _WHOLE), "issued_on")


def _find(con: duckdb.DuckDBPyConnection, staging: Staging) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The lines that stand among those asked for, some thousand at a time: one of each name."""
    named = "no::BIGINT AS no, on_licence AS licence, on_line AS line"
    sought = f"SELECT {named} FROM d_line ORDER BY on_licence, on_line"  # noqa: S608
    whole = (f'coalesce(l."{name}", {none})' for name, none in _WHOLE.items())
    columns = ", ".join((*whole, *(f'l."{name}"' for name in _TEXT[:-1])))
    joined = (
        f"{staged(con, staging, 'asked', sought)} a"
        " JOIN licence_line l ON l.licence = a.licence AND l.line = a.line AND l.live = 1"
        " JOIN movement m ON m.seq = l.seq"
    )
    found = f"SELECT {columns}, m.effective_on, l.seq, a.no FROM {joined}"  # noqa: S608
    return staging.rows(found, _READ)


def _acted(con: duckdb.DuckDBPyConnection, acts: Collection[str]) -> list[tuple[int, str]]:
    """The lines asked for that some act on record is about: place and subject."""
    if not acts:
        return []
    table_of(con, "acted", {"subject": list(acts)})
    return con.execute(
        "SELECT no, subject FROM d_line JOIN acted ON subject = on_licence || chr(31) || on_line"
    ).fetchall()


def _number(day: str) -> int:
    return days_number(date.fromisoformat(day))


def _no(numbers: Ints, row: int) -> int | None:
    number = int(numbers[row])
    return None if number < 0 else number
