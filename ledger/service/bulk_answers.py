"""The applications that a file of licences answers, found at once: see targets.py for one.

An application that waits is answered by one licence line, and what was pending is held. Any longer
story (refused or reversed, answered before, answered twice) is told row by row: ByRows.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ledger.rules.admission import Batch, Effect, Excess, Ints
from ledger.service.applications import order_flags
from ledger.service.batches import Frame
from ledger.service.book import Book
from ledger.service.bulk_findings import Gathered
from ledger.service.columns import digest_of
from ledger.service.given_tables import detail, has, staged
from ledger.service.known_rows import ByRows
from ledger.storage.bulk import Staging
from schemas.kinds import Kind

if TYPE_CHECKING:
    import duckdb

NONE = -1


class Answers:
    """The applications by the row that answers each; what each asked for, and what is pending."""

    def __init__(self, con: duckdb.DuckDBPyConnection, staging: Staging, book: Book) -> None:
        """Look them up; needs the lock. Raises ByRows."""
        none = np.zeros(0, np.int64)
        self._seq = self._asked = none
        self._row = self._place = self._pending = none
        # What applications say of their purchase orders, by the row that answers each.
        self._ordered: dict[int, str] = {}
        if not con.execute(_ANY).fetchall():
            return
        found = staging.query(_FOUND.format(asked=staged(con, staging, "answered", _KEYS)))
        if found:
            self._keep(con, staging, book, found)

    def _keep(
        self,
        con: duckdb.DuckDBPyConnection,
        staging: Staging,
        book: Book,
        found: list[tuple[int, int, str, int | None]],
    ) -> None:
        import pyarrow as pa

        row, seq, kinds, asked = zip(*sorted(found, key=lambda one: one[1]), strict=True)
        if set(kinds) != {Kind.APPLICATION} or len(set(seq)) < len(seq):
            raise ByRows
        table = pa.table({"row": pa.array(row, pa.int64()), "seq": pa.array(seq, pa.int64())})
        staging.put("waiting", iter(table.to_batches()), table.schema)
        waiting = staging.attach("waiting")
        if staging.query(_POINTING.format(waiting=waiting)):
            raise ByRows
        largest = con.execute("SELECT max(row) FROM given").fetchall()[0][0]
        self._seq, self._asked = np.zeros((2, largest + 1), np.int64)
        at = np.array(row, np.int64)
        self._seq[at], self._asked[at] = seq, [amount or 0 for amount in asked]
        self._ordered = dict(staging.query(_ORDERED.format(waiting=waiting)))
        pending = sorted(staging.query(_PENDING.format(waiting=waiting)))
        columns = np.array(pending, np.int64).reshape(-1, 3).T
        self._row, number, self._pending = columns
        self._place = np.array(book.places(number.tolist()), np.int64)

    def answer(self, frame: Frame, batch: Batch, flags: Gathered) -> Batch:
        """Point licences at their applications, and free what was pending for these."""
        if not len(self._seq):
            return batch
        row = frame.ints("row")
        frame.target = self._seq[row]
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
                flags.add(at, *order_flags(int(quantity[at]), int(cents[at]), json.loads(said)))


_ANSWERING = f"""
    SELECT g.row, g.source, g.line, {detail("g.details", "application")} AS application
    FROM given g WHERE g.kind = '{Kind.LICENCE}' AND g.{has("application")}
    AND NOT EXISTS (SELECT 1 FROM known n WHERE n.row = g.row)
"""  # noqa: S608
_ANY = f"SELECT 1 FROM ({_ANSWERING}) LIMIT 1"  # noqa: S608
_KEY = digest_of("'application'", "source", "application", "line", "'1'")
_KEYS = f"SELECT row, {_KEY} AS key FROM ({_ANSWERING}) ORDER BY key"  # noqa: S608
_FOUND = """
    SELECT a.row, m.seq, m.kind, m.amount_mtpp FROM {asked} a
    JOIN movement_key k ON k.key = a.key JOIN movement m ON m.seq = k.seq
"""
_POINTING = "SELECT 1 FROM {waiting} w JOIN movement m ON m.target_seq = w.seq LIMIT 1"
_ORDERED = """
    SELECT w.row, m.details FROM {waiting} w JOIN movement m ON m.seq = w.seq
    WHERE m.details LIKE '%"order_%'
"""
_PENDING = """
    SELECT w.row, e.budget_no, e.pending_mtpp
    FROM {waiting} w JOIN entry e ON e.seq = w.seq WHERE e.pending_mtpp > 0
"""
