"""The courier of joint rounds: when words, announcements, calls and slips go out, and the door through which they come.

Owns patience (what was tried when) and nothing durable: everything is looked up in the store again. One message at a
time to each node in each pass. What is sent and what it means is :mod:`node.services.joint.travelling`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Final, TypeVar

import structlog

from node.services.house import House
from node.services.joint import receiving, rounds, seats, travelling
from node.services.joint.seats import Post, Seats
from node.services.joint.travelling import PATH, Errand
from node.store import Store, Tx
from node.store.joint import RoundRow
from protocol.errors import YuiError
from protocol.keys import NodeId, node_id
from protocol.process.joint import terms
from protocol.process.joint.metering import Meter

T = TypeVar("T")
Ask = Callable[[NodeId, str, bytes], Awaitable[bytes]]
LOOK_S: Final = 2.0
FIRST_S: Final = 3.0  # until something is tried again; twice as long each time
MAX_WAIT_S: Final = 300.0
CALL_AGAIN_S: Final = 10.0
METER_S: Final = 30.0  # a meter younger than this is not asked for again
MAX_METERS: Final = 200
log = structlog.get_logger("joint")


class Courier:
    """One per running node."""

    def __init__(self, house: House, store: Store, ask: Ask) -> None:
        self._house, self._store, self._ask = house, store, ask
        self.seats = Seats()
        self._tried: dict[tuple[object, ...], tuple[float, int]] = {}  # when to try again, failures
        self._brought: set[tuple[bytes, bytes]] = set()  # (round, node): announced
        self._next = 0.0  # when to look again
        self._meters: dict[bytes, tuple[float, Meter | None]] = {}  # by round: when it was asked for, what it said
        self._tasks: set[asyncio.Task[None]] = set()

    async def receive(self, node: bytes, body: bytes) -> bytes:
        """One message of a peer; what follows from it goes out by itself."""
        answer, posts = await self._commit(partial(self._receive, node, body))
        self._send_all(posts)
        return answer

    def _receive(self, node: bytes, body: bytes, tx: Tx) -> tuple[bytes, list[Post]]:
        try:
            answer, posts = travelling.receive(self._house, tx, self.seats, node, body)
            return answer, [Post(post.node, travelling.with_histories(self._house, tx, post)) for post in posts]
        except BaseException:
            self._house.forget_caches()
            raise

    def meter(self, name: bytes, member: bytes) -> Meter | None:
        """How far an open round has come, as last heard for one of our firms; asked for again when it is old."""
        asked, found = self._meters.get(name, (-METER_S, None))
        if time.monotonic() - asked >= METER_S:
            self._meters[name] = time.monotonic(), found
            if len(self._meters) > MAX_METERS:
                del self._meters[next(iter(self._meters))]
            self._start(self._read_meter(name, member))
        return found

    async def _read_meter(self, name: bytes, member: bytes) -> None:
        """Of the first conductor that answers."""
        house = self._house
        found, body = await asyncio.to_thread(
            self._store.read, lambda tx: (seats.require(tx, name), travelling.meter_ask(house, tx, name, member))
        )
        for conductor in found.conductors:
            node = node_id(conductor.key)
            try:
                answer = await self._own(body) if node == house.id else await self._ask(NodeId(node), PATH, body)
                self._meters[name] = time.monotonic(), travelling.metered(found, name, answer)
            except YuiError as error:
                log.info("no meter", round=name.hex()[:12], peer=node.hex()[:12], code=error.code)
            else:
                return

    async def _own(self, body: bytes) -> bytes:
        answer, _ = await self._commit(partial(self._receive, self._house.id, body))
        return answer

    async def stop(self) -> None:
        """End what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def look(self) -> float:
        """One pass over all rounds; how long to rest."""
        if self._house.frozen or self._house.recovering:
            return LOOK_S
        rest = self._next - time.monotonic()
        if rest > 0:  # what arrives at the node wakes every job; rounds have time
            return rest
        self._next = time.monotonic() + LOOK_S
        for row in await asyncio.to_thread(self._store.read, partial(_running, self._house)):
            for post in await asyncio.to_thread(self._store.read, partial(_announcements, self._house, row.round)):
                if (row.round, post.node) not in self._brought and self._may("round", row.round, post.node):
                    await self._bring(post, row.round)
            for errand in await asyncio.to_thread(self._store.read, partial(_errands, self._house, row.round)):
                if self._may("errand", errand.round, errand.node, errand.word, errand.asks):
                    await self._run(errand)
            if self._may("call", row.round):
                self._send_all(await self._commit(partial(self._call, row.round)))
        return LOOK_S

    def _call(self, name: bytes, tx: Tx) -> list[Post]:
        posts = travelling.call(self._house, tx, self.seats, name)
        if posts:
            self._wait("call", name, seconds=CALL_AGAIN_S)
        return [Post(post.node, travelling.with_histories(self._house, tx, post)) for post in posts]

    async def _run(self, errand: Errand) -> None:
        try:
            if errand.node == self._house.id:
                await self._commit(lambda tx: travelling.at_home(self._house, tx, self.seats, errand))
            else:
                answer = await self._ask(NodeId(errand.node), PATH, errand.body)
                await self._commit(lambda tx: travelling.answered(self._house, tx, errand, answer))
        except YuiError as error:
            log.info("not brought", round=errand.round.hex()[:12], peer=errand.node.hex()[:12], code=error.code)
        self._wait("errand", errand.round, errand.node, errand.word, errand.asks)

    async def _bring(self, post: Post, name: bytes) -> None:
        try:
            await self._ask(NodeId(post.node), PATH, post.body)
            self._brought.add((name, post.node))
        except YuiError as error:
            log.info("not announced", round=name.hex()[:12], peer=post.node.hex()[:12], code=error.code)
            self._wait("round", name, post.node)

    def _send_all(self, posts: list[Post]) -> None:
        for post in posts:
            self._start(self._send(post))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, post: Post) -> None:
        """A message of a closing. One that does not arrive is not repeated: the next call makes new ones."""
        try:
            await self._ask(NodeId(post.node), PATH, post.body)
        except YuiError as error:
            log.info("not sent", peer=post.node.hex()[:12], code=error.code)

    def _may(self, *what: object) -> bool:
        return self._tried.get(what, (0.0, 0))[0] <= time.monotonic()

    def _wait(self, *what: object, seconds: float = 0.0) -> None:
        failures = self._tried.get(what, (0.0, 0))[1]
        rest = seconds or min(FIRST_S * 2**failures, MAX_WAIT_S)
        self._tried[what] = time.monotonic() + rest, failures + 1

    async def _commit(self, work: Callable[[Tx], T]) -> T:
        return await asyncio.wrap_future(self._store.submit(work))


def _running(house: House, tx: Tx) -> list[RoundRow]:
    """Rounds that may still be closed, and those in which a firm of ours has said what came to it."""
    now = house.clock()
    said = {row.round for row in tx.joint.open_arrivals() if now < row.time + receiving.GIVE_UP_US}
    return [
        row
        for row in tx.joint.all(rounds.MAX_ROUNDS)
        if row.round in said or rounds.is_running(terms.verify(row.data)[0], now)
    ]


def _announcements(house: House, name: bytes, tx: Tx) -> list[Post]:
    row = tx.joint.get(name)
    return travelling.announcements(house, tx, row) if row is not None else []


def _errands(house: House, name: bytes, tx: Tx) -> list[Errand]:
    row = tx.joint.get(name)
    return travelling.errands(house, tx, row) if row is not None else []
