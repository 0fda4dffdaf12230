"""Two real ends of a pinned link on loopback, for tests."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from federation import introduction as introductions
from federation.endpoint import Endpoint
from node.aio.pins import Pin, Pins
from node.aio.request import TransportOptions
from node.aio.server import PeerServer
from node.aio.transport import PeerTransport
from node.api.peer.access import Gate
from node.api.peer.routes import peer_app
from node.certificate import TlsIdentity, create_identity, fingerprint
from protocol.errors import NotFound
from protocol.identity import descriptor as descriptors
from protocol.identity.descriptor import Descriptor
from protocol.keys import NodeId, SigningKey, node_id


@dataclass
class Recorder:
    """Services that answer with what they were asked; real bytes over real TLS."""

    asked: list[tuple[str, object, object]] = field(default_factory=list)

    def _note(self, name: str, node: object, body: object) -> bytes:
        self.asked.append((name, node, body))
        return b"\xc0"

    async def enrol_commit(self, body: bytes) -> bytes:
        return self._note("enrol_commit", None, body)

    async def enrol_reveal(self, body: bytes) -> bytes:
        return self._note("enrol_reveal", None, body)

    async def hello(self, node: NodeId, body: bytes) -> bytes:
        self._note("hello", node, body)
        return body

    async def introduce(self, node: NodeId, body: bytes) -> bytes:
        return self._note("introduce", node, body)

    async def receive_batch(self, node: NodeId, body: bytes) -> bytes:
        return self._note("receive_batch", node, len(body))

    async def next_batch(self, node: NodeId, body: bytes) -> bytes:
        return self._note("next_batch", node, body)

    async def accept_receipt(self, node: NodeId, body: bytes) -> bytes:
        return self._note("accept_receipt", node, body)

    async def joint(self, node: NodeId, body: bytes) -> bytes:
        return self._note("joint", node, body)

    async def drawing(self, node: NodeId, body: bytes) -> bytes:
        return self._note("drawing", node, body)

    async def group(self, node: NodeId, body: bytes) -> bytes:
        return self._note("group", node, body)

    async def news(self, node: NodeId) -> None:
        self._note("news", node, b"")

    async def history(self, node: NodeId, member: bytes) -> bytes:
        raise NotFound("member", "no such member")

    async def directory(self, node: NodeId, since: int) -> bytes:
        return self._note("directory", node, since)

    async def directory_put(self, node: NodeId, body: bytes) -> bytes:
        return self._note("directory_put", node, len(body))

    async def offers(self, node: NodeId, since: int) -> bytes:
        return self._note("offers", node, since)

    async def offers_put(self, node: NodeId, body: bytes) -> bytes:
        return self._note("offers_put", node, len(body))

    async def chunk_get(self, node: NodeId, root: bytes, index: int) -> bytes:
        return self._note("chunk_get", node, (root, index))

    async def chunk_put(self, node: NodeId, root: bytes, index: int, body: bytes) -> bytes:
        return self._note("chunk_put", node, (root, index, len(body)))

    async def guard(self, node: NodeId, path: str, body: bytes) -> bytes:
        return self._note("guard", node, (path, len(body)))

    async def check(self, node: NodeId, body: bytes) -> bytes:
        return self._note("check", node, body)


@dataclass
class Node:
    """One node of a test: keys, pins, and what runs."""

    key: SigningKey
    tls: TlsIdentity
    pins: Pins = field(default_factory=Pins)
    services: Recorder = field(default_factory=Recorder)
    server: PeerServer | None = None
    transport: PeerTransport | None = None

    @property
    def id(self) -> NodeId:
        return node_id(self.key.public)

    @property
    def endpoint(self) -> Endpoint:
        assert self.server is not None
        return Endpoint("127.0.0.1", self.server.port)

    def pin(self) -> Pin:
        return Pin(self.id, (self.tls.certificate,), (self.endpoint,) if self.server else (), private=True)

    async def serve(self, gate: Gate | None = None, first_request_s: float = 20.0) -> None:
        app = peer_app(self.services, self.pins, gate)
        self.server = PeerServer(app, self.tls, self.pins, first_request_s=first_request_s)
        await self.server.start("127.0.0.1", 0)

    def connect(self, options: TransportOptions | None = None) -> PeerTransport:
        self.transport = PeerTransport(self.tls, self.pins, options)
        return self.transport

    async def stop(self) -> None:
        if self.transport is not None:
            await self.transport.close()
        if self.server is not None:
            await self.server.stop()

    def introduction(self, version: int = 1, endpoints: tuple[str, ...] = ("https://127.0.0.1:7443",)) -> bytes:
        return introductions.encode(self.descriptor(version, endpoints), (self.tls.certificate,))

    def descriptor(self, version: int, endpoints: tuple[str, ...], network: str = "test") -> bytes:
        return descriptors.sign(
            self.key,
            Descriptor(
                network=network,
                public=self.key.public,
                version=version,
                name="協議会",
                kind="council",
                area="23211",
                endpoints=endpoints,
                certificates=(fingerprint(self.tls.certificate),),
                software="yui/0.1.0",
                speaks=descriptors.SPEAKS,
                time=0,
            ),
        )


def make_node(folder: Path, name: str) -> Node:
    """A node with fresh keys; ``name`` makes its seed."""
    key = SigningKey(name.encode().ljust(32, b"."))
    return Node(key, create_identity(node_id(key.public), folder / f"{name}-{os.urandom(4).hex()}.pem", b"test"))


@asynccontextmanager
async def nodes(folder: Path, *names: str) -> AsyncIterator[list[Node]]:
    """Nodes with fresh keys, stopped at the end."""
    made = [make_node(folder, name) for name in names]
    try:
        yield made
    finally:
        for node in made:
            await node.stop()


@asynccontextmanager
async def linked(folder: Path, *more: str) -> AsyncIterator[list[Node]]:
    """A and B, B serving and each having pinned the other, A connecting; and ``more`` nodes that nobody knows."""
    async with nodes(folder, "a", "b", *more) as made:
        a, b = made[:2]
        await b.serve()
        b.pins.replace([a.pin()])
        a.pins.replace([b.pin()])
        a.connect()
        yield made
