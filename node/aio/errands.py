"""What a node does beside its links: attachments fetched and pushed, directories asked for, hints given.

Owns when these are done, and that one slow or bad peer delays only its own. What is needed, and who may have what, is
:mod:`node.services.errands` and :mod:`node.services.directory`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import TypeVar

import structlog

from node.aio.chunks import Chunks
from node.aio.offerpost import OfferPost
from node.aio.patience import Patience
from node.aio.pins import Pins
from node.aio.transport import PeerTransport
from node.attachments import AttachmentFiles
from node.services import directory, errands, peers, salvage
from node.services.errands import Offered, Wanted
from node.services.house import House
from node.services.salvage import Copy
from node.store import Store, Tx
from protocol import canon, shape, vault
from protocol.document import attachment
from protocol.errors import CallerFault, NotFound, PeerFault, YuiError
from protocol.guardian import messages
from protocol.keys import NodeId
from protocol.limits import MAX_ATTACHMENT_CHUNKS, MAX_INT
from protocol.link import chunk as chunks
from protocol.link import delta as deltas

T = TypeVar("T")
LOOK_S = 2.0  # between two looks at what changed here, and between two questions to one peer
DIRECTORY_S = 300.0  # a peer's directory is asked for this often without any hint
UNHINTED_S = 30.0  # the same by a node that nobody can call, so that it is never hinted
MAX_AT_ONCE = 4  # attachments under way, and hints being given
MAX_DELTAS = 500  # of one directory in one go
MISSING_TAG = "yui/chunks-missing/1"
NEWS = "/peer/v1/news"
DIRECTORY = "/peer/v1/directory"
NOTHING = canon.encode(None)
log = structlog.get_logger("errands")


def path_of(root: bytes, index: int) -> str:
    """The endpoint of one chunk."""
    return f"/peer/v1/attachments/{root.hex()}/{index}"


class Errands:
    """One per running node. ``news``: told which nodes have something waiting, after a commit."""

    def __init__(
        self,
        house: House,
        store: Store,
        files: AttachmentFiles,
        transport: PeerTransport,
        pins: Pins,
        news: Callable[[Iterable[bytes]], None],
    ) -> None:
        self._house = house
        self._store = store
        self._transport = transport
        self._pins = pins
        self._chunks = Chunks(house, store, files, news)
        self.offers = OfferPost(house, store, transport)
        self._patience = Patience()
        self._places = asyncio.Semaphore(MAX_AT_ONCE)
        self._running: dict[tuple[str, bytes], asyncio.Task[None]] = {}
        self._asked: dict[NodeId, float] = {}  # when a peer's directory was asked for
        self._hinted: set[NodeId] = set()
        self._told: dict[NodeId, int] = {}  # up to which change of our cards a peer has been hinted
        self._pushed: set[Offered] = set()
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to run errands."""
        self._loop = asyncio.get_running_loop().create_task(self._look_again_and_again())

    async def stop(self) -> None:
        """End; what is here stays and is not fetched again."""
        tasks = [*self._running.values(), *([self._loop] if self._loop is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self, node: bytes) -> None:
        """``node`` sent something or says that it has news: its directory is asked for, its failures are forgotten."""
        self._hinted.add(NodeId(node))
        self.offers.hinted.add(NodeId(node))
        self._patience.forget(NodeId(node))

    # --- what peers ask

    async def give_chunk(self, node: NodeId, root: bytes, index: int) -> bytes:
        """Chunk ``index`` with its path, for a peer that a document naming it was sent to. NotFound otherwise."""
        size = await self._read(lambda tx: errands.require_readable_by(tx, node, root))
        return await self._chunks.give(root, size, index)

    async def take_chunk(self, node: NodeId, root: bytes, index: int, body: bytes) -> bytes:
        """A chunk that waits here for the pushing peer; answers which are still missing."""
        one = await self._read(lambda tx: errands.require_wanted_from(self._house, tx, node, root))
        missing = await self._chunks.missing(one)
        if index in missing:
            missing = await self._chunks.take(one.ref, index, body)
        if not missing:
            await self._chunks.finish(one.ref)
        return canon.encode((MISSING_TAG, missing))

    async def take_directory(self, node: NodeId, body: bytes) -> bytes:
        """A delta that a peer pushes because nobody can call it, or nil; answers from where its next one must begin."""
        if body == NOTHING:
            return canon.encode(await self._read(lambda tx: directory.asked_since(tx, node)))
        return canon.encode((await self._take_delta(node, body)).until)

    # --- what we do

    async def _look_again_and_again(self) -> None:
        while True:
            try:
                await self._look()
            except YuiError as error:
                log.warning("not looked", code=error.code)
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> None:
        """Begin every errand that is due and not under way."""
        wanted, copies, offered, changes, reachable = await self._read(partial(_due, self._house))
        for one in wanted:
            self._begin("fetch", one.ref.root, one.source, partial(self._fetch, one))
        for copy in copies:  # where its partner's home gives none, or does not answer
            for guardian in copy.guardians:
                self._begin("fetch", copy.ref.root, guardian, partial(self._salvage, copy, guardian))
        for push in offered:
            if push not in self._pushed:
                self._begin("push", push.ref.root + push.target, push.target, partial(self._push, push))
        due = asyncio.get_running_loop().time() - (DIRECTORY_S if reachable else UNHINTED_S)
        for node in self._pins.nodes():
            if node in self._hinted or self._asked.get(node, -DIRECTORY_S) <= due:
                self._begin("directory", node, node, partial(self._ask_directory, node))
            if node in self.offers.hinted or self.offers.asked.get(node, -DIRECTORY_S) <= due:
                self._begin("offers", node, node, partial(self.offers.ask, node))
            if reachable:
                if changes[0] > self._told.get(node, 0) or changes[1] > self.offers.told.get(node, 0):
                    self._begin("tell", node, node, partial(self._hint, node, changes))
                continue
            if changes[0] > self._told.get(node, 0):
                self._begin("tell", node, node, partial(self._push_directory, node, changes[0]))
            if changes[1] > self.offers.told.get(node, 0):
                self._begin("tell-offers", node, node, partial(self.offers.push, node, changes[1]))

    def _begin(self, kind: str, key: bytes, node: NodeId, errand: Callable[[], Coroutine[None, None, None]]) -> None:
        pin = self._pins.get(node)
        if pin is None or not pin.endpoints or (kind, key) in self._running or not self._patience.may(node):
            return
        task = asyncio.get_running_loop().create_task(self._attempt(kind, node, errand))
        self._running[kind, key] = task
        task.add_done_callback(lambda _: self._running.pop((kind, key), None))

    async def _attempt(self, kind: str, node: NodeId, errand: Callable[[], Coroutine[None, None, None]]) -> None:
        """Run one errand; what goes wrong delays the next one to this node, and nothing else."""
        try:
            async with self._places:
                await errand()
        except YuiError as error:
            log.info("not done", errand=kind, peer=node.hex()[:12], code=error.code)
            self._patience.failed(node)
        except OSError as error:  # of our own disk: the network's are WorldFault
            log.warning("not done", errand=kind, peer=node.hex()[:12], code=error.strerror or "disk")
            self._patience.failed(node)
        except Exception:
            log.exception("failed", errand=kind, peer=node.hex()[:12])
            self._patience.failed(node)
        else:
            self._patience.forget(node)

    async def _fetch(self, one: Wanted) -> None:
        for index in await self._chunks.missing(one):
            path = path_of(one.ref.root, index)
            body = await self._transport.get(one.source, path, max_answer=chunks.MAX_BYTES)
            await self._chunks.take(one.ref, index, body)
        await self._chunks.finish(one.ref)

    async def _salvage(self, one: Copy, guardian: NodeId) -> None:
        """Out of the sealed copies of one guardian; another one is tried next if it lacks a chunk."""
        for index in await self._chunks.missing(Wanted(one.ref, guardian)):
            await self._chunks.keep(one.ref, index, await self._copy_of(one, guardian, index))
        await self._chunks.finish(one.ref)

    async def _copy_of(self, one: Copy, guardian: NodeId, index: int) -> bytes:
        refused: YuiError = NotFound("chunk", "no vault key is here")
        for key, body in salvage.questions(one, index):
            try:
                sealed = await self._transport.post(
                    guardian, messages.READ_CHUNK, body, max_answer=vault.MAX_SEALED_CHUNK_BYTES
                )
                return salvage.opened(one, index, key, sealed)
            except (PeerFault, CallerFault) as error:
                refused = error
        raise refused

    async def _push(self, one: Offered) -> None:
        index = 0
        for _ in range(attachment.chunk_count(one.ref.size) + 1):
            body = await self._chunks.give(one.ref.root, one.ref.size, index)
            answer = await self._transport.request(one.target, "PUT", path_of(one.ref.root, index), body)
            missing = _missing(answer)
            if not missing:
                self._pushed.add(one)  # its receipt is on the way; until then nothing is pushed again
                return
            index = missing[0]

    async def _ask_directory(self, node: NodeId) -> None:
        self._asked[node] = asyncio.get_running_loop().time()
        self._hinted.discard(node)
        since = await self._read(lambda tx: directory.asked_since(tx, node))
        for _ in range(MAX_DELTAS):
            delta = await self._transport.get(node, f"{DIRECTORY}?since={since}")
            learned = await self._take_delta(node, delta)
            since = learned.until
            if not learned.more:
                return

    async def _take_delta(self, node: NodeId, delta: bytes) -> directory.Learned:
        learned, before, after = await asyncio.wrap_future(self._store.submit(partial(self._learn, node, delta)))
        for other, told in self._told.items():
            if told == before:
                self._told[other] = after  # what we learn from others is not our news
        return learned

    def _learn(self, node: NodeId, delta: bytes, tx: Tx) -> tuple[directory.Learned, int, int]:
        """What was learned, and the number of the cards' last change before and after."""
        before = tx.cards.last_change()
        try:
            return directory.learn(self._house, tx, node, delta), before, tx.cards.last_change()
        except BaseException:
            self._house.forget_caches()
            raise

    async def _hint(self, node: NodeId, changes: tuple[int, int]) -> None:
        await self._transport.post(node, NEWS, NOTHING)
        self._told[node], self.offers.told[node] = changes

    async def _push_directory(self, node: NodeId, change: int) -> None:
        """Our cards that ``node`` has not been told yet."""
        since = _number(await self._transport.post(node, DIRECTORY, NOTHING))
        for _ in range(MAX_DELTAS):
            delta = await self._read(lambda tx, at=since: directory.delta(self._house, tx, at))  # type: ignore[misc]
            if deltas.parse(delta).until == since:
                self._told[node] = change
                return
            since = _number(await self._transport.post(node, DIRECTORY, delta))

    async def _read(self, work: Callable[[Tx], T]) -> T:
        return await asyncio.to_thread(self._store.read, work)


def _due(house: House, tx: Tx) -> tuple[list[Wanted], list[Copy], list[Offered], tuple[int, int], bool]:
    """What is missing, what guardians have of it, what to push, last change of cards and offers, may we be called."""
    own = peers.own_introduction(house, tx)
    reachable = own is None or bool(own.endpoints)
    offered = [] if reachable else errands.offered(tx)
    changes = tx.cards.last_change(), tx.offers.last_change(house.id)
    return errands.wanted(house, tx), salvage.lost(house, tx), offered, changes, reachable


def _missing(answer: bytes) -> list[int]:
    raw = shape.record(canon.decode(answer), MISSING_TAG, 2)
    items = shape.array(raw[1], "missing", MAX_ATTACHMENT_CHUNKS)
    return [shape.integer(item, "missing", 0, MAX_ATTACHMENT_CHUNKS - 1) for item in items]


def _number(answer: bytes) -> int:
    return shape.integer(canon.decode(answer), "since", 0, MAX_INT)
