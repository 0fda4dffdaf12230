"""The bodies of ``/peer/v1/guard/…``: what a home, a guardian and a claimant ask and answer.

Owns shapes and limits of these messages; what is inside them (frames, fences, promises, claims) proves itself.
Source: ``docs/protocol.md`` §15.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from protocol import canon, keys, shape, vault
from protocol.guardian import frame
from protocol.journal import MAX_SEQ
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_BATCH_BYTES, MAX_FRAMES_PER_REQUEST, MAX_HISTORY_BYTES, MAX_RECORD_BYTES

AGREEMENT: Final = "/peer/v1/guard/agreement"  # body: signed agreement; answer: it, with what this side has signed
FRAMES: Final = "/peer/v1/guard/frames"  # body: Frames; answer: kept
TIPS: Final = "/peer/v1/guard/tips"  # body: Tips; answer: kept
CHUNKS: Final = "/peer/v1/guard/chunks"  # body: Chunks; answer: kept
FENCE: Final = "/peer/v1/guard/fence"  # body: signed fence; answer: Fenced
READ: Final = "/peer/v1/guard/read"  # body: Read; answer: Pages
READ_CHUNK: Final = "/peer/v1/guard/chunk"  # body: ReadChunk; answer: the sealed chunk
WRITE_BACK: Final = "/peer/v1/guard/write-back"  # body: WriteBack; answer: kept
CLAIM: Final = "/peer/v1/guard/claim"  # body: claim; answer: claimed
AUDIT: Final = "/peer/v1/guard/audit"  # body: Audit; answer: hash
FIND: Final = "/peer/v1/guard/find"  # body: Find; answer: Found
HISTORY: Final = "/peer/v1/guard/history"  # body: control log of a ward; answer: nothing
PATHS: Final = (AGREEMENT, FRAMES, TIPS, CHUNKS, FENCE, READ, READ_CHUNK, WRITE_BACK, CLAIM, AUDIT, FIND, HISTORY)

MAX_BODY_BYTES: Final = MAX_BATCH_BYTES + MAX_HISTORY_BYTES + 256 * 1024  # one long history is always let in
TARGET_BODY_BYTES: Final = MAX_BATCH_BYTES - 16 * 1024
_FRAMES_TAG: Final = "yui/guard-frames/1"
_TIPS_TAG: Final = "yui/guard-tips/1"
_CHUNKS_TAG: Final = "yui/guard-chunks/1"
_FENCED_TAG: Final = "yui/guard-fenced/1"
_READ_TAG: Final = "yui/guard-read/1"
_PAGES_TAG: Final = "yui/guard-pages/1"
_READ_CHUNK_TAG: Final = "yui/guard-read-chunk/1"
_BACK_TAG: Final = "yui/guard-back/1"
_AUDIT_TAG: Final = "yui/guard-audit/1"
_FIND_TAG: Final = "yui/guard-find/1"
_FOUND_TAG: Final = "yui/guard-found/1"
AUDIT_NONCE_BYTES: Final = 16


class Frames(NamedTuple):
    """The next frames of wards, oldest first. ``histories``, ``vaults``: of the same wards, where they are new."""

    histories: tuple[bytes, ...]
    vaults: tuple[bytes, ...]
    frames: tuple[bytes, ...]


class Chunks(NamedTuple):
    """Sealed chunks of one ward, by name."""

    member: bytes
    chunks: tuple[tuple[bytes, bytes], ...]


class Fenced(NamedTuple):
    """The answer to a fence: the promise, the ward's vault record (may be empty), its history, and the control record
    that the promise shows as accepted (or nothing)."""

    promise: bytes
    vault: bytes
    history: bytes
    accepted: bytes


class Read(NamedTuple):
    """Frames of ``epoch`` behind ``after``, for the claimant whose ``fence`` was promised, or (zeros) for the home."""

    fence: bytes
    member: bytes
    epoch: bytes
    after: int


class Pages(NamedTuple):
    """Frames in order; ``more``: there are some behind the last one."""

    frames: tuple[bytes, ...]
    more: bool


class ReadChunk(NamedTuple):
    """One sealed chunk, for the claimant whose fence was promised."""

    fence: bytes
    member: bytes
    name: bytes


class WriteBack(NamedTuple):
    """Frames of former epochs that a claimant has read elsewhere and this guardian lacks, oldest first."""

    fence: bytes
    frames: tuple[bytes, ...]


class Audit(NamedTuple):
    """H(nonce ‖ bytes ``start``…``start + length``) of what is kept: of a frame's sealed bytes, or of a chunk.

    ``epoch`` empty: ``number`` is 0 and ``name`` a chunk's; else ``name`` is empty.
    """

    member: bytes
    epoch: bytes
    number: int
    name: bytes
    start: int
    length: int
    nonce: bytes


class Find(NamedTuple):
    """Whose key is this? Of the members behind ``after`` (ascending ids) for whom ``public`` stands as ``role``.

    ``signature``: by that key, for the purpose *fence*, over H(everything before it), to ``claimant`` alone.
    """

    network: str
    claimant: bytes
    role: str
    public: bytes
    after: bytes
    signature: bytes = b""


class Found(NamedTuple):
    """Histories of members, ascending by id; ``more``: ask again behind the last one."""

    histories: tuple[bytes, ...]
    more: bool


def encode_frames(message: Frames) -> bytes:
    """The body."""
    return canon.encode((_FRAMES_TAG, *message))


def parse_frames(data: bytes) -> Frames:
    """The message in a body."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BODY_BYTES), _FRAMES_TAG, 4)
    return Frames(_many(raw[1], "histories"), _many(raw[2], "vaults"), _many(raw[3], "frames"))


def encode_tips(members: Sequence[bytes]) -> bytes:
    """The question how far the copies of these wards reach."""
    return canon.encode((_TIPS_TAG, members))


def parse_tips(data: bytes) -> tuple[bytes, ...]:
    """The members asked for."""
    raw = shape.record(canon.decode(data), _TIPS_TAG, 2)
    return tuple(shape.hash32(item, "members") for item in shape.array(raw[1], "members", MAX_FRAMES_PER_REQUEST))


def encode_chunks(message: Chunks) -> bytes:
    """The body."""
    return canon.encode((_CHUNKS_TAG, *message))


def parse_chunks(data: bytes) -> Chunks:
    """The message in a body."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BODY_BYTES), _CHUNKS_TAG, 3)
    found = []
    for item in shape.array(raw[2], "chunks", MAX_FRAMES_PER_REQUEST):
        name, sealed = shape.exactly(item, "chunks", 2)
        sealed = shape.binary(sealed, "chunks.sealed", vault.MAX_SEALED_CHUNK_BYTES)
        found.append((shape.hash32(name, "chunks.name"), sealed))
    return Chunks(shape.hash32(raw[1], "member"), tuple(found))


def encode_fenced(message: Fenced) -> bytes:
    """The body."""
    return canon.encode((_FENCED_TAG, *message))


def parse_fenced(data: bytes) -> Fenced:
    """The message in a body."""
    raw = shape.record(canon.decode(data, max_bytes=2 * MAX_BODY_BYTES), _FENCED_TAG, 5)
    return Fenced(
        shape.binary(raw[1], "promise", MAX_RECORD_BYTES),
        shape.binary(raw[2], "vault", vault.MAX_VAULT_BYTES),
        shape.binary(raw[3], "history", MAX_HISTORY_BYTES),
        shape.binary(raw[4], "accepted", 2 * MAX_RECORD_BYTES),
    )


def encode_read(message: Read) -> bytes:
    """The body."""
    return canon.encode((_READ_TAG, *message))


def parse_read(data: bytes) -> Read:
    """The message in a body."""
    raw = shape.record(canon.decode(data), _READ_TAG, 5)
    hashes = (shape.hash32(raw[1], "fence"), shape.hash32(raw[2], "member"), shape.hash32(raw[3], "epoch"))
    return Read(*hashes, shape.integer(raw[4], "after", 0, MAX_SEQ))


def encode_pages(message: Pages) -> bytes:
    """The body."""
    return canon.encode((_PAGES_TAG, *message))


def parse_pages(data: bytes) -> Pages:
    """The message in a body."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BODY_BYTES), _PAGES_TAG, 3)
    return Pages(_many(raw[1], "frames"), shape.flag(raw[2], "more"))


def encode_read_chunk(message: ReadChunk) -> bytes:
    """The body."""
    return canon.encode((_READ_CHUNK_TAG, *message))


def parse_read_chunk(data: bytes) -> ReadChunk:
    """The message in a body."""
    raw = shape.record(canon.decode(data), _READ_CHUNK_TAG, 4)
    return ReadChunk(shape.hash32(raw[1], "fence"), shape.hash32(raw[2], "member"), shape.hash32(raw[3], "name"))


def encode_write_back(message: WriteBack) -> bytes:
    """The body."""
    return canon.encode((_BACK_TAG, *message))


def parse_write_back(data: bytes) -> WriteBack:
    """The message in a body."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BODY_BYTES), _BACK_TAG, 3)
    return WriteBack(shape.hash32(raw[1], "fence"), _many(raw[2], "frames"))


def encode_audit(message: Audit) -> bytes:
    """The body."""
    return canon.encode((_AUDIT_TAG, *message))


def parse_audit(data: bytes) -> Audit:
    """The message in a body."""
    raw = shape.record(canon.decode(data), _AUDIT_TAG, 8)
    return Audit(
        shape.hash32(raw[1], "member"),
        shape.hash_or_empty(raw[2], "epoch"),
        shape.integer(raw[3], "number", 0, MAX_SEQ),
        shape.hash_or_empty(raw[4], "name"),
        shape.integer(raw[5], "start", 0, MAX_BODY_BYTES),
        shape.integer(raw[6], "length", 1, MAX_BODY_BYTES),
        shape.fixed(raw[7], "nonce", AUDIT_NONCE_BYTES),
    )


def sign_find(key: SigningKey, network: str, claimant: bytes, role: str, after: bytes = b"") -> bytes:
    """The body, signed by the key that it asks about."""
    question = Find(network, claimant, role, key.public, after)
    return canon.encode((_FIND_TAG, *question[:5], key.sign(Purpose.FENCE, _find_digest(question))))


def parse_find(data: bytes) -> Find:
    """The message in a body; its signature holds."""
    raw = shape.record(canon.decode(data), _FIND_TAG, 7)
    found = Find(
        shape.text(raw[1], "network", 8),
        shape.hash32(raw[2], "claimant"),
        shape.text(raw[3], "role", 16),
        shape.fixed(raw[4], "public", 32),
        shape.hash_or_empty(raw[5], "after"),
        shape.fixed(raw[6], "signature", keys.SIGNATURE_BYTES),
    )
    keys.verify(found.public, Purpose.FENCE, _find_digest(found), found.signature)
    return found


def _find_digest(question: Find) -> bytes:
    return canon.digest(canon.encode((_FIND_TAG, *question[:5])))


def encode_found(message: Found) -> bytes:
    """The body."""
    return canon.encode((_FOUND_TAG, *message))


def parse_found(data: bytes) -> Found:
    """The message in a body."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BODY_BYTES), _FOUND_TAG, 3)
    return Found(_many(raw[1], "histories"), shape.flag(raw[2], "more"))


def _many(value: object, name: str) -> tuple[bytes, ...]:
    found = shape.array(value, name, MAX_FRAMES_PER_REQUEST)
    return tuple(shape.binary(item, name, max(frame.MAX_SIGNED_BYTES, MAX_HISTORY_BYTES)) for item in found)
