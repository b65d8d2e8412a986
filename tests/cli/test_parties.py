"""Names that may be one party are warned of across files, and listed with the way to join them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.service.books import write_csv

LOT = {"ultimate_consignee": "Bharat", "destination": "India", "chip": "nvidia-h100-sxm"}
LOT |= {"quantity": "1", "authorization": "none", "exported_on": "2026-03-02"}


def ship(folder: Path, tpp, *exporters: str):
    lines = [LOT | {"exporter": e, "document": f"S {n} {e}"} for n, e in enumerate(exporters)]
    write_csv(folder / "s.csv", lines)
    return tpp("import s.csv --as shipments")


def test_two_spellings_across_files(folder: Path, tpp):
    assert "may be one party" not in ship(folder, tpp, "Acme Ltd", "Other GmbH").stderr
    told = ship(folder, tpp, "ACME Limited", "acme ltd", "Third")
    assert '"ACME Limited" and "Acme Ltd" may be one party' in told.stderr
    assert told.stderr.count("on record") == 1  # one party, but its documents have other keys
    assert '"acme ltd" is "Acme Ltd" on record, but a document is known by its' in told.stderr
    listed = tpp("parties near")
    assert listed.exit_code == 0, listed.stderr
    first, command = listed.stdout.splitlines()
    assert first == '"ACME Limited" and "Acme Ltd"'
    assert "1 groups of names" in listed.stderr
    assert json.loads(tpp("parties near --format json").stdout) == [["ACME Limited", "Acme Ltd"]]
    joined = command.strip().replace("NUMBER", "M-1").replace("DAY", "2026-01-01")
    import shlex

    assert tpp(*shlex.split(joined)[1:]).exit_code == 0
    assert "none is near another" in tpp("parties near").stderr
    again = ship(folder, tpp, "ACME LIMITED")
    assert "may be one party" not in again.stderr
    assert tpp("parties neer").exit_code == 2
