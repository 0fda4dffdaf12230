"""The order of stops: the shortest of all orders up to twelve, never worse than nearest-next above."""

from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.process.joint import stops
from protocol.process.joint.terms import Drop
from tests.protocol.process.joint import october

places = st.builds(
    lambda north, east: Drop("d", "d", "", north, east),
    st.integers(31_000_000, 43_000_000),
    st.integers(130_000_000, 145_000_000),
)


def length(origin: Drop, drops: list[Drop], order: tuple[int, ...]) -> int:
    way = [origin, *(drops[at] for at in order)]
    return sum(stops.metres(one, other) for one, other in pairwise(way))


@settings(max_examples=40, deadline=None)
@given(places, st.lists(places, max_size=6))
def test_the_shortest_of_all(origin: Drop, drops: list[Drop]) -> None:
    found = stops.plan(origin, drops)
    assert sorted(found.order) == list(range(len(drops)))
    assert found.total == length(origin, drops, found.order)
    assert found.total == min(length(origin, drops, order) for order in permutations(range(len(drops))))


@settings(max_examples=15, deadline=None)
@given(places, st.lists(places, min_size=13, max_size=30))
def test_many_stops(origin: Drop, drops: list[Drop]) -> None:
    found = stops.plan(origin, drops)
    assert sorted(found.order) == list(range(len(drops)))
    assert found.total == length(origin, drops, found.order)
    for first in range(len(drops)):
        for last in range(first + 1, len(drops)):
            turned = (*found.order[:first], *found.order[first : last + 1][::-1], *found.order[last + 1 :])
            assert found.total <= length(origin, drops, turned)


@pytest.mark.parametrize(("one", "other", "kilometres"), [(0, 1, 127), (1, 2, 175), (0, 2, 296)])
def test_distances(one: int, other: int, kilometres: int) -> None:
    """Toyota, Kyoto, Takamatsu, by their city halls."""
    metres = stops.metres(october.DROPS[one], october.DROPS[other])
    assert abs(metres / 1000 - kilometres) < 2
    assert metres == stops.metres(october.DROPS[other], october.DROPS[one])


def test_the_story() -> None:
    assert stops.plan(october.bags().origin, october.DROPS).order == (0, 1, 2)
