"""A file's rows as columns: numbered parties and places, judged cases, in the order they post.

Works in the intake's own DuckDB database, and needs neither the ledger nor its lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from ledger.rules import preconditions
from ledger.rules.admission import Ints
from ledger.rules.chips import ChipFacts
from ledger.rules.judge import Case
from ledger.service.bulk_parents import Notes, seat_rows
from ledger.service.given_tables import US_OF, detail, entries, named_in, table_of, texts, texts_of
from ledger.service.holders import AUTHORIZED, LEFT, asked_of
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
    that a ruling asks for; `notes` what is noted of rows that declarations bear on; `sources` the
    texts that `source_at` refers to.
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
    sources: pa.Array | None = None

    @property
    def movements(self) -> str:
        """The SQL of the file's movements in posting order."""
        return stream(self.fields, self.columns)

    def completed(self, rows: pa.Table) -> pa.Table:
        """The movements with what the SQL left out."""
        assert self.sources is not None
        return rows.append_column("source", self.sources.take(rows.column("source_at")))


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
    con.execute(_LINES)
    entries(con, rulebook)
    classes = _classes(con, rulebook, countries, chips)
    ruled = _judge(con, rulebook, classes)
    _lots(con, rulebook, ruled)
    keys = [name_key(name) for name in parties]
    holders = {draw.holder_from for one in ruled for draw in one.ruling.draws}
    rules = {draw.rule for one in ruled for draw in one.ruling.draws}
    claimed = any(rulebook.budgets[rule].authorization for rule in rules)
    fields, named = named_in(con, asked_of({*holders, *(AUTHORIZED if claimed else ())}))
    also = [name_key(name) for name in named]
    left = texts_of(con, LEFT) if LEFT in fields else ()
    beside = tuple(sorted(holders & {"consignee_hq", "parent_hq"}))
    return Prepared(
        parties, keys, countries, chips, ruled, fields, named, also, left, beside, notes, sources
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
          WHERE "authorization" = 'licence' AND licence IS NOT NULL AND kind <> 'licence')
"""


@dataclass(slots=True)
class _Classes:
    """The classes of countries and chips, by the numbers the small tables give them."""

    # Each as every regime of the ledger sees it, in their order.
    country: list[tuple[str, ...]]
    chip: list[tuple[ChipFacts, ...]]
    period: list[tuple[date, ...]]


def _classes(
    con: duckdb.DuckDBPyConnection,
    rulebook: Rulebook,
    countries: Sequence[str],
    chips: Sequence[str],
) -> _Classes:
    """What the rules can tell apart of days, countries and chips, each as small tables."""
    days = [day for (day,) in con.execute("SELECT DISTINCT effective_on FROM given").fetchall()]
    books = rulebook.every
    of_day = [tuple(book.regime.period_of(day) for book in books) for day in days]
    periods = sorted(set(of_day))
    period_no = {period: n for n, period in enumerate(periods)}
    table_of(con, "d_period", {"day": days, "period": [period_no[period] for period in of_day]})
    rows = [
        (code, n, tuple(map(lambda book, on: book.country_class(code or None, on), books, period)))
        for n, period in enumerate(periods)
        for code in ("", *countries)
    ]
    country = sorted({named for _, _, named in rows})
    country_no = {named: n for n, named in enumerate(country)}
    codes, at, named = zip(*rows, strict=True)
    table_of(con, "d_class", {"code": codes, "period": at, "class": [country_no[n] for n in named]})
    facts = {chip: tuple(book.chip_facts(chip or None) for book in books) for chip in ("", *chips)}
    chip_classes = sorted(set(facts.values()), key=repr)
    chip_no = [chip_classes.index(fact) for fact in facts.values()]
    table_of(con, "d_chip_class", {"chip": list(facts), "class": chip_no})
    return _Classes(country, chip_classes, periods)


_CASED = """
    FROM given g
    JOIN d_period p ON p.day = g.effective_on
    JOIN d_class cd ON cd.code = coalesce(g.destination, '') AND cd.period = p.period
    JOIN d_class ch ON ch.code = coalesce(g.consignee_hq, '') AND ch.period = p.period
    LEFT JOIN d_seat s ON s.row = g.row
    JOIN d_class cp ON cp.code = coalesce(s.seat, g.parent_hq, '') AND cp.period = p.period
    JOIN d_chip_class x ON x.chip = coalesce(g.chip, '')
    LEFT JOIN d_entry n ON n.row = g.row
"""
_RULED = """
    JOIN d_case k ON k.kind = g.kind AND k.auth = coalesce(g.authorization, '')
        AND k.d = cd.class AND k.h = ch.class AND k.p = cp.class AND k.c = x.class
        AND k.period = p.period AND k.e = coalesce(n.entry, '') AND k.s = coalesce(s.seat, '')
"""
_CASE = (
    "g.kind, coalesce(g.authorization, '') AS auth, cd.class AS d, ch.class AS h, cp.class AS p,"
    " x.class AS c, p.period AS period, coalesce(n.entry, '') AS e,"
    " coalesce(s.seat, '') AS s"
)


def _judge(con: duckdb.DuckDBPyConnection, rulebook: Rulebook, classes: _Classes) -> list[Ruled]:
    """Judge each distinct case once: the table `d_case`, whose `no` is the ruling's place."""
    cases = con.execute(f"SELECT DISTINCT {_CASE} {_CASED}").fetchall()
    place: dict[str, int] = {}
    ruled: list[Ruled] = []
    numbers: list[int] = []
    country = classes.country
    for kind, auth, d, h, p, c, period, entry, seat in cases:
        by_regime = zip(
            *(rulebook.every, country[d], country[h], country[p]),
            *(classes.chip[c], classes.period[period]),
            entry.split(US_OF) if entry else [""] * len(rulebook.every),
            strict=True,
        )
        one = rulebook.ruling(
            *(
                Case(
                    *(kind, book.stated(auth), to, hq, parent, chip.chip_class, chip.datacentre),
                    *(on, of),
                    chip_figures=chip.figures,
                    parent_seat=seat,
                )
                for book, to, hq, parent, chip, on, of in by_regime
            )
        )
        if one.digest not in place:
            place[one.digest] = len(ruled)
            ruled.append(one)
        numbers.append(place[one.digest])
    names = ("kind", "auth", "d", "h", "p", "c", "period", "e", "s")
    columns = dict(zip(names, zip(*cases, strict=True), strict=True))
    needs = [bool(ruled[no].ruling.needs) for no in numbers]
    measured = [rulebook.measures(ruled[no].ruling.needs) for no in numbers]
    table_of(con, "d_case", {**columns, "no": numbers, "needs": needs, "measured": measured})
    return ruled


def _lots(con: duckdb.DuckDBPyConnection, rulebook: Rulebook, ruled: Sequence[Ruled]) -> None:
    """Add up the shipments whose papers hang on their amount: the table `d_lot`."""
    each = (preconditions.least_amount(one.regime) for one in rulebook.every)
    least = min((amount for amount in each if amount is not None), default=None)
    if least is None or not any(rulebook.measures(one.ruling.needs) for one in ruled):
        con.execute(_NO_LOTS)
        return
    con.execute(_LOTS.format(cased=_CASED, ruled=_RULED), [least])


_NO_LOTS = """
    CREATE OR REPLACE TABLE d_lot (source VARCHAR, document VARCHAR, exporter VARCHAR,
        effective_on DATE, auth VARCHAR, shipment_mtpp BIGINT)
"""
# One row a shipment that may need a paper for its amount (papers.py says what one shipment is).
_LOTS = """
    CREATE OR REPLACE TABLE d_lot AS
    SELECT g.source, g.document, g.exporter, g.effective_on, coalesce(g.authorization, '') AS auth,
        least(sum(g.amount_mtpp), 9223372036854775807)::BIGINT AS shipment_mtpp
    {cased} {ruled}
    WHERE k.measured
    GROUP BY ALL HAVING sum(g.amount_mtpp) >= $1
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
_KEY = digest_of(_CLASS, "source", "document", "line", "'1'")
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
        g."authorization", g.chip, g.quantity, g.unit_mtpp, g.amount_mtpp, k.no AS ruling_at,
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
        CASE WHEN k.needs THEN (json_extract_string(g.details, '$.eccn') <> '')::INTEGER END
            AS eccn_no,
        l.shipment_mtpp
    {_CASED}
    {_RULED}
    JOIN (SELECT unnest([0, 1]) AS behind) b ON b.behind = 0 OR g.received_on IS NOT NULL
    LEFT JOIN d_lot l ON k.measured AND l.source = g.source AND l.document = g.document
        AND l.exporter IS NOT DISTINCT FROM g.exporter AND l.effective_on = g.effective_on
        AND l.auth = k.auth
"""  # noqa: S608
KEYS = f"""
    SELECT row, behind, {_KEY} AS key FROM (
        SELECT g.row, g.source, g.document, g.line, b.behind,
            CASE b.behind WHEN 0 THEN g.kind ELSE 'receipt' END AS kind
        FROM given g
        JOIN (SELECT unnest([0, 1]) AS behind) b ON b.behind = 0 OR g.received_on IS NOT NULL)
"""  # noqa: S608
# What a follower says itself; the rest is its shipment's.
FOLLOWER_CONTENTS = f"""
    SELECT row, 0 AS behind, {_RECEIPT_CONTENT} AS content FROM given
"""  # noqa: S608
CONTENTS = f"""
    SELECT row, behind, CASE behind WHEN 1 THEN {_RECEIPT_CONTENT} ELSE {_CONTENT} END AS content
    FROM ({EVERY})
"""  # noqa: S608
# Movements in posting order; those named in `known` are left out (by a join of that kind: for
# NOT EXISTS, DuckDB would first keep all of them). The sort carries no more than it has to: what
# follows from the rest is made behind it.
_STREAM = """
    SELECT g.* EXCLUDE (effective_on, sent_on, expires_on, details),
        effective_on::VARCHAR AS day_text, expires_on::VARCHAR AS expires_text,
        (effective_on - DATE '1970-01-01')::INTEGER AS day_no,
        (sent_on - DATE '1970-01-01')::INTEGER AS sent_no,
        CASE behind WHEN 0 THEN details ELSE {shipment} END AS details
    FROM (
        SELECT e.* EXCLUDE (source, exporter, consignee, parent, sent_details, sent_consignee_hq,
                sent_parent_hq, details),
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
        LEFT JOIN d_line li ON e.behind = 0 AND e."authorization" = 'licence'
            AND li.on_licence = e.licence AND li.on_line = coalesce(e.licence_line, '1')
        {joins}
        ANTI JOIN known n ON n.row = e.row AND n.behind = e.behind
        ORDER BY e.effective_on, e.row, e.behind
    ) g
"""


def stream(fields: Sequence[str], countries: Sequence[str] = ()) -> str:
    """The SQL of the movements in posting order, with the numbers of some fields in `details`,
    and of some countries beside the destination.
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
