"""Made-up import files of any size: skewed countries, drawn-down licences, small orders.

The same rows come out for the same size, under one version of DuckDB (whose `hash` deals them).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

EXPORTERS, CONSIGNEES, ALLIES = 200, 20_000, 2_000
# Exporters a consignee buys of, beside those its licences name.
SUPPLIERS = 4
FIRST_DAY, LAST_DAY = "2025-01-13", "2026-09-30"
ROWS_A_LICENCE_LINE = 20
# Catalogue key, price of one in dollars, and how many of a hundred lots are of it.
CHIPS = (
    ("nvidia-l4", 2_480, 30),
    ("nvidia-a100", 11_200, 22),
    ("nvidia-l40s", 8_150, 20),
    ("nvidia-rtx-4090", 1_790, 10),
    ("nvidia-h100-sxm", 27_500, 8),
    ("nvidia-h200-sxm", 31_900, 5),
    ("amd-mi300x", 14_900, 3),
    ("nvidia-b200", 37_800, 2),
)


@dataclass(frozen=True, slots=True)
class Files:
    """A licences file and the shipments that draw on it (and many that do not)."""

    licences: Path
    shipments: Path
    rows: int


def files(work: Path, rows: int) -> Files:
    """The files of so many shipments, with a licence line for every twentieth; made once."""
    folder = work / f"files-{rows}"
    found = Files(folder / "licences.csv", folder / "shipments.csv", rows)
    if not found.shipments.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with _stock(rows // ROWS_A_LICENCE_LINE or 1) as connection:
            _copy(connection, _LICENCES, found.licences)
            _copy(connection, _SHIPMENTS.format(first=0, last=rows), found.shipments)
    return found


@dataclass(frozen=True, slots=True)
class Mixed:
    """Files of so many rows together: licences, shipments, and what follows shipments."""

    licences: Path
    shipments: Path
    receipts: Path
    returns: Path

    def named(self) -> tuple[tuple[str, Path], ...]:
        """Each file's kind and path, in the order they go in."""
        return tuple((name, getattr(self, name)) for name in self.__slots__)


def mixed(work: Path, rows: int) -> Mixed:
    """Files of some `rows` rows: of seven four are shipments, two receipts; made once."""
    sent = files(work, rows * 4 // 7)
    folder = sent.shipments.parent
    found = Mixed(sent.licences, sent.shipments, folder / "receipts.csv", folder / "returns.csv")
    if not found.returns.exists():
        import duckdb

        with duckdb.connect() as connection:
            connection.execute(_MACROS)
            connection.execute(
                "CREATE TABLE sent AS SELECT * FROM read_csv(?, all_varchar = true)",
                [str(sent.shipments)],
            )
            _copy(connection, _RECEIPTS, found.receipts)
            _copy(connection, _RETURNS, found.returns)
    return found


def more(work: Path, rows: int, after: int, count: int) -> Path:
    """So many further shipments, beyond the `after` others that come with `rows`."""
    path = work / f"files-{rows}" / f"more-{after}-{count}.csv"
    if not path.exists():
        with _stock(rows // ROWS_A_LICENCE_LINE or 1) as connection:
            _copy(connection, _SHIPMENTS.format(first=after, last=after + count), path)
    return path


def _copy(connection: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    under_way = path.with_suffix(".part")
    connection.execute(f"COPY ({select}) TO '{under_way}' (FORMAT csv, HEADER)")
    under_way.rename(path)


def _stock(lines: int) -> duckdb.DuckDBPyConnection:
    """A database of countries, chips, consignees and licence lines to draw from."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(_MACROS)
    connection.execute("CREATE TABLE country (name VARCHAR, code VARCHAR, lpp BOOLEAN, no BIGINT)")
    connection.executemany("INSERT INTO country VALUES (?, ?, ?, ?)", _countries())
    connection.execute("CREATE TABLE ally (name VARCHAR, code VARCHAR, no BIGINT)")
    connection.executemany("INSERT INTO ally VALUES (?, ?, ?)", _allies())
    connection.execute("CREATE TABLE chip (key VARCHAR, usd BIGINT, milli BIGINT, no BIGINT)")
    connection.executemany("INSERT INTO chip VALUES (?, ?, ?, ?)", _chips())
    connection.execute(_CONSIGNEES)
    connection.execute(_LINES.format(lines=lines))
    return connection


def _countries() -> list[tuple[str, str, bool, int]]:
    """The holders of an allocation, in an order of their own, and whether LPP reaches them."""
    from ledger.policy.reader import read_regime

    regime = read_regime("ai_diffusion")
    known = regime.budgets["country_allocation"].known_holders()
    dealt = sorted(known, key=lambda holder: (int.from_bytes(holder[0].encode()) * 7919) % 10007)
    barred = frozenset[str]().union(*(regime.lists[k].members(regime.first_day) for k in _BARRED))
    allowed = regime.lists["a5"].members(regime.first_day) | regime.lists["a6"].members(
        regime.first_day
    )
    return [
        (name, code, code in allowed or code not in barred, no)
        for no, (code, name) in enumerate(dealt)
    ]


_BARRED = ("d1", "d4")


def _allies() -> list[tuple[str, str, int]]:
    from ledger import countries
    from ledger.policy.reader import read_regime

    regime = read_regime("ai_diffusion")
    listed = regime.lists["supp5a"].members(regime.first_day)
    abroad = sorted(listed - regime.lists["home"].members(regime.first_day))
    return [(countries.name(code), code, no) for no, code in enumerate(abroad)]


def _chips() -> list[tuple[str, int, int, int]]:
    """A hundred places, each with a chip, so that a number below 100 picks one by its weight."""
    from ledger.catalogue.reader import read_catalogue
    from ledger.policy.reader import read_regime
    from ledger.service.rulebook import Rulebook

    rulebook = Rulebook(read_regime("ai_diffusion"), {}, read_catalogue())
    each = [
        (key, usd, rulebook.unit_mtpp(key)) for key, usd, weight in CHIPS for _ in range(weight)
    ]
    return [(*one, no) for no, one in enumerate(each)]


_MACROS = f"""
CREATE MACRO pick(i, salt, n) AS (hash(i, salt) % n::UBIGINT)::BIGINT;
CREATE MACRO skewed(i, salt, n) AS
    floor(n * pow((hash(i, salt) % 1000000)::DOUBLE / 1000000, 2.5))::BIGINT;
-- By other bits of the hash: the low ones go with the consignee's.
CREATE MACRO supplier(i, consignee, n := {EXPORTERS}, each := {SUPPLIERS}) AS
    printf('Exporter %03d Inc',
        skewed(consignee * each + (hash(i, 'supplier') >> 32) % each, 'exporter', n));
CREATE MACRO place(i, name, code) AS CASE WHEN hash(i) % 3 = 0 THEN name ELSE code END;
"""

# `no` counts all consignees, `lpp_no` those that LPP reaches.
_CONSIGNEES = f"""
CREATE TABLE consignee AS
WITH dealt AS (SELECT n, skewed(n, 'country', (SELECT count(*) FROM country)) AS here,
               skewed(n // 3 * 3, 'country', (SELECT count(*) FROM country)) AS home
               FROM range({CONSIGNEES}) t(n))
SELECT n AS no, printf('Consignee %05d %s', n, c.code) AS name, c.code AS country,
    c.name AS country_name, printf('Group %05d', n // 3) AS parent, h.code AS parent_hq,
    CASE WHEN c.lpp AND h.lpp THEN
        row_number() OVER (PARTITION BY c.lpp AND h.lpp ORDER BY n) - 1 END AS lpp_no
FROM dealt JOIN country c ON c.no = here JOIN country h ON h.no = home;
CREATE TABLE ally_consignee AS
SELECT n AS no, printf('Allied %04d %s', n, code) AS name, code AS country,
    a.name AS country_name, printf('Allied Group %04d', n // 2) AS parent
FROM range({ALLIES}) t(n) JOIN ally a ON a.no = pick(n // 2, 'ally', (SELECT count(*) FROM ally));
"""

_LINES = f"""
CREATE TABLE licensed AS
SELECT n AS no, printf('D%07d', n // 2 + 1000000) AS licence, n % 2 + 1 AS line,
    issued_on, (issued_on + INTERVAL 1 YEAR - INTERVAL 1 DAY)::DATE AS expires_on,
    printf('Exporter %03d Inc', skewed(n, 'exporter', {EXPORTERS})) AS exporter,
    c.name AS consignee, c.parent, c.parent_hq, c.country, c.country_name,
    k.key AS chip, k.usd, k.milli, 20 + pick(n, 'units', 19) AS quantity
FROM (SELECT n, DATE '{FIRST_DAY}' + pick(n, 'issued', 540)::INTEGER AS issued_on
      FROM range({{lines}}) t(n))
JOIN consignee c ON c.no = skewed(n, 'consignee', {CONSIGNEES})
JOIN chip k ON k.no = pick(n, 'chip', 100);
"""

_LICENCES = """
SELECT licence, line, issued_on, expires_on, exporter, consignee AS ultimate_consignee,
    parent AS ultimate_parent, country AS consignee_hq, parent_hq,
    place(no, country_name, country) AS destination, chip, quantity, usd AS unit_value_usd,
    '' AS tpp
FROM licensed ORDER BY hash(no, 'order'), no
"""

# Of a hundred shipments: 47 under a licence, 27 small orders, 26 under other reasons or none.
_LICENSED, _SMALL, _ALLIED = 47, 74, 86
_AUTHORIZED = f"""
CASE WHEN a < {_LICENSED} THEN 'licence' WHEN a < {_SMALL} THEN 'LPP' WHEN a < {_ALLIED} THEN 'AIA'
     WHEN a < 91 THEN 'NVEU' WHEN a < 94 THEN 'UVEU' WHEN a < 96 THEN 'none' ELSE '' END
"""

_SHIPMENTS = f"""
WITH dealt AS (
    SELECT i, pick(i, 'authorization', 100) AS a,
        pick(i, 'day', (DATE '{LAST_DAY}' - DATE '{FIRST_DAY}')) AS d,
        pick(i, 'received', 100) AS r, 1 + pick(i, 'units', 3) AS units
    FROM range({{first}}, {{last}}) t(i)),
named AS (
    SELECT i, {_AUTHORIZED} AS auth, d, r, units,
        CASE WHEN a < {_LICENSED}
             THEN pick(i, 'line', (SELECT count(*) FROM licensed)) END AS line_no,
        CASE WHEN a >= {_LICENSED} AND a < {_SMALL}
             THEN pick(i, 'lpp', (SELECT count(lpp_no) FROM consignee)) END AS lpp_no,
        CASE WHEN a >= {_SMALL} AND a < {_ALLIED} THEN pick(i, 'ally', {ALLIES}) END AS ally_no,
        CASE WHEN a >= {_ALLIED} THEN skewed(i, 'consignee', {CONSIGNEES}) END AS other_no
    FROM dealt),
joined AS (
    SELECT i, auth, r, units, l.licence, l.line AS licence_line,
        least(coalesce(l.issued_on + (3 + d % 350)::INTEGER, DATE '{FIRST_DAY}' + d::INTEGER),
              DATE '{LAST_DAY}') AS exported_on,
        coalesce(l.exporter, supplier(i, coalesce(s.no, {CONSIGNEES} + y.no, o.no))) AS exporter,
        coalesce(l.consignee, s.name, y.name, o.name) AS consignee,
        coalesce(l.parent, s.parent, y.parent, o.parent) AS parent,
        CASE WHEN auth = 'UVEU' THEN 'US' ELSE coalesce(l.country, s.country, y.country, o.country)
        END AS consignee_hq,
        CASE WHEN auth = 'UVEU' THEN 'US'
             ELSE coalesce(l.parent_hq, s.parent_hq, y.country, o.parent_hq) END AS parent_hq,
        coalesce(l.country, s.country, y.country, o.country) AS country,
        coalesce(l.country_name, s.country_name, y.country_name, o.country_name) AS country_name,
        coalesce(l.chip, k.key) AS chip, coalesce(l.usd, k.usd) AS usd,
        coalesce(l.milli, k.milli) AS milli
    FROM named n
    JOIN chip k ON k.no = pick(i, 'chip', 100)
    LEFT JOIN licensed l ON l.no = n.line_no
    LEFT JOIN consignee s ON s.lpp_no = n.lpp_no
    LEFT JOIN ally_consignee y ON y.no = n.ally_no
    LEFT JOIN consignee o ON o.no = n.other_no)
SELECT printf('S%011d', i * 2654435761 % 10000000019) AS document, 1 AS line,
    CASE WHEN i % 25 = 0 THEN 'reexport' ELSE 'export' END AS kind, exported_on,
    CASE WHEN r < (CASE WHEN auth = 'LPP' THEN 60 ELSE 13 END)
         THEN least(exported_on + (2 + r % 30)::INTEGER, DATE '{LAST_DAY}') END AS received_on,
    exporter, consignee AS ultimate_consignee, parent AS ultimate_parent, consignee_hq, parent_hq,
    place(i, country_name, country) AS destination, auth AS authorization, licence, licence_line,
    chip, units AS quantity, usd AS unit_value_usd,
    CASE WHEN i % 3 = 0
         THEN printf('%d.%03d', units * milli // 1000, units * milli % 1000) END AS tpp,
    CASE WHEN auth = 'LPP' THEN exported_on END AS certificate_on,
    CASE WHEN auth = 'AIA' THEN exported_on END AS notice_on,
    CASE WHEN auth = 'AIA' THEN '3A090.a' END AS eccn
FROM joined ORDER BY hash(i, 'order'), i
"""

# Of the shipments that do not say when they arrived two of three do so in a file of their own,
# some of them in part and of those some in two parts.
_RECEIPTS = f"""
WITH dealt AS (
    SELECT document, line, exporter, exported_on::DATE AS sent_on, quantity::BIGINT AS units,
        pick(document, 'part', 100) AS p, pick(document, 'arrived', 40) AS d
    FROM sent WHERE received_on IS NULL AND pick(document, 'receipt', 100) < 66)
SELECT printf('%s-%d', document, part) AS document, 1 AS line,
    CASE WHEN p >= 97 THEN 'installation' ELSE 'receipt' END AS kind,
    least(sent_on + (2 + d + part)::INTEGER, DATE '{LAST_DAY}') AS received_on,
    exporter, document AS shipment, line AS shipment_line,
    CASE WHEN p < 20 AND units > 1 THEN 1 END AS quantity
FROM dealt JOIN (SELECT unnest([1, 2]) AS part) ON part = 1 OR (p < 10 AND units > 1)
ORDER BY hash(document, 'order'), document, part
"""
_RETURNS = f"""
WITH dealt AS (
    SELECT document, line, exporter, exported_on::DATE AS sent_on, quantity::BIGINT AS units,
        pick(document, 'kind', 100) AS k, pick(document, 'back', 90) AS d
    FROM sent WHERE pick(document, 'return', 100) < 20)
SELECT 'B' || document AS document, 1 AS line,
    CASE WHEN k < 70 THEN 'return' ELSE 'attrition' END AS kind,
    least(sent_on + (40 + d)::INTEGER, DATE '{LAST_DAY}') AS returned_on,
    exporter, document AS shipment, line AS shipment_line,
    CASE WHEN k % 3 = 0 AND units > 1 THEN 1 END AS quantity,
    CASE WHEN k >= 70 THEN 'loss' END AS reason
FROM dealt ORDER BY hash(document, 'order'), document
"""
