"""A quarter is closed with its report; what comes later is accepted, marked, and restated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import ledger as tpp
from ledger.service.seal import Moved
from ledger.storage.check import check
from reports.quarters import reported
from schemas.problems import Unusable
from schemas.quarters import Quarter, quarter_of
from tests.cases.table import play
from tests.service.books import assert_sound, rows, write_csv
from tests.service.test_then_and_now import told

LOT = {"exporter": "X", "ultimate_consignee": "C", "destination": "India"}
LOT |= {"chip": "nvidia-h100-sxm", "quantity": "10", "authorization": "none"}
Q3 = Quarter(2025, 3)


@pytest.fixture
def books(ledger_url: str) -> Iterator[tpp.Ledger]:
    """A licence and a shipment of the third quarter of 2025, and one of the fourth."""
    with tpp.create(ledger_url) as made:
        play(
            made.service,
            """
            act     | no | day        | to    | units | under | says
            licence | L1 | 2025-07-01 | India | 100   |       |
            ship    | S1 | 2025-09-30 | India | 60    | L1    |
            ship    | S2 | 2025-10-01 | India | 20    | L1    |
            """,
        )
        yield made
        assert_sound(made.service)


def test_what_comes_after_is_late(books):
    closed = books.close_quarter("2025Q3")
    assert (closed.count, closed.first_seq) == (1, 5)
    play(
        books.service,
        """
        act     | no | day        | to    | units | under | of | says
        ship    | S3 | 2025-09-30 | India | 10    | L1    |    | late_for_quarter
        ship    | S4 | 2025-10-01 | India | 9     | L1    |    |
        receive | R1 | 2025-09-30 |       |       |       | S4 | before_shipment, late_for_quarter
        ship    | S5 | 2025-06-30 | India | 1     | L1    |    | licence_not_yet_issued
        """,
    )
    undone = books.reverse(3, "never left")
    assert undone.counts == {"late_for_quarter": 1}
    found = [f for f in rows(books.url, "finding") if f["code"] == "late_for_quarter"]
    assert {f["detail"] for f in found} == {"2025Q3, closed by seq 5"}
    assert [f["seq"] for f in found] == [6, 8, 10]


def test_the_report_is_made_again_and_restated(books):
    books.close_quarter("2025Q3")
    first = reported(books.refresh(), Q3, 4)
    play(
        books.service,
        """
        act  | no | day        | to    | units | under | says
        ship | S3 | 2025-09-30 | India | 10    | L1    | late_for_quarter
        ship | S4 | 2025-12-31 | India | 5     | L1    |
        """,
    )
    folder = books.refresh()
    assert reported(folder, Q3, 4).csv == first.csv != reported(folder, Q3).csv
    (line,) = told(books, "quarters", "quarter", "state", "closed_seq", "late_movements")
    assert line == ("2025Q3", "closed", 5, 1)
    assert told(books, "quarters", "report_digest") == [(first.digest,)]
    unit = 15_832_000
    figures = ("name", "reported_shipped_mtpp", "restated_shipped_mtpp", "change_mtpp")
    asked = {"as_of": "2025-09-30"}
    assert told(books, "restatement", *figures, **asked) == [("India", 60 * unit, 70 * unit, 0)]
    assert told(books, "restatement", *figures, known_at="seq:5", **asked) == []
    late = told(books, "late", "seq", "posted_mtpp", "held_mtpp", "change_mtpp", **asked)
    assert late == [(6, 10 * unit, -10 * unit, 0)]


def test_an_uplift_known_late_moves_what_remained(books):
    books.close_quarter("2025Q3")
    more = {"document": "U1", "kind": "amendment", "holder": "India", "tpp": "1000"}
    outcome = books.record("adjustments", more | {"effective_on": "2025-08-01"})
    assert outcome.counts == {"late_for_quarter": 1}
    changed = told(books, "restatement", "name", "change_mtpp", as_of="2025-09-30")
    assert changed == [("India", 1_000_000)]


def test_a_quarter_is_closed_once_and_may_be_reopened(books):
    closed = books.close_quarter("2025Q3")
    with pytest.raises(Unusable, match="is closed already, by seq 5; to close it anew"):
        books.close_quarter("2025q3")
    books.reverse(closed.first_seq, "too early")
    late = "act|no|day|to|units|under|says\nship|S3|2025-09-30|India|10|L1|"
    play(books.service, late)
    assert books.close_quarter("2025-Q3").first_seq == 8
    states = told(books, "quarters", "state", "closed_seq", "reopened_seq", "late_movements")
    assert states == [("reopened", 5, 6, 1), ("closed", 8, None, 0)]
    assert told(books, "quarters", "state", known_at="seq:5") == [("closed",)]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("2025Q5", "write it as 2025Q3"),
        ("Q3 2025", "write it as 2025Q3"),
        ("9000Q4", "is not over: its last day is 9000-12-31"),
        ("2024Q3", "ended before the regime began"),
    ],
)
def test_what_cannot_be_closed(books, name, reason):
    head = rows(books.url, "head")
    with pytest.raises(Unusable, match=reason):
        books.close_quarter(name)
    assert rows(books.url, "head") == head


def test_nothing_slips_in_between_report_and_close(books):
    with pytest.raises(Moved):
        books.service.close_quarter("2025Q3", "0" * 64, 3)
    assert all(one.holds for one in check(books.service.store))


def test_a_file_is_marked_by_rows_as_by_columns(books, tmp_path: Path):
    books.close_quarter("2025Q3")
    days = ("2025-09-30", "2025-10-01", "2025-07-01", "2025-06-30")
    for columns_from in (1, 10**9):
        lines = [
            LOT | {"document": f"F{n} {columns_from}", "exported_on": days[n % 4], "quantity": 1}
            for n in range(40)
        ]
        path = write_csv(tmp_path / "f.csv", lines)
        outcome = books.import_file(path, "shipments", columns_from=columns_from)
        assert outcome.counts["late_for_quarter"] == 20
        assert outcome.breaches == outcome.counts["no_authorization"]


def test_quarters_by_name():
    assert quarter_of(" 2025q4 ").last == date(2025, 12, 31)
    assert (Q3.first, Q3.last, Q3.name) == (date(2025, 7, 1), date(2025, 9, 30), "2025Q3")
    with pytest.raises(ValueError, match="write it as 2025Q3"):
        quarter_of("2025Q0")


def test_a_close_that_stands_again_has_late_what_came_late(books):
    """Its reversal and the restoration are acts on the books: late for no quarter."""
    books.close_quarter("2025Q3")
    first = reported(books.refresh(), Q3, 4)
    books.reverse(5, "too soon")
    books.reverse(6, "it was not")
    play(
        books.service,
        """
        act  | no | day        | to    | units | under | says
        ship | S3 | 2025-09-30 | India | 10    | L1    | late_for_quarter
        """,
    )
    assert reported(books.refresh(), Q3, 4).csv == first.csv
    names = ("state", "closed_seq", "late_movements", "reopened_seq")
    assert told(books, "quarters", *names) == [("closed", 5, 1, None)]
    figures, unit = ("name", "reported_shipped_mtpp", "restated_shipped_mtpp"), 15_832_000
    asked = {"as_of": "2025-09-30"}
    assert told(books, "restatement", *figures, **asked) == [("India", 60 * unit, 70 * unit)]
    assert told(books, "late", "seq", "kind", **asked) == [(8, "export")]
    # While it was reversed the quarter was open, and nothing late.
    assert told(books, "quarters", *names, known_at="seq:6") == [("reopened", 5, 0, 6)]
    assert told(books, "late", "seq", known_at="seq:6", **asked) == []
