"""Who is whose neighbour, and who checks: drawn by a beacon that no single node can choose.

Owns the order and the choice. Up to STATS_COMPLETE nodes everybody is everybody's neighbour; beyond that the nodes
stand on a circle in the beacon's order, and a node's neighbours are the 32 before and the 32 behind it.
Source: ``docs/protocol.md`` §18.3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from protocol.limits import STATS_CHECKERS, STATS_COMPLETE, STATS_NEIGHBOURS


def _order(beacon: bytes, members: Sequence[int], word: bytes) -> list[int]:
    def place(member: int) -> bytes:
        return hashlib.sha256(b"yui/stats-order/1\0" + word + beacon + member.to_bytes(4, "big")).digest()

    return sorted(members, key=place)


def circle(beacon: bytes, members: Sequence[int]) -> list[int]:
    """The participants (numbers in the roster) in the beacon's order; compute once, ask :func:`neighbours` often."""
    return _order(beacon, members, b"circle")


def neighbours(standing: Sequence[int], member: int) -> tuple[int, ...]:
    """The neighbours of ``member`` in a circle, ascending."""
    if len(standing) <= STATS_COMPLETE:
        return tuple(sorted(other for other in standing if other != member))
    at, half = standing.index(member), STATS_NEIGHBOURS // 2
    found = [standing[(at + step) % len(standing)] for step in range(-half, half + 1) if step]
    return tuple(sorted(found))


def checkers(beacon: bytes, members: Sequence[int]) -> tuple[int, ...]:
    """Who computes the counts again: all, or STATS_CHECKERS that the beacon names; ascending."""
    return tuple(sorted(_order(beacon, members, b"check")[:STATS_CHECKERS]))
