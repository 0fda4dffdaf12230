"""A batch: the next items of one node's stream to another, signed by the sending node.

Owns the record ``["yui/batch/1", network, from, to, incarnation, after, items]`` with items
``[position, kind, bytes]`` in ascending positions, travelling as ``["yui/batch-signed/1", record, signature]``. The
same bytes go over HTTPS, a relay or a carried file. A history may be longer than a batch: it then travels as the only
item of its own. Source: ``docs/protocol.md`` §8.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from protocol import canon, keys
from protocol.errors import Malformed, TooLarge
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_BATCH_BYTES, MAX_BATCH_ITEMS, MAX_HISTORY_BYTES

TAG = "yui/batch/1"
SIGNED_TAG = "yui/batch-signed/1"
INCARNATION_BYTES = 16
MAX_POSITION = 2**53 - 1
MAX_RECORD_BYTES = MAX_BATCH_BYTES + 2048  # of a record
MAX_LONG_RECORD_BYTES = MAX_HISTORY_BYTES + 2048  # of one with a single item, a history
MAX_BYTES = MAX_LONG_RECORD_BYTES + 2048  # with its signature


class ItemKind(Enum):
    """What an item is: a document's envelope, a member's history, a later receipt, ids held after a restore."""

    DOCUMENT = "document"
    HISTORY = "history"
    RECEIPT = "receipt"
    HOLDINGS = "holdings"


class Item(NamedTuple):
    """One item of a stream. ``position`` is the sender's, ascending, never reused within an incarnation."""

    position: Annotated[int, Meta(ge=1, le=MAX_POSITION)]
    kind: Annotated[str, Meta(max_length=16)]
    payload: Annotated[bytes, Meta(max_length=MAX_HISTORY_BYTES)]


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
    outer = canon.decode_typed(_SIGNED, data, MAX_BYTES, "batch")
    return outer.record, outer.signature


def verify(data: bytes, public: bytes) -> Batch:
    """The batch in ``data`` if the node key ``public`` signed it and calls itself its sender."""
    record, signature = split(data)
    keys.verify(public, Purpose.BATCH, canon.digest(record), signature)
    batch = _parse(record)
    if batch.sender != keys.node_id(public):
        raise Malformed("sender: is not the node that signed the batch")
    return batch


class _Signed(NamedTuple):
    tag: Literal["yui/batch-signed/1"]
    record: Annotated[bytes, Meta(max_length=MAX_LONG_RECORD_BYTES)]
    signature: Annotated[bytes, Meta(min_length=keys.SIGNATURE_BYTES, max_length=keys.SIGNATURE_BYTES)]


_Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
_Position = Annotated[int, Meta(ge=0, le=MAX_POSITION)]


class _Wire(NamedTuple):
    tag: Literal["yui/batch/1"]
    network: Annotated[str, Meta(max_length=8)]
    sender: _Hash
    receiver: _Hash
    incarnation: Annotated[bytes, Meta(min_length=INCARNATION_BYTES, max_length=INCARNATION_BYTES)]
    after: _Position
    items: Annotated[tuple[Item, ...], Meta(max_length=MAX_BATCH_ITEMS)]


_SIGNED = msgspec.msgpack.Decoder(_Signed)
_RECORD = msgspec.msgpack.Decoder(_Wire)


def _parse(record: bytes) -> Batch:
    raw = canon.decode_typed(_RECORD, record, MAX_LONG_RECORD_BYTES, "batch")
    if len(record) > MAX_RECORD_BYTES and [item.kind for item in raw.items] != [ItemKind.HISTORY.value]:
        raise TooLarge(f"batch of {len(record)} bytes, the limit is {MAX_RECORD_BYTES}; a longer history comes alone")
    last = raw.after
    for at, item in enumerate(raw.items):
        canon.require_text(item.kind)
        if len(item.payload) > MAX_BATCH_BYTES and item.kind != ItemKind.HISTORY.value:
            raise TooLarge(f"items[{at}].payload: at most {MAX_BATCH_BYTES} bytes")
        if item.position <= last:
            raise Malformed("items.position: in ascending order, behind `after`")
        last = item.position
    canon.require_text(raw.network)
    return Batch(raw.network, raw.sender, raw.receiver, raw.incarnation, raw.after, raw.items)
