"""Who may speak on the peer port right now: the live view of accepted peers, one for server and client.

Owns lookups by node and by fingerprint, and telling those who must know of a change. Must not know how a peer came
to be accepted: it is told the whole list whenever it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from federation.endpoint import Endpoint
from node.certificate import fingerprint
from protocol.keys import NodeId


@dataclass(frozen=True)
class Pin:
    """One accepted peer: certificates (DER), endpoints of its accepted descriptor, whether it may lie on our LAN."""

    node: NodeId
    certificates: tuple[bytes, ...]
    endpoints: tuple[Endpoint, ...]
    private: bool = False


class Pins:
    """The accepted peers. ``replace`` takes effect at once, also on connections that are open."""

    def __init__(self, pins: Iterable[Pin] = ()) -> None:
        self._listeners: list[Callable[[frozenset[NodeId]], None]] = []
        self._by_node: dict[NodeId, Pin] = {}
        self._by_fingerprint: dict[bytes, NodeId] = {}
        self.replace(pins)

    def replace(self, pins: Iterable[Pin]) -> None:
        """Make exactly these the accepted peers and tell the listeners whose pin changed or went."""
        before = self._by_node
        self._by_node = {pin.node: pin for pin in pins}
        self._by_fingerprint = {
            fingerprint(certificate): pin.node for pin in self._by_node.values() for certificate in pin.certificates
        }
        changed = frozenset(
            node for node in before.keys() | self._by_node.keys() if before.get(node) != self._by_node.get(node)
        )
        for listener in self._listeners:
            listener(changed)

    def on_change(self, listener: Callable[[frozenset[NodeId]], None]) -> None:
        """Call ``listener`` with the nodes whose pin is new, different or gone, after each change."""
        self._listeners.append(listener)

    def get(self, node: NodeId) -> Pin | None:
        """The pin of ``node``, if it is accepted."""
        return self._by_node.get(node)

    def node_of(self, certificate_fingerprint: bytes) -> NodeId | None:
        """Whose certificate this is, if it is accepted."""
        return self._by_fingerprint.get(certificate_fingerprint)

    def certificates(self) -> list[bytes]:
        """Every accepted certificate: the server's anchors."""
        return [certificate for pin in self._by_node.values() for certificate in pin.certificates]

    def nodes(self) -> list[NodeId]:
        """Every accepted peer."""
        return list(self._by_node)
