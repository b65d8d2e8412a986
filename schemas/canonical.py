"""The one way JSON is written that is stored and digested: details, rulings, adopted texts."""

from __future__ import annotations

import json

# Made once: `json.dumps` makes one each time.
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value: object) -> str:
    """The value as JSON: keys sorted, no blanks, characters as they are."""
    return _ENCODER.encode(value)
