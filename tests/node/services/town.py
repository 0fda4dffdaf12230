"""Two associations in one process: real houses, real stores in memory, and what travels between them by hand."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from typing import TypeVar

from node.services import directory, exchange, greeting, members, recovery, trade
from node.services.exchange import Taken
from node.services.house import House
from node.services.receipting import Accepted
from node.services.trade import Submission, Submitted
from node.store import MemoryStore, PeerRow, Tx, open_memory
from protocol.identity.control import Reason
from protocol.keys import SigningKey
from protocol.process.trade.papers import Item, Order, OrderLine, OrderResponse, Party, Price, Scaled

T = TypeVar("T")


class PlainWrap:
    """Keys as they are: what is wrapped at rest is tested where it is wrapped."""

    def wrap(self, purpose: str, subject: bytes, secret: bytes) -> bytes:
        return secret

    def unwrap(self, purpose: str, subject: bytes, wrapped: bytes) -> bytes:
        return wrapped


class Association:
    """One node: ``do`` is a write transaction, ``see`` a read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._counter = itertools.count()
        self.now = 1_760_000_000_000_000
        self.store: MemoryStore = open_memory()
        self.house = self._make_house()
        self.do(lambda tx: greeting.start(self.house, tx))
        self.peers: list[Association] = []

    def _make_house(self) -> House:
        seed = hashlib.sha256(self.name.encode()).digest()
        return House("test", SigningKey(seed), PlainWrap(), self._tick, self._entropy, name=self.name)

    def _tick(self) -> int:
        self.now += 1_000
        return self.now

    def _entropy(self, size: int) -> bytes:
        drawn = hashlib.sha512(f"{self.name}/{next(self._counter)}".encode()).digest()
        return drawn[:size]

    def do(self, work: Callable[[Tx], T]) -> T:
        try:
            return self.store.write(work)
        except BaseException:
            self.house.forget_caches()
            raise

    def see(self, work: Callable[[Tx], T]) -> T:
        return self.store.read(work)

    def enrol(self, name: str) -> bytes:
        member = self.do(lambda tx: members.enrol(self.house, tx, name)).member
        self.do(lambda tx: directory.publish(self.house, tx, member, directory.Profile(name=name)))
        return member

    def accept(self, other: Association) -> None:
        row = PeerRow(
            other.house.id, other.house.node.public, "accepted", b"", b"", other.name, "", "", "", "", 0, b"", 0, 0, ""
        )
        self.do(lambda tx: tx.peers.put(row))
        self.peers.append(other)

    def learn_from(self, other: Association) -> directory.Learned:
        delta = other.see(lambda tx: directory.delta(other.house, tx, self.see(self._since(other))))
        return self.do(lambda tx: directory.learn(self.house, tx, other.house.id, delta))

    def _since(self, other: Association) -> Callable[[Tx], int]:
        return lambda tx: directory.asked_since(tx, other.house.id)

    def greet(self, other: Association) -> str:
        """A hello, and as many more as a node needs that is told of its past; as the runtime does."""
        challenge = b""
        for _ in range(4):
            said = self.do(lambda tx, c=challenge: greeting.hello(self.house, tx, other.house.id, c))
            answered = other.do(lambda tx, w=said: greeting.answer_hello(other.house, tx, self.house.id, w))
            answer = self.do(lambda tx, w=answered: greeting.take_answer(self.house, tx, other.house.id, w))
            if answer.verdict == greeting.OK or (answer.verdict == greeting.COPY and not self.house.recovering):
                return answer.verdict
            challenge = answer.challenge
        return greeting.CHALLENGE

    def offer(self, other: Association, after: int = 0) -> exchange.Offer | None:
        return self.see(lambda tx: exchange.next_batch(self.house, tx, other.house.id, after))

    def take(self, other: Association, wire: bytes) -> tuple[Taken, bytes]:
        taken = self.do(lambda tx: exchange.receive_batch(self.house, tx, other.house.id, wire))
        return taken, exchange.receipt(self.house, other.house.id, taken)

    def credit(self, other: Association, receipt: bytes) -> Accepted:
        return self.do(lambda tx: exchange.accept_receipt(self.house, tx, other.house.id, receipt))

    def send_all(self, other: Association) -> list[Taken]:
        """Everything pending, batch by batch, receipts included."""
        after, found = 0, []
        while (offer := self.offer(other, after)) is not None:
            taken, receipt = other.take(self, offer.wire)
            after = max(self.credit(other, receipt).cursor, offer.last)
            found.append(taken)
        return found

    def submit(self, member: bytes, *submissions: Submission) -> list[Submitted]:
        return self.do(lambda tx: trade.submit(self.house, tx, member, submissions)).submitted

    def restart(self, doubtful: Reason | None = None) -> None:
        """A new run. A doubtful one asks every peer what it knows before it opens epochs, as the runtime does."""
        self.house = self._make_house()
        self.do(lambda tx: greeting.start(self.house, tx, doubtful=doubtful))
        if doubtful is None:
            return
        question = recovery.ask_histories(b"")
        for peer in self.peers:
            assert self.greet(peer) == greeting.OK
            told = peer.see(lambda tx, p=peer: recovery.tell_histories(p.house, tx, self.house.id, question))
            self.do(lambda tx, p=peer, t=told: recovery.learn_histories(self.house, tx, p.house.id, t))
        self.do(lambda tx: recovery.open_after_reading(self.house, tx))

    def restore(self, image: bytes) -> None:
        """The disk is lost: on from an older image, as the restored node that it is."""
        self.store = open_memory(image)
        self.restart(Reason.RESTORE)

    def pending(self, other: Association) -> int:
        return self.see(lambda tx: tx.outgoing.count_pending()).get(other.house.id, (0, 0))[0]


def two_towns() -> tuple[Association, Association, bytes, bytes]:
    """Toyota and Kyoto, peers of each other, with one firm each that knows the other."""
    toyota, kyoto = Association("豊田"), Association("京都")
    buyer, seller = toyota.enrol("金太郎機械"), kyoto.enrol("花咲堂")
    toyota.accept(kyoto)
    kyoto.accept(toyota)
    toyota.learn_from(kyoto)
    kyoto.learn_from(toyota)
    assert toyota.greet(kyoto) == greeting.OK
    return toyota, kyoto, buyer, seller


def order(number: str, quantity: int = 12) -> Order:
    """A small order in yen."""
    line = OrderLine(
        line_id="1",
        item=Item(name="抹茶あめ"),
        quantity=Scaled(value=quantity),
        unit="H87",
        price=Price(value=Scaled(value=240)),
        amount=240 * quantity,
    )
    buyer, seller = Party(name="金太郎機械"), Party(name="花咲堂")
    return Order(number=number, issue_date="2026-10-05", currency="JPY", buyer=buyer, seller=seller, lines=(line,))


def accept_order(number: str, of: Order, response: str = "accepted") -> OrderResponse:
    """The seller's answer."""
    return OrderResponse(
        number=number,
        issue_date="2026-10-06",
        currency="JPY",
        response=response,
        order=of.number,
        buyer=of.buyer,
        seller=of.seller,
    )
