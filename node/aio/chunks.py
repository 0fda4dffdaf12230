"""Chunks of attachments in and out of this machine's files, each proved before it is kept.

Owns the order *chunk proved → file synced → all chunks together → store told*. A chunk that is here is never needed
again, also after a restart. Must not know who asks: :mod:`node.services.errands` says who may.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable

from node.attachments import AttachmentFiles, Incoming
from node.services import attachments
from node.services.errands import Wanted
from node.services.house import House
from node.store import Store, Tx
from protocol.document import attachment
from protocol.document.header import AttachmentRef
from protocol.errors import NotFound, WorldFault
from protocol.keys import Step
from protocol.link import chunk as chunks

KNOWN_TREES = 8  # attachments whose chunk paths are kept in memory


class Chunks:
    """Blocking work runs in threads. ``news``: told which nodes have something waiting, after a commit."""

    def __init__(
        self, house: House, store: Store, files: AttachmentFiles, news: Callable[[Iterable[bytes]], None]
    ) -> None:
        self._house = house
        self._store = store
        self._files = files
        self._news = news
        self._trees: OrderedDict[bytes, list[tuple[Step, ...]]] = OrderedDict()
        self._finishing = asyncio.Lock()

    async def give(self, root: bytes, size: int, index: int) -> bytes:
        """The wire form of one chunk of a complete attachment. NotFound if it has no such chunk."""
        if not 0 <= index < attachment.chunk_count(size):
            raise NotFound("chunk", "no such chunk")
        return await asyncio.to_thread(self._wire, root, size, index)

    async def missing(self, one: Wanted) -> tuple[int, ...]:
        """Which chunks are not here yet."""
        if await asyncio.to_thread(self._files.has, one.ref.root):
            return ()
        return (await asyncio.to_thread(self._begin, one)).missing

    async def take(self, ref: AttachmentRef, index: int, body: bytes) -> tuple[int, ...]:
        """Keep chunk ``index`` if ``body`` proves it; which are still missing. Raises Malformed, TooLarge."""
        return await asyncio.to_thread(self._keep, ref, index, body)

    async def keep(self, ref: AttachmentRef, index: int, plain: bytes) -> tuple[int, ...]:
        """Keep chunk ``index`` of which only its guardian's seal is proved; :meth:`finish` proves the whole."""
        return (await asyncio.to_thread(self._files.put_chunk, ref.root.hex(), index, plain)).missing

    async def finish(self, ref: AttachmentRef) -> None:
        """All chunks are here: one file, then the store; documents that waited go on."""
        async with self._finishing:
            if not await asyncio.to_thread(self._files.has, ref.root):
                await asyncio.to_thread(self._files.finish, ref.root.hex(), ref.root)
            news = await asyncio.wrap_future(self._store.submit(lambda tx: self._told(tx, ref)))
        self._news(news)

    def _begin(self, one: Wanted) -> Incoming:
        return self._files.begin(one.ref.root.hex(), one.source, one.ref.size, one.ref.media_type)

    def _keep(self, ref: AttachmentRef, index: int, body: bytes) -> tuple[int, ...]:
        chunk = chunks.parse(body, ref.root, ref.size, index)
        return self._files.put_chunk(ref.root.hex(), index, chunk).missing

    def _told(self, tx: Tx, ref: AttachmentRef) -> frozenset[bytes]:
        try:
            return attachments.completed(self._house, tx, ref.root, ref.size, ref.media_type)
        except BaseException:
            self._house.forget_caches()
            raise

    def _wire(self, root: bytes, size: int, index: int) -> bytes:
        return chunks.encode(index, self._tree(root, size)[index], self._files.read_chunk(root, index))

    def _tree(self, root: bytes, size: int) -> list[tuple[Step, ...]]:
        """The chunks' paths; the first call for an attachment reads it whole."""
        known = self._trees.get(root)
        if known is None:
            count = attachment.chunk_count(size)
            leaves = [attachment.chunk_leaf(at, self._files.read_chunk(root, at)) for at in range(count)]
            if attachment.root_of_leaves(size, leaves) != root:
                raise WorldFault("the attachment is damaged on this disk", code="damaged")
            known = self._trees[root] = chunks.paths(leaves)
            while len(self._trees) > KNOWN_TREES:
                self._trees.popitem(last=False)
        return known
