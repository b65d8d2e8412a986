"""A holder that no movement names is called as the declaration that names it does."""

from __future__ import annotations

import pytest

from tests.cases.table import lines, play, stands
from tests.service.books import write_csv

OWNED = """
act          | day        | party         | other           | percent
ownership    | 2025-03-01 | Vistula Cloud | Vistula Group SA |
ownership    | 2025-03-02 | Vistula Labs  | VISTULA GROUP SA |
ownership    | 2025-03-01 | Odra Cloud    | Odra Holding AG  |
party_merged | 2025-04-01 | Odra Holding AG | Warta AG       |
"""
SHIPPED = """
document | exported_on | to     | for           | by  | received_on
S1       | 2025-06-01  | Poland | Vistula Cloud | LPP | 2025-06-02
S2       | 2025-06-01  | Poland | Vistula Labs  | LPP | 2025-06-02
S3       | 2026-06-01  | Poland | Vistula Labs  | LPP | 2026-06-02
S4       | 2025-06-01  | Poland | Odra Cloud    | LPP | 2025-06-02
S5       | 2025-03-30  | Poland | Odra Cloud    | LPP | 2025-03-31
"""
CALLED = """
    Odra Holding AG 2025: posted 15,832; remaining 26,884,168
    Vistula Group SA 2025: posted 31,664; remaining 26,868,336
    Vistula Group SA 2026: posted 15,832; remaining 26,884,168
    Warta AG 2025: posted 15,832; remaining 26,884,168
"""
WAYS = pytest.mark.parametrize("columns_from", [1, 10**9], ids=["columns", "rows"])


def shipped(ledger, folder, text, columns_from):
    """Import a table of shipments of one H100 each."""
    usual = {"exporter": "X", "chip": "nvidia-h100-sxm", "quantity": "1"}
    path = write_csv(folder / "shipments.csv", [usual | line for line in lines(text)])
    ledger.import_file(path, "shipments", columns_from=columns_from)


@WAYS
def test_an_owner_and_who_it_merged_into(ledger, tmp_path, columns_from):
    """In the words that were used of it first."""
    play(ledger, OWNED)
    shipped(ledger, tmp_path, SHIPPED, columns_from)
    stands(ledger, CALLED)


@WAYS
def test_each_parent_of_a_joint_venture(kept, tmp_path, columns_from):
    ledger = kept(parent_rule="each_joint_venturer")
    play(
        ledger,
        """
        act       | day        | party | other    | percent
        ownership | 2025-03-01 | JV    | P1 Group | 50
        ownership | 2025-03-01 | JV    | P2 Group | 50
        """,
    )
    shipped(
        ledger,
        tmp_path,
        SHIPPED[: SHIPPED.index("S2")].replace("Vistula Cloud", "JV"),
        columns_from,
    )
    stands(
        ledger,
        """
        P1 Group 2025: posted 15,832; remaining 26,884,168
        P2 Group 2025: posted 15,832; remaining 26,884,168
        """,
    )


@WAYS
def test_a_validated_company_under_the_name_it_merged_into(ledger, tmp_path, columns_from):
    play(
        ledger,
        """
        act             | day        | party | other    | country | status
        party_merged    | 2025-03-01 | Odra  | Warta AG |         |
        official_status | 2025-03-01 | Odra  |          | Poland  | NVEU
        """,
    )
    text = """
    document | exported_on | to     | for | owner | by   | received_on
    S        | 2025-06-01  | Poland | C   | Odra  | NVEU | 2025-06-02
    """
    shipped(ledger, tmp_path, text, columns_from)
    stands(ledger, "Warta AG, Poland 2025-2027: posted 15,832; remaining 632,984,168")


def test_what_follows_a_company_to_the_owner_of_its_new_owner(opened):
    ledger, followed = opened(lpp_after_acquisition="follows"), "received_before_acquisition"
    play(
        ledger,
        f"""
        act       | day        | to     | for    | by  | arrives    | party  | other   | says
        ship      | 2025-03-01 | Poland | Target | LPP | 2025-03-02 |        |         |
        ownership | 2025-05-01 |        |        |     |            | Buyer  | Top Inc |
        ownership | 2025-06-01 |        |        |     |            | Target | Buyer   | {followed}
        """,
    )
    stands(
        ledger,
        """
        Target 2025: posted 15,832; remaining 26,884,168
        Top Inc 2025: posted 15,832; remaining 26,884,168
        """,
    )
