"""A duty that was done: a declaration under the duty's own id."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from schemas.kinds import FileKind, Kind

if TYPE_CHECKING:
    from ledger.service.ledger import Ledger
    from ledger.service.outcome import Outcome

# Whose a duty is that falls to nobody in particular.
KEEPER = "ledger"


def duty_done(
    ledger: Ledger,
    duty: str,
    reference: str,
    *,
    party: str | None = None,
    on: str | None = None,
) -> Outcome:
    """Record that a duty was done, on a day (ISO text; default today), with its reference.

    Raises Unusable, with the nearest ids, where the ledger knows no such duty.
    """
    values = {
        "document": duty,
        "kind": str(Kind.DUTY_DONE),
        "effective_on": on or date.today().isoformat(),
        "party": party or KEEPER,
        "status": duty,
        "reference": reference,
    }
    return ledger.record(FileKind.DECLARATIONS, values)
