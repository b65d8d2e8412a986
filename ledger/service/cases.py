"""The cases of a file's rows: what the rules can tell apart, each judged once.

Works in the intake's own DuckDB database, as columns.py does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from ledger.rules import preconditions
from ledger.rules.chips import ChipFacts
from ledger.rules.judge import Case
from ledger.service.given_tables import US_OF, table_of, texts
from ledger.service.rulebook import Rulebook, Ruled
from schemas.kinds import Kind
from schemas.whole import LARGEST_WHOLE

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class Cases:
    """What the movements of each case share, by the case's number."""

    def __init__(
        self, kinds: Sequence[str], authorizations: Sequence[str | None], rulings: Sequence[int]
    ) -> None:
        self._count = len(kinds)
        self._kinds = texts([*kinds, Kind.RECEIPT])
        self._authorizations = texts(authorizations)
        self._rulings = np.array(rulings, np.int64)

    def of(self, rows: pa.Table) -> dict[str, Any]:
        """Kind, authorization and ruling of each movement; what comes behind one is its receipt."""
        import pyarrow as pa

        case = rows.column("case_at").to_numpy()
        of_kind = np.where(rows.column("behind").to_numpy() == 0, case, self._count)
        return {
            "kind": self._kinds.take(pa.array(of_kind)),
            "authorization": self._authorizations.take(pa.array(case)),
            "ruling_at": pa.array(self._rulings[case]),
        }


@dataclass(slots=True)
class Classes:
    """The classes of countries and chips, by the numbers the small tables give them."""

    # Each as every regime of the ledger sees it, in their order.
    country: list[tuple[str, ...]]
    chip: list[tuple[ChipFacts, ...]]
    period: list[tuple[date, ...]]


def classes_of(
    con: duckdb.DuckDBPyConnection,
    rulebook: Rulebook,
    countries: Sequence[str],
    chips: Sequence[str],
) -> Classes:
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
    return Classes(country, chip_classes, periods)


CASED = """
    FROM given g
    JOIN d_period p ON p.day = g.effective_on
    JOIN d_class cd ON cd.code = coalesce(g.destination, '') AND cd.period = p.period
    JOIN d_class ch ON ch.code = coalesce(g.consignee_hq, '') AND ch.period = p.period
    LEFT JOIN d_seat s ON s.row = g.row
    JOIN d_class cp ON cp.code = coalesce(s.seat, g.parent_hq, '') AND cp.period = p.period
    JOIN d_chip_class x ON x.chip = coalesce(g.chip, '')
    LEFT JOIN d_entry n ON n.row = g.row
"""
RULED = """
    JOIN d_case k ON k.kind = g.kind AND k.auth = coalesce(g.authorization, '')
        AND k.d = cd.class AND k.h = ch.class AND k.p = cp.class AND k.c = x.class
        AND k.period = p.period AND k.e = coalesce(n.entry, '') AND k.s = coalesce(s.seat, '')
"""
_CASE = (
    "g.kind, coalesce(g.authorization, '') AS auth, cd.class AS d, ch.class AS h, cp.class AS p,"
    " x.class AS c, p.period AS period, coalesce(n.entry, '') AS e,"
    " coalesce(s.seat, '') AS s"
)


def judge(
    con: duckdb.DuckDBPyConnection, rulebook: Rulebook, classes: Classes
) -> tuple[list[Ruled], Cases]:
    """Judge each distinct case once: the table `d_case`, which numbers them."""
    cases = con.execute(f"SELECT DISTINCT {_CASE} {CASED}").fetchall()
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
    each = {"no": range(len(cases)), "needs": needs, "measured": measured}
    table_of(con, "d_case", {**columns, **each})
    stated = [auth or None for auth in columns["auth"]]
    return ruled, Cases(columns["kind"], stated, numbers)


def lots(con: duckdb.DuckDBPyConnection, rulebook: Rulebook, ruled: Sequence[Ruled]) -> None:
    """Add up the shipments whose papers hang on their amount: the table `d_lot`."""
    each = (preconditions.least_amount(one.regime) for one in rulebook.every)
    least = min((amount for amount in each if amount is not None), default=None)
    if least is None or not any(rulebook.measures(one.ruling.needs) for one in ruled):
        con.execute(_NO_LOTS)
        return
    con.execute(_LOTS.format(cased=CASED, ruled=RULED, largest=LARGEST_WHOLE), [least])


_NO_LOTS = """
    CREATE OR REPLACE TABLE d_lot (source VARCHAR, document VARCHAR, exporter VARCHAR,
        effective_on DATE, auth VARCHAR, shipment_mtpp BIGINT)
"""
# One row a shipment that may need a paper for its amount (papers.py says what one shipment is).
_LOTS = """
    CREATE OR REPLACE TABLE d_lot AS
    SELECT g.source, g.document, g.exporter, g.effective_on, coalesce(g.authorization, '') AS auth,
        least(sum(g.amount_mtpp), {largest})::BIGINT AS shipment_mtpp
    {cased} {ruled}
    WHERE k.measured
    GROUP BY ALL HAVING sum(g.amount_mtpp) >= $1
"""
