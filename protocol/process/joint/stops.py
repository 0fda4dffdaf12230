"""In which order a lorry sets goods down: the shortest way from the supplier to all drops, along great circles.

Owns distances and the order. Up to ``EXACT`` drops the shortest way is found (Held and Karp, 1962, open path); above
it the nearest next drop, then improved by turning pieces round (2-opt) until nothing gets shorter. Distances between
municipalities are no roads: the order is a proposal, and nothing is signed or paid by it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from protocol.process.joint.terms import Drop

EXACT: Final = 12
EARTH_METRES: Final = 6_371_009
_DEGREE: Final = math.pi / 180 / 1_000_000


class Plan(NamedTuple):
    """Places of the drops in the order of the stops, the metres to each from the stop before, and all together."""

    order: tuple[int, ...]
    metres: tuple[int, ...]

    @property
    def total(self) -> int:
        """Metres from the supplier to the last stop."""
        return sum(self.metres)


def metres(one: Drop, other: Drop) -> int:
    """The great-circle distance (haversine), whole metres."""
    north, south = one.latitude * _DEGREE, other.latitude * _DEGREE
    east = (other.longitude - one.longitude) * _DEGREE
    bow = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(east / 2) ** 2
    return round(2 * EARTH_METRES * math.asin(min(1.0, math.sqrt(bow))))


def plan(origin: Drop, drops: Sequence[Drop]) -> Plan:
    """The stops in order. Of ways of one length the first in the order of the drops."""
    if not drops:
        return Plan((), ())
    start = [metres(origin, drop) for drop in drops]
    between = [[metres(one, other) for other in drops] for one in drops]
    order = _exact(start, between) if len(drops) <= EXACT else _improved(start, between)
    steps = [start[order[0]], *(between[a][b] for a, b in itertools.pairwise(order))]
    return Plan(tuple(order), tuple(steps))


def _exact(start: Sequence[int], between: Sequence[Sequence[int]]) -> list[int]:
    """For each set of stops and last one, the shortest way: 2^n · n² steps."""
    size = len(start)
    best = {(1 << at, at): (start[at], -1) for at in range(size)}
    for visited in range(1, 1 << size):
        for last in range(size):
            known = best.get((visited, last))
            if known is None:
                continue
            for following in range(size):
                if visited >> following & 1:
                    continue
                key, length = (visited | 1 << following, following), known[0] + between[last][following]
                if key not in best or length < best[key][0]:
                    best[key] = (length, last)
    visited = (1 << size) - 1
    last = min(range(size), key=lambda at: best[visited, at][0])
    order = []
    while last >= 0:
        order.append(last)
        visited, last = visited & ~(1 << last), best[visited, last][1]
    return order[::-1]


def _improved(start: Sequence[int], between: Sequence[Sequence[int]]) -> list[int]:
    """The nearest next, then turned round wherever that is shorter."""
    left, order = set(range(len(start))), [min(range(len(start)), key=lambda at: (start[at], at))]
    left.discard(order[0])
    while left:
        order.append(min(left, key=lambda at: (between[order[-1]][at], at)))
        left.discard(order[-1])
    shorter = True
    while shorter:
        shorter = False
        for first in range(len(order)):
            for last in range(first + 1, len(order)):
                if _turned(start, between, order, first, last) < 0:
                    order[first : last + 1] = order[first : last + 1][::-1]
                    shorter = True
    return order


def _turned(start: Sequence[int], between: Sequence[Sequence[int]], order: Sequence[int], first: int, last: int) -> int:
    """What turning the stops from ``first`` to ``last`` round adds to the way, metres."""

    def into(stop: int) -> int:
        return start[stop] if first == 0 else between[order[first - 1]][stop]

    change = into(order[last]) - into(order[first])
    if last + 1 < len(order):
        following = order[last + 1]
        change += between[order[first]][following] - between[order[last]][following]
    return change
