"""Licence lines for columns: those drawn on, found at once; those licensed, opened at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.rules.admission import Batch, Effect, Ints, Lines
from ledger.service.batches import Frame
from ledger.service.book import Book
from ledger.service.columns import Prepared, place_column
from ledger.service.lines import LICENSED, OUTSIDE, LineBook, line_flags
from ledger.service.rows import Flag
from ledger.storage.bulk import Staging, columns_of
from schemas.kinds import Kind

if TYPE_CHECKING:
    import duckdb

_AT = {name: place for place, name in enumerate(columns_of("licence_line"))}
_FAR = np.int64(2**31)


class BulkLines:
    """The licence lines a file draws on, by the place the table `d_line` gives them."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        staging: Staging,
        prepared: Prepared,
        book: Book,
    ) -> None:
        self.staging, self.prepared, self.book = staging, prepared, book
        self.line_book = LineBook(book.cursor, book)
        found = _find(con, staging)
        codes = [{code for code, _ in ruled.ruling.findings} for ruled in prepared.ruled]
        self._outside = np.array([OUTSIDE in found for found in codes], bool)
        self._place = np.full(_count(con) + 1, -1, np.int64)
        lines = [line for line, _, _ in found]
        self.line_book.load(lines)
        for place, (_, at, _) in enumerate(found):
            self._place[at] = place
        self.issued_on = [issued for _, _, issued in found]
        self.budget_places = self._budgets(lines)
        self._named = _Named(prepared, lines, self.issued_on)

    @property
    def lines(self) -> Lines:
        """The lines' figures, by place."""
        return self.line_book.lines

    def _budgets(self, lines: list[tuple[Any, ...]]) -> Ints:
        numbers = [line[_AT["budget_no"]] for line in lines]
        known = sorted({n for n in numbers if n is not None})
        places = dict(zip(known, self.book.places(known), strict=True))
        return place_column([None if n is None else places[n] for n in numbers])

    def _asked(self, frame: Frame) -> Ints:
        """Which line each movement asks for by the number of `d_line`, -1 for none."""
        asked: Ints = np.where(
            self._outside[frame.ints("ruling_at")], -1, frame.ints("line_at", -1)
        )
        return asked

    def places(self, frame: Frame) -> Ints:
        """The place of each movement's line, -1 for none or not on file; targets are filled in."""
        at = self._asked(frame)
        place: Ints = np.where(at >= 0, self._place[at], -1)
        if len(self.line_book.stored):
            seqs = place_column([line[_AT["seq"]] for line in self.line_book.stored])
            frame.target = np.where(place >= 0, seqs[place], frame.target)
        self.line_book.moved(np.unique(place[place >= 0]).tolist())
        return place

    def flag(self, frame: Frame, flags: dict[int, list[Flag]]) -> None:
        """Flag draws on licences that are not on file or name something else."""
        at = self._asked(frame)
        place = np.where(at >= 0, self._place[at], -1)
        for row in np.flatnonzero((at >= 0) & (place < 0)).tolist():
            licence = frame.table.column("licence")[row].as_py()
            flags.setdefault(row, []).append(Flag("licence_not_on_file", detail=licence))
        under = np.flatnonzero(place >= 0)
        if not len(under):
            return
        for row in under[self._named.differ(frame, under, place[under])].tolist():
            line = dict(zip(_AT, self.line_book.stored[int(place[row])], strict=True))
            found = line_flags(
                line,
                day=frame.table.column("day_text")[row].as_py(),
                issued_on=self.issued_on[int(place[row])],
                chip=frame.table.column("chip")[row].as_py(),
                destination=frame.table.column("destination")[row].as_py(),
                consignee_no=_no(frame.consignee_no, row),
            )
            if found:
                flags.setdefault(row, []).extend(found)

    def open(self, frame: Frame, batch: Batch, budget_no: Ints) -> None:
        """Stage the licence lines that a batch of licences opens."""
        import pyarrow as pa

        if frame.table.column("kind")[0].as_py() != Kind.LICENCE:
            return
        budget = np.full(frame.count, -1, np.int64)
        holds = batch.draw_effect == Effect.HOLD
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
            "expires_on": frame.table.column("expires_text"),
            "exporter_no": pa.array(frame.exporter_no, mask=frame.exporter_no < 0),
            "lapsed_mtpp": zero,
            "back_mtpp": zero,
            "gone_quantity": zero,
            "state": pa.array(["open"] * frame.count),
            "closed_on": pa.nulls(frame.count, pa.string()),
        }
        table = pa.table({name: made[name] for name in columns_of("licence_line")})
        self.staging.append("licence_line", table)

    def write(self) -> None:
        """Write the lines as they now stand."""
        self.line_book.write([])


class _Named:
    """What the lines name, as columns, to find the draws that differ without a look at each."""

    def __init__(
        self,
        prepared: Prepared,
        lines: list[tuple[Any, ...]],
        issued_on: list[str],
    ) -> None:
        chips = {chip: n for n, chip in enumerate(prepared.chips)}
        countries = {code: n for n, code in enumerate(prepared.countries)}
        self.chip = place_column([chips.get(line[_AT["chip"]], -2) for line in lines])
        self.destination = place_column(
            [countries.get(line[_AT["destination"]], -2) for line in lines]
        )
        self.consignee = place_column([line[_AT["consignee_no"]] for line in lines])
        self.expires = place_column([_days(line[_AT["expires_on"]], _FAR) for line in lines])
        self.issued = place_column([_days(day, np.int64(0)) for day in issued_on])
        self.live = place_column([line[_AT["live"]] for line in lines])

    def differ(self, frame: Frame, rows: Ints, place: Ints) -> Any:
        """Which of the draws may differ from their line."""
        chip = frame.ints("chip_at", -1)[rows]
        destination = frame.ints("destination_at", -1)[rows]
        day = frame.day[rows]
        return (
            ((chip >= 0) & (chip != self.chip[place]))
            | (destination != self.destination[place])
            | (frame.consignee_no[rows] != self.consignee[place])
            | (day > self.expires[place])
            | (day < self.issued[place])
            | (self.live[place] == 0)
        )


def _days(day: Any, none: np.int64) -> int:
    return int(none) if day is None else int(np.datetime64(str(day), "D").astype(np.int64))


def _no(numbers: Ints, row: int) -> int | None:
    number = int(numbers[row])
    return None if number < 0 else number


def _count(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("SELECT count(*) FROM d_line").fetchall()[0][0])


def _find(
    con: duckdb.DuckDBPyConnection, staging: Staging
) -> list[tuple[tuple[Any, ...], int, str]]:
    """The lines on file among those asked for: the stored line, its place asked, its issue day."""
    if not _count(con):
        return []
    reader = (
        con.cursor()
        .sql(
            "SELECT no::BIGINT AS no, on_licence AS licence, on_line AS line FROM d_line"
            " ORDER BY on_licence, on_line"
        )
        .to_arrow_reader(1 << 16)
    )
    staging.put("asked", reader, reader.schema)
    columns = ", ".join(f'l."{name}"' for name in _AT)
    rows = staging.query(
        f"SELECT {columns}, a.no, m.effective_on FROM {staging.attach('asked')} a"  # noqa: S608
        " JOIN licence_line l ON l.licence = a.licence AND l.line = a.line"
        " JOIN movement m ON m.seq = l.seq ORDER BY l.seq"
    )
    found: dict[int, tuple[tuple[Any, ...], int, str]] = {}
    for row in rows:
        line, at, issued = tuple(row[: len(_AT)]), row[-2], str(row[-1])
        if at not in found or line[_AT["live"]]:
            found[at] = (line, at, issued)
    return list(found.values())


__all__ = ["LICENSED", "BulkLines"]
