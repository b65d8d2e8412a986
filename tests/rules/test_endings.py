"""A licence line through whatever happens to it: each way its amount went, always accounted for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.endings import LineState

UNIT, UNITS = 7, 40
draws = st.tuples(st.just("draw"), st.integers(1, 30))
parts = st.tuples(st.sampled_from(["lapse", "give back"]), st.integers(1, 30))
wholes = st.tuples(st.sampled_from(["lapse all", "give all back"]), st.just(0))


@given(steps=st.lists(draws | parts | wholes, max_size=12))
def test_the_four_ways_make_what_was_licensed(steps):
    line = LineState(UNITS, UNITS * UNIT, 0, held=UNITS * UNIT)
    for what, units in steps:
        if what == "draw":
            line.draw(units, units * UNIT, 0)
        else:
            whole = what.endswith(("all", "back")) and not units
            line.end(None if whole else units * UNIT, "back" in what)
            if whole:
                line.close("closed", "2026-01-01")
        ways = (line.held, line.lapsed, line.back)
        assert min(ways) >= 0
        assert min(line.used, line.amount) + sum(ways) == line.amount
        assert line.gone * UNIT == line.lapsed + line.back
        assert line.free * UNIT == line.held
