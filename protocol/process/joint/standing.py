"""Which pledges of a set of words count: the last word of each firm. The same for any order of arrival.

Owns this fold and what speaks against a firm that said two things at once. Source: ``docs/protocol.md`` §19.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from protocol.process.joint.pledge import Pledge, Word


class Standing(NamedTuple):
    """``pledges``: what counts, ascending by member. ``current``: hashes of every firm's last word, two where it
    contradicts itself. ``contradicted``: the two words of each firm that said different things under one revision
    (through two nodes, say): neither counts, and both are evidence."""

    pledges: tuple[Pledge, ...]
    current: tuple[bytes, ...]
    contradicted: Mapping[bytes, tuple[bytes, bytes]]


def fold(words: Iterable[Word]) -> Standing:
    """What stands of these words, whatever order they came in."""
    last: dict[bytes, dict[bytes, Pledge]] = {}
    for word in words:
        known = last.setdefault(word.pledge.member, {})
        revision = max((pledge.revision for pledge in known.values()), default=-1)
        if word.pledge.revision > revision:
            known.clear()
        if word.pledge.revision >= revision:
            known[word.hash] = word.pledge
    pledges, current, contradicted = [], [], {}
    for member in sorted(last):
        lowest = sorted(last[member])[:2]  # of more than two, the two lowest: a set stays bounded, and contradicted
        current += lowest
        if len(lowest) == 2:
            contradicted[member] = (lowest[0], lowest[1])
        elif last[member][lowest[0]].wants:
            pledges.append(last[member][lowest[0]])
    return Standing(tuple(pledges), tuple(sorted(current)), contradicted)
