"""Twelve bugs, each planted in the product's own code for as long as its context lasts.

They are the mistakes that systems of this kind have made (threats.md §0, D2–D6): the simulator is worth its time only
while it finds every one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import msgpack
import pytest

from node.procedure import Steps, commit
from node.runtime import TAKE_BATCH, Runtime
from node.services import exchange, greeting, members, receipting
from node.services.exchange import Reception, Taken
from node.services.house import House
from node.store import GivenRow, Tx
from node.store.documents import KeysUsed, KeyUse
from node.store.links import Given
from protocol import canon
from protocol.document import header as headers
from protocol.document.envelope import Document
from protocol.errors import Malformed, NotAuthorised, YuiError
from protocol.identity import log
from protocol.identity.control import Reason, Record
from protocol.identity.log import Admitted, ControlLog
from protocol.journal import Kind
from protocol.keys import NodeId
from protocol.link import batch as batches
from protocol.link.receipt import Leaf, Verdict
from protocol.process import thread
from protocol.process.fact import Fact
from protocol.process.history import History

Planted = Callable[[], AbstractContextManager[None]]
PLANTED: dict[str, Planted] = {}


def planted(plant: Callable[[pytest.MonkeyPatch], None]) -> Planted:
    """A context in which the bug is there; its name is the function's."""

    @contextmanager
    def lasting() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            plant(patch)
            yield

    PLANTED[plant.__name__] = lasting
    return lasting


@planted
def epoch_not_advanced_on_restore(patch: pytest.MonkeyPatch) -> None:
    """A node that comes back from a backup goes on as if it had only been stopped."""
    doubt = greeting._doubt

    def careless(tx: Tx, doubtful: Reason | None) -> str:
        return doubt(tx, None if doubtful is Reason.RESTORE else doubtful)

    patch.setattr(greeting, "_doubt", careless)


@planted
def restore_keeps_the_epoch(patch: pytest.MonkeyPatch) -> None:
    """A restored node asks its peers and compares holdings, but writes on in the epoch that it found."""
    opening = members.open_epochs

    def keeping(house: House, tx: Tx, reason: Reason) -> list[bytes]:
        if reason is not Reason.RESTORE:
            return opening(house, tx, reason)
        return [row.member for row in tx.members.all(local=True)]

    patch.setattr(members, "open_epochs", keeping)


class _Undone(YuiError):
    """Carries a result out of a transaction that shall not stand."""

    def __init__(self, taken: Taken) -> None:
        super().__init__("undone")
        self.taken = taken


@planted
def receipt_before_commit(patch: pytest.MonkeyPatch) -> None:
    """The receipt is signed inside the transaction and leaves; the commit comes after."""

    def hasty(self: Runtime, peer: NodeId, wire: bytes) -> Steps[bytes]:
        def rehearse(tx: Tx) -> Taken:
            raise _Undone(exchange.receive_batch(self.house, tx, peer, wire))

        def take(tx: Tx) -> Taken:
            return exchange.receive_batch(self.house, tx, peer, wire)

        try:
            taken = yield from commit(rehearse)
        except _Undone as undone:
            taken = undone.taken
        self.house.forget_caches()
        self._readings.append(_quietly(commit(take, TAKE_BATCH, wire)))
        return exchange.receipt(self.house, peer, taken)

    patch.setattr(Runtime, "_take", hasty)


def _quietly(steps: Steps[Taken]) -> Steps[None]:
    yield from steps


@planted
def duplicate_verdict_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A document that comes again is answered as if it had never had a verdict."""

    def forgetful(self: Given, ids: Iterable[bytes]) -> dict[tuple[bytes, bytes], GivenRow]:
        return {}

    def anew(self: Reception, document: Document) -> Leaf:
        recipient = document.header.audience.id
        entry = self._custody.enter(recipient, Kind.RECEIVED, document.id, Verdict.APPLIED.value)
        return Leaf(document.id, recipient, entry.epoch, entry.seq, Verdict.APPLIED.value, False, "")

    patch.setattr(Given, "get_many", forgetful)
    patch.setattr(Reception, "_held_by_recipient", anew)


@planted
def link_incarnation_reused(patch: pytest.MonkeyPatch) -> None:
    """The stream's name is the node's and not drawn at every start."""
    starting = greeting.start

    def steady(house: House, tx: Tx, *, doubtful: Reason | None = None) -> None:
        starting(house, tx, doubtful=doubtful)
        house.incarnation = house.id[: batches.INCARNATION_BYTES]

    patch.setattr(greeting, "start", steady)


@planted
def cursor_advanced_before_storing(patch: pytest.MonkeyPatch) -> None:
    """The cursor has a transaction of its own, before the one that stores what the batch brought."""

    def eager(self: Runtime, peer: NodeId, wire: bytes) -> Steps[bytes]:
        def advance(tx: Tx) -> None:
            row = exchange.require_peer(tx, peer)
            batch = batches.verify(wire, row.key)
            cursor = tx.streams.get(peer, batch.incarnation) or 0
            if batch.items and batch.after <= cursor:
                tx.streams.set(peer, batch.incarnation, max(cursor, batch.items[-1].position), 0)

        yield from commit(advance, TAKE_BATCH, wire)
        taken = yield from commit(lambda tx: exchange.receive_batch(self.house, tx, peer, wire), TAKE_BATCH, wire)
        self.notice(taken.news)
        return exchange.receipt(self.house, peer, taken)

    patch.setattr(Runtime, "_take", eager)


@planted
def quarantined_batch_blocks_the_rest(patch: pytest.MonkeyPatch) -> None:
    """One bad item and the whole batch is refused."""

    def strict(self: Reception, payload: bytes, name: bytes, reason: str, *more: object, **named: object) -> None:
        raise Malformed(reason)

    patch.setattr(Reception, "_quarantine", strict)


@planted
def business_key_ignored(patch: pytest.MonkeyPatch) -> None:
    """The same order number twice, and both take effect."""

    def generous(self: KeysUsed, uses: list[KeyUse]) -> list[bytes]:
        return [use.document for use in uses]

    patch.setattr(KeysUsed, "claim_many", generous)


@planted
def folds_by_arrival_order(patch: pytest.MonkeyPatch) -> None:
    """A dealing is judged in the order in which its documents came in, not by what they follow."""
    arranging = thread.arrange

    def naive(facts: Iterable[Fact], named: bytes | None = None) -> History:
        arrived = list(facts)  # what comes with this transaction stands first, then the store's in its order
        first = next((at for at, fact in enumerate(arrived) if not fact.follows), 0)
        chained: list[Fact] = []
        for fact in [*arrived[first:], *arrived[:first]]:
            chained.append(fact._replace(follows=(chained[-1].id,) if chained else ()))
        return arranging(chained)

    patch.setattr(thread, "arrange", naive)


@planted
def undo_accepted_from_an_equal_rank(patch: pytest.MonkeyPatch) -> None:
    """Who comes second replaces the first, though neither stands above the other."""
    undoing = log._undone_by

    def lenient(known: ControlLog, record: Record, now: int) -> frozenset[bytes]:
        try:
            return undoing(known, record, now)
        except NotAuthorised:
            rivals: list[Admitted] = []
            at = known.standing.hash
            while at not in (record.previous, known.member):
                rivals.append(known.records[at])
                at = known.records[at].signed.record.previous
            if any(item.signed.record.rank > record.rank for item in rivals):
                raise
            return frozenset(item.signed.record.hash for item in rivals)

    patch.setattr(log, "_undone_by", lenient)


@planted
def stale_epochs_receipt_counted(patch: pytest.MonkeyPatch) -> None:
    """A receipt counts for ever, whatever became of the journal that it speaks of."""
    patch.setattr(receipting, "counts", lambda *_: True)


@planted
def signature_checked_over_reencoded_bytes(patch: pytest.MonkeyPatch) -> None:
    """A header is read leniently, and its id is that of what we would have written."""
    decoding, identifying = canon.decode_typed, headers.identify

    def respelled(data: bytes) -> bytes:
        try:
            return canon.encode(msgpack.unpackb(data, raw=False))
        except (ValueError, TypeError, msgpack.UnpackException):
            return data

    def lenient(decoder: Any, data: bytes, max_bytes: int, name: str) -> Any:
        return decoding(decoder, respelled(data), max_bytes, name)

    patch.setattr(canon, "decode_typed", lenient)
    patch.setattr(headers, "identify", lambda data: identifying(respelled(data)))
