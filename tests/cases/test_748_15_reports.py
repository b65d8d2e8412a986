"""Reports of data centre VEUs, 15 CFR 748.15(f) and Supplement No. 10, paragraphs 10 and 16."""

from __future__ import annotations

from tests.cases.table import owed, play

HALF, CHIPS = "veu_half_year", "veu_chip_accounting"
SHIPPED = """
act      | no | day        | to     | by   | consignee | units | parent_hq | says
ship     | A  | 2025-06-30 | India  | NVEU | Bharat    | 10    |           | veu_not_on_file
ship     | B  | 2025-07-01 | India  | NVEU | Bharat    | 20    |           | veu_not_on_file
reexport | C  | 2025-12-31 | Poland | UVEU | Chmura    | 5     | Germany   | share_undeclared
ship     | D  | 2026-01-01 | India  | NVEU | BHARAT    | 1     |           | veu_not_on_file
"""


def test_both_sets_of_dates_for_every_half_year_with_movements(ledger):
    """15 July and 15 January by the section, 1 August and 1 February by the supplement."""
    play(ledger, SHIPPED)
    found = owed(
        ledger,
        "2026-01-20",
        f"""
        state   | due_on     | party  | duty
        overdue | 2025-07-15 | Bharat | {HALF}
        overdue | 2025-08-01 | Bharat | {CHIPS}
        overdue | 2026-01-15 | Bharat | {HALF}
        overdue | 2026-01-15 | Chmura | {HALF}
        overdue | 2026-01-15 | X      | {HALF}
        due     | 2026-02-01 | Bharat | {CHIPS}
        due     | 2026-02-01 | Chmura | {CHIPS}
        open    | 2026-07-15 | BHARAT | {HALF}
        open    | 2026-08-01 | BHARAT | {CHIPS}
        """,
    )
    assert found[2]["why"].startswith(
        "movements under NVEU from 2025-07-01 to 2025-12-31: 1, 316,640 TPP shipped"
    )
    assert {row["citation"] for row in found} == {
        "15 CFR 748.15(f)(1)(iii)",
        "Supplement No. 10 to 15 CFR part 748, paragraph 10",
    }


def test_a_report_is_known_by_its_party_and_its_day(ledger):
    """However the party is spelled, and whatever else it receives in the half year."""
    play(ledger, SHIPPED)
    asked = {"duty": HALF, "party": "bharat", "by": "2026-01-31"}
    before = owed(ledger, "2026-01-20", "due_on\n2025-07-15\n2026-01-15", **asked)
    play(
        ledger,
        """
        act  | no | day        | to    | by   | consignee | says
        ship | E  | 2025-10-01 | India | NVEU | bharat    | veu_not_on_file
        """,
    )
    after = owed(ledger, "2026-01-20", "due_on\n2025-07-15\n2026-01-15", **asked)
    assert [row["id"] for row in before] == [row["id"] for row in after]


def test_theft_and_loss_are_reported_within_thirty_days(ledger):
    """Of items under a VEU alone, and not what is worn out."""
    play(
        ledger,
        """
        act  | no | day        | to     | by   | units | says
        ship | A  | 2025-07-01 | India  | NVEU | 10    | veu_not_on_file
        ship | B  | 2025-07-01 | Poland | LPP  | 10    |
        """,
    )
    play(
        ledger,
        """
        act  | no | day        | of | units | reason  | says
        loss | L1 | 2025-07-20 | A  | 2     | theft   |
        loss | L2 | 2025-07-20 | A  | 2     | failure |
        loss | L3 | 2025-07-20 | B  | 2     | theft   |
        """,
    )
    (told,) = owed(ledger, "2025-07-21", "due_on | party\n2025-08-19 | C", duty="veu_incident")
    assert told["why"] == (
        "theft on 2025-07-20 of 31,664 TPP sent as A to C: reported within 30 days"
    )
