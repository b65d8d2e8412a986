"""The limits of the budgets that walks draw on, in milli-TPP, by day."""

from __future__ import annotations

from datetime import date

Budget = tuple[str, str]  # a holder and a window: a country, a party and its year, a company's base
ALWAYS, CYCLE = "always", "2025-2027"
COUNTRY, PARENT = 790_000_000_000, 26_900_000_000
# The ceiling of a National VEU by the first day of its quarter (748.15(a)(2)(iii)(B), Table 1).
CEILINGS = [
    (date(2025, 1, 1), 633_000_000_000),
    (date(2025, 4, 1), 949_500_000_000),
    (date(2025, 7, 1), 1_266_000_000_000),
    (date(2025, 10, 1), 1_582_500_000_000),
    (date(2026, 1, 1), 1_899_000_000_000),
    (date(2026, 4, 1), 2_690_250_000_000),
    (date(2026, 7, 1), 3_481_500_000_000),
    (date(2026, 10, 1), 4_272_750_000_000),
    (date(2027, 1, 1), 5_064_000_000_000),
]


def limit_of(budget: Budget, day: date) -> int | None:
    """The base limit on a day: of a country, of a company in a country, or of a parent's year."""
    holder, window = budget
    if window == ALWAYS:
        return None
    if window != CYCLE:
        return PARENT
    if "@" not in holder:
        return COUNTRY
    return [limit for first, limit in CEILINGS if first <= day][-1]
