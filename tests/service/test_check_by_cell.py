"""`tpp check` by every cell of what is derived: altered, deleted and added rows are found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Date, Table, Text, delete, func, insert, select

import ledger as tpp
from ledger.storage.check import Invariant, check_turn
from ledger.storage.store import open_store
from schemas import tables as t
from schemas.kinds import Kind
from tests.cases.table import act, lines
from tests.service.books import assert_sound

# One line at least for each kind that the table `standing` keeps.
HAPPENED = """
act | no | line | day | to | units | by | under | licence_line | of | exporter | more
ship | E1 | | 2025-06-10 | India | 30 | none | | | | |
licence | L1 | 1 | 2025-06-01 | India | 100 | | | | | |
licence | L1 | 2 | 2025-06-01 | Kenya | 9 | | | | | |
licence | L2 | | 2025-06-01 | India | 5 | | | | | |
ship | E2 | | 2025-06-11 | India | 10 | | L1 | 1 | | |
transfer | T1 | | 2025-06-20 | India | 2 | | L2 | | E2 | |
assignment | A1 | | 2025-07-01 | | | | L1 | 1 | E1 | X |
licence_suspension | S1 | | 2025-07-02 | | | | L1 | 2 | | | until_on=2025-07-09
licence_reinstatement | S2 | | 2025-07-08 | | | | L1 | 2 | | |
licence_transfer | S3 | | 2025-07-10 | | | | L1 | 1 | | | to_party=Yard
revocation | S4 | | 2025-07-11 | | 3 | | L1 | 1 | | |
surrender | S5 | | 2025-07-12 | | 1 | | L1 | 2 | | |
lapse | S6 | | 2025-07-13 | | | | L2 | | | |
uplift | U1 | | 2025-07-01 | | | | | | | | holder=India,percent=10
block | B1 | | 2025-07-01 | | | | | | | | holder=Kenya,until_on=2025-12-31
unblock | B2 | | 2025-08-01 | | | | | | | | holder=Kenya
ownership | O1 | | 2025-01-10 | | | | | | | | party=Yard,other_party=Z Holding
party_merged | O2 | | 2025-01-11 | | | | | | | | party=Old,other_party=New
official_status | O3 | | 2025-01-12 | Kenya | | | | | | | party=New,status=nveu,until_on=2026-12-31
installed_base | O4 | | 2025-01-31 | India | | | | | | | party=New,tpp=9
certificate | O5 | | 2025-01-14 | | | LPP | | | | | party=C,other_party=X,shipment=E2
notice | O6 | | 2025-01-15 | | | LPP | | | | | party=C
"""
CHECKED = {
    t.balance: "balances",
    t.balance_day: "days",
    t.licence_line: "licence lines",
    t.standing: "standing",
}
FAR = timedelta(days=40_000)
CELLS = [(table, column.name) for table in CHECKED for column in table.columns]


def given(line: dict[str, str]) -> dict[str, str]:
    """A line with what stands in `more`, and a declaration's country under its own heading."""
    more = dict(pair.split("=") for pair in line.pop("more", "").split(",") if pair)
    if line["act"] in ("official_status", "installed_base"):
        more["country"] = line.pop("destination")
    return line | more


@pytest.fixture(scope="module")
def books(module_url: str) -> str:
    """A ledger of acts of every kind, sound; its tests take back what they change."""
    options = {"in_country_transfer": "no_second_debit"}
    with tpp.create(module_url, options=options) as made:
        for number, line in enumerate(lines(HAPPENED), start=1):
            act(made.service, number, given(line))
        made.close_quarter("2025Q2")
        made.reverse(last_of(made, Kind.UNBLOCK), "not so")
        assert_sound(made.service)
    return module_url


def last_of(made: tpp.Ledger, kind: str) -> int:
    """The seq of the last movement of a kind."""
    m = t.movement.c
    with made.service.store.reading() as turn:
        last = select(func.max(m.seq)).where(m.kind == kind)
        return int(turn.connection.execute(last).scalar_one())


Rows = list[dict[str, Any]]


def after(url: str, table: Table, change: Callable[[Rows], Rows]) -> tuple[Rows, Invariant]:
    """The rows a table had, and how its invariant fares once they were changed; then undone."""
    with pytest.raises(TakenBack), open_store(url) as store, store.writing() as turn:  # noqa: PT012
        query = select(table).order_by(*table.primary_key.columns)
        before = [dict(row._mapping) for row in turn.connection.execute(query)]
        turn.connection.execute(delete(table))
        turn.connection.execute(insert(table), change(before))
        (found,) = (one for one in check_turn(store, turn) if one.name == CHECKED[table])
        raise TakenBack
    return before, found


class TakenBack(Exception):
    """Undoes a transaction."""


def other(column: Column[Any], value: Any) -> Any:
    """Another value of the column's kind."""
    if isinstance(column.type, Date):
        return date(2999, 1, 1) if value is None or not column.primary_key else value + FAR
    if isinstance(column.type, Text):
        return "lapsed" if column.name == "state" and value != "lapsed" else f"{value} x"
    if column.name == "live":
        return 1 - value
    return (value or 0) + (1_000_000 if column.primary_key else 1)


@pytest.mark.parametrize(("table", "name"), CELLS, ids=lambda one: getattr(one, "name", one))
def test_a_cell_that_was_altered_is_found_in_every_row(books: str, table: Table, name: str) -> None:
    def change(rows: Rows) -> Rows:
        return [row | {name: other(table.columns[name], row[name])} for row in rows]

    before, found = after(books, table, change)
    assert found.count >= len(before), found.failures
    told = "".join(found.failures[:1])
    assert str(before[0][next(iter(table.primary_key.columns)).name]) in told


@pytest.mark.parametrize("table", CHECKED, ids=lambda table: table.name)
def test_rows_that_were_deleted_are_found(books: str, table: Table) -> None:
    before, found = after(books, table, lambda rows: rows[1::2])
    deleted = before[::2]
    if table is t.balance_day:
        deleted = [row for row in deleted if row["taken_mtpp"]]
    assert found.count >= len(deleted) > 0
    told = "; ".join(found.failures)
    key = next(iter(table.primary_key.columns)).name
    assert all(f" {row[key]}" in told for row in deleted[:5]), told


@pytest.mark.parametrize("table", CHECKED, ids=lambda table: table.name)
def test_rows_that_were_added_are_found(books: str, table: Table) -> None:
    *_, key = table.primary_key.columns

    def added(rows: Rows) -> Rows:
        last = next(row for row in reversed(rows) if row.get("posted_mtpp", 1))
        return [*rows, last | {key.name: other(key, last[key.name])}]

    _, found = after(books, table, added)
    assert found.count


def test_acts_of_every_kind_that_is_kept_were_there(books: str) -> None:
    with open_store(books) as store, store.reading() as turn:
        kinds = set(turn.connection.execute(select(t.standing.c.kind)).scalars())
    assert len(kinds) == 17, sorted(kinds)


def test_two_transfers_of_one_line_in_one_file_are_each_their_own(tmp_path: Path) -> None:
    """The first was kept as one to whom the second handed the licence."""
    (tmp_path / "acts.csv").write_text(
        "document,kind,effective_on,licence,to_party\n"
        "A,licence_transfer,2025-07-01,L1,Y\nB,licence_transfer,2025-08-01,L1,Z\n"
    )
    with tpp.create(str(tmp_path / "ledger.db")) as made:
        (line,) = lines("act | no | day | to\nlicence | L1 | 2025-06-01 | India")
        act(made.service, 1, line)
        made.import_file(tmp_path / "acts.csv", "acts")
        assert_sound(made.service)
