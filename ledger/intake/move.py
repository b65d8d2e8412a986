"""What a row of a move between facilities says: its columns, and what is kept among its details.

The row is that of the leg that leaves. The details name the goods' owner, site and day where they
arrive as those of a shipment do (`owner`, `facility`), so that every rule on them reads a move too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.intake.cells import Wrong
from schemas.names import name_key

# Headings of a move that become columns of Given: who sends, who receives, and where.
COLUMNS = {"owner": "exporter", "to_owner": "consignee", "to_country": "destination"}
_TO, _KEPT = "to_facility", "facility"


def finish(out: dict[str, Any], details: dict[str, str], wrongs: list[tuple[str, Wrong]]) -> None:
    """Complete what a row leaves out, and tell where it moves nothing."""
    if "exporter" in out:
        out.setdefault("consignee", out["exporter"])
        details["owner"] = out["consignee"]
    if out.get("received_on"):
        details["received_on"] = out["received_on"].isoformat()
    if _TO in details:
        details[_KEPT] = details.pop(_TO)
    if _moves_nothing(out, details):
        reason = "is the facility they leave, and the owner is the same: nothing moves"
        wrongs.append((_TO, Wrong(reason)))


def _moves_nothing(out: Mapping[str, Any], details: Mapping[str, str]) -> bool:
    pairs = (
        (out.get("exporter"), out.get("consignee")),
        (details.get("from_facility"), details.get(_KEPT)),
    )
    same = all(one and other and name_key(one) == name_key(other) for one, other in pairs)
    return same and details.get("from_country") == out.get("destination")


def as_given(values: Mapping[str, str]) -> dict[str, str]:
    """A move's values by heading, from those that are kept."""
    found = dict(values)
    if _KEPT in found:
        found[_TO] = found.pop(_KEPT)
    return found
