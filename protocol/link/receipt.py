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
from typing import NamedTuple

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


FINAL = frozenset({Verdict.APPLIED.value, Verdict.HELD.value, Verdict.REFUSED.value})


class Leaf(NamedTuple):
    """One document's verdict for one recipient. ``epoch`` empty and ``seq`` 0 when no journal entered it."""

    document: bytes
    recipient: bytes
    epoch: bytes
    seq: int
    verdict: str
    safe: bool
    reason: str


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
    return canon.encode(tuple(leaf))


def _root(leaves: Sequence[Leaf]) -> bytes:
    return keys.root([leaf_bytes(leaf) for leaf in leaves]) if leaves else EMPTY_ROOT


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
    return canon.encode((SIGNED_TAG, record, signature, [tuple(leaf) for leaf in leaves]))


def verify(data: bytes, public: bytes) -> Receipt:
    """The receipt in ``data`` if the node key ``public`` signed it and its leaves are the signed ones."""
    outer = shape.record(canon.decode(data, max_bytes=MAX_BATCH_BYTES), SIGNED_TAG, 4)
    head = _verified_head(outer[1], outer[2], public)
    leaves = tuple(_leaf(item) for item in shape.array(outer[3], "leaves", MAX_BATCH_ITEMS))
    if len(leaves) != head.leaves or _root(leaves) != head.root:
        raise Malformed("receipt: its leaves are not the signed ones")
    return Receipt(head, leaves)


def prove(data: bytes, document: bytes, recipient: bytes) -> bytes | None:
    """A self-contained proof of one document's verdict out of a receipt: ``[tag, record, signature, leaf, path]``."""
    outer = shape.record(canon.decode(data, max_bytes=MAX_BATCH_BYTES), SIGNED_TAG, 4)
    leaves = [_leaf(item) for item in shape.array(outer[3], "leaves", MAX_BATCH_ITEMS)]
    for index, leaf in enumerate(leaves):
        if leaf.document == document and leaf.recipient == recipient:
            paths = keys.tree([leaf_bytes(item) for item in leaves])[1]
            return canon.encode((PROOF_TAG, outer[1], outer[2], tuple(leaf), paths[index]))
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
    raw = shape.exactly(value, "leaf", 7)
    try:
        verdict = Verdict(raw[4]).value
    except ValueError:
        raise Malformed("leaf.verdict: unknown") from None
    epoch = shape.hash_or_empty(raw[2], "leaf.epoch")
    seq = shape.integer(raw[3], "leaf.seq", 0, MAX_SEQ)
    if bool(epoch) != bool(seq):
        raise Malformed("leaf.seq: 0 exactly where no journal entered the document")
    return Leaf(
        shape.hash32(raw[0], "leaf.document"),
        shape.hash32(raw[1], "leaf.recipient"),
        epoch,
        seq,
        verdict,
        shape.flag(raw[5], "leaf.safe"),
        shape.text(raw[6], "leaf.reason", 300),
    )
