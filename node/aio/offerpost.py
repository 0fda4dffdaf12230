"""Offers between nodes: a peer's are asked for, ours are pushed where nobody can call us.

Owns the conversation and up to where each peer was told. Who may know what, and what is taken, is
:mod:`node.services.offers.telling`.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from node.aio.transport import PeerTransport
from node.services.house import House
from node.services.offers import telling
from node.store import Store, Tx
from protocol import canon, shape
from protocol.keys import NodeId
from protocol.limits import MAX_INT
from protocol.offer import delta as deltas

MAX_DELTAS: Final = 500  # in one go
NOTHING: Final = canon.encode(None)


class OfferPost:
    """One per running node. ``told``: up to which change of our offers a peer was told; ``hinted``: who has news."""

    def __init__(self, house: House, store: Store, transport: PeerTransport) -> None:
        self._house, self._store, self._transport = house, store, transport
        self.told: dict[NodeId, int] = {}
        self.asked: dict[NodeId, float] = {}
        self.hinted: set[NodeId] = set()

    async def give(self, node: NodeId, since: int) -> bytes:
        """The delta that a peer asks for."""
        return await asyncio.to_thread(self._store.read, lambda tx: telling.delta(self._house, tx, node, since))

    async def take(self, node: NodeId, body: bytes) -> bytes:
        """A delta that a peer pushes, or nil; answers from where its next one must begin."""
        if body == NOTHING:
            return canon.encode(await asyncio.to_thread(self._store.read, lambda tx: telling.asked_since(tx, node)))
        return canon.encode((await self._learn(node, body)).until)

    async def ask(self, node: NodeId) -> None:
        """Ask a peer for what is new."""
        self.asked[node] = asyncio.get_running_loop().time()
        self.hinted.discard(node)
        since = await asyncio.to_thread(self._store.read, lambda tx: telling.asked_since(tx, node))
        for _ in range(MAX_DELTAS):
            answer = await self._transport.get(node, f"{telling.PATH}?since={since}")
            learned = await self._learn(node, answer)
            since = learned.until
            if not learned.more:
                return

    async def push(self, node: NodeId, change: int) -> None:
        """Our offers that ``node`` has not been told yet."""
        since = _number(await self._transport.post(node, telling.PATH, NOTHING))
        for _ in range(MAX_DELTAS):
            delta = await self.give(node, since)
            if deltas.parse(delta).until == since:
                self.told[node] = change
                return
            since = _number(await self._transport.post(node, telling.PATH, delta))

    async def _learn(self, node: NodeId, data: bytes) -> telling.Learned:
        return await asyncio.wrap_future(self._store.submit(partial(self._learned, node, data)))

    def _learned(self, node: NodeId, data: bytes, tx: Tx) -> telling.Learned:
        try:
            return telling.learn(self._house, tx, node, data)
        except BaseException:
            self._house.forget_caches()
            raise


def _number(answer: bytes) -> int:
    return shape.integer(canon.decode(answer), "since", 0, MAX_INT)
