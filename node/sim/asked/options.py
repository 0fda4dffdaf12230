"""What one simulated question is made of. One structure; with the seed it determines everything that happens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AskedOptions:
    """``nodes`` and ``cells``: sizes. ``nested``: every tenth cell contains the nine before.
    ``firms``: of each node, at most.

    ``losing``: in how many of 1,000 questions nodes fall silent, at most ``most_lost``, each at some message of its
    own.
    ``lying_nodes``, ``lying_coordinator``: in how many somebody lies (:mod:`node.sim.asked.liars`).
    ``latency_us``: the longest time that a message takes; messages overtake each other.
    """

    nodes: int = 9
    cells: int = 6
    nested: bool = True
    firms: int = 3
    losing: int = 500
    most_lost: int = 4
    lying_nodes: int = 300
    lying_coordinator: int = 400
    latency_us: int = 2_000_000
