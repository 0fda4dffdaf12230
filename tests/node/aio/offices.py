"""Whole peer offices on loopback: store, TLS, server and transport, joined as a running node joins them."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from federation.effects import PeerEffect
from node.aio.errands import Errands
from node.aio.office import PeerOffice
from node.aio.pins import Pins
from node.aio.request import TransportOptions
from node.aio.server import PeerServer
from node.aio.transport import PeerTransport
from node.api.peer.access import Gate
from node.api.peer.routes import peer_app
from node.attachments import AttachmentFiles
from node.certificate import TlsIdentity, create_identity
from node.keyfile import NodeSecret
from node.services import directory, greeting, warding
from node.services.house import House
from node.services.peers import Presence
from node.store import Store, Tx, open_memory
from protocol.guardian import messages
from protocol.keys import NodeId, SigningKey
from tests.node.aio.nodes import Recorder

T = TypeVar("T")
OPTIONS = TransportOptions(allow_private=True, timeout_s=5)


@dataclass
class Counter(Recorder):
    """Services of a node that is nothing but its peer office."""

    office: PeerOffice | None = None
    errands: Errands | None = None
    house: House | None = None
    store: Store | None = None

    async def enrol_commit(self, body: bytes) -> bytes:
        assert self.office is not None
        return await self.office.enrol_commit(body)

    async def enrol_reveal(self, body: bytes) -> bytes:
        assert self.office is not None
        return await self.office.enrol_reveal(body)

    async def introduce(self, node: NodeId, body: bytes) -> bytes:
        assert self.office is not None
        await self.office.met(node)
        return await self.office.introduce(node, body)

    async def news(self, node: NodeId) -> None:
        assert self.errands is not None
        self.errands.wake(node)

    async def directory(self, node: NodeId, since: int) -> bytes:
        assert self.house is not None
        assert self.store is not None
        house = self.house
        self.asked.append(("directory", node, since))
        return self.store.read(lambda tx: directory.delta(house, tx, since))

    async def directory_put(self, node: NodeId, body: bytes) -> bytes:
        assert self.errands is not None
        self.asked.append(("directory_put", node, len(body)))
        return await self.errands.take_directory(node, body)

    async def chunk_get(self, node: NodeId, root: bytes, index: int) -> bytes:
        assert self.errands is not None
        self.asked.append(("chunk_get", node, index))
        return await self.errands.give_chunk(node, root, index)

    async def chunk_put(self, node: NodeId, root: bytes, index: int, body: bytes) -> bytes:
        assert self.errands is not None
        self.asked.append(("chunk_put", node, index))
        return await self.errands.take_chunk(node, root, index, body)

    async def guard(self, node: NodeId, path: str, body: bytes) -> bytes:
        assert self.store is not None
        assert path == messages.READ_CHUNK
        self.asked.append(("guard", node, len(body)))
        return self.store.read(lambda tx: warding.read_chunk(tx, node, messages.parse_read_chunk(body)))

    async def check(self, node: NodeId, body: bytes) -> bytes:
        assert self.office is not None
        return await self.office.answer_check(body)


@dataclass
class Branch:
    """One association's node."""

    name: str
    folder: Path
    store: Store
    house: House
    tls: TlsIdentity
    options: TransportOptions = OPTIONS
    effects: list[PeerEffect] = field(default_factory=list)
    news: set[bytes] = field(default_factory=set)
    reachable: bool = True

    async def open(self, port: int = 0) -> None:
        """Serve and be ready. Again after :meth:`close`: a restart with the same store."""
        self.pins = Pins()
        self.transport = PeerTransport(self.tls, self.pins, self.options)
        services = self.services = Counter()
        gate = Gate(self.pins, stranger_per_minute=1000)
        self.server = PeerServer(peer_app(services, self.pins, gate), self.tls, self.pins)
        await self.server.start("127.0.0.1", port)
        self.files = AttachmentFiles(self.folder / f"attachments-{self.name}")
        self.errands = Errands(self.house, self.store, self.files, self.transport, self.pins, self._news)
        services.errands = self.errands
        services.house, services.store = self.house, self.store
        self.office = PeerOffice(
            self.house,
            self.store,
            self.tls,
            self.pins,
            self.transport,
            self.presence(),
            self.options,
            self.effects.append,
        )
        services.office = self.office
        await self.office.start()

    def _news(self, nodes: Iterable[bytes]) -> None:
        self.news |= set(nodes)

    def do(self, work: Callable[[Tx], T]) -> T:
        """A write transaction."""
        return self.store.write(work)

    def presence(self) -> Presence:
        endpoints = (f"https://127.0.0.1:{self.server.port}",) if self.reachable else ()
        return Presence(self.name, "council", "23211", endpoints, (self.tls.certificate,), "yui/0.1.0")

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.server.port}"

    @property
    def id(self) -> str:
        return self.house.id.hex()

    async def state_of(self, other: Branch) -> str:
        found = [view.state for view in await self.office.all() if view.node == other.id]
        return found[0] if found else "unknown"

    async def close(self) -> None:
        await self.errands.stop()
        await self.office.stop()
        await self.transport.close()
        await self.server.stop()


@asynccontextmanager
async def branches(folder: Path, *names: str, options: TransportOptions = OPTIONS) -> AsyncIterator[list[Branch]]:
    """Running nodes that do not know each other yet."""
    made: list[Branch] = []
    try:
        for name in names:
            key = SigningKey(os.urandom(32))
            house = House("test", key, NodeSecret(os.urandom(32)), lambda: time.time_ns() // 1000, os.urandom)
            tls = create_identity(house.id, folder / f"{name}.pem", b"test")
            branch = Branch(name, folder, open_memory(), house, tls, options)
            branch.do(lambda tx, house=house: greeting.start(house, tx))  # type: ignore[misc]
            await branch.open()
            made.append(branch)
        yield made
    finally:
        for branch in made:
            await branch.close()
            branch.store.close()
