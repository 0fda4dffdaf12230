"""The courier of groups: when facts go out, and the door through which they come.

Owns patience and nothing durable. What is sent and what it means is :mod:`node.services.groups.travelling`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

import structlog

from node.services.groups import travelling
from node.services.groups.travelling import Post
from node.services.house import House
from node.store import Store, Tx
from protocol.errors import YuiError
from protocol.keys import NodeId

T = TypeVar("T")
Ask = Callable[[NodeId, str, bytes], Awaitable[bytes]]
LOOK_S: Final = 3.0
FIRST_S: Final = 2.0  # until a node is tried again; twice as long each time
MAX_WAIT_S: Final = 300.0
ALL_AGAIN_S: Final = 600.0
log = structlog.get_logger("groups")


class Groups:
    """One per running node."""

    def __init__(self, house: House, store: Store, ask: Ask) -> None:
        self._house, self._store, self._ask = house, store, ask
        self._tried: dict[tuple[bytes, bytes], tuple[float, int]] = {}
        self._quiet: dict[bytes, int] = {}  # groups of which nobody lacks anything, at so many facts
        self._forget = 0.0  # when to look at all of them again: firms move
        self._next = 0.0

    async def receive(self, node: bytes, data: bytes) -> bytes:
        """Facts that a peer knows."""
        answer = await self._commit(lambda tx: travelling.receive(self._house, tx, node, data))
        self._next = 0.0
        return answer

    async def look(self) -> float:
        """One pass; how long to rest."""
        if self._house.frozen or self._house.recovering:
            return LOOK_S
        rest = self._next - time.monotonic()
        if rest > 0:
            return rest
        self._next = time.monotonic() + LOOK_S
        if time.monotonic() > self._forget:
            self._quiet, self._forget = {}, time.monotonic() + ALL_AGAIN_S
        work = partial(travelling.posts, self._house, quiet=self._quiet)
        for post in await asyncio.to_thread(self._store.read, work):
            if self._tried.get((post.group, post.node), (0.0, 0))[0] <= time.monotonic():
                await self._send(post)
        return LOOK_S

    async def _send(self, post: Post) -> None:
        try:
            await self._ask(NodeId(post.node), travelling.PATH, post.body)
            await self._commit(lambda tx: travelling.told(tx, post))
            self._tried.pop((post.group, post.node), None)
            self._next = 0.0
        except YuiError as error:
            log.info("not told", peer=post.node.hex()[:12], code=error.code)
            failures = self._tried.get((post.group, post.node), (0.0, 0))[1]
            rest = min(FIRST_S * 2**failures, MAX_WAIT_S)
            self._tried[post.group, post.node] = time.monotonic() + rest, failures + 1

    async def _commit(self, work: Callable[[Tx], T]) -> T:
        def guarded(tx: Tx) -> T:
            try:
                return work(tx)
            except BaseException:
                self._house.forget_caches()
                raise

        return await asyncio.wrap_future(self._store.submit(guarded))
