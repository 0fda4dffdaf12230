"""The order of a thread: who has seen whom. Owns ancestry; knows no paper and no process.

Facts form a directed graph by ``follows``. A fact is *placed* when everything it follows is known, down to the first
fact of the thread. The past of a placed fact is the set of its ancestors, kept as the bits of one integer: bit *i* is
the *i*-th placed fact. Two facts are concurrent when neither is in the past of the other. The sequence of placed facts
depends on the set of facts only, never on the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from protocol.process.fact import Fact


class History(NamedTuple):
    """Placed facts, parents before children; of each its past and the places of its parents; of the others what they
    wait for; the heads, sorted."""

    facts: list[Fact]
    pasts: list[int]
    parents: list[tuple[int, ...]]
    missing: dict[bytes, tuple[bytes, ...]]
    heads: tuple[bytes, ...]


def arrange(facts: Iterable[Fact], thread: bytes | None = None) -> History:
    """Place the facts of one thread. Duplicates of an id count once.

    ``thread`` is the id of the first fact; None takes the one that follows nothing (the smallest id, should there be
    several). A fact that follows nothing and is not the first is placed with an empty past, and the fold refuses it.
    """
    known = {fact.id: fact for fact in facts}
    first = thread if thread is not None else min((i for i, fact in known.items() if not fact.follows), default=None)
    if len(known) == 1 and first in known:
        return History(list(known.values()), [0], [()], {}, tuple(known))
    return _sort(known, first)


def _sort(known: dict[bytes, Fact], first: bytes | None) -> History:
    children: dict[bytes, list[bytes]] = {}
    unseen: dict[bytes, int] = {}
    ready: list[bytes] = []
    for fact in known.values():
        follows = dict.fromkeys(fact.follows)
        unseen[fact.id] = len(follows)
        for parent in follows:
            children.setdefault(parent, []).append(fact.id)
        if not follows and (fact.id == first or first in known):
            heappush(ready, b"" if fact.id == first else fact.id)  # the first fact comes first
    placed: list[Fact] = []
    pasts: list[int] = []
    parents: list[tuple[int, ...]] = []
    index: dict[bytes, int] = {}
    seen = 0
    while ready:
        fact = known[heappop(ready) or first]  # type: ignore[index]  # empty stands for `first`, which is known here
        followed = tuple([index[parent] for parent in fact.follows])
        past = 0
        for place in followed:
            past |= pasts[place] | 1 << place
            seen |= 1 << place
        index[fact.id] = len(placed)
        parents.append(followed)
        placed.append(fact)
        pasts.append(past)
        for child in children.get(fact.id, ()):
            unseen[child] -= 1
            if not unseen[child]:
                heappush(ready, child)
    heads = tuple(sorted(fact.id for place, fact in enumerate(placed) if not seen >> place & 1))
    return History(placed, pasts, parents, _missing(known, index, first), heads)


def places(bits: int) -> Iterator[int]:
    """The places in a set of bits, in ascending order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def futures(history: History) -> list[int]:
    """Of each placed fact the facts (bits) that have it in their past."""
    after = [0] * len(history.facts)
    for place in range(len(after) - 1, -1, -1):
        for parent in history.parents[place]:
            after[parent] |= after[place] | 1 << place
    return after


def _missing(known: dict[bytes, Fact], index: dict[bytes, int], first: bytes | None) -> dict[bytes, tuple[bytes, ...]]:
    """For every fact not placed: the parents it waits for, unknown or waiting themselves."""
    return {
        fact.id: tuple(sorted({parent for parent in fact.follows or (first or b"",) if parent not in index}))
        for fact in known.values()
        if fact.id not in index
    }
