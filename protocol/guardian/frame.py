"""A frame: the next piece of a member's copies, sealed, signed by the home's epoch key, numbered and hash-linked.

Owns the record ``["yui/frame/1", network, member, epoch, number, previous, vault key, sealed hash, entries, entries
head, time]``, which travels as ``["yui/frame-signed/1", record, signature, sealed]``, and the acknowledgement (*kept*)
that a guardian signs. A guardian checks who signed and what follows what; what is inside it cannot read. Numbers count
from 1 in each epoch, ``previous`` links over epochs. Source: ``docs/protocol.md`` §15.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from protocol import canon, keys, shape, vault
from protocol.document.header import NETWORKS
from protocol.errors import Malformed
from protocol.identity.control import Epoch
from protocol.journal import MAX_SEQ
from protocol.keys import Purpose, SigningKey
from protocol.limits import CHUNK_BYTES, MAX_FRAME_BYTES, MAX_FRAMES_PER_REQUEST

TAG: Final = "yui/frame/1"
SIGNED_TAG: Final = "yui/frame-signed/1"
KEPT_TAG: Final = "yui/kept/1"
KEPT_SIGNED_TAG: Final = "yui/kept-signed/1"
MAX_HEADER_BYTES: Final = 1024
MAX_SIGNED_BYTES: Final = MAX_FRAME_BYTES + 2 * MAX_HEADER_BYTES
MAX_KEPT_BYTES: Final = 64 * 1024
assert MAX_FRAME_BYTES < CHUNK_BYTES


class Place(NamedTuple):
    """Where a frame stands: ``number`` counts from 1 in ``epoch``."""

    member: bytes
    epoch: bytes
    number: int


class Frame(NamedTuple):
    """A frame's header. ``entries``/``entries_head``: the journal position (in ``epoch``) up to which all is copied."""

    network: str
    place: Place
    previous: bytes
    key: bytes
    sealed_hash: bytes
    entries: int
    entries_head: bytes
    time: int
    hash: bytes = b""


class Signed(NamedTuple):
    """A frame as it travels. ``record`` and ``signature`` are what a guardian shows; ``sealed`` is what it keeps."""

    frame: Frame
    record: bytes
    signature: bytes
    sealed: bytes


def about(place: Place) -> bytes:
    """What the ciphertext is bound to: member, epoch and number."""
    return canon.encode(("yui/frame-about/1", *place))


def sign(key: SigningKey, frame: Frame, sealed: bytes) -> Signed:
    """``frame`` over ``sealed``, signed by its epoch's key; hashes are filled in here."""
    frame = frame._replace(sealed_hash=canon.digest(sealed))
    record = canon.encode((TAG, frame.network, *frame.place, *frame[2:8]))
    hashed = canon.digest(record)
    return Signed(frame._replace(hash=hashed), record, key.sign(Purpose.FRAME, hashed), sealed)


def encode(signed: Signed) -> bytes:
    """The bytes that travel."""
    return canon.encode((SIGNED_TAG, signed.record, signed.signature, signed.sealed))


def parse(data: bytes) -> Signed:
    """A frame whose sealed bytes are the ones that its header names; whose it is, :func:`verify` says."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_SIGNED_BYTES), SIGNED_TAG, 4)
    record = shape.binary(raw[1], "record", MAX_HEADER_BYTES)
    sealed = shape.binary(raw[3], "sealed", MAX_FRAME_BYTES)
    signed = Signed(parse_header(record), record, shape.fixed(raw[2], "signature", keys.SIGNATURE_BYTES), sealed)
    if canon.digest(sealed) != signed.frame.sealed_hash:
        raise Malformed("sealed: not the bytes that the header names")
    return signed


def parse_header(record: bytes) -> Frame:
    """A header from its bytes."""
    raw = shape.record(canon.decode(record, max_bytes=MAX_HEADER_BYTES), TAG, 11)
    if raw[1] not in NETWORKS:
        raise Malformed("network: must be live or test")
    number = shape.integer(raw[4], "number", 1, MAX_SEQ)
    return Frame(
        network=raw[1],
        place=Place(shape.hash32(raw[2], "member"), shape.hash32(raw[3], "epoch"), number),
        previous=shape.hash_or_empty(raw[5], "previous"),
        key=shape.hash32(raw[6], "key"),
        sealed_hash=shape.hash32(raw[7], "sealed_hash"),
        entries=shape.integer(raw[8], "entries", 0, MAX_SEQ),
        entries_head=shape.hash_or_empty(raw[9], "entries_head"),
        time=shape.time_us(raw[10], "time"),
        hash=canon.digest(record),
    )


def verify(signed: Signed, epoch: Epoch) -> Frame:
    """The frame, if the signing key of ``epoch`` signed it and it stands in that epoch."""
    keys.verify(epoch.signing_key, Purpose.FRAME, signed.frame.hash, signed.signature)
    if signed.frame.place.epoch != epoch.hash:
        raise Malformed("epoch: another than the one whose key signed")
    return signed.frame


def require_next(last: Frame | None, frame: Frame) -> None:
    """Malformed unless ``frame`` follows ``last`` (None: nothing is here yet, any first number of a chain is 1)."""
    expected = last.place.number + 1 if last is not None and last.place.epoch == frame.place.epoch else 1
    if frame.place.number != expected:
        raise Malformed(f"number: {expected} comes next", code="gap")
    if frame.previous != (last.hash if last is not None else b""):
        raise Malformed("previous: not the hash of the frame before", code="gap")


def unseal(signed: Signed, found: dict[bytes, bytes]) -> bytes:
    """What is in a frame, with the vault keys by name."""
    key = found.get(signed.frame.key)
    if key is None:
        raise Malformed("frame: encrypted with a vault key that is not here")
    return vault.open_frame(key, about(signed.frame.place), signed.sealed)


# --- acknowledgement


class Tip(NamedTuple):
    """The last frame of an unbroken chain that a guardian keeps durably."""

    member: bytes
    epoch: bytes
    number: int
    hash: bytes


class Kept(NamedTuple):
    """A guardian's signed word: it keeps, durably, everything up to each tip, and each chunk of these names."""

    network: str
    guardian: bytes
    home: bytes
    time: int
    tips: tuple[Tip, ...]
    chunks: tuple[bytes, ...]


def sign_kept(
    key: SigningKey, network: str, home: bytes, time: int, tips: Sequence[Tip], names: Sequence[bytes]
) -> bytes:
    """The bytes of an acknowledgement. Only after the guardian's own durable commit."""
    record = canon.encode((KEPT_TAG, network, keys.node_id(key.public), home, time, tips, names))
    return canon.encode((KEPT_SIGNED_TAG, record, key.sign(Purpose.KEPT, canon.digest(record))))


def verify_kept(data: bytes, public: bytes, network: str, home: bytes) -> Kept:
    """The acknowledgement, if the node key ``public`` gave it to ``home``."""
    outer = shape.record(canon.decode(data, max_bytes=MAX_KEPT_BYTES), KEPT_SIGNED_TAG, 3)
    record = shape.binary(outer[1], "record", MAX_KEPT_BYTES)
    keys.verify(public, Purpose.KEPT, canon.digest(record), shape.fixed(outer[2], "signature", keys.SIGNATURE_BYTES))
    raw = shape.record(canon.decode(record, max_bytes=MAX_KEPT_BYTES), KEPT_TAG, 7)
    found = Kept(
        shape.text(raw[1], "network", 8),
        shape.hash32(raw[2], "guardian"),
        shape.hash32(raw[3], "home"),
        shape.time_us(raw[4], "time"),
        tuple(parse_tip(item) for item in shape.array(raw[5], "tips", MAX_FRAMES_PER_REQUEST)),
        tuple(shape.hash32(item, "chunks") for item in shape.array(raw[6], "chunks", MAX_FRAMES_PER_REQUEST)),
    )
    if (found.network, found.guardian, found.home) != (network, keys.node_id(public), home):
        raise Malformed("kept: of another network, guardian or home")
    return found


def parse_tip(value: object) -> Tip:
    """A tip from its decoded array."""
    raw = shape.exactly(value, "tips", 4)
    number = shape.integer(raw[2], "tips.number", 1, MAX_SEQ)
    return Tip(
        shape.hash32(raw[0], "tips.member"),
        shape.hash32(raw[1], "tips.epoch"),
        number,
        shape.hash32(raw[3], "tips.hash"),
    )
