"""91 FR 1684: what the exporter certifies, and the test by an independent laboratory."""

from __future__ import annotations

from ledger.service.ledger import Ledger, new_ledger
from tests.cases.table import play
from tests.service.books import assert_sound, rows

BESIDE = ["china_case_by_case"]
CERTIFICATE, TEST = "certificate_missing", "test_missing"
SHARE, DENIAL = "share_undeclared", "presumption_of_denial"
BOTH = f"{CERTIFICATE}, {TEST}, {SHARE}"
LATE, UNTESTED = f"{CERTIFICATE}, {SHARE}", f"{TEST}, {SHARE}"
READING = {"uveu_measure_day": "reporting_dates"}
CHIP = "nvidia-h200-sxm"
UNNAMED = "licence_not_named"
LICENSED = f"""
act     | no | day        | to    | chip   | units | says
licence | L1 | 2026-02-01 | China | {CHIP} | 100   |
"""


def told(ledger: Ledger) -> list[str]:
    """What the findings on papers say, in the order of their shipments."""
    found = [f for f in rows(ledger.url, "finding") if f["code"] in (CERTIFICATE, TEST)]
    return [f["detail"] for f in sorted(found, key=lambda f: (f["seq"], f["ordinal"]))]


def test_an_export_without_its_papers_is_a_breach_by_name(ledger_url):
    """On the row, dated by the day of export; or a certificate that was declared before."""
    with new_ledger(ledger_url, beside=BESIDE, options=READING) as ledger:
        play(ledger, LICENSED)
        play(
            ledger,
            f"""
            act  | no | day        | to    | chip   | under | certified  | tested     | says
            ship | S1 | 2026-03-01 | China | {CHIP} | L1    |            |            | {BOTH}
            ship | S2 | 2026-03-01 | China | {CHIP} | L1    | 2026-03-01 | 2026-03-01 | {SHARE}
            ship | S3 | 2026-03-01 | China | {CHIP} | L1    | 2026-03-02 | 2026-02-01 | {LATE}
            """,
        )
        assert told(ledger) == [
            "the exporter's certification: supply in the United States suffices, no foundry"
            " capacity is diverted from it, the recipient's security procedures suffice"
            " (91 FR 1684, summary)",
            "the report of the independent, third-party test in the United States"
            " (91 FR 1684, summary)",
            "the exporter's certification: supply in the United States suffices, no foundry"
            " capacity is diverted from it, the recipient's security procedures suffice"
            " (91 FR 1684, summary); dated 2026-03-02, due by 2026-03-01",
        ]
        play(
            ledger,
            """
            act         | no | day        | party | other | authorization | until_on   | says
            certificate | P1 | 2026-03-02 | C     | X     | licence       | 2026-12-31 |
            """,
        )
        play(
            ledger,
            f"""
            act  | no | day        | to    | chip   | under | certified | tested     | says
            ship | S4 | 2026-03-02 | China | {CHIP} | L1    |           |            | {UNTESTED}
            ship | S5 | 2026-03-02 | China | {CHIP} | L1    |           | 2026-03-02 | {SHARE}
            """,
        )
        assert_sound(ledger)


def test_where_nothing_of_it_is_asked(opened):
    """Other places, before the rule, what is not covered by it; and where the rule stands alone."""
    table = f"""
    act      | no | day        | to    | chip   | by      | certified | tested | says
    ship     | S1 | 2026-03-01 | Kenya | {CHIP} | licence |           |        | {UNNAMED}
    ship     | S2 | 2026-01-14 | China | {CHIP} | licence |           |        | {UNNAMED}
    reexport | S3 | 2026-03-01 | China | {CHIP} | licence |           |        | {UNNAMED}, {DENIAL}
    """
    play(opened(), table.replace(f", {DENIAL}", ""))
    play(opened(beside=BESIDE), table)
