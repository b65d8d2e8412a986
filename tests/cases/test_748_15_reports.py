"""Reports of data centre VEUs, 15 CFR 748.15(f) and Supplement No. 10, paragraphs 10 and 16."""

from __future__ import annotations

from tests.cases.table import owed, play
from tests.cases.test_742_6_joining_group_d5 import said_of
from tests.service.books import write_csv

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


def test_a_reexporters_lines_are_those_of_the_report_that_is_due(ledger, tmp_path):
    """Paragraph (f)(1)(iii): consignee, address, destination, quantity, value and ECCN."""
    line = {"line": 1, "kind": "reexport", "exporter": "X", "chip": "nvidia-h100-sxm"}
    line |= {"authorization": "UVEU", "from_country": "Japan", "eccn": "3A090.a"}
    lots = [
        line | {"document": "C", "exported_on": "2025-12-31", "destination": "Poland"}
        | {"quantity": 5, "unit_value_usd": "30000.50", "ultimate_consignee": "Chmura"}
        | {"consignee_address": "Prosta 1, Warsaw"},
        line | {"document": "D", "exported_on": "2026-01-01", "destination": "Poland"}
        | {"quantity": 2, "unit_value_usd": "", "ultimate_consignee": "Chmura"}
        | {"consignee_address": ""},
        line | {"document": "E", "exported_on": "2026-01-01", "destination": "Poland"}
        | {"quantity": 2, "unit_value_usd": "", "ultimate_consignee": "Chmura"}
        | {"consignee_address": "", "kind": "export"},
    ]  # fmt: skip
    assert ledger.import_file(write_csv(tmp_path / "s.csv", lots), "shipments").count == 3
    found = said_of(ledger, "reexports", as_of="2026-03-31")
    names = [
        *("due_on", "reexporter", "consignee", "consignee_address", "destination", "chip"),
        *("eccn", "quantity", "value_usd", "document"),
    ]
    chip, eccn = "nvidia-h100-sxm", "3A090.a"
    assert [tuple(str(row[name] or "") for name in names) for row in found] == [
        ("2026-01-15", "X", "Chmura", "Prosta 1, Warsaw", "PL", chip, eccn, "5", "150002.50", "C"),
        ("2026-07-15", "X", "Chmura", "", "PL", chip, eccn, "2", "", "D"),
    ]
    due = said_of(ledger, "due", as_of="2026-03-31", party="X", duty=HALF)
    assert [row["duty_id"] for row in found] == [row["id"] for row in due]
    assert {row["citation"] for row in found} == {"15 CFR 748.15(f)(1)(iii)"}
    only = said_of(ledger, "reexports", as_of="2026-03-31", due_on="2026-07-15")
    assert [row["document"] for row in only] == ["D"]
    assert said_of(ledger, "reexports", as_of="2026-03-31", party="nobody") == []
    assert said_of(ledger, "reexports", as_of="2026-03-31", duty=CHIPS) == []
