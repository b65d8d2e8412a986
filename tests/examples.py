"""How many examples a property is tried with: few in a check, many where one explores.

`HYPOTHESIS_PROFILE=explore python -m pytest tests/...` takes as many as its profile says.
"""

from __future__ import annotations

import os

from hypothesis import settings


def at_most(few: int) -> int:
    """So many, or all of the profile's where it is for exploring."""
    exploring = os.environ.get("HYPOTHESIS_PROFILE") == "explore"
    return settings().max_examples if exploring else few
