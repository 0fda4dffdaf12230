"""The driver under asyncio: real stores with their writer threads, real TLS, and what ends a procedure early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from node import runtime as runtimes
from node.aio.clock import Clock
from node.aio.driver import Driver
from node.certificate import create_identity
from node.runtime import BATCHES, HELLO, HISTORIES, NEXT, RECEIPTS, Runtime
from node.services import recovery, trade
from node.services.house import House
from node.services.trade import Submission
from node.store import SqliteStore, Tx, open_sqlite
from protocol.errors import InvariantBroken, WorldFault
from protocol.identity.control import Reason
from protocol.keys import NodeId
from tests.node.aio.nodes import Node, Recorder
from tests.node.services.town import Association, order, two_towns


@dataclass
class Desk(Recorder):
    """What peers may ask of a node that is nothing but its links."""

    driver: Driver | None = None

    async def _serve(self, node: NodeId, path: str, body: bytes) -> bytes:
        assert self.driver is not None
        return await self.driver.serve(node, path, body)

    async def hello(self, node: NodeId, body: bytes) -> bytes:
        return await self._serve(node, HELLO, body)

    async def histories(self, node: NodeId, body: bytes) -> bytes:
        return await self._serve(node, HISTORIES, body)

    async def receive_batch(self, node: NodeId, body: bytes) -> bytes:
        return await self._serve(node, BATCHES, body)

    async def next_batch(self, node: NodeId, body: bytes) -> bytes:
        return await self._serve(node, NEXT, body)

    async def accept_receipt(self, node: NodeId, body: bytes) -> bytes:
        return await self._serve(node, RECEIPTS, body)

    async def news(self, node: NodeId) -> None:
        assert self.driver is not None
        self.driver.hint(node)


@dataclass
class Post:
    """One association's links with everything below them."""

    house: House
    store: SqliteStore
    node: Node
    driver: Driver
    fatal: list[BaseException]

    @property
    def link(self) -> int:
        """How many peers it has a link to."""
        peers = self.store.read(lambda tx: tx.peers.all())
        return sum(self.driver._runtime.link(NodeId(row.node)) is not None for row in peers)

    def has(self, document: bytes) -> bool:
        return self.store.read(lambda tx: tx.documents.get(document)) is not None

    def pending(self) -> int:
        return sum(count for count, _ in self.store.read(lambda tx: tx.outgoing.count_pending()).values())


def post(folder: Path, town: Association) -> Post:
    path = folder / f"{town.house.id.hex()[:8]}.db"
    path.write_bytes(town.store.serialize())
    store = open_sqlite(path)
    house = town._make_house()
    tls = create_identity(house.id, folder / f"{house.id.hex()[:8]}.pem", b"test")
    desk = Desk()
    node = Node(house.node, tls, services=desk)
    clock, fatal = Clock(), list[BaseException]()
    runtime = Runtime(house, clock.monotonic_us)
    desk.driver = Driver(runtime, store, node.connect(), clock, fatal.append)
    return Post(house, store, node, desk.driver, fatal)


@asynccontextmanager
async def posts(folder: Path) -> AsyncIterator[tuple[Post, Post, bytes, bytes]]:
    """Toyota and Kyoto on loopback, both serving, neither started."""
    toyota, kyoto, buyer, seller = two_towns()
    made = post(folder, toyota), post(folder, kyoto)
    try:
        for one in made:
            await one.node.serve()
        for one, other in (made, made[::-1]):
            one.node.pins.replace([other.node.pin()])
        yield *made, buyer, seller
    finally:
        for one in made:
            await one.driver.stop()
            await one.node.stop()
            one.store.close()


async def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - a store has no event to wait for
            await asyncio.sleep(0.02)


def submit(at: Post, author: bytes, recipient: bytes, number: str) -> bytes:
    outcome = at.store.write(lambda tx: trade.submit(at.house, tx, author, [Submission(recipient, order(number))]))
    at.driver.notice(outcome.news)
    return outcome.submitted[0].id


async def test_a_document_goes_out_and_its_receipt_comes_back(tmp_path: Path) -> None:
    async with posts(tmp_path) as (toyota, kyoto, buyer, seller):
        await kyoto.driver.start(None)
        await toyota.driver.start(None)
        document = await asyncio.to_thread(submit, toyota, buyer, seller, "PO-1")  # notice() from another thread
        await until(lambda: toyota.pending() == 0)
        assert kyoto.has(document)


async def test_a_doubtful_start_returns_at_once_and_opens_when_the_peer_has_answered(tmp_path: Path) -> None:
    async with posts(tmp_path) as (toyota, kyoto, buyer, seller):
        await toyota.driver.start(Reason.RESTORE)
        assert toyota.house.recovering
        assert toyota.link == 0
        with pytest.raises(WorldFault, match="asking its peers"):
            submit(toyota, buyer, seller, "PO-1")
        await kyoto.driver.start(None)
        await until(lambda: toyota.link == 1)
        assert not toyota.house.recovering
        document = submit(toyota, buyer, seller, "PO-2")
        await until(lambda: kyoto.has(document))


async def test_a_bug_is_told_and_the_peer_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = recovery.learn_histories, [KeyError("a bug of ours")]

    def fails_once(house: House, tx: Tx, peer: bytes, answer: bytes) -> bytes | None:
        if left:
            raise left.pop()
        return real(house, tx, peer, answer)

    monkeypatch.setattr(recovery, "learn_histories", fails_once)
    monkeypatch.setattr(runtimes, "MAX_READ_AGAIN_US", 50_000)
    async with posts(tmp_path) as (toyota, kyoto, *_):
        await kyoto.driver.start(None)
        with capture_logs() as logs:
            await toyota.driver.start(Reason.RESTORE)
            await until(lambda: toyota.link == 1)
        assert [line["event"] for line in logs if line["log_level"] == "error"] == ["link"]
        assert not toyota.fatal


async def test_a_broken_invariant_ends_the_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> bytes | None:
        raise InvariantBroken("two meanings of one number")

    async with posts(tmp_path) as (toyota, kyoto, *_):
        await kyoto.driver.start(None)
        monkeypatch.setattr(recovery, "learn_histories", breaks)
        await toyota.driver.start(Reason.RESTORE)
        await until(lambda: bool(toyota.fatal))
        assert isinstance(toyota.fatal[0], InvariantBroken)
        assert toyota.house.recovering


async def test_stopping_lets_go_of_a_reading_and_the_doubt_stays(tmp_path: Path) -> None:
    async with posts(tmp_path) as (toyota, _, *_rest):
        toyota.node.pins.replace([])  # nobody to ask
        await toyota.driver.start(Reason.RESTORE)
        await asyncio.sleep(0.1)
        async with asyncio.timeout(2):
            await toyota.driver.stop()
        assert not toyota.driver._tasks
        assert toyota.store.read(lambda tx: tx.meta.get("recovering")) == b"restore"
        with pytest.raises(WorldFault) as refused:
            await toyota.driver.serve(toyota.house.id, HELLO, b"")
        assert refused.value.code == "stopping"


async def test_a_person_ends_a_freeze(tmp_path: Path) -> None:
    async with posts(tmp_path) as (toyota, kyoto, buyer, seller):
        await kyoto.driver.start(None)
        toyota.store.write(lambda tx: tx.meta.set("frozen", b"another copy of this node has been seen"))
        await toyota.driver.start(None)
        assert toyota.house.frozen
        await toyota.driver.resolve()
        await until(lambda: toyota.link == 1 and not toyota.house.recovering)
        document = submit(toyota, buyer, seller, "PO-1")
        await until(lambda: kyoto.has(document))
