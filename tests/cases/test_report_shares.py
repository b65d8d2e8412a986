"""What the report on shares says of a ledger, as of a day and as it was known."""

from __future__ import annotations

import pytest

import ledger as door
from tests.cases.table import play

COLUMNS = ["share", "country", "part_mtpp", "base_mtpp", "share_percent", "room_mtpp", "state"]


@pytest.fixture
def shares(amounts):
    """A universal VEU that declared 93 TPP, and what the report says of it."""
    ledger = amounts()
    play(
        ledger,
        """
    act            | no | day        | to      | by   | parent_hq     | party | tpp  | says
    installed_base | N1 | 2025-06-30 |         |      |               | C     | 93   |
    ship           | S1 | 2025-07-01 | India   | UVEU | United States |       | 7    |
    ship           | S2 | 2025-07-10 | Poland  | UVEU | United States |       | 7.6  | share_over
    installed_base | N2 | 2025-07-20 |         |      |               | C     | 120  |
        """,
    )

    def said(**variables):
        with door.open(ledger.url) as books:
            frame = books.report("shares", **variables)
        return [
            tuple(None if value != value or value is None else value for value in row)
            for row in frame[COLUMNS].itertuples(index=False)
        ]

    return said


def test_each_share_with_its_room_and_state(shares):
    """Exactly 7 % is within; what the next lot adds to the base makes room of its own."""
    rows = {(row[0], row[1]): row for row in shares(as_of="2025-07-01")}
    country = rows["uveu_country", "IN"]
    assert (country[2], country[3], str(country[4]), country[5], country[6]) == (
        *(7_000, 100_000),
        *("7.00", 0, "within"),
    )
    outside = rows["uveu_outside", None]
    assert (outside[2], str(outside[4]), outside[6]) == (7_000, "7.00", "within")
    assert rows["uveu_us_outside", None][6] == "within"


def test_over_until_a_later_declaration_cures_it(shares):
    before = {(r[0], r[1]): r for r in shares(as_of="2025-07-10", share="uveu_country")}
    assert before["uveu_country", "PL"][6] == "over"
    assert before["uveu_country", "PL"][5] == -74
    after = {(r[0], r[1]): r for r in shares(as_of="2025-07-20", share="uveu_country")}
    assert after["uveu_country", "PL"][6] == "within"
    known = {(r[0], r[1]): r for r in shares(as_of="2025-07-20", known_at="seq:5")}
    assert known["uveu_country", "PL"][6] == "over"
    assert shares(as_of="2025-07-10", state="over")
