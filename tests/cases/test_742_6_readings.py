"""Readings of 15 CFR 742.6(b)(10)(iii): against which country, from when, and counted how often."""

from __future__ import annotations

import pytest

from tests.cases.table import play, standing, stands
from tests.service.books import write_csv

ONE = 15_832


# Option 22: licences of before 2025

OLD = """
act     | no | day        | to    | units | under | says
licence | L  | 2024-06-01 | India | 10    |       | before_regime
ship    | A  | 2024-12-31 | India | 4     | L     | before_regime
ship    | B  | 2025-01-01 | India | 3     | L     |
ship    | D  | 2025-01-02 | India | 4     | L     | {over}
"""
OVERDRAWN = "licence_quantity_overdrawn, licence_tpp_overdrawn"


def test_an_old_licence_is_noted_and_draws_nothing(opened):
    ledger = opened()
    play(ledger, OLD.format(over=""))
    stands(ledger, "")


def test_the_undrawn_rest_of_an_old_licence_counts_from_2025_on(opened):
    """Ten units, four of them gone by then: six count, held until they ship."""
    ledger = opened(licences_before_2025="undrawn_rest")
    head, first, *rest = OLD.format(over=OVERDRAWN).strip().splitlines()
    play(ledger, f"{head}\n{first}\n{rest[0]}")
    stands(ledger, "India 2025-2027: held 94,992; remaining 789,905,008")
    play(ledger, f"{head}\n{rest[1]}")
    stands(ledger, "India 2025-2027: held 47,496, posted 47,496; remaining 789,905,008")
    play(ledger, f"{head}\n{rest[2]}")
    stands(ledger, "India 2025-2027: posted 110,824; remaining 789,889,176")


def test_what_left_before_2025_is_taken_off_whenever_it_is_recorded(opened):
    ledger = opened(licences_before_2025="undrawn_rest")
    play(
        ledger,
        """
        act     | no | day        | to    | units | under | says
        licence | L  | 2024-06-01 | India | 10    |       | before_regime
        ship    | B  | 2025-02-01 | India | 3     | L     |
        ship    | A  | 2024-12-31 | India | 4     | L     | before_regime
        """,
    )
    stands(ledger, "India 2025-2027: held 47,496, posted 47,496; remaining 789,905,008")


def test_an_old_licence_for_no_allocation_or_no_listed_item_draws_nothing(opened):
    ledger = opened(licences_before_2025="undrawn_rest")
    play(
        ledger,
        """
        act     | day        | to     | chip       | says
        licence | 2024-06-01 | France |            | before_regime
        licence | 2024-06-01 | China  |            | before_regime
        licence | 2024-06-01 | India  | nvidia-l40 | before_regime
        """,
    )
    stands(ledger, "")


def test_an_old_licence_draws_as_it_ships(opened):
    """What leaves in 2024 does not count; a licence of 2025 counts from its issue, as ever."""
    ledger = opened(licences_before_2025="as_shipped")
    play(
        ledger,
        """
        act     | no | day        | to     | units | under | says
        licence | L  | 2024-06-01 | India  | 10    |       | before_regime
        licence | M  | 2025-06-01 | Poland | 10    |       |
        ship    | A  | 2024-12-31 | India  | 4     | L     | before_regime
        ship    | B  | 2025-01-01 | India  | 3     | L     |
        ship    | D  | 2025-07-01 | Poland | 3     | M     |
        """,
    )
    stands(
        ledger,
        """
        India 2025-2027: posted 47,496; remaining 789,952,504
        Poland 2025-2027: held 110,824, posted 47,496; remaining 789,841,680
        """,
    )


def test_what_an_old_licence_draws_as_it_ships_counts_once_where_others_do_so_too(opened):
    ledger = opened(licences_before_2025="as_shipped", cap_basis="shipped")
    play(
        ledger,
        """
        act     | no | day        | to    | units | under | says
        licence | L  | 2024-06-01 | India | 10    |       | before_regime
        ship    | B  | 2025-06-01 | India | 3     | L     |
        """,
    )
    stands(ledger, "India 2025-2027: posted 47,496; remaining 789,952,504")


@pytest.mark.parametrize("way", ["on the row", "in a file of its own"])
def test_what_an_old_licence_draws_as_it_ships_is_not_in_transit_beside(opened, way):
    """Where others count when they arrive, it counts once all the same: as it leaves."""
    ledger = opened(licences_before_2025="as_shipped", cap_basis="received")
    arrives = "2025-07-01" if way == "on the row" else ""
    play(
        ledger,
        f"""
        act     | no | day        | to    | units | under | arrives   | says
        licence | L  | 2024-06-01 | India | 10    |       |           | before_regime
        ship    | B  | 2025-06-01 | India | 3     | L     | {arrives} |
        """,
    )
    stands(ledger, "India 2025-2027: posted 47,496; remaining 789,952,504")
    if not arrives:
        play(ledger, "act | day | of\nreceive | 2025-07-01 | B")
        stands(ledger, "India 2025-2027: posted 47,496; remaining 789,952,504")


@pytest.mark.parametrize(("reading", "over"), [("undrawn_rest", OVERDRAWN), ("as_shipped", "")])
def test_old_licences_are_reversed_like_others(opened, reading, over):
    ledger = opened(licences_before_2025=reading)
    (licence, *_) = play(ledger, OLD.format(over=over))
    ledger.reverse([licence.first_seq], "not ours", cascade=True)
    stands(ledger, "")


# Option 2: which country a licence is counted against

FOR = """
act     | no | day        | to      | consignee_hq | parent_hq | says
licence | L1 | 2025-06-01 | India   | Brazil       | Kenya     |
licence | L2 | 2025-06-01 | India   | India        | France    |
licence | L3 | 2025-06-01 | France  | Brazil       | Brazil    |
licence | L4 | 2025-06-01 | Poland  | France       | Kenya     |
"""
COUNTED = {
    "destination": {"India": 2, "Poland": 1},
    "hq": {"Brazil": 2, "India": 1},
    "ultimate_parent": {"Brazil": 1, "Kenya": 2},
    "both": {"Brazil": 2, "India": 2, "Poland": 1},
}


@pytest.mark.parametrize("reading", list(COUNTED))
def test_the_country_counted_against_is_the_options(opened, reading):
    """Where headquarters and destination are one country, it is counted once."""
    ledger = opened(tally_country=reading)
    play(ledger, FOR)
    taken = ((where, units * ONE) for where, units in COUNTED[reading].items())
    said = [f"{w} 2025-2027: held {n:,}; remaining {790_000_000 - n:,}" for w, n in taken]
    stands(ledger, "\n".join(said))


@pytest.mark.parametrize(
    ("reading", "stated", "counted"),
    [
        ("hq", "", "India"),
        ("hq", "Brazil", "Brazil"),
        ("ultimate_parent", "", "India"),
        ("ultimate_parent", "Brazil", "Brazil"),
        ("both", "", "India"),
    ],
)
def test_a_country_that_is_not_stated_is_replaced_by_the_next_and_said(
    opened, reading, stated, counted
):
    ledger = opened(tally_country=reading)
    said = "" if (reading, stated) == ("hq", "Brazil") else "holder_not_stated"
    play(
        ledger,
        f"""
        act     | day        | to    | consignee_hq | says
        licence | 2025-06-01 | India | {stated}     | {said}
        """,
    )
    stands(ledger, f"{counted} 2025-2027: held 15,832; remaining 789,984,168")


def test_a_licence_counted_twice_is_drawn_and_released_on_both(opened):
    ledger = opened(tally_country="both")
    outcomes = play(
        ledger,
        """
        act     | no | day        | to     | consignee_hq | units | under | says
        licence | L  | 2025-06-01 | India  | Brazil       | 10    |       |
        ship    | S  | 2025-06-02 | India  | Brazil       | 4     | L     |
        ship    | T  | 2025-06-02 | India  | Brazil       | 1     |       | {}
        """.format("authorization_unstated"),
    )
    safe = "safe 15,832"
    rest = f"held 94,992, posted 63,328, {safe}; remaining 789,841,680"
    stands(ledger, f"India 2025-2027: {rest}\nBrazil 2025-2027: {rest}")
    ledger.reverse([outcomes[1].first_seq], "wrong")
    rest = f"held 158,320, {safe}; remaining 789,841,680"
    stands(ledger, f"India 2025-2027: {rest}\nBrazil 2025-2027: {rest}")


def test_an_application_must_fit_in_both(amounts):
    ledger = amounts(tally_country="both")
    play(
        ledger,
        """
        act     | day        | to    | consignee_hq | tpp       | says
        licence | 2025-06-01 | Kenya | Brazil       | 790000000 |
        apply   | 2025-06-02 | India | Brazil       | 0.001     | refused:over_limit
        apply   | 2025-06-02 | India | Chile        | 790000000 |
        apply   | 2025-06-02 | India | India        | 0.001     | refused:over_limit
        """,
    )


# Option 8: a licensed reexport from one country to another

MOVED_ON = """
act      | no | day        | to    | from_country | units | under | says
licence  | A  | 2025-06-01 | India |              | 10    |       |
ship     | S  | 2025-06-02 | India |              | 5     | A     |
licence  | B  | 2025-07-01 | Kenya |              | 10    |       |
reexport | T  | 2025-07-02 | Kenya | India        | 4     | B     |
reexport | U  | 2025-07-03 | Kenya | India        | 4     | B     |
reexport | V  | 2025-07-03 | Kenya | Kenya        | 1     | B     |
reexport | W  | 2025-07-03 | Kenya |              | 1     | B     |
"""


def test_a_reexport_debits_where_it_goes_and_leaves_the_first_country_as_it_was(opened):
    ledger = opened(reexport_country_effect="b_debited")
    play(ledger, MOVED_ON)
    stands(
        ledger,
        """
        India 2025-2027: held 79,160, posted 79,160; remaining 789,841,680
        Kenya 2025-2027: posted 158,320; remaining 789,841,680
        """,
    )


def test_a_reexport_credits_the_country_it_leaves_and_never_below_nothing(opened):
    """Five units reached India; eight are said to leave it again."""
    ledger = opened(reexport_country_effect="a_credited")
    *_, reexport, _, _, _ = play(ledger, MOVED_ON)
    kenya = "Kenya 2025-2027: posted 158,320; remaining 789,841,680"
    stands(ledger, f"India 2025-2027: held 79,160; remaining 789,920,840\n{kenya}")
    ledger.reverse([reexport.first_seq], "did not leave")
    india = "India 2025-2027: held 79,160, posted 63,328; remaining 789,857,512"
    kenya = "Kenya 2025-2027: held 63,328, posted 94,992; remaining 789,841,680"
    stands(ledger, f"{india}\n{kenya}")


def test_only_a_licensed_reexport_credits(opened):
    ledger = opened(reexport_country_effect="a_credited")
    play(
        ledger,
        """
        act      | no | day        | to     | from_country | units | under | says
        licence  | A  | 2025-06-01 | India  |              | 10    |       |
        ship     | S  | 2025-06-02 | India  |              | 5     | A     |
        licence  | F  | 2025-06-02 | France |              | 10    |       |
        reexport | T  | 2025-07-02 | Kenya  | India        | 1     | none  | licence_not_on_file
        reexport | U  | 2025-07-02 | Kenya  | India        | 1     |       | authorization_unstated
        reexport | V  | 2025-07-02 | France | India        | 1     | F     |
        ship     | W  | 2025-07-02 | India  | India        | 1     | A     |
        """,
    )
    india = "India 2025-2027: held 63,328, posted 94,992; remaining 789,841,680"
    assert standing(ledger).splitlines()[0] == india


# Option 9: a transfer within a country

ARRIVED = """
act     | no | day        | to    | units | under | says
licence | A  | 2025-06-01 | India | 10    |       |
licence | B  | 2025-06-01 | India | 3     |       |
ship    | S  | 2025-06-02 | India | 3     | A     |
"""
WITHIN = """
act      | day        | to    | units | under   | shipment | says
transfer | 2025-07-01 | India | 3     | {under} | {of}     | {says}
"""
WAYS = [
    # under, of, says | taken of India without a second debit | and with one
    ("B", "S", "", "held 110,824, posted 47,496", "held 110,824, posted 94,992"),
    ("A", "S", "", "held 158,320, posted 47,496", "held 110,824, posted 94,992"),
    ("B", "", "", "held 110,824, posted 94,992", "held 110,824, posted 94,992"),
    (
        "",
        "S",
        "authorization_unstated",
        "held 158,320, posted 47,496",
        "held 158,320, posted 47,496, safe 47,496",
    ),
    (
        "",
        "",
        "authorization_unstated",
        "held 158,320, posted 47,496, safe 47,496",
        "held 158,320, posted 47,496, safe 47,496",
    ),
]


@pytest.mark.parametrize(("under", "of", "says", "once", "again"), WAYS)
def test_a_transfer_of_units_that_count_already(opened, under, of, says, once, again):
    """Linked to its shipment it debits nothing, and frees the licence that was issued for it."""
    for reading, taken in (("no_second_debit", once), ("debit_again", again)):
        ledger = opened(in_country_transfer=reading)
        play(ledger, ARRIVED)
        (outcome,) = play(ledger, WITHIN.format(under=under, of=of, says=says))
        assert standing(ledger).startswith(f"India 2025-2027: {taken};")
        ledger.reverse([outcome.first_seq], "did not move")
        assert standing(ledger).startswith("India 2025-2027: held 158,320, posted 47,496;")


@pytest.mark.parametrize("basis", ["shipped", "received"])
def test_a_transfer_of_units_that_count_debits_nothing_on_any_basis(opened, basis):
    """Nor when it arrives: its units were debited when the shipment left, or arrived."""
    ledger = opened(cap_basis=basis)
    play(ledger, ARRIVED)
    play(ledger, "act | no | day | of\nreceive | R | 2025-06-03 | S")
    play(ledger, WITHIN.format(under="B", of="S", says=""))
    play(ledger, "act | no | day | of\nreceive | R2 | 2025-07-02 | transfer 1")
    stands(ledger, "India 2025-2027: posted 47,496; remaining 789,952,504")


VEUS = """
act             | no | day        | party | country | tpp     | status
official_status | N1 | 2025-02-01 | C     | India   |         | NVEU
official_status | N2 | 2025-02-01 | D     | India   |         | NVEU
installed_base  | B1 | 2025-02-01 | C     |         | 9000000 |
installed_base  | B2 | 2025-02-01 | D     |         | 9000000 |
"""
SENT = """
act     | no | day        | to    | units | by   | consignee | says
ship    | S  | 2025-06-02 | India | 3     | NVEU | C         |
licence | B  | 2025-06-02 | India | 3     |      | {to}      |
"""
ON = """
act      | no | day        | to    | units | by   | under   | of | consignee | says
transfer | T  | 2025-07-01 | India | 3     | {by} | {under} | S  | {to}      |
"""
OF_D = """
D, India 2025-2027: posted 47,496; remaining 632,952,504
D, India always: posted 47,496; remaining 2,305,843,009,166,197.952
"""


@pytest.mark.parametrize(("by", "under"), [("NVEU", ""), ("", "B")])
@pytest.mark.parametrize("to", ["C", "D"])
@pytest.mark.parametrize("columns_from", [1, 10**9])
def test_a_transfer_counts_for_who_had_not_the_units(opened, tmp_path, by, under, to, columns_from):
    """Goods that stay with a company enter its base, and what it owns, once; another's they
    enter as they come to it.
    """
    ledger = opened(uveu_measure_day="reporting_dates")
    play(ledger, VEUS)
    play(ledger, SENT.format(to=to))
    play(ledger, "act | no | day | of\nreceive | R | 2025-06-03 | S")
    play(ledger, ON.format(by=by, under=under, to=to))
    row = {"document": "R2", "received_on": "2025-07-02", "exporter": "X", "shipment": "T"}
    path = write_csv(tmp_path / "receipts.csv", [row])
    assert ledger.import_file(path, "receipts", columns_from=columns_from).clean
    held = "India 2025-2027: held 47,496; remaining 789,952,504" if not under else ""
    of_c = OF_D.replace("D, India", "C, India")
    stands(ledger, of_c + held + (OF_D if to == "D" else ""))


def test_a_transfer_that_names_an_unknown_shipment_counts_on_the_safe_side(opened):
    ledger = opened()
    play(
        ledger,
        """
        act      | day        | to    | shipment | says
        transfer | 2025-07-01 | India | nowhere  | shipment_not_on_file, authorization_unstated
        """,
    )
    stands(ledger, "India 2025-2027: safe 15,832; remaining 790,000,000")
