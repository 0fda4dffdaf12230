"""What accepted peers and strangers may ask of this node, joined from the office, the links and the services.

Owns the implementation of :class:`node.api.peer.services.PeerServices` and nothing else: each method hands on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from node.aio.driver import Driver
from node.aio.errands import Errands
from node.aio.office import PeerOffice
from node.drawings import Drawings
from node.groups import Groups
from node.joint import Courier
from node.runtime import BATCHES, HELLO, HISTORIES, NEXT, RECEIPTS
from node.services import directory, members
from node.services.house import House
from node.store import Store, Tx
from protocol.errors import NotFound
from protocol.keys import NodeId

T = TypeVar("T")


class PeerPort:
    """One per running node. ``arrived``: told after every batch that was taken."""

    def __init__(
        self,
        house: House,
        store: Store,
        office: PeerOffice,
        driver: Driver,
        errands: Errands,
        arrived: Callable[[], None],
        courier: Courier,
        drawings: Drawings,
        groups: Groups,
    ) -> None:
        self._house = house
        self._store = store
        self._office = office
        self._driver = driver
        self._errands = errands
        self._arrived = arrived
        self._courier = courier
        self._drawings = drawings
        self._groups = groups

    async def enrol_commit(self, body: bytes) -> bytes:
        """Message 1 of an enrolment, from a stranger."""
        return await self._office.enrol_commit(body)

    async def enrol_reveal(self, body: bytes) -> bytes:
        """Message 3 of an enrolment, from a stranger."""
        return await self._office.enrol_reveal(body)

    async def introduce(self, node: NodeId, body: bytes) -> bytes:
        """The peer's present introduction; answers ours."""
        return await self._office.introduce(node, body)

    async def hello(self, node: NodeId, body: bytes) -> bytes:
        """The first exchange after every start of either side."""
        await self._office.met(node)
        return await self._driver.serve(node, HELLO, body)

    async def histories(self, node: NodeId, body: bytes) -> bytes:
        """The control logs that we know of the peer's own members: what it reads before it opens epochs."""
        return await self._driver.serve(node, HISTORIES, body)

    async def receive_batch(self, node: NodeId, body: bytes) -> bytes:
        """A batch; answers its receipt, after the commit."""
        receipt = await self._driver.serve(node, BATCHES, body)
        self._arrived()
        self._errands.wake(node)
        return receipt

    async def next_batch(self, node: NodeId, body: bytes) -> bytes:
        """The peer pulls our stream."""
        return await self._driver.serve(node, NEXT, body)

    async def accept_receipt(self, node: NodeId, body: bytes) -> bytes:
        """A receipt for a batch that the peer pulled."""
        return await self._driver.serve(node, RECEIPTS, body)

    async def news(self, node: NodeId) -> None:
        """A hint that pulling would bring something."""
        self._driver.hint(node)
        self._errands.wake(node)

    async def history(self, node: NodeId, member: bytes) -> bytes:
        """The control log of a member that this peer may know: one of ours, or one at home there."""
        return await self._read(partial(_history, self._house, node, member))

    async def directory(self, node: NodeId, since: int) -> bytes:
        """The next delta of our members' cards."""
        return await self._read(lambda tx: directory.delta(self._house, tx, since))

    async def directory_put(self, node: NodeId, body: bytes) -> bytes:
        """A delta that the peer pushes because nobody can call it."""
        return await self._errands.take_directory(node, body)

    async def offers(self, node: NodeId, since: int) -> bytes:
        """The next delta of our members' offers that are for this peer."""
        return await self._errands.offers.give(node, since)

    async def offers_put(self, node: NodeId, body: bytes) -> bytes:
        """A delta of offers that the peer pushes because nobody can call it."""
        return await self._errands.offers.take(node, body)

    async def chunk_get(self, node: NodeId, root: bytes, index: int) -> bytes:
        """One chunk of an attachment that the peer's member may read."""
        return await self._errands.give_chunk(node, root, index)

    async def chunk_put(self, node: NodeId, root: bytes, index: int, body: bytes) -> bytes:
        """One chunk that this node waits for."""
        return await self._errands.take_chunk(node, root, index, body)

    async def guard(self, node: NodeId, path: str, body: bytes) -> bytes:
        """What is asked of a guardian."""
        return await self._driver.serve(node, path, body)

    async def joint(self, node: NodeId, body: bytes) -> bytes:
        """What is said in a joint round."""
        return await self._courier.receive(node, body)

    async def drawing(self, node: NodeId, body: bytes) -> bytes:
        """What is said and asked about drawings."""
        return await self._drawings.receive(node, body)

    async def group(self, node: NodeId, body: bytes) -> bytes:
        """Facts of a group."""
        return await self._groups.receive(node, body)

    async def check(self, node: NodeId, body: bytes) -> bytes:
        """Diagnosis."""
        return await self._office.answer_check(body)

    async def _read(self, work: Callable[[Tx], T]) -> T:
        return await asyncio.to_thread(self._store.read, work)


def _history(house: House, node: bytes, member: bytes, tx: Tx) -> bytes:
    row = tx.members.get(member)
    if row is None or not (row.local or row.home == node):
        raise NotFound("member", "no such member")
    return members.history(house, tx, member)
