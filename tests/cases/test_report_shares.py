"""What the report on shares says of a ledger, as of a day and as it was known."""

from __future__ import annotations

import pytest

import ledger as door
from tests.cases.table import play
from tests.service.books import rows

COLUMNS = ["share", "country", "part_mtpp", "base_mtpp", "share_percent", "room_mtpp", "state"]


def asked(ledger, **variables):
    """What the report says, row by row."""
    with door.open(ledger.url) as books:
        frame = books.report("shares", **variables)
    return [
        tuple(None if value != value or value is None else value for value in row)
        for row in frame[COLUMNS].itertuples(index=False)
    ]


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

    return lambda **variables: asked(ledger, **variables)


def test_each_share_with_its_room_and_state(shares):
    """Exactly 7 % is within; what the next lot adds to the base makes room of its own."""
    found = {(row[0], row[1]): row for row in shares(as_of="2025-07-01")}
    country = found["uveu_country", "IN"]
    assert (country[2], country[3], str(country[4]), country[5], country[6]) == (
        *(7_000, 100_000),
        *("7.00", 0, "within"),
    )
    outside = found["uveu_outside", None]
    assert (outside[2], str(outside[4]), outside[6]) == (7_000, "7.00", "within")
    assert found["uveu_us_outside", None][6] == "within"


def test_over_until_a_later_declaration_cures_it(shares):
    before = {(r[0], r[1]): r for r in shares(as_of="2025-07-10", share="uveu_country")}
    assert before["uveu_country", "PL"][6] == "over"
    assert before["uveu_country", "PL"][5] == -74
    after = {(r[0], r[1]): r for r in shares(as_of="2025-07-20", share="uveu_country")}
    assert after["uveu_country", "PL"][6] == "within"
    known = {(r[0], r[1]): r for r in shares(as_of="2025-07-20", known_at="seq:5")}
    assert known["uveu_country", "PL"][6] == "over"
    assert shares(as_of="2025-07-10", state="over")


def test_a_base_that_is_over_before_anything_moves(amounts):
    """What was declared alone stands there too; who it is of is asked by any spelling."""
    ledger = amounts()
    play(
        ledger,
        """
        act            | no | day        | party | country | tpp
        installed_base | N1 | 2025-06-30 | Cloud |         | 100
        installed_base | N2 | 2025-06-30 | CLOUD | India   | 26
        installed_base | N3 | 2025-06-30 | Cloud | Germany | 40
        """,
    )
    for holder in ({}, {"holder": "cloud"}):
        found = {(r[0], r[1]): r for r in asked(ledger, as_of="2025-06-30", **holder)}
        assert found.keys() == {("uveu_outside", None), ("uveu_country", "IN")}
        assert found["uveu_country", "IN"][2:4] == (26_000, 100_000)
        assert {row[6] for row in found.values()} == {"over"}
    assert not asked(ledger, as_of="2025-06-29")
    assert not asked(ledger, as_of="2025-06-30", known_at="seq:1")


def test_who_is_headquartered_at_home_is_known_from_what_stands(amounts):
    """Not before it is known, nor from what was taken back; a declared parent's seat tells too."""
    ledger = amounts()
    play(
        ledger,
        """
        act            | no | day        | party | tpp | other | country
        installed_base | N1 | 2025-06-30 | C     | 100 |       |
        installed_base | N2 | 2025-06-30 | P     | 100 |       |
        ownership      | O1 | 2025-07-01 | Sub   |     | P     | United States
        """,
    )
    play(
        ledger,
        """
        act  | no | day        | for | to      | by   | parent_hq     | tpp
        ship | S1 | 2025-07-01 | C   | Germany | UVEU |               | 1
        ship | S2 | 2025-07-02 | C   | Germany | UVEU | United States | 1
        ship | S3 | 2025-07-03 | Sub | Germany | UVEU |               | 1
        """,
    )
    home = "uveu_us_outside"

    def measured(**variables):
        with door.open(ledger.url) as books:
            frame = books.report("shares", share=home, **variables)
        return list(frame["name"])

    assert measured(as_of="2025-07-01") == []
    assert measured(as_of="2025-07-02") == ["C"]
    assert measured(as_of="2025-07-03") == ["C", "P"]
    sent = {m["document"]: m["seq"] for m in rows(ledger.url, "movement")}
    before = sent["S2"] - 1
    assert measured(as_of="2025-07-03", known_at=f"seq:{before}") == []
    ledger.reverse([sent["S2"]], "wrong headquarters")
    assert measured(as_of="2025-07-03") == ["P"]
