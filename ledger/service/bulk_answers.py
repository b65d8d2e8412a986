"""The applications that a file of licences answers, found at once: see applied_for.py for one.

An application that waits is answered by one licence line, and what was pending is held. Any longer
story (refused or reversed, answered before, answered twice) is told row by row: ByRows.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.rules.admission import Batch, Effect, Excess, Ints
from ledger.service.applications import order_flags
from ledger.service.applied_for import (
    APPLICATION,
    APPLICATION_LINE,
    Filed,
    Naming,
    meant,
    naming_of,
)
from ledger.service.batches import Frame
from ledger.service.book import Book
from ledger.service.bulk_findings import Gathered
from ledger.service.columns import digest_of
from ledger.service.day_numbers import day_text
from ledger.service.given_tables import detail, has, staged, table_of
from ledger.service.known_rows import ByRows
from ledger.service.rows import Flag
from ledger.storage.bulk import Staging
from schemas.kinds import Kind

if TYPE_CHECKING:
    import duckdb

NONE = -1
# Rows read at a time.
_READ = 20_000
# An application found: its movement, kind, amount and day.
_Found = tuple[int, str, int | None, Any]


class Answers:
    """The applications by the row that answers each; what each asked for, and what is pending."""

    def __init__(self, con: duckdb.DuckDBPyConnection, staging: Staging, book: Book) -> None:
        """Look them up; needs the lock. Raises ByRows."""
        self._con, self._staging = con, staging
        none = np.zeros(0, np.int64)
        self._seq = self._asked = self._day = none
        self._row = self._place = self._pending = none
        # What applications say of their purchase orders, by the row that answers each.
        self._ordered: dict[int, str] = {}
        # The lines filed under numbers of which a licence means none plainly.
        self._filed: dict[str, list[Filed]] = defaultdict(list)
        if not con.execute(_ANY).fetchall():
            return
        largest = con.execute("SELECT max(row) FROM given").fetchall()[0][0]
        self._seq, self._asked, self._day = np.zeros((3, largest + 1), np.int64)
        self._plainly()
        self._by_number()
        self._keep(book)

    def _plainly(self) -> None:
        """Take the line of a licence's own source that it means before all others, by its key."""
        asked = staged(self._con, self._staging, "answered", _KEYS)
        for rows in self._staging.rows(_FOUND.format(asked=asked), _READ):
            for row, *found in rows:
                self._take(row, tuple(found))

    def _take(self, row: int, found: _Found) -> None:
        seq, kind, amount, day = found
        if kind != Kind.APPLICATION:
            raise ByRows
        self._seq[row], self._asked[row] = seq, amount or 0
        self._day[row] = np.datetime64(str(day), "D").astype(np.int64)

    def _by_number(self) -> None:
        """Find those of the other licences by their numbers alone."""
        con, staging = self._con, self._staging
        table_of(con, "d_plain", {"row": [NONE, *np.flatnonzero(self._seq).tolist()]})
        asked = staged(con, staging, "numbers", _NUMBERS)
        known: dict[int, _Found] = {}
        for number, source, line, *found in staging.query(_OF_NUMBER.format(asked=asked)):
            if found[1] != Kind.APPLICATION:
                raise ByRows
            known[found[0]] = tuple(found)
            self._filed[number].append(Filed(found[0], source, line))
        if known:
            con.execute(_OTHERS)
            while rows := con.fetchmany(_READ):
                for row, source, line, number, wanted in rows:
                    line_of = meant(Naming(source, line, number, wanted), self._of(number))
                    if isinstance(line_of, Filed):
                        self._take(row, known[line_of.seq])

    def _of(self, number: str) -> Sequence[Filed]:
        return self._filed.get(number, ())

    def _keep(self, book: Book) -> None:
        import pyarrow as pa

        row = np.flatnonzero(self._seq)
        seq = self._seq[row]
        order = np.argsort(seq, kind="stable")
        if len(np.unique(seq)) < len(seq):
            raise ByRows
        others = {one.seq for filed in self._filed.values() for one in filed} - set(seq.tolist())
        if not len(seq) and not others:
            return
        rows = [*row[order].tolist(), *[NONE] * len(others)]
        seqs = [*seq[order].tolist(), *sorted(others)]
        table = pa.table({"row": pa.array(rows, pa.int64()), "seq": pa.array(seqs, pa.int64())})
        self._staging.put("waiting", iter(table.to_batches()), table.schema)
        waiting = self._staging.attach("waiting")
        if self._staging.query(_POINTING.format(waiting=waiting)):
            raise ByRows
        self._ordered = dict(self._staging.query(_ORDERED.format(waiting=waiting)))
        pending = sorted(self._staging.query(_PENDING.format(waiting=waiting)))
        self._row, number, self._pending = np.array(pending, np.int64).reshape(-1, 3).T
        self._place = np.array(book.places(number.tolist()), np.int64)

    def answer(self, frame: Frame, batch: Batch, flags: Gathered) -> Batch:
        """Point licences at their applications, and free what was pending for these."""
        if not len(self._seq):
            return batch
        row = frame.ints("row")
        frame.target = self._seq[row]
        self._flag_none(frame, flags)
        self._flag_early(frame, flags)
        self._flag_more(frame, flags)
        self._flag_orders(frame, flags)
        at = np.full(len(self._seq), NONE, np.int64)
        at[row] = np.arange(len(row))
        draws = np.flatnonzero(at[self._row] >= 0)
        rows, one = at[self._row[draws]], np.ones(len(draws), np.int64)
        more = {
            "draw_row": rows,
            "draw_budget": self._place[draws],
            "draw_official": one,
            "draw_effect": one * int(Effect.UNPEND),
            "draw_amount": self._pending[draws],
        }
        return replace(
            batch, **{name: np.concatenate([getattr(batch, name), v]) for name, v in more.items()}
        )

    def _flag_none(self, frame: Frame, flags: Gathered) -> None:
        """Flag licences that name an application and answer none."""
        said = frame.table.column("details")
        for at in np.flatnonzero(frame.target == 0).tolist():
            details = said[at].as_py()
            if details is None or f'"{APPLICATION}":' not in details:
                continue
            source, line = frame.value("source", at), frame.value("line", at)
            naming = naming_of(source, line, json.loads(details))
            found = None if naming is None else meant(naming, self._of(naming.number))
            if isinstance(found, Flag):
                flags.add(at, found)

    def _flag_early(self, frame: Frame, flags: Gathered) -> None:
        """Flag licences dated before their application was filed."""
        filed = self._day[frame.ints("row")]
        for at in np.flatnonzero((frame.target > 0) & (frame.day < filed)).tolist():
            flags.add(at, Flag("before_application", detail=day_text(int(filed[at]))))

    def _flag_more(self, frame: Frame, flags: Gathered) -> None:
        """Flag licences of more than was applied for."""
        asked: Ints = self._asked[frame.ints("row")]
        amount = frame.ints("amount_mtpp")
        over = np.flatnonzero((asked > 0) & (amount > asked))
        if len(over):
            zero = np.zeros(len(over), np.int64)
            figures = (asked[over], zero, amount[over], amount[over] - asked[over])
            code = ["more_than_applied"] * len(over)
            flags.excess(Excess(over, code, zero + NONE, *figures))

    def _flag_orders(self, frame: Frame, flags: Gathered) -> None:
        """Flag licences of more than was ordered."""
        if not self._ordered:
            return
        quantity, cents = frame.ints("quantity"), frame.ints("unit_value_cents")
        for at, row in enumerate(frame.ints("row").tolist()):
            if (said := self._ordered.get(row)) is not None:
                units = int(quantity[at])
                flags.add(at, *order_flags(units, units * int(cents[at]), json.loads(said)))


_ANSWERING = f"""
    SELECT g.row, g.source, g.line, {detail("g.details", APPLICATION)} AS application,
        {detail("g.details", APPLICATION_LINE)} AS wanted
    FROM given g WHERE g.kind = '{Kind.LICENCE}' AND g.{has(APPLICATION)}
    AND NOT EXISTS (SELECT 1 FROM known n WHERE n.row = g.row)
"""  # noqa: S608
_ANY = f"SELECT 1 FROM ({_ANSWERING}) LIMIT 1"  # noqa: S608
_KEY = digest_of("'application'", "source", "application", "coalesce(wanted, line)", "'1'")
_KEYS = f"SELECT row, {_KEY} AS key FROM ({_ANSWERING}) ORDER BY key"  # noqa: S608
_FOUND = """
    SELECT a.row, m.seq, m.kind, m.amount_mtpp, m.effective_on FROM {asked} a
    JOIN movement_key k ON k.key = a.key JOIN movement m ON m.seq = k.seq
"""
_OTHERS = f"""
    SELECT a.* FROM ({_ANSWERING}) a ANTI JOIN d_plain p ON p.row = a.row
"""  # noqa: S608
_NUMBERS = f"SELECT DISTINCT application FROM ({_OTHERS}) ORDER BY application"  # noqa: S608
_OF_NUMBER = f"""
    SELECT m.document, m.source, m.line, m.seq, m.kind, m.amount_mtpp, m.effective_on
    FROM {{asked}} a JOIN movement m ON m.document = a.application
    WHERE m.kind IN ('{Kind.APPLICATION}', '{Kind.REFUSAL}') ORDER BY m.seq
"""  # noqa: S608
# Of those that none answers here it only matters whether they were reversed.
_POINTING = f"""
    SELECT 1 FROM {{waiting}} w JOIN movement m ON m.target_seq = w.seq
    WHERE w.row >= 0 OR m.kind = '{Kind.REVERSAL}' LIMIT 1
"""  # noqa: S608
_ORDERED = """
    SELECT w.row, m.details FROM {waiting} w JOIN movement m ON m.seq = w.seq
    WHERE w.row >= 0 AND m.details LIKE '%"order_%'
"""
_PENDING = """
    SELECT w.row, e.budget_no, e.pending_mtpp
    FROM {waiting} w JOIN entry e ON e.seq = w.seq WHERE w.row >= 0 AND e.pending_mtpp > 0
"""
