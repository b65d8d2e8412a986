"""Requests of one day against too little room, in whole numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.sharing import Request, share

COUNTRY, REGION = 0, 1


def units(requests: list[Request], rooms: dict[int, int]) -> list[int]:
    """The units each is granted."""
    return [grant.units for grant in share(requests, rooms)]


def test_two_limits_at_once():
    """Equal shares until a limit binds: the region binds both, the country nobody."""
    a = Request(("A", "1"), 120, 1, (COUNTRY, REGION))
    b = Request(("B", "1"), 90, 1, (REGION,))
    grants = share([a, b], {COUNTRY: 100, REGION: 150})
    assert [(g.units, g.bound, g.left_over) for g in grants] == [
        (86, REGION, True),
        (64, REGION, False),
    ]
    assert {str(g.rate) for g in grants} == {"5/7"}


def test_what_the_tighter_limit_leaves_goes_to_the_others():
    a = Request(("A", "1"), 120, 1, (COUNTRY, REGION))
    b = Request(("B", "1"), 90, 1, (REGION,))
    assert units([a, b], {COUNTRY: 60, REGION: 150}) == [60, 90]


def test_left_over_units_go_by_remainder_and_then_by_key():
    """10 among three times 5: 3 each, and the one left to the lowest document and line."""
    requests = [Request((name, "1"), 5, 1, (0,)) for name in ("C", "A", "B")]
    assert units(requests, {0: 10}) == [3, 4, 3]


def test_room_enough_is_no_sharing():
    requests = [Request(("A", "1"), 5, 7, (0,)), Request(("B", "1"), 4, 7, (0,))]
    assert units(requests, {0: 63}) == [5, 4]
    assert [grant.bound for grant in share(requests, {0: 63})] == [None, None]


places = st.sets(st.integers(0, 2), min_size=1).map(lambda p: tuple(sorted(p)))
asking = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 5), places), max_size=6)
rooms_of = st.tuples(*[st.integers(-5, 120)] * 3)


@given(asked=asking, rooms=rooms_of)
def test_no_limit_is_ever_exceeded(asked, rooms):
    requests = [Request((str(n), "1"), *one) for n, one in enumerate(asked)]
    granted = units(requests, dict(enumerate(rooms)))
    for place, room in enumerate(rooms):
        taken = sum(n * r.unit for n, r in zip(granted, requests, strict=True) if place in r.places)
        assert taken <= max(room, 0)
    for n, request in zip(granted, requests, strict=True):
        assert 0 <= n <= request.units


@given(asked=st.lists(st.integers(1, 50), min_size=1, max_size=6), room=st.integers(0, 200))
def test_grants_make_the_room_exactly(asked, room):
    requests = [Request((str(n), "1"), units, 1, (0,)) for n, units in enumerate(asked)]
    assert sum(units(requests, {0: room})) == min(room, sum(asked))
