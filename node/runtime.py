"""The one interpreter of the link machines' effects: the same under asyncio and in the simulator.

Owns the order of things (write transaction → commit → receipt) and how many requests are in service. Does no input or
output: every procedure is a generator that yields what it needs (:class:`Commit`, :class:`Look`, :class:`Ask`) and is
resumed by its driver (``node.aio.driver``, ``node.sim.driver``) with the result. Must not know HTTP, files, threads or
real time. Everything here runs on one thread; only the work inside Commit and Look may run elsewhere.
"""

from __future__ import annotations

import contextlib
import heapq
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple, TypeVar

from federation import links
from federation.effects import Exchange, PullBatch, SaveLink, SayHello, SendBatch
from federation.links import Link, LinkEvent, LinkState
from federation.peers import PINNED
from node import mailroom, moving, wardship
from node.guarding import Guarding
from node.mailing import Mailing
from node.procedure import Begin, Commit, End, Pause, Steps, ask, commit, look
from node.questioning import Questioning
from node.services import claiming, exchange, greeting, recovery
from node.services.exchange import GreetFirst
from node.services.house import House
from node.services.receipting import Accepted
from node.store import LinkRow, Tx
from protocol import move
from protocol.errors import CallerFault, Frozen, Malformed, NotAuthorised, PeerFault, WorldFault
from protocol.guardian import forgetting, mail, messages
from protocol.identity.control import Reason
from protocol.keys import NodeId
from protocol.limits import MAX_REQUESTS_IN_SERVICE, TARGET_BATCH_ITEMS
from protocol.link import receipt as receipts
from protocol.statistics import post

HELLO = "/peer/v1/hello"
BATCHES = "/peer/v1/link/batches"
NEXT = "/peer/v1/link/next"
RECEIPTS = "/peer/v1/link/receipts"
NEWS = "/peer/v1/news"
HISTORIES = "/peer/v1/histories"
PATHS = (
    *(HELLO, BATCHES, NEXT, RECEIPTS, NEWS, HISTORIES),
    *(*messages.PATHS, *forgetting.PATHS, *mail.PATHS, *move.PATHS, *post.PATHS),
)

MAX_RETURNING = 8  # requests in flight to peers that did not answer last time, or have not been greeted
MAX_WORKING = 24  # requests in flight to all others: the dead never take their places
MAX_IN_SERVICE_PER_PEER = 2  # requests of one peer being served
SECOND_US = 1_000_000
READ_AGAIN_US = SECOND_US  # between two questions to a peer that did not answer, after a doubtful start; at first
MAX_READ_AGAIN_US = 30 * SECOND_US
READ_PATIENCE_US = {Reason.RESTART.value: 10 * SECOND_US, Reason.RESTORE.value: 10 * 60 * SECOND_US}

NO_ANSWER = (PeerFault, WorldFault, CallerFault, Frozen)  # to a question of ours: it is asked again
TAKE_BATCH = "take-batch"  # label of the commit that must come before a receipt

T = TypeVar("T")


class Turn(NamedTuple):
    """How far a peer has pulled our stream: ``cursor`` receipted, ``last`` offered, when to look again."""

    cursor: int = 0
    last: int = 0
    reoffer_at: int | None = None


class Accepting(NamedTuple):
    """A receipt whose commit was begun while the next batch is on its way: for ``items`` behind ``after``."""

    begun: Any
    after: int
    items: int


class Reading(NamedTuple):
    """One round of asking what the peers know: its number, and until when (monotonic µs) they are waited for."""

    round: int
    deadline: int


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
        self._attempts: dict[NodeId, int] = {}  # numbers used by links that were closed
        self._deadlines: list[tuple[int, NodeId]] = []
        self._saves: deque[SaveLink] = deque()
        self._working: deque[Exchange] = deque()
        self._returning: deque[Exchange] = deque()
        self._in_flight = {False: 0, True: 0}  # by "returning"
        self._in_service: dict[NodeId, int] = {}
        self._turns: dict[NodeId, Turn] = {}
        self._accepting: dict[NodeId, Accepting] = {}
        self._go_back: dict[NodeId, int] = {}  # behind which to offer again: the commit of a receipt failed
        self._round = 0  # of reading: what an earlier one still has under way says nothing any more
        self._unread: set[NodeId] = set()
        self._answered: dict[NodeId, bytes] = {}  # the incarnation that told us what it knows
        self._readings: deque[Steps[None]] = deque()
        self.guarding = Guarding(house, monotonic, self.notice)
        self.mailing = Mailing(house, monotonic, self.notice, lambda: self._links)
        self.questioning = Questioning(house, monotonic)

    # --- a run begins

    def start(self, doubtful: Reason | None) -> Steps[None]:
        """Open this start. After a clean one the links open at once, after a doubtful one when peers have been asked.

        ``house.recovering`` tells which; until it is empty nothing is signed and nobody is served.
        """
        yield from self._commit(partial(greeting.start, self.house, doubtful=doubtful))
        yield from self._begin()

    def resolve(self) -> Steps[None]:
        """A person has made sure that no other copy of this node runs: go on as a restored node."""
        before = self.house.standing()
        try:
            yield from self._commit(partial(greeting.resolve_copy, self.house))
        except BaseException:
            self.house.stand_again(before)
            raise
        yield from self._begin()

    def _begin(self) -> Steps[None]:
        self._attempts.update({peer: link.attempt + 1 for peer, link in self._links.items()})
        self._links.clear()
        self._deadlines.clear()
        self._turns.clear()
        self._accepting.clear()
        self._go_back.clear()
        self._unread.clear()
        self._answered.clear()
        self._readings.clear()
        self._round = this = self._round + 1
        rows = yield from look(_saved_links)
        yield from self.guarding.start()
        yield from self.mailing.start()
        yield from self.questioning.start()
        if this != self._round:
            return  # begun once more meanwhile
        if self.house.recovering and not self.house.frozen:
            reading = Reading(this, self._now() + READ_PATIENCE_US[self.house.recovering])
            self._read(reading, [peer for peer, _ in rows])
            if not rows:
                self._readings.append(self._open_epochs(reading))
            return
        for peer, failures in rows:
            self._open(peer, failures)
        if self.house.frozen:
            self._freeze()

    # --- after a doubtful start: read, then open

    def _read(self, reading: Reading, peers: Iterable[NodeId]) -> None:
        for peer in peers:
            self._unread.add(peer)
            self._readings.append(self._read_peer(reading, peer))

    def _is_over(self, reading: Reading) -> bool:
        """Has the node been frozen, or begun once more, or opened?"""
        return reading.round != self._round or bool(self.house.frozen) or not self.house.recovering

    def _read_peer(self, reading: Reading, peer: NodeId, rest: int = 0) -> Steps[None]:
        """Ask one peer until it has answered or patience ends; the last one opens the epochs."""
        if rest:
            yield Pause(rest)
        wait = READ_AGAIN_US
        while not self._is_over(reading) and self._now() < reading.deadline:
            try:
                teller = yield from self._read_histories(peer)
                if reading.round == self._round:
                    self._answered[peer] = teller
                break
            except NO_ANSWER:
                yield Pause(wait)
                wait = min(2 * wait, MAX_READ_AGAIN_US)
            except Exception:  # our bug: whoever runs us tells it, and this peer is not forgotten
                self._readings.append(self._read_peer(reading, peer, MAX_READ_AGAIN_US))
                raise
        if reading.round != self._round:
            return
        self._unread.discard(peer)
        if self.house.frozen:
            yield from self._begin()
        elif not self._unread:
            yield from self._open_epochs(reading)

    def _read_histories(self, peer: NodeId) -> Steps[bytes]:
        """All that a peer knows of our members, and the incarnation that told it."""
        if not (yield from self._greet(peer)):
            raise WorldFault("the peer does not greet us")
        after: bytes | None = b""
        while after is not None:
            answer = yield from ask(peer, HISTORIES, recovery.ask_histories(after))
            after, teller = yield from self._commit(partial(_learn_histories, self.house, peer, answer))
        return teller

    def _open_epochs(self, reading: Reading) -> Steps[None]:
        """Open, or ask those once more who have started again since they answered: it may have been a copy that did."""
        while not self._is_over(reading):
            try:
                doubtful = yield from self._try_to_open(reading)
            except (WorldFault, Frozen):
                yield Pause(READ_AGAIN_US)
                continue
            if doubtful:
                self._read(reading, doubtful)
                return
            yield from self._begin()
            return
        if reading.round == self._round and self.house.frozen:
            yield from self._begin()

    def _try_to_open(self, reading: Reading) -> Steps[list[NodeId]]:
        """Peers to ask again, or nothing: then the epochs are open. A failure leaves the node as doubtful as it was."""
        doubt = self.house.recovering
        answered = dict(self._answered) if self._now() < reading.deadline else {}
        try:
            return (yield from self._commit(partial(_open_after_reading, self.house, answered)))
        except BaseException:
            self.house.recovering = self.house.recovering or doubt
            raise

    def _open(self, peer: NodeId, failures: int = 0) -> None:
        attempt = self._attempts.get(peer, 0)
        link = links.open_link(
            peer, self._now(), self._jitter(), failures=failures, attempt=attempt, reachable=self._reachable
        )
        self._put(link)

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

    def link(self, peer: NodeId) -> Link | None:
        """How the link to ``peer`` stands."""
        return self._links.get(peer)

    # --- time

    def next_deadline(self) -> int | None:
        """Monotonic µs at which :meth:`tick` or :meth:`ready` has something to do."""
        parts = (self.guarding, self.mailing, self.questioning)
        found = (self._link_deadline(), *(part.next_deadline() for part in parts))
        return min((due for due in found if due is not None), default=None)

    def _link_deadline(self) -> int | None:
        while self._deadlines:
            due, peer = self._deadlines[0]
            if links.next_deadline(self._links[peer]) == due:
                return due
            heapq.heappop(self._deadlines)
        return None

    def tick(self) -> None:
        """Move every link whose deadline has come."""
        now = self._now()
        while (due := self._link_deadline()) is not None and due <= now:
            _, peer = heapq.heappop(self._deadlines)
            self._feed(peer, links.Due())

    # --- what is to be done

    def ready(self) -> list[Steps[None]]:
        """Procedures that may run now. Links beyond the places in service wait for the next call, in order."""
        found: list[Steps[None]] = [*self._readings, *self.guarding.ready(), *self.mailing.ready()]
        found += self.questioning.ready()
        self._readings.clear()
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
                link = self._links.get(effect.peer)
                if link is not None and link.attempt == effect.attempt:
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
        if (yield from self._greet(effect.peer)):
            return links.Greeted(effect.attempt)
        return links.Failed(effect.attempt, "the peer has seen another copy of this node")

    def _greet(self, peer: NodeId) -> Steps[bool]:
        """A hello, one more with the challenge that it fetched, and two more if a restored node is told of its past."""
        challenge = b""
        for _ in range(4):
            said = yield from self._hello_once(peer, challenge)
            if said.verdict == greeting.OK:
                return True
            if said.verdict == greeting.COPY and not self.house.recovering:
                return False
            challenge = said.challenge
        return False

    def _hello_once(self, peer: NodeId, challenge: bytes) -> Steps[greeting.Answer]:
        wire = yield from look(lambda tx: greeting.hello(self.house, tx, peer, challenge))
        answer = yield from ask(peer, HELLO, wire)
        return (yield from self._commit(lambda tx: greeting.take_answer(self.house, tx, peer, answer)))

    def _send_batch(self, effect: SendBatch) -> Steps[links.Result]:
        """One batch. Its receipt is committed while the next one travels: the peer need not wait for our disk."""
        peer, house = effect.peer, self.house
        after = min(effect.after, self._go_back.pop(peer, effect.after))
        offer = yield from look(lambda tx: exchange.next_batch(house, tx, peer, after, self._batch_items))
        if offer is None:
            if peer not in self._accepting:
                return links.NothingLeft(effect.attempt)
            return links.Sent(effect.attempt, after, (yield from self._accepted(peer)))  # which may have queued more
        receipt = yield from ask(peer, BATCHES, offer.wire)
        cursor = receipts.claimed_cursor(receipt)  # believed no further than what was offered
        begun = yield Begin(Commit(partial(self._accept, peer, receipt)))  # at once: later ones say more
        waiting = yield from self._accepted(peer)
        self._accepting[peer] = Accepting(begun, after, offer.items)
        return links.Sent(effect.attempt, min(cursor, offer.last), waiting)

    def _accept(self, peer: NodeId, receipt: bytes, tx: Tx) -> Accepted:
        try:
            return exchange.accept_receipt(self.house, tx, peer, receipt)
        except BaseException:
            self.house.forget_caches()
            raise

    def _accepted(self, peer: NodeId) -> Steps[int]:
        """How many items the receipt before left unsettled. If its commit failed, its items are offered again."""
        accepting = self._accepting.pop(peer, None)
        if accepting is None:
            return 0
        try:
            accepted: Accepted = yield End(accepting.begun)
        except BaseException:
            self.house.forget_caches()
            self._go_back[peer] = accepting.after
            raise
        return accepting.items - accepted.final

    def _pull_batch(self, effect: PullBatch) -> Steps[links.Result]:
        wire = yield from ask(effect.peer, NEXT, b"")
        if not wire:
            return links.Pulled(effect.attempt, 0)
        receipt = yield from self._take(effect.peer, wire)
        yield from ask(effect.peer, RECEIPTS, receipt)
        return links.Pulled(effect.attempt, 1)

    def _take(self, peer: NodeId, wire: bytes) -> Steps[bytes]:
        """Write transaction → commit → receipt, in this order and no other (threats D6)."""
        taken = yield from self._commit(
            lambda tx: exchange.receive_batch(self.house, tx, peer, wire), TAKE_BATCH, about=wire
        )
        # The commit has returned. Only now may anybody learn that we have what was in the batch.
        self.notice(taken.news)
        if self.house.guarded:
            yield from self.guarding.until_safe(taken.leaves)
        return exchange.receipt(self.house, peer, taken)

    def _commit(self, work: Callable[[Tx], T], label: str = "", about: bytes = b"") -> Steps[T]:
        """A write; when it fails, nothing that was read along the way is believed any more."""
        try:
            return (yield from commit(work, label, about))
        except BaseException:
            self.house.forget_caches()
            raise

    def _save(self, effect: SaveLink) -> Steps[None]:
        now = self.house.clock()

        def work(tx: Tx) -> None:
            before = tx.links.get(effect.peer)
            last = now if not effect.failures else before.last_success if before else 0
            tx.links.put(LinkRow(effect.peer, effect.failures, now + effect.retry_in_us, effect.error[:300], last))

        # A full disk may forget this row: it is for people, and nothing rests on it.
        with contextlib.suppress(WorldFault):
            yield from self._commit(work)

    # --- requests of peers

    def serve(self, peer: NodeId, path: str, body: bytes) -> Steps[bytes]:
        """Answer one request of an accepted peer. Raises what the transport is to answer with.

        WorldFault ``busy`` when ``MAX_REQUESTS_IN_SERVICE`` are being served, so that a herd returns in its own time.
        """
        link = self._links.get(peer)
        if self.house.recovering:
            if path not in (HELLO, HISTORIES):
                raise WorldFault("this node has just started and asks its peers first", code="recovering")
        elif link is None or link.state is LinkState.BLOCKED:
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
            self.mailing.heard(peer)
            return (yield from self._give_next(peer))
        if path == RECEIPTS:
            yield from self._take_receipt(peer, body)
            return b""
        if path == NEWS:
            self.hint(peer)
            return b""
        if path == HISTORIES:
            return (yield from look(lambda tx: recovery.tell_histories(self.house, tx, peer, body)))
        if path in messages.PATHS or path in forgetting.PATHS:
            return (yield from wardship.answer(self.house, peer, path, body))
        if path in mail.PATHS:
            return (yield from mailroom.answer(self.house, peer, path, body))
        if path in post.PATHS:
            return (yield from self.questioning.answer(peer, path, body))
        if path in move.PATHS:
            answer = yield from moving.answer(self.house, peer, path, body)
            if path == move.DONE:
                self.notice(list(self._links))  # everybody hears where the member is now
            return answer
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
        link = self._links.get(peer)
        if link is None:
            return  # closed meanwhile: the node is asking its peers first
        after, effects = links.step(link, event, self._now(), self._jitter())
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


def _learn_histories(house: House, peer: NodeId, answer: bytes, tx: Tx) -> tuple[bytes | None, bytes]:
    after = recovery.learn_histories(house, tx, peer, answer)
    return after, greeting.greeted(tx, peer)


def _open_after_reading(house: House, answered: dict[NodeId, bytes], tx: Tx) -> list[NodeId]:
    doubtful = [peer for peer, teller in answered.items() if greeting.greeted(tx, peer) != teller]
    if not doubtful:
        if house.recovering == Reason.RESTORE.value:
            claiming.forget_drafts(house, tx)
        recovery.open_after_reading(house, tx)
    return doubtful
