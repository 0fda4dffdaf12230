"""Two nodes that are peers, with one member firm each: what both benches load.

Owns their set-up. Firms are those of the demo. Knows no measurement.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from cli.bench.orders import Firm
from cli.cluster.nodes import Failed, Node, befriend, free_ports, stop_all

BUYER = Firm("一寸法師精密", "8999900000001", "愛知県", "豊田市")
SELLER = Firm("浦島水産食品", "9999900000009", "香川県", "高松市")
KNOWN_S = 30.0


class Member(NamedTuple):
    """A member firm at a node with a token for its programs."""

    node: Node
    id: str
    token: str


class Pair(NamedTuple):
    """``buyer`` lives at node A and sends, ``seller`` at node B."""

    buyer: Member
    seller: Member

    @property
    def nodes(self) -> tuple[Node, Node]:
        """A and B."""
        return self.buyer.node, self.seller.node

    def plan(self, **more: Any) -> dict[str, Any]:
        """What the load client is told: who orders from whom, and where."""
        return {
            "address": self.buyer.node.api,
            "token": self.buyer.token,
            "store": str(self.buyer.node.store),
            "to": self.seller.id,
            "buyer": BUYER._asdict(),
            "seller": SELLER._asdict(),
            **more,
        }


@contextmanager
def pair(folder: Path) -> Iterator[Pair]:
    """Two running nodes below ``folder``, peers of each other, with one member each; stopped at the end."""
    ports = free_ports(4)
    nodes = [Node(folder / "a", "A", *ports[:2]), Node(folder / "b", "B", *ports[2:])]
    try:
        for node in nodes:
            node.init()
            node.start()
        for node in nodes:
            node.wait_ready()
        befriend(*nodes)
        buyer, seller = (
            enrol(nodes[0], BUYER.name, BUYER.corporate_number),
            enrol(nodes[1], SELLER.name, SELLER.corporate_number),
        )
        await_member(nodes[0], seller.id)
        yield Pair(buyer, seller)
    finally:
        stop_all(nodes)


def enrol(node: Node, name: str, corporate_number: str, *more: str) -> Member:
    """Add a member firm and a token of its own."""
    member = node.yui("member", "add", name, "--corporate-number", corporate_number, *more)["member"]
    token = node.yui("token", "create", "programs", "--member", member)["token"]
    return Member(node, member, token)


def await_member(node: Node, member: str) -> None:
    """Return when ``node`` knows another node's member from the directory."""
    until = time.monotonic() + KNOWN_S
    while time.monotonic() < until:
        if any(row["member"] == member for row in node.yui("member", "list", "--everywhere")):
            return
        time.sleep(0.3)
    raise Failed(f"{node.name}: never heard of member {member[:12]}")
