"""Rule what is on record anew, under two versions, without touching the ledger.

Distinct cases are ruled, not movements: some hundreds for a million rows. The columnar copy is
read, and only what a ruling says is compared: its draws, flags, review and what must be on record
before. Totals are of what the rulings draw: before receipts, returns, lapses and reversals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.rules.endings import READINGS
from ledger.rules.parents import OPTION, ROW
from ledger.rules.rulings import Draw, Ruling
from ledger.service.holders import LEFT, PARTIES, Holders, asked_of
from ledger.service.moves import ruled as ruled_move
from ledger.service.relations import Relations
from ledger.service.rulebook import RULED, Rulebook
from schemas.canonical import canonical
from schemas.kinds import SENT, Kind
from schemas.manifest import MANIFEST, Manifest, view_statements
from schemas.records import Given

if TYPE_CHECKING:
    import duckdb

# What a draw adds to what is taken; an application only asks.
TAKES = ("hold", "post", "hold_until_received", "post_both_years")
_MEMORY = "512MB"
_FIELDS = ("kind", "authorization", "destination", "consignee_hq", "parent_hq", "chip")
# Of a move: the country it leaves, and whose the goods are then (policy MOVES).
_OF_MOVES = ("from_country", "move", "seat")


@dataclass(frozen=True, slots=True)
class Changed:
    """How many movements change in one way: `what` of the ruling, before and after."""

    what: str
    before: str
    after: str
    movements: int


@dataclass(frozen=True, slots=True)
class Total:
    """What is drawn on one budget under either version, and its limits, in milli-TPP."""

    rule: str
    holder: str
    name: str
    window: str
    official: bool
    before_mtpp: int
    after_mtpp: int
    limit_before_mtpp: int | None
    limit_after_mtpp: int | None


@dataclass(frozen=True, slots=True)
class Moved:
    """One movement whose ruling changes, and how."""

    seq: int
    kind: str
    effective_on: date
    document: str
    line: str
    what: str


@dataclass(slots=True)
class Replay:
    """What would change: of `movements` ruled, `changed` come out otherwise."""

    movements: int = 0
    cases: int = 0
    changed: int = 0
    changes: list[Changed] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    first: list[Moved] = field(default_factory=list)


def replay(
    folder: Path, books: tuple[Rulebook, Rulebook], relations: Relations, first: int = 20
) -> Replay:
    """Rule the movements of the copy in a folder under two rulebooks; the `first` that change."""
    import duckdb

    manifest = Manifest.read((folder / MANIFEST).read_text(encoding="utf-8"))
    with duckdb.connect(":memory:", config={"memory_limit": _MEMORY}) as con:
        for statement in view_statements(manifest, str(folder.absolute())):
            con.execute(statement)
        return _Bench(con, books, relations).run(first)


class _Bench:
    """The cases of a copy, ruled twice and compared."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        books: tuple[Rulebook, Rulebook],
        relations: Relations,
    ) -> None:
        self.con, self.books, self.relations = con, books, relations
        asked = con.execute("SELECT DISTINCT effective_on FROM movement ORDER BY 1").fetchall()
        self.days: list[date] = [day for (day,) in asked]
        self.rulings: dict[int, tuple[Ruling, Ruling]] = {}
        self.said: dict[int, list[tuple[str, str, str]]] = {}

    def run(self, first: int) -> Replay:
        """Everything."""
        self._number_cases()
        found = Replay()
        counts = dict(self.con.execute("SELECT no, count(*) FROM ruled GROUP BY no").fetchall())
        found.movements, found.cases = sum(counts.values()), len(counts)
        ways: dict[tuple[str, str, str], int] = {}
        for no, said in self.said.items():
            found.changed += counts[no]
            for way in said:
                ways[way] = ways.get(way, 0) + counts[no]
        found.changes = [Changed(*way, n) for way, n in sorted(ways.items())]
        found.totals = self._totals()
        found.first = list(self._first(first))
        return found

    def _number_cases(self) -> None:
        before, after = ([_periods(book, day) for day in self.days] for book in self.books)
        _table(self.con, "d_period", {"day": self.days, "before": before, "after": after})
        self.con.execute(_RULED)
        asked = ", ".join(f'any_value("{name}")' for name in (*_FIELDS, *_OF_MOVES))
        rows = self.con.execute(
            f"SELECT no, {asked}, min(effective_on)"  # noqa: S608
            " FROM ruled GROUP BY no ORDER BY no"
        ).fetchall()
        for no, kind, authorization, destination, hq, parent_hq, chip, *more, day in rows:
            left, move, seat = more
            given = Given(
                row=1, file_line=1, kind=kind, effective_on=day, source="", document="", line="",
                authorization=authorization, destination=destination, consignee_hq=hq,
                parent_hq=parent_hq, chip=chip,
                details=canonical({LEFT: left}) if left else None,
            )  # fmt: skip
            ruled = [
                ruled_move(b, given, move, at) if move else b.rule(given, at)
                for b in self.books
                for at in [_seat(b, seat)]
            ]
            one, other = (r.ruling for r in ruled if r is not None)
            self.rulings[no] = one, other
            if said := _differ(one, other):
                self.said[no] = said

    def _totals(self) -> list[Total]:
        """What each budget is drawn for, under either version; those that differ."""
        sums: dict[tuple[str, str, str, bool], list[int]] = {}
        terms: dict[tuple[str, str, str, bool], list[int | None]] = {}
        names: dict[tuple[str, str, str, bool], str] = {}
        changed = [no for no, (one, other) in self.rulings.items() if one.draws != other.draws]
        limits = self._limits_differ()
        wanted = list(self.rulings) if limits else changed
        for side, book in enumerate(self.books):
            relations = self.relations.under(book.options)
            holders = Holders(book, lambda known=relations: known)  # type: ignore[misc]
            for draw, given, day, amount in self._drawn(wanted, side):
                holder = holders.of(draw.holder_from, given, day)
                opened = book.account(draw.rule, *holder, day) if holder else None
                if opened is None:
                    continue
                key, budget = opened[0], opened[1]
                at = (key.rule, key.holder, key.window, draw.official)
                sums.setdefault(at, [0, 0])[side] += amount
                terms.setdefault(at, [None, None])[side] = budget.limit_mtpp
                names[at] = budget.holder_name
        return [
            Total(at[0], at[1], names[at], at[2], at[3], *sums[at], *terms[at])
            for at in sorted(sums)
            if sums[at][0] != sums[at][1] or terms[at][0] != terms[at][1]
        ]

    def _limits_differ(self) -> bool:
        one, other = (dict(self._limits(book)) for book in self.books)
        return one != other

    def _limits(self, book: Rulebook) -> Iterator[tuple[tuple[str, str, str], int]]:
        """The limit of each budget in the windows of what is on record; any party's is alike."""
        for rule in book.budgets.values():
            found = {w.key: w for day in self.days if (w := rule.window_on(day)) is not None}
            for window in found.values():
                for holder, _ in rule.known_holders(window.from_on) or [("", "")]:
                    limit = rule.limit(holder, window)
                    if limit is not None:
                        yield (rule.key, holder, window.key), limit.milli

    def _drawn(self, cases: Sequence[int], side: int) -> Iterator[tuple[Draw, Given, date, int]]:
        """Each draw of some cases by holder and day, with its amount."""
        draws = [
            (no, draw)
            for no in cases
            for draw in self.rulings[no][side].draws
            if draw.effect in TAKES
        ]
        if not draws:
            return
        numbers = {draw: n for n, draw in enumerate(dict.fromkeys(draw for _, draw in draws))}
        _table(self.con, "d_draw", {
            "no": [no for no, _ in draws], "draw": [numbers[draw] for _, draw in draws]
        })  # fmt: skip
        by_number = {n: draw for draw, n in numbers.items()}
        self._stand_for(by_number, self.books[side])
        fields = asked_of(draw.holder_from for draw in numbers)
        parties = (
            ", ".join(str(n) for n, d in by_number.items() if d.holder_from in PARTIES) or "-1"
        )
        details = "".join(
            f", json_extract_string(r.details, '$.{name}') AS f_{name}" for name in fields
        )
        grouped = "".join(f", f_{name}" for name in fields)
        found = self.con.execute(
            _DRAWN.format(
                parties=parties,
                details=details,
                grouped=grouped,
                parent="coalesce(r.seat, r.parent_hq)"
                if _seat(self.books[side], "?")
                else "r.parent_hq",
            )
        ).fetchall()
        for row in found:
            number, day, destination, hq, parent_hq, chip, consignee, parent, amount, *more = row
            said = {n: v for n, v in zip(fields, more, strict=True) if v is not None}
            given = Given(
                row=1, file_line=1, kind=Kind.EXPORT, effective_on=day, source="", document="",
                line="", destination=destination, consignee_hq=hq, parent_hq=parent_hq, chip=chip,
                consignee=consignee, parent=parent, details=canonical(said) if said else None,
            )  # fmt: skip
            yield by_number[number], given, day, int(amount)

    def _stand_for(self, draws: dict[int, Draw], book: Rulebook) -> None:
        """Let one day stand for all of a window, where no holder can change in between."""
        columns: dict[str, list[Any]] = {"draw": [], "day": [], "stands_for": []}
        for number, draw in draws.items():
            alike = draw.holder_from in PARTIES and not self.relations
            first: dict[str, date] = {}
            for day in self.days:
                window = book.budgets[draw.rule].window_on(day) if alike else None
                stands_for = first.setdefault(window.key, day) if window else day
                for name, value in zip(columns, (number, day, stands_for), strict=True):
                    columns[name].append(value)
        _table(self.con, "d_window", columns)

    def _first(self, most: int) -> Iterable[Moved]:
        if not self.said:
            return
        _table(self.con, "d_changed", {"no": list(self.said)})
        rows = self.con.execute(
            "SELECT r.seq, r.kind, r.effective_on, m.document, m.line, r.no FROM ruled r"
            " JOIN d_changed USING (no) JOIN movement m ON m.seq = r.seq ORDER BY r.seq LIMIT ?",
            [most],
        ).fetchall()
        for seq, kind, day, document, line, no in rows:
            what = "; ".join(
                f"{what}: {before or 'none'} -> {after or 'none'}"
                for what, before, after in self.said[no]
            )
            yield Moved(seq, kind, day, document, line, what)


_KINDS = ", ".join(f"'{kind}'" for kind in (*RULED, *SENT, *READINGS, Kind.REFUSAL))
_ENDINGS = ", ".join(f"'{kind}'" for kind in READINGS)
_SENT = ", ".join(f"'{kind}'" for kind in SENT)
_SAME = " AND ".join(f'c."{name}" IS NOT DISTINCT FROM m."{name}"' for name in _FIELDS[1:])
_CASES = ", ".join(f'm."{name}"' for name in _FIELDS[1:])
_LEFT = "CASE WHEN u.body IS NOT NULL THEN json_extract_string(m.details, '$.from_country') END"
_MOVED = "json_extract_string(u.body, '$.case.move')"
# Rulings that went by the headquarters of a declared parent, and where those are.
_SEATED = """
    SELECT ruling_no, json_extract_string(body, '$.case.parent_seat') AS seat FROM ruling
    WHERE contains(body, '"parent_seat":')
"""
# Movements that stand, each with the number of its case. A refused request moved nothing, and a
# shipment under a licence on file draws on that licence: neither is part of the totals.
_RULED = f"""
    CREATE TABLE ruled AS
    WITH reversal AS (SELECT seq, target_seq FROM movement WHERE kind = 'reversal'),
    undone AS (
        SELECT target_seq FROM reversal WHERE seq NOT IN (SELECT target_seq FROM reversal)
    )
    SELECT m.seq, m.effective_on, m.amount_mtpp, m.consignee_no, m.parent_no, m.details,
        {_LEFT} AS from_country, {_MOVED} AS move, s.seat,
        CASE m.kind WHEN 'refusal' THEN 'application' ELSE m.kind END AS kind, {_CASES},
        m.kind <> 'refusal' AND m.kind NOT IN ({_ENDINGS})
            AND NOT (m.kind IN ({_SENT}) AND m.target_seq IS NOT NULL) AS counted,
        dense_rank() OVER (
            ORDER BY CASE m.kind WHEN 'refusal' THEN 'application' ELSE m.kind END, {_CASES},
                p.before, p.after, {_LEFT}, {_MOVED}, s.seat
        ) AS no
    FROM movement m JOIN d_period p ON p.day = m.effective_on
    LEFT JOIN ruling u ON m.kind = '{Kind.TRANSFER_OUT}' AND u.ruling_no = m.ruling_no
    LEFT JOIN ({_SEATED}) s ON s.ruling_no = m.ruling_no
    WHERE m.kind IN ({_KINDS}) AND m.seq NOT IN (SELECT target_seq FROM undone)
"""  # noqa: S608
_DRAWN = """
    WITH drawn AS (
        SELECT d.draw, w.stands_for AS day, r.destination, r.consignee_hq,
            {parent} AS parent_hq, r.chip,
            CASE WHEN d.draw IN ({parties}) THEN r.consignee_no END AS consignee_no,
            CASE WHEN d.draw IN ({parties}) THEN r.parent_no END AS parent_no,
            r.amount_mtpp {details}
        FROM ruled r JOIN d_draw d USING (no)
        JOIN d_window w ON w.draw = d.draw AND w.day = r.effective_on
        WHERE r.counted
    )
    SELECT draw, day, destination, consignee_hq, parent_hq, chip, c.name, p.name,
        sum(amount_mtpp) {grouped}
    FROM drawn
    LEFT JOIN party c ON c.party_no = drawn.consignee_no
    LEFT JOIN party p ON p.party_no = drawn.parent_no
    GROUP BY draw, day, destination, consignee_hq, parent_hq, chip, c.name, p.name {grouped}
"""


def _seat(book: Rulebook, seat: str | None) -> str:
    """The headquarters a ruling went by, where a version has declared ones count."""
    return "" if book.options.get(OPTION, ROW) == ROW else seat or ""


def _periods(book: Rulebook, day: date) -> str:
    """The periods of a day under each regime of a rulebook, as one text."""
    return " ".join(str(one.regime.period_of(day)) for one in book.every)


def _table(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, list[Any]]) -> None:
    import pyarrow as pa

    con.register("columns_of_it", pa.table({n: pa.array(v) for n, v in columns.items()}))
    con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM columns_of_it")  # noqa: S608
    con.unregister("columns_of_it")


def _differ(one: Ruling, other: Ruling) -> list[tuple[str, str, str]]:
    """What a ruling says otherwise: (what, before, after)."""
    before, after = (
        {
            "draws": ", ".join(map(_draw_said, ruling.draws)),
            "flags": ", ".join(code for code, _ in ruling.findings),
            "review": ruling.review,
            "needs": ", ".join(ruling.needs),
        }
        for ruling in (one, other)
    )
    return [(what, before[what], after[what]) for what in before if before[what] != after[what]]


def _draw_said(draw: Draw) -> str:
    side = "" if draw.official else " (safe side)"
    return f"{draw.effect} {draw.rule} of {draw.holder_from}{side}"
