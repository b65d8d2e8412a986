"""A file imported twice: row by row into one ledger, and as columns into its twin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from ledger.service.ledger import Ledger, new_ledger, open_ledger
from ledger.service.outcome import Outcome
from tests.service import nasty
from tests.service.books import copied, whole, write_csv

BY_ROWS, AS_COLUMNS = 10**9, 1
ON_RECORD = [
    # kind, party, other party, from, until, share, headquarters of the other party
    ("ownership", "Sold Off Ltd", "Acme Ltd", "2025-01-01", "2026-06-30"),
    ("ownership", "Sold Off Ltd", "Over There GmbH", "2026-07-01", "", "", "SG"),
    ("party_merged", "Merged Away Ltd", "12", "2026-01-01", ""),
    ("party_merged", "ACME Limited", "Acme Ltd", "2025-03-01", ""),
    ("ownership", "12", "Acme Ltd", "2025-06-01", "2026-03-31", "55"),
    ("ownership", "12", "Over There GmbH", "2025-06-01", "", "45"),
    ("ownership", "12", "Quote Holding", "2026-04-01", "", "55"),
    ("ownership", "Over There GmbH", "Owner of Owners", "2025-09-01", "", "100", "Hong Kong"),
    ("ownership", 'Quote "Q" & Sons, Inc.', "Owner of Owners", "2026-02-01", ""),
]
PAPERS = [
    # kind, party, exporter, authorization, shipment, from, until
    ("certificate", "Acme Ltd", "", "LPP", "", "2025-06-01", ""),
    ("certificate", "Over There GmbH", "X Corp", "LPP", "", "2025-01-01", "2026-06-30"),
    ("certificate", "12", "", "AIA", "", "2025-01-01", ""),
    ("notice", "Acme Limited", "", "LPP", "", "2025-06-01", "2027-01-01"),
    ("notice", "株式会社コンピュート", "Y Corp", "NAC", "", "2025-06-01", ""),
    ("notice", "Over There GmbH", "", "AIA", "EX-12", "2025-01-01", ""),
]
BESIDE = "beside"
Options = dict[str, str]


def in_databases(each: Sequence[Options], packed: Sequence[Options]) -> pytest.MarkDecorator:
    """A ledger under each of some options in SQLite, and under all of them, packed, in PostgreSQL.

    What options change is decided before a database is asked, and in each by the same code.
    """
    assert _values(packed) == _values(each), "what is packed is all of them"
    runs = [("sqlite", options) for options in each]
    runs += [("postgresql", options) for options in packed]
    names = [f"{database}-{'-'.join(options.values())}" for database, options in runs]
    return pytest.mark.parametrize(
        ("ledger_url", "options"), runs, indirect=["ledger_url"], ids=names
    )


def _values(several: Sequence[Options]) -> set[tuple[str, str]]:
    return {value for options in several for value in options.items()}


# Limits that move while files are dated before and after.
MOVED = [
    # country, day, change
    ("India", "2025-09-01", "-780000000"),
    ("India", "2026-06-01", "300000000"),
    ("Vietnam", "2027-01-01", "-789000000"),
    ("Singapore", "2025-02-01", "-500000000"),
]


def declared(url: str, **options: str) -> str:
    """A ledger with declarations of ownership and mergers and moved limits, closed; its URL."""
    beside = options.pop(BESIDE, "").split()
    with new_ledger(url, options=options, beside=beside) as ledger:
        for number, (kind, party, other, on, until, *more) in enumerate(ON_RECORD):
            share, country = (*more, "", "")[:2]
            said = {"document": f"N{number}", "kind": kind, "effective_on": on, "party": party}
            ledger.record(
                "declarations",
                said
                | {"other_party": other, "until_on": until, "percent": share, "country": country},
            )
        for number, (party, country, tpp) in enumerate(nasty.STOCKS):
            said = {"document": f"S{number}", "kind": "installed_base", "party": party}
            said |= {"country": country, "effective_on": "2025-12-31", "tpp": tpp}
            ledger.record("declarations", said)
        for number, (kind, party, other, by, shipment, on, until) in enumerate(PAPERS):
            said = {"document": f"P{number}", "kind": kind, "effective_on": on, "party": party}
            said |= {"other_party": other, "authorization": by, "shipment": shipment}
            ledger.record("declarations", said | {"until_on": until})
        breach = {"document": "N9", "kind": "condition", "effective_on": "2025-06-01"}
        breach |= {"party": "Acme Ltd", "condition": "16", "status": "breached"}
        ledger.record("declarations", breach)
        for licence in ("D3", "D7"):
            of_licence = {"document": f"C{licence}", "licence": licence, "condition": "no resale"}
            ledger.record("declarations", breach | of_licence)
        for number, (country, on, change) in enumerate(MOVED):
            said = {"document": f"A{number}", "kind": "amendment", "effective_on": on}
            ledger.record("adjustments", said | {"holder": country, "tpp": change})
    return url


@contextmanager
def twins(url: str, folder: Path) -> Iterator[tuple[Ledger, Ledger]]:
    """Two open ledgers like the closed one at a URL."""
    with ExitStack() as stack:
        urls = [stack.enter_context(copied(url, folder)) for _ in range(2)]
        yield tuple(stack.enter_context(open_ledger(one)) for one in urls)  # type: ignore[misc]


def both_ways(ledgers: tuple[Ledger, Ledger], path: Path, kind: str) -> tuple[Outcome, Outcome]:
    """Import a file into one ledger by rows and into the other as columns."""
    ways = zip(ledgers, (BY_ROWS, AS_COLUMNS), strict=True)
    rejects = path.with_name("rejects.csv")
    said = (one.import_file(path, kind, columns_from=at, rejects=rejects) for one, at in ways)
    # Which rows were known is told alike, but not in the same order, nor of as many.
    by_rows, as_columns = (replace(one, repeated=sorted(one.repeated, key=str)) for one in said)
    assert {r.row for r in by_rows.repeated} == {r.row for r in as_columns.repeated}
    return by_rows, as_columns


def assert_same(ledgers: tuple[Ledger, Ledger]) -> None:
    """Both hold the same rows in every table; the heads' digests are among them."""
    one, other = (whole(ledger.url) for ledger in ledgers)
    for name, table in one.items():
        assert table == other[name], name


@contextmanager
def filled(url: str, folder: Path) -> Iterator[tuple[Ledger, Ledger, list[nasty.Line]]]:
    """Two ledgers with licences on file, and shipments to draw on them."""
    random = Random(11)
    licences = nasty.licences(random, 20)
    shipments = nasty.shipments(random, 120, licences)
    base = declared(url)
    with open_ledger(base) as ledger:
        ledger.import_file(write_csv(folder / "licences.csv", licences), "licences")
    with twins(base, folder) as ledgers:
        yield (*ledgers, shipments)


def shipped(folder: Path, lines: Sequence[nasty.Line]) -> Path:
    return write_csv(folder / "shipments.csv", lines)
