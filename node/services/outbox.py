"""What stands in the stream to a peer besides documents, and offering a document once more.

Owns queueing only; batches are built by :mod:`node.services.exchange`.
"""

from __future__ import annotations

from collections.abc import Sequence

from node.store import Tx
from protocol import canon
from protocol.link.batch import ItemKind


def enqueue(tx: Tx, peer: bytes, kind: ItemKind, content: bytes) -> None:
    """Put a receipt or a list of holdings into the stream to ``peer``."""
    name = canon.digest(content)
    tx.meta.set(f"item/{name.hex()}", content)
    tx.outgoing.add_many(peer, kind.value, [name])


def payload(tx: Tx, name: bytes) -> bytes:
    """The content of an item that :func:`enqueue` queued."""
    return tx.meta.get(f"item/{name.hex()}") or b""


def queued(tx: Tx, documents: Sequence[bytes]) -> set[bytes]:
    """Those of ``documents`` that were offered to another node, or wait to be."""
    return {document for document, marks in tx.outgoing.marks(documents).items() if marks}


def requeue(tx: Tx, peer: bytes, documents: Sequence[bytes]) -> None:
    """Offer documents (again) at new positions of the stream."""
    if documents:
        tx.outgoing.mark(peer, [(document, "requeued", None) for document in documents])
        tx.outgoing.add_many(peer, ItemKind.DOCUMENT.value, documents)
