"""A file's rows as columns: numbered parties and places, judged cases, in the order they post.

Works in the intake's own DuckDB database. Nothing here needs the ledger's lock; what is made is
the table `work`, one row a movement in posting order (receipts included), whose `rowid` is its
place in the submission.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.rules.admission import Ints
from ledger.rules.judge import Case
from ledger.service.rows import key_class
from ledger.service.rulebook import Rulebook, Ruled
from schemas.kinds import Kind
from schemas.names import name_key

if TYPE_CHECKING:
    import duckdb

US = "chr(31)"


@dataclass(slots=True)
class Prepared:
    """What the table `work` refers to by place: names, countries, chips, rulings."""

    parties: list[str]
    party_keys: list[str]  # the name key of each
    countries: list[str]
    chips: list[str]
    ruled: list[Ruled]
    count: int


def prepare(con: duckdb.DuckDBPyConnection, rulebook: Rulebook) -> Prepared:
    """Make the table `work` from `given`."""
    parties = _numbered(con, "party", ("exporter", "consignee", "parent"))
    countries = _numbered(con, "country", ("destination", "consignee_hq", "parent_hq"))
    chips = _numbered(con, "chip", ("chip",))
    _licence_lines(con)
    _classes(con, rulebook, countries, chips)
    ruled = _judge(con, rulebook)
    # `work` is read back in the order it is made in.
    con.execute("SET preserve_insertion_order = true")
    con.execute(f"CREATE TABLE work AS {_WORK}")
    count = con.execute("SELECT count(*) FROM work").fetchall()[0][0]
    keys = [name_key(name) for name in parties]
    return Prepared(parties, keys, countries, chips, ruled, int(count))


def _numbered(con: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str]) -> list[str]:
    """Number the distinct values of some columns from 0: a table `d_NAME(value, no)`."""
    union = " UNION ".join(f"SELECT DISTINCT {c} AS value FROM given" for c in columns)  # noqa: S608
    con.execute(
        f"CREATE TABLE d_{name} AS SELECT value, (row_number() OVER (ORDER BY value) - 1)::INTEGER"  # noqa: S608
        f" AS no FROM ({union}) WHERE value IS NOT NULL"
    )
    rows = con.execute(f"SELECT value FROM d_{name} ORDER BY no").fetchall()  # noqa: S608
    return [value for (value,) in rows]


def _licence_lines(con: duckdb.DuckDBPyConnection) -> None:
    """Number the licence lines that shipments draw on: the table `d_line`."""
    con.execute(
        "CREATE TABLE d_line AS SELECT licence AS on_licence, line AS on_line, (row_number() OVER (ORDER BY licence, line)"
        " - 1)::INTEGER AS no FROM (SELECT DISTINCT licence, coalesce(licence_line, '1') AS line"
        " FROM given WHERE \"authorization\" = 'licence' AND licence IS NOT NULL"
        " AND kind <> 'licence')"
    )


def _classes(
    con: duckdb.DuckDBPyConnection,
    rulebook: Rulebook,
    countries: Sequence[str],
    chips: Sequence[str],
) -> None:
    """What the rules can tell apart of days, countries and chips, each as small tables."""
    days = [day for (day,) in con.execute("SELECT DISTINCT effective_on FROM given").fetchall()]
    periods = {day: rulebook.regime.period_of(day) for day in days}
    con.execute("CREATE TABLE d_period (effective_on DATE, period DATE)")
    con.executemany("INSERT INTO d_period VALUES (?, ?)", list(periods.items()))
    con.execute("CREATE TABLE d_class (code VARCHAR, period DATE, class VARCHAR)")
    rows = [
        (code or "", period, rulebook.country_class(code or None, period))
        for period in sorted(set(periods.values()))
        for code in ("", *countries)
    ]
    con.executemany("INSERT INTO d_class VALUES (?, ?, ?)", rows)
    con.execute("CREATE TABLE d_chip_class (chip VARCHAR, class VARCHAR, datacentre BOOLEAN)")
    facts = [(chip or "", *rulebook.chip_facts(chip or None)) for chip in ("", *chips)]
    con.executemany("INSERT INTO d_chip_class VALUES (?, ?, ?)", facts)


_CASED = """
    FROM given g
    JOIN d_period p ON p.effective_on = g.effective_on
    JOIN d_class cd ON cd.code = coalesce(g.destination, '') AND cd.period = p.period
    JOIN d_class ch ON ch.code = coalesce(g.consignee_hq, '') AND ch.period = p.period
    JOIN d_class cp ON cp.code = coalesce(g.parent_hq, '') AND cp.period = p.period
    JOIN d_chip_class x ON x.chip = coalesce(g.chip, '')
"""
_CASE = (
    "g.kind, coalesce(g.authorization, '') AS auth, cd.class AS d, ch.class AS h, cp.class AS p,"
    " x.class AS c, x.datacentre AS dc, p.period AS period"
)


def _judge(con: duckdb.DuckDBPyConnection, rulebook: Rulebook) -> list[Ruled]:
    """Judge each distinct case once: the table `d_case`, whose `no` is the ruling's place."""
    cases = con.execute(f"SELECT DISTINCT {_CASE} {_CASED}").fetchall()
    place: dict[str, int] = {}
    ruled: list[Ruled] = []
    numbered: list[tuple[Any, ...]] = []
    for kind, auth, d, h, p, c, datacentre, period in sorted(cases, key=repr):
        stated = auth or rulebook.regime.unstated
        case = Case(kind, stated, d, h, p, c, datacentre, period)
        one = rulebook.ruling(case)
        if one.digest not in place:
            place[one.digest] = len(ruled)
            ruled.append(one)
        numbered.append((kind, auth, d, h, p, c, datacentre, period, place[one.digest]))
    con.execute(
        "CREATE TABLE d_case (kind VARCHAR, auth VARCHAR, d VARCHAR, h VARCHAR, p VARCHAR,"
        " c VARCHAR, dc BOOLEAN, period DATE, no INTEGER)"
    )
    con.executemany("INSERT INTO d_case VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", numbered)
    return ruled


def _digest(*values: str) -> str:
    """SQL for the first 16 bytes of the SHA-256 of values joined as docs/chain.md says."""
    text = f" || {US} || ".join(f"coalesce({value}, '')" for value in values)
    return f"unhex(left(sha256({text}), 32))"


def _class_of(kind: str) -> str:
    return f"'{key_class(kind)}'"


# A file of one kind: licences, or shipments; the class of their keys follows.
_KEY = "CASE kind WHEN 'licence' THEN 'licence' WHEN 'receipt' THEN 'receipt' ELSE 'shipment' END"
KEY = _digest(_KEY, "source", "document", "line", "attempt::VARCHAR")
_DAY = "strftime(effective_on, '%Y-%m-%d')"
_EXPIRES = "strftime(expires_on, '%Y-%m-%d')"
_CONTENT = _digest(
    "kind",
    _DAY,
    _EXPIRES,
    "exporter",
    "consignee",
    "parent",
    "consignee_hq",
    "parent_hq",
    "destination",
    '"authorization"',
    "licence",
    "licence_line",
    "chip",
    "quantity::VARCHAR",
    "CASE WHEN chip IS NULL THEN amount_mtpp::VARCHAR END",
    "unit_value_cents::VARCHAR",
    "details",
)
_RECEIPT_CONTENT = _digest("kind", _DAY, "NULL", "exporter", *["NULL"] * 12, "details")
_SHARED = (
    "g.row, g.source, g.document, g.line, g.exporter, g.consignee, g.parent, g.destination,"
    ' g."authorization", g.chip, g.quantity, g.unit_mtpp, g.amount_mtpp'
)
_GIVEN = f"""
    SELECT {_SHARED}, g.file_line, g.kind, g.effective_on, g.expires_on, g.consignee_hq,
        g.parent_hq, g.licence, g.licence_line, g.unit_value_cents, g.details,
        g.effective_on AS sent_on, k.no AS ruling_at, 0 AS behind
    {_CASED}
    JOIN d_case k ON k.kind = g.kind AND k.auth = coalesce(g.authorization, '')
        AND k.d = cd.class AND k.h = ch.class AND k.p = cp.class AND k.c = x.class
        AND k.dc IS NOT DISTINCT FROM x.datacentre AND k.period = p.period
"""  # noqa: S608
_RECEIPTS = f"""
    SELECT {_SHARED}, file_line, 'receipt' AS kind, received_on AS effective_on,
        NULL::DATE AS expires_on, NULL AS consignee_hq, NULL AS parent_hq, NULL AS licence,
        NULL AS licence_line, NULL::BIGINT AS unit_value_cents,
        '{{"shipment":' || to_json(document) || ',"shipment_line":' || to_json(line) || '}}'
        AS details, sent_on, ruling_at, 1 AS behind
    FROM (SELECT s.*, r.received_on FROM shipment s JOIN given r USING (row)
          WHERE r.received_on IS NOT NULL) g
"""  # noqa: S608
_WORK = f"""
    WITH shipment AS ({_GIVEN}),
    every AS (SELECT *, 1 AS attempt FROM shipment
              UNION ALL BY NAME SELECT *, 1 AS attempt FROM ({_RECEIPTS}))
    SELECT e.*, {_DAY} AS day_text, {_EXPIRES} AS expires_text,
        (e.effective_on - DATE '1970-01-01')::INTEGER AS day_no,
        (e.sent_on - DATE '1970-01-01')::INTEGER AS sent_no,
        ex.no AS exporter_at, co.no AS consignee_at, pa.no AS parent_at, de.no AS destination_at,
        ch.no AS chip_at, li.no AS line_at, true AS fresh, {KEY} AS key,
        CASE WHEN behind = 1 THEN {_RECEIPT_CONTENT} ELSE {_CONTENT} END AS content
    FROM every e
    LEFT JOIN d_party ex ON ex.value = e.exporter
    LEFT JOIN d_party co ON co.value = e.consignee
    LEFT JOIN d_party pa ON pa.value = e.parent
    LEFT JOIN d_country de ON de.value = e.destination
    LEFT JOIN d_chip ch ON ch.value = e.chip
    LEFT JOIN d_line li ON e.behind = 0 AND e."authorization" = 'licence'
        AND li.on_licence = e.licence AND li.on_line = coalesce(e.licence_line, '1')
    ORDER BY e.effective_on, e.row, e.behind
"""  # noqa: S608


def place_column(values: Sequence[int | None]) -> Ints:
    """A column of places, -1 for none."""
    return np.array([-1 if v is None else v for v in values], np.int64)


BULK_KINDS = (
    Kind.LICENCE,
    Kind.EXPORT,
    Kind.REEXPORT,
    Kind.IN_COUNTRY_TRANSFER,
    Kind.EXPORT_FROM_ABROAD,
)
