"""A regime whose licences go by another code than `licence`: they are held and drawn down alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.problems import Unusable
from tests.cases.own_regimes import in_amounts, written
from tests.cases.table import licensed, play, stands
from tests.service.books import rows, write_csv

CODES = "authorizations.toml"


def by_code(folder: Path, code: str) -> Path:
    """The regime `tpp policy new` gives, counting amounts, its licences under another code."""
    texts = in_amounts()
    codes = texts[CODES].replace('"permit"]', '"authorisation"]')
    codes = codes.replace('title = "Licence"', 'title = "Permission"')
    codes = codes.replace('"licence"', f'"{code}"')
    texts[CODES] = codes.replace(f'"application", "{code}"', '"application", "licence"')
    return written(texts, folder / code)


@pytest.fixture
def permits(opened, tmp_path):
    """A ledger whose licences are permits, one of 1,000 for Malaysia on file."""
    ledger = opened(by_code(tmp_path, "permit"))
    play(
        ledger,
        """
        act     | no | day        | to       | tpp  | expires_on | says
        licence | P1 | 2026-02-01 | Malaysia | 1000 | 2026-06-30 |
        """,
    )
    return ledger


def test_a_shipment_under_the_code_draws_its_licence_down(permits):
    stands(permits, "Malaysia 2026: held 1,000; remaining 99,999,000")
    play(
        permits,
        """
        act  | no | day        | to       | by            | under | tpp | says
        ship | S1 | 2026-03-01 | Malaysia | permit        | P1    | 300 |
        ship | S2 | 2026-03-02 | Malaysia |               | P1    | 200 |
        ship | S3 | 2026-03-03 | Malaysia | Authorisation | P1    | 100 |
        ship | S4 | 2026-03-04 | Malaysia | permit        | P9    | 50  | licence_not_on_file
        ship | S5 | 2026-03-05 | Malaysia | unstated      | P1    | 7   |
        """,
    )
    stands(permits, "Malaysia 2026: held 400, posted 600, safe 57; remaining 99,999,000")
    licensed(permits, "\n under | line | used | held\n P1 | 1 | 600 | 400")
    told = {one["document"]: one["authorization"] for one in rows(permits.url, "movement")}
    assert {told[name] for name in ("P1", "S1", "S2", "S3", "S4")} == {"permit"}


def test_a_shipment_beyond_its_licence_and_after_its_end(permits):
    play(
        permits,
        """
        act  | no | day        | to        | under | tpp  | says
        ship | S1 | 2026-03-01 | Singapore | P1    | 400  | licence_other_destination
        ship | S2 | 2026-08-01 | Malaysia  | P1    | 700  | licence_expired, licence_tpp_overdrawn
        """,
    )


def test_what_becomes_of_such_a_licence(permits):
    """Acts on it, a licence in its place, and a shipment laid under it afterwards."""
    play(
        permits,
        """
        act        | no | day        | to       | under | tpp | exporter | of | supersedes | says
        ship       | S1 | 2026-03-01 | Malaysia | P1    | 300 |          |    |            |
        ship       | S2 | 2026-03-02 | Malaysia |       | 90  |          |    |            |
        assignment | A1 | 2026-03-09 |          | P1    |     | X        | S2 |            |
        licence    | P2 | 2026-04-01 | Malaysia |       | 500 |          |    | P1         |
        surrender  | U1 | 2026-05-01 |          | P2    | 100 |          |    |            |
        """,
    )
    licensed(
        permits,
        """
        under | line | used | held | lapsed | back | state
        P1    | 1    | 390  |      |        | 610  | replaced
        P2    | 1    |      | 400  | 100    |      | open
        """,
    )
    told = {one["kind"]: one["authorization"] for one in rows(permits.url, "movement")}
    assert {told[kind] for kind in ("assignment", "replacement", "surrender")} == {"permit"}


def test_the_word_licence_is_none_of_this_regimes(permits):
    with pytest.raises(Unusable, match="no such authorization in this regime"):
        play(
            permits,
            "act|no|day|to|by|under|tpp|says\nship|S1|2026-03-01|Malaysia|licence|P1|3|",
        )


@pytest.mark.parametrize("code", ["permit", "o'code"])
@pytest.mark.parametrize("columns_from", [1, 10**9], ids=["columns", "rows"])
def test_files_of_them(opened, tmp_path, code, columns_from):
    ledger = opened(by_code(tmp_path, code))
    lot = {"exporter": "X", "ultimate_consignee": "C", "destination": "Malaysia"}
    issued = [lot | {"licence": f"P{n}", "issued_on": "2026-02-01", "tpp": 100} for n in range(9)]
    sent = [
        {"document": f"S{n}", "exported_on": "2026-03-01", "licence": f"P{n % 12}", "tpp": 1 + n}
        | {"authorization": (code, "", "unstated")[n % 3]}
        | lot
        for n in range(24)
    ]
    for name, lines in (("licences", issued), ("shipments", sent)):
        path = write_csv(tmp_path / f"{name}.csv", lines)
        outcome = ledger.import_file(path, name, columns_from=columns_from)
    assert outcome.counts == {"licence_not_on_file": 4}
    under = [1 + n for n in range(24) if n % 3 < 2]
    used = sum(1 + n for n in range(24) if n % 3 < 2 and n % 12 < 9)
    safe = sum(range(1, 25)) - used
    assert sum(under) > used
    stands(
        ledger,
        f"Malaysia 2026: held {900 - used}, posted {used}, safe {safe}; remaining 99,999,100",
    )
