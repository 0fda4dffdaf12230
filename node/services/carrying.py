"""Links over a carried file: the same stream to a peer, its pieces sealed to that peer, taken out and in by a person.

Owns what goes into a file and what becomes of a piece that came in. What came is entered exactly as over HTTPS, by
:mod:`node.services.exchange`; the receipt stands in the stream to the sender and goes with the next file, or over the
network if that is back first. Knows no file. Source: ``docs/protocol.md`` §8.7.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from node.services import exchange, outbox
from node.services.house import House
from node.store import Tx
from protocol import sealing
from protocol.document import envelope
from protocol.document.header import AttachmentRef
from protocol.errors import Malformed, Misdirected
from protocol.keys import NodeId, SigningKey
from protocol.link import batch as batches
from protocol.link import carried
from protocol.link.batch import Batch, ItemKind
from protocol.link.carried import Content, Label, Load


class Written(NamedTuple):
    """One piece for a file. ``after``: where the next one goes on; ``attachments``: its documents', complete here;
    ``ids``: of its documents."""

    piece: bytes
    after: int
    documents: int
    attachments: tuple[AttachmentRef, ...]
    ids: tuple[bytes, ...] = ()


class Opened(NamedTuple):
    """A piece that came: what is written on it, and what is in it."""

    label: Label
    load: Load


class Entered(NamedTuple):
    """What became of a batch. ``verdicts``: how many of its documents by each; ``repeated``: it was here before."""

    verdicts: dict[str, int]
    repeated: bool
    gap: bool
    news: frozenset[bytes]


def label(house: House, tx: Tx, peer: bytes, file: bytes, number: int) -> tuple[Label, bytes]:
    """What is written on piece ``number`` of a file for ``peer``, and the peer's key. NotAuthorised for a stranger."""
    row = exchange.require_peer(tx, peer)
    return Label(house.network, house.id, row.node, file, number), row.key


def write_batch(
    house: House, tx: Tx, peer: bytes, file: bytes, number: int, after: int, *, patient: bool = False
) -> Written | None:
    """The stream's next batch behind ``after`` as a piece; None when there is nothing more (yet)."""
    about, key = label(house, tx, peer, file, number)
    offer = exchange.next_batch(house, tx, peer, after, patient=patient)
    if offer is None:
        return None
    piece = carried.seal(about, Load(Content.BATCH, wire=offer.wire), key, house.entropy(sealing.SEED_BYTES))
    documents = _documents(batches.verify(offer.wire, house.node.public))
    ids = tuple(document.id for document in documents)
    return Written(piece, offer.last, len(documents), _complete(tx, documents), ids)


def write(house: House, tx: Tx, peer: bytes, file: bytes, number: int, load: Load) -> bytes:
    """Any other piece: a chunk, or the end."""
    about, key = label(house, tx, peer, file, number)
    return carried.seal(about, load, key, house.entropy(sealing.SEED_BYTES))


def open_piece(network: str, own: SigningKey, node: NodeId, piece: bytes) -> Opened:
    """What is in a piece for this node. Misdirected if it is for another one."""
    about = carried.read_label(piece)
    if about.receiver != node or about.network != network:
        raise Misdirected(f"the file is for the node {about.receiver.hex()[:12]} of the network {about.network}")
    return Opened(*carried.open_piece(piece, own))


def take_batch(house: House, tx: Tx, opened: Opened) -> Entered:
    """Enter the batch of a piece, its receipt with it: both are durable together or not at all. The caller commits."""
    if opened.load.content is not Content.BATCH:
        raise Malformed("load: no batch")
    peer, wire = opened.label.sender, opened.load.wire
    row = exchange.require_peer(tx, peer)
    batch = batches.verify(wire, row.key)
    before = tx.streams.get(peer, batch.incarnation) or 0
    taken = exchange.receive_batch(house, tx, peer, wire, carried=True)
    repeated = not taken.gap and taken.cursor == before
    if not taken.gap and not repeated and _wants_receipt(batch):
        outbox.enqueue(tx, peer, ItemKind.RECEIPT, exchange.receipt(house, peer, taken))
    own = {leaf.document for leaf in taken.leaves if leaf.recipient == house.id}
    verdicts = Counter(leaf.verdict for leaf in taken.leaves if leaf.document not in own)
    return Entered(dict(verdicts), repeated, taken.gap, taken.news | {peer})


def _wants_receipt(batch: Batch) -> bool:
    """A receipt for receipts alone would be answered by another one, for ever."""
    return any(item.kind != ItemKind.RECEIPT.value for item in batch.items)


def _documents(batch: Batch) -> list[envelope.Document]:
    return [envelope.parse(item.payload) for item in batch.items if item.kind == ItemKind.DOCUMENT.value]


def _complete(tx: Tx, documents: list[envelope.Document]) -> tuple[AttachmentRef, ...]:
    named = {ref.root: ref for document in documents for ref in document.header.attachments}
    rows = {root: tx.attachments.get(root) for root in named}
    return tuple(ref for root, ref in named.items() if (row := rows[root]) is not None and row.complete)
