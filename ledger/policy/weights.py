"""Model weights as the rule controls them: which numbers, lists and sentences a ruling takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger.policy.dated import Citation, CountryList, Number

# What a ruling on model weights may say, each with its sentence and citation in the regime.
SAYINGS = (
    "not_an_export",
    "published",
    "below_threshold",
    "derivative_excluded",
    "derivative_caught",
    "frontier_excluded",
    "synthetic_counted",
    "controlled",
    "employee",
    "aia_covers",
    "aia_place_barred",
    "aia_headquarters",
    "aia_facility",
    "aia_facility_unknown",
    "no_authorization",
    "unstated",
    "unavailable",
    "presumption_of_denial",
    "reviewed",
)


@dataclass(frozen=True, slots=True)
class Saying:
    """A sentence of the rule in own words, with where it stands."""

    sentence: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class WeightsRule:
    """What of a regime speaks of model weights.

    `threshold` and `derivative_threshold` count training operations; the two shares are percents.
    `listed` are the destinations AIA is for, `barred` those it never reaches, `home` where a move
    is no export. `conditions` are the keys of those a facility must meet to store weights.
    """

    exception: str
    threshold: Number
    derivative_threshold: Number
    derivative_share: Number
    synthetic_share: Number
    home: CountryList
    listed: CountryList
    barred: tuple[CountryList, ...]
    conditions: tuple[str, ...]
    sayings: dict[str, Saying]

    @property
    def first_day(self) -> date:
        """The first day on which each of the numbers has a value."""
        numbers = (self.threshold, self.derivative_threshold, self.derivative_share)
        return max(one.values[0].from_on for one in (*numbers, self.synthetic_share))


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of an authorization, kept by whoever holds it.

    `key` is its paragraph ("14.b"); `scope` says whether each `facility` or the `entity` must meet
    it; it binds from `from_on` on, for the authorizations named.
    """

    key: str
    title: str
    group: str
    scope: str
    authorizations: tuple[str, ...]
    from_on: date
    citation: Citation
