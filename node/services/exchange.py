"""Documents between nodes: batches out, batches in, receipts back.

Owns the ladder of checks that a batch climbs and what becomes of each item. One transaction per batch at each end;
a receipt is signed and leaves only after the caller's commit (:func:`receipt` is a call of its own for that reason).
One bad item is quarantined alone. Source: ``docs/protocol.md`` §8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from federation.peers import PINNED
from node.services import dealings, intake, members, outbox, receipting, recovery
from node.services.custody import Custody
from node.services.guarding import patience
from node.services.house import House
from node.services.intake import ADOPTED, RECEIVED, Arrival
from node.services.moving.state import COMING
from node.services.receipting import Accepted
from node.store import GivenRow, MemberRow, NewQuarantine, PeerRow, Pending, Tx
from protocol import canon, keys
from protocol.document import envelope
from protocol.document.envelope import Document
from protocol.errors import BadSignature, Misdirected, NotAuthorised, PeerFault, TooLarge, YuiError
from protocol.identity.control import Epoch
from protocol.journal import Kind
from protocol.keys import Purpose
from protocol.limits import (
    MAX_BATCH_BYTES,
    MAX_BATCH_ITEMS,
    MAX_DOCUMENT_BYTES,
    MAX_QUARANTINE_BYTES_PER_PEER,
    TARGET_BATCH_ITEMS,
)
from protocol.link import batch as batches
from protocol.link import holdings
from protocol.link import receipt as receipts
from protocol.link.batch import Batch, Item, ItemKind
from protocol.link.receipt import Leaf, Verdict

FENCED = "fenced"  # of a document that its author's home did not deliver
_ROOM = 2 * MAX_DOCUMENT_BYTES


class GreetFirst(NotAuthorised):
    """The stream's incarnation is not the one that the sender named in its last hello."""

    code = "hello-first"


class Offer(NamedTuple):
    """A signed batch ready to travel: items behind ``after`` up to position ``last``."""

    wire: bytes
    after: int
    last: int
    items: int


class Taken(NamedTuple):
    """What became of a batch. ``cursor``: how far the stream is taken; ``news``: peers with new outgoing items."""

    incarnation: bytes
    cursor: int
    leaves: tuple[Leaf, ...]
    news: frozenset[bytes]
    gap: bool = False


PINNED_STATES = frozenset(state.value for state in PINNED)  # of a row; accepted here, and perhaps not yet there


def require_peer(tx: Tx, node: bytes) -> PeerRow:
    """The row of an accepted peer; NotAuthorised for everybody else."""
    row = tx.peers.get(node)
    if row is None or row.state not in PINNED_STATES:
        raise NotAuthorised("not an accepted peer of this node", code="not-a-peer")
    return row


# --- outgoing


def next_batch(
    house: House, tx: Tx, peer: bytes, after: int, max_items: int = TARGET_BATCH_ITEMS, *, patient: bool = True
) -> Offer | None:
    """The next batch of the stream to ``peer`` behind position ``after``; None when there is nothing more (yet).

    ``patient``: documents wait to be safe first, where their members have guardians.
    """
    require_peer(tx, peer)
    house.require_signing()
    rows: Sequence[Pending] = tx.outgoing.pending(peer, after, min(max_items, MAX_BATCH_ITEMS))
    if house.guarded and patient:
        rows = patience.ready(house, tx, peer, rows)
    items = _fit(house, tx, peer, rows)
    if not items:
        return None
    batch = Batch(house.network, house.id, peer, house.incarnation, after, tuple(items))
    return Offer(batches.sign(house.node, batch), after, items[-1].position, len(items))


def _fit(house: House, tx: Tx, peer: bytes, rows: Sequence[Pending]) -> list[Item]:
    items: list[Item] = []
    size = 0
    for row in rows:
        content = payload(house, tx, peer, row)
        size += len(content) + 64
        if items and size > MAX_BATCH_BYTES - 1024:
            break
        items.append(Item(row.position, row.kind, content))
    return items


def payload(house: House, tx: Tx, peer: bytes, row: Pending) -> bytes:
    """What stands in the stream, as its item brings it."""
    if row.kind == ItemKind.DOCUMENT.value:
        return envelope.encode_raw(row.header, row.signature, msgspec.Raw(row.path), row.parts)
    if row.kind == ItemKind.HISTORY.value:
        return members.history(house, tx, row.object)
    return outbox.payload(tx, row.object)


# --- incoming


def receive_batch(house: House, tx: Tx, peer: bytes, wire: bytes, *, carried: bool = False) -> Taken:
    """Take a batch from ``peer``: verify it, store what it brings, remember the cursor. The caller commits.

    Raises PeerFault when the batch as a whole is not to be believed (nothing is stored then). ``carried``: it came by
    file, without a hello.
    """
    row = require_peer(tx, peer)
    house.require_signing()
    batch = batches.verify(wire, row.key)
    if batch.network != house.network or batch.receiver != house.id or batch.sender != peer:
        raise Misdirected("the batch is for another node or network, or from another sender")
    if not carried and tx.meta.get(f"greeted/{peer.hex()}") != batch.incarnation:
        raise GreetFirst("a stream begins with a hello, and ends with the next one")
    cursor = tx.streams.get(peer, batch.incarnation) or 0
    if batch.after > cursor:
        return Taken(batch.incarnation, cursor, (), frozenset(), gap=True)
    reception = Reception(house, tx, peer, row)
    reception.take(batch)
    last = batch.items[-1].position if batch.items else batch.after
    cursor = max(cursor, last)
    tx.streams.set(peer, batch.incarnation, cursor, house.clock())
    return Taken(batch.incarnation, cursor, tuple(reception.leaves), frozenset(reception.news))


def receipt(house: House, peer: bytes, taken: Taken) -> bytes:
    """The signed receipt for what :func:`receive_batch` took. Only after its transaction was committed."""
    house.require_signing()
    leaves = patience.said_safe(house, taken.leaves) if house.guarded else taken.leaves
    return receipts.sign(house.node, house.network, peer, taken.incarnation, taken.cursor, leaves, house.clock())


class Reception:
    """One batch on its way into the store."""

    def __init__(self, house: House, tx: Tx, peer: bytes, row: PeerRow) -> None:
        self.house = house
        self.tx = tx
        self.peer = peer
        self.peer_key = row.key
        self.leaves: list[Leaf] = []
        self.news: set[bytes] = set()
        self._roots: set[tuple[bytes, bytes, bytes]] = set()
        self._members: dict[bytes, MemberRow | None] = {}
        self._custody = Custody(house, tx)

    def _member(self, member: bytes) -> MemberRow | None:
        if member not in self._members:
            self._members[member] = self.tx.members.get(member)
        return self._members[member]

    def take(self, batch: Batch) -> None:
        """Histories first (documents lean on them), then documents in bulk, then the rest."""
        for item in batch.items:
            if item.kind == ItemKind.HISTORY.value:
                self._alone(item, self._take_history)
        self._take_documents([item for item in batch.items if item.kind == ItemKind.DOCUMENT.value])
        for item in batch.items:
            if item.kind == ItemKind.RECEIPT.value:
                self._alone(item, self._take_receipt)
            elif item.kind == ItemKind.HOLDINGS.value:
                self._alone(item, self._take_holdings)
            elif item.kind not in (ItemKind.DOCUMENT.value, ItemKind.HISTORY.value):
                self._quarantine(item.payload, canon.digest(item.payload), "unknown kind of item")
        self._custody.close()

    def _alone(self, item: Item, taker: Callable[[bytes], bytes]) -> None:
        """Take one item; if it is bad, it alone is quarantined. The leaf names it as its sender's queue does."""
        try:
            name = taker(item.payload)
            self.leaves.append(Leaf(name, self.house.id, b"", 0, Verdict.APPLIED.value, False, ""))
        except YuiError as fault:
            self._quarantine(item.payload, canon.digest(item.payload), str(fault), fault.code)

    def _take_history(self, payload: bytes) -> bytes:
        log = members.learn_history(self.house, self.tx, payload)
        self.tx.knows.put_many([(self.peer, log.member, log.standing.hash)])
        self.news |= recovery.epoch_changed(self.house, self.tx, log)
        return log.member

    def _take_receipt(self, payload: bytes) -> bytes:
        found = receipts.verify(payload, self.peer_key)
        if found.head.network != self.house.network or found.head.receiver != self.house.id:
            raise Misdirected("the receipt is for another node or network")
        self.news |= receipting.take(self.house, self.tx, self._custody, self.peer, found, payload).news
        return canon.digest(payload)

    def _take_holdings(self, payload: bytes) -> bytes:
        recovery.compare_holdings(self.house, self.tx, self.peer, holdings.parse(payload))
        self.news.add(self.peer)
        return canon.digest(payload)

    # documents

    def _take_documents(self, items: Sequence[Item]) -> None:
        parsed = [found for found in (self._parse(item) for item in items) if found is not None]
        ids = [document.id for document in parsed]
        given = self.tx.given.get_many(ids) if ids else {}
        stored = self.tx.documents.known(ids) if ids else set()
        arrivals: list[Arrival] = []
        seen: set[bytes] = set()
        for document in parsed:
            if self._repeat(document, given, stored) or document.id in seen:
                continue
            arrival = self.admit(document)
            if arrival is not None:
                seen.add(document.id)
                arrivals += [arrival, *self._for_neighbour(arrival)]
        if arrivals:
            self._enter(arrivals)
        self._introduce_recipients()

    def _returned(self, document: Document) -> Leaf:
        """A document of our own member came back and is here: where its author's journal has it."""
        author = document.header.author
        log = members.require_log(self.house, self.tx, author)
        rows = self.tx.journal.by_object(author, document.id)
        standing = [(row.epoch, row.seq) for row in rows if log.covers(row.epoch, row.seq)]
        if not standing:
            entry = self._custody.enter(author, Kind.ADOPTED, document.id, Verdict.APPLIED.value)
            standing = [(entry.epoch, entry.seq)]
        return _returned(document, *standing[-1])

    def _introduce_recipients(self) -> None:
        """A receipt counts only under the recipient's epoch: its sender must know the recipient's latest record."""
        for member in dict.fromkeys(leaf.recipient for leaf in self.leaves if leaf.epoch):
            if members.tell_history(self.house, self.tx, self.peer, member):
                self.news.add(self.peer)

    def _parse(self, item: Item) -> Document | None:
        try:
            document = envelope.parse(item.payload)
            if document.header.network != self.house.network:
                raise Misdirected("the document belongs to another network")
            return document
        except PeerFault as fault:
            self._quarantine(item.payload, canon.digest(item.payload), str(fault), fault.code)
            return None

    def _repeat(self, document: Document, given: dict[tuple[bytes, bytes], GivenRow], stored: set[bytes]) -> bool:
        """A document that was here before gets its first verdict again, as long as its recipient is at home here."""
        recipient = document.header.audience.id
        first, row = given.get((document.id, recipient)), self._member(recipient)
        if first is not None and row is not None and row.local:
            self.leaves.append(Leaf(document.id, recipient, first.epoch, first.seq, first.verdict, False, first.reason))
            return True
        if document.id not in stored:
            return False
        author = self._member(document.header.author)
        if author is not None and author.local:
            self.leaves.append(self._returned(document))
            self._hear_again(document)
            return True
        leaf = self._held_by_recipient(document)
        if leaf is not None:
            self.leaves.append(leaf)
        return leaf is not None

    def _held_by_recipient(self, document: Document) -> Leaf | None:
        """A document that its recipient brought along when it moved here, before its author ever offered it here."""
        recipient = document.header.audience.id
        row = self._member(recipient)
        local = row is not None and row.local
        held = self.tx.holdings.get_many(recipient, (document.id,)).get(document.id) if local else None
        if held is None:
            return None
        log = members.require_log(self.house, self.tx, recipient)
        rows = self.tx.journal.by_object(recipient, document.id)
        standing = [(item.epoch, item.seq) for item in rows if log.covers(item.epoch, item.seq)]
        if not standing:
            entry = self._custody.enter(recipient, Kind.ADOPTED, document.id, held.verdict)
            standing = [(entry.epoch, entry.seq)]
        given = GivenRow(document.id, recipient, None, held.verdict, *standing[-1], held.reason)
        self.tx.given.add_many([given])
        return Leaf(document.id, recipient, given.epoch, given.seq, held.verdict, False, held.reason)

    def _hear_again(self, document: Document) -> None:
        """The other side has what we remember as never sent, or decided never to send: its verdict counts, so hear it.

        From here on it has left its author's hands, so the dealing is folded again, as on the other side.
        """
        own = self.tx.holdings.get(document.header.author, document.id)
        unsent = own is not None and own.verdict in recovery.NOT_SENT and not dealings.reached(self.tx, document.id)
        if own is not None and unsent:
            outbox.requeue(self.tx, self.peer, [document.id])
            dealings.refresh(self.house, self.tx, (own.thread,))
            self.news.add(self.peer)

    def admit(self, document: Document) -> Arrival | None:
        """The arrival of a document whose author, signature and recipient are right; None after quarantine."""
        header = document.header
        try:
            author = members.find_log(self.house, self.tx, header.author)
            epoch = author.epoch_named(header.epoch) if author is not None else None
            if author is not None and header.epoch in author.superseded:
                raise NotAuthorised("its author's epoch was undone", code="undone")
            if author is None or epoch is None:
                self._unknown_author(document)
                return None
            self._verify(document, epoch)
            own = self._member(header.author)
            if own is not None and own.local:
                return Arrival(document, header.author, ADOPTED, header.audience.id)
            if author.epoch.home != self.peer:
                self._tell_fenced(header.author)
                raise NotAuthorised("delivered by a node that is not its author's home", code=FENCED)
            recipient = self._member(header.audience.id)
            if recipient is not None and self._is_moving(recipient):
                self._send_after(document, recipient)
                return None
            if header.audience.kind != 0 or recipient is None or not recipient.local:
                raise Misdirected("its recipient is not a member of this node")
            if recipient.suspended:
                raise NotAuthorised("its recipient is suspended", code="suspended")
            return Arrival(document, header.audience.id, RECEIVED, header.author)
        except PeerFault as fault:
            self._set_aside(document, fault)
            return None

    def _for_neighbour(self, adopted: Arrival) -> list[Arrival]:
        """What came back of our own member's may be for another member of this node: no link would bring it there."""
        if adopted.direction != ADOPTED:
            return []
        recipient = self._member(adopted.partner)
        if recipient is None or not recipient.local or self.tx.holdings.get(adopted.partner, adopted.document.id):
            return []
        return [Arrival(adopted.document, adopted.partner, RECEIVED, adopted.member)]

    def _is_moving(self, recipient: MemberRow) -> bool:
        """Was it at home here, or is it on its way to this node and not at work yet?"""
        if recipient.local:
            return False
        coming = self.tx.moving.coming(recipient.member)
        if coming is not None and coming.state in COMING:
            return True
        return self.tx.heads.get(recipient.member) is not None and recipient.home != self.house.id

    def _send_after(self, document: Document, recipient: MemberRow) -> None:
        """Nothing is kept: the sender hears where the recipient is now and offers it there. Source: protocol §8.3."""
        if members.tell_history(self.house, self.tx, self.peer, recipient.member):
            self.news.add(self.peer)
        verdict = Verdict.QUARANTINED.value
        self.leaves.append(Leaf(document.id, recipient.member, b"", 0, verdict, False, receipting.ELSEWHERE))

    def _tell_fenced(self, author: bytes) -> None:
        """Whoever still acts for a member that has left it hears so from the first partner that knows."""
        if members.tell_history(self.house, self.tx, self.peer, author):
            self.news.add(self.peer)

    def _set_aside(self, document: Document, fault: PeerFault) -> None:
        """Quarantine a document; where its signature is bad, these bytes only: the true ones may still come."""
        payload = envelope.encode(document)
        name = canon.digest(payload) if isinstance(fault, BadSignature) else document.id
        self._quarantine(payload, name, str(fault), fault.code, document)

    def _unknown_author(self, document: Document) -> None:
        """Nothing is kept: the sender hears that we lack the author's history, sends it and offers again."""
        self.leaves.append(
            Leaf(
                document.id,
                document.header.audience.id,
                b"",
                0,
                Verdict.QUARANTINED.value,
                False,
                receipting.UNKNOWN_AUTHOR,
            )
        )

    def _verify(self, document: Document, epoch: Epoch) -> None:
        """One signature check for each signed tree, however many of its documents are in the batch."""
        root = envelope.signed_root(document)
        known = (root, document.signature, epoch.signing_key)
        if known not in self._roots:
            keys.verify(epoch.signing_key, Purpose.DOCUMENTS, root, document.signature)
            self._roots.add(known)

    def _enter(self, arrivals: list[Arrival]) -> None:
        entered = intake.take(self.house, self.tx, self._custody, arrivals)
        received = [item for item in entered if item.arrival.direction == RECEIVED]
        self.tx.given.add_many([receipting.given(item) for item in received])
        adopted = [item for item in entered if item.arrival.direction == ADOPTED]
        returned = {item.arrival.document.id for item in adopted}
        self.leaves += [receipting.leaf(item) for item in received if item.arrival.document.id not in returned]
        if adopted:
            self.leaves += [_returned(item.arrival.document, item.epoch, item.seq) for item in adopted]
            recovery.deliver_adopted(self.house, self.tx, self.peer, adopted)
        ids = [item.arrival.document.id for item in entered]
        self._answer_quarantine(ids)
        settled = intake.settle_waiting(self.house, self.tx, self._custody, ids)
        self.news |= receipting.tell_later(self.house, self.tx, settled)

    def _answer_quarantine(self, ids: Sequence[bytes]) -> None:
        """What an old home delivered and its author's home has made good needs nobody any more."""
        for row in self.tx.quarantine.by_object(ids):
            if row.code == FENCED and row.state == "open":
                self.tx.quarantine.set_state(row.id, "retried")

    def _quarantine(
        self, payload: bytes, name: bytes, reason: str, code: str = "", document: Document | None = None
    ) -> None:
        if self.tx.quarantine.bytes_of(self.peer) + len(payload) > MAX_QUARANTINE_BYTES_PER_PEER:
            raise TooLarge("this peer's quarantine is full: look at it before more is taken", code="quarantine-full")
        if not self.tx.quarantine.by_object([name]):
            self.tx.quarantine.add(
                NewQuarantine(self.peer, name, code or "malformed", reason[:300], self.house.clock(), payload)
            )
        recipient = document.header.audience.id if document is not None else self.house.id
        self.leaves.append(Leaf(name, recipient, b"", 0, Verdict.QUARANTINED.value, False, reason[:300]))


def _returned(document: Document, epoch: bytes, seq: int) -> Leaf:
    """Its author's home has it: the leaf names the author's journal, not the recipient's."""
    return Leaf(document.id, document.header.author, epoch, seq, Verdict.APPLIED.value, False, "returned")


# --- receipts


def accept_receipt(house: House, tx: Tx, peer: bytes, wire: bytes) -> Accepted:
    """Take the receipt for a batch that was sent to ``peer``. The caller commits."""
    row = require_peer(tx, peer)
    house.require_signing()
    found = receipts.verify(wire, row.key)
    if found.head.network != house.network or found.head.receiver != house.id:
        raise Misdirected("the receipt is for another node or network")
    custody = Custody(house, tx)
    accepted = receipting.take(house, tx, custody, peer, found, wire)
    custody.close()
    return accepted
