"""The courier of drawings: when words and facts go out, when content is fetched, when what was withdrawn is deleted.

Owns patience (what was tried when) and nothing durable: everything is looked up in the store again; a piece that is
here is never asked for again. What is sent and what it means is :mod:`node.services.drawings.travelling`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import structlog

from node.aio.chunks import Chunks
from node.drawingfiles import DrawingFiles
from node.services.drawings import keeping, receiving, travelling
from node.services.drawings.keeping import About
from node.services.drawings.receiving import Left, Opening
from node.services.drawings.travelling import Fetching, Word
from node.services.house import House
from node.store import Store, Tx
from protocol.document.header import AttachmentRef
from protocol.errors import NotFound, YuiError
from protocol.keys import NodeId
from protocol.process.drawing.records import How, May

T = TypeVar("T")
Ask = Callable[[NodeId, str, bytes], Awaitable[bytes]]
LOOK_S: Final = 2.0
FIRST_S: Final = 2.0  # until something is tried again; twice as long each time
MAX_WAIT_S: Final = 300.0
FETCHES_AT_ONCE: Final = 2
PIECES_AT_ONCE: Final = 2
SEALED: Final = "application/octet-stream"
log = structlog.get_logger("drawings")


class Drawings:
    """One per running node."""

    def __init__(self, house: House, store: Store, ask: Ask, files: DrawingFiles, notify: Callable[[], None]) -> None:
        self._house, self._store, self._ask, self._notify = house, store, ask, notify
        self.files = files
        self._chunks = Chunks(house, store, files.chunks, lambda _nodes: None)
        self._tried: dict[tuple[object, ...], tuple[float, int]] = {}  # when to try again, failures
        self._fetching: dict[bytes, asyncio.Task[None]] = {}
        self._next = 0.0

    async def receive(self, node: bytes, data: bytes) -> bytes:
        """One message of a peer."""
        body, histories, asks = travelling.unwrap(data)
        if asks:
            piece = await self._read(lambda tx: travelling.asked(tx, node, body))
            return await self._chunks.give(piece.root, piece.size, piece.place)
        answer = await self._commit(lambda tx: travelling.receive(self._house, tx, body, histories))
        self.wake()
        return answer

    def wake(self) -> None:
        """Look again at once."""
        self._next = 0.0
        self._notify()

    async def stop(self) -> None:
        """End what is under way; what has come stays."""
        for task in list(self._fetching.values()):
            task.cancel()
        await asyncio.gather(*self._fetching.values(), return_exceptions=True)

    async def look(self) -> float:
        """One pass; how long to rest."""
        if self._house.frozen or self._house.recovering:
            return LOOK_S
        rest = self._next - time.monotonic()
        if rest > 0:
            return rest
        self._next = time.monotonic() + LOOK_S
        for left in await self._read(lambda tx: receiving.left_to_delete(self._house, tx, travelling.AT_ONCE)):
            await self._delete(left)
        for word in await self._read(partial(travelling.words, self._house)):
            if self._may(word.node, word.grant, word.fact):
                await self._bring(word)
        for one in await self._read(lambda tx: travelling.fetchings(self._house, tx, travelling.AT_ONCE)):
            if len(self._fetching) < FETCHES_AT_ONCE and one.version not in self._fetching and self._may(one.version):
                self._begin(one)
        return LOOK_S

    async def _delete(self, left: Left) -> None:
        """First the file, then the word that it is gone."""
        if left.file:
            task = self._fetching.get(left.version)
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await asyncio.to_thread(self.files.delete, left.root)
        await self._commit(lambda tx: receiving.confirm_deleted(self._house, tx, left.version, left.reader))

    async def _bring(self, word: Word) -> None:
        try:
            if word.body:
                await self._ask(NodeId(word.node), travelling.PATH, word.body)
            await self._commit(lambda tx: travelling.told(tx, word))
            self._tried.pop((word.node, word.grant, word.fact), None)
        except YuiError as error:
            log.info("not brought", peer=word.node.hex()[:12], code=error.code)
            self._wait(word.node, word.grant, word.fact)

    # --- what people do

    async def publish(self, owner: bytes, drawing: bytes, source: Path, about: About) -> bytes:
        """Seal ``source`` as the next version of ``drawing`` (empty: a new one) and publish it; its hash."""
        made = await self._read(lambda tx: keeping.plan(self._house, tx, owner, drawing))
        sealed = await asyncio.to_thread(self.files.seal, source, made.key, made.drawing, made.number)
        try:
            version = await self._commit(lambda tx: keeping.publish(self._house, tx, owner, made, sealed, about))
        except BaseException:
            await asyncio.to_thread(self.files.delete, sealed.root)
            raise
        self.wake()
        return version

    async def allow(self, owner: bytes, version: bytes, readers: Iterable[tuple[bytes, May]]) -> None:
        """Say what firms may do with a version from now on: all or none."""
        wanted = list(readers)

        def work(tx: Tx) -> None:
            for reader, may in wanted:
                keeping.allow(self._house, tx, owner, version, reader, may)

        await self._commit(work)
        self.wake()

    async def want(self, reader: bytes, version: bytes) -> bool:
        """Have the content of a version fetched; whether it is here already."""
        here = await self._commit(lambda tx: receiving.want(self._house, tx, reader, version))
        self._tried.pop((version,), None)
        self.wake()
        return here

    async def open(self, reader: bytes, version: bytes, how: How, person: str) -> Opening:
        """Record the reading; what is shown comes from :meth:`pieces` afterwards, and only then."""
        work = partial(receiving.open_version, self._house)
        opened = await self._commit(lambda tx: work(tx, reader, version, how, person))
        self.wake()
        return opened

    def pieces(self, opened: Opening) -> Iterator[bytes]:
        """The file of an opening, piece by piece. Blocking."""
        found = opened.version
        return self.files.pieces(found.root, found.size, opened.key, found.drawing, found.version)

    # --- content

    def _begin(self, one: Fetching) -> None:
        task = asyncio.get_running_loop().create_task(self._fetch(one))
        self._fetching[one.version] = task
        task.add_done_callback(lambda _task: self._fetching.pop(one.version, None))

    async def _fetch(self, one: Fetching) -> None:
        """Every piece that is not here yet, then the whole. What its owner does not give is wanted no more."""
        ref = AttachmentRef(one.root, one.size, SEALED)
        try:
            begun = await asyncio.to_thread(
                self.files.chunks.begin, one.root.hex(), one.owner, one.size, SEALED
            ) if not await asyncio.to_thread(self.files.has, one.root) else None  # fmt: skip
            missing = list(begun.missing) if begun is not None else []
            while missing:
                now, missing = missing[:PIECES_AT_ONCE], missing[PIECES_AT_ONCE:]
                await asyncio.gather(*(self._piece(one, ref, index) for index in now))
            if begun is not None:
                await asyncio.to_thread(self.files.chunks.finish, one.root.hex(), one.root)
            await self._commit(lambda tx: receiving.arrived(tx, one.version, True))
            self._notify()
        except YuiError as error:
            log.info("not fetched", version=one.version.hex()[:12], code=error.code)
            if error.code == NotFound.code:
                await self._commit(lambda tx: receiving.arrived(tx, one.version, False))
                self._notify()
            else:
                self._wait(one.version)

    async def _piece(self, one: Fetching, ref: AttachmentRef, index: int) -> None:
        body = await self._ask(NodeId(one.node), travelling.PATH, travelling.ask(one.version, one.reader, index))
        await self._chunks.take(ref, index, body)

    # --- patience

    def _may(self, *what: object) -> bool:
        return self._tried.get(what, (0.0, 0))[0] <= time.monotonic()

    def _wait(self, *what: object) -> None:
        failures = self._tried.get(what, (0.0, 0))[1]
        self._tried[what] = time.monotonic() + min(FIRST_S * 2**failures, MAX_WAIT_S), failures + 1

    async def _read(self, work: Callable[[Tx], T]) -> T:
        return await asyncio.to_thread(self._store.read, work)

    async def _commit(self, work: Callable[[Tx], T]) -> T:
        def guarded(tx: Tx) -> T:
            try:
                return work(tx)
            except BaseException:
                self._house.forget_caches()
                raise

        return await asyncio.wrap_future(self._store.submit(guarded))
