"""Ledgers for the tests of the copy, written row by row into the store's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from ledger.storage.store import Store, create, open_store
from schemas import tables as t
from schemas.columnar import SEGMENTS

DAY = date(2025, 1, 1)
# Declarations that reports read by whom they are about.
ABOUT_PARTIES = ("ownership", "party_merged", "installed_base", "certificate", "notice")


@dataclass
class Ledger:
    """A ledger that grows by submissions of given kinds; each movement has one entry."""

    url: str

    @classmethod
    def made(cls, url: str) -> Ledger:
        """An empty one, with two parties and two budgets in its first submission."""
        create(url).close()
        ledger = cls(url)
        ledger.grow(["adoption"])
        return ledger

    def grow(
        self, kinds: Sequence[str], targets: dict[int, int] | None = None, said: str = ""
    ) -> None:
        """Add a submission. `targets`: place in `kinds` to the seq it points at; `said` is told in
        the details of each, behind its seq.
        """
        with open_store(self.url) as store, store.writing() as turn:
            run, head = turn.connection.execute, turn.head
            number, first = head.last_submission + 1, head.last_seq + 1
            seqs = range(first, first + len(kinds))
            pairs = list(zip(seqs, kinds, strict=True))
            marks = {first + place: target for place, target in (targets or {}).items()}
            movements = [_movement(seq, number, kind, marks.get(seq)) for seq, kind in pairs]
            if said:
                movements = [m | {"details": f"{m['seq']} {said}"} for m in movements]
            run(insert(t.movement), movements)
            run(insert(t.entry), [_entry(seq) for seq in seqs])
            run(insert(t.finding), [{"seq": s, "ordinal": 1, "code": "c"} for s in seqs])
            run(insert(t.party), [_party(number)])
            run(insert(t.budget), [_budget(number)])
            run(insert(t.ruling), [_ruling(number)])
            run(insert(t.submission), [_submission(number, first, len(kinds))])
            run(update(t.head).values(
                last_seq=seqs[-1], last_submission=number, digest=f"{number:064x}"
            ))  # fmt: skip

    def rewrite(self, digest: str) -> None:
        """Give the last submission another digest, as a ledger restored and gone on would have."""
        with open_store(self.url) as store:
            _unguarded(store, digest)

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """What the copy's table should say, in order."""
        with open_store(self.url) as store, store.reading() as turn:
            m = {row.seq: row for row in turn.connection.execute(select(t.movement))}
            stored = "standing" if table == "about_party" else table
            found = turn.connection.execute(select(t.metadata.tables[stored])).all()
        named = [dict(row._mapping) for row in found]
        if table == "about_party":
            named = [row for row in named if row["kind"] in ABOUT_PARTIES]
        if table == "submission":
            named = [{**row, "submission": row["number"]} for row in named]
        if table in ("entry", "finding"):
            named = [{**row, "submission": m[row["seq"]].submission} for row in named]
        if table == "entry":
            named = [
                {**row, "kind": m[row["seq"]].kind, "effective_on": m[row["seq"]].effective_on,
                 "as_kind": _origin(m, row["seq"])}
                for row in named
            ]  # fmt: skip
        return sorted(tuple(row[name] for name in SEGMENTS[table]) for row in named)


def _origin(movements: dict[int, Any], seq: int) -> str:
    while movements[seq].kind == "reversal":
        seq = movements[seq].target_seq
    kind: str = movements[seq].kind
    return kind


def _unguarded(store: Store, digest: str) -> None:
    with store.engine.begin() as connection:
        head = connection.execute(select(t.head)).one()
        if store.dialect == "sqlite":
            names = connection.exec_driver_sql(
                "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'submission'"
            )
            for (name,) in names.all():
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        else:
            connection.exec_driver_sql("ALTER TABLE submission DISABLE TRIGGER ALL")
        last = t.submission.c.number == head.last_submission
        connection.execute(update(t.submission).where(last).values(digest=digest))
        connection.execute(update(t.head).values(digest=digest))


def _movement(seq: int, number: int, kind: str, target: int | None) -> dict[str, Any]:
    return {
        "seq": seq,
        "submission": number,
        "kind": kind,
        "effective_on": DAY + timedelta(days=seq % 300),
        "source": "Łódź, \"s\" 'x'\nsecond line",
        "document": f"D-{seq}",
        "line": "1",
        "attempt": 0,
        "exporter_no": 1,
        "destination": "PL" if seq % 2 else None,
        "quantity": seq,
        "amount_mtpp": 2**62 + seq,
        "target_seq": target,
        "details": '{"a":"ü"}' if seq % 3 else None,
    }


def _entry(seq: int) -> dict[str, Any]:
    return {"seq": seq, "budget_no": 1, "official": seq % 2, "posted_mtpp": 10**12 + seq,
            "held_mtpp": -seq}  # fmt: skip


def _party(number: int) -> dict[str, Any]:
    return {"party_no": number, "name": f"P{number}", "name_key": "p", "submission": number}


def _budget(number: int) -> dict[str, Any]:
    return {"budget_no": number, "rule": "r", "holder": f"H{number}", "holder_name": "h",
            "window": "w", "from_on": DAY, "to_on": DAY, "limit_mtpp": 2**63 - 1,
            "basis": "licensed", "submission": number}  # fmt: skip


def _ruling(number: int) -> dict[str, Any]:
    return {"ruling_no": number, "digest": f"d{number}", "body": '{"é":1}', "submission": number}


def _submission(number: int, first: int, count: int) -> dict[str, Any]:
    return {"number": number, "first_seq": first, "count": count,
            "recorded_at": f"2025-01-01T00:00:{number:02d}.000000Z", "actor": "a",
            "verb": "import", "root": "r", "annex": "x", "digest": f"{number:064x}"}  # fmt: skip
