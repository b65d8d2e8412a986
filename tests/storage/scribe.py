"""A small writer of consistent ledgers for the tests of the store, apart from the service's own.

It keeps every movement in memory and works the derived tables out anew each time, slowly and by
the plain words of schemas/tables.py.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, update

from ledger.storage import chain
from ledger.storage.store import Store
from schemas import tables as t
from schemas.kinds import SHIPMENTS

DAY = date(2025, 6, 2)


@dataclass
class Moved:
    """A movement to record: entries as (budget_no, official, five amounts), findings as fields."""

    kind: str
    document: str
    on: date = DAY
    entries: Sequence[tuple[int, ...]] = ()
    findings: Sequence[tuple[Any, ...]] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    seq: int = 0


def moved(kind: str, document: str, *entries: tuple[int, ...], **fields: Any) -> Moved:
    """A movement with its entries; `on` and `findings` may stand among the fields."""
    on, findings = fields.pop("on", DAY), fields.pop("findings", ())
    return Moved(kind, document, on, entries, findings, fields)


class Scribe:
    """Writes submissions into a store, and knows what it wrote."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.parties: dict[str, int] = {}
        self.written: list[Moved] = []

    def submit(
        self,
        *movements: Moved,
        budgets: Iterable[tuple[Any, ...]] = (),
        rulings: Iterable[tuple[Any, ...]] = (),
        texts: Iterable[tuple[str, str]] = (),
        steps: Iterable[tuple[Any, ...]] = (),
        note: str | None = None,
    ) -> str:
        """Record one submission and return its digest; rows of the annex without `submission`."""
        with self.store.writing() as turn:
            head, connection = turn.head, turn.connection
            number = head.last_submission + 1
            names = [m.fields.get(n) for m in movements for n in ("exporter", "consignee")]
            fresh = sorted({n for n in names if n} - self.parties.keys())
            parties = [(len(self.parties) + i, n, n.lower()) for i, n in enumerate(fresh, 1)]
            self.parties |= {name: no for no, name, _ in parties}
            annex = {
                "party": parties,
                "budget": sorted(budgets),
                "budget_step": sorted(steps),
                "ruling": sorted(rulings),
                "text": sorted(texts),
            }
            for name, rows in annex.items():
                put(connection, t.metadata.tables[name], [(*row, number) for row in rows])
            root = self._write(connection, movements, head.last_seq, number)
            facts = (number, head.last_seq + 1, len(movements), _now(head.last_recorded_at), "me")
            digest_of = chain.annex_digest((n, *row) for n, rows in annex.items() for row in rows)
            header = (*facts, "import", "a.csv", None, note, root, digest_of)
            digest = chain.submission_digest(head.ledger_id, header, head.digest)
            put(connection, t.submission, [(*header, digest)])
            connection.execute(
                update(t.head).values(
                    last_seq=head.last_seq + len(movements),
                    last_submission=number,
                    last_recorded_at=header[3],
                    digest=digest,
                )
            )
            self._derive(connection)
        return digest

    def _write(
        self, connection: Connection, movements: Sequence[Moved], last: int, number: int
    ) -> str:
        tree = chain.Tree()
        for seq, m in enumerate(movements, last + 1):
            m.seq = seq
            f = m.fields
            row = [
                self.parties.get(f.get(c.name.removesuffix("_no"), ""), f.get(c.name))
                if c.name in ("exporter_no", "consignee_no")
                else f.get(c.name)
                for c in t.movement.columns
            ][8:]
            given = (f.get("source", "books"), m.document, f.get("line", "1"))
            facts = [m.kind, m.on, f.get("expires_on"), *given, f.get("attempt", 1)]
            put(connection, t.movement, [(seq, number, *facts, *row[1:])])
            put(connection, t.entry, [(seq, *e) for e in m.entries])
            put(connection, t.finding, [(seq, n, *g) for n, g in enumerate(m.findings, 1)])
            key = chain.key_digest(m.kind, *given, f.get("attempt", 1))
            content = {**f, "kind": m.kind, "effective_on": m.on}
            said = chain.content_digest([content.get(name) for name in chain.CONTENT_FIELDS])
            put(connection, t.movement_key, [(key, said, seq)])
            tree.add(chain.leaf_digest(chain.leaf_text((*facts, *row[1:]), m.entries, m.findings)))
            self.written.append(m)
        return tree.root().hex()

    def _derive(self, connection: Connection) -> None:
        for table in t.DERIVED:
            connection.execute(delete(table))
        put(connection, t.balance, self._balances())
        put(connection, t.balance_day, [(*k, *n) for k, n in self._days().items()])
        put(connection, t.licence_line, self._lines())
        put(connection, t.standing, self._standing())

    def _balances(self) -> list[tuple[Any, ...]]:
        sums: dict[int, list[Any]] = defaultdict(lambda: [0] * 6 + [None])
        for m in self.written:
            for budget, official, *amounts in m.entries:
                at = sums[budget]
                if not official:
                    at[5] += sum(amounts[2:])
                    continue
                at[:5] = [a + b for a, b in zip(at[:5], amounts, strict=True)]
                if amounts[0] or sum(amounts[2:]) < 0 or amounts[1] < 0:
                    at[6] = max(at[6] or m.on, m.on)
        return [(budget, *row) for budget, row in sums.items()]

    def _days(self) -> dict[tuple[int, date], list[int]]:
        days: dict[tuple[int, date], list[int]] = defaultdict(lambda: [0, 0, 0])
        for m in self.written:
            for budget, official, adjustment, pending, *amounts in m.entries:
                if official:
                    more = (pending + sum(amounts) - adjustment, pending, adjustment)
                    known = days[budget, m.on]
                    days[budget, m.on] = [a + b for a, b in zip(known, more, strict=True)]
        return days

    def _standing(self) -> list[tuple[Any, ...]]:
        """Adoptions alone; whoever writes other acts adds theirs."""
        return [
            (m.seq, m.kind, json.loads(m.fields["details"])["regime_key"], None, m.on, None, 1)
            for m in self.written
            if m.kind == "adoption" and "regime_key" in m.fields.get("details", "")
        ]

    def _lines(self) -> list[tuple[Any, ...]]:
        dead: set[int] = set()
        for m in reversed(self.written):
            if m.kind == "reversal" and m.seq not in dead:
                dead.add(m.fields["target_seq"])
        rows = []
        for m in (m for m in self.written if m.kind == "licence"):
            f = m.fields
            used = [0, 0, 0]
            for s in self.written:
                under = s.kind in SHIPMENTS and s.fields.get("target_seq") == m.seq
                if under and s.seq not in dead:
                    used = [a + b for a, b in zip(used, _drawn(s), strict=True)]
            live = m.seq not in dead
            _, amount, value = _drawn(m)
            held = max(amount - used[1], 0) if live else 0
            party = self.parties.get(f.get("consignee", ""))
            sizes = (f.get("quantity"), amount, value if f.get("unit_value_cents") else None)
            line = (m.seq, m.document, f.get("line", "1"), m.entries[0][0], *sizes, *used, held)
            tail = (int(live), f.get("chip"), f.get("destination"), party, f.get("expires_on"))
            exporter = self.parties.get(f.get("exporter", ""))
            rows.append((*line, *tail, exporter, 0, 0, 0, "open", None))
        return rows


def _drawn(m: Moved) -> list[int]:
    f = m.fields
    quantity = f.get("quantity") or 0
    return [quantity, f.get("amount_mtpp") or 0, quantity * (f.get("unit_value_cents") or 0)]


def _now(last: str) -> str:
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return max(now, last)


def put(connection: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows given in the order of the table's columns."""
    if rows:
        names = table.columns.keys()
        connection.execute(insert(table), [dict(zip(names, r, strict=True)) for r in rows])


POLAND = (1, "country", "PL", "Poland", "2025-2027", date(2025, 1, 1), date(2027, 12, 31))
ACME = (2, "lpp", "acme", "Acme", "2025", date(2025, 1, 1), date(2025, 12, 31))
H100 = {"chip": "nvidia/h100", "unit_mtpp": 15_824_000, "destination": "PL", "exporter": "Maker"}
TEN = {"quantity": 10, "amount_mtpp": 158_240_000, "unit_value_cents": 3_000_000}
FOUR = {"quantity": 4, "amount_mtpp": 63_296_000, "unit_value_cents": 3_000_000}
LICENSED = {**H100, "consignee": "Acme", "authorization": "licence"}
UNDER_D1 = {**LICENSED, **FOUR, "licence": "D1", "licence_line": "1", "target_seq": 2}
DRAWN = (1, 1, 0, 0, -63_296_000, 63_296_000, 0)


def small_ledger(store: Store) -> list[str]:
    """Three submissions with something in every table; the digests they ended with."""
    scribe = Scribe(store)
    first = scribe.submit(
        moved("adoption", "regime", details='{"regime_key":"first"}'),
        budgets=[(*POLAND, 790_000_000_000, "shipped"), (*ACME, 26_900_000_000, "shipped")],
        rulings=[(1, "aa", '{"draws":["country"]}'), (2, "bb", '{"draws":[]}')],
        texts=[("d1", "the regime\n"), ("d2", 'the catalogue, "quoted"\r\n')],
        steps=[
            (2, date(2025, 1, 1), "2025 Q1", 26_900_000_000),
            (2, date(2025, 4, 1), "2025 Q2", 30_000_000_000),
        ],
        note="init",
    )
    licence = {**LICENSED, **TEN, "ruling_no": 1, "expires_on": date(2029, 6, 1)}
    unlicensed = {**H100, "consignee": "Acme Ltd", "quantity": 1, "amount_mtpp": 15_824_000}
    second = scribe.submit(
        moved("licence", "D1", (1, 1, 0, 0, 158_240_000, 0, 0), **licence),
        moved("export", "E1", DRAWN, **UNDER_D1),
        moved(
            "export",
            "E2",
            (1, 0, 0, 0, 0, 15_824_000, 0),
            (2, 1, 0, 0, 0, 15_824_000, 0),
            findings=[
                ("no_authorization", 1, 790_000_000_000, 0, 15_824_000, None, "ECCN 3A090"),
                ("before_regime", None, None, None, None, None, None),
            ],
            **unlicensed,
            authorization="none",
            ruling_no=2,
        ),
    )
    over = ("over_limit", 2, 26_900_000_000, 15_824_000, 27_000_000_000, 7, "x")
    back = (1, 1, 0, 0, 63_296_000, -63_296_000, 0)
    third = scribe.submit(
        moved("uplift", "FR1", (1, 1, 9_000, 0, 0, 0, 0), amount_mtpp=9_000),
        moved("refusal", "A1", findings=[over], **H100, quantity=9, amount_mtpp=142_416_000),
        moved("reversal", "R1", back, target_seq=3, details='{"reason":"typed twice, Größe"}'),
        moved("export", "E3", DRAWN, **UNDER_D1),
        moved("receipt", "E3", **{**H100, **FOUR, "target_seq": 8, "details": '{"shipment":"E3"}'}),
    )
    return [first, second, third]
