"""Mail for a member whose node is dark: boxes, parcels, and what is said about them and about relayed pieces.

Owns the *box* (``["yui/box/1", network, member, epoch, vault key's name, public]``, signed by the epoch's key: to
which key mail for the member is sealed), the *parcel* (``["yui/parcel/1", network, from, to, box, expires, sealed]``:
a signed batch to the member, sealed to its box), and the messages by which parcels and carried pieces are left with
somebody else and collected there. Whoever keeps one reads nothing but what stands outside. Source:
``docs/protocol.md`` §15.7.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from protocol import canon, keys, sealing, shape, vault
from protocol.document.header import NETWORKS
from protocol.errors import Malformed, NotAuthorised
from protocol.identity.control import Epoch
from protocol.keys import Purpose, SigningKey
from protocol.limits import (
    MAX_HISTORY_BYTES,
    MAX_MAIL_DONE,
    MAX_MAIL_LISTED,
    MAX_PARCEL_BYTES,
    MAX_PARCEL_PLAIN_BYTES,
    MAX_RECORD_BYTES,
)
from protocol.link import carried

BOX: Final = "/peer/v1/mail/box"  # body: a member's id; answer: BoxAnswer
LEAVE: Final = "/peer/v1/mail/leave"  # body: a parcel or a carried piece; answer: kept
ASK: Final = "/peer/v1/mail/ask"  # body: Ask; answer: Waiting
FETCH: Final = "/peer/v1/mail/fetch"  # body: Fetch; answer: the parcel or piece
PATHS: Final = (BOX, LEAVE, ASK, FETCH)

BOX_TAG: Final = "yui/box/1"
BOX_SIGNED_TAG: Final = "yui/box-signed/1"
PARCEL_TAG: Final = "yui/parcel/1"
_WHOSE_TAG: Final = "yui/mail-box/1"
_ANSWER_TAG: Final = "yui/mail-box-answer/1"
_ASK_TAG: Final = "yui/mail-ask/1"
_WAITING_TAG: Final = "yui/mail-waiting/1"
_FETCH_TAG: Final = "yui/mail-fetch/1"
MAX_BOXES: Final = 64  # in one question
MAX_LEFT_BYTES: Final = max(MAX_PARCEL_BYTES, carried.MAX_PIECE_BYTES)
MAX_BOX_BYTES: Final = 1024


class Box(NamedTuple):
    """To which key mail for ``member`` is sealed. ``name``: of the vault key that the box's key is made from."""

    network: str
    member: bytes
    epoch: bytes
    name: bytes
    public: bytes


class Label(NamedTuple):
    """What is written on a parcel: from which node, for which member, sealed to which box, kept until when (µs)."""

    network: str
    sender: bytes
    receiver: bytes
    box: bytes
    expires: int


class Ask(NamedTuple):
    """``boxes`` of members at home at the caller; ``done``: ids of what it has collected and entered for good."""

    boxes: tuple[bytes, ...]
    done: tuple[bytes, ...]


class Listed(NamedTuple):
    """One thing that waits: the member or node it is for, its id (H of its bytes), its size in bytes."""

    receiver: bytes
    id: bytes
    size: int


class Waiting(NamedTuple):
    """``relays``: pieces for other nodes may be left here; ``listed``: oldest first; ``more``: there is more."""

    relays: bool
    listed: tuple[Listed, ...]
    more: bool


class BoxAnswer(NamedTuple):
    """The box as the member's home gave it (empty: none), and the member's history."""

    box: bytes
    history: bytes


# --- boxes


def box_key(vault_key: bytes) -> SigningKey:
    """The key pair of a box, out of a vault key: whoever may bring the member back can open its mail."""
    return SigningKey(hashlib.blake2b(key=vault_key, digest_size=32, person=b"yui/box-key").digest())


def sign_box(key: SigningKey, box: Box) -> bytes:
    """The bytes that travel, signed by the epoch's key."""
    record = canon.encode((BOX_TAG, *box))
    return canon.encode((BOX_SIGNED_TAG, record, key.sign(Purpose.BOX, canon.digest(record))))


def claimed_box(data: bytes) -> Box:
    """The box in ``data``, nothing believed yet."""
    return _parse_box(_outer(data)[0])


def verify_box(data: bytes, epoch: Epoch) -> Box:
    """The box in ``data`` if the signing key of ``epoch`` signed it."""
    record, signature = _outer(data)
    keys.verify(epoch.signing_key, Purpose.BOX, canon.digest(record), signature)
    found = _parse_box(record)
    if found.epoch != epoch.hash:
        raise NotAuthorised("box: signed in another epoch than it names")
    return found


def _outer(data: bytes) -> tuple[bytes, bytes]:
    raw = shape.record(canon.decode(data, max_bytes=MAX_BOX_BYTES), BOX_SIGNED_TAG, 3)
    return shape.binary(raw[1], "record", MAX_BOX_BYTES), shape.fixed(raw[2], "signature", keys.SIGNATURE_BYTES)


def _parse_box(data: bytes) -> Box:
    raw = shape.record(canon.decode(data, max_bytes=MAX_BOX_BYTES), BOX_TAG, 6)
    if raw[1] not in NETWORKS:
        raise Malformed("network: must be live or test")
    named = (shape.hash32(raw[2], "member"), shape.hash32(raw[3], "epoch"), shape.hash32(raw[4], "name"))
    return Box(raw[1], *named, keys.require_valid_public(shape.fixed(raw[5], "public", 32)))


# --- parcels


def seal(label: Label, batch: bytes, public: bytes, seed: bytes) -> bytes:
    """A parcel with a signed batch, padded. ``public``: of the box; ``seed``: 32 random bytes, used once."""
    return canon.encode((PARCEL_TAG, *label, sealing.seal(vault.pad(batch), _about(label), public, seed)))


def read_label(parcel: bytes) -> Label:
    """What is written on a parcel; nothing of it is proved."""
    return _split(parcel)[0]


def open_parcel(parcel: bytes, own: SigningKey) -> tuple[Label, bytes]:
    """Label and signed batch. Malformed if it was not sealed to that box, or was changed."""
    label, sealed = _split(parcel)
    return label, vault.unpad(sealing.unseal(sealed, _about(label), own))


def is_parcel(data: bytes) -> bool:
    """A parcel for a member, rather than a piece for a node?"""
    return PARCEL_TAG.encode() in data[:20]


def _about(label: Label) -> bytes:
    return canon.encode((PARCEL_TAG, *label))


def _split(parcel: bytes) -> tuple[Label, bytes]:
    raw = shape.record(canon.decode(parcel, max_bytes=MAX_PARCEL_BYTES), PARCEL_TAG, 7)
    label = Label(
        network=shape.text(raw[1], "network", 8),
        sender=shape.hash32(raw[2], "from"),
        receiver=shape.hash32(raw[3], "to"),
        box=shape.hash32(raw[4], "box"),
        expires=shape.time_us(raw[5], "expires"),
    )
    return label, shape.binary(raw[6], "sealed", MAX_PARCEL_BYTES)


def fits(batch: bytes) -> bool:
    """Is a signed batch small enough for a parcel?"""
    return len(batch) <= MAX_PARCEL_PLAIN_BYTES


# --- messages


def encode_whose(member: bytes) -> bytes:
    """The question for a member's box."""
    return canon.encode((_WHOSE_TAG, member))


def parse_whose(data: bytes) -> bytes:
    """The member asked for."""
    return shape.hash32(shape.record(canon.decode(data), _WHOSE_TAG, 2)[1], "member")


def encode_answer(message: BoxAnswer) -> bytes:
    """The body."""
    return canon.encode((_ANSWER_TAG, *message))


def parse_answer(data: bytes) -> BoxAnswer:
    """The message in a body."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_HISTORY_BYTES + 4096), _ANSWER_TAG, 3)
    return BoxAnswer(shape.binary(raw[1], "box", MAX_BOX_BYTES), shape.binary(raw[2], "history", MAX_HISTORY_BYTES))


def encode_ask(message: Ask) -> bytes:
    """The body."""
    return canon.encode((_ASK_TAG, *message))


def parse_ask(data: bytes) -> Ask:
    """The message in a body."""
    raw = shape.record(canon.decode(data, max_bytes=128 * 1024), _ASK_TAG, 3)
    boxes = tuple(shape.binary(item, "boxes", MAX_BOX_BYTES) for item in shape.array(raw[1], "boxes", MAX_BOXES))
    return Ask(boxes, tuple(shape.hash32(item, "done") for item in shape.array(raw[2], "done", MAX_MAIL_DONE)))


def encode_waiting(message: Waiting) -> bytes:
    """The body."""
    return canon.encode((_WAITING_TAG, *message))


def parse_waiting(data: bytes) -> Waiting:
    """The message in a body."""
    raw = shape.record(canon.decode(data, max_bytes=128 * 1024), _WAITING_TAG, 4)
    found = []
    for item in shape.array(raw[2], "listed", MAX_MAIL_LISTED):
        receiver, name, size = shape.exactly(item, "listed", 3)
        size = shape.integer(size, "listed.size", 1, MAX_LEFT_BYTES)
        found.append(Listed(shape.hash32(receiver, "listed.receiver"), shape.hash32(name, "listed.id"), size))
    return Waiting(shape.flag(raw[1], "relays"), tuple(found), shape.flag(raw[3], "more"))


def encode_fetch(name: bytes) -> bytes:
    """The body."""
    return canon.encode((_FETCH_TAG, name))


def parse_fetch(data: bytes) -> bytes:
    """The id asked for."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_RECORD_BYTES), _FETCH_TAG, 2)
    return shape.hash32(raw[1], "id")
