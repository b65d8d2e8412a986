"""What is recorded is the same whatever a PostgreSQL server, database or role is set to."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from ledger.service.ledger import new_ledger, open_ledger
from ledger.service.outcome import Outcome
from schemas.kinds import FileKind
from tests.service.books import assert_sound, rows, write_csv

LOT = {
    "exporter": "Acme Chips",
    "ultimate_consignee": "Bharat Compute",
    "destination": "India",
    "chip": "nvidia-h100-sxm",
    "quantity": "1",
    "authorization": "licence",
}
RECEIPT = {"received_on": "2025-10-09", "exporter": LOT["exporter"]}
SETTINGS = (
    *("standard_conforming_strings=off", "bytea_output=escape", "quote_all_identifiers=on"),
    *("transform_null_equals=on", "array_nulls=off", "datestyle=German", "extra_float_digits=-15"),
)
# A row or a few, rows that pass by COPY, and columns.
WAYS = [(1, 10**9), (60, 10**9), (60, 1)]


@pytest.mark.parametrize(("count", "columns_from"), WAYS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_what_is_on_record_is_found_again(
    pg_url: str,
    tmp_path: Path,
    setting: str,
    count: int,
    columns_from: int,
) -> None:
    sent = [{**LOT, "document": f"S{n}", "exported_on": "2025-10-01"} for n in range(count)]
    came = [{"document": f"R{n}", "shipment": f"S{n}", **RECEIPT} for n in range(count)]
    new_ledger(pg_url).close()
    with open_ledger(f"{pg_url}&options={quote(f'-c {setting}')}") as ledger:

        def took(kind: FileKind, lines: list[dict[str, str]]) -> Outcome:
            path = write_csv(tmp_path / f"{kind}.csv", lines)
            return ledger.import_file(path, kind, columns_from=columns_from)

        took(FileKind.SHIPMENTS, sent)
        assert "shipment_not_on_file" not in took(FileKind.RECEIPTS, came).counts
        assert took(FileKind.SHIPMENTS, sent).already == count
        assert_sound(ledger)
    targets = {row["target_seq"] for row in rows(pg_url, "movement") if row["kind"] == "receipt"}
    assert targets == set(range(2, 2 + count))
