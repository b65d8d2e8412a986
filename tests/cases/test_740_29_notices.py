"""LPP papers, 15 CFR 740.29(f) and (g)(3): a certificate before use, a notice before 3,200,000."""

from __future__ import annotations

import pytest

from tests.cases.table import play

CERT, NOTICE = "certificate_missing", "notice_missing"


def test_a_certificate_stands_on_the_shipment_on_or_before_its_day(opened):
    play(
        opened(),
        """
        act      | day        | to     | by  | certified  | says
        ship     | 2025-06-02 | Poland | LPP | 2025-06-02 |
        ship     | 2025-06-02 | Poland | LPP | 2024-12-31 |
        ship     | 2025-06-02 | Poland | LPP | 2025-06-03 | certificate_missing
        ship     | 2025-06-02 | Poland | LPP |            | certificate_missing
        reexport | 2025-06-02 | Poland | LPP |            | certificate_missing
        """,
    )


def test_it_names_the_paragraph_and_the_days(opened):
    ledger = opened()
    (late,) = play(
        ledger,
        f"""
        act  | day        | to     | by  | units | certified  | noticed    | says
        ship | 2025-06-02 | Poland | LPP | 203   | 2025-06-09 | 2025-06-02 | {CERT}, {NOTICE}
        """,
    )
    certificate, notice = late.findings
    assert certificate.detail == (
        "the ultimate consignee's certificate for LPP (15 CFR 740.29(f));"
        " dated 2025-06-09, due by 2025-06-02"
    )
    assert notice.detail == (
        "the exporter's notice to BIS of a large LPP shipment (15 CFR 740.29(g)(3));"
        " the shipment is of 3,213,896 TPP, asked for from 3,200,000;"
        " dated 2025-06-02, due by 2025-06-01"
    )


def test_nothing_is_asked_for_before_the_compliance_date(opened):
    play(
        opened(),
        """
        act  | day        | to     | by  | units | certified | noticed | says
        ship | 2025-05-14 | Poland | LPP | 300   |           |         |
        ship | 2025-05-15 | Poland | LPP | 1     |           |         | certificate_missing
        """,
    )


def test_nor_of_what_the_rule_does_not_weigh_or_bars(opened):
    """An L4 is in 3A090.a, an L40 in .b; and where LPP is barred, that is what is said."""
    play(
        opened(),
        """
        act      | day        | to     | by  | chip       | certified | says
        ship     | 2025-06-02 | Poland | LPP | nvidia-l40 |           |
        ship     | 2025-06-02 | US     | LPP | nvidia-l4  |           |
        ship     | 2025-06-02 | Poland | LPP | nvidia-l4  |           | certificate_missing
        ship     | 2025-06-02 | China  | LPP | nvidia-l4  |           | authorization_unavailable
        ship     | 2025-06-02 | Poland | AIA | nvidia-l4  |           | authorization_unavailable
        """,
    )


DECLARED = """
act         | no | day        | party  | other_party | authorization | shipment | until_on   | says
certificate | C1 | 2025-06-01 | C      | X           | LPP           |          | 2025-12-31 |
certificate | C2 | 2025-06-01 | Parent |             | LPP           |          |            |
certificate | C3 | 2025-06-01 | D      |             | AIA           |          |            |
certificate | C4 | 2025-06-01 | E      |             | LPP           | S-9      |            |
"""


def test_a_certificate_declared_covers_whom_and_what_it_names(opened):
    """By consignee or parent, exporter, authorization, shipment, and until it ends."""
    ledger = opened()
    play(ledger, DECLARED)
    play(
        ledger,
        f"""
        act  | no  | day        | exporter | to | by  | consignee | parent | certified | says
        ship | S-1 | 2025-05-31 | X        | PL | LPP | C         |        |           | {CERT}
        ship | S-2 | 2025-06-01 | X        | PL | LPP | C         |        |           |
        ship | S-3 | 2025-06-01 | Y        | PL | LPP | C         |        |           | {CERT}
        ship | S-4 | 2025-12-31 | x        | PL | LPP | c         |        |           |
        ship | S-5 | 2026-01-01 | X        | PL | LPP | C         |        |           | {CERT}
        ship | S-6 | 2026-01-01 | Y        | PL | LPP | Any       | PARENT |           |
        ship | S-7 | 2025-06-01 | X        | PL | LPP | D         |        |           | {CERT}
        ship | S-8 | 2025-06-01 | X        | PL | LPP | E         |        |           | {CERT}
        ship | S-9 | 2025-06-01 | X        | PL | LPP | E         |        |           |
        """,
    )


def test_a_declared_owner_certifies_for_the_consignee(opened):
    ledger = opened()
    play(
        ledger,
        """
        act       | no | day        | party | other_party | says
        ownership | N1 | 2025-05-20 | C     | Parent      |
        """,
    )
    play(ledger, DECLARED)
    play(
        ledger,
        """
        act  | day        | exporter | to     | by  | certified | says
        ship | 2025-06-02 | Y        | Poland | LPP |           |
        """,
    )


def test_a_certificate_reversed_covers_nothing(opened):
    ledger = opened()
    play(ledger, DECLARED)
    ship = "act | day | to | by | certified | says\nship | 2025-06-02 | Poland | LPP | |"
    play(ledger, ship)
    ledger.reverse([2], "not signed")
    play(ledger, ship.replace("act |", "act | no |").replace("ship |", "ship | 2 |") + CERT)


@pytest.mark.parametrize(
    ("reading", "below", "at", "above"),
    [("at_or_above", "", NOTICE, NOTICE), ("exactly", "", NOTICE, "")],
)
def test_from_which_amount_the_notice_is_due(amounts, reading, below, at, above):
    """Option notice_3_2m: the paragraph has no "or more"."""
    play(
        amounts(notice_3_2m=reading),
        f"""
        act  | day        | to     | by  | tpp         | noticed    | says
        ship | 2025-06-02 | Poland | LPP | 3199999.999 |            | {below}
        ship | 2025-06-02 | Poland | LPP | 3200000     |            | {at}
        ship | 2025-06-02 | Poland | LPP | 3200000.001 |            | {above}
        ship | 2025-06-02 | Poland | LPP | 3200000     | 2025-06-01 |
        ship | 2025-06-02 | Poland | LPP | 3200000     | 2025-06-02 | {at}
        """,
    )


def test_a_shipment_is_all_lines_of_one_document_that_leave_together(amounts, tmp_path):
    """Of one exporter, one day and one authorization; what a file brings counts as one."""
    lines = """
        D1,1,2025-06-02,X,LPP,1600000
        D1,2,2025-06-02,X,LPP,1600000
        D2,1,2025-06-02,X,LPP,1600000
        D2,2,2025-06-03,X,LPP,1600000
        D3,1,2025-06-02,X,LPP,1600000
        D3,1,2025-06-02,Y,LPP,1600000
        D4,1,2025-06-02,X,LPP,1600000
        D4,2,2025-06-02,X,ACM,1600000
    """
    head = "document,line,exported_on,exporter,authorization,tpp,ultimate_consignee,destination"
    body = [f"{line.strip()},C,Poland,2025-06-02" for line in lines.strip().splitlines()]
    path = tmp_path / "shipments.csv"
    path.write_text("\n".join([f"{head},certificate_on", *body]) + "\n", encoding="utf-8")
    outcome = amounts().import_file(path, "shipments")
    assert [(f.document, f.line, f.code) for f in outcome.findings] == [
        ("D1", "1", NOTICE),
        ("D1", "2", NOTICE),
    ]


def test_a_paper_names_what_it_is_for(opened):
    from schemas.problems import Unusable

    ledger = opened()
    with pytest.raises(Unusable, match="names the authorization it is for"):
        play(
            ledger,
            """
            act         | day        | party | says
            certificate | 2025-06-01 | C     |
            """,
        )
