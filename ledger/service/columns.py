"""A file's rows as columns: numbered parties and places, judged cases, in the order they post.

Works in the intake's own DuckDB database, and needs neither the ledger nor its lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ledger.rules.admission import Ints
from ledger.rules.preconditions import ECCN
from ledger.service.bulk_parents import Notes, seat_rows
from ledger.service.cases import CASED, RULED, Cases, classes_of, judge, lots
from ledger.service.given_tables import detail, entries, named_in, table_of, texts, texts_of
from ledger.service.holders import AUTHORIZED, LEFT, asked_of
from ledger.service.line_rules import line_rules
from ledger.service.parents import Parents
from ledger.service.rulebook import Rulebook, Ruled
from schemas.kinds import KEY_CLASS, RECEIPTS, RETURNS, Kind
from schemas.names import name_key

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

US = "chr(31)"


@dataclass(slots=True)
class Prepared:
    """What the stream refers to by place: names, countries, chips, rulings.

    `named` are the texts of the fields `fields` that have no column of their own (an owner, a
    site): taken out of the rows only where a ruling asks for them and the file has them. `left`
    are those that are the countries goods left; `columns` the countries beside the destination
    that a ruling asks for; `notes` what is noted of rows that declarations bear on; `cases` the
    cases that `case_at` refers to, `sources` the texts of `source_at`.
    """

    parties: list[str]
    party_keys: list[str]  # the name key of each
    countries: list[str]
    chips: list[str]
    ruled: list[Ruled]
    fields: tuple[str, ...]
    named: list[str]
    named_keys: list[str]
    left: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    notes: Notes | None = None
    cases: Cases | None = None
    sources: pa.Array | None = None

    @property
    def movements(self) -> str:
        """The SQL of the file's movements, in no order."""
        return stream(self.fields, self.columns)

    def completed(self, rows: pa.Table) -> pa.Table:
        """The movements with the texts that are few: the sort carried only their numbers."""
        assert self.cases is not None
        few = {"destination": texts(self.countries), "chip": texts(self.chips)}
        for name, values in (few | {"source": self.sources}).items():
            rows = rows.append_column(name, values.take(rows.column(f"{name}_at")))
        for name, column in self.cases.of(rows).items():
            rows = rows.append_column(name, column)
        return rows


def prepare(
    con: duckdb.DuckDBPyConnection, rulebook: Rulebook, parents: Parents | None = None
) -> Prepared:
    """Number what `given` names and judge its cases, as small tables that STREAM joins.

    With `parents`, rows are ruled by what is declared of their parties.
    """
    parties = numbered(con, "party", ("exporter", "consignee", "parent"))
    notes, seats = seat_rows(con, parents, parties)
    countries = numbered(con, "country", ("destination", "consignee_hq", "parent_hq"), seats)
    chips = numbered(con, "chip", ("chip",))
    sources = texts(numbered(con, "source", ("source",)))
    table_of(con, "d_licensed", {"code": texts(sorted(line_rules(rulebook).drawn_under))})
    con.execute(_LINES)
    entries(con, rulebook)
    classes = classes_of(con, rulebook, countries, chips)
    ruled, cases = judge(con, rulebook, classes)
    lots(con, rulebook, ruled)
    keys = [name_key(name) for name in parties]
    holders = {draw.holder_from for one in ruled for draw in one.ruling.draws}
    rules = {draw.rule for one in ruled for draw in one.ruling.draws}
    claimed = any(rulebook.budgets[rule].authorization for rule in rules)
    fields, named = named_in(con, asked_of({*holders, *(AUTHORIZED if claimed else ())}))
    also = [name_key(name) for name in named]
    left = texts_of(con, LEFT) if LEFT in fields else ()
    beside = tuple(sorted(holders & {"consignee_hq", "parent_hq"}))
    return Prepared(
        *(parties, keys, countries, chips, ruled, fields, named, also, left, beside, notes, cases),
        sources=sources,
    )


def numbered(
    con: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], more: Iterable[str] = ()
) -> list[str]:
    """Number the distinct values of some columns from 0: a table `d_NAME(value, no)`.

    `more` are values beside those of the columns.
    """
    each = [f"SELECT DISTINCT {c} AS value FROM given" for c in columns]  # noqa: S608
    named = f"({' UNION '.join(each)}) WHERE value IS NOT NULL"
    rows = con.execute(f"SELECT value FROM {named} ORDER BY value").fetchall()  # noqa: S608
    values = [value for (value,) in rows]
    if more:
        values = sorted({*values, *more})
    table_of(con, f"d_{name}", {"value": texts(values), "no": range(len(values))})
    return values


# The licence lines that shipments draw on, numbered.
_LINES = """
    CREATE OR REPLACE TABLE d_line AS
    SELECT on_licence, on_line, (row_number() OVER (ORDER BY on_licence, on_line) - 1) AS no
    FROM (SELECT DISTINCT licence AS on_licence, coalesce(licence_line, '1') AS on_line FROM given
          WHERE "authorization" IN (SELECT code FROM d_licensed) AND licence IS NOT NULL
              AND kind <> 'licence')
"""


def digest_of(*values: str) -> str:
    """SQL for the first 16 bytes of the SHA-256 of values joined as docs/chain.md says."""
    text = f" || {US} || ".join(f"coalesce({value}, '')" for value in values)
    return f"unhex(left(sha256({text}), 32))"


# What comes behind a shipment, in a file of its own.
FOLLOWERS = (*RECEIPTS, *RETURNS)
# A file holds licences, shipments with the receipts they carry, or what follows shipments; the
# class of their keys.
_CLASSES = "".join(f" WHEN '{k}' THEN '{KEY_CLASS[k]}'" for k in (Kind.LICENCE, *FOLLOWERS))
_CLASS = f"CASE kind{_CLASSES} ELSE '{KEY_CLASS[Kind.EXPORT]}' END"
_DAY = "strftime(effective_on, '%Y-%m-%d')"
_CONTENT = digest_of(
    "kind",
    _DAY,
    "strftime(expires_on, '%Y-%m-%d')",
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
_RECEIPT_CONTENT = digest_of("kind", _DAY, "NULL", "exporter", *["NULL"] * 12, "details")
_SHIPMENT = """'{"shipment":' || to_json(g.document) || ',"shipment_line":'
    || to_json(g.line) || '}'"""


def _paper(heading: str) -> str:
    """SQL for the day of a paper named on the row, as a whole number; where papers are needed."""
    day = f"json_extract_string(g.details, '$.{heading}')::DATE"
    return f"CASE WHEN k.needs THEN ({day} - DATE '1970-01-01')::INTEGER END"


# One row a movement: a filled `received_on` makes a second one, `behind` its shipment.
EVERY = f"""
    SELECT g.row, g.source, g.document, g.line, g.exporter, g.consignee, g.parent, g.destination,
        g."authorization", g.chip, g.quantity, g.unit_mtpp, g.amount_mtpp, k.no::INTEGER AS case_at,
        g.effective_on AS sent_on, b.behind,
        CASE b.behind WHEN 0 THEN g.kind ELSE 'receipt' END AS kind,
        CASE b.behind WHEN 0 THEN g.effective_on ELSE g.received_on END AS effective_on,
        CASE b.behind WHEN 0 THEN g.expires_on END AS expires_on,
        CASE b.behind WHEN 0 THEN g.consignee_hq END AS consignee_hq,
        CASE b.behind WHEN 0 THEN g.parent_hq END AS parent_hq,
        CASE b.behind WHEN 0 THEN g.licence END AS licence,
        CASE b.behind WHEN 0 THEN g.licence_line END AS licence_line,
        CASE b.behind WHEN 0 THEN g.unit_value_cents END AS unit_value_cents,
        CASE b.behind WHEN 0 THEN g.details ELSE {_SHIPMENT} END AS details,
        g.details AS sent_details, g.consignee_hq AS sent_consignee_hq,
        coalesce(s.seat, g.parent_hq) AS sent_parent_hq,
        {_paper("certificate_on")} AS certificate_no, {_paper("notice_on")} AS notice_no,
        {_paper("test_on")} AS test_no,
        CASE WHEN k.needs AND regexp_matches(
            json_extract_string(g.details, '$.eccn'), '{ECCN}'
        ) THEN 1 END AS eccn_no,
        l.shipment_mtpp
    {CASED}
    {RULED}
    JOIN (SELECT unnest([0, 1]) AS behind) b ON b.behind = 0 OR g.received_on IS NOT NULL
    LEFT JOIN d_lot l ON k.measured AND l.source = g.source AND l.document = g.document
        AND l.exporter IS NOT DISTINCT FROM g.exporter AND l.effective_on = g.effective_on
        AND l.auth = k.auth
"""  # noqa: S608
# What a follower says itself; the rest is its shipment's.
FOLLOWER_CONTENTS = f"""
    SELECT row, 0 AS behind, {_RECEIPT_CONTENT} AS content FROM given
"""  # noqa: S608
CONTENTS = f"""
    SELECT row, behind, CASE behind WHEN 1 THEN {_RECEIPT_CONTENT} ELSE {_CONTENT} END AS content
    FROM ({EVERY})
"""  # noqa: S608
# The movements, in no order; those named in `known` are left out (by a join of that kind: for NOT
# EXISTS, DuckDB would first keep all of them). Numbers stand for what is few: less is to be sorted.
_STREAM = """
    SELECT g.* EXCLUDE (effective_on, sent_on, expires_on, details),
        effective_on::VARCHAR AS day_text, expires_on::VARCHAR AS expires_text,
        (effective_on - DATE '1970-01-01')::INTEGER AS day_no,
        (sent_on - DATE '1970-01-01')::INTEGER AS sent_no,
        CASE behind WHEN 0 THEN details ELSE {shipment} END AS details
    FROM (
        SELECT e.* EXCLUDE (source, exporter, consignee, parent, destination, chip, kind,
                "authorization", sent_details, sent_consignee_hq, sent_parent_hq, details),
            so.no::INTEGER AS source_at,
            CASE e.behind WHEN 0 THEN e.details END AS details, {columns}
            ex.no::INTEGER AS exporter_at, co.no::INTEGER AS consignee_at,
            pa.no::INTEGER AS parent_at, de.no::INTEGER AS destination_at,
            ch.no::INTEGER AS chip_at, li.no::INTEGER AS line_at
        FROM ({every}) e
        JOIN d_source so ON so.value = e.source
        LEFT JOIN d_party ex ON ex.value = e.exporter
        LEFT JOIN d_party co ON co.value = e.consignee
        LEFT JOIN d_party pa ON pa.value = e.parent
        LEFT JOIN d_country de ON de.value = e.destination
        LEFT JOIN d_chip ch ON ch.value = e.chip
        LEFT JOIN d_licensed un ON un.code = e."authorization"
        LEFT JOIN d_line li ON e.behind = 0 AND un.code IS NOT NULL
            AND li.on_licence = e.licence AND li.on_line = coalesce(e.licence_line, '1')
        {joins}
        ANTI JOIN known n ON n.row = e.row AND n.behind = e.behind
    ) g
"""


def keys(attempt: int = 1, among: str = "") -> str:
    """The SQL of the natural keys of a file's movements at an attempt; `among` says of which.

    A filled `received_on` makes a second movement, as in EVERY.
    """
    key = digest_of(_CLASS, "source", "document", "line", f"'{attempt}'")
    return f"""
        SELECT row, behind, {key} AS key FROM (
            SELECT g.row, g.source, g.document, g.line, b.behind,
                CASE b.behind WHEN 0 THEN g.kind ELSE 'receipt' END AS kind
            FROM given g
            JOIN (SELECT unnest([0, 1]) AS behind) b ON b.behind = 0 OR g.received_on IS NOT NULL)
        {among}
    """  # noqa: S608


def stream(fields: Sequence[str], countries: Sequence[str] = ()) -> str:
    """The SQL of the movements, with the numbers of some fields in `details`, and of some countries
    beside the destination.
    """
    columns = [f"n_{field}.no::INTEGER AS {field}_at," for field in (*fields, *countries)]
    # Who holds for a receipt is told by its shipment, whose fields it does not have.
    joins = [
        f"LEFT JOIN d_country n_{name} ON n_{name}.value = e.sent_{name}" for name in countries
    ]
    joins += [
        f"LEFT JOIN d_named n_{field} ON n_{field}.value = {detail('e.sent_details', field)}"
        for field in fields
    ]
    named, joined = " ".join(columns), " ".join(joins)
    return _STREAM.format(columns=named, joins=joined, every=EVERY, shipment=_SHIPMENT)


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
