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


@pytest.mark.parametrize("way", ["on the row", "on its own"])
def test_a_country_that_is_named_twice_receives_once(opened, way):
    """Destination and headquarters both count, and both are India."""
    ledger = opened(cap_basis="received", tally_country="both")
    arrives = "2025-07-01" if way == "on the row" else ""
    play(
        ledger,
        f"""
        act     | no | day        | to    | hq    | units | under | arrives
        licence | L1 | 2025-06-01 | India | India | 2     |       |
        ship    | S  | 2025-06-10 | India | India | 1     | L1    | {arrives}
        """,
    )
    if not arrives:
        play(ledger, "act | day | of\nreceive | 2025-07-01 | S")
    stands(ledger, "India 2025-2027: posted 15,832; remaining 789,984,168")
