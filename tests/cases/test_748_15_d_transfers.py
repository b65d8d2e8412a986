"""Moves between data centres, 15 CFR 748.15(d)(2) and Supplement No. 10, paragraph 5: two legs."""

from __future__ import annotations

import pytest

from tests.cases.table import licensed, play, stands
from tests.service.books import rows

NONE_HERE, CHANGED_HANDS, TOO_MUCH = "veu_not_on_file", "veu_other_owner", "moved_more_than_known"
HELD = """
act             | day        | party | country | status | says
official_status | 2025-01-15 | O     | India   | NVEU   |
official_status | 2025-01-15 | O     | Poland  | NVEU   |
"""
BROUGHT = """
act  | no | day        | owner | to    | by   | units | arrives    | says
ship | S1 | 2025-03-01 | O     | India | NVEU | 100   | 2025-03-02 |
"""
FULL = "O, India 2025-2027: posted 1,583,200; remaining 631,416,800"


def legs(ledger):
    """The movements of moves: number, kind, day, units, what it points at."""
    return [
        (m["seq"], m["kind"], str(m["effective_on"]), m["quantity"], m["target_seq"])
        for m in rows(ledger.url, "movement")
        if m["kind"].startswith("transfer")
    ]


@pytest.fixture
def national(kept):
    """A ledger in which O, a National VEU for India and Poland, has 100 units in India."""

    def make(**options):
        ledger = kept(**options)
        play(ledger, HELD)
        play(ledger, BROUGHT)
        return ledger

    return make


# National VEU: (a)(2)(iii)(B), what is relocated counts no longer where it was.


def test_a_move_is_two_movements_and_the_second_points_at_the_first(national):
    """What is under way has left the one country and has not come to the other."""
    ledger = national()
    play(
        ledger,
        """
        act  | day        | from  | to     | by   | units | arrives    | says
        move | 2025-04-01 | India | Poland | NVEU | 40    | 2025-04-05 |
        """,
    )
    out, arrived = legs(ledger)
    assert out[1:] == ("transfer_out", "2025-04-01", 40, None)
    assert arrived[1:] == ("transfer_in", "2025-04-05", 40, out[0])
    stands(
        ledger,
        """
        O, India 2025-2027: posted 949,920; remaining 632,050,080
        O, Poland 2025-2027: posted 633,280; remaining 632,366,720
        """,
    )


def test_within_one_country_and_one_company_nothing_is_drawn(national):
    """Both legs are on record; it is no transfer in law: no end use or end user changes."""
    ledger = national()
    play(
        ledger,
        """
        act  | day        | from  | to    | by   | units | says
        move | 2025-04-01 | India | India | NVEU | 40    |
        move | 2025-04-02 | India | India |      | 40    |
        """,
    )
    assert len(legs(ledger)) == 4
    stands(ledger, FULL)


@pytest.mark.parametrize("event", ["received", "installed"])
def test_a_move_puts_in_place_at_once_what_it_brings(kept, event):
    """Under either reading of when an item enters the base."""
    ledger = kept(nveu_base_event=event)
    play(ledger, HELD)
    play(ledger, BROUGHT)
    play(ledger, "act | day | of\ninstall | 2025-03-03 | S1")
    play(
        ledger,
        """
        act     | no | day        | exporter | from  | to     | by   | units | of | says
        move    | M1 | 2025-04-01 |          | India | Poland | NVEU | 40    |    |
        install | I1 | 2025-04-09 | O        |       |        |      | 40    | M1 |
        """,
    )
    stands(
        ledger,
        """
        O, India 2025-2027: posted 949,920; remaining 632,050,080
        O, Poland 2025-2027: posted 633,280; remaining 632,366,720
        """,
    )


def test_the_other_country_needs_an_authorization_of_its_own_and_room(amounts):
    """A relocation is an attrition here and a debit there; over the ceiling it is flagged."""
    ledger = amounts()
    play(ledger, HELD)
    play(
        ledger,
        f"""
        act  | no | day        | owner | from  | to      | by   | tpp       | arrives    | says
        ship | S1 | 2025-02-01 | O     |       | India   | NVEU | 633000000 | 2025-02-01 |
        ship | S2 | 2025-02-01 | O     |       | Poland  | NVEU | 632999999 | 2025-02-01 |
        move | M1 | 2025-02-02 | O     | India | Poland  | NVEU | 1         |            |
        move | M2 | 2025-02-02 | O     | India | Poland  | NVEU | 0.001     |  | over_limit
        move | M3 | 2025-02-03 | O     | India | Vietnam | NVEU | 2         |  | {NONE_HERE}
        ship | S3 | 2025-02-04 | O     |       | India   | NVEU | 3.001     | 2025-02-04 |
        """,
    )
    stands(
        ledger,
        """
        O, India 2025-2027: posted 633,000,000; remaining 0
        O, Poland 2025-2027: posted 633,000,000.001; remaining -0.001
        O, Vietnam 2025-2027: posted 2; remaining 632,999,998
        """,
    )


def test_room_comes_back_on_the_day_it_leaves(amounts):
    """What is dated before the move must fit without it."""
    ledger = amounts()
    play(ledger, HELD)
    play(
        ledger,
        """
        act  | no | day        | owner | from  | to     | by   | tpp       | arrives    | says
        ship | S1 | 2025-02-01 | O     |       | India  | NVEU | 633000000 | 2025-02-01 |
        move | M1 | 2025-02-10 | O     | India | Poland | NVEU | 100       |            |
        ship | S2 | 2025-02-09 | O     |       | India  | NVEU | 1         | 2025-02-09 | over_limit
        ship | S3 | 2025-02-10 | O     |       | India  | NVEU | 98        | 2025-02-10 |
        """,
    )


def test_out_of_a_country_under_a_licence_or_home_gives_room_back_too(national):
    """Whatever it leaves under, and wherever to: the base is of all the company has there."""
    ledger = national()
    play(
        ledger,
        """
act     | no | day        | from  | to            | by      | under | consignee | units | says
licence | L1 | 2025-03-10 |       | Brazil        |         |       | O         | 10    |
move    | M1 | 2025-04-01 | India | Brazil        | licence | L1    |           | 10    |
move    | M2 | 2025-04-02 | India | United States | NLR     |       |           | 5     |
        """,
    )
    stands(
        ledger,
        """
        Brazil 2025-2027: posted 158,320; remaining 789,841,680
        O, India 2025-2027: posted 1,345,720; remaining 631,654,280
        """,
    )


@pytest.mark.parametrize(
    ("base", "left"), [("all_items", "1,424,880"), ("nveu_receipts", "1,583,200")]
)
def test_what_comes_off_is_what_had_counted(national, base, left):
    """Where only NVEU receipts count, what moves under a licence was none of them."""
    ledger = national(nveu_base=base)
    play(
        ledger,
        """
        act     | no | day        | from  | to     | by      | under | consignee | units | says
        licence | L1 | 2025-03-10 |       | Brazil |         |       | O         | 10    |
        move    | M1 | 2025-04-01 | India | Brazil | licence | L1    |           | 10    |
        """,
    )
    said = {b["holder_name"]: b for b in rows(ledger.url, "budget")}
    number = said["O, India"]["budget_no"]
    (posted,) = [b["posted_mtpp"] for b in rows(ledger.url, "balance") if b["budget_no"] == number]
    assert f"{posted // 1000:,}" == left


def test_more_than_the_ledger_knows_to_be_there_is_noted(national):
    """Never rejected: the account comes down to nothing, and all of it arrives."""
    ledger = national()
    *_, outcome = play(
        ledger,
        f"""
        act  | day        | from  | to     | by   | units | says
        move | 2025-04-01 | India | Poland | NVEU | 60    |
        move | 2025-04-02 | India | Poland | NVEU | 50    | {TOO_MUCH}
        """,
    )
    (found,) = outcome.findings
    assert (found.limit, found.asked, found.short) == (633_280_000, 791_600_000, 158_320_000)
    stands(ledger, "O, Poland 2025-2027: posted 1,741,520; remaining 631,258,480")


def test_a_resale_is_attrition_here_and_the_buyers_own_draw_there(national):
    """The seller's room comes back; the buyer needs its own; and it is not the same VEU."""
    ledger = national()
    play(
        ledger,
        """
        act             | no | day        | party | country | status | says
        official_status | OB | 2025-01-15 | B     | India   | NVEU   |
        """,
    )
    play(
        ledger,
        f"""
        act  | day        | owner | to_owner | from  | to    | by   | units | reason | says
        move | 2025-04-01 | O     | B        | India | India | NVEU | 10 | resale | {CHANGED_HANDS}
        """,
    )
    stands(
        ledger,
        """
        B, India 2025-2027: posted 158,320; remaining 632,841,680
        India 2025-2027: safe 158,320; remaining 790,000,000
        O, India 2025-2027: posted 1,424,880; remaining 631,575,120
        """,
    )


def test_a_resale_under_the_buyers_licence(national):
    """It draws the licence of the buyer, and the base of a seller that is a VEU."""
    ledger = national()
    play(
        ledger,
        """
act     | no | day        | to_owner | from  | to    | by      | under | consignee | units | says
licence | L1 | 2025-03-10 |          |       | India |         |       | B         | 10    |
move    | M1 | 2025-04-01 | B        | India | India | licence | L1    |           | 10    |
        """,
    )
    stands(
        ledger,
        """
        India 2025-2027: posted 158,320; remaining 789,841,680
        O, India 2025-2027: posted 1,424,880; remaining 631,575,120
        """,
    )
    licensed(ledger, "\nlicence | used\nL1 | 158,320")


# Same VEU only: (d)(2)(iii).


UNKNOWN = "share_undeclared"


@pytest.mark.parametrize(
    ("by", "to_owner", "says"),
    [
        ("UVEU", "O", UNKNOWN),
        ("UVEU", "Sub of O", UNKNOWN),
        ("UVEU", "B", f"{CHANGED_HANDS}, {UNKNOWN}"),
        ("NVEU", "Sub of O", f"{NONE_HERE}, {CHANGED_HANDS}"),
        ("NVEU", "B", f"{NONE_HERE}, {CHANGED_HANDS}"),
        ("none", "B", "no_authorization"),
    ],
)
def test_under_a_veu_it_goes_to_a_site_of_the_same_veu(kept, by, to_owner, says):
    """A universal VEU is the entity with its group; a national one the company."""
    ledger = kept()
    play(
        ledger,
        """
        act       | day        | party    | other_party | says
        ownership | 2025-01-15 | Sub of O | O           |
        """,
    )
    play(
        ledger,
        f"""
        act  | day        | to_owner   | from  | to     | by   | noticed    | says
        move | 2025-06-01 | {to_owner} | India | Poland | {by} | 2025-03-01 | {says}
        """,
    )
