"""The custody log of one member: hash-linked entries in epochs, one signed head per commit.

Owns entries and heads. A position is (member, epoch hash, seq): a number is never seen with two meanings because
every doubtful start opens a new epoch. Knows nothing of where entries are stored. Source: ``docs/protocol.md`` §7.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import NamedTuple

from protocol import canon, keys, shape
from protocol.errors import Malformed
from protocol.keys import Purpose, SigningKey

ENTRY_TAG = "yui/entry/1"
HEAD_TAG = "yui/head/1"
EMPTY = b""
MAX_SEQ = 2**53 - 1


class Kind(Enum):
    """What an entry records. ``object`` is the id of the document, receipt or control record."""

    SENT = "sent"
    RECEIVED = "received"
    ADOPTED = "adopted"
    RECEIPT = "receipt"
    CONTROL = "control"
    DECIDED = "decided"
    ERASED = "erased"


class Position(NamedTuple):
    """Where a member's journal stands: seq 0 with an empty hash is an epoch before its first entry."""

    member: bytes
    epoch: bytes
    seq: int
    hash: bytes


class Entry(NamedTuple):
    """One entry. ``hash`` is SHA-256 of its record ``[tag, member, epoch, seq, previous, kind, object, verdict]``."""

    member: bytes
    epoch: bytes
    seq: int
    previous: bytes
    kind: str
    object: bytes
    verdict: str
    hash: bytes


def open_epoch(member: bytes, epoch: bytes) -> Position:
    """The position before the first entry of ``epoch``."""
    return Position(member, epoch, 0, EMPTY)


def append(at: Position, kind: Kind, subject: bytes, verdict: str = "") -> tuple[Entry, Position]:
    """The next entry after ``at`` and the position behind it."""
    seq = at.seq + 1
    record = canon.encode((ENTRY_TAG, at.member, at.epoch, seq, at.hash, kind.value, subject, verdict))
    hashed = hashlib.sha256(record).digest()
    entry = Entry(at.member, at.epoch, seq, at.hash, kind.value, subject, verdict, hashed)
    return entry, Position(at.member, at.epoch, seq, hashed)


def entry_hash(entry: Entry) -> bytes:
    """The hash that ``entry`` must have, computed from its other fields."""
    return canon.digest(canon.encode((ENTRY_TAG, *entry[:7])))


def require_chain(start: Position, entries: list[Entry]) -> Position:
    """Walk ``entries`` from ``start``; Malformed names the first that is missing, changed or out of order."""
    at = start
    for entry in entries:
        if (entry.member, entry.epoch, entry.seq, entry.previous) != (at.member, at.epoch, at.seq + 1, at.hash):
            raise Malformed(f"journal: entry {at.seq + 1} is missing or out of order")
        if entry_hash(entry) != entry.hash:
            raise Malformed(f"journal: entry {entry.seq} was changed")
        at = Position(entry.member, entry.epoch, entry.seq, entry.hash)
    return at


def encode_head(at: Position) -> bytes:
    """The signed record of a head."""
    return canon.encode((HEAD_TAG, at.member, at.epoch, at.seq, at.hash))


def sign_head(key: SigningKey, at: Position) -> bytes:
    """The epoch key's signature over a head: one per commit and member."""
    return key.sign(Purpose.HEAD, canon.digest(encode_head(at)))


def verify_head(public: bytes, at: Position, signature: bytes) -> None:
    """BadSignature if the epoch key did not sign this head."""
    keys.verify(public, Purpose.HEAD, canon.digest(encode_head(at)), signature)


def parse_head(data: bytes) -> Position:
    """The position in a head record."""
    raw = shape.record(canon.decode(data), HEAD_TAG, 5)
    seq = shape.integer(raw[3], "seq", 0, MAX_SEQ)
    last = shape.hash_or_empty(raw[4], "hash")
    if bool(seq) != bool(last):
        raise Malformed("hash: empty exactly before the first entry")
    return Position(shape.hash32(raw[1], "member"), shape.hash32(raw[2], "epoch"), seq, last)
