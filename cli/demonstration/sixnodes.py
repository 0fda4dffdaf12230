"""The six places of the demo's larger stories: their nodes, made, started and ended together.

Owns the places that the main story has not, and how six nodes come up. Decides no story.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from cli.cluster.nodes import Node, befriend, free_ports
from cli.demonstration.firms import ASSOCIATIONS, Association

RYUGU, ONIGASHIMA, TSUKI = "ryugu", "onigashima", "tsuki"
KEEPERS: Final = {
    item.key: item
    for item in (
        Association(RYUGU, "竜宮商工会（見本）", "47201", "沖縄県", "那覇市"),
        Association(ONIGASHIMA, "鬼ヶ島商店街（見本）", "33100", "岡山県", "岡山市"),
        Association(TSUKI, "月の都連合会（見本）", "01100", "北海道", "札幌市"),
    )
}
PLACES: Final = ASSOCIATIONS | KEEPERS


def nodes_in(place: Path) -> dict[str, Node]:
    """A node for each place, not made yet."""
    ports = free_ports(2 * len(PLACES))
    return {
        key: Node(place / key, item.name, ports[2 * at], ports[2 * at + 1])
        for at, (key, item) in enumerate(PLACES.items())
    }


def found(nodes: dict[str, Node], pairs: Iterable[tuple[str, str]], *, guardians_only: Iterable[str] = ()) -> None:
    """Make and start all of them, and make each of ``pairs`` peers. ``guardians_only``: they have no members."""
    alone = frozenset(guardians_only)

    def make(key: str) -> None:
        nodes[key].init("--area", PLACES[key].area, *(["--guardian-only"] if key in alone else []))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(make, nodes))
    for node in nodes.values():
        node.start(directly=True)
    for node in nodes.values():
        node.wait_ready()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda pair: befriend(nodes[pair[0]], nodes[pair[1]]), pairs))
