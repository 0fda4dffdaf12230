"""What the peer port needs from the node: one method per endpoint.

Owns the seam between HTTP and services. Bodies are the protocol's own bytes, decoded where they are understood.
``node`` is always the peer that the pinned certificate proves. Methods raise errors of :mod:`protocol.errors`;
everything else that escapes is our bug and answers 500.
"""

from __future__ import annotations

from typing import Protocol

from protocol.keys import NodeId


class PeerServices(Protocol):
    """Implemented by the running node over its services and store."""

    async def enrol_commit(self, body: bytes) -> bytes:
        """Message 1 of :mod:`federation.enrolment`, from a stranger; answers message 2."""
        ...

    async def enrol_reveal(self, body: bytes) -> bytes:
        """Message 3, from a stranger; answers message 4."""
        ...

    async def hello(self, node: NodeId, body: bytes) -> bytes:
        """The first exchange after every start of either side."""
        ...

    async def histories(self, node: NodeId, body: bytes) -> bytes:
        """The control logs known here of the members at home at the peer, which may have lost them."""
        ...

    async def introduce(self, node: NodeId, body: bytes) -> bytes:
        """The peer's present introduction; answers ours."""
        ...

    async def receive_batch(self, node: NodeId, body: bytes) -> bytes:
        """A batch; answers its receipt, after the commit."""
        ...

    async def next_batch(self, node: NodeId, body: bytes) -> bytes:
        """The peer pulls: answers the next batch of our stream to it."""
        ...

    async def accept_receipt(self, node: NodeId, body: bytes) -> bytes:
        """A receipt for a batch that went another way."""
        ...

    async def news(self, node: NodeId) -> None:
        """A hint that pulling would bring something."""
        ...

    async def history(self, node: NodeId, member: bytes) -> bytes:
        """The control log of ``member`` (32 bytes)."""
        ...

    async def directory(self, node: NodeId, since: int) -> bytes:
        """The next delta of cards after change number ``since``."""
        ...

    async def directory_put(self, node: NodeId, body: bytes) -> bytes:
        """A delta that a peer pushes because nobody can call it; nil asks where it must begin."""
        ...

    async def offers(self, node: NodeId, since: int) -> bytes:
        """The next delta of offers after change number ``since`` that are for this peer."""
        ...

    async def offers_put(self, node: NodeId, body: bytes) -> bytes:
        """A delta of offers that a peer pushes; nil asks where it must begin."""
        ...

    async def chunk_get(self, node: NodeId, root: bytes, index: int) -> bytes:
        """Chunk ``index`` of attachment ``root``, with its path. NotFound unless the peer may read it."""
        ...

    async def chunk_put(self, node: NodeId, root: bytes, index: int, body: bytes) -> bytes:
        """A chunk that this node waits for; answers which are still missing."""
        ...

    async def guard(self, node: NodeId, path: str, body: bytes) -> bytes:
        """What is asked of a guardian, or in a question: :mod:`protocol.guardian.messages`, ``statistics.post``."""
        ...

    async def joint(self, node: NodeId, body: bytes) -> bytes:
        """What is said in a joint round: :mod:`node.services.joint.travelling`."""
        ...

    async def drawing(self, node: NodeId, body: bytes) -> bytes:
        """What is said and asked about drawings: :mod:`node.services.drawings.travelling`."""
        ...

    async def group(self, node: NodeId, body: bytes) -> bytes:
        """Facts of a group: :mod:`node.services.groups.travelling`."""
        ...

    async def check(self, node: NodeId, body: bytes) -> bytes:
        """Diagnosis: what :mod:`node.aio.check` asks."""
        ...
