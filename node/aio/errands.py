"""Attachments between nodes: fetching what waiting documents name, pushing where nobody can call us, serving chunks.

Owns the order *chunk proved → file synced → all chunks together → store told*, and when a source that failed is asked
again. What is needed, and who may have what, is :mod:`node.services.errands`. A chunk that is here is never asked for
again, also after a restart.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import structlog

from node.aio.pins import Pins
from node.aio.transport import PeerTransport
from node.attachments import AttachmentFiles, Incoming
from node.services import attachments, errands
from node.services.errands import Offered, Wanted
from node.services.house import House
from node.store import Store, Tx
from protocol import canon, shape
from protocol.document import attachment
from protocol.document.header import AttachmentRef
from protocol.errors import InvariantBroken, NotFound, YuiError
from protocol.keys import NodeId, Step
from protocol.limits import MAX_ATTACHMENT_CHUNKS, RETRY_MAX_US, RETRY_MIN_US
from protocol.link import chunk as chunks

T = TypeVar("T")
LOOK_AGAIN_S = 60.0
MAX_AT_ONCE = 4  # attachments under way
KNOWN_TREES = 8  # attachments whose chunk paths are kept in memory
MISSING_TAG = "yui/chunks-missing/1"
log = structlog.get_logger("attachments")


def path_of(root: bytes, index: int) -> str:
    """The endpoint of one chunk."""
    return f"/peer/v1/attachments/{root.hex()}/{index}"


@dataclass
class _Patience:
    """When a source that failed is asked again: full jitter, 5 s → 15 min."""

    failures: int = 0
    not_before: float = 0.0

    def fail(self, now: float) -> None:
        self.failures += 1
        top = min(RETRY_MAX_US, RETRY_MIN_US << min(self.failures, 16)) / 1_000_000
        self.not_before = now + random.uniform(RETRY_MIN_US / 1_000_000, top)  # noqa: S311 - jitter, not a secret


class Errands:
    """One per running node. ``news``: told which nodes have something waiting, after a commit.

    ``reachable``: False on a node that nobody can call, which then pushes what its partners wait for.
    """

    def __init__(
        self,
        house: House,
        store: Store,
        files: AttachmentFiles,
        transport: PeerTransport,
        pins: Pins,
        news: Callable[[Iterable[bytes]], None],
        *,
        reachable: bool = True,
    ) -> None:
        self._house = house
        self._store = store
        self._files = files
        self._transport = transport
        self._pins = pins
        self._news = news
        self._reachable = reachable
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._patience: dict[NodeId, _Patience] = {}
        self._trees: OrderedDict[bytes, list[tuple[Step, ...]]] = OrderedDict()
        self._finishing = asyncio.Lock()

    async def start(self) -> None:
        """Begin to run errands."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End; what is here stays and is not fetched again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Documents or receipts came in: look now. Call it in the loop."""
        self._wake.set()

    # --- what peers ask

    async def chunk_get(self, node: NodeId, root: bytes, index: int) -> bytes:
        """Chunk ``index`` with its path, for a peer that a document naming it was sent to. NotFound otherwise."""
        size = await self._read(lambda tx: errands.require_readable_by(tx, node, root))
        if index >= attachment.chunk_count(size):
            raise NotFound("chunk", "no such chunk")
        return await asyncio.to_thread(self._chunk, root, size, index)

    async def chunk_put(self, node: NodeId, root: bytes, index: int, body: bytes) -> bytes:
        """A chunk that waits here for the pushing peer; answers which are still missing."""
        one = await self._read(lambda tx: errands.require_wanted_from(self._house, tx, node, root))
        await asyncio.to_thread(self._begin, one)
        missing = await asyncio.to_thread(self._take, one.ref, index, body)
        if not missing:
            await self._finish(one.ref)
        return canon.encode((MISSING_TAG, missing))

    # --- what we ask

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._round()
            except YuiError as error:
                log.warning("errands", code=error.code)
            pause = min((self._wait_of(node) for node in self._patience), default=LOOK_AGAIN_S)
            try:
                async with asyncio.timeout(max(0.1, min(LOOK_AGAIN_S, pause))):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _round(self) -> None:
        places = asyncio.Semaphore(MAX_AT_ONCE)
        wanted = await self._read(partial(errands.wanted, self._house))
        offered = [] if self._reachable else await self._read(errands.offered)
        fetches = [self._attempt(places, one.source, self._fetch(one)) for one in wanted if self._may_call(one.source)]
        pushes = [self._attempt(places, one.target, self._push(one)) for one in offered if self._may_call(one.target)]
        await asyncio.gather(*fetches, *pushes)

    def _may_call(self, node: NodeId) -> bool:
        pin = self._pins.get(node)
        return pin is not None and bool(pin.endpoints) and self._wait_of(node) <= 0

    def _wait_of(self, node: NodeId) -> float:
        patience = self._patience.get(node)
        return patience.not_before - asyncio.get_running_loop().time() if patience else 0.0

    async def _attempt(self, places: asyncio.Semaphore, node: NodeId, errand: Coroutine[None, None, None]) -> None:
        """Run one errand; what the other side does wrong delays the next one to it and nothing else."""
        async with places:
            try:
                await errand
            except YuiError as error:
                log.info("attachment not moved", peer=node.hex()[:12], code=error.code)
                self._patience.setdefault(node, _Patience()).fail(asyncio.get_running_loop().time())
            else:
                self._patience.pop(node, None)

    async def _fetch(self, one: Wanted) -> None:
        if not await asyncio.to_thread(self._files.has, one.ref.root):
            found = await asyncio.to_thread(self._begin, one)
            for index in found.missing:
                path = path_of(one.ref.root, index)
                body = await self._transport.get(one.source, path, max_answer=chunks.MAX_BYTES)
                await asyncio.to_thread(self._take, one.ref, index, body)
        await self._finish(one.ref)

    async def _push(self, one: Offered) -> None:
        root, size = one.ref.root, one.ref.size
        index = 0
        for _ in range(attachment.chunk_count(size) + 1):
            body = await asyncio.to_thread(self._chunk, root, size, index)
            answer = await self._transport.request(one.target, "PUT", path_of(root, index), body)
            missing = _missing(answer)
            if not missing:
                return
            index = missing[0]

    # --- files

    def _begin(self, one: Wanted) -> Incoming:
        return self._files.begin(one.ref.root.hex(), one.source, one.ref.size, one.ref.media_type)

    def _take(self, ref: AttachmentRef, index: int, body: bytes) -> tuple[int, ...]:
        chunk = chunks.parse(body, ref.root, ref.size, index)
        return self._files.put_chunk(ref.root.hex(), index, chunk).missing

    async def _finish(self, ref: AttachmentRef) -> None:
        async with self._finishing:
            if not await asyncio.to_thread(self._files.has, ref.root):
                await asyncio.to_thread(self._files.finish, ref.root.hex(), ref.root)
            work = partial(_told, self._house, ref)
            self._news(await asyncio.wrap_future(self._store.submit(work)))

    def _chunk(self, root: bytes, size: int, index: int) -> bytes:
        return chunks.encode(index, self._tree(root, size)[index], self._files.read_chunk(root, index))

    def _tree(self, root: bytes, size: int) -> list[tuple[Step, ...]]:
        """The chunks' paths; the first call for an attachment reads it whole."""
        known = self._trees.get(root)
        if known is None:
            count = attachment.chunk_count(size)
            leaves = [attachment.chunk_leaf(at, self._files.read_chunk(root, at)) for at in range(count)]
            if attachment.root_of_leaves(size, leaves) != root:
                raise InvariantBroken("an attachment on disk is not what its name says")
            known = self._trees[root] = chunks.paths(leaves)
            while len(self._trees) > KNOWN_TREES:
                self._trees.popitem(last=False)
        return known

    async def _read(self, work: Callable[[Tx], T]) -> T:
        return await asyncio.to_thread(self._store.read, work)


def _told(house: House, ref: AttachmentRef, tx: Tx) -> frozenset[bytes]:
    try:
        return attachments.completed(house, tx, ref.root, ref.size, ref.media_type)
    except BaseException:
        house.forget_caches()
        raise


def _missing(answer: bytes) -> list[int]:
    raw = shape.record(canon.decode(answer), MISSING_TAG, 2)
    items = shape.array(raw[1], "missing", MAX_ATTACHMENT_CHUNKS)
    return [shape.integer(item, "missing", 0, MAX_ATTACHMENT_CHUNKS - 1) for item in items]
