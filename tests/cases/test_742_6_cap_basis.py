"""15 CFR 742.6(b)(10)(iii)(B)(1): the tally is of what is licensed; the option counts otherwise."""

from __future__ import annotations

import pytest

from tests.cases.table import licensed, play, stands

TEXT = """
act     | no | day        | to    | units | under | arrives    | says
licence | L1 | 2025-06-01 | India | 100   |       |            |
ship    | 1  | 2025-06-10 | India | 30    | L1    |            |
ship    | 2  | 2025-06-11 | India | 20    | L1    | 2025-07-01 |
lapse   | E1 | 2026-06-01 |       |       | L1    |            |
"""


@pytest.mark.parametrize(
    ("basis", "stand"),
    [
        ("licensed", "posted 791,600, lapsed 791,600; remaining 788,416,800"),
        ("shipped", "posted 791,600; remaining 789,208,400"),
        ("received", "held 474,960, posted 316,640; remaining 789,208,400"),
    ],
)
def test_what_draws_on_the_allocation(kept, basis, stand):
    """The licence's line is drawn down alike; only what the country is debited with differs."""
    ledger = kept(cap_basis=basis)
    play(ledger, TEXT)
    stands(ledger, f"India 2025-2027: {stand}")
    licensed(ledger, "\n licence | used | lapsed | state\n L1 | 791,600 | 791,600 | lapsed")
