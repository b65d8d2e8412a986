"""The shape of one row as the intake hands it on, typed by hand or one of a million."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date


@dataclass(frozen=True, slots=True)
class Given:
    """One row that was understood: kinds are codes, countries ISO codes, chips catalogue keys.

    `row` counts data rows from 1 and `file_line` is the line where the row begins; both are 1
    for a row typed by hand. What is empty is None. `details` is canonical JSON (sorted keys, no
    blanks, text values only) of every filled field that has no column of its own, or None.
    """

    row: int
    file_line: int
    kind: str
    effective_on: date
    source: str
    document: str
    line: str
    expires_on: date | None = None
    received_on: date | None = None
    exporter: str | None = None
    consignee: str | None = None
    parent: str | None = None
    consignee_hq: str | None = None
    parent_hq: str | None = None
    destination: str | None = None
    authorization: str | None = None
    licence: str | None = None
    licence_line: str | None = None
    chip: str | None = None
    quantity: int | None = None
    unit_mtpp: int | None = None
    amount_mtpp: int | None = None
    unit_value_cents: int | None = None
    target_document: str | None = None
    target_line: str | None = None
    details: str | None = None


# DuckDB types of the same columns, in the same order: the table `given` of a file's intake.
GIVEN_TYPES: dict[str, str] = {
    "row": "BIGINT",
    "file_line": "BIGINT",
    "kind": "VARCHAR",
    "effective_on": "DATE",
    "source": "VARCHAR",
    "document": "VARCHAR",
    "line": "VARCHAR",
    "expires_on": "DATE",
    "received_on": "DATE",
    "exporter": "VARCHAR",
    "consignee": "VARCHAR",
    "parent": "VARCHAR",
    "consignee_hq": "VARCHAR",
    "parent_hq": "VARCHAR",
    "destination": "VARCHAR",
    "authorization": "VARCHAR",
    "licence": "VARCHAR",
    "licence_line": "VARCHAR",
    "chip": "VARCHAR",
    "quantity": "BIGINT",
    "unit_mtpp": "BIGINT",
    "amount_mtpp": "BIGINT",
    "unit_value_cents": "BIGINT",
    "target_document": "VARCHAR",
    "target_line": "VARCHAR",
    "details": "VARCHAR",
}
assert list(GIVEN_TYPES) == [f.name for f in fields(Given)]
