"""LPP papers, 15 CFR 740.29(f) and (g): certificate, its copy, notice, limit reached."""

from __future__ import annotations

import pytest

from ledger.service.duties import duty_done
from tests.cases.table import owed, play

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


COPY, BEFORE = "lpp_certificate_copy", "lpp_shipment_notice"


def test_the_certificates_copy_is_due_thirty_days_after_the_shipment(ledger):
    """(g)(1): one copy a shipment; overdue from the day after."""
    play(
        ledger,
        """
        act      | no | day        | exporter | to     | by  | says
        ship     | A  | 2025-06-02 | X        | Poland | LPP |
        reexport | B  | 2025-06-10 | Y        | Poland | LPP |
        ship     | C  | 2025-05-14 | X        | Poland | LPP |
        ship     | D  | 2025-06-10 | X        | Poland | AIA | authorization_unavailable
        """,
    )
    (first, second) = owed(
        ledger,
        "2025-07-02",
        f"""
        state | due_on     | party | duty
        due   | 2025-07-02 | X     | {COPY}
        open  | 2025-07-10 | Y     | {COPY}
        """,
    )
    assert first["why"] == (
        "shipment A of 2025-06-02 to C, 15,832 TPP under LPP:"
        " the certificate's copy follows within 30 days"
    )
    assert first["citation"] == "15 CFR 740.29(g)(1)"
    (late, near) = owed(ledger, "2025-07-03", "state\noverdue\ndue")
    assert (late["id"], near["id"]) == (first["id"], second["id"])
    owed(ledger, "2025-07-03", "party | state\nX | overdue", by="2025-07-05")
    owed(ledger, "2025-07-03", "party | state\nY | due", party="y")


def test_a_notice_is_owed_for_all_lines_of_a_shipment_in_whichever_file(ledger):
    """What one import could not see, because the lines came apart, is added up here."""
    play(
        ledger,
        """
        act  | no | line | day        | to     | by  | units | noticed | says
        ship | A  | 1    | 2025-06-02 | Poland | LPP | 150   |         |
        ship | A  | 2    | 2025-06-02 | Poland | LPP | 150   |         |
        ship | B  | 1    | 2025-06-02 | Poland | LPP | 150   |         |
        """,
    )
    (notice,) = owed(ledger, "2025-06-02", "state | due_on\noverdue | 2025-06-01", duty=BEFORE)
    assert "4,749,600 TPP under LPP; a notice is asked for from 3,200,000" in notice["why"]
    play(
        ledger,
        """
        act    | day        | party | authorization | shipment | says
        notice | 2025-06-01 | C     | LPP           | A        |
        """,
    )
    owed(ledger, "2025-06-02", "state | reference\ndone | notice 1", duty=BEFORE)


def test_a_limit_reached_is_told_when_the_last_shipment_arrives(amounts):
    """(g)(2): of the parent and its year."""
    ledger = amounts()
    play(
        ledger,
        """
        act     | no | day        | to     | by  | tpp      | parent | of | says
        ship    | A  | 2025-06-02 | Poland | LPP | 26000000 | Parent |    |
        ship    | B  | 2025-06-03 | Poland | LPP | 900000   | Parent |    |
        receive | R  | 2025-06-20 |        |     |          |        | A  |
        """,
    )
    owed(ledger, "2025-07-01", "state", duty="lpp_limit_reached")
    play(ledger, "act | no | day | of | says\nreceive | S | 2025-06-25 | B |")
    (told,) = owed(
        ledger,
        "2025-07-01",
        "state | due_on | party\noverdue | 2025-06-25 | Parent",
        duty="lpp_limit_reached",
    )
    assert told["why"].startswith("26,900,000 TPP of 26,900,000 in 2025 on 2025-06-25")


def test_what_was_filed_is_done_and_not_any_more_once_that_is_reversed(ledger):
    play(ledger, "act | no | day | to | by | says\nship | A | 2025-06-02 | Poland | LPP |")
    (one,) = owed(ledger, "2025-06-03", "state\nopen")
    filed = duty_done(ledger, one["id"], "EAR-7", party="X", on="2025-06-20")
    owed(ledger, "2025-06-19", "state\nopen")
    done = "state | done_on | reference\ndone | 2025-06-20 | EAR-7"
    owed(ledger, "2025-07-20", done)
    ledger.reverse([filed.first_seq], "another shipment's")
    owed(ledger, "2025-07-20", "state\noverdue")
    owed(ledger, "2025-07-20", done, known_at="seq:3")


def test_a_shipment_recorded_anew_keeps_its_duty(ledger):
    ship = "act | no | day | to | by | units | says\nship | A | 2025-06-02 | Poland | LPP |"
    play(ledger, f"{ship} 1 |")
    (one,) = owed(ledger, "2025-06-03", "state\nopen")
    ledger.reverse([one["seq"]], "miscounted")
    owed(ledger, "2025-06-03", "state")
    play(ledger, f"{ship} 2 |")
    (other,) = owed(ledger, "2025-06-03", "state\nopen")
    assert (other["id"], other["amount_mtpp"]) == (one["id"], 2 * one["amount_mtpp"])
