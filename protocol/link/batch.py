"""A batch: the next items of one node's stream to another, signed by the sending node.

Owns the record ``["yui/batch/1", network, from, to, incarnation, after, items]`` with items
``[position, kind, bytes]`` in ascending positions, travelling as ``["yui/batch-signed/1", record, signature]``. The
same bytes go over HTTPS, a relay or a carried file. Source: ``docs/protocol.md`` §8.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from protocol import canon, keys, shape
from protocol.errors import Malformed
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_BATCH_BYTES, MAX_BATCH_ITEMS

TAG = "yui/batch/1"
SIGNED_TAG = "yui/batch-signed/1"
INCARNATION_BYTES = 16
MAX_POSITION = 2**53 - 1


class ItemKind(Enum):
    """What an item is: a document's envelope, a member's history, a later receipt, ids held after a restore."""

    DOCUMENT = "document"
    HISTORY = "history"
    RECEIPT = "receipt"
    HOLDINGS = "holdings"


class Item(NamedTuple):
    """One item of a stream. ``position`` is the sender's, ascending, never reused within an incarnation."""

    position: int
    kind: str
    payload: bytes


class Batch(NamedTuple):
    """``after``: the position of the item before the first one here (0 at the start of an incarnation)."""

    network: str
    sender: bytes
    receiver: bytes
    incarnation: bytes
    after: int
    items: tuple[Item, ...]


def sign(key: SigningKey, batch: Batch) -> bytes:
    """The bytes that travel."""
    record = canon.encode((TAG, *batch))
    return canon.encode((SIGNED_TAG, record, key.sign(Purpose.BATCH, canon.digest(record))))


def split(data: bytes) -> tuple[bytes, bytes]:
    """(record, signature) of a signed batch; nothing is believed yet."""
    outer = shape.record(canon.decode(data, max_bytes=MAX_BATCH_BYTES + 4096), SIGNED_TAG, 3)
    return (
        shape.binary(outer[1], "record", MAX_BATCH_BYTES + 2048),
        shape.fixed(outer[2], "signature", keys.SIGNATURE_BYTES),
    )


def verify(data: bytes, public: bytes) -> Batch:
    """The batch in ``data`` if the node key ``public`` signed it and calls itself its sender."""
    record, signature = split(data)
    keys.verify(public, Purpose.BATCH, canon.digest(record), signature)
    batch = _parse(record)
    if batch.sender != keys.node_id(public):
        raise Malformed("sender: is not the node that signed the batch")
    return batch


def _parse(record: bytes) -> Batch:
    raw = shape.record(canon.decode(record, max_bytes=MAX_BATCH_BYTES + 2048), TAG, 7)
    after = shape.integer(raw[5], "after", 0, MAX_POSITION)
    items = _items(shape.array(raw[6], "items", MAX_BATCH_ITEMS), after)
    return Batch(
        network=shape.text(raw[1], "network", 8),
        sender=shape.hash32(raw[2], "sender"),
        receiver=shape.hash32(raw[3], "receiver"),
        incarnation=shape.fixed(raw[4], "incarnation", INCARNATION_BYTES),
        after=after,
        items=items,
    )


def _items(values: Sequence[object], after: int) -> tuple[Item, ...]:
    items = []
    last = after
    for value in values:
        position, kind, payload = shape.exactly(value, "items", 3)
        shape.integer(position, "items.position", last + 1, MAX_POSITION)
        last = position
        items.append(
            Item(position, shape.text(kind, "items.kind", 16), shape.binary(payload, "items", MAX_BATCH_BYTES))
        )
    return tuple(items)
