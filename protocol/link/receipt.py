"""A receipt: one node signature over the verdicts of everything in a batch, given after the receiver's own commit.

Owns the record ``["yui/receipt/1", network, signer, to, incarnation, cursor, root, leaves, time]`` and its leaves
``[document, recipient, epoch, seq, verdict, safe, reason]``; the root is a Merkle tree over the canonical bytes of
the leaves, so one firm's proof shows no other firm's ids. ``epoch``/``seq`` say where the recipient's journal entered
the document: a receipt of an epoch that was cut back before ``seq`` no longer counts. Travels as
``["yui/receipt-signed/1", record, signature, leaves]``. Source: ``docs/protocol.md`` §8.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from protocol import canon, keys, shape
from protocol.document import envelope
from protocol.errors import Malformed
from protocol.journal import MAX_SEQ
from protocol.keys import Purpose, SigningKey, Step
from protocol.limits import MAX_BATCH_BYTES, MAX_BATCH_ITEMS

TAG = "yui/receipt/1"
SIGNED_TAG = "yui/receipt-signed/1"
PROOF_TAG = "yui/receipt-proof/1"


class Verdict(Enum):
    """What became of a document at its recipient's node. All but QUARANTINED say: durably stored here."""

    APPLIED = "applied"
    HELD = "held"
    WAITING = "waiting"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


# By name, for what is asked of every document: an Enum's ``value`` is a function call.
APPLIED, HELD, WAITING, REFUSED, QUARANTINED = (verdict.value for verdict in Verdict)
FINAL = frozenset({Verdict.APPLIED.value, Verdict.HELD.value, Verdict.REFUSED.value})


_Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
MAX_REASON_CHARS = 300
_VERDICTS = frozenset(verdict.value for verdict in Verdict)


class Leaf(NamedTuple):
    """One document's verdict for one recipient. ``epoch`` empty and ``seq`` 0 when no journal entered it."""

    document: _Hash
    recipient: _Hash
    epoch: Annotated[bytes, Meta(max_length=32)]
    seq: Annotated[int, Meta(ge=0, le=MAX_SEQ)]
    verdict: str
    safe: bool
    reason: Annotated[str, Meta(max_length=MAX_REASON_CHARS)]


class Head(NamedTuple):
    """The signed part. ``cursor``: the position up to which the signer has taken the stream."""

    network: str
    signer: bytes
    receiver: bytes
    incarnation: bytes
    cursor: int
    root: bytes
    leaves: int
    time: int


class Receipt(NamedTuple):
    """A verified receipt."""

    head: Head
    leaves: tuple[Leaf, ...]


EMPTY_ROOT = canon.digest(b"yui/receipt-empty/1")


def leaf_bytes(leaf: Leaf) -> bytes:
    """The bytes of a leaf, as hashed."""
    return canon.encode(leaf)


def _root(leaves: Sequence[Leaf]) -> bytes:
    return keys.root(list(map(canon.encode, leaves))) if leaves else EMPTY_ROOT


def sign(
    key: SigningKey,
    network: str,
    receiver: bytes,
    incarnation: bytes,
    cursor: int,
    leaves: Sequence[Leaf],
    time: int,
) -> bytes:
    """The bytes that travel."""
    head = Head(network, keys.node_id(key.public), receiver, incarnation, cursor, _root(leaves), len(leaves), time)
    record = canon.encode((TAG, *head))
    signature = key.sign(Purpose.RECEIPT, canon.digest(record))
    return canon.encode((SIGNED_TAG, record, signature, leaves))


def claimed_cursor(data: bytes) -> int:
    """The cursor in a receipt, nothing believed yet: whoever sends on behind it verifies the receipt meanwhile."""
    outer = canon.decode_typed(_OUTER, data, MAX_BATCH_BYTES, "receipt")
    return shape.integer(shape.record(canon.decode(outer.record), TAG, 9)[5], "cursor", 0, MAX_SEQ)


def verify(data: bytes, public: bytes) -> Receipt:
    """The receipt in ``data`` if the node key ``public`` signed it and its leaves are the signed ones."""
    outer = canon.decode_typed(_SIGNED, data, MAX_BATCH_BYTES, "receipt")
    head = _verified_head(outer.record, outer.signature, public)
    for leaf in outer.leaves:
        _require_leaf(leaf)
    if len(outer.leaves) != head.leaves or _root(outer.leaves) != head.root:
        raise Malformed("receipt: its leaves are not the signed ones")
    return Receipt(head, outer.leaves)


class _Signed(NamedTuple):
    tag: Literal["yui/receipt-signed/1"]
    record: Annotated[bytes, Meta(max_length=4096)]
    signature: Annotated[bytes, Meta(min_length=keys.SIGNATURE_BYTES, max_length=keys.SIGNATURE_BYTES)]
    leaves: Annotated[tuple[Leaf, ...], Meta(max_length=MAX_BATCH_ITEMS)]


class _Outer(NamedTuple):
    tag: Literal["yui/receipt-signed/1"]
    record: Annotated[bytes, Meta(max_length=4096)]
    signature: bytes
    leaves: msgspec.Raw


_SIGNED = msgspec.msgpack.Decoder(_Signed)
_OUTER = msgspec.msgpack.Decoder(_Outer)
_LEAF = msgspec.msgpack.Decoder(Leaf)


def _require_leaf(leaf: Leaf) -> None:
    """What the types of a leaf cannot say."""
    if leaf.verdict not in _VERDICTS:
        raise Malformed("leaf.verdict: unknown")
    if len(leaf.epoch) not in (0, 32) or bool(leaf.epoch) != bool(leaf.seq):
        raise Malformed("leaf.epoch: 32 bytes with a seq from 1, or empty with seq 0")
    canon.require_text(leaf.reason)


def prove(data: bytes, document: bytes, recipient: bytes) -> bytes | None:
    """A self-contained proof of one document's verdict out of a receipt: ``[tag, record, signature, leaf, path]``."""
    outer = canon.decode_typed(_SIGNED, data, MAX_BATCH_BYTES, "receipt")
    for index, leaf in enumerate(outer.leaves):
        if leaf.document == document and leaf.recipient == recipient:
            paths = keys.tree([leaf_bytes(item) for item in outer.leaves])[1]
            return canon.encode((PROOF_TAG, outer.record, outer.signature, tuple(leaf), paths[index]))
    return None


def claimed_leaf(data: bytes) -> Leaf:
    """The leaf in a receipt proof, nothing believed yet: it names the epoch whose home has to have signed."""
    return _leaf(shape.record(canon.decode(data), PROOF_TAG, 5)[3])


def verify_proof(data: bytes, public: bytes) -> tuple[Head, Leaf]:
    """Head and leaf of a receipt proof if ``public`` signed the head and the path leads from the leaf to its root."""
    outer = shape.record(canon.decode(data), PROOF_TAG, 5)
    head = _verified_head(outer[1], outer[2], public)
    leaf = _leaf(outer[3])
    path: tuple[Step, ...] = envelope.parse_path(outer[4])
    if keys.climb(leaf_bytes(leaf), path) != head.root:
        raise Malformed("receipt proof: the path does not lead to the signed root")
    return head, leaf


def _verified_head(record: object, signature: object, public: bytes) -> Head:
    data = shape.binary(record, "record", 4096)
    keys.verify(public, Purpose.RECEIPT, canon.digest(data), shape.fixed(signature, "signature", 64))
    raw = shape.record(canon.decode(data), TAG, 9)
    head = Head(
        network=shape.text(raw[1], "network", 8),
        signer=shape.hash32(raw[2], "signer"),
        receiver=shape.hash32(raw[3], "receiver"),
        incarnation=shape.fixed(raw[4], "incarnation", 16),
        cursor=shape.integer(raw[5], "cursor", 0, MAX_SEQ),
        root=shape.hash32(raw[6], "root"),
        leaves=shape.integer(raw[7], "leaves", 0, MAX_BATCH_ITEMS),
        time=shape.time_us(raw[8], "time"),
    )
    if head.signer != keys.node_id(public):
        raise Malformed("signer: is not the node that signed the receipt")
    return head


def _leaf(value: object) -> Leaf:
    data = canon.encode(shape.exactly(value, "leaf", 7))
    leaf = canon.decode_typed(_LEAF, data, 4096, "leaf")
    _require_leaf(leaf)
    return leaf
