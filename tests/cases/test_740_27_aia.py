"""AIA, 15 CFR 740.27: who may receive, what, by which movement, and told of it how."""

from __future__ import annotations

from tests.cases.table import play

BARRED, NOTICE = "authorization_unavailable", "notice_missing"


def test_located_headquartered_and_parented_in_supplement_5a(kept):
    """(a): all three, as far as they are known."""
    play(
        kept(),
        f"""
        act  | day        | to     | by  | hq     | parent_hq | says
        ship | 2025-06-02 | France | AIA |        |           |
        ship | 2025-06-02 | Taiwan | AIA | US     | Japan     |
        ship | 2025-06-02 | Norway | AIA | Norway | Norway    |
        ship | 2025-06-02 | Poland | AIA | France | France    | {BARRED}
        ship | 2025-06-02 | Israel | AIA | Israel |           | {BARRED}
        ship | 2025-06-02 | France | AIA | Poland | France    | {BARRED}
        ship | 2025-06-02 | France | AIA | France | Singapore | {BARRED}
        ship | 2025-06-02 | France | AIA | France | Macau     | {BARRED}
        ship | 2025-06-02 | China  | AIA |        |           | {BARRED}
        """,
    )


def test_exports_reexports_and_transfers_within_a_country(kept):
    play(
        kept(),
        """
        act      | day        | to     | by  | kind               | says
        ship     | 2025-06-02 | France | AIA |                    |
        reexport | 2025-06-02 | France | AIA |                    |
        transfer | 2025-06-02 | France | AIA |                    |
        ship     | 2025-06-02 | France | AIA | export_from_abroad |
        ship     | 2025-06-02 | US     | AIA |                    |
        """,
    )


def test_items_of_3a090_a_and_the_corresponding_entries(kept):
    """(a)(1). What is not of paragraph .a needs no AIA, so nothing is asked of it."""
    play(
        kept(),
        f"""
        act  | day        | to     | by  | chip            | eccn       | noticed    | says
        ship | 2025-06-02 | France | AIA | nvidia-h100-sxm | 3A090.a    | 2025-06-02 |
        ship | 2025-06-02 | France | AIA | nvidia-dgx-h100 | 4A003.z.1.a | 2025-06-02 |
        ship | 2025-06-02 | France | AIA | nvidia-rtx-4090 | 5A992.z.1  | 2025-06-02 |
        ship | 2025-06-02 | France | AIA | nvidia-l4       | 3A090.a    |            | {NOTICE}
        ship | 2025-06-02 | France | AIA | nvidia-l40      |            |            |
        ship | 2025-06-02 | Poland | AIA | nvidia-l40      |            |            |
        """,
    )


def test_the_consignee_is_told_of_aia_and_of_the_eccn(kept):
    """(b), each shipment; from the compliance date on."""
    (_, _, both, *_) = play(
        kept(),
        f"""
        act  | day        | to     | by  | eccn    | noticed    | says
        ship | 2025-06-02 | France | AIA | 3A090.a | 2025-06-02 |
        ship | 2025-06-02 | France | AIA |         | 2025-06-02 | {NOTICE}
        ship | 2025-06-02 | France | AIA |         | 2025-06-03 | {NOTICE}
        ship | 2025-05-14 | France | AIA |         |            |
        ship | 2025-06-02 | France | AIA | EAR99   | 2025-06-02 | {NOTICE}
        ship | 2025-06-02 | France | AIA | 3a090a  | 2025-06-02 |
        """,
    )
    assert [one.detail for one in both.findings] == [
        "the exporter's written notice to the consignee that the shipment goes under AIA"
        " (15 CFR 740.27(b)); dated 2025-06-03, due by 2025-06-02",
        "the ECCN furnished to the consignee with an AIA shipment (15 CFR 740.27(b))",
    ]
