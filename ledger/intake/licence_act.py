"""What an act on a licence must say for its kind; what it says is kept among its details."""

from __future__ import annotations

from typing import Any

from ledger.intake.cells import Wrong
from schemas.kinds import OUTCOMES, Kind
from schemas.tpp import milli_text

# Each column of Given that an act may fill, with its heading. At posting the columns take what
# the act came to (units ended, the line it is about), so what was given stands in the details.
_GIVEN = {
    "licence": "licence",
    "licence_line": "licence_line",
    "quantity": "quantity",
    "amount_mtpp": "tpp",
    "unit_value_cents": "unit_value_usd",
    "expires_on": "expires_on",
    "exporter": "exporter",
}
_NEEDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(OUTCOMES, ("application",)),
    Kind.ASSIGNMENT: ("licence", "shipment", "exporter"),
    Kind.LICENCE_TRANSFER: ("licence", "to_party"),
}
_IN_PART = (Kind.SURRENDER, Kind.REVOCATION)
_AMENDED = ("expires_on", "unit_value_usd", "quantity", "tpp")
# The headings only some kinds take; another would look as if it had an effect.
_ONLY: dict[str, tuple[str, ...]] = {
    "quantity": (*_IN_PART, Kind.LICENCE_AMENDMENT),
    "tpp": (*_IN_PART, Kind.LICENCE_AMENDMENT),
    "unit_value_usd": (Kind.LICENCE_AMENDMENT,),
    "expires_on": (Kind.LICENCE_AMENDMENT,),
    "to_party": (Kind.LICENCE_TRANSFER,),
    "shipment": (Kind.ASSIGNMENT,),
    "application": OUTCOMES,
    "until_on": (Kind.LICENCE_SUSPENSION,),
}


def finish(out: dict[str, Any], details: dict[str, str], wrongs: list[tuple[str, Wrong]]) -> None:
    """Put what is given into the details, and tell what is missing or out of place."""
    for column, heading in _GIVEN.items():
        if out.get(column) is not None:
            details[heading] = _text(column, out[column])
    kind = out.get("kind")
    if kind is None:
        return
    seen = {heading for heading, _ in wrongs}
    for heading in _NEEDS.get(kind, ("licence",)):
        if heading not in details and heading not in seen:
            wrongs.append((heading, Wrong(f"is empty; a {kind} needs it")))
    for heading, kinds in _ONLY.items():
        if heading in details and kind not in kinds:
            wrongs.append((heading, Wrong(f"says nothing of a {kind}: leave it empty")))
    if kind == Kind.LICENCE_AMENDMENT and not seen and not any(h in details for h in _AMENDED):
        wrongs.append(("expires_on", Wrong("is empty, and nothing else is amended")))
    if kind == Kind.ASSIGNMENT:
        out.setdefault("target_line", "1")
        details.setdefault("shipment_line", "1")
    if "quantity" in details and "tpp" in details:
        wrongs.append(("tpp", Wrong("give quantity or tpp, not both")))


def _text(column: str, value: Any) -> str:
    """A value as a person would write it, always in the same way."""
    if column == "amount_mtpp":
        return milli_text(value)
    if column == "unit_value_cents":
        return f"{value // 100}.{value % 100:02d}"
    return str(value)
