"""The shipments that a file of receipts or returns points at: found at once, kept as columns.

What targets.py looks up for one row. An assignment among them, or a transfer that moves on what
another shipment brought, makes it a longer story: then ByRows is raised.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.rules.admission import Ints
from ledger.service.book import Book
from ledger.service.bulk_known import undone
from ledger.service.bulk_shares import ENTRY, Owned, owned
from ledger.service.columns import digest_of
from ledger.service.given_tables import staged, table_of
from ledger.service.known_rows import ByRows
from ledger.service.texts import Texts
from ledger.storage.bulk import Staging
from schemas.kinds import RETURNS, Kind

if TYPE_CHECKING:
    import duckdb

NONE = -1
# No sum comes near to what 64 bits hold, so that columns need no look at each.
MOST = 2**62
# Before every other day.
_NO_DAY = -(2**62)
# Rows read at a time: as rows they take ten times the room.
_READ = 20_000
WHOLE = ("ruling_no", "consignee_no", "parent_no", "quantity", "unit_mtpp", "amount_mtpp")
TEXTS = ("destination", "consignee_hq", "parent_hq", "authorization", "chip")


class Targets:
    """The shipments pointed at, each at the place the table `d_asked` gives it.

    One more place than there are: -1, for rows that name none. `seq` is 0 where none is on file;
    whole numbers and texts are -1 for none. `day` is the number of the day of each. `received` and
    `gone` are what receipts and returns on record account for, `owned` what the shipments still
    have of budgets.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, staging: Staging, book: Book) -> None:
        """Find what the rows of `given` point at; needs the lock. Raises ByRows."""
        self._con, self._staging = con, staging
        con.execute(_ASKED)
        self.count = int(con.execute("SELECT count(*) FROM d_asked").fetchall()[0][0])
        self.seq = np.zeros(self.count + 1, np.int64)
        self._pointed = self._find()
        if self._any(_ASSIGNED) and self._any(_ASSIGNED_TO.format(pointed=self._pointed)):
            raise ByRows
        self.received, self.gone = (np.zeros(self.count + 1, np.int64) for _ in range(2))
        behind = self._pointing()
        self.whole = {name: np.full(self.count + 1, NONE, np.int64) for name in WHOLE}
        self.day = np.full(self.count + 1, _NO_DAY, np.int64)
        self.text = {name: Texts(self.count + 1) for name in TEXTS}
        self._read()
        self.owned: Owned = owned(book, self.seq, self._entries([self._pointed, *behind]))

    def _find(self) -> str:
        """Put in the number of each shipment's attempt that stands; the name of what is staged."""
        found = self._find_attempt(1, "d_asked")
        attempt, gone = 1, self._reversed(found)
        while len(gone):
            self.seq[gone] = 0
            table_of(self._con, "d_freed", {"no": gone.tolist()})
            attempt += 1
            gone = self._reversed(self._find_attempt(attempt, "d_asked JOIN d_freed USING (no)"))
        self._not_moves(np.flatnonzero(self.seq[:-1] == 0))
        on_file = np.flatnonzero(self.seq)
        return found if attempt == 1 else self._stage("pointed", on_file, self.seq[on_file])

    def _find_attempt(self, attempt: int, asked: str) -> str:
        """Put in what there is of one attempt; the name of what is staged."""
        name, keys = f"asked_for_{attempt}", _keys(attempt, asked)
        sought = staged(self._con, self._staging, name, keys)
        found = [np.zeros(0, np.int64)]
        for no, at in self._columns(_SEQS.format(asked=sought), 2):
            self.seq[no] = at
            found.append(no)
        places = np.concatenate(found)
        return self._stage(f"found_{attempt}", places, self.seq[places])

    def _reversed(self, staged: str) -> Ints:
        """The places of those that are reversed; looked for in order of seq, which is less
        work than in order of keys.
        """
        parts = self._columns(_REVERSED.format(pointed=staged), 1)
        return np.concatenate([np.zeros(0, np.int64), *(no for (no,) in parts)])

    def _not_moves(self, missing: Ints) -> None:
        """Raise ByRows where what is no shipment on file is a move."""
        if not len(missing):
            return
        table_of(self._con, "d_missing", {"no": missing.tolist()})
        if self._any(_MOVES.format(moves=staged(self._con, self._staging, "moves", _MOVE_KEYS))):
            raise ByRows

    def _any(self, sql: str) -> bool:
        return bool(self._staging.query(sql))

    def _columns(self, sql: str, count: int) -> Iterator[tuple[Ints, ...]]:
        """Whole numbers of a query, column by column, some thousand rows at a time."""
        for rows in self._staging.rows(sql, _READ):
            yield tuple(np.array(rows, np.int64).reshape(-1, count).T)

    def _stage(self, name: str, no: Ints, seq: Ints) -> str:
        """Stage movements by number, in their order, so that they are found one after the other."""
        import pyarrow as pa

        order = np.argsort(seq, kind="stable")
        table = pa.table({"seq": seq[order], "no": no[order]})
        self._staging.put(name, iter(table.to_batches()), table.schema)
        return self._staging.attach(name)

    def _pointing(self) -> list[str]:
        """Count what receipts and returns on record account for; what points there is staged."""
        nos: list[int] = []
        seqs: list[int] = []
        most = 0
        for rows in self._staging.rows(_POINTING.format(pointed=self._pointed), _READ):
            for no, seq, kind, amount in rows:
                nos.append(no)
                seqs.append(seq)
                most += amount or 0
                if kind == Kind.RECEIPT:
                    self.received[no] += amount or 0
                elif kind in RETURNS:
                    self.gone[no] += amount or 0
        if not nos:
            return []
        if most > MOST:
            raise ByRows
        return [self._stage("pointing", np.array(nos, np.int64), np.array(seqs, np.int64))]

    def _read(self) -> None:
        """Read the shipments themselves."""
        columns = ", ".join(f'm."{name}"' for name in (*WHOLE, *TEXTS, "effective_on"))
        columns += f", {_PASSED_ON}"
        joined = f"{self._pointed} p JOIN movement m ON m.seq = p.seq"
        shipments = f"SELECT p.no, {columns} FROM {joined}"  # noqa: S608
        for rows in self._staging.rows(shipments, _READ):
            places, *found, passed_on = zip(*rows, strict=True)
            if any(passed_on):
                raise ByRows  # what arrives of it hangs on the shipment whose units it moves on
            no = np.array(places, np.int64)
            for name, values in zip(WHOLE, found, strict=False):
                self.whole[name][no] = [NONE if value is None else value for value in values]
            for name, values in zip(TEXTS, found[len(WHOLE) : -1], strict=True):
                self.text[name].put(no, values)
            self.day[no] = np.array(found[-1], "datetime64[D]").astype(np.int64)

    def _entries(self, staged: Sequence[str]) -> list[tuple[Ints, ...]]:
        columns = ", ".join(f"e.{name}" for name in ENTRY)
        return [
            part
            for name in staged
            for part in self._columns(_ENTRIES.format(pointed=name, columns=columns), 6)
        ]

    def said(self, fields: Sequence[str]) -> dict[str, Texts]:
        """Fields of the shipments that have no column of their own."""
        found = {name: Texts(self.count + 1) for name in fields}
        if not fields:
            return found
        asked = " OR ".join(f"""m.details LIKE '%"{name}":%'""" for name in fields)
        joined = f"{self._pointed} p JOIN movement m ON m.seq = p.seq AND ({asked})"
        saying = f"SELECT p.no, m.details FROM {joined}"  # noqa: S608
        for rows in self._staging.rows(saying, _READ):
            no = np.array([row[0] for row in rows], np.int64)
            details: list[dict[str, Any]] = [json.loads(row[1]) for row in rows]
            for name, texts in found.items():
                texts.put(no, [one.get(name) for one in details])
        return found


_ASKED = """
    CREATE OR REPLACE TABLE d_asked AS
    SELECT source, document, line, (row_number() OVER () - 1)::BIGINT AS no
    FROM (SELECT DISTINCT source, target_document AS document, target_line AS line FROM given)
"""
# A return or a loss may name a move: its key is of another class.
_MOVE_KEY = digest_of("'transfer out'", "source", "document", "line", "'1'")
_MISSING = "d_asked JOIN d_missing USING (no)"
_MOVE_KEYS = f"SELECT {_MOVE_KEY} AS key FROM {_MISSING} ORDER BY key"  # noqa: S608
_SEQS = "SELECT a.no, k.seq FROM {asked} a JOIN movement_key k ON k.key = a.key"
_REVERSED = f"SELECT p.no FROM {{pointed}} p WHERE {undone('p.seq')}"  # noqa: S608
_MOVES = "SELECT 1 FROM {moves} a JOIN movement_key k ON k.key = a.key LIMIT 1"
_STANDS = f"s.kind = '{Kind.ASSIGNMENT}' AND s.live = 1 LIMIT 1"
_ASSIGNED = f"SELECT 1 FROM standing s WHERE {_STANDS}"  # noqa: S608
_ASSIGNED_TO = (
    "SELECT 1 FROM {pointed} p JOIN standing s ON s.subject = CAST(p.seq AS TEXT)"  # noqa: S608
    f" WHERE {_STANDS}"
)
# A reversal that stands would be of the shipment, which stands itself.
_POINTING = f"""
    SELECT p.no, m.seq, m.kind, m.amount_mtpp
    FROM {{pointed}} p JOIN movement m ON m.target_seq = p.seq
    WHERE m.kind <> '{Kind.REVERSAL}' AND NOT {undone("m.seq")}
"""  # noqa: S608
# A transfer within a country that names the shipment whose units it moves on.
_PASSED_ON = (
    f"CASE WHEN m.kind = '{Kind.IN_COUNTRY_TRANSFER}'"
    """ AND m.details LIKE '%"shipment":%' THEN 1 ELSE 0 END"""
)
_ENTRIES = "SELECT p.no, {columns} FROM {pointed} p JOIN entry e ON e.seq = p.seq"


def _keys(attempt: int, asked: str) -> str:
    """SQL of the keys of an attempt of the shipments asked for."""
    key = digest_of("'shipment'", "source", "document", "line", f"'{attempt}'")
    return f"SELECT no, {key} AS key FROM {asked} ORDER BY key"  # noqa: S608
