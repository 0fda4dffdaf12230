"""The one interpreter of the link machines' effects: the same under asyncio and in the simulator.

Owns the order of things (write transaction → commit → receipt) and how many requests are in service. Does no input or
output: every procedure is a generator that yields what it needs (:class:`Commit`, :class:`Look`, :class:`Ask`) and is
resumed by its driver (``node.aio.driver``, ``node.sim.driver``) with the result. Must not know HTTP, files, threads or
real time. Everything here runs on one thread; only the work inside Commit and Look may run elsewhere.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from federation import links
from federation.effects import Exchange, PullBatch, SaveLink, SayHello, SendBatch
from federation.links import Link, LinkEvent, LinkState
from federation.peers import PINNED
from node.services import exchange, greeting
from node.services.exchange import GreetFirst
from node.services.house import House
from node.store import LinkRow, Tx
from protocol.errors import Frozen, Malformed, NotAuthorised, PeerFault, WorldFault
from protocol.identity.control import Reason
from protocol.keys import NodeId
from protocol.limits import MAX_REQUESTS_IN_SERVICE, TARGET_BATCH_ITEMS

HELLO = "/peer/v1/hello"
BATCHES = "/peer/v1/link/batches"
NEXT = "/peer/v1/link/next"
RECEIPTS = "/peer/v1/link/receipts"
NEWS = "/peer/v1/news"
PATHS = (HELLO, BATCHES, NEXT, RECEIPTS, NEWS)

MAX_RETURNING = 8  # requests in flight to peers that did not answer last time, or have not been greeted
MAX_WORKING = 24  # requests in flight to all others: the dead never take their places
MAX_IN_SERVICE_PER_PEER = 2  # requests of one peer being served

T = TypeVar("T")


@dataclass(frozen=True)
class Commit(Generic[T]):
    """Do ``work`` in one write transaction. The procedure goes on when the commit is durable, or gets the error."""

    work: Callable[[Tx], T]


@dataclass(frozen=True)
class Look(Generic[T]):
    """Do ``work`` on a snapshot for reading."""

    work: Callable[[Tx], T]


@dataclass(frozen=True)
class Ask:
    """Send ``body`` to ``path`` at ``peer``. The procedure goes on with the answer's body, or gets the error."""

    peer: NodeId
    path: str
    body: bytes


Need = Commit[Any] | Look[Any] | Ask
Steps = Generator[Need, Any, T]


class Turn(NamedTuple):
    """How far a peer has pulled our stream: ``cursor`` receipted, ``last`` offered, when to look again from the start."""

    cursor: int = 0
    last: int = 0
    reoffer_at: int | None = None


def commit(work: Callable[[Tx], T]) -> Steps[T]:
    """Typed form of yielding a :class:`Commit`."""
    result: T = yield Commit(work)
    return result


def look(work: Callable[[Tx], T]) -> Steps[T]:
    """Typed form of yielding a :class:`Look`."""
    result: T = yield Look(work)
    return result


def ask(peer: NodeId, path: str, body: bytes) -> Steps[bytes]:
    """Typed form of yielding an :class:`Ask`."""
    answer: bytes = yield Ask(peer, path, body)
    return answer


class Runtime:
    """The links of one node, and what is under way on them.

    After every call that may move a link the driver takes :meth:`ready` and runs each procedure to its end; it calls
    :meth:`tick` when :meth:`next_deadline` has come.
    """

    def __init__(
        self,
        house: House,
        monotonic: Callable[[], int],
        *,
        reachable: bool = True,
        batch_items: int = TARGET_BATCH_ITEMS,
    ) -> None:
        self.house = house
        self._now = monotonic
        self._reachable = reachable
        self._batch_items = batch_items
        self._links: dict[NodeId, Link] = {}
        self._deadlines: list[tuple[int, NodeId]] = []
        self._saves: deque[SaveLink] = deque()
        self._working: deque[Exchange] = deque()
        self._returning: deque[Exchange] = deque()
        self._in_flight = {False: 0, True: 0}  # by "returning"
        self._in_service: dict[NodeId, int] = {}
        self._turns: dict[NodeId, Turn] = {}

    # --- a run begins

    def start(self, doubtful: Reason | None) -> Steps[None]:
        """Open this start (new incarnation, new epochs if it is ``doubtful``), then every accepted peer's link."""
        yield from self._commit(partial(greeting.start, self.house, doubtful=doubtful))
        rows = yield from look(_saved_links)
        for peer, failures in rows:
            self._open(peer, failures)
        if self.house.frozen:
            self._freeze()

    def _open(self, peer: NodeId, failures: int = 0) -> None:
        self._put(links.open_link(peer, self._now(), self._jitter(), failures=failures, reachable=self._reachable))

    # --- what others tell

    def notice(self, peers: Iterable[bytes]) -> None:
        """There is something new for ``peers`` in the store."""
        for peer in sorted(peers):  # a fixed order, whatever set they came in
            if peer in self._links:
                self._feed(NodeId(peer), links.NewsArrived())

    def hint(self, peer: NodeId) -> None:
        """``peer`` may have something for us."""
        if peer in self._links:
            self._feed(peer, links.HintArrived())

    def retry(self, peer: NodeId) -> None:
        """A person wants the next attempt now."""
        if peer in self._links:
            self._feed(peer, links.RetryAsked())

    def accept(self, peer: NodeId) -> None:
        """``peer`` is accepted: open its link, or open it again."""
        if peer not in self._links:
            self._open(peer)
            return
        self._feed(peer, links.Unblocked())
        self._feed(peer, links.RetryAsked())

    def block(self, peer: NodeId) -> None:
        """``peer`` is not accepted any more: nothing is sent to it or taken from it."""
        if peer in self._links:
            self._feed(peer, links.Blocked())

    def resolve(self) -> Steps[None]:
        """A person has made sure that no other copy of this node runs: go on as a new start."""
        yield from self._commit(partial(greeting.resolve_copy, self.house))
        self._turns.clear()
        for peer in list(self._links):
            self._feed(peer, links.Thawed())

    def link(self, peer: NodeId) -> Link | None:
        """How the link to ``peer`` stands."""
        return self._links.get(peer)

    # --- time

    def next_deadline(self) -> int | None:
        """Monotonic µs at which :meth:`tick` has something to do."""
        while self._deadlines:
            due, peer = self._deadlines[0]
            if links.next_deadline(self._links[peer]) == due:
                return due
            heapq.heappop(self._deadlines)
        return None

    def tick(self) -> None:
        """Move every link whose deadline has come."""
        now = self._now()
        while (due := self.next_deadline()) is not None and due <= now:
            _, peer = heapq.heappop(self._deadlines)
            self._feed(peer, links.Due())

    # --- what is to be done

    def ready(self) -> list[Steps[None]]:
        """Procedures that may run now. Links beyond the places in service wait for the next call, in order."""
        found: list[Steps[None]] = []
        while self._saves:
            found.append(self._save(self._saves.popleft()))
        if self.house.frozen:
            return found
        for returning, queue, places in (
            (False, self._working, MAX_WORKING),
            (True, self._returning, MAX_RETURNING),
        ):
            while queue and self._in_flight[returning] < places:
                effect = queue.popleft()
                if self._links[effect.peer].attempt == effect.attempt:
                    self._in_flight[returning] += 1
                    found.append(self._carry_out(effect))
        return found

    def _carry_out(self, effect: Exchange) -> Steps[None]:
        """One exchange of ours, to whatever end; its link hears the result."""
        try:
            result = yield from self._exchange(effect)
        except Frozen:
            result = links.Failed(effect.attempt, "this node is frozen")
        except (PeerFault, WorldFault) as error:
            result = links.Failed(effect.attempt, str(error), greet=error.code == GreetFirst.code)
        except Exception as bug:
            self._feed(effect.peer, links.Failed(effect.attempt, f"internal error: {type(bug).__name__}"))
            raise
        finally:
            self._in_flight[effect.returning] -= 1
        self._feed(effect.peer, result)
        if self.house.frozen:
            self._freeze()

    def _exchange(self, effect: Exchange) -> Steps[links.Result]:
        match effect:
            case SayHello():
                return (yield from self._say_hello(effect))
            case SendBatch():
                return (yield from self._send_batch(effect))
            case PullBatch():
                return (yield from self._pull_batch(effect))

    def _say_hello(self, effect: SayHello) -> Steps[links.Result]:
        """A hello, and a second one with the challenge that the first one fetched."""
        challenge = b""
        for _ in range(2):
            said = yield from self._hello_once(effect.peer, challenge)
            if said.verdict == greeting.OK:
                return links.Greeted(effect.attempt)
            if said.verdict == greeting.COPY:
                return links.Failed(effect.attempt, "the peer has seen another copy of this node")
            challenge = said.challenge
        return links.Failed(effect.attempt, "the peer was not content with an answered challenge")

    def _hello_once(self, peer: NodeId, challenge: bytes) -> Steps[greeting.Answer]:
        wire = yield from look(lambda tx: greeting.hello(self.house, tx, peer, challenge))
        answer = yield from ask(peer, HELLO, wire)
        return (yield from self._commit(lambda tx: greeting.take_answer(self.house, tx, peer, answer)))

    def _send_batch(self, effect: SendBatch) -> Steps[links.Result]:
        peer, house = effect.peer, self.house
        offer = yield from look(lambda tx: exchange.next_batch(house, tx, peer, effect.after, self._batch_items))
        if offer is None:
            return links.NothingLeft(effect.attempt)
        receipt = yield from ask(peer, BATCHES, offer.wire)
        accepted = yield from self._commit(lambda tx: exchange.accept_receipt(house, tx, peer, receipt))
        return links.Sent(effect.attempt, min(accepted.cursor, offer.last), offer.items - accepted.final)

    def _pull_batch(self, effect: PullBatch) -> Steps[links.Result]:
        wire = yield from ask(effect.peer, NEXT, b"")
        if not wire:
            return links.Pulled(effect.attempt, 0)
        receipt = yield from self._take(effect.peer, wire)
        yield from ask(effect.peer, RECEIPTS, receipt)
        return links.Pulled(effect.attempt, 1)

    def _take(self, peer: NodeId, wire: bytes) -> Steps[bytes]:
        """Write transaction → commit → receipt, in this order and no other (threats D6)."""
        taken = yield from self._commit(lambda tx: exchange.receive_batch(self.house, tx, peer, wire))
        # The commit has returned. Only now may anybody learn that we have what was in the batch.
        self.notice(taken.news)
        return exchange.receipt(self.house, peer, taken)

    def _commit(self, work: Callable[[Tx], T]) -> Steps[T]:
        """A write; when it fails, nothing that was read along the way is believed any more."""
        try:
            return (yield from commit(work))
        except BaseException:
            self.house.forget_caches()
            raise

    def _save(self, effect: SaveLink) -> Steps[None]:
        now = self.house.clock()

        def work(tx: Tx) -> None:
            before = tx.links.get(effect.peer)
            last = now if not effect.failures else before.last_success if before else 0
            tx.links.put(LinkRow(effect.peer, effect.failures, now + effect.retry_in_us, effect.error[:300], last))

        yield from self._commit(work)

    # --- requests of peers

    def serve(self, peer: NodeId, path: str, body: bytes) -> Steps[bytes]:
        """Answer one request of an accepted peer. Raises what the transport is to answer with.

        WorldFault ``busy`` when ``MAX_REQUESTS_IN_SERVICE`` are being served, so that a herd returns in its own time.
        """
        link = self._links.get(peer)
        if link is None or link.state is LinkState.BLOCKED:
            raise NotAuthorised("not an accepted peer")
        mine = self._in_service.get(peer, 0)
        if mine >= MAX_IN_SERVICE_PER_PEER or sum(self._in_service.values()) >= MAX_REQUESTS_IN_SERVICE:
            raise WorldFault("too many requests are in service: try again later", code="busy")
        self._in_service[peer] = mine + 1
        try:
            return (yield from self._answer(peer, path, body))
        except Frozen as frozen:
            raise WorldFault(str(frozen), code="frozen") from None
        finally:
            self._leave_service(peer)
            if self.house.frozen:
                self._freeze()

    def _leave_service(self, peer: NodeId) -> None:
        left = self._in_service[peer] - 1
        if left:
            self._in_service[peer] = left
        else:
            del self._in_service[peer]

    def _answer(self, peer: NodeId, path: str, body: bytes) -> Steps[bytes]:
        if path == HELLO:
            return (yield from self._commit(lambda tx: greeting.answer_hello(self.house, tx, peer, body)))
        if path == BATCHES:
            return (yield from self._take(peer, body))
        if path == NEXT:
            return (yield from self._give_next(peer))
        if path == RECEIPTS:
            yield from self._take_receipt(peer, body)
            return b""
        if path == NEWS:
            self.hint(peer)
            return b""
        raise Malformed("no such thing to ask of a peer")

    def _give_next(self, peer: NodeId) -> Steps[bytes]:
        """The next batch for a peer that pulls. What waits there is offered again, but not at every pull."""
        turn = self._turns.get(peer, Turn())
        if turn.reoffer_at is not None and self._now() >= turn.reoffer_at:
            turn = Turn()
        offer = yield from look(lambda tx: exchange.next_batch(self.house, tx, peer, turn.cursor, self._batch_items))
        self._turns[peer] = turn if offer is None else turn._replace(last=offer.last)
        return b"" if offer is None else offer.wire

    def _take_receipt(self, peer: NodeId, wire: bytes) -> Steps[None]:
        accepted = yield from self._commit(lambda tx: exchange.accept_receipt(self.house, tx, peer, wire))
        turn = self._turns.get(peer, Turn())
        if accepted.incarnation == self.house.incarnation:
            turn = turn._replace(cursor=min(accepted.cursor, turn.last))
        if accepted.waiting and turn.reoffer_at is None:
            turn = turn._replace(reoffer_at=self._now() + links.REOFFER_US)
        self._turns[peer] = turn

    # --- the machines

    def _feed(self, peer: NodeId, event: LinkEvent) -> None:
        after, effects = links.step(self._links[peer], event, self._now(), self._jitter())
        self._put(after)
        for effect in effects:
            if isinstance(effect, SaveLink):
                self._saves.append(effect)
            else:
                (self._returning if effect.returning else self._working).append(effect)

    def _put(self, link: Link) -> None:
        self._links[link.peer] = link
        due = links.next_deadline(link)
        if due is not None:
            heapq.heappush(self._deadlines, (due, link.peer))

    def _freeze(self) -> None:
        for peer in list(self._links):
            self._feed(peer, links.FrozenHere())

    def _jitter(self) -> int:
        return int.from_bytes(self.house.entropy(4), "big")


def _saved_links(tx: Tx) -> list[tuple[NodeId, int]]:
    """Accepted peers and how often their link had failed, in a fixed order."""
    pinned = {state.value for state in PINNED}
    failures = {row.node: row.failures for row in tx.links.all()}
    return sorted((NodeId(row.node), failures.get(row.node, 0)) for row in tx.peers.all() if row.state in pinned)
